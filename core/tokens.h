/* tokens: text to the tokens that features are made of (features.h is what others call).
 *
 * A word is a run of letters, digits, '$' or emoji, joined by single inner . - ' _ @ ; each word is
 * a token, and in text that people read a pair with the word before it. A word over 40 code points
 * becomes a length class; a dotted word also gives its last two labels; five or more digits give
 * their first four and their number. Han, kana and hangul, which have no blanks between words, give
 * bigrams and trigrams (across up to two separators) and the first of a run alone. Symbols that
 * mean something are tokens; ASCII punctuation is one when repeated. Invisible characters and marks
 * over letters are passed over, so that they cannot split a word.
 *
 * Evasion is evidence. A word in text that people read whose letters are disguised (of mathematics,
 * in squares), wide (full width), marked (marks over more than half), split by invisible
 * characters, mixed of several alphabets, spaced ("v.i.a.g.r.a"), or that has digits among its
 * letters or behind them ("gac0r", "bet88") gives a token for that, and so do four or more words of
 * one letter in a row ("f r e e"); what is spaced or has digits for letters also the word that is
 * meant.
 *
 * A family is of documents whose features are of one group, and shared with no others: remarks.
 * They also give four characters in a row of longer words, and each ideograph alone. */
#ifndef WEIR_TOKENS_H
#define WEIR_TOKENS_H

#include "core/document.h"
#include "core/features.h"
#include "core/text.h"

/* Where a text stands: what its words are prefixed with. */
struct place {
    struct span name;         /* "subject:", or a header's; token_words.c knows each */
    uint64_t seed;            /* hash of the name */
    const struct place *also; /* every token is emitted here too; NULL: only here */
    bool is_text;             /* written to be read: words make pairs */
    bool is_body;             /* its pairs count for shingles and its letters for the script */
};
struct place place_of(struct span name);

/* What is gathered. With `names`, and no room, hashes are not kept but looked up there. */
struct token_set {
    struct arena *arena;
    uint64_t family; /* of documents; each hash is XORed with it. 0: those of no family */
    uint64_t *hashes;
    size_t count, room;
    uint64_t *shingles; /* SHINGLE_BINS */
    size_t shingle_pairs;
    size_t letters[SCRIPTS];
    struct feature_name *names;
    size_t name_count;
};

/* Emits the tokens of `text`, at most *budget code points of it, which are taken off. */
void tokens_read(struct token_set *set, const struct place *place, struct span text,
                 size_t *budget);

/* Emits `value` whole, ASCII letters folded; empty values are not emitted. Two values as one. */
void emit_literal(struct token_set *set, struct span prefix, struct span value);
void emit_literal_pair(struct token_set *set, struct span prefix, struct span first,
                       struct span second);

#endif
