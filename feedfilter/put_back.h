/* put_back: a released item that upstream no longer lists goes back in front, with the namespaces
 * it needs. */
#ifndef WEIR_PUT_BACK_H
#define WEIR_PUT_BACK_H

#include "core/feed.h"
#include "feedfilter/feed_edit.h"

/* What `item` of a feed needs to be read alone: the byte order mark, the declaration and the start
 * tags of the root (the last before it, of several) and the channel that it stood in, as they stood
 * (core/feed.h reads head and item as a feed); of one of more than 8 KiB so much at most, and only
 * what is about what is inside it: names of namespaces, xml:base and xml:lang. Empty for JSON. In
 * `arena`. */
struct span item_head(struct arena *arena, struct span bytes, const struct feed_encoding *encoding,
                      const struct feed_ranges *ranges, const struct feed_range *item);

/* `feed` is what `bytes` are. Puts `item`, which was cut from a feed that began with `head`, in
 * front of the items of this feed, and behind those put back before: with the namespace
 * declarations, xml:base and xml:lang that it had from the head and would lack here. Its bytes
 * stay, where they mean the same in this feed's encoding; else they are transcoded, with character
 * references for what this encoding may lack. In JSON it comes with its comma, for which the cuts
 * must be among the edits already; in RSS 1.0 with an rdf:li where others have one. `head` and
 * `item` are lent as long as the edits. false and ERROR_INPUT, and nothing was done: the feed is of
 * another format by now, or has no place for an item; or the item is not well-formed while the feed
 * is, or has names in a script that this encoding may lack. */
bool put_back(struct feed_edits *edits, struct span bytes, const struct feed_ranges *ranges,
              const struct feed *feed, struct span head, struct span item, struct error *error);

#endif
