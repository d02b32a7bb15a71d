#include "core/text.h"

#include <endian.h>
#include <errno.h>
#include <iconv.h>

#include "core/text_gb.h"
#include "core/text_guess.h"

#define REPLACEMENT 0xFFFDu
#define CHARSET_NAME_MAX 40
/* iconv is entered anew after each bad byte; a part made of bad bytes must not cost more. */
#define CHARSET_ERRORS_MAX 4096

/* Length of the sequence at `at` and its code point; 0 when it is none (RFC 3629, section 4). */
static inline size_t decode(const unsigned char *at, size_t left, uint32_t *code_point)
{
    unsigned char lead = at[0];
    if (lead < 0x80) {
        *code_point = lead;
        return 1;
    }
    if (lead < 0xE0) {
        if (lead < 0xC2 || left < 2 || (at[1] & 0xC0) != 0x80)
            return 0;
        *code_point = (lead & 0x1Fu) << 6 | (at[1] & 0x3Fu);
        return 2;
    }
    if (lead < 0xF0) {
        if (left < 3 || (at[1] & 0xC0) != 0x80 || (at[2] & 0xC0) != 0x80)
            return 0;
        *code_point = (lead & 0x0Fu) << 12 | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu);
        return *code_point < 0x800 || (*code_point >= 0xD800 && *code_point < 0xE000) ? 0 : 3;
    }
    if (lead > 0xF4 || left < 4 || (at[1] & 0xC0) != 0x80 || (at[2] & 0xC0) != 0x80 ||
        (at[3] & 0xC0) != 0x80)
        return 0;
    *code_point =
        (lead & 0x07u) << 18 | (at[1] & 0x3Fu) << 12 | (at[2] & 0x3Fu) << 6 | (at[3] & 0x3Fu);
    return *code_point < 0x10000 || *code_point > 0x10FFFF ? 0 : 4;
}

uint32_t text_next_beyond_ascii(const char **at, const char *end)
{
    uint32_t code_point;
    size_t length = decode((const unsigned char *)*at, (size_t)(end - *at), &code_point);
    *at += length ? length : 1;
    return length ? code_point : REPLACEMENT;
}

size_t text_put_beyond_ascii(char *out, uint32_t code_point)
{
    if (code_point < 0x800) {
        out[0] = (char)(0xC0 | code_point >> 6);
        out[1] = (char)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = (char)(0xE0 | code_point >> 12);
        out[1] = (char)(0x80 | (code_point >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code_point & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code_point >> 18);
    out[1] = (char)(0x80 | (code_point >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code_point >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code_point & 0x3F));
    return 4;
}

/* Bytes of ASCII without NUL at the start of `at`, in whole words of 8. */
static inline size_t ascii_words(const unsigned char *at, size_t left)
{
    size_t length = 0;
    for (; left - length >= 8; length += 8) {
        uint64_t word;
        memcpy(&word, at + length, 8);
        /* A byte of zero borrows and so sets its high bit. */
        if ((word | (word - 0x0101010101010101u)) & 0x8080808080808080u)
            break;
    }
    return length;
}

/* Bytes of well-formed characters of two bytes at the start of `at`, four at once: each has a lead
 * from 0xc2 to 0xdf and a byte that goes on. */
static inline size_t pairs_length(const unsigned char *at, size_t left)
{
    size_t length = 0;
    for (; left - length >= 8; length += 8) {
        uint64_t word;
        memcpy(&word, at + length, 8);
        word = le64toh(word);
        /* The lead's lower bits, of which 0 and 1 would be overlong, carry into the sixth. */
        uint64_t bits = (word & 0x001e001e001e001eu) + 0x001e001e001e001eu;
        if ((word & 0xc0e0c0e0c0e0c0e0u) != 0x80c080c080c080c0u ||
            (bits & 0x0020002000200020u) != 0x0020002000200020u)
            break;
    }
    return length;
}

/* Where the well-formed UTF-8 without NUL ends that starts at `at`. */
static size_t utf8_length(const unsigned char *at, size_t length)
{
    size_t i = 0;
    while (i < length) {
        i += ascii_words(at + i, length - i);
        /* After a word with something else in it, texts tend to go on like that for a while. */
        for (unsigned tries = 0; tries < 16 && i < length; tries++) {
            uint32_t code_point;
            i += pairs_length(at + i, length - i);
            /* As text_next() knows them: the characters of most ideographs. */
            while (length - i >= 3 && at[i] - 0xe1u < 12 && (at[i + 1] & 0xc0) == 0x80 &&
                   (at[i + 2] & 0xc0) == 0x80)
                i += 3;
            size_t step = i == length ? 0 : at[i] ? decode(at + i, length - i, &code_point) : 0;
            if (!step)
                return i;
            i += step;
        }
    }
    return i;
}

bool text_is_utf8(struct span bytes)
{
    return utf8_length((const unsigned char *)bytes.data, bytes.length) == bytes.length;
}

/* UTF-8 with what is none of it replaced. */
static struct span repair_utf8(struct arena *arena, struct span bytes)
{
    const unsigned char *data = (const unsigned char *)bytes.data;
    size_t bad = 0;
    for (size_t i = utf8_length(data, bytes.length); i < bytes.length;
         i += utf8_length(data + i, bytes.length - i), bad++)
        i++;
    char *text = arena_text(arena, bytes.length + 2 * bad);
    size_t length = 0, i = 0;
    for (;;) {
        size_t good = utf8_length(data + i, bytes.length - i);
        memcpy(text + length, data + i, good);
        i += good, length += good;
        if (i == bytes.length)
            return (struct span){text, length};
        length += text_put(text + length, REPLACEMENT);
        i++;
    }
}

/* 0x80 to 0x9F of windows-1252; above that it is latin-1. */
static const uint16_t windows_1252[32] = {
    0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178,
};

static uint32_t windows_1252_code_point(unsigned char byte)
{
    if (byte == 0)
        return REPLACEMENT;
    return byte >= 0x80 && byte < 0xA0 ? windows_1252[byte - 0x80] : byte;
}

static struct span decode_windows_1252(struct arena *arena, struct span bytes)
{
    const unsigned char *data = (const unsigned char *)bytes.data;
    size_t high = 0, length = 0, i = 0;
    for (size_t j = ascii_words(data, bytes.length); j < bytes.length;
         j += ascii_words(data + j, bytes.length - j))
        for (unsigned tries = 0; tries < 8 && j < bytes.length; tries++, j++)
            high += data[j] >= 0x80 || data[j] == 0;
    char *text = arena_text(arena, bytes.length + 2 * high);
    while (i < bytes.length) {
        size_t plain = ascii_words(data + i, bytes.length - i);
        memcpy(text + length, data + i, plain);
        i += plain, length += plain;
        for (unsigned tries = 0; tries < 8 && i < bytes.length; tries++, i++)
            length += text_put(text + length, windows_1252_code_point(data[i]));
    }
    return (struct span){text, length};
}

/* Where the next of U+0080 to U+009F stands, from `at` on; the end when there is none. */
static size_t find_c1(struct span utf8, size_t at)
{
    while (at + 1 < utf8.length) {
        const char *lead = memchr(utf8.data + at, 0xC2, utf8.length - 1 - at);
        if (!lead)
            break;
        if ((unsigned char)lead[1] < 0xA0)
            return (size_t)(lead - utf8.data);
        at = (size_t)(lead - utf8.data) + 2;
    }
    return utf8.length;
}

struct span text_without_c1(struct arena *arena, struct span utf8)
{
    size_t next = find_c1(utf8, 0), from = 0, length = 0;
    if (next == utf8.length)
        return utf8;
    char *text = arena_text(arena, utf8.length + utf8.length / 2);
    while (next < utf8.length) {
        memcpy(text + length, utf8.data + from, next - from);
        length += next - from;
        length +=
            text_put(text + length, windows_1252_code_point((unsigned char)utf8.data[next + 1]));
        from = next + 2;
        next = find_c1(utf8, from);
    }
    memcpy(text + length, utf8.data + from, utf8.length - from);
    return (struct span){text, length + utf8.length - from};
}

/* A text that grows in the arena, up to a limit. */
struct output {
    struct arena *arena;
    char *data;
    size_t length, room, limit;
};

/* Makes room for at least `more` bytes (a few); false at the limit. */
static bool output_reserve(struct output *output, size_t more)
{
    if (output->room - output->length >= more)
        return true;
    if (output->room >= output->limit)
        return false;
    size_t room = output->room * 2 < output->limit ? output->room * 2 : output->limit;
    char *data = arena_text(output->arena, room);
    memcpy(data, output->data, output->length);
    output->data = data;
    output->room = room;
    return true;
}

static bool output_put(struct output *output, uint32_t code_point)
{
    if (!output_reserve(output, 4))
        return false;
    output->length += text_put(output->data + output->length, code_point);
    return true;
}

/* iconv gives NUL as it is; nothing behind this file expects one. */
static struct span without_nul(struct arena *arena, struct span text)
{
    if (!text.length || !memchr(text.data, 0, text.length))
        return text;
    return repair_utf8(arena, text);
}

/* One round of iconv (`in` NULL: what it still holds back); false with errno as iconv sets it. */
static bool convert(iconv_t converter, char **in, size_t *left, struct output *output)
{
    char *out = output->data + output->length;
    size_t room = output->room - output->length;
    size_t result = iconv(converter, in, left, &out, &room);
    output->length = (size_t)(out - output->data);
    return result != (size_t)-1;
}

/* false when iconv does not know the charset. `unit` is the size of its code units. */
static bool decode_iconv(struct arena *arena, struct span bytes, const char *charset, size_t unit,
                         struct span *text)
{
    if (strcmp(charset, "GB18030") == 0 && text_gb_read(arena, bytes, text))
        return true;
    iconv_t converter = iconv_open("UTF-8", charset);
    if (converter == (iconv_t)-1)
        return false;
    struct output output = {.arena = arena,
                            .room = bytes.length + bytes.length / 2 + 32,
                            .limit = bytes.length * 4 + 32};
    output.data = arena_text(arena, output.room);
    char *in = (char *)bytes.data;
    size_t left = bytes.length;
    unsigned errors = 0;
    bool room = true;
    while (room && left && errors < CHARSET_ERRORS_MAX &&
           !convert(converter, &in, &left, &output)) {
        if (errno == E2BIG) {
            room = output_reserve(&output, output.room - output.length + 1);
            continue;
        }
        size_t bad = left < unit ? left : unit;
        in += bad, left -= bad;
        errors++;
        room = output_put(&output, REPLACEMENT);
    }
    for (; room && left; in++, left--)
        room = output_put(&output, windows_1252_code_point((unsigned char)*in));
    if (room && output_reserve(&output, 16))
        convert(converter, NULL, NULL, &output);
    iconv_close(converter);
    *text = without_nul(arena, (struct span){output.data, output.length});
    return true;
}

enum charset_kind {
    CHARSET_NONE,
    CHARSET_UTF8,
    CHARSET_WINDOWS_1252,
    CHARSET_ICONV,
    CHARSET_ESCAPES /* 7-bit with escapes, by iconv */
};

struct charset {
    enum charset_kind kind;
    size_t unit;
    char name[CHARSET_NAME_MAX + 1]; /* for iconv */
};

/* Names that mean more than they say: what browsers read them as (WHATWG Encoding, 4.2). */
static const struct alias {
    const char *name;
    enum charset_kind kind;
    const char *iconv_name;
} aliases[] = {
    {"utf-8", CHARSET_UTF8, ""},
    {"utf8", CHARSET_UTF8, ""},
    {"unicode-1-1-utf-8", CHARSET_UTF8, ""},
    {"iso-8859-1", CHARSET_WINDOWS_1252, ""},
    {"iso8859-1", CHARSET_WINDOWS_1252, ""},
    {"iso_8859-1", CHARSET_WINDOWS_1252, ""},
    {"latin1", CHARSET_WINDOWS_1252, ""},
    {"latin-1", CHARSET_WINDOWS_1252, ""},
    {"windows-1252", CHARSET_WINDOWS_1252, ""},
    {"cp1252", CHARSET_WINDOWS_1252, ""},
    {"gb18030", CHARSET_ICONV, "GB18030"},
    {"gb2312", CHARSET_ICONV, "GB18030"},
    {"gb_2312-80", CHARSET_ICONV, "GB18030"},
    {"gbk", CHARSET_ICONV, "GB18030"},
    {"x-gbk", CHARSET_ICONV, "GB18030"},
    {"cp936", CHARSET_ICONV, "GB18030"},
    {"windows-936", CHARSET_ICONV, "GB18030"},
    {"euc-cn", CHARSET_ICONV, "GB18030"},
    {"chinesesimplified", CHARSET_ICONV, "GB18030"},
    {"big5", CHARSET_ICONV, "BIG5-HKSCS"},
    {"big5-hkscs", CHARSET_ICONV, "BIG5-HKSCS"},
    {"cp950", CHARSET_ICONV, "BIG5-HKSCS"},
    {"x-x-big5", CHARSET_ICONV, "BIG5-HKSCS"},
    {"shift_jis", CHARSET_ICONV, "CP932"},
    {"shift-jis", CHARSET_ICONV, "CP932"},
    {"sjis", CHARSET_ICONV, "CP932"},
    {"x-sjis", CHARSET_ICONV, "CP932"},
    {"windows-31j", CHARSET_ICONV, "CP932"},
    {"cp932", CHARSET_ICONV, "CP932"},
    {"ms932", CHARSET_ICONV, "CP932"},
    {"x-euc-jp", CHARSET_ICONV, "EUC-JP"},
    {"euc-kr", CHARSET_ICONV, "CP949"},
    {"ks_c_5601-1987", CHARSET_ICONV, "CP949"},
    {"ks_c_5601", CHARSET_ICONV, "CP949"},
    {"ksc5601", CHARSET_ICONV, "CP949"},
    {"windows-949", CHARSET_ICONV, "CP949"},
    {"cp949", CHARSET_ICONV, "CP949"},
    {"uhc", CHARSET_ICONV, "CP949"},
    {"iso-8859-9", CHARSET_ICONV, "CP1254"},
    {"iso-8859-11", CHARSET_ICONV, "CP874"},
    {"iso-8859-8-i", CHARSET_ICONV, "ISO-8859-8"},
    {"tis-620", CHARSET_ICONV, "CP874"},
    {"windows-874", CHARSET_ICONV, "CP874"},
    {"x-mac-cyrillic", CHARSET_ICONV, "MAC-CYRILLIC"},
    {"mac-cyrillic", CHARSET_ICONV, "MAC-CYRILLIC"},
    {"utf-7", CHARSET_ESCAPES, "UTF-7"},
    {"unicode-1-1-utf-7", CHARSET_ESCAPES, "UTF-7"},
    {"utf16", CHARSET_ICONV, "UTF-16"},
};

/* Families whose names iconv is asked about as they are. It knows many more, such as EBCDIC, that
 * no mail is written in; they stay out of reach. */
static const struct family {
    const char *start;
    enum charset_kind kind;
    size_t unit;
} families[] = {
    {"iso-2022-", CHARSET_ESCAPES, 1}, {"iso-8859-", CHARSET_ICONV, 1},
    {"windows-", CHARSET_ICONV, 1},    {"cp12", CHARSET_ICONV, 1},
    {"cp4", CHARSET_ICONV, 1},         {"cp8", CHARSET_ICONV, 1},
    {"ibm8", CHARSET_ICONV, 1},        {"koi8-", CHARSET_ICONV, 1},
    {"euc-", CHARSET_ICONV, 1},        {"utf-16", CHARSET_ICONV, 2},
    {"utf-32", CHARSET_ICONV, 4},      {"ucs-2", CHARSET_ICONV, 2},
    {"macintosh", CHARSET_ICONV, 1},   {"viscii", CHARSET_ICONV, 1},
    {"tcvn", CHARSET_ICONV, 1},        {"armscii-8", CHARSET_ICONV, 1},
    {"johab", CHARSET_ICONV, 1},
};

static struct charset charset_of(struct span declared)
{
    struct charset charset = {CHARSET_NONE, 1, ""};
    declared = span_trim(declared);
    if (declared.length >= 2 && strchr("\"'", declared.data[0]) &&
        declared.data[declared.length - 1] == declared.data[0])
        declared = span_trim((struct span){declared.data + 1, declared.length - 2});
    if (declared.length == 0 || declared.length > CHARSET_NAME_MAX)
        return charset;
    for (size_t i = 0; i < declared.length; i++) {
        char c = declared.data[i];
        c = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
        /* A slash would be an option to iconv. */
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return charset;
        charset.name[i] = c;
    }
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcmp(charset.name, aliases[i].name) == 0) {
            charset.kind = aliases[i].kind;
            charset.unit = strcmp(aliases[i].iconv_name, "UTF-16") == 0 ? 2 : 1;
            strcpy(charset.name, aliases[i].iconv_name);
            return charset;
        }
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strncmp(charset.name, families[i].start, strlen(families[i].start)) == 0) {
            charset.kind = families[i].kind;
            charset.unit = families[i].unit;
            break;
        }
    return charset;
}

bool text_knows_charset(struct span name)
{
    struct charset charset = charset_of(name);
    if (charset.kind != CHARSET_ICONV && charset.kind != CHARSET_ESCAPES)
        return charset.kind != CHARSET_NONE;
    iconv_t converter = iconv_open("UTF-8", charset.name);
    if (converter == (iconv_t)-1)
        return false;
    iconv_close(converter);
    return true;
}

/* What undeclared bytes are by the look of them. */
static struct span guess(struct arena *arena, struct span bytes)
{
    const unsigned char *data = (const unsigned char *)bytes.data;
    size_t high = 0, in_utf8 = 0;
    /* Until the rest could not make it UTF-8 any more, each byte of it counting for that. */
    for (size_t i = 0; i < bytes.length && in_utf8 * 10 + (bytes.length - i) >= high * 9;) {
        uint32_t code_point;
        size_t step = decode(data + i, bytes.length - i, &code_point);
        high += step ? (step > 1 ? step : 0) : 1;
        in_utf8 += step > 1 ? step : 0;
        i += step ? step : 1;
    }
    if (in_utf8 * 10 >= high * 9 && high)
        return repair_utf8(arena, bytes);
    struct span text;
    const char *charset = text_guess_charset(bytes);
    if (strcmp(charset, "CP1252") != 0 && decode_iconv(arena, bytes, charset, 1, &text))
        return text;
    return decode_windows_1252(arena, bytes);
}

/* A pure ASCII text with an escape in it that the declared 7-bit charset gives a meaning to. */
static bool has_escapes(struct span bytes, const char *charset)
{
    bool escapes = false;
    bool utf7 = strcmp(charset, "UTF-7") == 0;
    for (size_t i = 0; i < bytes.length; i++) {
        if ((unsigned char)bytes.data[i] >= 0x80)
            return false;
        char c = bytes.data[i];
        escapes |= utf7 ? c == '+' : c == '\x1B' || c == '\x0E';
    }
    return escapes;
}

struct span text_to_utf8(struct arena *arena, struct span bytes, struct span declared_charset)
{
    bool fit = text_is_utf8(bytes);
    struct charset charset = charset_of(declared_charset);
    struct span text;
    if (fit) {
        if (charset.kind == CHARSET_ESCAPES && has_escapes(bytes, charset.name) &&
            decode_iconv(arena, bytes, charset.name, charset.unit, &text))
            return text;
        return bytes;
    }
    switch (charset.kind) {
    case CHARSET_UTF8:
        return repair_utf8(arena, bytes);
    case CHARSET_WINDOWS_1252:
        return decode_windows_1252(arena, bytes);
    case CHARSET_ICONV:
    case CHARSET_ESCAPES:
        if (decode_iconv(arena, bytes, charset.name, charset.unit, &text))
            return text;
        break;
    case CHARSET_NONE:
        break;
    }
    return guess(arena, bytes);
}
