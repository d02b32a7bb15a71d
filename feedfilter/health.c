#include "feedfilter/health.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/json_writer.h"
#include "feedfilter/readers.h"
#include "feedfilter/store_trouble.h"
#include "store/span.h"

#define READY_RETRY_S 5

struct report {
    struct json_writer *json;
    bool all_well;
    char records_trouble[STORE_TROUBLE_SIZE], cache_trouble[STORE_TROUBLE_SIZE];
};

/* RFC 3339; null: never. */
static void put_time(struct json_writer *json, const char *key, int64_t time_s)
{
    char text[32];
    struct tm parts;
    time_t seconds = (time_t)time_s;
    if (!time_s || !gmtime_r(&seconds, &parts) ||
        !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts))
        json_put_raw(json, key, SPAN("null"));
    else
        json_put_string(json, key, span_of(text));
}

static void put_origin(struct json_writer *json, const char *key, const char *url)
{
    char origin[300];
    if (!url)
        return;
    feed_site_origin(url, origin, sizeof origin);
    json_put_string(json, key, span_of(origin));
}

/* Those of the first feed that has some speak for all. The lock is held. */
static void note_store_trouble(struct report *report, const struct subscription *subscription)
{
    if (subscription->records_trouble && !*report->records_trouble)
        snprintf(report->records_trouble, sizeof report->records_trouble, "%s",
                 subscription->records_trouble);
    if (subscription->cache_trouble && !*report->cache_trouble)
        snprintf(report->cache_trouble, sizeof report->cache_trouble, "%s",
                 subscription->cache_trouble);
}

static void put_counts(struct json_writer *json, const struct subscription *subscription)
{
    json_put_integer(json, "failures", subscription->failures);
    json_put_integer(json, "items", (int64_t)subscription->items);
    json_put_integer(json, "held", (int64_t)subscription->held);
    json_put_integer(json, "tagged", (int64_t)subscription->tagged);
    json_put_integer(json, "put_back", (int64_t)subscription->put_back);
    if (subscription->duplicates)
        json_put_integer(json, "duplicates", (int64_t)subscription->duplicates);
}

static void report_feed(void *context, struct subscription *subscription)
{
    struct report *report = context;
    struct json_writer *json = report->json;
    pthread_mutex_lock(&subscription->lock);
    const struct feed_site *site = &subscription->site;
    /* What only some may read is nameless to everybody who asks. */
    bool hidden = subscription->own && !readers_allow(subscription->own->readers, "");
    json_put_open(json, NULL, '{');
    json_put_string(json, "name", span_of(hidden ? "" : subscription->name));
    json_put_string(json, "state", span_of(metrics_feed_name(subscription_state(subscription))));
    json_put_bool(json, "has_copy", subscription->page != NULL);
    put_time(json, "last_success", subscription->checked_s);
    put_time(json, "next_poll", site->gone_s ? 0 : subscription->next_poll_s);
    put_counts(json, subscription);
    if (subscription->trouble && !hidden)
        json_put_string(json, "trouble", span_of(subscription->trouble));
    if (!hidden)
        put_origin(json, "moved_to", feed_site_moved(site, subscription->failures, time(NULL)));
    if (!hidden)
        put_origin(json, "found_at", site->found);
    if (subscription->websub.state != WEBSUB_NONE)
        json_put_string(json, "websub", span_of(websub_state_name(subscription->websub.state)));
    if (site->gone_s)
        put_time(json, "gone_since", site->gone_s);
    json_put_close(json, '}');
    bool failing = !site->gone_s && subscription->failures;
    report->all_well = report->all_well && !failing && !subscription->unjudged;
    note_store_trouble(report, subscription);
    pthread_mutex_unlock(&subscription->lock);
}

static void put_store(struct json_writer *json, const char *key, const char *trouble_key,
                      const char *trouble)
{
    json_put_string(json, key, span_of(*trouble ? "failing" : "open"));
    if (*trouble)
        json_put_string(json, trouble_key, span_of(trouble));
}

/* The feeds are looked at first, since they tell how all stands. */
struct page *health_page(const struct health *health)
{
    struct json_writer feeds = {.indented = true, .depth = 1}, head = {.indented = true};
    struct report report = {.json = &feeds, .all_well = true};
    snprintf(report.records_trouble, sizeof report.records_trouble, "%s", health->records_trouble);
    snprintf(report.cache_trouble, sizeof report.cache_trouble, "%s", health->cache_trouble);
    json_put_open(&feeds, "feeds", '[');
    subscriptions_visit(health->subscriptions, report_feed, &report);
    json_put_close(&feeds, ']');
    json_put_close(&feeds, '}');
    json_put_newline(&feeds);
    bool well =
        report.all_well && health->counts_up && !*report.records_trouble && !*report.cache_trouble;
    json_put_open(&head, NULL, '{');
    json_put_string(&head, "status", span_of(well ? "ok" : "degraded"));
    json_put_string(&head, "counts", span_of(health->counts_up ? "up" : "away"));
    put_store(&head, "records", "records_trouble", report.records_trouble);
    put_store(&head, "cache", "cache_trouble", report.cache_trouble);
    const struct span pieces[] = {{head.data, head.length}, SPAN(","), {feeds.data, feeds.length}};
    struct page *page = page_new(pieces, 3, "application/json", 0);
    json_writer_free(&head);
    json_writer_free(&feeds);
    return page;
}

static void report_stores(void *context, struct subscription *subscription)
{
    pthread_mutex_lock(&subscription->lock);
    note_store_trouble(context, subscription);
    pthread_mutex_unlock(&subscription->lock);
}

struct page *health_ready_page(const struct health *health)
{
    struct report report = {.all_well = true};
    char line[STORE_TROUBLE_SIZE + 100];
    struct span ready = SPAN("ready\n");
    snprintf(report.records_trouble, sizeof report.records_trouble, "%s", health->records_trouble);
    if (!*report.records_trouble)
        subscriptions_visit(health->subscriptions, report_stores, &report);
    if (!*report.records_trouble)
        return page_new(&ready, 1, "text/plain; charset=utf-8", 0);
    snprintf(line, sizeof line, "nothing new is held: the records of feeds fail: %s",
             report.records_trouble);
    return page_error(503, line, READY_RETRY_S);
}
