#include "core/subscription_address.h"

#include <stdlib.h>
#include <string.h>

#include "store/memory.h"

static bool has_control_or_blank(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text <= ' ' || *text == 0x7f)
            return true;
    return false;
}

bool subscription_address_split(const char *url, struct subscription_address *address)
{
    const char *slashes = url ? strstr(url, "://") : NULL;
    if (!slashes || has_control_or_blank(url))
        return false;
    const char *authority = slashes + 3;
    const char *end = authority + strcspn(authority, "/?#");
    const char *at = memrchr(authority, '@', (size_t)(end - authority));
    const char *host = at ? at + 1 : authority;
    *address = (struct subscription_address){.scheme = {url, (size_t)(slashes - url)},
                                             .rest = span_of(host)};
    if (at) {
        const char *colon = memchr(authority, ':', (size_t)(at - authority));
        const char *user_end = colon ? colon : at;
        address->user = (struct span){authority, (size_t)(user_end - authority)};
        if (colon)
            address->password = (struct span){colon + 1, (size_t)(at - colon - 1)};
    }
    return host < end && *host != ':';
}

const char *subscription_address_host_trouble(const struct subscription_address *address)
{
    struct span rest = address->rest;
    struct span host = {rest.data, strcspn(rest.data, "/?#")};
    for (size_t i = 0; i < host.length; i++)
        if ((unsigned char)host.data[i] >= 0x80)
            return "names a host in letters that are not ASCII; write its xn-- form";
    const char *close = memrchr(host.data, ']', host.length);
    const char *from = close ? close : host.data;
    const char *colon = memrchr(from, ':', (size_t)(host.data + host.length - from));
    if (!colon)
        return NULL;
    char *end;
    unsigned long port = strtoul(colon + 1, &end, 10);
    bool whole = end == host.data + host.length && colon[1] >= '0' && colon[1] <= '9';
    return whole && port >= 1 && port <= 65535 ? NULL
                                               : "has no port from 1 to 65535 behind its host";
}

static bool is_http(struct span scheme)
{
    return span_equal_nocase(scheme, SPAN("http")) || span_equal_nocase(scheme, SPAN("https"));
}

bool subscription_is_name(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= SUBSCRIPTION_NAME_MAX && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
               length;
}

const char *subscription_url_trouble(const char *url, struct subscription_address *address)
{
    struct subscription_address parts;
    if (!subscription_address_split(url, &parts) || !is_http(parts.scheme))
        return "is no http or https URL (blanks are written %20)";
    if (strlen(url) > SUBSCRIPTION_URL_MAX)
        return "is longer than 4096 characters";
    if (address)
        *address = parts;
    return subscription_address_host_trouble(&parts);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-encoding undone (RFC 3986, 2.1). */
static char *decoded(struct span text)
{
    char *out = memory_copy(text.data, text.length);
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        int high = -1, low = -1;
        if (text.data[i] == '%' && i + 2 < text.length) {
            high = hex_digit(text.data[i + 1]);
            low = hex_digit(text.data[i + 2]);
        }
        bool encoded = high >= 0 && low >= 0 && (high || low);
        out[length++] = encoded ? (char)(high * 16 + low) : text.data[i];
        i += encoded ? 2 : 0;
    }
    out[length] = '\0';
    return out;
}

void subscription_take_url(struct subscription_config *subscription, const char *url)
{
    struct subscription_address address;
    if (!subscription_address_split(url, &address))
        return;
    size_t scheme = address.scheme.length + 3;
    subscription->url = memory_new(scheme + address.rest.length + 1);
    memcpy(subscription->url, url, scheme);
    memcpy(subscription->url + scheme, address.rest.data, address.rest.length);
    if (address.user.length) {
        subscription->user = decoded(address.user);
        subscription->password = decoded(address.password);
    }
}
