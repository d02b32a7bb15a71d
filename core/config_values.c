#include "core/config_values.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/config.h"
#include "core/config_complaint.h"
#include "store/counts.h"
#include "store/memory.h"

#define DAY_MS (24L * 3600 * 1000)

static bool number_of(const char *text, double *number, const char **rest)
{
    char *end;
    *number = strtod(text, &end);
    *rest = end;
    return end != text && isfinite(*number) && !strpbrk(text, "xXpP");
}

int config_parse_probability(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    double number;
    const char *rest;
    if (!strcasecmp(value, "never"))
        number = THRESHOLD_NEVER;
    else if (!number_of(value, &number, &rest) || *rest)
        return config_refuse(cfg, option, "\"%.60s\" is neither a number nor \"never\"", value);
    else if (number < 0 || number > 1)
        return config_refuse(cfg, option, "%.60s is not a probability (0 to 1)", value);
    *(double *)result = number;
    return 0;
}

int config_parse_share(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    double number;
    const char *rest;
    if (!number_of(value, &number, &rest) || *rest)
        return config_refuse(cfg, option, "\"%.60s\" is not a number", value);
    if (!(number >= 0 && number <= 1))
        return config_refuse(cfg, option, "%.60s is no share (0 to 1)", value);
    *(double *)result = number;
    return 0;
}

int config_parse_log_odds(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    double number;
    const char *rest;
    if (!number_of(value, &number, &rest) || *rest)
        return config_refuse(cfg, option, "\"%.60s\" is not a number", value);
    if (number < -20 || number > 20)
        return config_refuse(cfg, option, "%.60s is out of range (-20 to 20)", value);
    *(double *)result = number;
    return 0;
}

struct unit {
    const char *name;
    long factor;
};

/* A number and the name of one of `units` (up to the one without a name), from `least` to `most`
 * in the smallest unit. */
static int parse_with_unit(cfg_t *cfg, const cfg_opt_t *option, const char *value,
                           const struct unit *units, const char *what, long least, long most,
                           long *result)
{
    double number;
    const char *rest;
    if (number_of(value, &number, &rest)) {
        for (const struct unit *unit = units; unit->name; unit++) {
            if (strcasecmp(rest, unit->name) != 0)
                continue;
            double whole = number * (double)unit->factor;
            if (whole < (double)least || whole > (double)most)
                return config_refuse(cfg, option, "%.60s is out of range", value);
            *result = (long)whole;
            return 0;
        }
    }
    return config_refuse(cfg, option, "\"%.60s\" is not %s", value, what);
}

int config_parse_duration(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    static const struct unit units[] = {{"ms", 1},          {"s", 1000},   {"m", 60000},
                                        {"h", DAY_MS / 24}, {"d", DAY_MS}, {NULL, 0}};
    return parse_with_unit(cfg, option, value, units,
                           "a duration: a number and ms, s, m, h or d, as in 500ms or 10m", 1,
                           20 * DAY_MS, result);
}

int config_parse_size(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    static const struct unit units[] = {{"", 1}, {"k", 1L << 10}, {"M", 1L << 20}, {NULL, 0}};
    return parse_with_unit(cfg, option, value, units,
                           "a size: a number of bytes, or with k or M behind it", 1024, 1L << 30,
                           result);
}

/* Whole seconds. */
int config_parse_age(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    static const struct unit units[] = {{"s", 1},     {"m", 60},          {"h", 3600},
                                        {"d", 86400}, {"y", 365 * 86400}, {NULL, 0}};
    return parse_with_unit(cfg, option, value, units,
                           "an age: a number and s, m, h, d or y, as in 30d", 0, 100L * 365 * 86400,
                           result);
}

int config_parse_large_size(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    static const struct unit units[] = {
        {"", 1}, {"k", 1L << 10}, {"M", 1L << 20}, {"G", 1L << 30}, {NULL, 0}};
    return parse_with_unit(cfg, option, value, units,
                           "a size: a number of bytes, or with k, M or G behind it", 1L << 20,
                           1L << 50, result);
}

int config_parse_count(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    static const struct unit units[] = {{"", 1}, {NULL, 0}};
    return parse_with_unit(cfg, option, value, units, "a whole number", 0, 1000000, result);
}

int config_parse_mode(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    if (!strcasecmp(value, "observe"))
        *(long *)result = MODE_OBSERVE;
    else if (!strcasecmp(value, "enforce"))
        *(long *)result = MODE_ENFORCE;
    else
        return config_refuse(cfg, option, "\"%.60s\" is neither observe nor enforce", value);
    return 0;
}

int config_parse_deduplicate(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    if (!strcasecmp(value, "off"))
        *(long *)result = DEDUPLICATE_OFF;
    else if (!strcasecmp(value, "category"))
        *(long *)result = DEDUPLICATE_CATEGORY;
    else if (!strcasecmp(value, "all"))
        *(long *)result = DEDUPLICATE_ALL;
    else
        return config_refuse(cfg, option, "\"%.60s\" is none of off, category and all", value);
    return 0;
}

int config_parse_language(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    if (!strcasecmp(value, "en"))
        *(long *)result = LANGUAGE_ENGLISH;
    else if (!strcasecmp(value, "zh"))
        *(long *)result = LANGUAGE_CHINESE;
    else
        return config_refuse(cfg, option, "\"%.60s\" is neither en nor zh", value);
    return 0;
}

static const char *const feed_modes[] = {
    [FEED_HOLD] = "hold", [FEED_TAG] = "tag", [FEED_PASS] = "pass"};

const char *feed_mode_name(enum feed_mode mode)
{
    return feed_modes[mode];
}

bool feed_mode_find(const char *name, enum feed_mode *mode)
{
    for (size_t i = 0; i < sizeof feed_modes / sizeof *feed_modes; i++)
        if (!strcasecmp(name, feed_modes[i])) {
            *mode = (enum feed_mode)i;
            return true;
        }
    return false;
}

int config_parse_feed_mode(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    enum feed_mode mode;
    if (!feed_mode_find(value, &mode))
        return config_refuse(cfg, option, "\"%.60s\" is none of hold, tag, pass", value);
    *(long *)result = mode;
    return 0;
}

int config_parse_when_stopping(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    if (!strcasecmp(value, "accept"))
        *(long *)result = WHEN_STOPPING_ACCEPT;
    else if (!strcasecmp(value, "tempfail"))
        *(long *)result = WHEN_STOPPING_TEMPFAIL;
    else
        return config_refuse(cfg, option, "\"%.60s\" is neither accept nor tempfail", value);
    return 0;
}

int config_parse_level(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    enum log_level level;
    if (!log_level_from_name(value, &level))
        return config_refuse(cfg, option,
                             "\"%.60s\" is none of error, warning, notice, info, debug", value);
    *(long *)result = (long)level;
    return 0;
}

/* Names go into keys of the store and into logs. */
int config_check_name(cfg_t *cfg, cfg_opt_t *option)
{
    const char *value = cfg_opt_getstr(option);
    size_t length = value ? strlen(value) : 0;
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)value[i] <= ' ' || value[i] == 0x7f)
            return config_refuse(cfg, option, "a blank in \"%.60s\"", value);
    }
    if (!length || length > 64)
        return config_refuse(cfg, option, "must have 1 to 64 characters");
    return 0;
}

int config_check_path(cfg_t *cfg, cfg_opt_t *option)
{
    const char *value = cfg_opt_getstr(option);
    return value && *value == '/'
               ? 0
               : config_refuse(cfg, option, "\"%.200s\" is no absolute path", value ? value : "");
}

int config_check_counts_url(cfg_t *cfg, cfg_opt_t *option)
{
    struct error error = {0};
    const char *url = cfg_opt_getstr(option), *host = url ? strstr(url, "://") : NULL;
    struct counts_store *store = counts_open(url, NULL, &error);
    counts_close(store);
    if (host && memchr(host + 3, '@', strcspn(host + 3, "/")))
        config_note_secret(cfg, option);
    return store ? 0 : config_refuse(cfg, option, "%s", error.message);
}

/* inet:address:port, or inet:port@address, libmilter's own way. */
static bool has_port(const char *socket)
{
    const char *at = strchr(socket, '@'), *colon = at ? strchr(socket, ':') : strrchr(socket, ':');
    char *end;
    unsigned long port = strtoul(colon + 1, &end, 10);
    return colon[1] >= '0' && colon[1] <= '9' && *end == (at ? '@' : '\0') && port >= 1 &&
           port <= 65535;
}

int config_check_socket(cfg_t *cfg, cfg_opt_t *option)
{
    static const char *const starts[] = {"inet:", "inet6:", "unix:", "local:", "/"};
    const char *value = cfg_opt_getstr(option);
    for (size_t i = 0; value && i < sizeof starts / sizeof *starts; i++) {
        if (strncmp(value, starts[i], strlen(starts[i])) != 0)
            continue;
        if (starts[i][0] == 'i' && !has_port(value))
            return config_refuse(cfg, option, "\"%.200s\" has no port from 1 to 65535", value);
        return 0;
    }
    return config_refuse(cfg, option, "\"%.200s\" is no socket: inet:address:port or unix:/path",
                         value ? value : "");
}

int config_check_listen(cfg_t *cfg, cfg_opt_t *option)
{
    const char *value = cfg_opt_getstr(option), *colon = value ? strrchr(value, ':') : NULL;
    char address[INET6_ADDRSTRLEN + 2] = "";
    struct network network;
    if (colon && (size_t)(colon - value) < sizeof address) {
        bool bracketed = *value == '[' && colon > value && colon[-1] == ']';
        size_t length = (size_t)(colon - value) - (bracketed ? 2 : 0);
        memcpy(address, value + bracketed, length);
        address[length] = '\0';
        bool is_ipv6 = strchr(address, ':') != NULL;
        if (is_ipv6 == bracketed && !strchr(address, '/') && network_parse(address, &network))
            return has_port(value) ? 0
                                   : config_refuse(cfg, option,
                                                   "\"%.200s\" has no port from 1 to 65535", value);
    }
    return config_refuse(
        cfg, option, "\"%.200s\" is no address and port, as 127.0.0.1:8092 or [::1]:8092 is one",
        value ? value : "");
}

int config_check_public_url(cfg_t *cfg, cfg_opt_t *option)
{
    const char *value = cfg_opt_getstr(option);
    size_t length = value ? strlen(value) : 0;
    if (!length) /* derived from where it listens */
        return 0;
    if ((strncasecmp(value, "http://", 7) && strncasecmp(value, "https://", 8)) ||
        strpbrk(value, " \t\"'&\\<>@?#"))
        return config_refuse(cfg, option, "is no plain http or https URL");
    if (value[length - 1] == '/')
        return config_refuse(cfg, option, "ends with a slash; leave it out");
    return 0;
}

int config_check_networks(cfg_t *cfg, cfg_opt_t *option)
{
    for (unsigned i = 0; i < cfg_opt_size(option); i++) {
        struct network network;
        if (!network_parse(cfg_opt_getnstr(option, i), &network))
            return config_refuse(cfg, option, "\"%.60s\" is no network, as 192.0.2.0/24 is one",
                                 cfg_opt_getnstr(option, i));
    }
    return 0;
}

struct network *config_take_networks(cfg_t *cfg, const char *path, size_t *count)
{
    *count = cfg_size(cfg, path);
    struct network *networks = memory_new(*count * sizeof *networks);
    for (size_t i = 0; i < *count; i++)
        network_parse(cfg_getnstr(cfg, path, (unsigned)i), &networks[i]);
    return networks;
}

unsigned config_seconds_of(cfg_t *cfg, const char *name)
{
    return (unsigned)((cfg_getint(cfg, name) + 999) / 1000);
}
