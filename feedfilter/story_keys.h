/* story_keys: what tells that items of two feeds are the same story: one guid of one site, one
 * link, or nearly one text. */
#ifndef WEIR_STORY_KEYS_H
#define WEIR_STORY_KEYS_H

#include "core/feed.h"
#include "store/records_stories.h"

enum story_way { STORY_BY_GUID, STORY_BY_LINK, STORY_BY_TEXT };
const char *story_way_name(enum story_way way); /* "guid" */

#define STORY_KEYS_MOST 10

struct story_key {
    int64_t value;
    enum story_way way; /* by guid and link the same value is enough, by text see below */
};

struct story_keys {
    struct story_key keys[STORY_KEYS_MOST];
    size_t count;
    unsigned char text[STORY_TEXT_BYTES]; /* min-hash bins of the text (core/document.h) */
    bool has_text;                        /* it has enough words to be told by them */
};

/* A guid that is no URL is one of the site that the item links to, and goes with the title: sites
 * count from 1 in each of their feeds. A link that leads to a site's front is everybody's.
 * `by_link` false: other items of the feed have this link too. text_init() and url_init() must have
 * been called. */
void story_keys_of(struct story_keys *keys, const struct feed *feed, const struct feed_item *item,
                   bool by_link);

/* Whether seven of eight bins agree: about as much of the pairs of words that either has. */
bool story_texts_alike(const unsigned char a[STORY_TEXT_BYTES],
                       const unsigned char b[STORY_TEXT_BYTES]);

/* Whether both say the same but for case, blanks and signs, or one says little more than the other.
 * UTF-8; empty ones are like nothing. */
bool story_titles_alike(struct arena *arena, struct span a, struct span b);

/* The link, in `arena`, without what does not tell where it leads: scheme, "www.", the parameters
 * that only count visitors (utm_source and so on), a slash at the end. Empty: it leads to the front
 * of a site, or nowhere, or is longer than 2,048 bytes. Takes memory in proportion to `url`. */
struct span story_link(struct arena *arena, struct span url);

#endif
