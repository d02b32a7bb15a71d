#include "core/checks.h"

#include <pthread.h>
#include <string.h>

#include "core/check_ramp.h"
#include "core/text.h"

/* TEXT_SPLICED: text that was taken from somewhere and sown with pieces of another, or converted by
 * a machine whose output nobody read. Four signs, each silent on text made with care. */

/* How much text is looked at; what is spliced is spliced all over. */
#define CODE_POINTS_MAX 20000

/* Fewer ideographs than this say nothing about orthography or rhythm. */
#define IDEOGRAPHS_MIN 60

/* Up to so many broken characters are an accident; and so many different ones of the orthography
 * that a text is not written in. */
#define BROKEN_MIN 4
#define VARIANTS_MIN 4

/* What the signs ask of a character: its enum han_form in the lowest bits, and these. */
enum trait {
    TRAIT_FORM = 3,
    TRAIT_HAN = 4,
    TRAIT_KANA = 8,
    TRAIT_WORD = 16,   /* of a word: an ideograph, a letter, a digit */
    TRAIT_CLAUSE = 32, /* ends a clause */
    TRAIT_BRACKET = 64,
    TRAIT_LEAD = 128 /* of what looks broken */
};

struct letters {
    uint32_t *points;
    uint8_t *traits; /* enum trait of each */
    size_t count;
    size_t ideographs, kana, simplified, traditional, brackets, leads;
};

struct sign {
    double strength;
    struct span detail;
};

static bool is_han(uint32_t code_point)
{
    return code_point >= 0x3400 && code_point <= 0x9fff;
}

static bool is_kana(uint32_t code_point)
{
    return code_point >= 0x3041 && code_point <= 0x30fa;
}

/* What the signs are made of starts with these: 0xc3 what UTF-8 becomes when it is read as
 * windows-1252, the others what Han characters start with. */
static const bool leads[256] = {[0xc3] = true, [0xe3 ... 0xe9] = true};

/* Whether there may be signs in the texts: enough that looks broken, or enough ideographs. Most
 * texts of alphabets have neither, which a look at lead bytes tells. */
static bool may_have_signs(const struct document *document)
{
    size_t broken = 0, ideographs = 0;
    for (size_t i = 0; i < document->text_count; i++) {
        if (document->texts[i].kind != TEXT_BODY)
            continue;
        const char *at = document->texts[i].content.data;
        const char *end = at + document->texts[i].content.length;
        while ((at = text_find_high(at, end, leads)) < end) {
            /* Behind "Ã" and its like another character beyond ASCII, or what GBK makes of it. */
            if (*at == '\xc3')
                broken += end - at > 2 && (unsigned char)at[2] >= 0x80;
            else
                ideographs++, broken += *at == '\xe9';
            if (broken > BROKEN_MIN || ideographs >= IDEOGRAPHS_MIN)
                return true;
            at++;
        }
    }
    return false;
}

static bool ends_clause(uint32_t code_point)
{
    switch (code_point) {
    case '\n':
    case ',':
    case '.':
    case ';':
    case ':':
    case '!':
    case '?':
    case '|':
    case 0x3001: /* 、 */
    case 0x3002: /* 。 */
    case 0xff01: /* ！ */
    case 0xff0c: /* ， */
    case 0xff1a: /* ： */
    case 0xff1b: /* ； */
    case 0xff1f: /* ？ */
        return true;
    default:
        return false;
    }
}

static bool is_word_character(uint32_t code_point)
{
    uint8_t class = text_character(code_point).class;
    return class == CHARACTER_IDEOGRAPH || class == CHARACTER_LETTER || class == CHARACTER_DIGIT;
}

static bool opens_bracket(uint32_t code_point)
{
    return code_point == '(' || code_point == 0xff08;
}

static uint8_t traits[0x10000];

static uint8_t trait_of(uint32_t code_point)
{
    bool lead = (code_point >= 0xc2 && code_point <= 0xef) ||
                (code_point >= 0x9225 && code_point <= 0x951f);
    return (uint8_t)((is_han(code_point) ? text_han_form(code_point) | TRAIT_HAN : 0) |
                     (is_kana(code_point) ? TRAIT_KANA : 0) |
                     (is_word_character(code_point) ? TRAIT_WORD : 0) |
                     (ends_clause(code_point) ? TRAIT_CLAUSE : 0) |
                     (opens_bracket(code_point) ? TRAIT_BRACKET : 0) | (lead ? TRAIT_LEAD : 0));
}

static void fill_traits(void)
{
    for (uint32_t code_point = 0; code_point < 0x10000; code_point++)
        traits[code_point] = trait_of(code_point);
}

/* How many characters have each of the traits; `seen[t]` have exactly the traits `t`. */
static void count_traits(struct letters *letters, const size_t seen[256])
{
    for (size_t trait = 0; trait < 256; trait++) {
        if (!seen[trait])
            continue;
        bool han = trait & TRAIT_HAN;
        letters->ideographs += han ? seen[trait] : 0;
        letters->simplified += (trait & TRAIT_FORM) == HAN_SIMPLIFIED_ONLY ? seen[trait] : 0;
        letters->traditional += (trait & TRAIT_FORM) == HAN_TRADITIONAL_ONLY ? seen[trait] : 0;
        letters->kana += trait & TRAIT_KANA ? seen[trait] : 0;
        letters->brackets += trait & TRAIT_BRACKET ? seen[trait] : 0;
        letters->leads += trait & TRAIT_LEAD ? seen[trait] : 0;
    }
}

/* All body texts as code points, a line end after each. Nothing when no sign can be in them. */
static struct letters gather(const struct document *document)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct letters letters = {.count = 0};
    size_t bytes = 0, seen[256] = {0};
    for (size_t i = 0; i < document->text_count; i++)
        if (document->texts[i].kind == TEXT_BODY)
            bytes += document->texts[i].content.length + 1;
    if (!may_have_signs(document))
        return letters;
    pthread_once(&once, fill_traits);
    size_t room = bytes < CODE_POINTS_MAX ? bytes : CODE_POINTS_MAX;
    letters.points = arena_room(document->arena, room * sizeof *letters.points);
    letters.traits = arena_room(document->arena, room);
    for (size_t i = 0; i < document->text_count; i++) {
        if (document->texts[i].kind != TEXT_BODY)
            continue;
        const char *at = document->texts[i].content.data;
        const char *end = at + document->texts[i].content.length;
        while (at < end && letters.count < room) {
            uint32_t code_point = text_next(&at, end);
            uint8_t trait = code_point < 0x10000 ? traits[code_point] : trait_of(code_point);
            letters.points[letters.count] = code_point;
            letters.traits[letters.count++] = trait;
            seen[trait]++;
        }
        if (letters.count < room) {
            letters.points[letters.count] = '\n';
            letters.traits[letters.count++] = TRAIT_CLAUSE;
        }
    }
    count_traits(&letters, seen);
    return letters;
}

/* --- leftover pinyin: 創(chuàng) --- */

/* 1 for a vowel with a tone mark, 0 for another letter of pinyin, -1 for anything else. */
static int pinyin_letter(uint32_t code_point)
{
    static const uint16_t toned[] = {0xe0,  0xe1,  0xe8,  0xe9,  0xec,  0xed,  0xf2,  0xf3,
                                     0xf9,  0xfa,  0x101, 0x113, 0x11b, 0x12b, 0x14d, 0x16b,
                                     0x1ce, 0x1d0, 0x1d2, 0x1d4, 0x1d6, 0x1d8, 0x1da, 0x1dc};
    if ((code_point >= 'a' && code_point <= 'z') || code_point == 0xfc)
        return 0;
    for (size_t i = 0; i < sizeof toned / sizeof *toned; i++) {
        if (code_point == toned[i])
            return 1;
    }
    return -1;
}

/* Length of "(chuàng)" at `at`, where a bracket opens: one syllable with one tone mark in brackets;
 * 0: something else. */
static size_t pinyin_in_brackets(const uint32_t *at, const uint32_t *end)
{
    const uint32_t *here = at;
    int tones = 0;
    for (here++; here < end && here - at <= 7; here++) {
        if (*here == ')' || *here == 0xff09)
            return tones == 1 ? (size_t)(here + 1 - at) : 0;
        int tone = pinyin_letter(*here);
        if (tone < 0)
            return 0;
        tones += tone;
    }
    return 0;
}

#define ANNOTATED_MAX 64

struct annotated {
    uint32_t code_point;
    size_t times;
};

/* Counts brackets that explain nothing: behind a character that was explained before, or behind a
 * traditional one in text that knows it elsewhere. Texts for learners explain one character after
 * the other, or many of few, and a rare character in a normal text is explained once. */
static struct sign leftover_pinyin(const struct letters *letters, struct arena *arena)
{
    struct annotated seen[ANNOTATED_MAX];
    size_t distinct = 0, all = 0, adjacent = 0, needless = 0;
    if (letters->brackets < 3)
        return (struct sign){0, {NULL, 0}};
    const uint32_t *end = letters->points + letters->count, *last_end = NULL, *example = NULL;
    for (const uint32_t *at = letters->points + 1; at < end; at++) {
        size_t length = opens_bracket(*at) && is_han(at[-1]) ? pinyin_in_brackets(at, end) : 0;
        if (!length)
            continue;
        all++;
        adjacent += last_end == at - 1;
        last_end = at + length;
        size_t i = 0;
        while (i < distinct && seen[i].code_point != at[-1])
            i++;
        if (i == distinct) {
            if (distinct < ANNOTATED_MAX)
                seen[distinct++] = (struct annotated){at[-1], 0};
            else
                continue;
        }
        seen[i].times++;
        if (!example || text_han_form(at[-1]) == HAN_TRADITIONAL_ONLY)
            example = at - 1;
    }
    for (size_t i = 0; i < distinct; i++) {
        if (seen[i].times > 1 || text_han_form(seen[i].code_point) == HAN_TRADITIONAL_ONLY)
            needless += seen[i].times;
    }
    if (needless < 3 || adjacent * 5 >= all * 2 || all * 10 >= letters->ideographs * 3)
        return (struct sign){0, {NULL, 0}};
    char shown[64];
    size_t length = 0;
    for (const uint32_t *at = example; at < end && length < sizeof shown - 4; at++) {
        length += text_put(shown + length, *at);
        if (*at == ')' || *at == 0xff09)
            break;
    }
    return (struct sign){
        ramp((double)needless, 2, 8),
        arena_printf(arena, "pinyin in brackets %zu times: %.*s", all, (int)length, shown)};
}

/* --- simplified and traditional characters in one clause --- */

/* +1 where a quotation starts, -1 where one ends. */
static int quotation(uint32_t code_point)
{
    switch (code_point) {
    case 0x201c: /* “ */
    case 0x2018: /* ‘ */
    case 0x300a: /* 《 */
    case 0x300c: /* 「 */
    case 0x300e: /* 『 */
        return 1;
    case 0x201d:
    case 0x2019:
    case 0x300b:
    case 0x300d:
    case 0x300f:
        return -1;
    default:
        return 0;
    }
}

/* A set of characters, exact enough for counting: two that fall together count once. */
struct character_set {
    uint64_t bits[16];
    size_t count;
};

static void set_add(struct character_set *set, uint32_t code_point)
{
    uint64_t bit = UINT64_C(1) << (code_point % 64);
    uint64_t *word = &set->bits[code_point / 64 % 16];
    set->count += !(*word & bit);
    *word |= bit;
}

/* Rare characters and variants belong to one repertoire only and stand in text of the other (names,
 * Hong Kong's 着), so it takes many different ones, in many clauses. */
static struct sign mixed_orthography(const struct letters *letters, struct arena *arena)
{
    struct character_set simplified = {.count = 0}, traditional = {.count = 0};
    size_t clauses = 0, mixed = 0, in_clause[2] = {0, 0};
    int depth = 0;
    if (letters->simplified <= VARIANTS_MIN || letters->traditional <= VARIANTS_MIN)
        return (struct sign){0, {NULL, 0}};
    for (size_t i = 0; i < letters->count; i++) {
        uint32_t code_point = letters->points[i];
        uint8_t trait = letters->traits[i];
        if (!(trait & TRAIT_HAN)) {
            depth += quotation(code_point);
            depth = depth < 0 || code_point == '\n' ? 0 : depth;
            if (trait & TRAIT_CLAUSE) {
                clauses += in_clause[0] || in_clause[1];
                mixed += in_clause[0] && in_clause[1];
                in_clause[0] = in_clause[1] = 0;
            }
            continue;
        }
        if (depth)
            continue;
        enum han_form form = (enum han_form)(trait & TRAIT_FORM);
        if (form == HAN_SIMPLIFIED_ONLY) {
            in_clause[0]++;
            set_add(&simplified, code_point);
        } else if (form == HAN_TRADITIONAL_ONLY) {
            in_clause[1]++;
            set_add(&traditional, code_point);
        }
    }
    size_t fewer = simplified.count < traditional.count ? simplified.count : traditional.count;
    double strength = ramp((double)mixed, 2, 8) * ramp((double)fewer, VARIANTS_MIN, 12) *
                      (clauses ? ramp((double)mixed / (double)clauses, 0.03, 0.15) : 0);
    if (strength == 0)
        return (struct sign){0, {NULL, 0}};
    return (struct sign){
        strength,
        arena_printf(arena, "simplified and traditional characters mixed in %zu of %zu clauses",
                     mixed, clauses)};
}

/* --- pieces of the title at the start of clauses --- */

#define TITLE_POINTS_MAX 120

/* Pairs of neighbouring characters of a title, how often each occurs in the text, and how often
 * a clause starts with it. */
struct title_pairs {
    uint32_t first[TITLE_POINTS_MAX], second[TITLE_POINTS_MAX];
    size_t times[TITLE_POINTS_MAX], starts[TITLE_POINTS_MAX];
    size_t count;
    uint64_t hints[16]; /* a bit for some of each pair's: most pairs of a text are none of them */
};

static uint32_t pair_hint(uint32_t first, uint32_t second)
{
    return (first * 31 + second) % 1024;
}

static size_t pair_index(const struct title_pairs *pairs, uint32_t first, uint32_t second)
{
    uint32_t hint = pair_hint(first, second);
    if (!(pairs->hints[hint / 64] >> hint % 64 & 1))
        return pairs->count;
    size_t i = 0;
    while (i < pairs->count && (pairs->first[i] != first || pairs->second[i] != second))
        i++;
    return i;
}

/* Pairs that start a clause within the title do not count: a text that repeats its title starts
 * clauses with them, too. */
static void add_pairs(struct title_pairs *pairs, const uint32_t *points, size_t count)
{
    for (size_t i = 0; i + 1 < count && pairs->count < TITLE_POINTS_MAX; i++) {
        uint32_t first = points[i], second = points[i + 1];
        if (!is_word_character(first) || !is_word_character(second) ||
            (!is_han(first) && !is_han(second)) || (i && ends_clause(points[i - 1])) ||
            pair_index(pairs, first, second) < pairs->count)
            continue;
        pairs->first[pairs->count] = first;
        pairs->second[pairs->count++] = second;
        uint32_t hint = pair_hint(first, second);
        pairs->hints[hint / 64] |= UINT64_C(1) << hint % 64;
    }
}

/* The pairs of the subject and of the first line, which is the headline of a copied article.
 * Returns where the text behind that line starts. */
static size_t gather_title_pairs(const struct document *document, const struct letters *letters,
                                 struct title_pairs *pairs)
{
    uint32_t title[TITLE_POINTS_MAX / 2];
    size_t length = 0;
    const char *at = document->subject.data, *end = at + document->subject.length;
    while (at < end && length < TITLE_POINTS_MAX / 2)
        title[length++] = text_next(&at, end);
    add_pairs(pairs, title, length);
    size_t start = 0;
    while (start < letters->count && !(letters->traits[start] & TRAIT_WORD))
        start++;
    size_t line_end = start;
    while (line_end < letters->count && letters->points[line_end] != '\n')
        line_end++;
    if (line_end - start > TITLE_POINTS_MAX / 2)
        return start; /* too long for a headline: a paragraph */
    add_pairs(pairs, letters->points + start, line_end - start);
    return line_end;
}

/* Counts where the pairs occur behind the headline; returns how many clauses there are. */
static size_t count_pairs(struct title_pairs *pairs, const struct letters *letters, size_t from)
{
    const uint32_t *points = letters->points;
    const uint8_t *traits_at = letters->traits;
    size_t clauses = 0;
    for (size_t i = from + 1; i + 1 < letters->count; i++) {
        if (!(traits_at[i] & traits_at[i + 1] & TRAIT_WORD))
            continue;
        bool starts = traits_at[i - 1] & TRAIT_CLAUSE;
        clauses += starts;
        size_t pair = pair_index(pairs, points[i], points[i + 1]);
        if (pair == pairs->count)
            continue;
        pairs->times[pair]++;
        pairs->starts[pair] += starts;
    }
    return clauses;
}

/* A normal text starts clauses with its subject, too, but uses it elsewhere as well, and not pieces
 * from all over the title. */
static struct sign title_pieces(const struct document *document, const struct letters *letters)
{
    struct title_pairs pairs = {.count = 0};
    size_t from = gather_title_pairs(document, letters, &pairs);
    if (!pairs.count)
        return (struct sign){0, {NULL, 0}};
    size_t clauses = count_pairs(&pairs, letters, from);
    size_t pieces = 0, hits = 0, top = 0;
    for (size_t i = 0; i < pairs.count; i++) {
        if (pairs.starts[i] < 2 || pairs.starts[i] * 4 < pairs.times[i] * 3)
            continue;
        pieces++;
        hits += pairs.starts[i];
        if (pairs.starts[i] > pairs.starts[top])
            top = i;
    }
    double strength = ramp((double)pieces, 2, 4) *
                      (clauses ? ramp((double)hits / (double)clauses, 0.05, 0.2) : 0);
    if (strength == 0)
        return (struct sign){0, {NULL, 0}};
    char shown[16];
    size_t length = text_put(shown, pairs.first[top]);
    length += text_put(shown + length, pairs.second[top]);
    return (struct sign){strength,
                         arena_printf(document->arena,
                                      "%zu pieces of the title start %zu of %zu clauses: %.*s",
                                      pieces, hits, clauses, (int)length, shown)};
}

/* --- mojibake --- */

/* Where windows-1252 puts the bytes 0x80 to 0xBF, which go on a character in UTF-8. */
static bool is_continuation_as_1252(uint32_t code_point)
{
    static const uint16_t high[] = {0x20ac, 0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021,
                                    0x2c6,  0x2030, 0x160,  0x2039, 0x152,  0x17d,  0x2018,
                                    0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc,
                                    0x2122, 0x161,  0x203a, 0x153,  0x17e,  0x178};
    if (code_point >= 0x80 && code_point <= 0xbf)
        return true;
    for (size_t i = 0; i < sizeof high / sizeof *high; i++) {
        if (code_point == high[i])
            return true;
    }
    return false;
}

/* UTF-8 read as windows-1252 ("Ã©", "â€™", "ä¸­") or as GBK ("锛", "銆", "锟斤拷"). Characters lost
 * for good (U+FFFD) were tried and say nothing: honest mail with a wrong charset is full of them.
 */
static struct sign mojibake(const struct letters *letters, struct arena *arena)
{
    size_t broken = 0;
    if (letters->leads <= BROKEN_MIN)
        return (struct sign){0, {NULL, 0}};
    for (size_t i = 0; i + 2 < letters->count; i++) {
        const uint32_t *at = letters->points + i;
        if (!(letters->traits[i] & TRAIT_LEAD))
            continue;
        /* French writes a no-break space before a colon and within quotation marks: "QUANTITÉ :".
         * Only behind Â and Ã, which it does not write, is that half a character. */
        bool spaced = at[1] == 0xa0 && at[0] > 0xc3;
        bool two = at[0] >= 0xc2 && at[0] <= 0xdf && is_continuation_as_1252(at[1]) && !spaced;
        bool three = at[0] >= 0xe0 && at[0] <= 0xef && is_continuation_as_1252(at[1]) &&
                     is_continuation_as_1252(at[2]) && !spaced;
        bool gbk = at[0] == 0x951b || at[0] == 0x9286 || at[0] == 0x9225 ||
                   (at[0] == 0x951f && at[1] == 0x65a4 && at[2] == 0x62f7);
        broken += two || three || gbk;
    }
    double all = (double)letters->count;
    double strength =
        0.5 * ramp((double)broken, BROKEN_MIN, 20) * ramp((double)broken / all, 0.002, 0.02);
    if (strength == 0)
        return (struct sign){0, {NULL, 0}};
    return (struct sign){strength, arena_printf(arena, "%zu broken characters", broken)};
}

double check_text_spliced(const struct document *document, struct span *detail)
{
    struct letters letters = gather(document);
    if (letters.count < 2)
        return 0;
    /* Japanese writes characters of both orthographies, and its own rhythm. */
    bool chinese = letters.ideographs >= IDEOGRAPHS_MIN && letters.kana * 20 < letters.ideographs;
    struct sign signs[4] = {{0, {NULL, 0}}};
    if (chinese) {
        signs[0] = leftover_pinyin(&letters, document->arena);
        signs[1] = mixed_orthography(&letters, document->arena);
        signs[2] = title_pieces(document, &letters);
    }
    signs[3] = mojibake(&letters, document->arena);
    double quiet = 1;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (signs[i].strength == 0)
            continue;
        quiet *= 1 - signs[i].strength;
        *detail = detail->length ? arena_printf(document->arena, "%.*s; %.*s", SPAN_ARGS(*detail),
                                                SPAN_ARGS(signs[i].detail))
                                 : signs[i].detail;
    }
    return quiet > 0.95 ? 0 : 1 - quiet;
}
