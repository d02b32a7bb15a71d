/* html: what a reader sees of HTML, and what it is made of. libxml2's push HTML parser, fed UTF-8
 * and told to ignore what the document says of its charset. */
#ifndef WEIR_HTML_H
#define WEIR_HTML_H

#include "core/document.h"

/* Reads `utf8` and adds to `document`: one TEXT_BODY text (from_html) with the visible text, blank
 * runs folded, block elements, br, table cells (one tab or newline) as breaks, inline elements (b,
 * i, font, span, u, em, strong, a) as none; links (a, area, form; img only counts as structure)
 * with the text that shows them, image alt text included; structures; html_shape sums. Contents of
 * script, style, title, textarea, template and comments are dropped. Text that no reader sees goes
 * to html_shape.hidden and not into the text: display:none, visibility:hidden, font-size 0 or 1px,
 * opacity:0, text and background of the same colour set by style or attributes on the same or an
 * inherited element, `hidden` attribute, far negative text-indent or position. Looks at the first 2
 * MiB, depth at most 256, then sets document->truncated. Never fails. */
void html_read(struct document *document, struct span utf8);

#endif
