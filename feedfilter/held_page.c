#include "feedfilter/held_page.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "feedfilter/feed_duplicates.h"
#include "feedfilter/held_feed.h"

/* As for the feed's own page. */
#define CLOCK_STEP_S 60

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
    const struct subscription_config *own;
};

static bool stands_for(const void *context, const char *name)
{
    const struct feed_now *now = context;
    return feed_duplicates_stand_for(now->config, now->own, name);
}

/* When a page of those bytes was last another one: not before the time that was told of another,
 * and not before this process, which does not know what was told before it. 0: never, and nothing
 * was told. */
static time_t changed_since(struct subscription *subscription, struct span feed, time_t changed)
{
    char etag[sizeof subscription->held_etag];
    time_t now_s = time(NULL);
    page_tag(&feed, 1, etag);
    pthread_mutex_lock(&subscription->lock);
    time_t *told_s = &subscription->held_changed_s;
    bool first = !*subscription->held_etag, same = strcmp(etag, subscription->held_etag) == 0;
    if (first)
        *told_s = changed ? now_s : 0;
    else if (*told_s > now_s + CLOCK_STEP_S) /* of a clock that was ahead */
        *told_s = now_s;
    else if (!same)
        *told_s = *told_s < changed ? changed : *told_s ? *told_s + 1 : now_s;
    snprintf(subscription->held_etag, sizeof subscription->held_etag, "%s", etag);
    changed = *told_s;
    pthread_mutex_unlock(&subscription->lock);
    return changed;
}

static struct page *make_held_page(struct records *records, struct link_keys *link_keys,
                                   struct subscription *subscription, const struct config *config,
                                   const struct subscription_config *own)
{
    struct error error = {0};
    const struct feed_now now = {config, own};
    const struct held_feed_stands stands = {stands_for, &now};
    struct item_links links;
    bool has_links = item_links_read(link_keys, config, own, &links);
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
        page = page_new(&feed, 1, "application/atom+xml; charset=utf-8",
                        changed_since(subscription, feed, changed));
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
    /* Kept, so that no other page comes to lie in its place, and is taken for it. */
    struct page *shown = subscription->page ? page_retain(subscription->page) : NULL;
    pthread_mutex_unlock(&subscription->lock);
    if (!own) {
        page_release(shown);
        return NULL;
    }
    page = make_held_page(records, link_keys, subscription, config, own);
    pthread_mutex_lock(&subscription->lock);
    if (page && subscription->config == config && subscription->page == shown) {
        page_release(subscription->held_page);
        subscription->held_page = page_retain(page);
        subscription->held_page_change = change;
    }
    pthread_mutex_unlock(&subscription->lock);
    page_release(shown);
    config_release(config);
    return page ? page : page_error(503, "the records cannot be read", HELD_PAGE_RETRY_S);
}
