/* footer_words: what weir says at the end of an item: in which other feeds the story is, and links
 * on which readers say what it is. */
#ifndef WEIR_FOOTER_WORDS_H
#define WEIR_FOOTER_WORDS_H

#include "core/arena.h"
#include "core/config.h"

#define FOOTER_XHTML_URI "http://www.w3.org/1999/xhtml"

struct story_place {
    struct span feed; /* its name for people, UTF-8 */
    struct span link; /* of the story there; without effect when it is no URL of the web */
};

struct footer {
    struct span url; /* links to it, "?do=spam" and "?do=not-spam" behind it; empty: none */
    const struct story_place *places;
    size_t place_count;
};

enum footer_form {
    FOOTER_HTML,    /* as it stands in a CDATA section, as markup in XML, or in a JSON string */
    FOOTER_ESCAPED, /* HTML in XML's character data */
    FOOTER_XHTML,   /* of FOOTER_XHTML_URI, whatever the prefixes are */
    FOOTER_TEXT,    /* plain text in XML's character data */
    FOOTER_JSON_TEXT
};

/* In `arena`, ASCII alone, so that it can stand in any encoding; well-formed whatever the feeds are
 * called. */
struct span footer_words(struct arena *arena, enum footer_form form, enum language language,
                         const struct footer *footer);

#endif
