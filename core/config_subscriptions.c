#include "core/config_subscriptions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/config_complaint.h"
#include "core/config_values.h"
#include "core/subscription_address.h"
#include "store/memory.h"
#include "store/span.h"

static char empty_list[] = "{}"; /* libconfuse takes no const here */
cfg_opt_t subscription_options[] = {
    CFG_STR("url", NULL, CFGF_NONE),
    CFG_INT_CB("mode", FEED_HOLD, CFGF_NONE, config_parse_feed_mode),
    CFG_STR("user-agent", NULL, CFGF_NONE),
    CFG_STR_LIST("headers", empty_list, CFGF_NONE),
    CFG_STR("user", NULL, CFGF_NONE),
    CFG_STR("password", NULL, CFGF_NONE),
    CFG_STR("proxy", NULL, CFGF_NONE),
    CFG_STR_LIST("readers", empty_list, CFGF_NONE),
    CFG_BOOL("footer", cfg_false, CFGF_NODEFAULT),
    CFG_STR("category", "", CFGF_NONE),
    CFG_END(),
};

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
    struct subscription_address address;
    if (!proxy)
        return 0;
    bool known = subscription_address_split(proxy, &address);
    for (size_t i = 0; known && i < sizeof schemes / sizeof *schemes; i++)
        if (span_equal_nocase(address.scheme, span_of(schemes[i]))) {
            const char *trouble = subscription_address_host_trouble(&address);
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

static int check_readers(cfg_t *section)
{
    cfg_opt_t *option = cfg_getopt(section, "readers");
    for (unsigned i = 0; i < cfg_opt_size(option); i++)
        if (!subscription_is_name(cfg_opt_getnstr(option, i)))
            return config_refuse(section, option, "\"%.80s\" is no name of a reader",
                                 cfg_opt_getnstr(option, i));
    return 0;
}

static int check_category(cfg_t *section)
{
    for (const char *at = cfg_getstr(section, "category"); *at; at++)
        if ((unsigned char)*at < ' ')
            return config_refuse(section, cfg_getopt(section, "category"), "must be one line");
    return 0;
}

/* "ann,bob" */
static char *take_readers(cfg_t *section)
{
    unsigned count = cfg_size(section, "readers");
    char *text = memory_new(count * (SUBSCRIPTION_NAME_MAX + 1) + 1), *at = text;
    for (unsigned i = 0; i < count; i++)
        at += sprintf(at, "%s%s", i ? "," : "", cfg_getnstr(section, "readers", i));
    return text;
}

static int check_credentials(cfg_t *section, const struct subscription_address *address)
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
    struct subscription_address address;
    const char *user_agent = cfg_getstr(section, "user-agent");
    if (!subscription_is_name(cfg_title(section)))
        return config_refuse(cfg, option,
                             "\"%.80s\" is no name: 1 to %u letters, digits, '.', '_' or '-'",
                             cfg_title(section), SUBSCRIPTION_NAME_MAX);
    if (!cfg_getstr(section, "url"))
        return config_refuse(section, cfg_getopt(section, "url"), "is missing");
    const char *trouble = subscription_url_trouble(cfg_getstr(section, "url"), &address);
    if (trouble)
        return config_refuse(section, cfg_getopt(section, "url"), "%s", trouble);
    if (user_agent && (!*user_agent || strpbrk(user_agent, "\r\n")))
        return config_refuse(section, cfg_getopt(section, "user-agent"), "must be one line");
    if (check_credentials(section, &address) || check_headers(section) || check_readers(section) ||
        check_category(section) || check_proxy(section, cfg_getopt(section, "proxy")))
        return -1;
    return 0;
}

static struct subscription_config take(cfg_t *section)
{
    struct subscription_config subscription = {0};
    const char *user_agent = cfg_getstr(section, "user-agent");
    subscription.name = memory_text(cfg_title(section));
    subscription.place = config_place(section);
    subscription.readers = take_readers(section);
    subscription.category = memory_text(cfg_getstr(section, "category"));
    subscription_take_url(&subscription, cfg_getstr(section, "url"));
    if (cfg_getstr(section, "user")) {
        subscription.user = memory_text(cfg_getstr(section, "user"));
        subscription.password = memory_text(cfg_getstr(section, "password"));
    }
    subscription.mode = (enum feed_mode)cfg_getint(section, "mode");
    if (cfg_size(section, "footer"))
        subscription.footer = cfg_getbool(section, "footer") ? FOOTER_ON : FOOTER_OFF;
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

struct subscription_config subscription_copy(const struct subscription_config *subscription)
{
    struct subscription_config copy = *subscription;
    copy.name = memory_text(subscription->name);
    copy.place = memory_text(subscription->place);
    copy.readers = memory_text(subscription->readers);
    copy.title = memory_text(subscription->title);
    copy.category = memory_text(subscription->category);
    copy.url = memory_text(subscription->url);
    copy.user_agent = memory_text(subscription->user_agent);
    copy.headers = memory_new(copy.header_count * sizeof(char *));
    for (size_t i = 0; i < copy.header_count; i++)
        copy.headers[i] = memory_text(subscription->headers[i]);
    copy.user = memory_text(subscription->user);
    copy.password = memory_text(subscription->password);
    copy.proxy = memory_text(subscription->proxy);
    return copy;
}

void subscription_clear(struct subscription_config *subscription)
{
    for (size_t i = 0; i < subscription->header_count; i++)
        free(subscription->headers[i]);
    free(subscription->headers);
    free(subscription->name);
    free(subscription->place);
    free(subscription->readers);
    free(subscription->title);
    free(subscription->category);
    free(subscription->url);
    free(subscription->user_agent);
    free(subscription->user);
    free(subscription->password);
    free(subscription->proxy);
}

void subscriptions_free(struct subscription_config *subscriptions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        subscription_clear(&subscriptions[i]);
    free(subscriptions);
}

static int compare_places(const void *left, const void *right, void *context)
{
    const struct config *config = context;
    return strcmp(config->subscriptions[*(const size_t *)left].name,
                  config->subscriptions[*(const size_t *)right].name);
}

void subscriptions_sort(struct config *config)
{
    size_t count = config->subscription_count;
    config->subscriptions_by_name = memory_new((count + 1) * sizeof(size_t));
    for (size_t i = 0; i < count; i++)
        config->subscriptions_by_name[i] = i;
    qsort_r(config->subscriptions_by_name, count, sizeof(size_t), compare_places, config);
}

static int compare_texts(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int compare_sources(const void *left, const void *right)
{
    const struct subscription_config *a = *(const struct subscription_config *const *)left;
    const struct subscription_config *b = *(const struct subscription_config *const *)right;
    int order = strcmp(a->url, b->url);
    return order ? order : compare_texts(a->user, b->user);
}

static int compare_order(const void *left, const void *right)
{
    const struct subscription_config *a = *(const struct subscription_config *const *)left;
    const struct subscription_config *b = *(const struct subscription_config *const *)right;
    int order = compare_sources(left, right);
    return order ? order : (a > b) - (a < b);
}

void subscriptions_check_urls(const struct config *config)
{
    size_t count = config->subscription_count;
    const struct subscription_config **sorted = memory_new(count * sizeof *sorted), *first = NULL;
    for (size_t i = 0; i < count; i++)
        sorted[i] = &config->subscriptions[i];
    if (count)
        qsort(sorted, count, sizeof *sorted, compare_order);
    for (size_t i = 0; i < count; i++) {
        char what[400];
        if (!first || compare_sources(&first, &sorted[i]) != 0) {
            first = sorted[i];
            continue;
        }
        snprintf(what, sizeof what, "%.200s: feed \"%s\" has the url of feed \"%s\": take one out",
                 sorted[i]->place, sorted[i]->name, first->name);
        config_warn_of_file(NULL, 0, what);
    }
    free(sorted);
}

const struct subscription_config *config_subscription(const struct config *config, const char *name)
{
    size_t low = 0, high = config->subscription_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct subscription_config *at =
            &config->subscriptions[config->subscriptions_by_name[middle]];
        int order = strcmp(name, at->name);
        if (order == 0)
            return at;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
