/* feed_promotion: how many words of an item are those of what resold domains advertise: gambling,
 * pills, loans, adult sites, copies of brands, bought links. By itself the number says nothing:
 * there are honest feeds about all of it. What counts is that a feed, which had none of them, goes
 * over to them (core/feed_profile.h). Private to core/feed_profile.c. */
#ifndef WEIR_FEED_PROMOTION_H
#define WEIR_FEED_PROMOTION_H

#include "core/feed_words.h"

/* text_init() must have been called. Thread-safe. */
bool feed_promotion_has(uint32_t hash);
size_t feed_promotion_count(const struct feed_words *words);

#endif
