/* html: what a reader sees of HTML, and what it is made of. libxml2's push HTML parser, fed UTF-8
 * and told to ignore what the document says of its charset. */
#ifndef WEIR_HTML_H
#define WEIR_HTML_H

#include "core/document.h"

/* Reads `utf8` and adds to `document`: one TEXT_BODY text (from_html) with the visible text, blank
 * runs folded, block elements, br, table cells (one tab or newline) as breaks, inline elements (b,
 * i, font, span, u, em, strong, a) as none; links (a, area, form; img only counts as structure)
 * with the text that shows them on one line of up to 500 bytes, image alt text included;
 * structures, each once; html_shape sums, blanks not counted. Contents of script, style, title,
 * textarea, template and comments are dropped. Text that no reader sees goes to html_shape.hidden
 * and not into the text: display:none, visibility:hidden, font-size 0 or 1px, opacity:0, text and
 * background of the same colour set by style or attributes on the same or an inherited element
 * (white is the background of a page without style sheet), `hidden` attribute, far negative
 * text-indent, margin or position, a box of no size that clips. What else of styles is inherited
 * from more than 256 levels up may be forgotten. Looks at the first 2 MiB and goes on over errors
 * up to 200,000, then sets document->truncated. Never fails. text_init() and url_init() must have
 * been called. */
void html_read(struct document *document, struct span utf8);

#endif
