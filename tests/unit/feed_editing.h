/* feed_editing: a feed under edits, for tests: lexed, edited, joined, and read again. */
#ifndef WEIR_TESTS_FEED_EDITING_H
#define WEIR_TESTS_FEED_EDITING_H

#include "core/feed.h"
#include "feedfilter/feed_edit.h"

struct edited_feed {
    struct span bytes;
    struct feed_encoding encoding;
    struct feed_ranges ranges;
    struct feed_edits edits;
};

/* cmocka fixtures around the arena that all below lives in. */
int feed_editing_set_up(void **state);
int feed_editing_tear_down(void **state);

/* Fails the test when the feed cannot be lexed. */
struct edited_feed *edited_feed(struct span bytes);

/* The bytes with the edits applied; a NUL stands behind them. */
struct span edited_bytes(struct edited_feed *feed);

/* `utf8` in another encoding (iconv's name of it). */
struct span in_encoding(struct span utf8, const char *encoding);

/* What feed_read() finds in `bytes`; fails the test when that is no feed, or not well-formed. Freed
 * when the test ends. */
struct feed *read_again(struct span bytes);

/* The place of `mark` in `text`; fails the test when it is not there. */
size_t place_of(struct span text, const char *mark);

#endif
