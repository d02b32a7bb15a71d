#include "core/config_subscriptions.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/config_complaint.h"
#include "core/config_values.h"
#include "store/memory.h"
#include "store/span.h"

#define NAME_MAX_LENGTH 64u

static char no_headers[] = "{}"; /* libconfuse takes no const here */
cfg_opt_t subscription_options[] = {
    CFG_STR("url", NULL, CFGF_NONE),
    CFG_INT_CB("mode", FEED_HOLD, CFGF_NONE, config_parse_feed_mode),
    CFG_STR("user-agent", NULL, CFGF_NONE),
    CFG_STR_LIST("headers", no_headers, CFGF_NONE),
    CFG_STR("user", NULL, CFGF_NONE),
    CFG_STR("password", NULL, CFGF_NONE),
    CFG_STR("proxy", NULL, CFGF_NONE),
    CFG_END(),
};

/* An URL taken apart as far as credentials go. */
struct address {
    struct span scheme, user, password, rest; /* rest: host and what follows */
};

static bool has_control_or_blank(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text <= ' ' || *text == 0x7f)
            return true;
    return false;
}

/* scheme "://" [user [":" password] "@"] host … (RFC 3986, 3.2). */
static bool take_apart(const char *url, struct address *address)
{
    const char *slashes = url ? strstr(url, "://") : NULL;
    if (!slashes || has_control_or_blank(url))
        return false;
    const char *authority = slashes + 3;
    const char *end = authority + strcspn(authority, "/?#");
    const char *at = memrchr(authority, '@', (size_t)(end - authority));
    const char *host = at ? at + 1 : authority;
    *address = (struct address){.scheme = {url, (size_t)(slashes - url)}, .rest = span_of(host)};
    if (at) {
        const char *colon = memchr(authority, ':', (size_t)(at - authority));
        const char *user_end = colon ? colon : at;
        address->user = (struct span){authority, (size_t)(user_end - authority)};
        if (colon)
            address->password = (struct span){colon + 1, (size_t)(at - colon - 1)};
    }
    return host < end && *host != ':';
}

/* What is wrong with the host or port of `rest`; NULL: nothing. */
static const char *host_trouble(struct span rest)
{
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

static bool is_name(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= NAME_MAX_LENGTH && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
               length;
}

/* "Name: value" with a field name (RFC 9110, 5.1), and nothing that ends the line. */
static bool is_header(const char *header)
{
    size_t name = strcspn(header, ":");
    if (!name || !header[name] || strpbrk(header, "\r\n"))
        return false;
    for (size_t i = 0; i < name; i++)
        if ((unsigned char)header[i] <= ' ' || (unsigned char)header[i] >= 0x7f ||
            strchr("()<>@,;\\\"/[]?={}", header[i]))
            return false;
    return true;
}

static int check_proxy(cfg_t *section, cfg_opt_t *option)
{
    static const char *const schemes[] = {"http", "https", "socks5", "socks5h"};
    const char *proxy = cfg_getstr(section, "proxy");
    struct address address;
    if (!proxy)
        return 0;
    bool known = take_apart(proxy, &address);
    for (size_t i = 0; known && i < sizeof schemes / sizeof *schemes; i++)
        if (span_equal_nocase(address.scheme, span_of(schemes[i]))) {
            const char *trouble = host_trouble(address.rest);
            if (address.password.length)
                config_note_secret(section, option);
            return trouble ? config_refuse(section, option, "%s", trouble) : 0;
        }
    return config_refuse(section, option,
                         "is no proxy's URL: http, https, socks5 or socks5h, host and port");
}

static bool is_named(const char *header, const char *const *names, size_t count)
{
    struct span name = {header, strcspn(header, ":")};
    for (size_t i = 0; i < count; i++)
        if (span_equal_nocase(name, span_of(names[i])))
            return true;
    return false;
}

static int check_headers(cfg_t *section)
{
    /* What weir says itself, or what would break the exchange. */
    static const char *const own[] = {
        "Accept-Encoding",   "Connection",    "Content-Length",    "Expect", "Host",
        "If-Match",          "If-None-Match", "If-Modified-Since", "Range",  "TE",
        "Transfer-Encoding", "Upgrade"};
    static const char *const secret[] = {"Authorization", "Cookie",       "Proxy-Authorization",
                                         "X-Api-Key",     "X-Auth-Token", "Private-Token"};
    cfg_opt_t *option = cfg_getopt(section, "headers");
    for (unsigned i = 0; i < cfg_opt_size(option); i++) {
        const char *header = cfg_opt_getnstr(option, i);
        if (!is_header(header))
            return config_refuse(section, option, "the %s is no header, as \"Name: value\" is one",
                                 i == 0 ? "first" : "one behind others");
        if (is_named(header, own, sizeof own / sizeof *own))
            return config_refuse(section, option, "%.*s is weir's own to say",
                                 (int)strcspn(header, ":"), header);
        if (is_named(header, secret, sizeof secret / sizeof *secret))
            config_note_secret(section, option);
    }
    return 0;
}

static int check_credentials(cfg_t *section, const struct address *address)
{
    const char *user = cfg_getstr(section, "user"), *password = cfg_getstr(section, "password");
    if (password && !user)
        return config_refuse(section, cfg_getopt(section, "password"), "there is no user with it");
    if (user && address->user.length)
        return config_refuse(section, cfg_getopt(section, "user"), "the url names one already");
    if (password)
        config_note_secret(section, cfg_getopt(section, "password"));
    if (address->password.length)
        config_note_secret(section, cfg_getopt(section, "url"));
    if (user && (!*user || strchr(user, ':')))
        return config_refuse(section, cfg_getopt(section, "user"),
                             "must not be empty or hold a colon");
    return 0;
}

int subscription_check(cfg_t *cfg, cfg_opt_t *option)
{
    cfg_t *section = cfg_opt_getnsec(option, cfg_opt_size(option) - 1);
    struct address address;
    const char *user_agent = cfg_getstr(section, "user-agent");
    if (!is_name(cfg_title(section)))
        return config_refuse(cfg, option,
                             "\"%.80s\" is no name: 1 to %u letters, digits, '.', '_' or '-'",
                             cfg_title(section), NAME_MAX_LENGTH);
    if (!cfg_getstr(section, "url"))
        return config_refuse(section, cfg_getopt(section, "url"), "is missing");
    if (!take_apart(cfg_getstr(section, "url"), &address) || !is_http(address.scheme))
        return config_refuse(section, cfg_getopt(section, "url"),
                             "is no http or https URL (blanks are written %%20)");
    const char *trouble = host_trouble(address.rest);
    if (trouble)
        return config_refuse(section, cfg_getopt(section, "url"), "%s", trouble);
    if (user_agent && (!*user_agent || strpbrk(user_agent, "\r\n")))
        return config_refuse(section, cfg_getopt(section, "user-agent"), "must be one line");
    if (check_credentials(section, &address) || check_headers(section) ||
        check_proxy(section, cfg_getopt(section, "proxy")))
        return -1;
    return 0;
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

static void take_address(cfg_t *section, struct subscription_config *subscription)
{
    struct address address;
    const char *url = cfg_getstr(section, "url");
    take_apart(url, &address);
    size_t scheme = address.scheme.length + 3;
    subscription->url = memory_new(scheme + address.rest.length + 1);
    memcpy(subscription->url, url, scheme);
    memcpy(subscription->url + scheme, address.rest.data, address.rest.length);
    subscription->user = memory_text(cfg_getstr(section, "user"));
    subscription->password = memory_text(cfg_getstr(section, "password"));
    if (address.user.length) {
        subscription->user = decoded(address.user);
        subscription->password = decoded(address.password);
    }
}

static struct subscription_config take(cfg_t *section)
{
    struct subscription_config subscription = {0};
    const char *user_agent = cfg_getstr(section, "user-agent");
    subscription.name = memory_text(cfg_title(section));
    take_address(section, &subscription);
    subscription.mode = (enum feed_mode)cfg_getint(section, "mode");
    subscription.user_agent = memory_text(user_agent ? user_agent : SUBSCRIPTION_USER_AGENT);
    subscription.proxy = memory_text(cfg_getstr(section, "proxy"));
    subscription.header_count = cfg_size(section, "headers");
    subscription.headers = memory_new(subscription.header_count * sizeof(char *));
    for (size_t i = 0; i < subscription.header_count; i++)
        subscription.headers[i] = memory_text(cfg_getnstr(section, "headers", (unsigned)i));
    return subscription;
}

void subscriptions_add(cfg_t *cfg, struct subscription_config **subscriptions, size_t *count)
{
    size_t more = cfg_size(cfg, "feed");
    *subscriptions = memory_resize(*subscriptions, (*count + more + 1) * sizeof **subscriptions);
    for (size_t i = 0; i < more; i++)
        (*subscriptions)[(*count)++] = take(cfg_getnsec(cfg, "feed", (unsigned)i));
}

void subscriptions_free(struct subscription_config *subscriptions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct subscription_config *subscription = &subscriptions[i];
        for (size_t j = 0; j < subscription->header_count; j++)
            free(subscription->headers[j]);
        free(subscription->headers);
        free(subscription->name);
        free(subscription->url);
        free(subscription->user_agent);
        free(subscription->user);
        free(subscription->password);
        free(subscription->proxy);
    }
    free(subscriptions);
}
