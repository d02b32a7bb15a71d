#include "core/url_parts.h"

struct span url_clean(struct arena *arena, struct span url)
{
    while (url.length && (unsigned char)url.data[0] <= ' ')
        url.data++, url.length--;
    if (url.length > URL_MAX)
        url.length = URL_MAX;
    while (url.length && (unsigned char)url.data[url.length - 1] <= ' ')
        url.length--;
    size_t i = 0;
    while (i < url.length && (unsigned char)url.data[i] >= ' ')
        i++;
    if (i == url.length)
        return url;
    char *copy = arena_text(arena, url.length);
    size_t length = 0;
    for (i = 0; i < url.length; i++)
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
