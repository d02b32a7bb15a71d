#include "admin/console_gateway.h"

#include <pthread.h>
#include <stdlib.h>

#include "store/memory.h"

/* A replica of the model takes 3 MiB, in those whose calls look at it. */
#define SESSIONS_MOST 16u
#define SESSIONS_KEPT 4u /* open while nobody needs them */

struct console_gateway {
    struct config *config;
    const char *config_path;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t left;
    struct session *idle[SESSIONS_KEPT]; /* the last one was used last */
    unsigned idle_count, in_use;
};

struct console_gateway *console_gateway_new(struct config *config, const char *config_path)
{
    struct console_gateway *gateway = memory_new(sizeof *gateway);
    gateway->config = config_retain(config);
    gateway->config_path = config_path;
    pthread_mutex_init(&gateway->lock, NULL);
    pthread_cond_init(&gateway->left, NULL);
    return gateway;
}

static void end(struct session *session)
{
    if (session)
        session_close(session);
    free(session);
}

void console_gateway_free(struct console_gateway *gateway)
{
    if (!gateway)
        return;
    while (gateway->idle_count)
        end(gateway->idle[--gateway->idle_count]);
    pthread_cond_destroy(&gateway->left);
    pthread_mutex_destroy(&gateway->lock);
    config_release(gateway->config);
    free(gateway);
}

const struct config *console_gateway_config(const struct console_gateway *gateway)
{
    return gateway->config;
}

struct session *console_gateway_enter(struct console_gateway *gateway)
{
    struct session *session = NULL;
    pthread_mutex_lock(&gateway->lock);
    while (gateway->in_use == SESSIONS_MOST)
        pthread_cond_wait(&gateway->left, &gateway->lock);
    gateway->in_use++;
    if (gateway->idle_count)
        session = gateway->idle[--gateway->idle_count];
    pthread_mutex_unlock(&gateway->lock);
    if (session)
        return session;
    session = memory_new(sizeof *session);
    session->config_path = gateway->config_path;
    session->config = config_retain(gateway->config);
    return session;
}

void console_gateway_leave(struct console_gateway *gateway, struct session *session)
{
    pthread_mutex_lock(&gateway->lock);
    gateway->in_use--;
    if (gateway->idle_count < SESSIONS_KEPT) {
        gateway->idle[gateway->idle_count++] = session;
        session = NULL;
    }
    pthread_cond_signal(&gateway->left);
    pthread_mutex_unlock(&gateway->lock);
    end(session);
}
