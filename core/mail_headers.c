#include "core/mail_headers.h"

#include "core/text.h"

#include <gmime/gmime.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Without the line's end, which is LF or CRLF; `*rest` goes behind it. */
static struct span take_line(struct span *rest)
{
    const char *end = memchr(rest->data, '\n', rest->length);
    size_t whole = end ? (size_t)(end - rest->data) + 1 : rest->length;
    struct span line = {rest->data, end ? whole - 1 : whole};
    if (line.length && line.data[line.length - 1] == '\r')
        line.length--;
    rest->data += whole;
    rest->length -= whole;
    return line;
}

static bool is_mbox_line(struct span rest)
{
    return rest.length >= 5 && memcmp(rest.data, "From ", 5) == 0;
}

struct span mail_skip_mbox_line(struct span message)
{
    if (is_mbox_line(message))
        take_line(&message);
    return message;
}

/* The length of the field name that `line` starts with; 0: none. Blanks may stand before the colon
 * (RFC 5322 4.5.8). */
static size_t field_name(struct span line, size_t *value_start)
{
    size_t length = 0;
    while (length < line.length && line.data[length] > ' ' && line.data[length] < 127 &&
           line.data[length] != ':')
        length++;
    size_t colon = length;
    while (colon < line.length && is_blank(line.data[colon]))
        colon++;
    if (!length || colon == line.length || line.data[colon] != ':')
        return 0;
    *value_start = colon + 1;
    return length;
}

bool mail_starts_with_field(struct span bytes)
{
    size_t value_start;
    return field_name(take_line(&bytes), &value_start) != 0;
}

static void take_continuations(struct span *rest)
{
    while (rest->length && is_blank(rest->data[0]))
        take_line(rest);
}

/* A line between fields that is none: an mbox line, or one stray line in the middle. */
static bool pass_stray_line(struct span *rest)
{
    struct span after = *rest;
    struct span line = take_line(&after);
    if (line.length && line.data[0] == '>')
        line.data++, line.length--;
    if (!is_mbox_line(line)) {
        take_continuations(&after);
        if (!mail_starts_with_field(after))
            return false;
    }
    *rest = after;
    return true;
}

bool mail_header_next(struct span *rest, struct header *field)
{
    while (rest->length) {
        struct span after = *rest;
        struct span line = take_line(&after);
        size_t value_start = 0;
        size_t name_length = field_name(line, &value_start);
        if (!line.length)
            *rest = after;
        if (!line.length || (!name_length && !pass_stray_line(rest)))
            return false;
        if (!name_length)
            continue;
        take_continuations(&after);
        const char *value = line.data + value_start;
        field->name = (struct span){line.data, name_length};
        field->value = span_trim((struct span){value, (size_t)(after.data - value)});
        *rest = after;
        return true;
    }
    return false;
}

struct span mail_unfold(struct arena *arena, struct span raw, size_t limit)
{
    if (raw.length > limit)
        raw.length = limit;
    if (!raw.length || !memchr(raw.data, '\n', raw.length))
        return raw;
    char *text = arena_text(arena, raw.length);
    size_t length = 0;
    while (raw.length) {
        struct span line = take_line(&raw);
        memcpy(text + length, line.data, line.length);
        length += line.length;
    }
    return (struct span){text, length};
}

/* What decoding has made so far. Neighbouring words of one charset wait in `bytes`. */
struct words {
    struct arena *arena;
    char *text;
    size_t length, room;
    char *bytes;
    size_t waiting;
    struct span charset;
};

static void put(struct words *words, struct span utf8)
{
    size_t fits = words->room - words->length;
    size_t length = utf8.length < fits ? utf8.length : fits;
    if (length)
        memcpy(words->text + words->length, utf8.data, length);
    words->length += length;
}

static void put_waiting(struct words *words)
{
    if (words->waiting)
        put(words, text_to_utf8(words->arena, (struct span){words->bytes, words->waiting},
                                words->charset));
    words->waiting = 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The "Q" encoding of RFC 2047 4.2. */
static size_t decode_q(struct span in, char *out)
{
    size_t length = 0;
    for (size_t i = 0; i < in.length; i++) {
        char c = in.data[i];
        if (c == '=' && in.length - i > 2 && hex_digit(in.data[i + 1]) >= 0 &&
            hex_digit(in.data[i + 2]) >= 0) {
            c = (char)(hex_digit(in.data[i + 1]) << 4 | hex_digit(in.data[i + 2]));
            i += 2;
        } else if (c == '_') {
            c = ' ';
        }
        out[length++] = c;
    }
    return length;
}

static size_t decode_b(struct span in, char *out)
{
    GMimeEncoding state;
    g_mime_encoding_init_decode(&state, GMIME_CONTENT_ENCODING_BASE64);
    return g_mime_encoding_step(&state, in.data, in.length, out);
}

struct word {
    struct span charset, text;
    bool base64;
};

/* RFC 2047 2 allows 75 in all; senders go over it. Without a bound, broken words cost the square of
 * the header's length. */
#define WORD_CHARSET_MAX 80u
#define WORD_TEXT_MAX 4000u

static size_t at_most(size_t length, size_t most)
{
    return length < most ? length : most;
}

/* The word that starts at the "=?" at value[*at]; moves *at behind it. */
static bool parse_word(struct span value, size_t *at, struct word *word)
{
    const char *charset = value.data + *at + 2, *end = value.data + value.length;
    const char *mark = memchr(charset, '?', at_most((size_t)(end - charset), WORD_CHARSET_MAX));
    if (!mark || mark == charset || end - mark < 5 || mark[2] != '?')
        return false;
    char encoding = (char)(mark[1] | 0x20);
    if (encoding != 'b' && encoding != 'q')
        return false;
    const char *text = mark + 3;
    const char *close = memmem(text, at_most((size_t)(end - text), WORD_TEXT_MAX), "?=", 2);
    if (!close)
        return false;
    /* RFC 2231 5: "charset*language" */
    const char *star = memchr(charset, '*', (size_t)(mark - charset));
    word->charset = (struct span){charset, (size_t)((star ? star : mark) - charset)};
    word->text = (struct span){text, (size_t)(close - text)};
    word->base64 = encoding == 'b';
    *at = (size_t)(close + 2 - value.data);
    return true;
}

static void put_word(struct words *words, const struct word *word)
{
    if (!span_equal_nocase(words->charset, word->charset))
        put_waiting(words);
    words->charset = word->charset;
    words->waiting +=
        (word->base64 ? decode_b : decode_q)(word->text, words->bytes + words->waiting);
}

static bool only_blanks(struct span span)
{
    return span_trim(span).length == 0;
}

/* Where an encoded word may start, from `at` on; NULL: nowhere. memmem() takes longer over two
 * bytes. */
static const char *find_word(struct span value, size_t at)
{
    const char *from = value.data + at, *end = value.data + value.length;
    while (end - from >= 2 && (from = memchr(from, '=', (size_t)(end - from - 1)))) {
        if (from[1] == '?')
            return from;
        from++;
    }
    return NULL;
}

struct span mail_decode_words(struct arena *arena, struct span value)
{
    const char *first = find_word(value, 0);
    if (!first)
        return text_to_utf8(arena, value, (struct span){0});
    /* text_to_utf8() makes no more of its input than that. */
    struct words words = {.arena = arena, .room = 4 * value.length};
    words.text = arena_text(arena, words.room);
    words.bytes = arena_text(arena, value.length);
    size_t plain = 0, at = (size_t)(first - value.data);
    bool after_word = false;
    for (;;) {
        size_t start = at;
        struct word word;
        if (parse_word(value, &at, &word)) {
            struct span between = {value.data + plain, start - plain};
            if (!after_word || !only_blanks(between)) {
                put_waiting(&words);
                put(&words, text_to_utf8(arena, between, (struct span){0}));
            }
            put_word(&words, &word);
            after_word = true;
            plain = at;
        } else {
            at += 2;
        }
        const char *next = find_word(value, at);
        if (!next)
            break;
        at = (size_t)(next - value.data);
    }
    put_waiting(&words);
    put(&words, text_to_utf8(arena, (struct span){value.data + plain, value.length - plain},
                             (struct span){0}));
    return (struct span){words.text, words.length};
}
