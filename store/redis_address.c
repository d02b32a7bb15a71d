#include "store/redis_address.h"

#include "store/memory.h"
#include "store/span.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define TCP_SCHEME "redis://"
#define UNIX_SCHEME "redis+unix://"
#define DEFAULT_PORT 6379

static bool read_number(struct span text, unsigned long most, unsigned *number)
{
    unsigned long value = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (!isdigit((unsigned char)text.data[i]))
            return false;
        value = value * 10 + (unsigned long)(text.data[i] - '0');
        if (value > most)
            return false;
    }
    *number = (unsigned)value;
    return text.length > 0;
}

static int hex_digit(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
                                        : -1;
}

/* NULL when a % is not followed by two hex digits, or stands for a NUL. */
static char *unescape(struct span text)
{
    char *plain = memory_copy(text.data, text.length), *out = plain;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] != '%') {
            *out++ = text.data[i];
            continue;
        }
        int high = i + 2 < text.length ? hex_digit(text.data[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text.data[i + 2]) : -1;
        if (low < 0 || high * 16 + low == 0) {
            free(plain);
            return NULL;
        }
        *out++ = (char)(high * 16 + low);
        i += 2;
    }
    *out = '\0';
    return plain;
}

/* Splits `text` at the first `mark`; without one, all is in `before`. */
static bool split(struct span text, char mark, struct span *before, struct span *after)
{
    const char *at = text.length ? memchr(text.data, mark, text.length) : NULL;
    *before = at ? (struct span){text.data, (size_t)(at - text.data)} : text;
    *after = at ? (struct span){at + 1, text.length - before->length - 1}
                : (struct span){text.data + text.length, 0};
    return at != NULL;
}

static const char *read_login(struct redis_address *address, struct span login)
{
    struct span user, password;
    if (!split(login, ':', &user, &password) || !password.length)
        return "a login is \"user:password@\" or \":password@\"";
    address->user = user.length ? unescape(user) : NULL;
    address->password = unescape(password);
    if ((user.length && !address->user) || !address->password)
        return "a % must be followed by two hex digits";
    return NULL;
}

static const char *read_host(struct redis_address *address, struct span rest)
{
    struct span place, database, host, port;
    if (split(rest, '/', &place, &database) && database.length &&
        !read_number(database, 1000000, &address->database))
        return "behind the host only a database number may follow";
    if (place.length && place.data[0] == '[') {
        if (!split(place, ']', &host, &port))
            return "a \"]\" is missing";
        host.data++, host.length--;
        if (port.length && port.data[0] != ':')
            return "a port is \":number\"";
        if (port.length)
            port.data++, port.length--;
    } else {
        split(place, ':', &host, &port);
    }
    address->port = DEFAULT_PORT;
    if (port.length && (!read_number(port, 65535, &address->port) || address->port == 0))
        return "a port is a number from 1 to 65535";
    if (!host.length)
        return "a host is missing";
    address->host = memory_copy(host.data, host.length);
    return NULL;
}

static const char *read_path(struct redis_address *address, struct span rest)
{
    struct span path, query;
    split(rest, '?', &path, &query);
    if (query.length) {
        struct span key, value;
        split(query, '=', &key, &value);
        if (!span_equal(key, SPAN("db")) || !read_number(value, 1000000, &address->database))
            return "behind the path only ?db=NUMBER may follow";
    }
    if (!path.length || path.data[0] != '/')
        return "the path of the socket must begin with /";
    address->path = unescape(path);
    if (!address->path)
        return "a % must be followed by two hex digits";
    if (strlen(address->path) >= sizeof((struct sockaddr_un *)0)->sun_path)
        return "the path is too long for a unix socket";
    return NULL;
}

struct redis_address *redis_address_read(const char *url, struct error *error)
{
    struct redis_address *address = memory_new(sizeof *address);
    bool is_unix = strncmp(url, UNIX_SCHEME, strlen(UNIX_SCHEME)) == 0;
    const char *scheme = is_unix ? UNIX_SCHEME : TCP_SCHEME;
    const char *behind = url + strlen(scheme);
    /* A password may hold an unescaped @ or /: the login ends at the last @. */
    const char *at = strrchr(behind, '@');
    struct span rest = span_of(at ? at + 1 : behind);
    address->name = memory_new(strlen(scheme) + rest.length + 1);
    sprintf(address->name, "%s%.*s", scheme, SPAN_ARGS(rest));

    const char *wrong =
        at ? read_login(address, (struct span){behind, (size_t)(at - behind)}) : NULL;
    if (!wrong)
        wrong = is_unix ? read_path(address, rest) : read_host(address, rest);
    if (wrong) {
        error_set(error, ERROR_INPUT, "%s: %s", address->name, wrong);
        redis_address_free(address);
        return NULL;
    }
    size_t room = strlen(address->path ? address->path : address->host) + 20;
    address->place = memory_new(room);
    if (address->path)
        snprintf(address->place, room, "unix:%s", address->path);
    else
        snprintf(address->place, room, strchr(address->host, ':') ? "[%s]:%u" : "%s:%u",
                 address->host, address->port);
    return address;
}

void redis_address_free(struct redis_address *address)
{
    if (!address)
        return;
    free(address->name);
    free(address->place);
    free(address->path);
    free(address->host);
    free(address->user);
    free(address->password);
    free(address);
}
