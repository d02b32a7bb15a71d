/* token_set: how tokens become hashes and hashes are kept; for tokens.c and token_set.c alone.
 * Inline, since it is done several times for every word there is. */
#ifndef WEIR_TOKEN_SET_H
#define WEIR_TOKEN_SET_H

#include "core/tokens.h"

#define WORD_START 0x9e3779b97f4a7c15u

/* Kinds of token that are not words of the text itself. */
enum derived {
    DERIVED_LONG = 1, /* a word too long to be one, by its length */
    DERIVED_DIGITS,   /* the first four of many digits */
    DERIVED_DIGIT_COUNT,
    DERIVED_PAIR,
    DERIVED_IDEOGRAPH,
    DERIVED_BIGRAM,
    DERIVED_TRIGRAM,
    DERIVED_SYMBOL,
    DERIVED_REPEATED,
    DERIVED_EVASION,
    DERIVED_WITHIN
};

static inline uint64_t token_step(uint64_t hash, uint32_t code_point)
{
    return (hash ^ code_point) * 0x9fb21c651e98df25u;
}

/* Spreads every bit over all 64 (a multiply-xorshift finaliser). */
static inline uint64_t token_spread(uint64_t hash)
{
    hash ^= hash >> 32;
    hash *= 0xe9846af9b1a615d9u;
    hash ^= hash >> 32;
    hash *= 0xe9846af9b1a615d9u;
    hash ^= hash >> 28;
    return hash;
}

static inline uint64_t token_derive(enum derived kind, uint64_t a, uint64_t b)
{
    return token_spread(a + (uint64_t)kind * 0x632be59bd9b4e019u) * 3 + b;
}

/* The hash, or the name of those that were asked for, when there is no room for it. */
void token_keep_more(struct token_set *set, uint64_t hash, struct span prefix, struct span text);

/* The lowest bit of the hash becomes the group's (features.h); in a family all are of the body. */
static inline void token_keep(struct token_set *set, uint64_t hash, enum feature_group group,
                              struct span prefix, const char *from, const char *to)
{
    hash = ((hash ^ set->family) & ~1ull) | (set->family ? FEATURE_GROUP_BODY : group);
    if (set->count < set->room)
        set->hashes[set->count++] = hash;
    else
        token_keep_more(set, hash, prefix, (struct span){from, (size_t)(to - from)});
}

static inline void token_emit(struct token_set *set, const struct place *place, uint64_t token,
                              const char *from, const char *to)
{
    for (; place; place = place->also)
        token_keep(set, token_spread(token + place->seed),
                   place->is_body ? FEATURE_GROUP_BODY : FEATURE_GROUP_OTHER, place->name, from,
                   to);
}

#endif
