#include "core/url_parts.h"

#include <stdint.h>

/* Where the first byte under 0x20 stands; `end`: nowhere. Eight at once while none of them is one:
 * such a byte borrows from its highest bit, and so do others only behind one. */
static const char *find_control(const char *at, const char *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t eight;
    for (; end - at >= 8; at += 8) {
        memcpy(&eight, at, 8);
        if ((eight - 0x20 * ones) & ~eight & 0x80 * ones)
            break;
    }
    while (at < end && (unsigned char)*at >= 0x20)
        at++;
    return at;
}

struct span url_clean(struct arena *arena, struct span url)
{
    while (url.length && (unsigned char)url.data[0] <= ' ')
        url.data++, url.length--;
    if (url.length > URL_MAX)
        url.length = URL_MAX;
    while (url.length && (unsigned char)url.data[url.length - 1] <= ' ')
        url.length--;
    const char *end = url.data + url.length;
    if (find_control(url.data, end) == end)
        return url;
    char *copy = arena_text(arena, url.length);
    size_t length = 0;
    for (size_t i = 0; i < url.length; i++)
        if ((unsigned char)url.data[i] >= ' ')
            copy[length++] = url.data[i];
    return (struct span){copy, length};
}

static bool is_alpha(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

size_t url_scheme_length(struct span url)
{
    size_t i = 0;
    while (i < url.length &&
           (is_alpha(url.data[i]) ||
            (i && ((url.data[i] >= '0' && url.data[i] <= '9') || url.data[i] == '+' ||
                   url.data[i] == '-' || url.data[i] == '.'))))
        i++;
    return i < url.length && url.data[i] == ':' ? i : 0;
}
