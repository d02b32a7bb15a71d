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
const char *script_name(enum script script); /* "Latin" */

/* `bytes` as UTF-8. Valid UTF-8 wins; else the declared charset (gb2312 and gbk read as gb18030,
 * latin-1 as windows-1252; an unknown or broken name counts as none); else gb18030 when at least
 * 80 % of the high bytes pair up; else windows-1252. Bytes that cannot be become U+FFFD; NUL
 * becomes U+FFFD. The result is `bytes` itself where it is fit, else it lies in `arena`. */
struct span text_to_utf8(struct arena *arena, struct span bytes, struct span declared_charset);

/* True for well-formed UTF-8 (RFC 3629) without NUL. */
bool text_is_utf8(struct span bytes);

/* Decodes one code point at *at and advances it; U+FFFD for a bad byte (advances by one).
 * *at < end must hold. */
uint32_t text_next(const char **at, const char *end);

/* Writes `code_point` as UTF-8 and returns its length, 1 to 4. */
size_t text_put(char *out, uint32_t code_point);

enum character_class {
    CHARACTER_SEPARATOR, /* blank, control, punctuation that means nothing alone */
    CHARACTER_LETTER,    /* letter or mark of an alphabet */
    CHARACTER_DIGIT,
    CHARACTER_IDEOGRAPH, /* han, kana, hangul: no blanks between words */
    CHARACTER_EMOJI,
    CHARACTER_SYMBOL, /* any other non-ASCII symbol, and ! % # * */
    CHARACTER_ASCII_PUNCTUATION,
    CHARACTER_INVISIBLE /* U+200B-200D, 00AD, FEFF, 2060: deleted before tokens are made */
};

/* Tables over the Basic Multilingual Plane, made once by text_init() from utf8proc. */
struct character {
    uint8_t class;  /* enum character_class */
    uint8_t script; /* enum script */
};
/* Must be called before the calls below and before threads; cheap when called again. */
void text_init(void);
struct character text_character(uint32_t code_point);

/* Case folding of Latin, Greek and Cyrillic, and full-width forms to ASCII; others as they are. */
uint32_t text_fold(uint32_t code_point);

/* Han characters that only one of the two orthographies uses (by the repertoires of GB 2312 and
 * Big5). */
enum han_form { HAN_BOTH, HAN_SIMPLIFIED_ONLY, HAN_TRADITIONAL_ONLY, HAN_NEITHER };
enum han_form text_han_form(uint32_t code_point);

#endif
