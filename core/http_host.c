#include "core/http_host.h"

#include <stddef.h>
#include <string.h>

#include "core/network.h"
#include "store/span.h"

/* Without port, brackets and the dot of a fully qualified name. */
static struct span name_of(struct span authority)
{
    struct span name = authority;
    const char *close = name.length ? memchr(name.data, ']', name.length) : NULL;
    if (name.length && name.data[0] == '[')
        return close ? (struct span){name.data + 1, (size_t)(close - name.data - 1)}
                     : (struct span){NULL, 0};
    const char *colon = name.length ? memchr(name.data, ':', name.length) : NULL;
    if (colon)
        name.length = (size_t)(colon - name.data);
    if (name.length && name.data[name.length - 1] == '.')
        name.length--;
    return name;
}

static struct span authority_of(const char *url)
{
    const char *start = strstr(url, "://");
    if (!start)
        return (struct span){NULL, 0};
    start += 3;
    return (struct span){start, strcspn(start, "/?#")};
}

static bool is_address(struct span name)
{
    char text[64];
    struct network network;
    if (name.length >= sizeof text || memchr(name.data, '/', name.length))
        return false;
    memcpy(text, name.data, name.length);
    text[name.length] = '\0';
    return network_parse(text, &network);
}

static bool is_below(struct span name, const char *domain)
{
    size_t length = strlen(domain);
    return name.length > length + 1 && name.data[name.length - length - 1] == '.' &&
           span_equal_nocase((struct span){name.data + name.length - length, length},
                             (struct span){domain, length});
}

/* The public DNS has no addresses for them. */
static bool is_private_name(struct span name)
{
    static const char *const domains[] = {"localhost", "local", "internal", "home.arpa"};
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        if (is_below(name, domains[i]))
            return true;
    }
    return !memchr(name.data, '.', name.length);
}

bool http_host_is_ours(const char *host, const char *public_url)
{
    if (!host)
        return true;
    struct span name = name_of(span_trim(span_of(host)));
    if (!name.length)
        return false;
    return is_address(name) || is_private_name(name) ||
           span_equal_nocase(name, name_of(authority_of(public_url)));
}
