/* feed_server: for the tests of the server: one whose feeds do what their names say.
 *   planet   a page of 1,000 bytes that shrinks, last modified on FEED_SERVER_DATE
 *   big      a page of FEED_SERVER_BIG bytes
 *   away     502;  busy: 503 with Retry-After: 77
 *   at-once  planet, given before the handler returns
 *   later    waits for whoever calls feed_server_await()
 * and others are not there. Held items: of planet. */
#ifndef WEIR_TESTS_FEED_SERVER_H
#define WEIR_TESTS_FEED_SERVER_H

#include "feedfilter/server.h"

#include <pthread.h>
#include <stdatomic.h>

#define FEED_SERVER_BIG (5 * 1024 * 1024)
#define FEED_SERVER_DATE "Sun, 06 Nov 1994 08:49:37 GMT"

struct feed_server {
    struct server *server; /* NULL: ended by the test */
    unsigned port;
    struct page *planet, *big;
    atomic_uint asked;    /* times that a feed was asked for */
    atomic_bool big_made; /* making it takes a while */
    pthread_mutex_t lock;
    struct server_wait *wait;
};

/* For cmocka; `*state` is a struct feed_server. */
int feed_server_start(void **state, unsigned connections, unsigned timeout_ms);
int feed_server_set_up(void **state); /* with limits that nobody meets */
int feed_server_tear_down(void **state);

struct server_handlers feed_server_handlers(struct feed_server *feeds);

/* The request that waits, or the next that will. */
struct server_wait *feed_server_await(struct feed_server *feeds);

/* The status of one request; see http_ask(). */
int feed_server_ask(struct feed_server *feeds, const char *request, const char *fields);

#endif
