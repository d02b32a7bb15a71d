/* held_item: what a held item of a feed says, read again from the bytes that the records keep of
 * it. text_init() and url_init() must have been called. */
#ifndef WEIR_HELD_ITEM_H
#define WEIR_HELD_ITEM_H

#include "core/feed.h"
#include "store/records.h"

/* The item alone, as a feed of one. Entries from before heads were kept are read behind a plain
 * one, so a namespace may be unknown there. NULL and ERROR_INPUT: it cannot be read. */
struct feed *held_item_read(const struct held *held, struct error *error);

/* The same, of a feed that came from `address`. */
struct feed *held_item_read_at(const struct held *held, struct span address, struct error *error);

/* What a reader shows below its title, as plain text of at most about `most` bytes, in `arena`;
 * UTF-8, but any character may stand in it. */
struct span held_item_text(struct arena *arena, const struct feed *feed, size_t most);

#endif
