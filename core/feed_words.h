/* feed_words: sets of 32-bit hashes, of the words of an item and of the sites that it leads to.
 * Private to core/feed_profile.c and core/feed_promotion.c. */
#ifndef WEIR_FEED_WORDS_H
#define WEIR_FEED_WORDS_H

#include "core/document.h"

#define FEED_WORDS_MAX 512u
#define FEED_WORDS_TABLE 1024u

struct feed_words {
    uint32_t table[FEED_WORDS_TABLE]; /* 0: free */
    uint32_t items[FEED_WORDS_MAX];
    size_t count;
};

/* Never 0. */
uint32_t feed_words_hash(uint64_t value);

void feed_words_clear(struct feed_words *set);
/* Nothing once it is full. */
void feed_words_add(struct feed_words *set, uint64_t value);
void feed_words_add_hash(struct feed_words *set, uint32_t hash);
bool feed_words_has(const struct feed_words *set, uint32_t hash);

/* Words of letters, folded, and pairs of ideographs. */
void feed_words_add_text(struct feed_words *set, struct span text);

/* Those of all texts of an item, in place of what was in the set. */
void feed_words_of(struct feed_words *set, const struct document *document);

/* The domains that an item leads to, its own not among them, likewise. */
void feed_words_domains_of(struct feed_words *set, const struct document *document);

/* How an item is built: its tags, how many links, how long title and text are. Items of people
 * differ in that, those of one program less. */
uint32_t feed_words_shape_of(const struct document *document);

#endif
