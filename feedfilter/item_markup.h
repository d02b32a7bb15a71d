/* item_markup: an item's XML written so that it can stand in another feed. Private to put_back.c.
 */
#ifndef WEIR_ITEM_MARKUP_H
#define WEIR_ITEM_MARKUP_H

#include "core/arena.h"
#include "core/feed_encoding.h"

#include <stdbool.h>

/* `utf8` without the entities that only HTML and a feed's own document type know: they become
 * character references. `ascii_only`: all beyond ASCII does too, for a feed in another charset;
 * CDATA sections with such characters become escaped text, and in comments and processing
 * instructions, where no reference is one, "_" stands for them. `utf8` itself where nothing of that
 * is in it. false: a name that is not ASCII, which cannot be written so. */
bool item_markup_portable(struct arena *arena, struct span utf8, bool ascii_only,
                          struct span *portable);

/* `utf8` in units of two or four bytes. */
struct span item_markup_widen(struct arena *arena, struct span utf8,
                              const struct feed_encoding *encoding);

#endif
