/* feed_json: JSON Feed 1.0 and 1.1 (jsonfeed.org) to items. Private to core/feed_*.c. */
#ifndef WEIR_FEED_JSON_H
#define WEIR_FEED_JSON_H

#include "core/feed.h"

/* Fills `feed` from `utf8`, which starts with '{'. What a member says is taken whatever version of
 * the format knows it, and of members with one name each is: readers differ in which they show.
 * What stands behind the end of the object is left alone. */
bool feed_json_read(struct feed *feed, struct span utf8, struct span address, struct error *error);

/* `text` may be the start of something longer. */
bool feed_json_looks_like(struct span text);

#endif
