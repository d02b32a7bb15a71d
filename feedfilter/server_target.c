#include "feedfilter/server_target.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>

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

/* Takes "/r/TOKEN" off. False: it begins so, and goes on with no token. */
static bool take_token(struct span *path, char token[READER_TOKEN_SIZE])
{
    size_t length = 0;
    if (!span_starts(*path, SPAN("/r/")))
        return true;
    const char *from = path->data + 3;
    while (3 + length < path->length && from[length] != '/')
        length++;
    for (size_t i = 0; i < length; i++)
        if (!((from[i] & 0x80) == 0 && (isalnum(from[i]) || from[i] == '_' || from[i] == '-')))
            return false;
    if (length != READER_TOKEN_LENGTH)
        return false;
    memcpy(token, from, length);
    token[length] = '\0';
    path->data += 3 + length;
    path->length -= 3 + length;
    return true;
}

struct server_target server_target_read(const char *target)
{
    struct server_target read = {.kind = TARGET_UNKNOWN};
    struct span path = path_of(target);
    char hub_token[SERVER_NAME_LENGTH + 1];
    if (server_target_read_hub(target, read.name, hub_token)) {
        read.kind = TARGET_HUB;
        return read;
    }
    if (!take_token(&path, read.token))
        return read;
    if (span_equal(path, SPAN("/opml")))
        read.kind = TARGET_OPML;
    else if (!*read.token && span_equal(path, SPAN("/health")))
        read.kind = TARGET_HEALTH;
    else if (!*read.token && span_equal(path, SPAN("/ready")))
        read.kind = TARGET_READY;
    else if (!*read.token && span_equal(path, SPAN("/metrics")))
        read.kind = TARGET_METRICS;
    else if (path.length > 3 && path.data[0] == '/' && path.data[2] == '/' &&
             (path.data[1] == 'f' || path.data[1] == 'q') &&
             read_name((struct span){path.data + 3, path.length - 3}, read.name))
        read.kind = path.data[1] == 'f' ? TARGET_FEED : TARGET_HELD;
    return read;
}

/* A token may stand anywhere in what is mistyped, so that no long part of it is told. */
static void hide_long_parts(struct span path, char *text, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < path.length && length + 1 < size;) {
        size_t part = 0;
        while (i + part < path.length && path.data[i + part] != '/')
            part++;
        if (part >= READER_TOKEN_LENGTH / 2) {
            text[length++] = '-';
            i += part;
        }
        for (; i < path.length && part && part < READER_TOKEN_LENGTH / 2 && length + 1 < size;
             part--)
            text[length++] = path.data[i++];
        if (i < path.length && path.data[i] == '/' && length + 1 < size)
            text[length++] = path.data[i++];
    }
    text[length] = '\0';
}

void server_target_to_log(const char *target, char *text, size_t size)
{
    const struct server_target read = server_target_read(target);
    const struct span path = path_of(target);
    const size_t before = 3 + READER_TOKEN_LENGTH; /* "/r/TOKEN" */
    if (read.kind == TARGET_HUB)
        snprintf(text, size, "/w/%s", read.name);
    else if (read.kind == TARGET_UNKNOWN)
        hide_long_parts(path, text, size);
    else if (*read.token)
        snprintf(text, size, "/r/-%.*s", (int)(path.length - before), path.data + before);
    else
        snprintf(text, size, "%.*s", (int)strcspn(target, "?"), target);
}
