#include "core/printable.h"

#include "core/text.h"

#include <stdbool.h>
#include <string.h>

static bool is_bidi_control(uint32_t c)
{
    return c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

/* What stands for the code point; 0: it may stay. */
static char substitute(uint32_t c, enum printable_form form)
{
    if (c == '\n' || c == '\t')
        return form == PRINTABLE_LINES ? 0 : ' ';
    if (c == '\r')
        return ' ';
    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || is_bidi_control(c))
        return '?';
    return 0;
}

/* Writes what may be shown of the code point at *at, 4 bytes at most and never more than it has,
 * and moves *at behind it. Returns how many. */
static size_t put_next(const char **at, const char *end, enum printable_form form, char *out)
{
    const char *start = *at;
    uint32_t c = text_next(at, end);
    size_t length = (size_t)(*at - start);
    /* One byte beyond ASCII alone is no UTF-8. */
    char instead = length == 1 && c >= 0x80 ? '?' : substitute(c, form);
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
    while (at < end)
        length += put_next(&at, end, PRINTABLE_LINE, out + length);
    return (struct span){out, length};
}

void printable_put(FILE *file, struct span text, enum printable_form form)
{
    const char *at = text.data, *end = at + text.length;
    char out[4];
    while (at < end) {
        size_t length = put_next(&at, end, form, out);
        fwrite(out, 1, length, file);
    }
}
