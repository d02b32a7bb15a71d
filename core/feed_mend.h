/* feed_mend: references ("&…") of broken XML written so that libxml2 reads them as readers of feeds
 * do. In text core/feed_read.c sees to that by itself; in an attribute libxml2 gives no way to, and
 * drops them. Private to core/feed_read.c. */
#ifndef WEIR_FEED_MEND_H
#define WEIR_FEED_MEND_H

#include "core/span_buffer.h"

#include <stdbool.h>

/* What the document type defines the entity as: true when it defines it; `*text` has data when that
 * is plain text. */
typedef bool feed_entity_find(void *context, struct span name, struct span *text);

/* Adds to `mended`: `utf8` with "&" that begins no reference, and names of entities that nobody
 * knows, as text; with HTML's entities and those of plain text resolved; and with "&#X41;" as
 * "&#x41;". Comments, CDATA sections and processing instructions stay, and so do all tags. */
void feed_mend_references(struct span utf8, feed_entity_find *find, void *context,
                          struct span_buffer *mended);

#endif
