#include "feedfilter/health.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "feedfilter/readers.h"
#include "feedfilter/store_trouble.h"
#include "store/span.h"

#define READY_RETRY_S 5

struct report {
    json_t *feeds;
    bool all_well;
    char records_trouble[STORE_TROUBLE_SIZE], cache_trouble[STORE_TROUBLE_SIZE];
};

/* RFC 3339; null: never. */
static json_t *time_json(int64_t time_s)
{
    char text[32];
    struct tm parts;
    time_t seconds = (time_t)time_s;
    if (!time_s || !gmtime_r(&seconds, &parts) ||
        !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts))
        return json_null();
    return json_string(text);
}

static void set_origin(json_t *feed, const char *key, const char *url)
{
    char origin[300];
    if (!url)
        return;
    feed_site_origin(url, origin, sizeof origin);
    json_object_set_new(feed, key, json_string(origin));
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

static void report_feed(void *context, struct subscription *subscription)
{
    struct report *report = context;
    pthread_mutex_lock(&subscription->lock);
    enum metrics_feed state = subscription_state(subscription);
    /* What only some may read is nameless to everybody who asks. */
    bool hidden = subscription->own && !readers_allow(subscription->own->readers, "");
    json_t *feed =
        json_pack("{s:s, s:s, s:b, s:o, s:o, s:i, s:I, s:I, s:I, s:I}", "name",
                  hidden ? "" : subscription->name, "state", metrics_feed_name(state), "has_copy",
                  subscription->page != NULL, "last_success", time_json(subscription->checked_s),
                  "next_poll", time_json(subscription->site.gone_s ? 0 : subscription->next_poll_s),
                  "failures", (int)subscription->failures, "items", (json_int_t)subscription->items,
                  "held", (json_int_t)subscription->held, "tagged",
                  (json_int_t)subscription->tagged, "put_back", (json_int_t)subscription->put_back);
    if (subscription->duplicates)
        json_object_set_new(feed, "duplicates", json_integer((json_int_t)subscription->duplicates));
    if (*subscription->trouble && !hidden)
        json_object_set_new(feed, "trouble", json_string(subscription->trouble));
    const struct feed_site *site = &subscription->site;
    if (!hidden && site->moved_told)
        set_origin(feed, "moved_to", site->moved_to);
    if (!hidden)
        set_origin(feed, "found_at", site->found);
    if (subscription->websub.state != WEBSUB_NONE)
        json_object_set_new(feed, "websub",
                            json_string(websub_state_name(subscription->websub.state)));
    if (site->gone_s)
        json_object_set_new(feed, "gone_since", time_json(site->gone_s));
    bool failing = !site->gone_s && subscription->failures;
    report->all_well = report->all_well && !failing && !subscription->unjudged;
    note_store_trouble(report, subscription);
    pthread_mutex_unlock(&subscription->lock);
    json_array_append_new(report->feeds, feed);
}

static void set_store(json_t *all, const char *key, const char *trouble_key, const char *trouble)
{
    json_object_set_new(all, key, json_string(*trouble ? "failing" : "open"));
    if (*trouble)
        json_object_set_new(all, trouble_key, json_string(trouble));
}

struct page *health_page(const struct health *health)
{
    struct report report = {.feeds = json_array(), .all_well = true};
    snprintf(report.records_trouble, sizeof report.records_trouble, "%s", health->records_trouble);
    snprintf(report.cache_trouble, sizeof report.cache_trouble, "%s", health->cache_trouble);
    subscriptions_visit(health->subscriptions, report_feed, &report);
    bool well =
        report.all_well && health->counts_up && !*report.records_trouble && !*report.cache_trouble;
    json_t *all = json_pack("{s:s, s:s}", "status", well ? "ok" : "degraded", "counts",
                            health->counts_up ? "up" : "away");
    set_store(all, "records", "records_trouble", report.records_trouble);
    set_store(all, "cache", "cache_trouble", report.cache_trouble);
    json_object_set_new(all, "feeds", report.feeds);
    char *text = json_dumps(all, JSON_INDENT(2));
    struct span piece = span_of(text ? text : "{}");
    struct page *page = page_new(&piece, 1, "application/json", 0);
    free(text);
    json_decref(all);
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
    struct report report = {.feeds = NULL};
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
