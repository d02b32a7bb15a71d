#include "feedfilter/fetch_hosts.h"

#include <stdbool.h>
#include <string.h>
#include <xxhash.h>

#include "store/memory.h"

#define BUCKETS 1024u
/* A thread that wakes late makes up for so much, or a busy machine would stretch each interval. */
#define LATE_MS 50

struct fetch_host {
    struct fetch_host *next; /* in its bucket */
    unsigned running;
    int64_t next_ms; /* nothing begins before */
    char name[];
};

struct fetch_hosts {
    unsigned at_once;
    int64_t spacing_ms;
    struct fetch_host *buckets[BUCKETS];
};

struct fetch_hosts *fetch_hosts_new(unsigned at_once, unsigned spacing_ms)
{
    struct fetch_hosts *hosts = memory_new(sizeof *hosts);
    hosts->at_once = at_once;
    hosts->spacing_ms = spacing_ms;
    return hosts;
}

void fetch_hosts_free(struct fetch_hosts *hosts)
{
    for (size_t i = 0; hosts && i < BUCKETS; i++)
        while (hosts->buckets[i]) {
            struct fetch_host *host = hosts->buckets[i];
            hosts->buckets[i] = host->next;
            free(host);
        }
    free(hosts);
}

struct fetch_host *fetch_hosts_find(struct fetch_hosts *hosts, const char *name)
{
    size_t length = strlen(name);
    struct fetch_host **bucket = &hosts->buckets[XXH3_64bits(name, length) % BUCKETS];
    for (struct fetch_host *host = *bucket; host; host = host->next)
        if (!strcmp(host->name, name))
            return host;
    struct fetch_host *host = memory_new(sizeof *host + length + 1);
    memcpy(host->name, name, length);
    host->next = *bucket;
    *bucket = host;
    return host;
}

int64_t fetch_hosts_wait_ms(const struct fetch_hosts *hosts, const struct fetch_host *host,
                            int64_t now_ms)
{
    if (hosts->at_once && host->running >= hosts->at_once)
        return INT64_MAX;
    return host->next_ms > now_ms ? host->next_ms - now_ms : 0;
}

void fetch_hosts_begin(const struct fetch_hosts *hosts, struct fetch_host *host, int64_t now_ms)
{
    host->running++;
    bool in_time = host->next_ms && now_ms - host->next_ms <= LATE_MS;
    host->next_ms = (in_time ? host->next_ms : now_ms) + hosts->spacing_ms;
}

void fetch_hosts_end(struct fetch_host *host)
{
    host->running--;
}
