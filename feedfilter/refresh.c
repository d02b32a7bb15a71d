#include "feedfilter/refresh.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "feedfilter/hub.h"
#include "feedfilter/poll_schedule.h"
#include "feedfilter/refresh_job.h"
#include "store/memory.h"

/* One huge feed must not keep all others waiting. */
#define WORKERS 2u
/* While answers of so many bytes wait for a worker, nothing more is fetched. */
#define WAITING_MOST_BYTES ((size_t)64 << 20)
/* What passed because the records failed is judged again after this time, then after twice that,
 * and so on, until so often. */
#define RECORD_AGAIN_S 5
#define RECORD_DOUBLED_MOST 8u

struct refresh {
    struct refresh_parts parts;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct refresh_job *first, **last; /* that wait */
    size_t waiting_bytes;              /* of the answers among them */
    bool stopping;
    pthread_t workers[WORKERS];
    unsigned worker_count;
};

static void drop_answer(struct refresh_job *job)
{
    if (job->answer)
        fetch_answer_clear(job->answer);
    free(job->answer);
    job->answer = NULL;
}

static size_t answer_bytes(const struct refresh_job *job)
{
    return job->answer ? job->answer->length : 0;
}

static void job_free(struct refresh_job *job)
{
    drop_answer(job);
    free(job->found);
    subscription_release(job->subscription);
    free(job);
}

/* --- the queue --- */

static void queue(struct refresh_job *job)
{
    struct refresh *refresh = job->refresh;
    pthread_mutex_lock(&refresh->lock);
    *refresh->last = job;
    refresh->last = &job->next;
    refresh->waiting_bytes += answer_bytes(job);
    fetcher_hold(refresh->parts.fetcher, refresh->waiting_bytes > WAITING_MOST_BYTES);
    pthread_cond_signal(&refresh->wake);
    pthread_mutex_unlock(&refresh->lock);
}

/* Waits for one; NULL: the end. */
static struct refresh_job *take(struct refresh *refresh)
{
    pthread_mutex_lock(&refresh->lock);
    while (!refresh->first && !refresh->stopping)
        pthread_cond_wait(&refresh->wake, &refresh->lock);
    struct refresh_job *job = refresh->stopping ? NULL : refresh->first;
    if (job) {
        refresh->first = job->next;
        job->next = NULL; /* it may come again */
        if (!refresh->first)
            refresh->last = &refresh->first;
        refresh->waiting_bytes -= answer_bytes(job);
        fetcher_hold(refresh->parts.fetcher, refresh->waiting_bytes > WAITING_MOST_BYTES);
    }
    pthread_mutex_unlock(&refresh->lock);
    return job;
}

/* --- what begins; the subscription's lock is held --- */

static struct refresh_job *begin(struct refresh *refresh, struct subscription *subscription,
                                 enum refresh_job_kind kind)
{
    struct refresh_job *job = memory_new(sizeof *job);
    job->refresh = refresh;
    job->subscription = subscription;
    job->kind = kind;
    job->generation = subscription->generation;
    subscription->references++;
    subscription->busy = true;
    return job;
}

/* In the fetcher's thread. */
static void on_fetched(void *context, struct fetch_answer *answer)
{
    struct refresh_job *job = context;
    job->answer = memory_new(sizeof *job->answer);
    *job->answer = fetch_answer_take(answer);
    queue(job);
}

static void set_conditions(struct fetch_request *request, const struct subscription *subscription)
{
    request->etag = subscription->etag;
    request->last_modified = subscription->last_modified;
}

static void begin_poll(struct refresh *refresh, struct subscription *subscription)
{
    const struct feed_site *site = &subscription->site;
    struct fetch_request request = {.subscription = subscription->own,
                                    .moved_to = feed_site_address(site, time(NULL))};
    struct refresh_job *job = begin(refresh, subscription, JOB_ANSWER);
    job->followed = request.moved_to != NULL;
    if (request.moved_to == site->found)
        job->found = memory_text(site->found);
    if (!site->found || job->found) /* the copy at hand is not of the page */
        set_conditions(&request, subscription);
    subscription->hinted = false;
    subscription->polled_s = time(NULL);
    fetch_start(refresh->parts.fetcher, &request, on_fetched, job);
}

/* What a page named, for the job that brought the page. False: nobody wants it any more. */
static bool begin_found(struct refresh *refresh, struct refresh_job *job)
{
    struct subscription *subscription = job->subscription;
    drop_answer(job);
    pthread_mutex_lock(&subscription->lock);
    bool wanted = subscription->own && subscription->generation == job->generation;
    if (wanted) {
        struct fetch_request request = {.subscription = subscription->own, .moved_to = job->found};
        if (subscription->site.found && strcmp(subscription->site.found, job->found) == 0)
            set_conditions(&request, subscription);
        fetch_start(refresh->parts.fetcher, &request, on_fetched, job);
    } else {
        subscription->busy = false;
        subscription->filter_again = true;
    }
    pthread_mutex_unlock(&subscription->lock);
    return wanted;
}

static void *work(void *context)
{
    struct refresh *refresh = context;
    for (struct refresh_job *job; (job = take(refresh));)
        if (!refresh_job_run(&refresh->parts, job) || !begin_found(refresh, job))
            job_free(job);
    return NULL;
}

void refresh_load(struct refresh *refresh, struct subscription *subscription)
{
    pthread_mutex_lock(&subscription->lock);
    if (subscription->busy)
        subscription->filter_again = true;
    else
        queue(begin(refresh, subscription, JOB_LOAD));
    pthread_mutex_unlock(&subscription->lock);
}

/* Whether it should be judged again from the copy that is kept. Where none is, upstream would be
 * asked for the whole feed each time: the next poll is soon enough then. The lock is held. */
static bool may_record_now(const struct refresh *refresh, const struct subscription *subscription)
{
    unsigned tries = subscription->unrecorded;
    if (!tries || !atomic_load(refresh->parts.cache) || subscription->copy_not_kept)
        return false;
    unsigned doubled = tries - 1 < RECORD_DOUBLED_MOST ? tries - 1 : RECORD_DOUBLED_MOST;
    int64_t now_s = time(NULL), made_s = subscription->filtered_s;
    return now_s >= made_s + (RECORD_AGAIN_S << doubled) || now_s < made_s;
}

/* A poll that lies further ahead than any can was set by a clock that has been put right. The lock
 * is held. */
static bool is_poll_due(const struct subscription *subscription)
{
    int64_t ahead_s = subscription->next_poll_s - time(NULL);
    if (subscription->site.gone_s)
        return false;
    int64_t most_s = poll_after_most_s(subscription->config->feedfilter.poll_max_s) + 1;
    return ahead_s <= 0 || ahead_s > most_s;
}

void refresh_tick(struct refresh *refresh, struct subscription *subscription)
{
    bool store_up = replica_store_up(refresh->parts.judge->replica);
    unsigned freed = atomic_load(refresh->parts.stories_freed);
    pthread_mutex_lock(&subscription->lock);
    subscription_end_waits(subscription);
    if ((subscription->duplicates || subscription->noted) && subscription->freed_seen != freed) {
        subscription->filter_again = true;
        subscription->freed_seen = freed;
    }
    if (subscription->own && !subscription->busy) {
        /* First, so that stores that come and go keep no poll waiting. */
        if (is_poll_due(subscription)) {
            begin_poll(refresh, subscription);
        } else if (subscription->filter_again || (subscription->provisional && store_up) ||
                   may_record_now(refresh, subscription)) {
            subscription->filter_again = false;
            queue(begin(refresh, subscription, JOB_FILTER_AGAIN));
        } else if (subscription->learned) {
            queue(begin(refresh, subscription, JOB_REMEMBER));
        }
    }
    pthread_mutex_unlock(&subscription->lock);
    hub_tick(refresh->parts.fetcher, subscription);
}

void refresh_filter_again(struct subscription *subscription)
{
    pthread_mutex_lock(&subscription->lock);
    subscription->filter_again = true;
    pthread_mutex_unlock(&subscription->lock);
}

/* --- start and end --- */

struct refresh *refresh_new(const struct refresh_parts *parts, struct error *error)
{
    struct refresh *refresh = memory_new(sizeof *refresh);
    refresh->parts = *parts;
    refresh->last = &refresh->first;
    pthread_mutex_init(&refresh->lock, NULL);
    pthread_cond_init(&refresh->wake, NULL);
    for (; refresh->worker_count < WORKERS; refresh->worker_count++) {
        int failed = pthread_create(&refresh->workers[refresh->worker_count], NULL, work, refresh);
        if (!failed)
            continue;
        error_set(error, ERROR_SYSTEM, "threads: %s", strerror(failed));
        refresh_free(refresh);
        return NULL;
    }
    return refresh;
}

void refresh_stop(struct refresh *refresh)
{
    pthread_mutex_lock(&refresh->lock);
    refresh->stopping = true;
    pthread_cond_broadcast(&refresh->wake);
    pthread_mutex_unlock(&refresh->lock);
    while (refresh->worker_count)
        pthread_join(refresh->workers[--refresh->worker_count], NULL);
}

void refresh_free(struct refresh *refresh)
{
    if (!refresh)
        return;
    refresh_stop(refresh);
    while (refresh->first) {
        struct refresh_job *job = refresh->first;
        refresh->first = job->next;
        job_free(job);
    }
    pthread_cond_destroy(&refresh->wake);
    pthread_mutex_destroy(&refresh->lock);
    free(refresh);
}
