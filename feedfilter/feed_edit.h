/* feed_edit: changes to a feed's bytes, gathered in any order and then applied; every byte that no
 * edit names stays as it is. What is put in is ASCII (character references and \u escapes say the
 * rest), and is widened to the feed's units where those have two or four bytes. */
#ifndef WEIR_FEED_EDIT_H
#define WEIR_FEED_EDIT_H

#include "feedfilter/feed_lexer.h"

#include <stdbool.h>

struct feed_edit {
    size_t start, end; /* these bytes … */
    struct span text;  /* … become these, which are in the feed's units already */
    size_t order;      /* the how-manieth that was added */
};

struct feed_edits {
    struct arena *arena;
    const struct feed_encoding *encoding;
    struct feed_edit *edits;
    size_t count;
};

/* Bytes `start` to `end` become `ascii` (may be empty); start == end puts it in there. `ascii` is
 * lent as long as the edits. */
void feed_edits_replace(struct feed_edits *edits, size_t start, size_t end, struct span ascii);

/* The same with bytes that are in the feed's encoding. */
void feed_edits_replace_raw(struct feed_edits *edits, size_t start, size_t end, struct span raw);

/* `ascii` in the feed's units: itself where those are bytes, else in the edits' arena. */
struct span feed_edits_widen(const struct feed_edits *edits, struct span ascii);

/* The stretches that `bytes` become: in order, none empty, in the edits' arena. Of edits that
 * overlap, one that lies within another is dropped (what is put in at either end of it is not
 * within it); those put in at one place stay in the order in which they were added, and in front of
 * what is replaced there. Sorts the edits. */
struct span *feed_edits_apply(struct feed_edits *edits, struct span bytes, size_t *count);

#endif
