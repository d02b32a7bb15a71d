/* feed_promotion: how many words of an item are those of what resold domains advertise: gambling,
 * pills, loans, adult sites, copies of brands, bought links. By itself the number says nothing:
 * there are honest feeds about all of it. What counts is that a feed, which had none of them, goes
 * over to them (core/feed_profile.h), or that a list of keywords is made of them. Private to
 * core/feed_profile.c and core/keyword_list.c. */
#ifndef WEIR_FEED_PROMOTION_H
#define WEIR_FEED_PROMOTION_H

#include "core/feed_words.h"
#include "core/phrases.h"

/* text_init() must have been called. Thread-safe. */
bool feed_promotion_has(uint32_t hash);
size_t feed_promotion_count(const struct feed_words *words);

/* How many of the phrases, from 0 to 1, have a word of these, or of trade ("cheap", "free
 * shipping"), of which articles and menus have some, too. */
double feed_promotion_share(const struct phrases *phrases);

#endif
