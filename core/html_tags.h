/* html_tags: what reading text needs to know of an element. */
#ifndef WEIR_HTML_TAGS_H
#define WEIR_HTML_TAGS_H

#include <stddef.h>

enum html_tag {
    HTML_INLINE, /* does not break words; all that is not named is */
    HTML_BLOCK,  /* a line of its own */
    HTML_BREAK,  /* br */
    HTML_CELL,   /* td, th: set off by a tab */
    HTML_ANCHOR, /* a */
    HTML_AREA,
    HTML_FORM,
    HTML_IMAGE,
    HTML_FONT,
    HTML_BODY,
    HTML_SHEET,  /* style, or a link to one: colours may come from elsewhere */
    HTML_DROPPED /* its content is no text: script, title, textarea, template */
};

/* `name` in lower case. */
enum html_tag html_tag(const char *name);

/* The names that are not HTML_INLINE, one by one; NULL behind the last. */
const char *html_tag_name(size_t index);

#endif
