/* subscription: one feed that readers subscribe to: what they get now, who waits for it, and how it
 * stands with upstream. Plain data under one lock; feedfilter/refresh.h moves it. */
#ifndef WEIR_SUBSCRIPTION_H
#define WEIR_SUBSCRIPTION_H

#include "core/config.h"
#include "core/metrics.h"
#include "feedfilter/feed_site.h"
#include "feedfilter/hub_leave.h"
#include "feedfilter/page.h"
#include "feedfilter/server.h"
#include "feedfilter/verdicts_told.h"
#include "feedfilter/websub.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define SUBSCRIPTION_TROUBLE_SIZE 512

struct subscription {
    char *name;
    struct hub_leaves *leaves; /* lent: for hubs that are left */
    pthread_mutex_t lock;      /* of what follows */
    unsigned references;

    struct config *config;                 /* in force, retained; */
    const struct subscription_config *own; /* its section about this feed. Both NULL: removed */

    struct page *page;        /* what readers get; NULL: nothing yet */
    struct page *held_page;   /* what /q/NAME answered last; NULL: must be made */
    int64_t held_page_change; /* of the records, up to which it stands */
    char held_etag[PAGE_TAG_SIZE];
    time_t
        held_changed_s; /* its Last-Modified, and what it was of; empty: it was never asked for */
    struct server_wait **waiting;
    size_t waiting_count;

    unsigned generation;   /* rises when upstream becomes another: what was under way is void */
    bool stopping;         /* the server ends: nobody waits any more */
    bool busy;             /* a fetch or a job is under way */
    bool filter_again;     /* what readers get may have changed though upstream has not */
    bool provisional;      /* judged while the counts store was away: to be judged again */
    unsigned unrecorded;   /* times in a row that the records failed while it was judged */
    char *records_trouble; /* why, in words for everybody; NULL: they did not */
    struct verdicts_told *told; /* see feed_judge.h; of whoever works on it */
    unsigned failures;          /* polls in a row that brought nothing good */
    unsigned pages;             /* polls in a row that brought a page (HTML) */
    char *trouble;              /* of the last of them, one line without URL; NULL: none */
    const char *remark;  /* what was last logged about its page; NULL: nothing, or it is over */
    bool unjudged;       /* what its items are cannot be told: the whole passes */
    bool copy_not_kept;  /* what readers get is newer than the copy in the cache; that was logged */
    char *cache_trouble; /* why, where the disk is to blame, as records_trouble; NULL: nothing is */
    int64_t checked_s;   /* last poll that succeeded, 304 too; 0: never */
    int64_t next_poll_s; /* what is due is polled before all else, unless `busy`; every job ends */
    int64_t filtered_s;  /* when `page` was made */
    unsigned feed_poll_s; /* as the feed says; 0: it does not */
    uint32_t skip_hours;  /* the same, as struct feed has them */
    uint8_t skip_days;
    bool asked;            /* a reader asked for it since the last poll */
    struct feed_site site; /* what is known of upstream beyond that */
    struct websub websub;  /* its hub; */
    bool hinted;           /* which said that there is news since the last poll began */
    bool learned;          /* something about either that a restart is to know */
    int64_t polled_s;      /* when the last poll began */
    size_t items, held, tagged, put_back;
    size_t duplicates;   /* left out, since another feed shows the same story */
    size_t noted;        /* for which other feeds left theirs out */
    unsigned freed_seen; /* refresh_parts.stories_freed when that was last looked at */
    uint64_t told_mark;  /* of what feed_states told the records last */

    /* Of upstream's copy at hand; NULL: not given. */
    char *etag, *last_modified;
};

/* One reference is the caller's. `config` is retained; `own` lies in it. */
struct subscription *subscription_new(struct hub_leaves *leaves, struct config *config,
                                      const struct subscription_config *own);
struct subscription *subscription_retain(struct subscription *subscription);
void subscription_release(struct subscription *subscription); /* NULL is fine */

/* Another configuration is in force. True when what is served may change by it: it must be loaded
 * again. `own` NULL: the feed is no longer subscribed to; those who wait are told. */
bool subscription_configure(struct subscription *subscription, struct config *config,
                            const struct subscription_config *own);

/* How it stands. The lock is held. */
enum metrics_feed subscription_state(const struct subscription *subscription);

/* There is news upstream, somebody says: it is polled as soon as poll-min allows. The lock is held.
 */
void subscription_hint(struct subscription *subscription, int64_t now_s);

/* The page that a reader gets now, retained for the caller; NULL: `wait` was noted and will be
 * resumed. While nothing good ever came, the trouble is the page. */
struct page *subscription_ask(struct subscription *subscription, struct server_wait *wait);

/* Gives `page` (NULL: the trouble) to all who wait. The lock is held. */
void subscription_answer(struct subscription *subscription, struct page *page);

/* Tells those who have waited as long as a request may (server_wait_is_over()) to come again. To be
 * called often. The lock is held. */
void subscription_end_waits(struct subscription *subscription);

/* The subscriptions by name. Thread-safe. */
struct subscriptions;
struct subscriptions *subscriptions_new(void);
void subscriptions_free_all(struct subscriptions *subscriptions); /* after the fetcher */
struct hub_leaves *subscriptions_leaves(struct subscriptions *subscriptions);

/* Retained; NULL: there is none. */
struct subscription *subscriptions_find(struct subscriptions *subscriptions, const char *name);

/* Makes the table what `config` says. `changed` is called for each that is new or must be loaded
 * again, without any lock. */
void subscriptions_configure(struct subscriptions *subscriptions, struct config *config,
                             void (*changed)(void *context, struct subscription *subscription),
                             void *context);

/* Calls `visit` for each, in the order of the configuration, without any lock. */
void subscriptions_visit(struct subscriptions *subscriptions,
                         void (*visit)(void *context, struct subscription *subscription),
                         void *context);

#endif
