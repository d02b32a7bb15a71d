#include "core/printable.h"

#include "core/text.h"

#include <stdbool.h>
#include <string.h>

static bool is_bidi_control(uint32_t c)
{
    return c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

/* Variation selectors are not among them: most emoji have one. */
static bool is_invisible(uint32_t c)
{
    return c == 0xad || c == 0x34f || c == 0x115f || c == 0x1160 || c == 0x17b4 || c == 0x17b5 ||
           c == 0x180e || (c >= 0x200b && c <= 0x200d) || (c >= 0x2060 && c <= 0x206f) ||
           c == 0x3164 || c == 0xfeff || c == 0xffa0 || (c >= 0xe0000 && c <= 0xe007f);
}

static bool is_joined_behind(uint32_t before)
{
    return (before >= 0x600 && before < 0x1e00) || (before >= 0x2190 && before < 0x2c00) ||
           before == 0xfe0f || before >= 0x1f000;
}

/* What stands for the code point; 0: it may stay. */
static char substitute(uint32_t c, uint32_t before, enum printable_form form)
{
    if (c == '\n' || c == '\t')
        return form == PRINTABLE_LINES ? 0 : ' ';
    if (c == '\r')
        return ' ';
    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || is_bidi_control(c))
        return '?';
    bool joins = (c == 0x200c || c == 0x200d) && is_joined_behind(before);
    return is_invisible(c) && !joins ? '?' : 0;
}

/* Writes what may be shown of the code point at *at, 4 bytes at most and never more than it has,
 * and moves *at behind it; `before` is the one before it, and becomes it. Returns how many. */
static size_t put_next(const char **at, const char *end, enum printable_form form, uint32_t *before,
                       char *out)
{
    const char *start = *at;
    uint32_t c = text_next(at, end);
    size_t length = (size_t)(*at - start);
    /* One byte beyond ASCII alone is no UTF-8. */
    char instead = length == 1 && c >= 0x80 ? '?' : substitute(c, *before, form);
    *before = c;
    if (instead) {
        *out = instead;
        return 1;
    }
    memcpy(out, start, length);
    return length;
}

struct span printable_text(struct arena *arena, struct span text)
{
    char *out = arena_text(arena, text.length);
    const char *at = text.data, *end = at + text.length;
    size_t length = 0;
    uint32_t before = 0;
    while (at < end)
        length += put_next(&at, end, PRINTABLE_LINE, &before, out + length);
    return (struct span){out, length};
}

struct span printable_start(struct arena *arena, struct span text, size_t most)
{
    struct span start = span_start(text, most), shown = printable_text(arena, start);
    return start.length == text.length ? shown
                                       : arena_printf(arena, "%.*s" SPAN_MORE, SPAN_ARGS(shown));
}

static void put(FILE *file, struct span text, enum printable_form form, size_t most)
{
    const char *at = text.data, *end = at + text.length;
    char out[4];
    uint32_t before = 0;
    for (; at < end && most > 0; most--) {
        size_t length = put_next(&at, end, form, &before, out);
        fwrite(out, 1, length, file);
    }
    if (at < end)
        fputs(SPAN_MORE, file);
}

void printable_put(FILE *file, struct span text, enum printable_form form)
{
    put(file, text, form, SIZE_MAX);
}

void printable_put_start(FILE *file, struct span text, size_t most)
{
    put(file, text, PRINTABLE_LINE, most);
}
