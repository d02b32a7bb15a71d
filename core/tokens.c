#include "core/tokens.h"

#include "core/token_set.h"

#define WORD_CODE_POINTS_MAX 40u

/* One-permutation min-hashing: each pair falls into a bin, each bin keeps its smallest. */
static inline void shingle(struct token_set *set, const struct place *place, uint64_t pair)
{
    if (!place->is_body)
        return;
    uint64_t hash = token_spread(pair);
    uint64_t *bin = &set->shingles[hash % SHINGLE_BINS];
    if (hash < *bin)
        *bin = hash;
    set->shingle_pairs++;
}

/* What tokens_read() remembers between tokens. */
struct reading {
    struct token_set *set;
    const struct place *place;
    const char *at, *end;
    size_t left;          /* code points that may still be read */
    uint64_t word_before; /* hash; 0: none */
    const char *word_before_from;
    uint32_t before[2]; /* the ideographs before, the nearest first; 0: none */
    const char *before_from[2];
    unsigned separators; /* since the last ideograph */
    /* Words of one character each, one after the other. */
    unsigned lone_count;
    const char *lone_from, *lone_to;
    uint64_t lone_hash;
};

/* What a byte is to a word. */
enum byte_kind {
    BYTE_BLANK,
    BYTE_LETTER,
    BYTE_DIGIT,
    BYTE_DOLLAR,
    BYTE_JOINER,
    BYTE_SIGN,
    BYTE_HIGH
};

static const unsigned char byte_kinds[256] = {
    ['a' ... 'z'] = BYTE_LETTER, ['A' ... 'Z'] = BYTE_LETTER, ['0' ... '9'] = BYTE_DIGIT,
    ['$'] = BYTE_DOLLAR,         ['.'] = BYTE_JOINER,         ['-'] = BYTE_JOINER,
    ['\''] = BYTE_JOINER,        ['_'] = BYTE_JOINER,         ['@'] = BYTE_JOINER,
    ['!' ... '#'] = BYTE_SIGN,   ['%' ... '&'] = BYTE_SIGN,   ['(' ... ','] = BYTE_SIGN,
    ['/'] = BYTE_SIGN,           [':' ... '?'] = BYTE_SIGN,   ['[' ... '^'] = BYTE_SIGN,
    ['`'] = BYTE_SIGN,           ['{' ... '~'] = BYTE_SIGN,   [0x80 ... 0xff] = BYTE_HIGH};

static inline enum byte_kind kind_at(const char *at)
{
    return (enum byte_kind)byte_kinds[(unsigned char)*at];
}

static inline bool is_ascii_word(uint32_t c)
{
    return byte_kinds[c] >= BYTE_LETTER && byte_kinds[c] <= BYTE_DOLLAR;
}

/* Marks that are put over or under any letter, and that folding leaves behind. */
static inline bool is_mark(uint32_t c)
{
    if (c < 0x483) /* most letters are */
        return c >= 0x300 && c < 0x370;
    return c < 0x48a || (c >= 0x1ab0 && c < 0x1b00) || (c >= 0x1dc0 && c < 0x1e00) ||
           (c >= 0x20d0 && c < 0x2100) || (c >= 0xfe20 && c < 0xfe30);
}

/* Characters beyond ASCII that stand in a word and are no part of it. */
static inline bool is_passed_over(uint32_t c)
{
    return c >= 0x80 && (is_mark(c) || text_character(c).class == CHARACTER_INVISIBLE);
}

static inline bool is_word_class(enum character_class class)
{
    return class == CHARACTER_LETTER || class == CHARACTER_DIGIT || class == CHARACTER_EMOJI;
}

/* The next character of the word in *at to `to`, folded; false at its end. */
static bool next_of_word(const char **at, const char *to, uint32_t *folded)
{
    while (*at < to) {
        uint32_t c = text_next(at, to);
        if (is_passed_over(c))
            continue;
        *folded = text_fold(c);
        return true;
    }
    return false;
}

/* Whether a word goes on behind a joiner. */
static bool word_follows(const struct reading *reading, const char *at)
{
    while (at < reading->end) {
        uint32_t c = text_next(&at, reading->end);
        if (c < 0x80)
            return is_ascii_word(c);
        if (!is_passed_over(c))
            return is_word_class((enum character_class)text_character(c).class);
    }
    return false;
}

struct word {
    uint64_t hash;
    uint64_t last_label, last_two_labels;
    uint64_t first_digits;
    unsigned length, digits, dots, joiners;
    unsigned disguised, wide, marks, invisible; /* characters */
    unsigned scripts;                           /* bits of enum script */
    bool only_digits;
};

static inline void word_put(struct word *word, uint32_t folded)
{
    word->hash = token_step(word->hash, folded);
    if (word->dots) {
        word->last_label = token_step(word->last_label, folded);
        word->last_two_labels = token_step(word->last_two_labels, folded);
    }
    word->length++;
}

/* Behind a dot that was put. */
static inline void word_dot(struct word *word)
{
    word->last_two_labels = word->dots ? word->last_label : word->hash;
    word->last_label = WORD_START;
    word->dots++;
}

enum evasion {
    EVASION_DISGUISED,
    EVASION_WIDE,
    EVASION_MARKED,
    EVASION_SPLIT,
    EVASION_MIXED,
    EVASION_SPACED,
    EVASION_DIGITS,
    EVASION_NUMBERED,
    EVASION_ANY
};

static void emit_evasion(struct token_set *set, enum evasion evasion, unsigned how_many,
                         const char *from, const char *to)
{
    static const char *const names[] = {
        "disguised:", "wide:", "marked:", "split:", "mixed:", "spaced:", "digits:", "numbered:"};
    token_keep(set, token_spread(token_derive(DERIVED_EVASION, evasion, how_many)),
               FEATURE_GROUP_BODY, span_of(names[evasion]), from, to);
    /* What is known of one kind tells something of another that was never seen. */
    if (evasion < EVASION_DIGITS)
        token_keep(set, token_spread(token_derive(DERIVED_EVASION, EVASION_ANY, 0)),
                   FEATURE_GROUP_BODY, SPAN("evasion:"), from, to);
}

/* The word that is meant: its letters without what is between them, digits as the letters they look
 * like when `digits_for_letters`. */
static void emit_meant(struct reading *reading, bool digits_for_letters, const char *from,
                       const char *to)
{
    uint64_t hash = WORD_START;
    uint32_t c;
    for (const char *at = from; next_of_word(&at, to, &c);) {
        if (c < 0x80 && !is_ascii_word(c))
            continue;
        if (digits_for_letters && c - '0' < 10u)
            c = (uint32_t) "oizeasgtbg"[c - '0'];
        hash = token_step(hash, c);
    }
    token_emit(reading->set, reading->place, hash, from, to);
}

/* Of a word with digits and letters: digits between letters, or two to four at its end. */
static void emit_digit_evasions(struct reading *reading, const char *from, const char *to)
{
    unsigned letters = 0, between = 0, last = 0; /* last: digits since the last letter */
    bool letter_before = false;
    uint32_t c;
    for (const char *at = from; next_of_word(&at, to, &c);) {
        if (c - '0' < 10u) {
            last++;
        } else if (c < 0x80 && byte_kinds[c] == BYTE_JOINER) {
            letter_before = false;
            last = 0;
        } else {
            between += letter_before && last;
            letter_before = true;
            last = 0;
            letters++;
        }
    }
    if (between && letters >= 2) {
        emit_evasion(reading->set, EVASION_DIGITS, 0, from, to);
        emit_meant(reading, true, from, to);
    } else if (letters >= 3 && last >= 2 && last <= 4) {
        emit_evasion(reading->set, EVASION_NUMBERED, last, from, to);
    }
}

/* Whether more of the word follows what is invisible. */
static bool is_split(const char *from, const char *to)
{
    bool invisible = false;
    while (from < to) {
        uint32_t c = text_next(&from, to);
        if (c >= 0x80 && text_character(c).class == CHARACTER_INVISIBLE)
            invisible = true;
        else if (invisible)
            return true;
    }
    return false;
}

/* Alphabets whose words are not cut by invisible characters in honest text. */
#define UNJOINED (1u << SCRIPT_LATIN | 1u << SCRIPT_CYRILLIC | 1u << SCRIPT_GREEK)

static void emit_evasions(struct reading *reading, const struct word *word, const char *from,
                          const char *to)
{
    struct token_set *set = reading->set;
    if (word->disguised)
        emit_evasion(set, EVASION_DISGUISED, 0, from, to);
    if (word->wide)
        emit_evasion(set, EVASION_WIDE, 0, from, to);
    if (word->length >= 3 && 2 * word->marks > word->length)
        emit_evasion(set, EVASION_MARKED, 0, from, to);
    if (word->invisible && word->scripts & UNJOINED && is_split(from, to))
        emit_evasion(set, EVASION_SPLIT, 0, from, to);
    if (word->scripts & (word->scripts - 1))
        emit_evasion(set, EVASION_MIXED, 0, from, to);
    if (word->joiners >= 3 && word->length <= 2 * word->joiners + 1 && word->scripts) {
        emit_evasion(set, EVASION_SPACED, 0, from, to);
        emit_meant(reading, false, from, to);
    }
    if (word->digits && !word->only_digits && word->length <= WORD_CODE_POINTS_MAX)
        emit_digit_evasions(reading, from, to);
}

/* Most words are not, and need no second look. */
static inline bool is_unusual(const struct word *word)
{
    return word->disguised || word->wide || word->marks || word->invisible || word->joiners >= 3 ||
           (word->scripts & (word->scripts - 1)) || (word->digits && !word->only_digits);
}

/* Fewer words of one letter are initials, or an article and a name. */
#define LONE_LEAST 4

/* "f r e e": spaced, and the word that is meant. */
static void end_lone(struct reading *reading)
{
    if (reading->lone_count >= LONE_LEAST) {
        emit_evasion(reading->set, EVASION_SPACED, 0, reading->lone_from, reading->lone_to);
        token_emit(reading->set, reading->place, reading->lone_hash, reading->lone_from,
                   reading->lone_to);
    }
    reading->lone_count = 0;
}

/* `word` has one character: `from` to `to`. The first must be a letter. */
static void add_lone(struct reading *reading, const struct word *word, const char *from,
                     const char *to)
{
    uint32_t c;
    const char *at = from;
    if (!reading->lone_count && !word->scripts)
        return;
    if (!reading->lone_count++) {
        reading->lone_from = from;
        reading->lone_hash = WORD_START;
    }
    if (next_of_word(&at, to, &c))
        reading->lone_hash = token_step(reading->lone_hash, c);
    reading->lone_to = to;
}

#define WITHIN 4u
#define WITHIN_LEAST 5u /* characters of a word; of shorter ones it is all */

/* Each four characters in a row of a word. */
static void emit_within(struct token_set *set, const char *from, const char *to)
{
    uint32_t last[WITHIN] = {0}, c;
    const char *starts[WITHIN] = {NULL}, *at = from;
    for (size_t n = 0;; n++) {
        starts[n % WITHIN] = at;
        if (!next_of_word(&at, to, &c))
            return;
        last[n % WITHIN] = c;
        if (n + 1 < WITHIN)
            continue;
        uint64_t hash = WORD_START;
        for (size_t i = n + 1; i < n + 1 + WITHIN; i++)
            hash = token_step(hash, last[i % WITHIN]);
        token_keep(set, token_spread(token_derive(DERIVED_WITHIN, hash, 0)), FEATURE_GROUP_BODY,
                   SPAN("within:"), starts[(n + 1) % WITHIN], at);
    }
}

static void word_emit(struct reading *reading, struct word *word, const char *from, const char *to)
{
    struct token_set *set = reading->set;
    const struct place *place = reading->place;
    if (word->only_digits && word->digits >= 5) {
        token_emit(set, place, token_derive(DERIVED_DIGITS, word->first_digits, 0), from, to);
        word->hash = token_derive(DERIVED_DIGIT_COUNT, word->digits, 0);
    } else if (word->length > WORD_CODE_POINTS_MAX) {
        unsigned class = 0;
        for (unsigned length = word->length; length > 1; length >>= 1)
            class ++;
        word->hash = token_derive(DERIVED_LONG, class, 0);
    }
    token_emit(set, place, word->hash, from, to);
    if (place->is_body) {
        if (word->length == 1)
            add_lone(reading, word, from, to);
        else if (reading->lone_count)
            end_lone(reading);
        if (set->family && word->length >= WITHIN_LEAST && word->length <= WORD_CODE_POINTS_MAX)
            emit_within(set, from, to);
    }
    if (place->is_text && is_unusual(word))
        emit_evasions(reading, word, from, to);
    if (word->dots >= 2 && word->length <= WORD_CODE_POINTS_MAX)
        token_emit(set, place, word->last_two_labels, from, to);
    if (reading->word_before && place->is_text) {
        uint64_t pair = token_derive(DERIVED_PAIR, reading->word_before, word->hash);
        token_emit(set, place, pair, reading->word_before_from, to);
        shingle(set, place, pair);
    }
    reading->word_before = word->hash;
    reading->word_before_from = from;
}

/* Takes a character beyond ASCII into the word; false: it is not of it. */
static bool word_take(struct word *word, uint32_t c, enum script *script)
{
    if (is_passed_over(c)) {
        *(is_mark(c) ? &word->marks : &word->invisible) += 1;
        return true;
    }
    struct character character = text_character(c);
    if (!is_word_class((enum character_class)character.class))
        return false;
    if (character.script) {
        *script = (enum script)character.script;
        if (character.script != SCRIPT_OTHER) /* U+02BB of Hawaiian is no foreign letter */
            word->scripts |= 1u << character.script;
    }
    uint32_t folded = text_fold(c);
    if (folded < 0x80) {
        word->wide += c >= 0xff01 && c <= 0xff5e;
        word->disguised += c >= 0x10000;
        word->digits += folded - '0' < 10u;
    }
    word->only_digits = false;
    word_put(word, folded);
    return true;
}

/* The hash goes on over a run of ASCII letters, up to `end`. */
static inline uint64_t hash_letters(uint64_t hash, const char *at, const char *end)
{
    for (; at < end; at++)
        hash = token_step(hash, (unsigned char)*at | 0x20u);
    return hash;
}

/* Takes a run of ASCII letters into the word: as word_put() does with each, but with all that
 * changes in registers, since most of most texts is that. */
static void word_take_letters(struct reading *reading, struct word *word)
{
    uint64_t hash = word->hash;
    const char *at = reading->at;
    size_t left =
        (size_t)(reading->end - at) < reading->left ? (size_t)(reading->end - at) : reading->left;
    const char *end = at + left;
    for (; at < end; at++) {
        uint32_t folded = (unsigned char)*at | 0x20u;
        if (folded - 'a' >= 26)
            break;
        hash = token_step(hash, folded);
    }
    word->hash = hash;
    if (word->dots) {
        word->last_label = hash_letters(word->last_label, reading->at, at);
        word->last_two_labels = hash_letters(word->last_two_labels, reading->at, at);
    }
    word->length += (unsigned)(at - reading->at);
    word->only_digits = false;
    word->scripts |= 1u << SCRIPT_LATIN;
    reading->left -= (size_t)(at - reading->at);
    reading->at = at;
}

/* Takes the character at which the word may go on; false: it ends there. */
static bool word_go_on(struct reading *reading, struct word *word, enum script *script)
{
    const char *next = reading->at + 1;
    unsigned char c = (unsigned char)*reading->at;
    switch (kind_at(reading->at)) {
    case BYTE_LETTER:
        *script = SCRIPT_LATIN;
        word_take_letters(reading, word);
        return true;
    case BYTE_DIGIT:
        word_put(word, c);
        if (++word->digits == 4)
            word->first_digits = word->hash;
        break;
    case BYTE_DOLLAR:
        word->only_digits = false;
        word_put(word, c);
        break;
    case BYTE_JOINER:
        if (!word_follows(reading, next))
            return false;
        word->joiners++;
        word_put(word, c);
        if (c == '.')
            word_dot(word);
        break;
    case BYTE_HIGH:
        next = reading->at;
        if (!word_take(word, text_next(&next, reading->end), script))
            return false;
        break;
    case BYTE_BLANK:
    case BYTE_SIGN:
        return false;
    }
    reading->at = next;
    reading->left--;
    return true;
}

static void read_word(struct reading *reading)
{
    struct word word = {.hash = WORD_START, .only_digits = true};
    const char *from = reading->at;
    enum script script = SCRIPT_NONE;
    while (reading->at < reading->end && reading->left && word_go_on(reading, &word, &script))
        continue;
    if (reading->place->is_body)
        reading->set->letters[script] += word.length;
    word_emit(reading, &word, from, reading->at);
    reading->before[0] = reading->before[1] = 0;
}

static void read_ideograph(struct reading *reading, uint32_t c, enum script script,
                           const char *next)
{
    struct token_set *set = reading->set;
    const struct place *place = reading->place;
    const char *from = reading->at;
    if (place->is_body)
        set->letters[script]++;
    if (reading->separators > 2)
        reading->before[0] = reading->before[1] = 0;
    uint32_t first = reading->before[0], second = reading->before[1];
    if (first) {
        uint64_t bigram = token_derive(DERIVED_BIGRAM, first, c);
        token_emit(set, place, bigram, reading->before_from[0], next);
        if (second) {
            uint64_t trigram = token_derive(DERIVED_TRIGRAM, ((uint64_t)second << 32) | first, c);
            token_emit(set, place, trigram, reading->before_from[1], next);
            shingle(set, place, trigram);
        }
    }
    if (!first || set->family)
        token_emit(set, place, token_derive(DERIVED_IDEOGRAPH, c, 0), from, next);
    reading->before[1] = first;
    reading->before_from[1] = reading->before_from[0];
    reading->before[0] = c;
    reading->before_from[0] = from;
    reading->separators = 0;
    reading->word_before = 0;
    reading->at = next;
    reading->left--;
}

/* A run of one and the same ASCII sign: a token by its length when it is repeated, or alone when it
 * is one that means something. */
static void read_punctuation(struct reading *reading, uint32_t c)
{
    const char *from = reading->at;
    unsigned length = 0;
    while (reading->at < reading->end && reading->left && (unsigned char)*reading->at == c) {
        reading->at++;
        reading->left--;
        length++;
    }
    if (length == 1 && (c == '!' || c == '%' || c == '#' || c == '*'))
        token_emit(reading->set, reading->place, token_derive(DERIVED_SYMBOL, c, 0), from,
                   reading->at);
    else if (length > 1)
        token_emit(reading->set, reading->place,
                   token_derive(DERIVED_REPEATED, c, length < 4 ? length : 4), from, reading->at);
    reading->separators++;
}

static void pass(struct reading *reading, const char *next)
{
    reading->at = next;
    reading->left--;
}

static void read_beyond_ascii(struct reading *reading)
{
    const char *next = reading->at;
    uint32_t c = text_next(&next, reading->end);
    if (is_mark(c)) { /* over an ideograph or a sign */
        pass(reading, next);
        return;
    }
    struct character character = text_character(c);
    switch ((enum character_class)character.class) {
    case CHARACTER_LETTER:
    case CHARACTER_DIGIT:
    case CHARACTER_EMOJI:
        read_word(reading);
        return;
    case CHARACTER_IDEOGRAPH:
        read_ideograph(reading, c, (enum script)character.script, next);
        return;
    case CHARACTER_SYMBOL:
        token_emit(reading->set, reading->place, token_derive(DERIVED_SYMBOL, text_fold(c), 0),
                   reading->at, next);
        reading->separators++;
        break;
    case CHARACTER_INVISIBLE:
        break;
    case CHARACTER_SEPARATOR:
    case CHARACTER_ASCII_PUNCTUATION:
        reading->separators++;
        break;
    }
    pass(reading, next);
}

static void read_one(struct reading *reading)
{
    switch (kind_at(reading->at)) {
    case BYTE_LETTER:
    case BYTE_DIGIT:
    case BYTE_DOLLAR:
        read_word(reading);
        break;
    case BYTE_JOINER:
    case BYTE_SIGN:
        read_punctuation(reading, (unsigned char)*reading->at);
        break;
    case BYTE_BLANK:
        pass(reading, reading->at + 1);
        reading->separators++;
        break;
    case BYTE_HIGH:
        read_beyond_ascii(reading);
        break;
    }
}

void tokens_read(struct token_set *set, const struct place *place, struct span text, size_t *budget)
{
    struct reading reading = {.set = set,
                              .place = place,
                              .at = text.data,
                              .end = text.data + text.length,
                              .left = *budget};
    while (reading.at < reading.end && reading.left)
        read_one(&reading);
    end_lone(&reading);
    *budget = reading.left;
}
