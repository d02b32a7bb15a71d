#include "feedfilter/server_target.h"

#include <ctype.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int server_target_next(struct span *text)
{
    int c = (unsigned char)text->data[0];
    size_t length = 1;
    if (c == '%') {
        int high = text->length > 2 ? hex_value(text->data[1]) : -1;
        int low = text->length > 2 ? hex_value(text->data[2]) : -1;
        c = high < 0 || low < 0 ? -1 : high * 16 + low;
        length = c < 0 ? 1 : 3;
    }
    text->data += length;
    text->length -= length;
    return c;
}

/* Slashes stand for themselves: an escaped one is part of a name, and no name has any. */
static bool read_name(struct span text, char name[SERVER_NAME_LENGTH + 1])
{
    size_t length = 0;
    while (text.length) {
        int c = server_target_next(&text);
        if (c < 0 || length == SERVER_NAME_LENGTH ||
            !(c < 0x80 && (isalnum(c) || c == '.' || c == '_' || c == '-')))
            return false;
        name[length++] = (char)c;
    }
    name[length] = '\0';
    return length && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static struct span without_authority(struct span target)
{
    static const struct span schemes[] = {{"http://", 7}, {"https://", 8}};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (!span_starts_nocase(target, schemes[i]))
            continue;
        const char *end = target.data + target.length;
        const char *path =
            memchr(target.data + schemes[i].length, '/', target.length - schemes[i].length);
        return path ? (struct span){path, (size_t)(end - path)} : SPAN("/");
    }
    return target;
}

static struct span path_of(const char *target)
{
    return without_authority((struct span){target, strcspn(target, "?#")});
}

bool server_target_read_hub(const char *target, char name[SERVER_NAME_LENGTH + 1],
                            char token[SERVER_NAME_LENGTH + 1])
{
    struct span path = path_of(target);
    if (path.length < 3 || memcmp(path.data, "/w/", 3) != 0)
        return false;
    path = (struct span){path.data + 3, path.length - 3};
    const char *slash = path.length ? memchr(path.data, '/', path.length) : NULL;
    if (!slash)
        return false;
    size_t length = (size_t)(slash - path.data);
    return read_name((struct span){path.data, length}, name) &&
           read_name((struct span){slash + 1, path.length - length - 1}, token);
}

enum server_target server_target_read(const char *target, char name[SERVER_NAME_LENGTH + 1])
{
    char token[SERVER_NAME_LENGTH + 1];
    struct span path = path_of(target);
    if (server_target_read_hub(target, name, token))
        return TARGET_HUB;
    if (span_equal(path, SPAN("/health")))
        return TARGET_HEALTH;
    if (span_equal(path, SPAN("/metrics")))
        return TARGET_METRICS;
    if (path.length < 3 || path.data[0] != '/' || path.data[2] != '/' ||
        (path.data[1] != 'f' && path.data[1] != 'q') ||
        !read_name((struct span){path.data + 3, path.length - 3}, name))
        return TARGET_UNKNOWN;
    return path.data[1] == 'f' ? TARGET_FEED : TARGET_HELD;
}
