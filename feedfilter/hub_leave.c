#include "feedfilter/hub_leave.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/log.h"
#include "feedfilter/feed_site.h"
#include "store/memory.h"

#define ORIGIN_SIZE 300
#define TRIES 3u
/* After the first time, and so many times longer after each further one. */
#define AGAIN_S 10
#define LONGER 6

/* One hub that is left. */
struct leave {
    struct leave *next;
    struct hub_leaves *leaves;
    char *name; /* of the subscription */
    struct websub websub;
    char *user_agent, *proxy; /* NULL: none */
    int64_t due_s;
    unsigned tries;
    bool asking;   /* a request is under way */
    bool accepted; /* the hub is to verify until `due_s` that it was us */
    bool over;
};

struct hub_leaves {
    pthread_mutex_t lock;
    struct leave *first;
};

struct hub_leaves *hub_leaves_new(void)
{
    struct hub_leaves *leaves = memory_new(sizeof *leaves);
    pthread_mutex_init(&leaves->lock, NULL);
    return leaves;
}

static void leave_free(struct leave *leave)
{
    websub_clear(&leave->websub);
    free(leave->name);
    free(leave->user_agent);
    free(leave->proxy);
    free(leave);
}

void hub_leaves_free(struct hub_leaves *leaves)
{
    if (!leaves)
        return;
    while (leaves->first) {
        struct leave *leave = leaves->first;
        leaves->first = leave->next;
        leave_free(leave);
    }
    pthread_mutex_destroy(&leaves->lock);
    free(leaves);
}

void hub_leave(struct hub_leaves *leaves, const char *name, const struct websub *websub,
               const struct subscription_config *own)
{
    int64_t now_s = time(NULL);
    if (websub->state == WEBSUB_NONE || websub->lease_s <= now_s)
        return;
    struct leave *leave = memory_new(sizeof *leave);
    leave->leaves = leaves;
    leave->name = memory_text(name);
    leave->user_agent = memory_text(own->user_agent);
    leave->proxy = memory_text(own->proxy);
    leave->due_s = now_s;
    websub_copy(&leave->websub, websub);
    pthread_mutex_lock(&leaves->lock);
    leave->next = leaves->first;
    leaves->first = leave;
    pthread_mutex_unlock(&leaves->lock);
}

/* The lock is held. */
static void end(struct leave *leave, enum log_level level, const char *event, const char *reason)
{
    char origin[ORIGIN_SIZE];
    feed_site_origin(leave->websub.hub, origin, sizeof origin);
    log_event(level, event, "feed", leave->name, "hub", origin, "reason", reason, NULL);
    leave->over = true;
}

/* The lock is held. */
static void failed(struct leave *leave, const char *why)
{
    char reason[400];
    if (leave->tries >= TRIES) {
        snprintf(reason, sizeof reason, "%.300s; it goes on to tell of news until its lease ends",
                 why);
        end(leave, LOG_LEVEL_NOTICE, "websub-not-left", reason);
        return;
    }
    int64_t after_s = AGAIN_S;
    for (unsigned i = 1; i < leave->tries; i++)
        after_s *= LONGER;
    leave->due_s = time(NULL) + after_s;
}

/* In the fetcher's thread. */
static void on_answered(void *context, struct fetch_answer *answer)
{
    struct leave *leave = context;
    struct hub_leaves *leaves = leave->leaves;
    char reason[300];
    pthread_mutex_lock(&leaves->lock);
    leave->asking = false;
    if (answer->status >= 200 && answer->status < 300) {
        leave->accepted = true;
        leave->due_s = time(NULL) + WEBSUB_VERIFY_S;
    } else if (!leave->over) {
        if (answer->status)
            snprintf(reason, sizeof reason, "it answered %d", answer->status);
        else
            snprintf(reason, sizeof reason, "%.280s", answer->error.message);
        failed(leave, reason);
    }
    pthread_mutex_unlock(&leaves->lock);
}

/* The lock is held. */
static void ask(struct fetcher *fetcher, struct leave *leave)
{
    leave->tries++;
    leave->asking = true;
    char *form = websub_form(&leave->websub, "unsubscribe", leave->name);
    struct subscription_config hub = {
        .url = leave->websub.hub, .user_agent = leave->user_agent, .proxy = leave->proxy};
    fetch_start(fetcher, &(struct fetch_request){.subscription = &hub, .form = form}, on_answered,
                leave);
    free(form);
}

void hub_leaves_tick(struct hub_leaves *leaves, struct fetcher *fetcher)
{
    int64_t now_s = time(NULL);
    pthread_mutex_lock(&leaves->lock);
    for (struct leave **at = &leaves->first; *at;) {
        struct leave *leave = *at;
        bool due = now_s >= leave->due_s || leave->due_s > now_s + WEBSUB_VERIFY_S;
        if (due && !leave->over && !leave->asking && leave->accepted)
            end(leave, LOG_LEVEL_NOTICE, "websub-not-left",
                "it did not ask whether it was us; what it sends is passed over");
        else if (due && !leave->over && !leave->asking)
            ask(fetcher, leave);
        if (leave->over && !leave->asking) {
            *at = leave->next;
            leave_free(leave);
        } else {
            at = &leave->next;
        }
    }
    pthread_mutex_unlock(&leaves->lock);
}

struct page *hub_leaves_answer(struct hub_leaves *leaves, const char *name, const char *token,
                               const struct websub_query *query)
{
    struct page *page = NULL;
    pthread_mutex_lock(&leaves->lock);
    for (struct leave *leave = leaves->first; leave && !page; leave = leave->next) {
        if (strcmp(leave->name, name) != 0 || !websub_is_token(&leave->websub, token) ||
            leave->over || !(leave->asking || leave->accepted) ||
            !websub_asks(&leave->websub, query, "unsubscribe"))
            continue;
        page = page_new(&query->challenge, 1, "text/plain", 0);
        end(leave, LOG_LEVEL_INFO, "websub-left", "it tells of news no more");
    }
    pthread_mutex_unlock(&leaves->lock);
    return page;
}
