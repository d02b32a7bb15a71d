#include "core/connections.h"

#include "core/log.h"
#include "store/memory.h"
#include "store/monotonic.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define NEVER INT64_MAX
#define COMPLAIN_EVERY_MS 60000
/* To those that ask nothing, where all connections are taken. */
#define LEFT_WHERE_FULL_MS 1000

struct connections {
    unsigned most, timeout_ms;
    atomic_bool quiesced;
    atomic_uint count, refused;
    atomic_llong complain_at_ms;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t stop;
    bool stopping;
    struct connection *first;
    pthread_t thread;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Under the lock: a connection in the list has its socket still. */
static void shut_down_overdue(struct connections *connections)
{
    int64_t now = now_ms(), silent = now;
    if (atomic_load(&connections->count) >= connections->most &&
        connections->timeout_ms > LEFT_WHERE_FULL_MS)
        silent += connections->timeout_ms - LEFT_WHERE_FULL_MS;
    for (struct connection *connection = connections->first; connection;
         connection = connection->next) {
        int64_t over = atomic_load(&connection->asks) ? now : silent;
        if (over < atomic_load_explicit(&connection->deadline_ms, memory_order_relaxed))
            continue;
        atomic_store(&connection->overdue, true);
        connection_exempt(connection);
        shutdown(connection->socket, SHUT_RDWR);
    }
}

static void *sweep(void *context)
{
    struct connections *connections = context;
    /* A deadline is met to within a quarter of the limit, half a second at most. */
    unsigned every_ms = connections->timeout_ms / 4;
    every_ms = every_ms < 5 ? 5 : every_ms > 500 ? 500 : every_ms;
    pthread_mutex_lock(&connections->lock);
    while (!connections->stopping) {
        struct timespec until = monotonic_after_ms(every_ms);
        pthread_cond_timedwait(&connections->stop, &connections->lock, &until);
        shut_down_overdue(connections);
    }
    pthread_mutex_unlock(&connections->lock);
    return NULL;
}

static void destroy(struct connections *connections)
{
    pthread_cond_destroy(&connections->stop);
    pthread_mutex_destroy(&connections->lock);
    free(connections);
}

struct connections *connections_new(unsigned most, unsigned timeout_ms, struct error *error)
{
    struct connections *connections = memory_new(sizeof *connections);
    connections->most = most;
    connections->timeout_ms = timeout_ms;
    pthread_mutex_init(&connections->lock, NULL);
    monotonic_condition_init(&connections->stop);
    int failure = pthread_create(&connections->thread, NULL, sweep, connections);
    if (failure) {
        error_set(error, ERROR_SYSTEM, "cannot start a thread: %s", strerror(failure));
        destroy(connections);
        return NULL;
    }
    return connections;
}

void connections_free(struct connections *connections)
{
    if (!connections)
        return;
    pthread_mutex_lock(&connections->lock);
    connections->stopping = true;
    pthread_cond_signal(&connections->stop);
    pthread_mutex_unlock(&connections->lock);
    pthread_join(connections->thread, NULL);
    destroy(connections);
}

bool connections_are_full(struct connections *connections)
{
    if (atomic_load(&connections->quiesced))
        return true;
    if (atomic_load(&connections->count) < connections->most)
        return false;
    atomic_fetch_add(&connections->refused, 1);
    long long now = now_ms(), due = atomic_load(&connections->complain_at_ms);
    if (now >= due &&
        atomic_compare_exchange_strong(&connections->complain_at_ms, &due, now + COMPLAIN_EVERY_MS))
        log_message(LOG_LEVEL_WARNING, "all %u connections are taken: %u more were refused",
                    connections->most, atomic_exchange(&connections->refused, 0));
    return true;
}

void connections_quiesce(struct connections *connections)
{
    atomic_store(&connections->quiesced, true);
}

void connections_add(struct connections *connections, struct connection *connection, int socket)
{
    connection->socket = socket;
    connection_restart(connections, connection);
    atomic_fetch_add(&connections->count, 1);
    pthread_mutex_lock(&connections->lock);
    connection->next = connections->first;
    if (connections->first)
        connections->first->previous = connection;
    connections->first = connection;
    pthread_mutex_unlock(&connections->lock);
}

void connections_remove(struct connections *connections, struct connection *connection)
{
    pthread_mutex_lock(&connections->lock);
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        connections->first = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    pthread_mutex_unlock(&connections->lock);
    atomic_fetch_sub(&connections->count, 1);
}

void connection_restart(struct connections *connections, struct connection *connection)
{
    atomic_store_explicit(&connection->deadline_ms, now_ms() + connections->timeout_ms,
                          memory_order_relaxed);
}

void connection_asks(struct connection *connection)
{
    atomic_store(&connection->asks, true);
}

void connection_rests(struct connections *connections, struct connection *connection)
{
    atomic_store(&connection->asks, false);
    connection_restart(connections, connection);
}

void connection_exempt(struct connection *connection)
{
    atomic_store_explicit(&connection->deadline_ms, NEVER, memory_order_relaxed);
}
