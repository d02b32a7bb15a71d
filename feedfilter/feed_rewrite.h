/* feed_rewrite: the documented edits of a feed served over HTTP, without which readers walk around
 * the gateway; and the marks of mode = tag. */
#ifndef WEIR_FEED_REWRITE_H
#define WEIR_FEED_REWRITE_H

#include "core/feed.h"
#include "feedfilter/feed_edit.h"

/* rel=self and JSON's feed_url become `own_address`; rel=hub, the links to other pages and
 * itunes:new-feed-url go, and so do their JSON twins. When the root has no xml:base and one is
 * `needed`, it gets that much of `upstream`, the URL that the feed came from, without user,
 * password, query and fragment; and one that is relative itself is made whole with it. A link
 * without an end tag stays, and leads to us. Returns the bytes that say `own_address`, each time
 * the very same. */
struct span feed_rewrite_links(struct feed_edits *edits, struct span bytes,
                               const struct feed_ranges *ranges, struct span own_address,
                               struct span upstream, enum feed_base needed);

/* As much of `url` as references need that are resolved against it (RFC 3986, 5.2), without user
 * and password, as it can stand between either kind of quotes; what else it says may be a secret
 * between upstream and the admin. Empty: `url` is not absolute. */
struct span feed_rewrite_base(struct arena *arena, struct span url, enum feed_base needed);

/* Marks the items whose `tag` is true: "[spam] " before the title (a title is added where there is
 * none) and the category "spam", in the words of the feed's format. "<item/>" has no room for
 * either and stays as it is. */
void feed_rewrite_tags(struct feed_edits *edits, struct span bytes,
                       const struct feed_ranges *ranges, enum feed_format format, const bool *tag);

#endif
