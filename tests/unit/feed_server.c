#include "tests/unit/feed_server.h"

#include "core/log.h"
#include "store/memory.h"
#include "tests/unit/http_client.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define DATE_S 784111777 /* FEED_SERVER_DATE */

static struct page *make_page(size_t bytes, int64_t last_modified_s)
{
    static const char text[] = "spam and eggs ";
    char *body = memory_new(bytes);
    for (size_t i = 0; i < bytes; i++)
        body[i] = text[i % (sizeof text - 1)];
    const struct span piece = {body, bytes};
    struct page *page = page_new(&piece, 1, "application/atom+xml", last_modified_s);
    free(body);
    return page;
}

static struct page *feed(void *context, const char *token, const char *name,
                         struct server_wait *wait)
{
    (void)token;
    struct feed_server *feeds = context;
    atomic_fetch_add(&feeds->asked, 1);
    if (strcmp(name, "planet") == 0)
        return page_retain(feeds->planet);
    if (strcmp(name, "away") == 0)
        return page_error(502, "example.org: connection refused", 0);
    if (strcmp(name, "busy") == 0)
        return page_error(503, "example.org: 503", 77);
    pthread_mutex_lock(&feeds->lock);
    if (strcmp(name, "big") == 0) {
        if (!feeds->big)
            feeds->big = make_page(FEED_SERVER_BIG, 0);
        atomic_store(&feeds->big_made, true);
        server_resume(wait, page_retain(feeds->big));
    } else if (strcmp(name, "at-once") == 0) {
        server_resume(wait, page_retain(feeds->planet));
    } else if (strcmp(name, "later") == 0) {
        feeds->wait = wait;
    } else {
        server_resume(wait, NULL);
    }
    pthread_mutex_unlock(&feeds->lock);
    return NULL;
}

static struct page *held(void *context, const char *token, const char *name)
{
    (void)token;
    struct feed_server *feeds = context;
    return strcmp(name, "planet") == 0 ? page_retain(feeds->planet) : NULL;
}

static struct page *opml(void *context, const char *token)
{
    struct feed_server *feeds = context;
    return *token ? NULL : page_retain(feeds->planet);
}

static struct page *health(void *context)
{
    (void)context;
    const struct span text = SPAN("ok\n");
    return page_new(&text, 1, "text/plain; charset=utf-8", 0);
}

/* The hub of "planet" has the token "t0ken" and the secret "secret". */
static bool is_hub(const char *name, const char *token)
{
    return strcmp(name, "planet") == 0 && strcmp(token, "t0ken") == 0;
}

static struct page *hub_asks(void *context, const char *name, const char *token,
                             const struct websub_query *query)
{
    (void)context;
    return is_hub(name, token) ? page_new(&query->challenge, 1, "text/plain", 0) : NULL;
}

static struct websub_push *hub_sends(void *context, const char *name, const char *token,
                                     const char *signature)
{
    (void)context;
    struct websub websub = {.secret = "secret"};
    return is_hub(name, token) ? websub_push_new(&websub, signature) : NULL;
}

static struct page *hub_sent(void *context, const char *name, const char *token, bool fits)
{
    (void)context, (void)name, (void)token;
    return page_error(202, fits ? "fits" : "does not fit", 0);
}

struct server_handlers feed_server_handlers(struct feed_server *feeds)
{
    return (struct server_handlers){.context = feeds,
                                    .feed = feed,
                                    .held = held,
                                    .opml = opml,
                                    .health = health,
                                    .metrics = health,
                                    .hub_asks = hub_asks,
                                    .hub_sends = hub_sends,
                                    .hub_sent = hub_sent};
}

int feed_server_start(void **state, unsigned connections, unsigned timeout_ms)
{
    struct feed_server *feeds = memory_new(sizeof *feeds);
    struct error error = {0};
    const struct server_limits limits = {connections, timeout_ms, 50};
    const struct server_handlers handlers = feed_server_handlers(feeds);
    log_set_level(LOG_LEVEL_ERROR);
    feeds->planet = make_page(1000, DATE_S);
    pthread_mutex_init(&feeds->lock, NULL);
    feeds->server = server_new("127.0.0.1:0", &limits, &handlers, &error);
    if (!feeds->server)
        fail_msg("%s", error.message);
    server_set_public_url(feeds->server, "http://weir.test");
    feeds->port = server_port(feeds->server);
    *state = feeds;
    return 0;
}

int feed_server_set_up(void **state)
{
    return feed_server_start(state, 200, 20000);
}

int feed_server_tear_down(void **state)
{
    struct feed_server *feeds = *state;
    server_free(feeds->server);
    page_release(feeds->planet);
    page_release(feeds->big);
    pthread_mutex_destroy(&feeds->lock);
    free(feeds);
    return 0;
}

struct server_wait *feed_server_await(struct feed_server *feeds)
{
    for (;; poll(NULL, 0, 1)) {
        pthread_mutex_lock(&feeds->lock);
        struct server_wait *wait = feeds->wait;
        feeds->wait = NULL;
        pthread_mutex_unlock(&feeds->lock);
        if (wait)
            return wait;
    }
}

int feed_server_ask(struct feed_server *feeds, const char *request, const char *fields)
{
    struct http_answer answer;
    http_ask(feeds->port, request, fields, &answer);
    int status = answer.status;
    http_clear(&answer);
    return status;
}
