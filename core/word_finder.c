#include "core/word_finder.h"

#include <assert.h>

/* Of two bytes, letters of both cases alike; what falls together by chance is compared in full. */
static inline size_t block_of(const char *at)
{
    uint32_t first = (unsigned char)at[0] | 0x20u, second = (unsigned char)at[1] | 0x20u;
    return (first * 37 + second) % WORD_FINDER_BLOCKS;
}

void word_finder_init(struct word_finder *finder, const char *const *words, size_t count)
{
    assert(count <= WORD_FINDER_MOST);
    *finder = (struct word_finder){.count = count, .least = UINT8_MAX};
    for (size_t i = 0; i < count; i++) {
        finder->words[i] = span_of(words[i]);
        if (finder->words[i].length < finder->least)
            finder->least = finder->words[i].length;
    }
    assert(finder->least >= 2);
    memset(finder->shift, (int)finder->least - 1, sizeof finder->shift);
    for (size_t i = 0; i < count; i++) {
        for (size_t at = 0; at + 2 <= finder->least; at++) {
            uint8_t *shift = &finder->shift[block_of(words[i] + at)];
            size_t to_end = finder->least - 2 - at;
            *shift = to_end < *shift ? (uint8_t)to_end : *shift;
        }
        finder->ending[block_of(words[i] + finder->least - 2)] |= UINT32_C(1) << i;
    }
}

/* The first of `candidates` that stands at the start of `text`, if it comes before `found`. */
static size_t compare(const struct word_finder *finder, uint32_t candidates, struct span text,
                      size_t found)
{
    for (size_t i = 0; candidates && i < found; i++, candidates >>= 1)
        if ((candidates & 1) && span_starts_nocase(text, finder->words[i]))
            return i;
    return found;
}

size_t word_finder_find(const struct word_finder *finder, struct span text)
{
    size_t found = finder->count;
    const char *end = text.data + text.length;
    if (text.length < finder->least)
        return found;
    const char *at = text.data + finder->least - 2; /* the last block of a word's start */
    while (end - at >= 2 && found) {
        size_t block = block_of(at);
        if (finder->shift[block]) {
            at += finder->shift[block];
            continue;
        }
        const char *start = at - (finder->least - 2);
        found = compare(finder, finder->ending[block], (struct span){start, (size_t)(end - start)},
                        found);
        at++;
    }
    return found;
}
