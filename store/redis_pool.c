#include "store/redis_pool.h"

#include "store/memory.h"
#include "store/monotonic.h"
#include "store/redis_link.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define BACK_OFF_FIRST_MS 100
#define BACK_OFF_MOST_MS 5000

struct redis_pool {
    struct redis_address *address;
    unsigned timeout_ms, size;
    pthread_mutex_t mutex;
    pthread_cond_t freed;
    struct redis_link **idle; /* room for `size` */
    unsigned idle_count;
    unsigned busy; /* calls under way, but for those that block at the server */
    bool down;
    bool trying; /* one call was let through */
    int64_t next_try_ms;
    unsigned back_off_ms;
    unsigned random;
    struct error reason; /* why it is down */
};

/* One call's way through the pool. */
struct passage {
    struct redis_link *link;
    bool reused; /* `link` was idle: the server may have closed it */
    bool is_try; /* the one let through while the server is down */
    bool blocking;
};

struct redis_pool *redis_pool_new(struct redis_address *address, unsigned timeout_ms, unsigned size)
{
    struct redis_pool *pool = memory_new(sizeof *pool);
    pool->address = address;
    pool->timeout_ms = timeout_ms;
    pool->size = size;
    pool->idle = memory_new(size * sizeof *pool->idle);
    pool->random = (unsigned)monotonic_ms() ^ (unsigned)(uintptr_t)pool;
    pthread_mutex_init(&pool->mutex, NULL);
    monotonic_condition_init(&pool->freed);
    return pool;
}

static void close_idle(struct redis_pool *pool)
{
    while (pool->idle_count)
        redis_link_close(pool->idle[--pool->idle_count]);
}

void redis_pool_free(struct redis_pool *pool)
{
    if (!pool)
        return;
    close_idle(pool);
    pthread_cond_destroy(&pool->freed);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->idle);
    redis_address_free(pool->address);
    free(pool);
}

const struct redis_address *redis_pool_address(const struct redis_pool *pool)
{
    return pool->address;
}

/* With the mutex held: waits until fewer than `size` calls are under way. */
static bool wait_for_turn(struct redis_pool *pool, struct error *error)
{
    struct timespec until = monotonic_after_ms(pool->timeout_ms);
    while (pool->busy >= pool->size)
        if (pthread_cond_timedwait(&pool->freed, &pool->mutex, &until) != 0 &&
            pool->busy >= pool->size)
            return error_set(error, ERROR_NETWORK, "redis at %s: all %u connections are busy",
                             pool->address->place, pool->size);
    return true;
}

/* Fails at once while the server is known to be down, unless it is time for a try. */
static bool enter(struct redis_pool *pool, struct passage *passage, struct error *error)
{
    pthread_mutex_lock(&pool->mutex);
    bool may = passage->blocking || wait_for_turn(pool, error);
    if (may && pool->down) {
        may = !pool->trying && monotonic_ms() >= pool->next_try_ms;
        passage->is_try = may;
        pool->trying |= may;
        if (!may && error)
            *error = pool->reason;
    }
    if (may && !passage->blocking)
        pool->busy++;
    if (may && pool->idle_count) {
        passage->link = pool->idle[--pool->idle_count];
        passage->reused = true;
    }
    pthread_mutex_unlock(&pool->mutex);
    return may;
}

/* With the mutex held. Of several calls that fail at once only the first one starts the back-off,
 * and later only those that were let through prolong it. */
static void note_failure(struct redis_pool *pool, const struct passage *passage,
                         const struct error *why)
{
    close_idle(pool);
    if (pool->down && !passage->is_try)
        return;
    pool->back_off_ms = pool->down ? pool->back_off_ms * 2 : BACK_OFF_FIRST_MS;
    if (pool->back_off_ms > BACK_OFF_MOST_MS)
        pool->back_off_ms = BACK_OFF_MOST_MS;
    unsigned spread = pool->back_off_ms / 2;
    pool->next_try_ms =
        monotonic_ms() + pool->back_off_ms - spread / 2 + rand_r(&pool->random) % (int)spread;
    pool->down = true;
    pool->reason = *why;
}

/* `why` is NULL when all went well. */
static void leave(struct redis_pool *pool, struct passage *passage, const struct error *why)
{
    pthread_mutex_lock(&pool->mutex);
    if (why) {
        redis_link_close(passage->link);
        note_failure(pool, passage, why);
    } else {
        pool->down = false;
        if (pool->idle_count < pool->size)
            pool->idle[pool->idle_count++] = passage->link;
        else
            redis_link_close(passage->link);
    }
    if (passage->is_try)
        pool->trying = false;
    if (!passage->blocking) {
        pool->busy--;
        pthread_cond_signal(&pool->freed);
    }
    pthread_mutex_unlock(&pool->mutex);
}

static enum link_result run(struct redis_link *link, const struct redis_batch *batch,
                            unsigned timeout_ms, redisReply **replies, size_t *answered,
                            struct error *error)
{
    enum link_result result = redis_link_send(link, batch, timeout_ms, error);
    while (result == LINK_OK && *answered < batch->commands) {
        result = redis_link_receive(link, timeout_ms, &replies[*answered], error);
        *answered += result == LINK_OK;
    }
    return result;
}

/* A server that was restarted closed all idle connections, not only this one. */
static void replace_stale(struct redis_pool *pool, struct passage *passage)
{
    redis_link_close(passage->link);
    passage->link = NULL;
    passage->reused = false;
    pthread_mutex_lock(&pool->mutex);
    close_idle(pool);
    pthread_mutex_unlock(&pool->mutex);
}

bool redis_pool_exchange(struct redis_pool *pool, const struct redis_batch *batch,
                         unsigned block_ms, redisReply **replies, size_t *answered,
                         struct error *error)
{
    struct passage passage = {.blocking = block_ms > 0};
    struct error why = {0};
    enum link_result result;
    *answered = 0;
    if (!enter(pool, &passage, error))
        return false;
    for (;;) {
        if (!passage.link)
            passage.link = redis_link_open(pool->address, pool->timeout_ms, &why);
        result = passage.link ? run(passage.link, batch, pool->timeout_ms + block_ms, replies,
                                    answered, &why)
                              : LINK_FAILED;
        if (result != LINK_CLOSED || !passage.reused || *answered)
            break;
        replace_stale(pool, &passage);
    }
    leave(pool, &passage, result == LINK_OK ? NULL : &why);
    if (result != LINK_OK && error)
        *error = why;
    return result == LINK_OK;
}

void redis_replies_free(redisReply **replies, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        freeReplyObject(replies[i]);
        replies[i] = NULL;
    }
}

/* "ERR …" and "WRONGTYPE …" say that we asked for something that cannot be; all else (LOADING,
 * READONLY, OOM, NOAUTH, MISCONF, NOPERM and so on) says that the server cannot or may not now. */
static enum error_class class_of_answer(const char *answer)
{
    bool ours = strncmp(answer, "ERR ", 4) == 0 || strncmp(answer, "WRONGTYPE ", 10) == 0;
    return ours ? ERROR_BUG : ERROR_NETWORK;
}

bool redis_pool_expect(const struct redis_pool *pool, const redisReply *reply, int type,
                       struct error *error)
{
    if (reply->type == REDIS_REPLY_ERROR)
        return error_set(error, class_of_answer(reply->str), "redis at %s: %s",
                         pool->address->place, reply->str);
    if (reply->type != type)
        return error_set(error, ERROR_BUG, "redis at %s: an answer of type %d, not %d",
                         pool->address->place, reply->type, type);
    return true;
}

redisReply *redis_pool_ask(struct redis_pool *pool, const struct redis_batch *batch, int type,
                           struct error *error)
{
    redisReply *reply = NULL;
    size_t answered;
    if (redis_pool_exchange(pool, batch, 0, &reply, &answered, error) &&
        redis_pool_expect(pool, reply, type, error))
        return reply;
    freeReplyObject(reply);
    return NULL;
}
