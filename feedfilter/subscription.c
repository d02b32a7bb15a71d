#include "feedfilter/subscription.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/memory.h"

#define LATE_RETRY_S 10

struct subscription *subscription_new(struct hub_leaves *leaves, struct config *config,
                                      const struct subscription_config *own)
{
    struct subscription *subscription = memory_new(sizeof *subscription);
    subscription->name = memory_text(own->name);
    subscription->leaves = leaves;
    pthread_mutex_init(&subscription->lock, NULL);
    subscription->references = 1;
    subscription->config = config_retain(config);
    subscription->own = own;
    return subscription;
}

struct subscription *subscription_retain(struct subscription *subscription)
{
    pthread_mutex_lock(&subscription->lock);
    subscription->references++;
    pthread_mutex_unlock(&subscription->lock);
    return subscription;
}

void subscription_release(struct subscription *subscription)
{
    if (!subscription)
        return;
    pthread_mutex_lock(&subscription->lock);
    bool last = --subscription->references == 0;
    pthread_mutex_unlock(&subscription->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&subscription->lock);
    page_release(subscription->held_page);
    page_release(subscription->page);
    config_release(subscription->config);
    free(subscription->waiting);
    free(subscription->trouble);
    free(subscription->records_trouble);
    free(subscription->cache_trouble);
    verdicts_told_free(subscription->told);
    feed_site_clear(&subscription->site);
    websub_clear(&subscription->websub);
    free(subscription->etag);
    free(subscription->last_modified);
    free(subscription->name);
    free(subscription);
}

/* What a reader is told while there is nothing good to give; NULL: there is no such feed any more.
 * The lock is held. */
static struct page *trouble_page(const struct subscription *subscription)
{
    char line[600];
    int64_t after_s = subscription->next_poll_s - time(NULL);
    if (!subscription->own)
        return NULL;
    if (!subscription->trouble)
        return page_error(503, "the gateway is stopping", 10);
    snprintf(line, sizeof line, "%s: %s", subscription->name, subscription->trouble);
    if (subscription->site.gone_s)
        return page_error(410, line, 0);
    return page_error(502, line, after_s > 0 ? after_s : 1);
}

/* For a reader that waited long enough. */
static struct page *late_page(const struct subscription *subscription)
{
    char line[200];
    snprintf(line, sizeof line, "%s: its site has not answered yet", subscription->name);
    return page_error(503, line, LATE_RETRY_S);
}

void subscription_answer(struct subscription *subscription, struct page *page)
{
    for (size_t i = 0; i < subscription->waiting_count; i++)
        server_resume(subscription->waiting[i],
                      page ? page_retain(page) : trouble_page(subscription));
    free(subscription->waiting);
    subscription->waiting = NULL;
    subscription->waiting_count = 0;
}

void subscription_end_waits(struct subscription *subscription)
{
    size_t left = 0;
    for (size_t i = 0; i < subscription->waiting_count; i++) {
        struct server_wait *wait = subscription->waiting[i];
        if (server_wait_is_over(wait))
            server_resume(wait, late_page(subscription));
        else
            subscription->waiting[left++] = wait;
    }
    subscription->waiting_count = left;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Whether both would get the same answer from upstream. */
static bool same_upstream(const struct subscription_config *a, const struct subscription_config *b)
{
    if (a->header_count != b->header_count)
        return false;
    for (size_t i = 0; i < a->header_count; i++)
        if (strcmp(a->headers[i], b->headers[i]) != 0)
            return false;
    return same_text(a->url, b->url) && same_text(a->user, b->user) &&
           same_text(a->password, b->password) && same_text(a->user_agent, b->user_agent) &&
           same_text(a->proxy, b->proxy);
}

/* What is served comes from another place from now on. */
static void forget_upstream(struct subscription *subscription)
{
    page_release(subscription->page);
    subscription->page = NULL;
    free(subscription->etag);
    free(subscription->last_modified);
    subscription->etag = subscription->last_modified = NULL;
    subscription->generation++;
    subscription->provisional = false;
    subscription->unrecorded = subscription->failures = subscription->pages = 0;
    free(subscription->trouble);
    free(subscription->records_trouble);
    free(subscription->cache_trouble);
    subscription->trouble = subscription->records_trouble = subscription->cache_trouble = NULL;
    subscription->remark = NULL;
    subscription->unjudged = subscription->copy_not_kept = false;
    subscription->checked_s = subscription->next_poll_s = subscription->filtered_s = 0;
    subscription->feed_poll_s = subscription->skip_hours = subscription->skip_days = 0;
    feed_site_clear(&subscription->site);
    websub_clear(&subscription->websub);
    subscription->items = subscription->held = subscription->tagged = subscription->put_back = 0;
    subscription->duplicates = subscription->noted = 0;
}

static bool same_footer(const struct config *a, const struct config *b,
                        const struct subscription_config *own_a,
                        const struct subscription_config *own_b)
{
    bool has = config_has_footer(a, own_a);
    return has == config_has_footer(b, own_b) &&
           (!has || (same_text(a->console.public_url, b->console.public_url) &&
                     same_text(a->feedfilter.link_key_file, b->feedfilter.link_key_file) &&
                     a->digest.language == b->digest.language && a->held.keep_s == b->held.keep_s));
}

static bool same_output(const struct config *a, const struct config *b,
                        const struct subscription_config *own_a,
                        const struct subscription_config *own_b)
{
    return own_a->mode == own_b->mode && a->feedfilter.mode == b->feedfilter.mode &&
           same_text(a->feedfilter.public_url, b->feedfilter.public_url) &&
           same_text(a->feedfilter.websub_url, b->feedfilter.websub_url) &&
           a->feedfilter.put_back_s == b->feedfilter.put_back_s &&
           a->feedfilter.deduplicate == b->feedfilter.deduplicate &&
           (a->feedfilter.deduplicate == DEDUPLICATE_OFF ||
            a->digest.language == b->digest.language) &&
           same_footer(a, b, own_a, own_b);
}

bool subscription_configure(struct subscription *subscription, struct config *config,
                            const struct subscription_config *own)
{
    pthread_mutex_lock(&subscription->lock);
    struct config *former = subscription->config;
    const struct subscription_config *former_own = subscription->own;
    bool moved = own && former_own && !same_upstream(former_own, own);
    bool changed = own && (moved || !former_own || !same_output(former, config, former_own, own));
    /* One that is removed may wait long for its fetch to end, and must not keep all other feeds'
     * sections for that while. */
    subscription->config = own ? config_retain(config) : NULL;
    subscription->own = own;
    page_release(subscription->held_page);
    subscription->held_page = NULL;
    if (former_own && (moved || !own))
        hub_leave(subscription->leaves, subscription->name, &subscription->websub, former_own);
    if (moved)
        forget_upstream(subscription);
    if (!own)
        subscription_answer(subscription, NULL);
    pthread_mutex_unlock(&subscription->lock);
    config_release(former);
    return changed;
}

enum metrics_feed subscription_state(const struct subscription *subscription)
{
    return subscription->site.gone_s ? METRICS_FEED_GONE
           : subscription->failures  ? METRICS_FEED_FAILING
           : subscription->unjudged  ? METRICS_FEED_UNJUDGED
           : subscription->page      ? METRICS_FEED_OK
                                     : METRICS_FEED_WAITING;
}

void subscription_hint(struct subscription *subscription, int64_t now_s)
{
    int64_t due_s = subscription->polled_s + subscription->config->feedfilter.poll_min_s;
    if (due_s < now_s || due_s > now_s + subscription->config->feedfilter.poll_min_s)
        due_s = now_s;
    subscription->hinted = true; /* for a poll that is under way: it may have come too early */
    if (due_s < subscription->next_poll_s)
        subscription->next_poll_s = due_s;
}

struct page *subscription_ask(struct subscription *subscription, struct server_wait *wait)
{
    struct page *page = NULL;
    pthread_mutex_lock(&subscription->lock);
    subscription->asked = true;
    if (!subscription->own) {
        server_resume(wait, NULL);
    } else if (subscription->page) {
        page = page_retain(subscription->page);
    } else if (subscription->trouble || subscription->stopping) {
        page = trouble_page(subscription);
    } else {
        subscription->waiting =
            memory_resize(subscription->waiting,
                          (subscription->waiting_count + 1) * sizeof *subscription->waiting);
        subscription->waiting[subscription->waiting_count++] = wait;
    }
    pthread_mutex_unlock(&subscription->lock);
    return page;
}
