/* feed_item: what the readers of feeds, core/feed_fields.c for XML and core/feed_json.c for JSON,
 * have in common when they fill an item. Private to core/feed_*.c. */
#ifndef WEIR_FEED_ITEM_H
#define WEIR_FEED_ITEM_H

#include "core/feed.h"

/* Room in `feed` for one more item, empty; counted when the caller adds one to item_count. NULL:
 * there are FEED_ITEMS_MAX. */
struct feed_item *feed_item_open(struct feed *feed);

enum feed_item_text { ITEM_TITLE, ITEM_SUMMARY, ITEM_CONTENT, ITEM_PLAIN };

/* Says `value` in one of the item's texts, behind what it says already: readers differ in which of
 * two titles they show, so both are judged. `*joined` is 0 for a new item. */
void feed_item_say(struct feed *feed, struct feed_item *item, unsigned *joined,
                   enum feed_item_text which, struct span value);

/* Empty ones are dropped, and what goes beyond 500 an item. */
void feed_item_add_category(struct feed *feed, struct feed_item *item, struct span category);
/* One more in a list with commas between, unless it is there; also of a feed's. */
void feed_item_add_language(struct feed *feed, struct span *languages, struct span tag);
void feed_item_add_enclosure(struct feed *feed, struct feed_item *item,
                             const struct feed_enclosure *enclosure);
void feed_item_add_link(struct feed *feed, struct feed_item *item, struct span url);

/* url_resolve() in the feed's arena. What all references of a feed take is bounded, lest a long
 * base in front of millions of short ones fill the memory: one too many stays as it is. */
struct span feed_item_resolve(struct feed *feed, struct span base, struct span reference);

/* By one reference, which xml:base did what it could for. */
enum feed_base feed_item_needed_base(struct span reference);

/* The digits that `text` starts with. */
size_t feed_item_read_size(struct span text);

/* Text that holds a tag or an entity is HTML, whatever the format calls it: readers show it so. */
bool feed_item_looks_like_html(struct span text);

/* Completes a feed that was read: items get what they lack (a guid, an author), and what is
 * relative to the feed's address (or, where that is empty, to what the feed calls its own) becomes
 * whole. */
void feed_items_finish(struct feed *feed, struct span address);

#endif
