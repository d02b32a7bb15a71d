/* feed_encoding: how a feed's bytes are to be read. Decided by the byte order mark, the first
 * bytes, what HTTP said, the XML declaration and the text itself, once, so that what core/feed.h
 * reads and where feedfilter's lexer cuts rest on one decision. */
#ifndef WEIR_FEED_ENCODING_H
#define WEIR_FEED_ENCODING_H

#include "core/arena.h"
#include "store/error.h"
#include "store/span.h"

#include <stdbool.h>
#include <stddef.h>

enum feed_units {
    UNITS_ASCII,       /* UTF-8, ISO 8859, EUC …: bytes under 0x80 are always ASCII */
    UNITS_DOUBLE_BYTE, /* GBK, GB18030, Big5: a second byte may be an ASCII letter or ']' */
    UNITS_SHIFT_JIS,   /* the same, but for the half-width kana, which are one byte */
    UNITS_UTF16_LITTLE,
    UNITS_UTF16_BIG,
    UNITS_UTF32_LITTLE,
    UNITS_UTF32_BIG
};

struct feed_encoding {
    enum feed_units units;
    size_t unit_bytes;    /* 1, 2 or 4 */
    size_t mark_bytes;    /* length of the byte order mark; 0: none */
    struct span declared; /* name in the XML declaration; points into the bytes; empty: none */
    struct span said;     /* what HTTP, else the declaration calls it; lent alike */
    struct span charset;  /* what the text is read as: "UTF-8" wherever it is that, else what was
                             served, declared or guessed; points into those, or is static */
    bool is_utf8;         /* the text was found to be UTF-8 and is read as that */
    const char *trouble;  /* what is wrong with that; static; NULL: nothing */
};

/* `served` is the charset that HTTP's Content-Type names, or empty; it outranks the declaration
 * (RFC 7303, 3.2) where it is one that is known and says more than "us-ascii". But text that is
 * valid UTF-8 is read as such, whatever is said of it. false and ERROR_INPUT when the encoding is
 * none in which markup stands as ASCII (UTF-7, ISO-2022, HZ, EBCDIC): such a feed cannot be cut
 * byte for byte. */
bool feed_encoding_find(struct span bytes, struct span served, struct feed_encoding *encoding,
                        struct error *error);

/* The charset parameter of a Content-Type (RFC 9110, 8.3.1), lent; empty: it has none. NULL is
 * fine. */
struct span feed_encoding_served(const char *content_type);

/* `bytes` as UTF-8 without the mark; in `arena` where they are not already that. Units that cannot
 * be become U+FFFD. Characters that XML forbids become blanks, since libxml2 would take the rest of
 * a CDATA section for markup behind one. `*trouble` is NULL or says what was wrong (static). */
struct span feed_encoding_to_utf8(struct arena *arena, struct span bytes,
                                  const struct feed_encoding *encoding, const char **trouble);

/* One byte per unit for a lexer that looks at ASCII only: units from 0x80 up, and second bytes of
 * double-byte characters, become a letter. `bytes` itself where they are so already. The mark is
 * kept (as letters), so unit i stands at byte i * unit_bytes. */
struct span feed_encoding_project(struct arena *arena, struct span bytes,
                                  const struct feed_encoding *encoding);

#endif
