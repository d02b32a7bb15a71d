/* xml_text: text that is XML, or becomes some. */
#ifndef WEIR_XML_TEXT_H
#define WEIR_XML_TEXT_H

#include "store/span.h"

#include <stdbool.h>
#include <stdio.h>

/* Text as it may stand in an element and between double quotes. What XML 1.0 does not allow (2.2),
 * and bytes that are not UTF-8, become U+FFFD; a carriage return goes. */
void xml_put_text(FILE *out, struct span text);

#define XML_ATTRIBUTES_MAX 5000u

/* True when one tag has more attributes than that, which libxml2 compares each with each. */
bool xml_has_monstrous_tag(struct span utf8);

#endif
