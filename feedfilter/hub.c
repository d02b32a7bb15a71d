#include "feedfilter/hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/log.h"
#include "store/memory.h"

#define ORIGIN_SIZE 300

/* A request to a hub that is under way. */
struct request {
    struct subscription *subscription; /* retained */
    char token[WEBSUB_TOKEN_SIZE];     /* that it was about */
};

static void log_hub(enum log_level level, const char *event,
                    const struct subscription *subscription, const char *reason)
{
    char origin[ORIGIN_SIZE];
    feed_site_origin(subscription->websub.hub, origin, sizeof origin);
    log_event(level, event, "feed", subscription->name, "hub", origin, "reason", reason, NULL);
}

/* --- asking --- */

/* In the fetcher's thread. */
static void on_answered(void *context, struct fetch_answer *answer)
{
    struct request *request = context;
    struct subscription *subscription = request->subscription;
    struct websub *websub = &subscription->websub;
    char reason[400];
    pthread_mutex_lock(&subscription->lock);
    if (!websub_is_token(websub, request->token)) {
        websub->asking = false;
    } else if (websub_answered(websub, answer->status, time(NULL))) {
        if (answer->status)
            snprintf(reason, sizeof reason, "it answered %d; the feed is polled meanwhile",
                     answer->status);
        else
            snprintf(reason, sizeof reason, "%.300s; the feed is polled meanwhile",
                     answer->error.message);
        log_hub(LOG_LEVEL_WARNING, "websub-failed", subscription, reason);
    }
    pthread_mutex_unlock(&subscription->lock);
    subscription_release(subscription);
    free(request);
}

/* The lock is held. */
static void ask(struct fetcher *fetcher, struct subscription *subscription)
{
    struct websub *websub = &subscription->websub;
    struct request *request = memory_new(sizeof *request);
    request->subscription = subscription;
    subscription->references++;
    memcpy(request->token, websub->token, sizeof request->token);
    websub->asking = true;
    char *form = websub_form(websub, "subscribe", subscription->name);
    /* Passwords and headers of the subscription are none of the hub's business. */
    struct subscription_config hub = {.url = websub->hub,
                                      .user_agent = subscription->own->user_agent,
                                      .proxy = subscription->own->proxy};
    fetch_start(fetcher, &(struct fetch_request){.subscription = &hub, .form = form}, on_answered,
                request);
    free(form);
}

void hub_tick(struct fetcher *fetcher, struct subscription *subscription)
{
    pthread_mutex_lock(&subscription->lock);
    if (subscription->own && !subscription->stopping && !subscription->site.gone_s &&
        websub_is_due(&subscription->websub, time(NULL)))
        ask(fetcher, subscription);
    pthread_mutex_unlock(&subscription->lock);
}

/* --- answering --- */

/* With its lock held; NULL: there is none of that name whose callback has that token. */
static struct subscription *find(struct subscriptions *subscriptions, const char *name,
                                 const char *token)
{
    struct subscription *subscription = subscriptions_find(subscriptions, name);
    if (!subscription)
        return NULL;
    pthread_mutex_lock(&subscription->lock);
    if (subscription->own && websub_is_token(&subscription->websub, token))
        return subscription;
    pthread_mutex_unlock(&subscription->lock);
    subscription_release(subscription);
    return NULL;
}

static void let_go(struct subscription *subscription)
{
    pthread_mutex_unlock(&subscription->lock);
    subscription_release(subscription);
}

struct page *hub_asks(struct subscriptions *subscriptions, const char *name, const char *token,
                      const struct websub_query *query)
{
    struct subscription *subscription = find(subscriptions, name, token);
    struct page *page = NULL;
    if (!subscription)
        return hub_leaves_answer(subscriptions_leaves(subscriptions), name, token, query);
    bool renewed = subscription->websub.lease_s != 0;
    switch (websub_verify(&subscription->websub, query, time(NULL))) {
    case WEBSUB_CONFIRM:
        page = page_new(&query->challenge, 1, "text/plain", 0);
        subscription->learned = true;
        log_hub(renewed ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "websub-subscribed", subscription,
                "it tells of news from now on");
        break;
    case WEBSUB_ACKNOWLEDGE:
        page = page_error(200, "understood", 0);
        subscription->learned = true;
        log_hub(LOG_LEVEL_NOTICE, "websub-denied", subscription,
                "the hub does not tell of this feed; it is asked again in a day");
        break;
    case WEBSUB_UNKNOWN:
        break;
    }
    let_go(subscription);
    return page;
}

struct websub_push *hub_sends(struct subscriptions *subscriptions, const char *name,
                              const char *token, const char *signature)
{
    struct subscription *subscription = find(subscriptions, name, token);
    if (!subscription)
        return NULL;
    struct websub_push *push = websub_push_new(&subscription->websub, signature);
    let_go(subscription);
    return push;
}

struct page *hub_sent(struct subscriptions *subscriptions, const char *name, const char *token,
                      bool fits)
{
    struct subscription *subscription = find(subscriptions, name, token);
    if (!subscription)
        return NULL;
    if (fits)
        subscription_hint(subscription, time(NULL));
    else if (!subscription->websub.forged_told)
        log_hub(LOG_LEVEL_WARNING, "websub-forged", subscription,
                "what was sent in its name is not signed with our secret, and is passed over");
    subscription->websub.forged_told = !fits;
    let_go(subscription);
    /* Also where it is passed over (8.1): a forger learns nothing. */
    return page_error(202, "accepted", 0);
}
