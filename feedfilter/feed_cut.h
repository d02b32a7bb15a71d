/* feed_cut: a feed's bytes less some of its items. An item that is cut goes from the first byte of
 * its start tag ("<item") to the last of its end tag ("</item>"); no byte besides, so the blanks
 * and line ends around it stay. */
#ifndef WEIR_FEED_CUT_H
#define WEIR_FEED_CUT_H

#include "feedfilter/feed_lexer.h"

#include <stdbool.h>

/* The stretches of `bytes` that remain when each range whose `cut` is true is left out: in order,
 * none empty. `kept` has room for ranges->count + 1; returns how many were written. */
size_t feed_cut(struct span bytes, const struct feed_ranges *ranges, const bool *cut,
                struct span *kept);

#endif
