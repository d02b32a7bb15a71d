/* xml_text: text that is XML, or becomes some. */
#ifndef WEIR_XML_TEXT_H
#define WEIR_XML_TEXT_H

#include "store/span.h"

#include <stdbool.h>
#include <stdio.h>

/* Text as it may stand in an element and between double quotes. What XML 1.0 does not allow (2.2),
 * and bytes that are not UTF-8, become U+FFFD; a carriage return goes. */
void xml_put_text(FILE *out, struct span text);

/* How long the comment, CDATA section or processing instruction is that begins the text, to the
 * text's end where it has none: in these '&' and '<' are characters as others are (XML 1.0, 2.4).
 * 0: none does. */
size_t xml_opaque_length(struct span text);

/* The name of a tag, at `at`, up to what cannot be of one. */
struct span xml_tag_name(const char *at, const char *end);

#define XML_ATTRIBUTES_MAX 5000u

/* True when one tag has more attributes than that, which libxml2 compares each with each. */
bool xml_has_monstrous_tag(struct span utf8);

#endif
