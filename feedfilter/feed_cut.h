/* feed_cut: a feed less some of its items. */
#ifndef WEIR_FEED_CUT_H
#define WEIR_FEED_CUT_H

#include "feedfilter/feed_edit.h"

#include <stdbool.h>

/* Cuts the items whose `cut` is true: in XML nothing but the item's own bytes, and the rdf:li that
 * names it (and names no item that stays; references in the two names are resolved); in JSON the
 * object and one comma, with the blanks between the two. */
void feed_cut(struct feed_edits *edits, const struct feed_ranges *ranges, const bool *cut);

#endif
