#include "fetching.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct wait {
    pthread_mutex_t mutex;
    pthread_cond_t done;
    bool is_done;
    struct fetch_answer answer;
};

static void take_answer(void *context, struct fetch_answer *answer)
{
    struct wait *wait = context;
    pthread_mutex_lock(&wait->mutex);
    wait->answer = fetch_answer_take(answer);
    wait->is_done = true;
    pthread_cond_signal(&wait->done);
    pthread_mutex_unlock(&wait->mutex);
}

/* 127.0.0.0/29 has .1 to .7. */
static const struct network loopback = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 0},
                                        96 + 29};

struct fetch_limits fetching_limits(void)
{
    return (struct fetch_limits){.size_bytes = 1 << 20,
                                 .timeout_ms = 60000,
                                 .redirects = 5,
                                 .at_once = 8,
                                 .allowed = &loopback,
                                 .allowed_count = 1};
}

struct fetch_answer fetching_once(const struct fetch_limits *limits,
                                  const struct fetch_request *request)
{
    struct wait wait = {.mutex = PTHREAD_MUTEX_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};
    struct error error = {0};
    struct fetcher *fetcher = fetcher_new(limits, &error);
    if (!fetcher) {
        fprintf(stderr, "fetching: %s\n", error.message);
        exit(99);
    }
    fetch_start(fetcher, request, take_answer, &wait);
    pthread_mutex_lock(&wait.mutex);
    while (!wait.is_done)
        pthread_cond_wait(&wait.done, &wait.mutex);
    pthread_mutex_unlock(&wait.mutex);
    fetcher_free(fetcher);
    return wait.answer;
}

struct fetch_answer fetching_url(const char *url)
{
    struct subscription_config subscription = {.url = (char *)url};
    struct fetch_limits limits = fetching_limits();
    return fetching_once(&limits, &(struct fetch_request){.subscription = &subscription});
}
