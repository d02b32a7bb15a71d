/* phrases: how much a set of short phrases repeats itself. Lists made for search engines turn a few
 * keywords over and over ("国产在线 | 国产精品 | 精品在线", "cheap shoes | shoes online"); menus,
 * tables and enumerations made for people do not. Used by checks only. */
#ifndef WEIR_PHRASES_H
#define WEIR_PHRASES_H

#include "store/span.h"

#include <stdbool.h>
#include <stddef.h>

#define PHRASES_MAX 256

/* A growing list; phrases beyond PHRASES_MAX are dropped. */
struct phrases {
    struct span items[PHRASES_MAX];
    size_t count;
};
void phrases_add(struct phrases *phrases, struct span phrase);

/* The same, for a phrase that is not there yet. */
void phrases_add_distinct(struct phrases *phrases, struct span phrase);

struct phrase_overlap {
    size_t sharing;     /* phrases that hold a key which `least` phrases or more hold */
    size_t most;        /* how many phrases hold the most frequent key */
    struct span common; /* that key, as first written; empty when there is none */
};

/* Keys are pairs of neighbouring ideographs, and words of four letters or digits and more (folded).
 * A key in more than `frame` of the phrases (0 to 1) is their common frame (a file name's ending, a
 * list's "by") and does not count. */
struct phrase_overlap phrases_overlap(const struct phrases *phrases, size_t least, double frame);

/* How many of the phrases a text is about: at least half of their keys stand in one of `texts`. */
size_t phrases_known(const struct phrases *phrases, const struct span *texts, size_t text_count);

/* Columns the text takes on a terminal, more or less: two for each character beyond U+07FF. */
size_t phrase_width(struct span phrase);

/* Has at least one letter or ideograph. */
bool phrase_has_letters(struct span phrase);

#endif
