#include "core/config_restart.h"

#include <stddef.h>
#include <string.h>

#include "core/log.h"

enum kind { TEXT, NUMBER, SIZE };

#define BOTH (CONFIG_MILTER | CONFIG_FEEDFILTER)

static const struct {
    const char *name;
    unsigned programs;
    enum kind kind;
    size_t offset;
} rows[] = {
    {"counts", BOTH, TEXT, offsetof(struct config, counts_url)},
    {"counts-timeout", BOTH, NUMBER, offsetof(struct config, counts_timeout_ms)},
    {"counts-prefix", BOTH, TEXT, offsetof(struct config, counts_prefix)},
    {"records.mail", CONFIG_MILTER, TEXT, offsetof(struct config, records_mail)},
    {"records.feeds", CONFIG_FEEDFILTER, TEXT, offsetof(struct config, records_feeds)},
    {"records.evidence", BOTH, NUMBER, offsetof(struct config, records_evidence)},
    {"journal.mail", CONFIG_MILTER, TEXT, offsetof(struct config, journal.mail)},
    {"journal.feeds", CONFIG_FEEDFILTER, TEXT, offsetof(struct config, journal.feeds)},
    {"journal.size-limit", BOTH, SIZE, offsetof(struct config, journal.size_limit_bytes)},
    {"journal.resend-window", BOTH, NUMBER, offsetof(struct config, journal.resend_window_s)},
    {"milter.socket", CONFIG_MILTER, TEXT, offsetof(struct config, milter.socket)},
    {"metrics.milter", CONFIG_MILTER, TEXT, offsetof(struct config, metrics.milter)},
    {"feedfilter.listen", CONFIG_FEEDFILTER, TEXT, offsetof(struct config, feedfilter.listen)},
    {"feedfilter.cache", CONFIG_FEEDFILTER, TEXT, offsetof(struct config, feedfilter.cache)},
    {"feedfilter.cache-size", CONFIG_FEEDFILTER, SIZE,
     offsetof(struct config, feedfilter.cache_size_bytes)},
    {"feedfilter.size-limit", CONFIG_FEEDFILTER, SIZE,
     offsetof(struct config, feedfilter.size_limit_bytes)},
    {"feedfilter.fetch-timeout", CONFIG_FEEDFILTER, NUMBER,
     offsetof(struct config, feedfilter.fetch_timeout_ms)},
    {"feedfilter.redirects", CONFIG_FEEDFILTER, NUMBER,
     offsetof(struct config, feedfilter.redirects)},
    {"feedfilter.fetches", CONFIG_FEEDFILTER, NUMBER, offsetof(struct config, feedfilter.fetches)},
    {"feedfilter.host-fetches", CONFIG_FEEDFILTER, NUMBER,
     offsetof(struct config, feedfilter.host_fetches)},
    {"feedfilter.host-spacing", CONFIG_FEEDFILTER, NUMBER,
     offsetof(struct config, feedfilter.host_spacing_ms)},
    {"feedfilter.connections", CONFIG_FEEDFILTER, NUMBER,
     offsetof(struct config, feedfilter.connections)},
    {"feedfilter.request-timeout", CONFIG_FEEDFILTER, NUMBER,
     offsetof(struct config, feedfilter.request_timeout_ms)},
};

_Static_assert(sizeof(size_t) == sizeof(uint64_t), "sizes are of one kind");

static bool differs(enum kind kind, const void *a, const void *b)
{
    switch (kind) {
    case TEXT:
        return strcmp(*(char *const *)a, *(char *const *)b) != 0;
    case NUMBER:
        return *(const unsigned *)a != *(const unsigned *)b;
    case SIZE:
        break;
    }
    return *(const uint64_t *)a != *(const uint64_t *)b;
}

static bool networks_differ(const struct config *a, const struct config *b)
{
    size_t count = a->feedfilter.upstream_network_count;
    return count != b->feedfilter.upstream_network_count ||
           (count && memcmp(a->feedfilter.upstream_networks, b->feedfilter.upstream_networks,
                            count * sizeof *a->feedfilter.upstream_networks) != 0);
}

static void tell(const char *name)
{
    log_event(LOG_LEVEL_WARNING, "needs-restart", "setting", name, "still", "as it was at start",
              NULL);
}

void config_restart_log(enum config_program program, const struct config *started,
                        const struct config *now)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *a = (const char *)started + rows[i].offset;
        const char *b = (const char *)now + rows[i].offset;
        if ((rows[i].programs & program) && differs(rows[i].kind, a, b))
            tell(rows[i].name);
    }
    if (program == CONFIG_FEEDFILTER && networks_differ(started, now))
        tell("feedfilter.upstream-networks");
}
