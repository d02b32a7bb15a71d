/* server: HTTP to readers, with libmicrohttpd. GET and HEAD of /f/NAME, /q/NAME, /opml, the same
 * behind /r/TOKEN (core/reader_token.h), /health and /metrics; GET and POST of /w/NAME/TOKEN for
 * WebSub hubs, by whatever name; all else is 404 or 405, and 421 what is meant for another host
 * (core/http_host.h). Answers conditional requests (RFC 9110, 13: If-None-Match before
 * If-Modified-Since) and chooses gzip by Accept-Encoding. Bounded: connections, bytes of a
 * request's head, the time that a request or the reading of an answer may take, however slowly
 * bytes trickle. One line in the log for each answer: at level info, at debug where it is 404.
 * Tokens are never in it. */
#ifndef WEIR_SERVER_H
#define WEIR_SERVER_H

#include "feedfilter/page.h"
#include "feedfilter/websub.h"
#include "store/error.h"

struct server;

/* A request that waits for its page. */
struct server_wait;

struct server_handlers {
    void *context;
    /* What /f/NAME, /q/NAME, /opml, /health, /ready and /metrics answer: pages that the server
     * releases. Called in the server's threads: they must not wait for the network. Names are 1 to
     * 64 letters, digits, '.', '_' and '-'; `token` is empty where the path has none. /f/NAME may
     * answer NULL instead and call server_resume() once, later, in another thread or at once. NULL
     * from `held` and `opml`: no such feed or reader. With a token what is sent is page_private().
     */
    struct page *(*feed)(void *context, const char *token, const char *name,
                         struct server_wait *wait);
    struct page *(*held)(void *context, const char *token, const char *name);
    struct page *(*opml)(void *context, const char *token);
    struct page *(*health)(void *context);
    struct page *(*ready)(void *context);
    struct page *(*metrics)(void *context);
    /* What a hub asks at /w/NAME/TOKEN, and what it posts there: a push to which the server gives
     * the body and which it frees, then the answer to whether that fits. NULL: no such place. */
    struct page *(*hub_asks)(void *context, const char *name, const char *token,
                             const struct websub_query *query);
    struct websub_push *(*hub_sends)(void *context, const char *name, const char *token,
                                     const char *signature);
    struct page *(*hub_sent)(void *context, const char *name, const char *token, bool fits);
};

struct server_limits {
    unsigned connections; /* at once, give or take a few; further ones are closed unanswered */
    unsigned request_timeout_ms; /* each: for the first line of a request to come after the
                                    connection was opened or the last answer sent; for the rest of
                                    that request; for the answer to be there, see
                                    server_wait_is_over(); for it to be taken */
    unsigned other_descriptors;  /* open files that the rest of the process needs, at most */
};

/* Listens on `address` ("127.0.0.1:8092", "[::1]:8092"; port 0: the kernel's choice). NULL and
 * ERROR_SYSTEM naming the address: cannot listen; ERROR_INPUT: it is none. */
struct server *server_new(const char *address, const struct server_limits *limits,
                          const struct server_handlers *handlers, struct error *error);

/* Where readers find us, which is a host of ours from now on; until then no name is, only addresses
 * and private names. Thread-safe. */
void server_set_public_url(struct server *server, const char *public_url);

/* The port that it listens on. */
unsigned server_port(const struct server *server);

/* `page` (released by the server) for a request that waits; NULL: no such feed. */
void server_resume(struct server_wait *wait, struct page *page);

/* A request that waits has done so as long as it may: it is to be resumed now. */
bool server_wait_is_over(const struct server_wait *wait);

/* When it returns, no handler is being called, and none will be: new connections are closed
 * unanswered, new requests on old ones get 503. Those that wait go on waiting. */
void server_quiesce(struct server *server);

/* No requests wait any more: quiesced, and all of them resumed. Ends connections and threads. NULL
 * is fine. */
void server_free(struct server *server);

#endif
