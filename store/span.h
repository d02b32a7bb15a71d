/* span: a stretch of bytes that somebody else owns. Not NUL-terminated, may hold any byte. */
#ifndef WEIR_SPAN_H
#define WEIR_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct span {
    const char *data;
    size_t length;
};

#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})

/* The same where a constant is needed: in tables. */
#define SPAN_OF(literal)                                                                           \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

/* For "%.*s": a span cut at INT_MAX is never wanted, so lengths are assumed to fit. */
#define SPAN_ARGS(span) (int)(span).length, (span).length ? (span).data : ""

static inline struct span span_of(const char *string)
{
    return (struct span){string, string ? strlen(string) : 0};
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static inline bool span_starts(struct span span, struct span start)
{
    return span.length >= start.length &&
           (start.length == 0 || memcmp(span.data, start.data, start.length) == 0);
}

/* The letters of two strings of that length compare without case. Most differ in the first byte
 * already, which needs no call. */
static inline bool span_same_nocase(const char *a, const char *b, size_t length)
{
    return length == 0 || (!((*a ^ *b) & ~0x20) && strncasecmp(a, b, length) == 0);
}

/* ASCII letters compare without case. */
static inline bool span_equal_nocase(struct span a, struct span b)
{
    return a.length == b.length && span_same_nocase(a.data, b.data, a.length);
}

static inline bool span_starts_nocase(struct span span, struct span start)
{
    return span.length >= start.length && span_same_nocase(span.data, start.data, start.length);
}

/* `part` is not empty and begins with no capital: its first byte is looked for by itself. */
static inline bool span_contains_nocase(struct span span, struct span part)
{
    char low = part.data[0], high = low >= 'a' && low <= 'z' ? (char)(low - 0x20) : low;
    for (; span.length >= part.length; span.data++, span.length--)
        if ((*span.data == low || *span.data == high) && span_starts_nocase(span, part))
            return true;
    return false;
}

/* Where `part`, of which the first byte is rare in such text, stands from `at` on;
 * NULL: nowhere. memmem() looks at every byte of a text for so short a one. */
static inline const char *span_find_rare(const char *at, const char *end, struct span part)
{
    while ((size_t)(end - at) >= part.length &&
           (at = (const char *)memchr(at, part.data[0], (size_t)(end - at)))) {
        if (span_starts((struct span){at, (size_t)(end - at)}, part))
            return at;
        at++;
    }
    return NULL;
}

/* At most the first `most` bytes of UTF-8, to the border of a character. */
static inline struct span span_cut(struct span span, size_t most)
{
    if (span.length <= most)
        return span;
    while (most && ((unsigned char)span.data[most] & 0xc0) == 0x80)
        most--;
    return (struct span){span.data, most};
}

/* What stands behind the start of a text that was cut for people. */
#define SPAN_MORE "…"

/* As much of it as leaves room for SPAN_MORE within `most` bytes, which are three or more; all of
 * it where it fits. */
static inline struct span span_start(struct span span, size_t most)
{
    return span.length <= most ? span : span_cut(span, most - (sizeof SPAN_MORE - 1));
}

/* Its start, of at most `*left` bytes, which are taken off: so that of many spans so much is looked
 * at. */
static inline struct span span_take(struct span span, size_t *left)
{
    if (span.length > *left)
        span.length = *left;
    *left -= span.length;
    return span;
}

static inline bool span_is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Whether it is one of the texts, in whatever size of ASCII letters. */
static inline bool span_is_among_nocase(struct span span, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (span_equal_nocase(span, span_of(texts[i])))
            return true;
    return false;
}

/* Without blanks, tabs and line ends at both ends. */
static inline struct span span_trim(struct span span)
{
    while (span.length && span_is_blank(span.data[0]))
        span.data++, span.length--;
    while (span.length && span_is_blank(span.data[span.length - 1]))
        span.length--;
    return span;
}

#endif
