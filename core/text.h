/* text: bytes of any charset to UTF-8, and code points to what scoring compares. */
#ifndef WEIR_TEXT_H
#define WEIR_TEXT_H

#include "core/arena.h"
#include "store/span.h"

#include <stdbool.h>
#include <stdint.h>

/* What a document is written in. Values are stored in lessons and snapshots: append only. */
enum script {
    SCRIPT_NONE, /* no letters */
    SCRIPT_LATIN,
    SCRIPT_HAN,
    SCRIPT_KANA,
    SCRIPT_HANGUL,
    SCRIPT_CYRILLIC,
    SCRIPT_GREEK,
    SCRIPT_ARABIC,
    SCRIPT_HEBREW,
    SCRIPT_THAI,
    SCRIPT_DEVANAGARI,
    SCRIPT_OTHER,
    SCRIPTS
};

/* `bytes` as UTF-8. Valid UTF-8 wins (a declared 7-bit charset with escapes, iso-2022-* or utf-7,
 * goes before it); else the declared charset (gb2312 and gbk read as gb18030, latin-1 as
 * windows-1252; an unknown or broken name counts as none); else UTF-8 when at least 90 % of the
 * high bytes are, and what text_guess_charset() says. Bytes that cannot be become U+FFFD; NUL
 * becomes U+FFFD. The result is `bytes` itself where it is fit, else
 * it lies in `arena` and is at most 4 times as long. */
struct span text_to_utf8(struct arena *arena, struct span bytes, struct span declared_charset);

/* The control characters U+0080 to U+009F as what windows-1252 has in their place, which is what is
 * meant and what browsers show (WHATWG HTML, 13.2.5.80). `utf8` itself when there are none. */
struct span text_without_c1(struct arena *arena, struct span utf8);

/* Whether text_to_utf8() can read such text. */
bool text_knows_charset(struct span name);

/* True for well-formed UTF-8 (RFC 3629) without NUL. */
bool text_is_utf8(struct span bytes);

/* The parts of text_next() and text_put() that ASCII does not need. */
uint32_t text_next_beyond_ascii(const char **at, const char *end);
size_t text_put_beyond_ascii(char *out, uint32_t code_point);

/* Decodes one code point at *at and advances it; U+FFFD for a bad byte (advances by one).
 * *at < end must hold. Two bytes, and three that start with E1 to EC, as most ideographs do, are
 * well-formed whatever bits the others carry, and worth no call. */
static inline uint32_t text_next(const char **at, const char *end)
{
    const unsigned char *bytes = (const unsigned char *)*at;
    if (bytes[0] < 0x80) {
        (*at)++;
        return bytes[0];
    }
    if (bytes[0] - 0xc2u < 30 && end - *at >= 2 && (bytes[1] & 0xc0) == 0x80) {
        *at += 2;
        return (bytes[0] & 0x1fu) << 6 | (bytes[1] & 0x3fu);
    }
    if (bytes[0] - 0xe1u < 12 && end - *at >= 3 && (bytes[1] & 0xc0) == 0x80 &&
        (bytes[2] & 0xc0) == 0x80) {
        *at += 3;
        return (bytes[0] & 0x0fu) << 12 | (bytes[1] & 0x3fu) << 6 | (bytes[2] & 0x3fu);
    }
    return text_next_beyond_ascii(at, end);
}

/* How many bytes from `at` on are ASCII, none of them at or behind `end`. */
static inline size_t text_ascii_length(const char *at, const char *end)
{
    const char *start = at;
    uint64_t eight;
    for (; end - at >= 8; at += 8) {
        memcpy(&eight, at, 8);
        if (eight & 0x8080808080808080u)
            break;
    }
    while (at < end && !((unsigned char)*at & 0x80))
        at++;
    return (size_t)(at - start);
}

/* Where the next byte of `set` stands, from `at` on; `end` when there is none. */
static inline const char *text_find_byte(const char *at, const char *end, const bool set[256])
{
    for (; end - at >= 4; at += 4) {
        const unsigned char *of = (const unsigned char *)at;
        if (set[of[0]] | set[of[1]] | set[of[2]] | set[of[3]])
            break;
    }
    while (at < end && !set[(unsigned char)*at])
        at++;
    return at;
}

/* The same for a `set` in which none is ASCII. Lead bytes say much of what a text may hold, for
 * less than decoding it. */
static inline const char *text_find_high(const char *at, const char *end, const bool set[256])
{
    uint64_t eight;
    for (; end - at >= 8; at += 8) {
        memcpy(&eight, at, 8);
        if (!(eight & 0x8080808080808080u))
            continue;
        const unsigned char *of = (const unsigned char *)at;
        if (set[of[0]] | set[of[1]] | set[of[2]] | set[of[3]] | set[of[4]] | set[of[5]] |
            set[of[6]] | set[of[7]])
            break;
    }
    while (at < end && !set[(unsigned char)*at])
        at++;
    return at;
}

/* Writes `code_point` as UTF-8 and returns its length, 1 to 4. */
static inline size_t text_put(char *out, uint32_t code_point)
{
    if (code_point >= 0x80)
        return text_put_beyond_ascii(out, code_point);
    *out = (char)code_point;
    return 1;
}

enum character_class {
    CHARACTER_SEPARATOR, /* blank, control, punctuation that means nothing alone */
    CHARACTER_LETTER,    /* letter or mark of an alphabet */
    CHARACTER_DIGIT,
    CHARACTER_IDEOGRAPH, /* han, kana, hangul: no blanks between words */
    CHARACTER_EMOJI,
    CHARACTER_SYMBOL,            /* any other non-ASCII symbol or bracket, and ! % # * */
    CHARACTER_ASCII_PUNCTUATION, /* and its full-width forms */
    CHARACTER_INVISIBLE /* U+200B-200D, 00AD, FEFF, 2060, bidi controls, variation selectors and
                           their like: deleted before tokens are made */
};

struct character {
    uint8_t class;  /* enum character_class */
    uint8_t script; /* enum script; SCRIPT_NONE when no letter */
};

/* Makes the tables over the Basic Multilingual Plane from utf8proc. Must be called before the
 * calls below and before threads; cheap when called again. */
void text_init(void);

/* Behind the inline calls below. */
extern struct character text_characters[0x10000];
extern uint16_t text_folds[0x10000];
#define TEXT_HAN_FIRST 0x3400u
#define TEXT_HAN_LAST 0x9fffu
extern uint8_t text_han_forms[TEXT_HAN_LAST - TEXT_HAN_FIRST + 1];
struct character text_character_beyond_bmp(uint32_t code_point);
uint32_t text_fold_beyond_bmp(uint32_t code_point);

static inline struct character text_character(uint32_t code_point)
{
    return code_point < 0x10000 ? text_characters[code_point]
                                : text_character_beyond_bmp(code_point);
}

/* Case folding of Latin, Greek and Cyrillic; full-width forms and mathematical letters and digits
 * to ASCII; others as they are. A folded letter has the class of the letter itself. */
static inline uint32_t text_fold(uint32_t code_point)
{
    return code_point < 0x10000 ? text_folds[code_point] : text_fold_beyond_bmp(code_point);
}

/* Han characters that only one of the two orthographies uses (by the repertoires of GB 2312 and
 * Big5); HAN_NEITHER for what is in none of them or no Han character. */
enum han_form { HAN_NEITHER, HAN_SIMPLIFIED_ONLY, HAN_TRADITIONAL_ONLY, HAN_BOTH };
static inline enum han_form text_han_form(uint32_t code_point)
{
    return code_point >= TEXT_HAN_FIRST && code_point <= TEXT_HAN_LAST
               ? (enum han_form)text_han_forms[code_point - TEXT_HAN_FIRST]
               : HAN_NEITHER;
}

#endif
