#include "core/url.h"

#include "core/text.h"
#include "core/url_host.h"
#include "core/url_parts.h"

enum scheme_kind {
    SCHEME_WEB,    /* scheme:[//]host/path, however many slashes */
    SCHEME_OTHER,  /* has no host that we follow: mailto:, tel: and whatever comes up */
    SCHEME_NOWHERE /* not a link to anything outside the message */
};

static const struct scheme {
    struct span name;
    enum scheme_kind kind;
    struct span port; /* that needs not be said */
} schemes[] = {
    {{"http", 4}, SCHEME_WEB, {"80", 2}},       {{"https", 5}, SCHEME_WEB, {"443", 3}},
    {{"ftp", 3}, SCHEME_WEB, {"21", 2}},        {{"mailto", 6}, SCHEME_OTHER, {"", 0}},
    {{"ws", 2}, SCHEME_WEB, {"80", 2}},         {{"wss", 3}, SCHEME_WEB, {"443", 3}},
    {{"feed", 4}, SCHEME_WEB, {"80", 2}},       {{"javascript", 10}, SCHEME_NOWHERE, {"", 0}},
    {{"vbscript", 8}, SCHEME_NOWHERE, {"", 0}}, {{"data", 4}, SCHEME_NOWHERE, {"", 0}},
    {{"cid", 3}, SCHEME_NOWHERE, {"", 0}},      {{"mid", 3}, SCHEME_NOWHERE, {"", 0}},
    {{"about", 5}, SCHEME_NOWHERE, {"", 0}},    {{"blob", 4}, SCHEME_NOWHERE, {"", 0}},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct span lower(struct arena *arena, struct span name)
{
    char *copy = arena_text(arena, name.length);
    for (size_t i = 0; i < name.length; i++)
        copy[i] =
            name.data[i] >= 'A' && name.data[i] <= 'Z' ? (char)(name.data[i] | 0x20) : name.data[i];
    return (struct span){copy, name.length};
}

static struct span from(struct span span, size_t start)
{
    return (struct span){span.data + start, span.length - start};
}

/* Cuts ":port" off the host; `usual` is the port that the scheme has anyway. false: no port. */
static bool cut_port(struct span *host, struct span usual, bool *has_port)
{
    size_t colon = host->length;
    if (!colon || !memchr(host->data, ':', colon))
        return true;
    while (colon > 0 && host->data[colon - 1] != ':' && host->data[colon - 1] != ']')
        colon--;
    if (colon == 0 || host->data[colon - 1] == ']')
        return true;
    struct span port = from(*host, colon);
    while (port.length > 1 && port.data[0] == '0')
        port = from(port, 1);
    unsigned value = 0;
    for (size_t i = 0; i < port.length; i++) {
        if (!is_digit(port.data[i]) ||
            (value = value * 10 + (unsigned)(port.data[i] - '0')) > 65535)
            return false;
    }
    *has_port = port.length > 0 && !span_equal(port, usual);
    host->length = colon - 1;
    return true;
}

/* Reads "user@host:port/path". */
static bool read_authority(struct arena *arena, struct link *link, struct span rest,
                           struct span usual_port)
{
    static const bool ends_it[256] = {['/'] = true, ['\\'] = true, ['?'] = true, ['#'] = true};
    size_t end = (size_t)(text_find_byte(rest.data, rest.data + rest.length, ends_it) - rest.data);
    const char *at = end ? memrchr(rest.data, '@', end) : NULL;
    size_t start = at ? (size_t)(at - rest.data) + 1 : 0;
    struct span host = {rest.data + start, end - start};
    if (!cut_port(&host, usual_port, &link->has_port) ||
        !url_host_read(arena, host, &link->host, &link->host_is_address))
        return false;
    link->has_user = start > 0;
    link->domain = link->host_is_address ? link->host : url_registrable_domain(link->host);
    link->path = from(rest, end);
    return true;
}

/* What a mail program makes a link of though it lacks the scheme: "www.example.com/…" anywhere,
 * "example.com/…" when it was found in plain text. */
static bool is_bare_host(struct span url, bool in_text)
{
    if (span_starts_nocase(url, SPAN("www.")))
        return true;
    size_t end = 0;
    while (end < url.length && !url_is_slash(url.data[end]) && url.data[end] != '?' &&
           url.data[end] != '#' && url.data[end] != ':')
        end++;
    return in_text && memchr(url.data, '.', end) &&
           url_host_has_known_end((struct span){url.data, end});
}

struct span url_without_user(struct arena *arena, struct span url)
{
    size_t start = url_scheme_length(url), end, at = 0;
    start += start && start < url.length; /* the colon */
    while (start < url.length && url_is_slash(url.data[start]))
        start++;
    for (end = start; end < url.length && !url_is_slash(url.data[end]) && url.data[end] != '?' &&
                      url.data[end] != '#';
         end++)
        if (url.data[end] == '@')
            at = end + 1;
    if (!at)
        return url;
    struct span rest = from(url, at);
    return arena_printf(arena, "%.*s%.*s", (int)start, url.data, SPAN_ARGS(rest));
}

bool url_parse(struct arena *arena, struct link *link)
{
    struct span url = url_clean(arena, link->url);
    link->scheme = link->host = link->domain = link->path = (struct span){"", 0};
    link->has_port = link->has_user = link->host_is_address = false;
    if (url.length == 0 || url.data[0] == '#')
        return false;
    size_t length = url_scheme_length(url);
    struct span name = {url.data, length}, rest = from(url, length ? length + 1 : 0);
    for (size_t i = 0; length && i < sizeof schemes / sizeof *schemes; i++) {
        const struct scheme *scheme = &schemes[i];
        if (!span_equal_nocase(name, scheme->name))
            continue;
        link->scheme = scheme->name;
        link->path = rest;
        if (scheme->kind != SCHEME_WEB)
            return scheme->kind == SCHEME_OTHER;
        size_t slashes = 0;
        while (slashes < rest.length && url_is_slash(rest.data[slashes]))
            slashes++;
        return read_authority(arena, link, from(rest, slashes), scheme->port);
    }
    if (url.length > 2 && url_is_slash(url.data[0]) && url_is_slash(url.data[1]))
        return read_authority(arena, link, from(url, 2), SPAN("80"));
    /* "example.com:8080/" looks like a scheme. */
    if ((!length || memchr(name.data, '.', length)) && is_bare_host(url, !link->from_html) &&
        read_authority(arena, link, url, SPAN("80")))
        return true;
    link->path = rest;
    if (length)
        link->scheme = lower(arena, name);
    return true;
}
