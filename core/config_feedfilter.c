#include "core/config_feedfilter.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/config_complaint.h"
#include "core/config_values.h"
#include "core/feed.h"
#include "store/memory.h"

#define DAY_MS (24L * 3600 * 1000)

static char no_networks[] = "{}"; /* libconfuse takes no const here */
cfg_opt_t feedfilter_options[] = {
    CFG_INT_CB("mode", MODE_OBSERVE, CFGF_NONE, config_parse_mode),
    CFG_STR("listen", "127.0.0.1:8092", CFGF_NONE),
    CFG_STR("public-url", "", CFGF_NONE),
    CFG_STR("websub-url", "", CFGF_NONE),
    CFG_STR("cache", "/var/cache/weir-feed", CFGF_NONE),
    CFG_INT_CB("cache-size", 256L << 20, CFGF_NONE, config_parse_size),
    CFG_INT_CB("size-limit", 32L << 20, CFGF_NONE, config_parse_size),
    CFG_INT_CB("fetch-timeout", 30000, CFGF_NONE, config_parse_duration),
    CFG_INT_CB("redirects", 5, CFGF_NONE, config_parse_count),
    CFG_INT_CB("fetches", 64, CFGF_NONE, config_parse_count),
    CFG_INT_CB("host-fetches", 2, CFGF_NONE, config_parse_count),
    CFG_INT_CB("host-spacing", 1000, CFGF_NONE, config_parse_duration),
    CFG_INT_CB("connections", 500, CFGF_NONE, config_parse_count),
    CFG_INT_CB("request-timeout", 30000, CFGF_NONE, config_parse_duration),
    CFG_INT_CB("poll", 1800000, CFGF_NONE, config_parse_duration),
    CFG_INT_CB("poll-min", 300000, CFGF_NONE, config_parse_duration),
    CFG_INT_CB("poll-max", DAY_MS, CFGF_NONE, config_parse_duration),
    CFG_INT_CB("put-back", 14 * DAY_MS, CFGF_NONE, config_parse_duration),
    CFG_INT_CB("deduplicate", DEDUPLICATE_OFF, CFGF_NONE, config_parse_deduplicate),
    CFG_STR_LIST("upstream-networks", no_networks, CFGF_NONE),
    CFG_STR("feeds-file", "", CFGF_NONE),
    CFG_BOOL("footer", cfg_false, CFGF_NONE),
    CFG_STR("link-key-file", "/var/lib/weir-feed/link.key", CFGF_NONE),
    CFG_END(),
};

int feedfilter_check_cache(cfg_t *cfg, cfg_opt_t *option)
{
    struct stat status;
    if (config_check_path(cfg, option))
        return -1;
    if (stat(cfg_opt_getstr(option), &status) == 0 && !S_ISDIR(status.st_mode))
        return config_refuse(cfg, option, "is no directory");
    return 0;
}

int feedfilter_check(cfg_t *cfg, cfg_opt_t *option)
{
    (void)cfg;
    cfg_t *section = cfg_opt_getnsec(option, cfg_opt_size(option) - 1);
    if (cfg_getint(section, "poll-min") > cfg_getint(section, "poll-max"))
        return config_refuse(section, cfg_getopt(section, "poll-min"), "is more than poll-max");
    if (cfg_getint(section, "size-limit") > (long)FEED_SIZE_LIMIT)
        return config_refuse(section, cfg_getopt(section, "size-limit"), "is more than %u MiB",
                             FEED_SIZE_LIMIT >> 20);
    if (cfg_getint(section, "fetches") < 1 || cfg_getint(section, "fetches") > 1000)
        return config_refuse(section, cfg_getopt(section, "fetches"), "is not from 1 to 1000");
    if (cfg_getint(section, "host-fetches") < 1 || cfg_getint(section, "host-fetches") > 1000)
        return config_refuse(section, cfg_getopt(section, "host-fetches"), "is not from 1 to 1000");
    if (cfg_getint(section, "connections") < 1 || cfg_getint(section, "connections") > 10000)
        return config_refuse(section, cfg_getopt(section, "connections"), "is not from 1 to 10000");
    if (cfg_getint(section, "redirects") > 50)
        return config_refuse(section, cfg_getopt(section, "redirects"), "is more than 50");
    return 0;
}

/* "http://" and where it listens, unless the file says otherwise. */
static char *public_url(cfg_t *section)
{
    char url[300];
    const char *given = cfg_getstr(section, "public-url");
    if (*given)
        return memory_text(given);
    snprintf(url, sizeof url, "http://%s", cfg_getstr(section, "listen"));
    return memory_text(url);
}

void feedfilter_take(cfg_t *section, struct config *config)
{
    config->feedfilter.mode = (enum mode)cfg_getint(section, "mode");
    config->feedfilter.listen = memory_text(cfg_getstr(section, "listen"));
    config->feedfilter.public_url = public_url(section);
    config->feedfilter.websub_url = memory_text(cfg_getstr(section, "websub-url"));
    config->feedfilter.cache = memory_text(cfg_getstr(section, "cache"));
    config->feedfilter.feeds_file = memory_text(cfg_getstr(section, "feeds-file"));
    config->feedfilter.footer = cfg_getbool(section, "footer");
    config->feedfilter.link_key_file = memory_text(cfg_getstr(section, "link-key-file"));
    config->feedfilter.cache_size_bytes = (uint64_t)cfg_getint(section, "cache-size");
    config->feedfilter.size_limit_bytes = (size_t)cfg_getint(section, "size-limit");
    config->feedfilter.fetch_timeout_ms = (unsigned)cfg_getint(section, "fetch-timeout");
    config->feedfilter.redirects = (unsigned)cfg_getint(section, "redirects");
    config->feedfilter.fetches = (unsigned)cfg_getint(section, "fetches");
    config->feedfilter.host_fetches = (unsigned)cfg_getint(section, "host-fetches");
    config->feedfilter.host_spacing_ms = (unsigned)cfg_getint(section, "host-spacing");
    config->feedfilter.connections = (unsigned)cfg_getint(section, "connections");
    config->feedfilter.request_timeout_ms = (unsigned)cfg_getint(section, "request-timeout");
    config->feedfilter.poll_s = config_seconds_of(section, "poll");
    config->feedfilter.poll_min_s = config_seconds_of(section, "poll-min");
    config->feedfilter.poll_max_s = config_seconds_of(section, "poll-max");
    config->feedfilter.put_back_s = config_seconds_of(section, "put-back");
    config->feedfilter.deduplicate = (enum deduplicate)cfg_getint(section, "deduplicate");
    config->feedfilter.upstream_networks = config_take_networks(
        section, "upstream-networks", &config->feedfilter.upstream_network_count);
}

void feedfilter_free(struct config *config)
{
    free(config->feedfilter.listen);
    free(config->feedfilter.public_url);
    free(config->feedfilter.websub_url);
    free(config->feedfilter.cache);
    free(config->feedfilter.feeds_file);
    free(config->feedfilter.link_key_file);
    free(config->feedfilter.upstream_networks);
}
