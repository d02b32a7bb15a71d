#include "core/feed_encoding.h"

#include <glib.h>
#include <stdint.h>
#include <strings.h>

#include "core/feed_start.h"
#include "core/text.h"
#include "core/text_guess.h"

/* Longest XML declaration that is looked at. */
#define DECLARATION_UNITS 400

/* How markup stands in encodings whose names start so. */
enum special_kind { BYTES_ASCII, NOT_ASCII, DOUBLE_BYTE, SHIFT_JIS };

static const struct {
    const char *name;
    enum special_kind kind;
} special_encodings[] = {
    {"shift_jis", SHIFT_JIS},
    {"shift-jis", SHIFT_JIS},
    {"sjis", SHIFT_JIS},
    {"x-sjis", SHIFT_JIS},
    {"windows-31j", SHIFT_JIS},
    {"cp932", SHIFT_JIS},
    {"ms932", SHIFT_JIS},
    {"gbk", DOUBLE_BYTE},
    {"gb2312", DOUBLE_BYTE},
    {"gb_2312", DOUBLE_BYTE},
    {"gb18030", DOUBLE_BYTE},
    {"cp936", DOUBLE_BYTE},
    {"windows-936", DOUBLE_BYTE},
    {"big5", DOUBLE_BYTE},
    {"cp950", DOUBLE_BYTE},
    {"johab", DOUBLE_BYTE},
    {"cp949", DOUBLE_BYTE},
    {"ks_c_5601", DOUBLE_BYTE},
    {"windows-949", DOUBLE_BYTE},
    {"uhc", DOUBLE_BYTE},
    {"utf-7", NOT_ASCII},
    {"utf7", NOT_ASCII},
    {"unicode-1-1-utf-7", NOT_ASCII},
    {"iso-2022", NOT_ASCII},
    {"csiso2022", NOT_ASCII},
    {"hz", NOT_ASCII},
    {"ebcdic", NOT_ASCII},
    {"cp037", NOT_ASCII},
    {"ibm037", NOT_ASCII},
};

static const char *const unit_names[] = {
    [UNITS_UTF16_LITTLE] = "UTF-16LE",
    [UNITS_UTF16_BIG] = "UTF-16BE",
    [UNITS_UTF32_LITTLE] = "UTF-32LE",
    [UNITS_UTF32_BIG] = "UTF-32BE",
};

static uint32_t unit_at(const unsigned char *at, enum feed_units units)
{
    switch (units) {
    case UNITS_UTF16_LITTLE:
        return at[0] | (uint32_t)at[1] << 8;
    case UNITS_UTF16_BIG:
        return at[1] | (uint32_t)at[0] << 8;
    case UNITS_UTF32_LITTLE:
        return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    case UNITS_UTF32_BIG:
        return at[3] | (uint32_t)at[2] << 8 | (uint32_t)at[1] << 16 | (uint32_t)at[0] << 24;
    default:
        return at[0];
    }
}

static bool starts(struct span bytes, const char *start, size_t length)
{
    return bytes.length >= length && memcmp(bytes.data, start, length) == 0;
}

/* XML 1.0, appendix F: marks first, then what "<?" or "<x" looks like in each; JSON's '{' alike. */
static void find_units(struct span bytes, struct feed_encoding *encoding)
{
    static const struct {
        const char *start;
        size_t length, mark_bytes;
        enum feed_units units;
        size_t unit_bytes;
    } rows[] = {
        {"\xff\xfe\0\0", 4, 4, UNITS_UTF32_LITTLE, 4},
        {"\0\0\xfe\xff", 4, 4, UNITS_UTF32_BIG, 4},
        {"\xff\xfe", 2, 2, UNITS_UTF16_LITTLE, 2},
        {"\xfe\xff", 2, 2, UNITS_UTF16_BIG, 2},
        {"\xef\xbb\xbf", 3, 3, UNITS_ASCII, 1},
        {"<\0\0\0", 4, 0, UNITS_UTF32_LITTLE, 4},
        {"\0\0\0<", 4, 0, UNITS_UTF32_BIG, 4},
        {"<\0", 2, 0, UNITS_UTF16_LITTLE, 2},
        {"\0<", 2, 0, UNITS_UTF16_BIG, 2},
        {"{\0", 2, 0, UNITS_UTF16_LITTLE, 2},
        {"\0{", 2, 0, UNITS_UTF16_BIG, 2},
    };
    *encoding = (struct feed_encoding){.units = UNITS_ASCII, .unit_bytes = 1};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (starts(bytes, rows[i].start, rows[i].length)) {
            encoding->units = rows[i].units;
            encoding->unit_bytes = rows[i].unit_bytes;
            encoding->mark_bytes = rows[i].mark_bytes;
            return;
        }
}

/* The value of encoding="…" in an XML declaration where the feed starts in ASCII-compatible bytes.
 */
static struct span find_declared(struct span bytes)
{
    struct span none = {NULL, 0};
    size_t start;
    if (!bytes.length)
        return none;
    if (!feed_start_find(bytes, &start))
        bytes = span_trim(bytes);
    bytes = (struct span){bytes.data + start, bytes.length - start};
    if (!starts(bytes, "<?xml", 5))
        return none;
    size_t length = bytes.length < DECLARATION_UNITS ? bytes.length : DECLARATION_UNITS;
    const char *end = memmem(bytes.data + 5, length - 5, "?>", 2);
    if (!end)
        return none;
    const char *at = memmem(bytes.data, (size_t)(end - bytes.data), "encoding", 8);
    if (!at)
        return none;
    at += 8;
    while (at < end && *at != '"' && *at != '\'')
        at++;
    if (at == end)
        return none;
    const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));
    return close ? (struct span){at + 1, (size_t)(close - at - 1)} : none;
}

/* What is to be UTF-8 and has bad bytes is either UTF-8 with a few characters cut in two, or some
 * old charset; characters from 0x80 up that are whole hardly occur in the latter. */
static bool is_utf8_with_faults(struct span bytes)
{
    size_t whole = 0, bad = 0;
    const char *at = bytes.data, *end = bytes.data + bytes.length;
    while (at < end) {
        const char *start = at;
        if (text_next(&at, end) < 0x80)
            continue;
        if (at - start > 1)
            whole++;
        else
            bad++;
    }
    return whole > bad;
}

static bool is_json(struct span bytes)
{
    struct span text = span_trim(bytes);
    return text.length && text.data[0] == '{';
}

static bool is_ascii(struct span bytes)
{
    return text_ascii_length(bytes.data, bytes.data + bytes.length) == bytes.length;
}

static bool is_utf8_name(struct span name)
{
    return span_equal_nocase(name, SPAN("utf-8")) || span_equal_nocase(name, SPAN("utf8"));
}

/* Whether text whose units are bytes can be read by what `name` says. */
static bool is_usable(struct span name)
{
    static const char *const wide[] = {"utf-16", "utf16", "utf-32", "ucs-"};
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (span_starts_nocase(name, span_of(wide[i])))
            return false;
    return text_knows_charset(name);
}

static bool is_ascii_name(struct span name)
{
    return span_equal_nocase(name, SPAN("us-ascii")) || span_equal_nocase(name, SPAN("ascii"));
}

/* Decides the charset of text whose units are bytes. `name`: what was said of it. Whether it is
 * UTF-8. */
static bool find_charset(struct span text, struct span name, struct feed_encoding *encoding)
{
    bool is_utf8 = text_is_utf8(text);
    bool says_utf8 = !name.length || is_utf8_name(name), known = is_usable(name);
    encoding->charset = SPAN("UTF-8");
    if (!says_utf8 && !known && !is_ascii_name(name))
        encoding->trouble = "nobody knows the encoding that it declares";
    if (is_utf8) {
        if (is_ascii(text))
            encoding->charset = known ? name : encoding->charset;
        else if (!says_utf8)
            encoding->trouble = "it is UTF-8, whatever encoding it declares";
    } else if (!says_utf8 && known) {
        encoding->charset = name;
    } else {
        if (!encoding->trouble)
            encoding->trouble = says_utf8 ? "it is not the UTF-8 that it declares to be"
                                          : "it is not the ASCII that it declares to be";
        /* JSON is read as UTF-8 whatever is in it (RFC 8259, 8.1). */
        if (!is_json(text) && !is_utf8_with_faults(text))
            encoding->charset = span_of(text_guess_charset(text));
    }
    return is_utf8;
}

static enum special_kind special_kind_of(struct span charset)
{
    for (size_t i = 0; i < sizeof special_encodings / sizeof *special_encodings; i++)
        if (span_starts_nocase(charset, span_of(special_encodings[i].name)))
            return special_encodings[i].kind;
    return BYTES_ASCII;
}

bool feed_encoding_find(struct span bytes, struct span served, struct feed_encoding *encoding,
                        struct error *error)
{
    find_units(bytes, encoding);
    if (encoding->units != UNITS_ASCII) {
        encoding->charset = span_of(unit_names[encoding->units]);
        return true;
    }
    struct span rest = {bytes.data + encoding->mark_bytes, bytes.length - encoding->mark_bytes};
    encoding->declared = find_declared(rest);
    struct span name = encoding->declared;
    if (is_usable(served) && !is_ascii_name(served))
        name = served;
    /* A UTF-8 mark outranks all (XML 1.0, appendix F.2). */
    if (encoding->mark_bytes)
        name = SPAN("UTF-8");
    else if (special_kind_of(name) == NOT_ASCII)
        return error_set(error, ERROR_INPUT, "encoding %.*s: markup does not stand as ASCII in it",
                         SPAN_ARGS(name));
    encoding->said = name;
    bool is_utf8 = find_charset(rest, name, encoding);
    encoding->is_utf8 = is_utf8 && is_utf8_name(encoding->charset);
    if (encoding->mark_bytes && encoding->declared.length && !is_utf8_name(encoding->declared) &&
        !encoding->trouble)
        encoding->trouble = "it begins with the mark of UTF-8, whatever encoding it declares";
    switch (is_utf8 ? BYTES_ASCII : special_kind_of(encoding->charset)) {
    case SHIFT_JIS:
        encoding->units = UNITS_SHIFT_JIS;
        break;
    case DOUBLE_BYTE:
        encoding->units = UNITS_DOUBLE_BYTE;
        break;
    default:
        break;
    }
    return true;
}

struct span feed_encoding_served(const char *content_type)
{
    struct span none = {NULL, 0};
    const char *at = content_type ? strchr(content_type, ';') : NULL;
    while (at) {
        at += 1 + strspn(at + 1, " \t");
        if (strncasecmp(at, "charset=", 8) == 0) {
            at += 8;
            at += *at == '"';
            return (struct span){at, strcspn(at, "\"; \t")};
        }
        at = strchr(at, ';');
    }
    return none;
}

static struct span decode_units(struct arena *arena, struct span bytes,
                                const struct feed_encoding *encoding)
{
    const unsigned char *at = (const unsigned char *)bytes.data;
    size_t count = bytes.length / encoding->unit_bytes;
    /* A UTF-16 unit gives at most 3 bytes of UTF-8, a UTF-32 unit at most 4. */
    char *out = arena_text(arena, count * (encoding->unit_bytes == 2 ? 3 : 4) + 1);
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t code_point = unit_at(at + i * encoding->unit_bytes, encoding->units);
        if (encoding->unit_bytes == 2 && code_point >= 0xd800 && code_point < 0xdc00 &&
            i + 1 < count) {
            uint32_t low = unit_at(at + (i + 1) * 2, encoding->units);
            if (low >= 0xdc00 && low < 0xe000) {
                code_point = 0x10000 + ((code_point - 0xd800) << 10) + (low - 0xdc00);
                i++;
            }
        }
        if (code_point > 0x10ffff || (code_point >= 0xd800 && code_point < 0xe000))
            code_point = 0xfffd;
        length += text_put(out + length, code_point);
    }
    return (struct span){out, length};
}

static bool is_forbidden(unsigned char byte)
{
    return (byte < 0x20) & (byte != '\t') & (byte != '\n') & (byte != '\r');
}

/* Blocks of a size that compilers know how to look at with few instructions, then bytes. */
static size_t find_forbidden(struct span text)
{
    enum { BLOCK = 256 };
    size_t i = 0;
    for (; text.length - i >= BLOCK; i += BLOCK) {
        unsigned char found = 0;
        for (size_t j = 0; j < BLOCK; j++)
            found |= is_forbidden((unsigned char)text.data[i + j]);
        if (found)
            break;
    }
    while (i < text.length && !is_forbidden((unsigned char)text.data[i]))
        i++;
    return i;
}

static bool is_of_word(unsigned char byte)
{
    return byte >= 0x80 || g_ascii_isalnum((gchar)byte);
}

/* Whether nothing is to stand where control characters do, between words or beside a blank: readers
 * show nothing there, and words are whole to them. Between other characters, and within tags, what
 * is dropped could make markup of what is none in the bytes; a blank cannot. */
static bool leaves_nothing(struct span before, struct span behind)
{
    if (!before.length || !behind.length)
        return true;
    unsigned char last = (unsigned char)before.data[before.length - 1];
    unsigned char first = (unsigned char)behind.data[0];
    return span_is_blank((char)last) || span_is_blank((char)first) ||
           (is_of_word(last) && is_of_word(first));
}

/* How many control characters stand at the start; `*blank`: one that moves a page or a line on. */
static size_t forbidden_run(struct span text, bool *blank)
{
    size_t length = 0;
    *blank = false;
    for (; length < text.length && is_forbidden((unsigned char)text.data[length]); length++)
        *blank |= text.data[length] == '\v' || text.data[length] == '\f';
    return length;
}

/* Of the text in front of a place, whether that is in a tag; `*in_tag` says it of the start. What
 * begins a CDATA section is none. */
static void pass_tags(struct span text, bool *in_tag)
{
    for (size_t i = 0; i < text.length; i++) {
        struct span rest = {text.data + i, text.length - i};
        if (text.data[i] == '<')
            *in_tag = !span_starts(rest, SPAN("<![CDATA["));
        else if (text.data[i] == '>')
            *in_tag = false;
    }
}

static struct span replace_forbidden(struct arena *arena, struct span utf8, const char **trouble)
{
    size_t length = 0;
    bool in_tag = false, blank;
    struct span rest = utf8;
    if (find_forbidden(utf8) == utf8.length)
        return utf8;
    *trouble = "it holds control characters";
    char *copy = arena_text(arena, utf8.length);
    while (rest.length) {
        struct span fine = {rest.data, find_forbidden(rest)};
        memcpy(copy + length, fine.data, fine.length);
        length += fine.length;
        pass_tags(fine, &in_tag);
        rest = (struct span){rest.data + fine.length, rest.length - fine.length};
        size_t run = forbidden_run(rest, &blank);
        rest = (struct span){rest.data + run, rest.length - run};
        if (run && (blank || in_tag || !leaves_nothing((struct span){copy, length}, rest)))
            copy[length++] = ' ';
    }
    return (struct span){copy, length};
}

struct span feed_encoding_to_utf8(struct arena *arena, struct span bytes,
                                  const struct feed_encoding *encoding, const char **trouble)
{
    struct span body = {bytes.data + encoding->mark_bytes, bytes.length - encoding->mark_bytes};
    *trouble = encoding->trouble;
    struct span utf8 = encoding->is_utf8          ? body
                       : encoding->unit_bytes > 1 ? decode_units(arena, body, encoding)
                                                  : text_to_utf8(arena, body, encoding->charset);
    return replace_forbidden(arena, utf8, trouble);
}

/* Whether `unit` is the first byte of two. */
static bool leads(uint32_t unit, enum feed_units units)
{
    if (units == UNITS_SHIFT_JIS && unit >= 0xa0 && unit <= 0xdf)
        return false;
    return (units == UNITS_DOUBLE_BYTE || units == UNITS_SHIFT_JIS) && unit > 0x80 && unit < 0xff;
}

struct span feed_encoding_project(struct arena *arena, struct span bytes,
                                  const struct feed_encoding *encoding)
{
    if (encoding->units == UNITS_ASCII)
        return bytes;
    const unsigned char *at = (const unsigned char *)bytes.data;
    size_t count = bytes.length / encoding->unit_bytes;
    char *out = arena_text(arena, count + 1);
    for (size_t i = 0; i < count; i++) {
        uint32_t unit = unit_at(at + i * encoding->unit_bytes, encoding->units);
        out[i] = unit < 0x80 ? (char)unit : 'x';
        /* Second bytes reach from 0x30 (GB18030) up; `<`, `>`, quotes and the like are no second
         * bytes, so a broken character does not swallow markup. */
        if (leads(unit, encoding->units) && i + 1 < count && at[i + 1] >= 0x40)
            out[++i] = 'x';
    }
    return (struct span){out, count};
}
