#include "feedfilter/held_page.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "feedfilter/feed_duplicates.h"
#include "feedfilter/held_feed.h"

/* The first rel="self" is that of the feed. */
static void set_own_of_held(struct page *page, struct span feed)
{
    const char *self = memmem(feed.data, feed.length, "rel=\"self\"", 10);
    const char *end = feed.data + feed.length;
    const char *own = self ? memmem(self, (size_t)(end - self), "/q/", 3) : NULL;
    size_t place = own ? (size_t)(own - feed.data) : 0;
    page_set_own(page, &place, own ? 1 : 0, 1, false);
}

struct feed_now {
    const struct config *config;
    const struct subscription_config *own; /* NULL: removed */
};

static bool stands_for(const void *context, const char *name)
{
    const struct feed_now *now = context;
    return now->own && feed_duplicates_stand_for(now->config, now->own, name);
}

static struct page *make_held_page(struct records *records, struct link_keys *link_keys,
                                   const struct subscription *subscription,
                                   const struct config *config,
                                   const struct subscription_config *own)
{
    struct error error = {0};
    const struct feed_now now = {config, own};
    const struct held_feed_stands stands = {stands_for, &now};
    struct item_links links;
    bool has_links = own && item_links_read(link_keys, config, own, &links);
    struct arena *arena = arena_new();
    struct page *page = NULL;
    char address[400];
    size_t count;
    time_t changed;
    snprintf(address, sizeof address, "%s/q/%s", config->feedfilter.public_url, subscription->name);
    struct span feed =
        held_feed(arena, records, span_of(config->gateway), span_of(subscription->name), address,
                  has_links ? &links : NULL, &stands, &count, &changed, &error);
    explicit_bzero(&links, sizeof links);
    if (feed.length) {
        page = page_new(&feed, 1, "application/atom+xml; charset=utf-8", changed);
        set_own_of_held(page, feed);
    }
    arena_free(arena);
    return page;
}

struct change_of_feed {
    const char *name;
    bool changed;
};

static bool note_change(void *context, const char *feed)
{
    struct change_of_feed *change = context;
    change->changed = change->changed || strcmp(feed, change->name) == 0;
    return true;
}

/* The page that was made last, retained, when nothing of the feed changed after it. All who ask
 * share one, however slowly they read. `*change` is up to where that was looked at. */
static struct page *last_held_page(struct records *records, struct subscription *subscription,
                                   int64_t *change)
{
    struct error error = {0};
    struct change_of_feed seen = {.name = subscription->name};
    pthread_mutex_lock(&subscription->lock);
    struct page *page = subscription->held_page ? page_retain(subscription->held_page) : NULL;
    *change = subscription->held_page_change;
    pthread_mutex_unlock(&subscription->lock);
    bool good = records_held_changes(records, change, note_change, &seen, &error);
    if (page && good && !seen.changed)
        return page;
    page_release(page);
    return NULL;
}

struct page *held_page(struct records *records, struct link_keys *link_keys,
                       struct subscription *subscription)
{
    int64_t change;
    struct page *page = last_held_page(records, subscription, &change);
    if (page)
        return page;
    pthread_mutex_lock(&subscription->lock);
    struct config *config = config_retain(subscription->config);
    const struct subscription_config *own = subscription->own;
    const struct page *shown = subscription->page; /* only compared */
    pthread_mutex_unlock(&subscription->lock);
    page = make_held_page(records, link_keys, subscription, config, own);
    pthread_mutex_lock(&subscription->lock);
    if (page && subscription->config == config && subscription->page == shown) {
        page_release(subscription->held_page);
        subscription->held_page = page_retain(page);
        subscription->held_page_change = change;
    }
    pthread_mutex_unlock(&subscription->lock);
    config_release(config);
    return page ? page : page_error(503, "the records cannot be read", HELD_PAGE_RETRY_S);
}
