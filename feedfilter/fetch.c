#include "feedfilter/fetch.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "feedfilter/fetch_hosts.h"
#include "feedfilter/fetch_transfer.h"
#include "feedfilter/fetch_waiting.h"
#include "store/memory.h"
#include "store/monotonic.h"

#define POLL_MS 60000    /* at most; curl's own timers and wake-ups come earlier */
#define SLOW_POLL_MS 200 /* while some wait: how soon it is seen that others hang */
#define SLOW_MOST 4      /* times at_once: all that run, hanging or not */

struct fetcher {
    struct fetch_limits limits;
    CURLM *multi;
    pthread_t thread;
    struct transfer **running; /* room for most_running(); the thread's own */
    unsigned running_count;
    struct fetch_hosts *hosts; /* the same */
    struct transfer_memory memory;

    pthread_mutex_t mutex; /* of the rest */
    struct fetch_waiting *first, **last;
    bool held, stopping;
};

void fetch_start(struct fetcher *fetcher, const struct fetch_request *request,
                 void (*done)(void *context, struct fetch_answer *answer), void *context)
{
    struct fetch_waiting *waiting = fetch_waiting_new(request, done, context);
    pthread_mutex_lock(&fetcher->mutex);
    *fetcher->last = waiting;
    fetcher->last = &waiting->next;
    pthread_mutex_unlock(&fetcher->mutex);
    curl_multi_wakeup(fetcher->multi);
}

void fetcher_hold(struct fetcher *fetcher, bool held)
{
    pthread_mutex_lock(&fetcher->mutex);
    bool changed = fetcher->held != held;
    fetcher->held = held;
    pthread_mutex_unlock(&fetcher->mutex);
    if (changed)
        curl_multi_wakeup(fetcher->multi);
}

/* Takes what `*link` points at out of the queue. With the mutex held. */
static struct fetch_waiting *take_out(struct fetcher *fetcher, struct fetch_waiting **link)
{
    struct fetch_waiting *waiting = *link;
    *link = waiting->next;
    if (!*link)
        fetcher->last = link;
    return waiting;
}

/* Milliseconds until its host may be asked. */
static int64_t host_wait_ms(struct fetcher *fetcher, struct fetch_waiting *waiting, int64_t now_ms)
{
    if (!waiting->host_name)
        return 0; /* there is none to ask */
    if (!waiting->host)
        waiting->host = fetch_hosts_find(fetcher->hosts, waiting->host_name);
    return fetch_hosts_wait_ms(fetcher->hosts, waiting->host, now_ms);
}

/* The first that may begin now; NULL: none, but in `*wait_ms` one may, unless that is INT64_MAX. */
static struct fetch_waiting *next_waiting(struct fetcher *fetcher, int64_t *wait_ms)
{
    struct fetch_waiting *waiting = NULL;
    int64_t now_ms = monotonic_ms();
    *wait_ms = INT64_MAX;
    pthread_mutex_lock(&fetcher->mutex);
    struct fetch_waiting **link = &fetcher->first;
    while (!fetcher->held && *link && !waiting) {
        int64_t its_ms = host_wait_ms(fetcher, *link, now_ms);
        if (its_ms < *wait_ms)
            *wait_ms = its_ms;
        if (!its_ms)
            waiting = take_out(fetcher, link);
        else
            link = &(*link)->next;
    }
    pthread_mutex_unlock(&fetcher->mutex);
    return waiting;
}

static struct fetch_waiting *any_waiting(struct fetcher *fetcher)
{
    pthread_mutex_lock(&fetcher->mutex);
    struct fetch_waiting *waiting = fetcher->first ? take_out(fetcher, &fetcher->first) : NULL;
    pthread_mutex_unlock(&fetcher->mutex);
    return waiting;
}

static bool some_wait(struct fetcher *fetcher)
{
    pthread_mutex_lock(&fetcher->mutex);
    bool wait = fetcher->first != NULL;
    pthread_mutex_unlock(&fetcher->mutex);
    return wait;
}

static bool is_stopping(struct fetcher *fetcher)
{
    pthread_mutex_lock(&fetcher->mutex);
    bool stopping = fetcher->stopping;
    pthread_mutex_unlock(&fetcher->mutex);
    return stopping;
}

static unsigned most_running(const struct fetcher *fetcher)
{
    return fetcher->limits.at_once * SLOW_MOST;
}

/* Those that run, and connections that are kept. */
unsigned fetcher_descriptors(const struct fetcher *fetcher)
{
    return most_running(fetcher) + fetcher->limits.at_once;
}

/* Sites that hang would take all turns, and keep them until their time is over. */
static bool has_turn(const struct fetcher *fetcher)
{
    unsigned lively = 0;
    for (unsigned i = 0; i < fetcher->running_count; i++)
        lively += !transfer_hangs(fetcher->running[i]);
    return lively < fetcher->limits.at_once && fetcher->running_count < most_running(fetcher);
}

static void finish(struct transfer *transfer, CURLcode code)
{
    if (transfer->host)
        fetch_hosts_end(transfer->host);
    transfer_finish(transfer, code);
}

/* What waited is what runs now. */
static struct transfer *to_transfer(struct fetcher *fetcher, struct fetch_waiting *waiting)
{
    struct transfer *transfer = transfer_new(&waiting->request, &fetcher->limits, &fetcher->memory,
                                             waiting->done, waiting->context);
    transfer->host = waiting->host;
    free(waiting);
    return transfer;
}

/* Milliseconds after which more may begin; INT64_MAX: when something else has happened. */
static int64_t start_waiting(struct fetcher *fetcher)
{
    int64_t wait_ms = INT64_MAX;
    while (has_turn(fetcher)) {
        struct fetch_waiting *waiting = next_waiting(fetcher, &wait_ms);
        if (!waiting)
            return wait_ms;
        if (waiting->host)
            fetch_hosts_begin(fetcher->hosts, waiting->host, monotonic_ms());
        struct transfer *transfer = to_transfer(fetcher, waiting);
        if (transfer->easy)
            transfer_begin(transfer);
        if (transfer->easy && curl_multi_add_handle(fetcher->multi, transfer->easy) == CURLM_OK)
            fetcher->running[fetcher->running_count++] = transfer;
        else
            finish(transfer, CURLE_FAILED_INIT);
    }
    return some_wait(fetcher) ? SLOW_POLL_MS : INT64_MAX;
}

static void forget(struct fetcher *fetcher, const struct transfer *transfer)
{
    for (unsigned i = 0; i < fetcher->running_count; i++)
        if (fetcher->running[i] == transfer)
            fetcher->running[i] = fetcher->running[--fetcher->running_count];
}

static void end_hop(struct fetcher *fetcher, struct transfer *transfer, CURLcode code)
{
    curl_multi_remove_handle(fetcher->multi, transfer->easy);
    if (transfer_follow(transfer, code)) {
        if (curl_multi_add_handle(fetcher->multi, transfer->easy) == CURLM_OK)
            return;
        code = CURLE_FAILED_INIT;
    }
    forget(fetcher, transfer);
    finish(transfer, code);
}

static void end_hops(struct fetcher *fetcher)
{
    CURLMsg *message;
    for (int left; (message = curl_multi_info_read(fetcher->multi, &left));) {
        if (message->msg != CURLMSG_DONE)
            continue;
        struct transfer *transfer = NULL;
        CURLcode code = message->data.result; /* the message goes when its handle is removed */
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        end_hop(fetcher, transfer, code);
    }
}

static void break_off(struct fetcher *fetcher, CURLcode code)
{
    while (fetcher->running_count) {
        struct transfer *transfer = fetcher->running[--fetcher->running_count];
        curl_multi_remove_handle(fetcher->multi, transfer->easy);
        finish(transfer, code);
    }
}

static void *run(void *context)
{
    struct fetcher *fetcher = context;
    while (!is_stopping(fetcher)) {
        int left;
        if (curl_multi_perform(fetcher->multi, &left) != CURLM_OK)
            break_off(fetcher, CURLE_FAILED_INIT);
        end_hops(fetcher);
        int64_t wait_ms = start_waiting(fetcher);
        curl_multi_poll(fetcher->multi, NULL, 0, wait_ms < POLL_MS ? (int)wait_ms : POLL_MS, NULL);
    }
    break_off(fetcher, CURLE_ABORTED_BY_CALLBACK);
    for (struct fetch_waiting *waiting; (waiting = any_waiting(fetcher));)
        transfer_finish(to_transfer(fetcher, waiting), CURLE_ABORTED_BY_CALLBACK);
    return NULL;
}

static void copy_limits(struct fetcher *fetcher, const struct fetch_limits *limits)
{
    size_t size = limits->allowed_count * sizeof *limits->allowed;
    struct network *allowed = memory_new(size);
    if (size)
        memcpy(allowed, limits->allowed, size);
    fetcher->limits = *limits;
    fetcher->limits.allowed = allowed;
    if (!fetcher->limits.at_once)
        fetcher->limits.at_once = 1;
}

static void free_memory(struct fetcher *fetcher)
{
    pthread_mutex_destroy(&fetcher->mutex);
    curl_multi_cleanup(fetcher->multi);
    fetch_hosts_free(fetcher->hosts);
    free((void *)fetcher->limits.allowed);
    free(fetcher->running);
    free(fetcher);
    curl_global_cleanup();
}

struct fetcher *fetcher_new(const struct fetch_limits *limits, struct error *error)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        error_set(error, ERROR_SYSTEM, "libcurl cannot be set up");
        return NULL;
    }
    struct fetcher *fetcher = memory_new(sizeof *fetcher);
    copy_limits(fetcher, limits);
    fetcher->running = memory_new(most_running(fetcher) * sizeof *fetcher->running);
    fetcher->memory = (struct transfer_memory){.most = limits->size_bytes * FETCH_SIZES_AT_ONCE};
    fetcher->memory.share = fetcher->memory.most / most_running(fetcher);
    fetcher->hosts = fetch_hosts_new(limits->host_at_once, limits->host_spacing_ms);
    fetcher->multi = memory_checked(curl_multi_init());
    curl_multi_setopt(fetcher->multi, CURLMOPT_MAXCONNECTS, (long)fetcher->limits.at_once);
    pthread_mutex_init(&fetcher->mutex, NULL);
    fetcher->last = &fetcher->first;

    /* Signals are the main thread's; this one and curl's resolvers inherit that. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&fetcher->thread, NULL, run, fetcher);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        error_set(error, ERROR_SYSTEM, "no thread for fetching: %s", strerror(failed));
        free_memory(fetcher);
        return NULL;
    }
    return fetcher;
}

void fetcher_free(struct fetcher *fetcher)
{
    if (!fetcher)
        return;
    pthread_mutex_lock(&fetcher->mutex);
    fetcher->stopping = true;
    pthread_mutex_unlock(&fetcher->mutex);
    curl_multi_wakeup(fetcher->multi);
    pthread_join(fetcher->thread, NULL);
    free_memory(fetcher);
}

struct fetch_answer fetch_answer_take(struct fetch_answer *answer)
{
    struct fetch_answer taken = *answer;
    *answer = (struct fetch_answer){0};
    return taken;
}

void fetch_answer_clear(struct fetch_answer *answer)
{
    free(answer->body);
    free(answer->etag);
    free(answer->last_modified);
    free(answer->content_type);
    free(answer->base_url);
    free(answer->moved_to);
    free(answer->hub);
    free(answer->self);
    *answer = (struct fetch_answer){0};
}
