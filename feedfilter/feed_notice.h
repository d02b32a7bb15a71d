/* feed_notice: a notice of the gateway itself, as an item in front of a feed. */
#ifndef WEIR_FEED_NOTICE_H
#define WEIR_FEED_NOTICE_H

#include "core/feed.h"
#include "feedfilter/feed_edit.h"

/* To readers of the feed known as `name`, that its site has said since `gone_s` (Unix time) that it
 * is gone for good. Its guid is weir:gone:NAME. Goes where put_back() puts items, and before those
 * of later calls of that. A feed that has no place for items is left as it is. */
void feed_notice_gone(struct feed_edits *edits, struct span bytes, const struct feed_ranges *ranges,
                      const struct feed *feed, struct span name, int64_t gone_s);

#endif
