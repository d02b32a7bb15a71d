/* word_finder: which of a list of words a text holds, ASCII letters compared without case, in one
 * pass that looks at a few of the text's bytes only (Wu and Manber, "A fast algorithm for
 * multi-pattern searching", 1994). For lists that are part of the program. */
#ifndef WEIR_WORD_FINDER_H
#define WEIR_WORD_FINDER_H

#include "store/span.h"

#include <stddef.h>
#include <stdint.h>

#define WORD_FINDER_MOST 32
#define WORD_FINDER_BLOCKS 1024

struct word_finder {
    struct span words[WORD_FINDER_MOST];
    size_t count, least;                 /* least: the length of the shortest word */
    uint8_t shift[WORD_FINDER_BLOCKS];   /* how far to go on behind such two bytes */
    uint32_t ending[WORD_FINDER_BLOCKS]; /* the words whose first `least` bytes end with them */
};

/* `words` are kept: at most WORD_FINDER_MOST, each of two bytes or more. Before threads, or under
 * pthread_once(). */
void word_finder_init(struct word_finder *finder, const char *const *words, size_t count);

/* The first word of the list that stands anywhere in `text`: its index; the number of words when
 * there is none. */
size_t word_finder_find(const struct word_finder *finder, struct span text);

#endif
