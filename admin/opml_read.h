/* opml_read: what a subscription list (OPML 1 and 2) subscribes to. Bounded: size, depth,
 * attributes, and no entities of its own. An '&' that begins none of XML's own references stands
 * for itself: many programs write addresses and titles so. libxml2; lines are those where a tag
 * ends. */
#ifndef WEIR_OPML_READ_H
#define WEIR_OPML_READ_H

#include "store/error.h"
#include "store/span.h"

#include <stdbool.h>
#include <stddef.h>

#define OPML_BYTES_MAX ((size_t)32 << 20)
#define OPML_TEXT_MAX 200 /* bytes of a title and of a category; more is cut at a character */

struct opml_outline {
    int line;
    const char *url;      /* NULL: it says that it is a feed, but no xmlUrl; or leads elsewhere */
    const char *title;    /* never NULL, one line */
    const char *category; /* folders around it, else its own: "News/Science"; empty: none */
};

/* Visits each outline that is a feed, in order; lent for the call. Ends early, and well, when
 * `visit` says false. ERROR_INPUT "line 12: …": it is no OPML from there on. `*raw_line` is where
 * the first '&' stands for itself; 0: none does. */
bool opml_read(struct span bytes, bool (*visit)(void *context, const struct opml_outline *outline),
               void *context, int *raw_line, struct error *error);

#endif
