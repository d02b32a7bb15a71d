/* Checks of how words are written: letters of two scripts, invisible characters within, and the
 * same phrases again and again. */
#include "core/checks.h"

#include <stdlib.h>
#include <string.h>

#include "core/check_ramp.h"
#include "core/text.h"

/* Letters of a subject or body that are looked at. */
#define WORD_BYTES_MAX ((size_t)64 * 1024)

static bool has_two_cases(uint8_t script)
{
    return script == SCRIPT_LATIN || script == SCRIPT_CYRILLIC || script == SCRIPT_GREEK;
}

/* A run of letters of such scripts, with the invisible characters among them. */
struct word {
    struct span written;
    size_t latin, foreign; /* letters */
    size_t gaps;           /* places between two letters where invisible characters stand */
    size_t single_letters; /* letters with a soft hyphen on both sides */
};

/* Cyrillic and Greek letters that a reader takes for Latin ones, and so the other way round.
 * Letters that only resemble each other (к, α) are left out: science and slang put those next to
 * Latin. */
static bool is_lookalike(uint32_t code_point)
{
    static const uint16_t others[] = {
        0x405, 0x406, 0x408, 0x410, 0x412, 0x415, 0x41a, 0x41c, 0x41d, 0x41e, 0x420, 0x421,
        0x422, 0x423, 0x425, 0x430, 0x435, 0x43e, 0x440, 0x441, 0x443, 0x445, 0x455, 0x456,
        0x458, 0x4bb, 0x501, 0x51b, 0x51d, 0x391, 0x392, 0x395, 0x396, 0x397, 0x399, 0x39a,
        0x39c, 0x39d, 0x39f, 0x3a1, 0x3a4, 0x3a5, 0x3a7, 0x3bd, 0x3bf};
    if (code_point < 0x80)
        return strchr("ABCEHIJKMNOPSTUXYZacdehijopqsuvwxy", (int)code_point) != NULL;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (code_point == others[i])
            return true;
    }
    return false;
}

#define SOFT_HYPHEN 0xad

#define ZERO_WIDTH_NON_JOINER 0x200c

/* What typography puts between letters: a non-joiner keeps f and l from being one glyph, and long
 * names of programs may break before a capital. */
static bool is_honest_gap(uint32_t before, uint32_t invisible, uint32_t after)
{
    return (invisible == ZERO_WIDTH_NON_JOINER && text_fold(before) == 'f') ||
           (text_fold(before) == before && text_fold(after) != after);
}

/* What stands between the last letter of a word and the next. */
struct between {
    uint32_t letter, invisible; /* the letter before, and what is not seen; 0: nothing */
    bool hyphen, alone;         /* a soft hyphen, and one before the letter, too */
};

static void add_letter(struct word *word, struct between *between, uint32_t code_point,
                       uint8_t script)
{
    *(script == SCRIPT_LATIN ? &word->latin : &word->foreign) += 1;
    word->gaps +=
        between->invisible && !is_honest_gap(between->letter, between->invisible, code_point);
    *between = (struct between){.letter = code_point, .alone = between->hyphen};
}

static void add_invisible(struct word *word, struct between *between, uint32_t code_point)
{
    if (code_point != SOFT_HYPHEN) {
        between->invisible = code_point;
        return;
    }
    word->single_letters += between->alone;
    between->alone = false;
    between->hyphen = true;
}

static bool is_ascii_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Whether a character from U+4000 to U+9FFF stands at `at`, which is of no word here. */
static bool is_ideograph(const char *at, const char *end)
{
    return end - at >= 3 && (unsigned char)at[0] - 0xe4u < 6 &&
           ((unsigned char)at[1] & 0xc0) == 0x80 && ((unsigned char)at[2] & 0xc0) == 0x80;
}

/* Where the word starts that has the next byte beyond ASCII in it, or whatever else that byte is
 * of; nothing before it is of interest here, nor are ideographs. */
static const char *next_beyond_ascii(const char *at, const char *end)
{
    const char *start = at;
    at += text_ascii_length(at, end);
    while (is_ideograph(at, end)) {
        at += 3;
        at += text_ascii_length(at, end);
    }
    while (at < end && at > start && is_ascii_letter(at[-1]))
        at--;
    return at;
}

/* The next word from *at on, which is moved behind it; false at the end. Words that are all ASCII
 * may be passed over. */
static bool next_word(const char **at, const char *end, struct word *word)
{
    *word = (struct word){0};
    struct between between = {0};
    while (*at < end) {
        const char *here = *at;
        uint32_t code_point = text_next(at, end);
        struct character character = text_character(code_point);
        if (character.class == CHARACTER_LETTER && has_two_cases(character.script)) {
            if (!word->written.data)
                word->written.data = here;
            word->written.length = (size_t)(*at - word->written.data);
            add_letter(word, &between, code_point, character.script);
        } else if (character.class == CHARACTER_INVISIBLE && word->written.data) {
            add_invisible(word, &between, code_point);
        } else if (word->written.data) {
            return true;
        } else {
            *at = next_beyond_ascii(*at, end);
        }
    }
    return word->written.data != NULL;
}

/* Whether the texts that are looked at hold a character that `is_meant`; `leads` are the bytes that
 * such characters start with. */
static bool has_character(const struct document *document, const bool leads[256],
                          bool (*is_meant)(struct character character))
{
    size_t budget = WORD_BYTES_MAX;
    for (size_t i = 0; i < document->text_count && budget; i++) {
        struct span content = span_take(document->texts[i].content, &budget);
        const char *at = content.data, *end = at + content.length;
        while ((at = text_find_high(at, end, leads)) < end)
            if (is_meant(text_character(text_next(&at, end))))
                return true;
    }
    return false;
}

/* Calls `look` with each word of subject and body that is not all ASCII, until it wants no more. */
static void for_each_word(const struct document *document,
                          bool (*look)(const struct word *word, void *context), void *context)
{
    size_t budget = WORD_BYTES_MAX;
    for (size_t i = 0; i < document->text_count && budget; i++) {
        struct span content = span_take(document->texts[i].content, &budget);
        const char *at = content.data, *end = at + content.length;
        struct word word;
        while ((at = next_beyond_ascii(at, end)) < end && next_word(&at, end, &word)) {
            if (!look(&word, context))
                return;
        }
    }
}

struct found_words {
    size_t count;
    struct span first;
};

static bool note_word(struct found_words *found, const struct word *word)
{
    if (!found->count++)
        found->first = word->written;
    return found->count < 10;
}

/* --- MIXED_SCRIPTS --- */

/* Whether each letter of the word that is Latin, or each that is not, has a double in the other
 * script. */
static bool all_have_doubles(struct span word, bool latin)
{
    const char *at = word.data, *end = at + word.length;
    while (at < end) {
        uint32_t code_point = text_next(&at, end);
        struct character character = text_character(code_point);
        if (character.class == CHARACTER_LETTER && (character.script == SCRIPT_LATIN) == latin &&
            !is_lookalike(code_point))
            return false;
    }
    return true;
}

/* Nothing but a Latin word and behind it one to three letters of another script. */
static bool is_inflected(const struct word *word)
{
    if (word->latin < 3 || word->foreign > 3)
        return false;
    const char *at = word->written.data, *end = at + word->written.length;
    for (size_t latin = 0; at < end && latin < word->latin;) {
        struct character character = text_character(text_next(&at, end));
        if (character.class == CHARACTER_LETTER && character.script != SCRIPT_LATIN)
            return false;
        latin += character.class == CHARACTER_LETTER;
    }
    return true;
}

#define GREEK_NU 0x3bd

/* "νmax": physics writes a nu before a Latin name and means it; of what resembles a Latin letter,
 * it is the one that formulas use. */
static bool is_symbol_of_physics(const struct word *word)
{
    const char *at = word->written.data, *end = at + word->written.length;
    return word->foreign == 1 && text_next(&at, end) == GREEK_NU;
}

/* Half of the word is what it seems, and each letter of the other script has a double in it:
 * "pаypal". A word with an ending of its own script ("iPhoneом", "MacBookа") is how people write.
 */
static bool look_for_mixture(const struct word *word, void *context)
{
    if (!word->latin || !word->foreign || word->latin + word->foreign < 4)
        return true;
    if (is_inflected(word) || is_symbol_of_physics(word))
        return true;
    bool mixed = (word->foreign <= word->latin && all_have_doubles(word->written, false)) ||
                 (word->latin <= word->foreign && all_have_doubles(word->written, true));
    return mixed ? note_word(context, word) : true;
}

static bool is_foreign(struct character character)
{
    return character.class == CHARACTER_LETTER && character.script != SCRIPT_LATIN &&
           has_two_cases(character.script);
}

double check_mixed_scripts(const struct document *document, struct span *detail)
{
    /* Greek and Cyrillic; extensions of both, and signs that are letters of them. */
    static const bool leads[256] = {
        [0xcd ... 0xd4] = true, [0xe1] = true, [0xe2] = true, [0xea] = true, [0xf0] = true};
    struct found_words found = {0, {NULL, 0}};
    if (!has_character(document, leads, is_foreign))
        return 0;
    for_each_word(document, look_for_mixture, &found);
    if (!found.count)
        return 0;
    *detail = arena_printf(document->arena, "%zu words of letters of two scripts (%.*s)",
                           found.count, SPAN_ARGS(found.first));
    return 0.4 + 0.6 * ramp((double)found.count, 1, 3);
}

/* --- WORD_SPLIT --- */

struct splits {
    size_t places;
    struct found_words found;
};

/* Soft hyphens stand between syllables on purpose; around single letters they hide the word. */
static bool look_for_split(const struct word *word, void *context)
{
    struct splits *splits = context;
    size_t places = word->gaps + (word->single_letters >= 2 ? word->single_letters : 0);
    splits->places += places;
    return places ? note_word(&splits->found, word) : true;
}

static bool is_invisible(struct character character)
{
    return character.class == CHARACTER_INVISIBLE;
}

/* One place alone is an accident: it came along when a word was copied. */
double check_word_split(const struct document *document, struct span *detail)
{
    static const bool leads[256] = {[0xc2] = true, [0xcd] = true, [0xd8] = true, [0xe1] = true,
                                    [0xe2] = true, [0xe3] = true, [0xef] = true, [0xf3] = true};
    struct splits splits = {0};
    if (!has_character(document, leads, is_invisible))
        return 0;
    for_each_word(document, look_for_split, &splits);
    if (splits.places < 2)
        return 0;
    *detail = arena_printf(document->arena, "%zu words (%.*s)", splits.found.count,
                           SPAN_ARGS(splits.found.first));
    return 0.4 + 0.6 * ramp((double)splits.places, 1, 4);
}

/* --- PHRASES_REPEATED --- */

#define PHRASE_WORDS 5
#define WORD_FACTOR 0x9e3779b97f4a7c15u
#define PHRASES_LOOKED_AT 600
#define SHARE_LEAST 0.5
#define PHRASES_LEAST 60 /* short mails repeat themselves by accident */

/* Hashes of the words of the body, an ideograph being a word. Figures are words, too: the rows of
 * an invoice or a log differ in nothing else, and what is said again and again does not. */
static size_t hash_words(const struct document *document, uint64_t *words, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < document->text_count; i++) {
        if (document->texts[i].kind != TEXT_BODY)
            continue;
        const char *at = document->texts[i].content.data;
        const char *end = at + document->texts[i].content.length;
        uint64_t word = 0;
        while (at < end && count < most) {
            for (; at < end && is_ascii_letter(*at); at++) /* most of most texts */
                word = word * WORD_FACTOR + (unsigned char)(*at | 0x20) + 1;
            if (at == end)
                break;
            uint32_t code_point = text_next(&at, end);
            uint8_t class = text_character(code_point).class;
            if (class == CHARACTER_INVISIBLE)
                continue;
            if (class == CHARACTER_LETTER || class == CHARACTER_DIGIT)
                word = word * WORD_FACTOR + text_fold(code_point) + 1;
            else if (word)
                words[count++] = word, word = 0;
            if (class == CHARACTER_IDEOGRAPH && count < most)
                words[count++] = code_point;
        }
        if (word && count < most)
            words[count++] = word;
    }
    return count;
}

static int compare_hashes(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Of many phrases a sample is enough: those whose hash says so, so that all or none of those that
 * say the same are in it. */
static uint64_t sample_mask(size_t phrases)
{
    return phrases > 800 ? 7 : phrases > 200 ? 3 : 0;
}

/* The hashes of the phrases in the sample replace those of the words; how many they are. */
static size_t hash_phrases(uint64_t *words, size_t count)
{
    size_t phrases = count - PHRASE_WORDS + 1, kept = 0;
    uint64_t mask = sample_mask(phrases);
    for (size_t i = 0; i < phrases; i++) {
        uint64_t hash = 0;
#pragma GCC unroll 5
        for (size_t j = 0; j < PHRASE_WORDS; j++)
            hash = (hash ^ words[i + j]) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
        if (!(hash & mask))
            words[kept++] = hash; /* never ahead of the words that are still read */
    }
    return kept;
}

/* Whether so many may have been said before: without the sorting that would tell, which most texts
 * are spared so. */
static bool may_repeat(const uint64_t *phrases, size_t count, size_t least)
{
    bool seen[1024] = {false};
    size_t again = 0;
    for (size_t i = 0; i < count; i++) {
        bool *mark = &seen[phrases[i] >> 8 & 1023];
        again += *mark;
        *mark = true;
    }
    return again >= least;
}

/* How much of the body is phrases that were said before, at least twice; 0 when it is less than
 * matters. */
static double repeated_share(uint64_t *words, size_t count)
{
    size_t phrases = hash_phrases(words, count), repeated = 0;
    if (!may_repeat(words, phrases, (size_t)((double)phrases * SHARE_LEAST)))
        return 0;
    qsort(words, phrases, sizeof *words, compare_hashes);
    for (size_t i = 0, next; i < phrases; i = next) {
        for (next = i + 1; next < phrases && words[next] == words[i];)
            next++;
        repeated += next - i >= 3 ? next - i - 1 : 0;
    }
    return phrases ? (double)repeated / (double)phrases : 0;
}

double check_phrases_repeated(const struct document *document, struct span *detail)
{
    uint64_t words[PHRASES_LOOKED_AT];
    size_t count = hash_words(document, words, PHRASES_LOOKED_AT);
    if (count < PHRASES_LEAST)
        return 0;
    double share = repeated_share(words, count), strength = ramp(share, SHARE_LEAST, 0.8);
    if (strength < 0.05)
        return 0;
    *detail = arena_printf(document->arena, "%.0f %% of the text", 100 * share);
    return strength;
}
