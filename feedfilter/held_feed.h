/* held_feed: what is held of a feed, or left out since another shows it, as a feed of its own for
 * whoever reviews it (/q/NAME). The items' words stand in it as plain text: no markup, link or guid
 * of theirs is live. */
#ifndef WEIR_HELD_FEED_H
#define WEIR_HELD_FEED_H

#include "core/arena.h"
#include "feedfilter/item_links.h"
#include "store/records.h"

#include <time.h>

#define HELD_FEED_MAX 200 /* items held last; as many that were left out */

/* Whether what was left out for the feed `name` still is; else it is not listed. */
struct held_feed_stands {
    bool (*for_us)(const void *context, const char *name);
    const void *context;
};

/* Atom 1.0, in `arena`, of the feed that readers find as `name` at `gateway`; NULL data when the
 * records fail. Entries are "weir:GATEWAY-f12", with why it is held, how to release it (by `links`,
 * which an entry's own link opens too; NULL: with weirctl), and what it says; behind them those
 * of what was left out, "weir:GATEWAY-d12", with what they are duplicates of (`stands` NULL: none).
 * Where more are held than it lists, it says how many, and where they are, in an entry between
 * these and in its subtitle.
 * `*count` is how many there are in it, and `*changed` when anything of the feed last was held,
 * released or decided otherwise; 0: never. The same records give the same bytes. Whatever an item
 * holds, the feed is well-formed. text_init() and url_init() must have been called. */
struct span held_feed(struct arena *arena, struct records *records, struct span gateway,
                      struct span name, const char *own_address, const struct item_links *links,
                      const struct held_feed_stands *stands, size_t *count, time_t *changed,
                      struct error *error);

#endif
