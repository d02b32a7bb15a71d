#include "feedfilter/serve_answers.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/metrics.h"
#include "core/metrics_sample.h"
#include "feedfilter/feed_list.h"
#include "feedfilter/health.h"
#include "feedfilter/held_page.h"
#include "feedfilter/hub.h"

/* What there is for whoever has `token` (empty: nobody in particular), retained; NULL: nothing. */
static struct subscription *find_for(const struct serve_sources *sources, const char *token,
                                     const char *name)
{
    char reader[READER_NAME_SIZE] = "";
    bool known = !*token || readers_find(sources->readers, token, reader);
    struct subscription *subscription = subscriptions_find(sources->subscriptions, name);
    if (!subscription)
        return NULL;
    pthread_mutex_lock(&subscription->lock);
    bool may = known && subscription->own && readers_allow(subscription->own->readers, reader);
    pthread_mutex_unlock(&subscription->lock);
    if (may)
        return subscription;
    subscription_release(subscription);
    return NULL;
}

static struct page *on_feed(void *context, const char *token, const char *name,
                            struct server_wait *wait)
{
    struct subscription *subscription = find_for(context, token, name);
    struct page *page = NULL;
    if (subscription)
        page = subscription_ask(subscription, wait);
    else
        server_resume(wait, NULL);
    subscription_release(subscription);
    return page;
}

static struct page *on_opml(void *context, const char *token)
{
    const struct serve_sources *sources = context;
    char reader[READER_NAME_SIZE] = "";
    if (*token && !readers_find(sources->readers, token, reader))
        return NULL;
    return feed_list_page(sources->subscriptions, token, reader);
}

static struct page *on_held(void *context, const char *token, const char *name)
{
    const struct serve_sources *sources = context;
    struct subscription *subscription = find_for(sources, token, name);
    if (!subscription)
        return NULL;
    struct records *records = atomic_load(sources->reading);
    struct page *page = records ? held_page(records, sources->link_keys, subscription)
                                : page_error(503, "the records cannot be opened", RECORDS_RETRY_S);
    subscription_release(subscription);
    return page;
}

static struct page *make_health(const struct serve_sources *sources,
                                struct page *(*make)(const struct health *health))
{
    char records_trouble[STORE_TROUBLE_SIZE], cache_trouble[STORE_TROUBLE_SIZE];
    store_trouble_get(sources->records_trouble, records_trouble);
    store_trouble_get(sources->cache_trouble, cache_trouble);
    struct health health = {
        .subscriptions = sources->subscriptions,
        .counts_up = replica_store_up(sources->stores->judge.replica),
        .records_trouble = records_trouble,
        .cache_trouble = cache_trouble,
    };
    return make(&health);
}

static struct page *on_health(void *context)
{
    return make_health(context, health_page);
}

static struct page *on_ready(void *context)
{
    return make_health(context, health_ready_page);
}

static void count_feed(void *context, struct subscription *subscription)
{
    int64_t *feeds = context;
    pthread_mutex_lock(&subscription->lock);
    feeds[subscription_state(subscription)]++;
    pthread_mutex_unlock(&subscription->lock);
}

static struct page *on_metrics(void *context)
{
    const struct serve_sources *sources = context;
    const struct metrics_sources stores = {sources->stores->judge.replica, sources->stores->journal,
                                           sources->journal_limit_bytes};
    metrics_sample_stores(&stores);
    metrics_sample_records(atomic_load(sources->reading));
    int64_t feeds[METRICS_FEED_STATES] = {0};
    subscriptions_visit(sources->subscriptions, count_feed, feeds);
    for (unsigned state = 0; state < METRICS_FEED_STATES; state++)
        metrics_set(METRIC_FEEDS, state, feeds[state]);
    struct span text;
    char *bytes = metrics_text(&text.length);
    text.data = bytes;
    struct page *page = page_new(&text, 1, METRICS_CONTENT_TYPE, 0);
    free(bytes);
    return page;
}

static struct page *on_hub_asks(void *context, const char *name, const char *token,
                                const struct websub_query *query)
{
    const struct serve_sources *sources = context;
    return hub_asks(sources->subscriptions, name, token, query);
}

static struct websub_push *on_hub_sends(void *context, const char *name, const char *token,
                                        const char *signature)
{
    const struct serve_sources *sources = context;
    return hub_sends(sources->subscriptions, name, token, signature);
}

static struct page *on_hub_sent(void *context, const char *name, const char *token, bool fits)
{
    const struct serve_sources *sources = context;
    return hub_sent(sources->subscriptions, name, token, fits);
}

struct server_handlers serve_answers(struct serve_sources *sources)
{
    return (struct server_handlers){.context = sources,
                                    .feed = on_feed,
                                    .held = on_held,
                                    .opml = on_opml,
                                    .health = on_health,
                                    .ready = on_ready,
                                    .metrics = on_metrics,
                                    .hub_asks = on_hub_asks,
                                    .hub_sends = on_hub_sends,
                                    .hub_sent = on_hub_sent};
}
