/* feed_lexer: where a feed's items stand in its raw bytes. Knows tags, comments, CDATA sections,
 * processing instructions, quoted attributes and the document type with its internal subset, and
 * looks at nothing else; so it works in broken XML too, where it follows core/feed.h: an end tag
 * closes the innermost open element of that name, and one that closes nothing is skipped. What the
 * items say is libxml2's to read (core/feed.h); whoever cuts compares the two. */
#ifndef WEIR_FEED_LEXER_H
#define WEIR_FEED_LEXER_H

#include "core/arena.h"
#include "core/feed_encoding.h"
#include "store/error.h"

#include <stddef.h>

/* From the first byte of "<item" to the last of "</item>" (or of "<item/>"). */
struct feed_range {
    size_t start, end; /* bytes from the start of the input, `end` not included */
    size_t start_tag;  /* as feed_item.start_tag: the how-manieth start tag of the document */
};

struct feed_ranges {
    struct feed_range *ranges; /* in document order; in the arena */
    size_t count;
};

/* Finds the `item` elements of RSS (children of the channel or of the root) or the `entry` elements
 * of Atom (children of the root) that have the namespace of their root. An element that is still
 * open at the end does not count. false and ERROR_INPUT: no feed, elements nested too deeply, or an
 * item without an end tag of its own that others follow, whose end nobody can tell. */
bool feed_lex(struct arena *arena, struct span bytes, const struct feed_encoding *encoding,
              struct feed_ranges *ranges, struct error *error);

#endif
