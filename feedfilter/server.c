#include "feedfilter/server.h"

#include "core/connections.h"
#include "core/http_host.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/server_address.h"
#include "feedfilter/http_condition.h"
#include "feedfilter/server_hub.h"
#include "feedfilter/server_target.h"
#include "store/memory.h"
#include "store/monotonic.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_THREADS 4
#define CONNECTION_MEMORY (16 * 1024)
#define PATH_LOGGED 200
#define METHOD_LOGGED 16
/* A body that a request brings is read and thrown away up to here, so that the client gets to see
 * its answer; with a longer one the connection ends after the answer. */
#define BODY_LIMIT (64 * 1024)
#define HUB_BODY_LIMIT (64u * 1024 * 1024) /* of what a hub posts; none of it is kept */
#define STOPPING_RETRY_S 10

struct server {
    struct MHD_Daemon *daemon;
    struct connections *connections;
    struct server_handlers handlers;
    unsigned wait_ms;
    struct page *not_found, *not_allowed, *not_ours, *stopping;
    pthread_rwlock_t calls;  /* for reading while a handler is called */
    bool quiesced;           /* written under `calls` */
    char *public_url;        /* written under `calls` */
    pthread_mutex_t waiting; /* of every server_wait */
};

/* Belongs to a connection: it has one request at a time, and a suspended one cannot go away. */
struct server_wait {
    struct server *server;
    struct MHD_Connection *connection;
    int64_t until_ms; /* of CLOCK_MONOTONIC: nobody waits longer */
    bool suspended, resumed;
    struct page *page; /* once resumed */
};

enum stage { STAGE_HEAD, STAGE_BODY, STAGE_WAITING, STAGE_ANSWERED };

struct reader {
    struct connection connection; /* first: the two are cast into each other */
    enum stage stage;
    struct server_wait wait;
    char token[READER_TOKEN_SIZE]; /* of the request; empty: none */
    char path[PATH_LOGGED + 1];
    char method[METHOD_LOGGED + 1];
    enum metrics_route route;
    double begun_s;
    unsigned status;
    size_t bytes;
    struct websub_push *push; /* that a hub posts; NULL: none, or it is over */
    size_t pushed_bytes;
};

static void copy_cut(char *to, size_t size, const char *from, size_t length)
{
    length = length < size - 1 ? length : size - 1;
    memcpy(to, from, length);
    to[length] = '\0';
}

/* --- what to answer --- */

static struct page *ask_for_feed(struct server *server, struct reader *reader, const char *name)
{
    struct server_wait *wait = &reader->wait;
    wait->suspended = wait->resumed = false;
    wait->until_ms = monotonic_ms() + server->wait_ms;
    connection_exempt(&reader->connection);
    struct page *page = server->handlers.feed(server->handlers.context, reader->token, name, wait);
    if (page)
        return page;
    reader->stage = STAGE_WAITING;
    pthread_mutex_lock(&server->waiting);
    if (!wait->resumed) {
        MHD_suspend_connection(wait->connection);
        wait->suspended = true;
    }
    pthread_mutex_unlock(&server->waiting);
    return NULL;
}

/* The page of a request that waited, or NULL: it waits still. */
static struct page *take_waited(struct server *server, struct server_wait *wait)
{
    pthread_mutex_lock(&server->waiting);
    struct page *page = wait->page;
    bool resumed = wait->resumed;
    wait->page = NULL;
    pthread_mutex_unlock(&server->waiting);
    return page || !resumed ? page : page_retain(server->not_found);
}

/* --- hubs --- */

static struct page *answer_hub(struct server *server, const struct reader *reader,
                               const char *target)
{
    char name[SERVER_NAME_LENGTH + 1], token[SERVER_NAME_LENGTH + 1];
    struct page *page = NULL;
    struct arena *arena = arena_new();
    struct websub_query query = server_hub_query(arena, reader->wait.connection);
    if (server_target_read_hub(target, name, token))
        page = server->handlers.hub_asks(server->handlers.context, name, token, &query);
    arena_free(arena);
    return page;
}

/* At the head of a request: whether it is a hub's post, whose body is looked at as it comes. */
static bool begin_push(struct server *server, struct reader *reader, const char *target,
                       const char *method)
{
    char name[SERVER_NAME_LENGTH + 1], token[SERVER_NAME_LENGTH + 1];
    if (strcmp(method, MHD_HTTP_METHOD_POST) != 0 || !server_target_read_hub(target, name, token))
        return false;
    const char *signature =
        MHD_lookup_connection_value(reader->wait.connection, MHD_HEADER_KIND, "X-Hub-Signature");
    pthread_rwlock_rdlock(&server->calls);
    if (!server->quiesced)
        reader->push = server->handlers.hub_sends(server->handlers.context, name, token, signature);
    pthread_rwlock_unlock(&server->calls);
    reader->pushed_bytes = 0;
    return reader->push != NULL;
}

/* False: it is too long. */
static bool take_pushed(struct reader *reader, const char *body, size_t length)
{
    reader->pushed_bytes += length;
    if (!reader->push)
        return true;
    websub_push_take(reader->push, body, length);
    return reader->pushed_bytes <= HUB_BODY_LIMIT;
}

static void end_push(struct reader *reader)
{
    websub_push_free(reader->push);
    reader->push = NULL;
}

/* Under the lock for calls. */
static struct page *answer_push(struct server *server, struct reader *reader, const char *target)
{
    char name[SERVER_NAME_LENGTH + 1], token[SERVER_NAME_LENGTH + 1];
    bool fits = websub_push_fits(reader->push);
    end_push(reader);
    if (server->quiesced)
        return page_retain(server->stopping);
    return server_target_read_hub(target, name, token)
               ? server->handlers.hub_sent(server->handlers.context, name, token, fits)
               : NULL;
}

static bool is_for_us(const struct server *server, const struct reader *reader)
{
    const char *host =
        MHD_lookup_connection_value(reader->wait.connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    return http_host_is_ours(host, server->public_url);
}

/* Under the lock for calls. NULL: the request waits, or there is no such page. */
static struct page *call_handler(struct server *server, struct reader *reader, const char *target)
{
    const struct server_handlers *handlers = &server->handlers;
    if (server->quiesced)
        return page_retain(server->stopping);
    const struct server_target read = server_target_read(target);
    if (read.kind != TARGET_HUB && !is_for_us(server, reader))
        return page_retain(server->not_ours);
    memcpy(reader->token, read.token, sizeof reader->token);
    switch (read.kind) {
    case TARGET_FEED:
        return ask_for_feed(server, reader, read.name);
    case TARGET_HELD:
        return handlers->held(handlers->context, read.token, read.name);
    case TARGET_OPML:
        return handlers->opml(handlers->context, read.token);
    case TARGET_HUB:
        return answer_hub(server, reader, target);
    case TARGET_HEALTH:
        return handlers->health(handlers->context);
    case TARGET_READY:
        return handlers->ready(handlers->context);
    case TARGET_METRICS:
        return handlers->metrics(handlers->context);
    case TARGET_UNKNOWN:
        break;
    }
    return NULL;
}

/* NULL: the request waits. */
static struct page *find_page(struct server *server, struct reader *reader, const char *target,
                              const char *method)
{
    if (reader->push) {
        pthread_rwlock_rdlock(&server->calls);
        struct page *answer = answer_push(server, reader, target);
        pthread_rwlock_unlock(&server->calls);
        return answer ? answer : page_retain(server->not_found);
    }
    if (strcmp(method, MHD_HTTP_METHOD_POST) == 0 && server_target_read(target).kind == TARGET_HUB)
        return page_retain(server->not_found); /* or it were a push */
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return page_retain(server->not_allowed);
    pthread_rwlock_rdlock(&server->calls);
    struct page *page = call_handler(server, reader, target);
    pthread_rwlock_unlock(&server->calls);
    if (!page && reader->stage == STAGE_WAITING)
        return reader->wait.suspended ? NULL : take_waited(server, &reader->wait);
    return page ? page : page_retain(server->not_found);
}

static enum MHD_Result read_field(void *context, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    (void)kind;
    http_condition_field(context, name, value);
    return MHD_YES;
}

/* Takes `page`. The answer keeps what it needs of it. */
static enum MHD_Result send_page(struct server *server, struct reader *reader, struct page *page,
                                 const char *method)
{
    if (*reader->token && page->status == MHD_HTTP_OK)
        page = page_private(page, reader->token);
    const struct page_form *form = NULL;
    bool unchanged = false;
    if (page->status == MHD_HTTP_OK) {
        struct http_condition condition;
        http_condition_init(&condition, span_of(page->etag));
        MHD_get_connection_values(reader->wait.connection, MHD_HEADER_KIND, read_field, &condition);
        enum http_encoding encoding = http_condition_encoding(&condition, true);
        if (encoding == HTTP_GZIP && !page_gzip(page))
            encoding = HTTP_PLAIN;
        unchanged = http_condition_unchanged(&condition, page->last_modified_s, &encoding);
        if (encoding == HTTP_GZIP)
            form = page_gzip(page);
    }
    if (!form)
        form = page_plain(page);
    reader->stage = STAGE_ANSWERED;
    reader->status = unchanged ? MHD_HTTP_NOT_MODIFIED : page->status;
    reader->bytes = unchanged || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0 ? 0 : form->length;
    metrics_add(METRIC_REQUESTS, metrics_request_cell(reader->route, reader->status), 1);
    metrics_observe(METRIC_ANSWERING, reader->route, monotonic_s() - reader->begun_s);
    connection_restart(server->connections, &reader->connection);
    enum MHD_Result result = MHD_queue_response(reader->wait.connection, reader->status,
                                                unchanged ? form->unchanged : form->whole);
    page_release(page);
    return result;
}

/* --- libmicrohttpd's callbacks --- */

/* True: the request has a body that is not waited for. */
static bool has_long_body(struct MHD_Connection *connection)
{
    const char *length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                       MHD_HTTP_HEADER_TRANSFER_ENCODING) ||
           (length && strtoull(length, NULL, 10) > BODY_LIMIT);
}

/* Called when the head is there, again with parts of a body, at its end, and after each resumption.
 * Once a response is queued, not again, except where libmicrohttpd, being stopped, took none. */
static enum MHD_Result handle_request(void *context, struct MHD_Connection *connection,
                                      const char *target, const char *method, const char *version,
                                      const char *body, size_t *body_length, void **request)
{
    (void)version;
    struct server *server = context;
    struct reader *reader = *request;
    if (reader->stage == STAGE_ANSWERED)
        return MHD_NO;
    if (*body_length) {
        bool bounded = take_pushed(reader, body, *body_length);
        *body_length = 0;
        return bounded ? MHD_YES : MHD_NO;
    }
    if (reader->stage == STAGE_HEAD) {
        connection_asks(&reader->connection);
        copy_cut(reader->method, sizeof reader->method, method, strlen(method));
        reader->stage = STAGE_BODY;
        /* An answer that is given here ends the connection, even where no body was to come. */
        if (begin_push(server, reader, target, method) || !has_long_body(connection))
            return MHD_YES;
    }
    struct page *page = reader->stage == STAGE_WAITING ? take_waited(server, &reader->wait)
                                                       : find_page(server, reader, target, method);
    return page ? send_page(server, reader, page, method) : MHD_YES;
}

static enum metrics_route route_of(const char *target)
{
    static const enum metrics_route routes[] = {
        [TARGET_UNKNOWN] = METRICS_ROUTE_OTHER, [TARGET_FEED] = METRICS_ROUTE_FEED,
        [TARGET_HELD] = METRICS_ROUTE_HELD,     [TARGET_OPML] = METRICS_ROUTE_OPML,
        [TARGET_HUB] = METRICS_ROUTE_HUB,       [TARGET_HEALTH] = METRICS_ROUTE_HEALTH,
        [TARGET_READY] = METRICS_ROUTE_HEALTH,  [TARGET_METRICS] = METRICS_ROUTE_METRICS};
    return routes[server_target_read(target).kind];
}

/* The first line of a request is there. What is returned is `*request` from here on. */
static void *begin_request(void *context, const char *target, struct MHD_Connection *connection)
{
    struct server *server = context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct reader *reader = info->socket_context;
    target = target ? target : "";
    server_target_to_log(target, reader->path, sizeof reader->path);
    reader->route = route_of(target);
    reader->begun_s = monotonic_s();
    reader->token[0] = '\0';
    reader->method[0] = '\0';
    reader->stage = STAGE_HEAD;
    reader->status = 0;
    reader->bytes = 0;
    connection_restart(server->connections, &reader->connection);
    return reader;
}

static void log_request(const struct reader *reader, enum MHD_RequestTerminationCode code)
{
    char status[12], bytes[24];
    snprintf(status, sizeof status, "%u", reader->status);
    snprintf(bytes, sizeof bytes, "%zu", reader->bytes);
    const char *cut = code == MHD_REQUEST_TERMINATED_COMPLETED_OK      ? NULL
                      : atomic_load(&reader->connection.overdue)       ? "timeout"
                      : code == MHD_REQUEST_TERMINATED_DAEMON_SHUTDOWN ? "stopping"
                                                                       : "disconnected";
    if (reader->status)
        metrics_add(METRIC_RESPONSES, metrics_response_cell(reader->status), 1);
    bool noise = !reader->status || reader->status == MHD_HTTP_NOT_FOUND;
    log_event(noise ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "request", "method", reader->method, "path",
              reader->path, "status", status, "bytes", bytes, "cut", cut, NULL);
}

static void end_request(void *context, struct MHD_Connection *connection, void **request,
                        enum MHD_RequestTerminationCode code)
{
    (void)connection;
    struct server *server = context;
    struct reader *reader = *request;
    if (!reader)
        return;
    log_request(reader, code);
    end_push(reader);
    page_release(reader->wait.page);
    reader->wait.page = NULL;
    connection_rests(server->connections, &reader->connection);
}

static void note_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                            enum MHD_ConnectionNotificationCode code)
{
    struct server *server = context;
    metrics_add(METRIC_CONNECTIONS, 0, code == MHD_CONNECTION_NOTIFY_STARTED ? 1 : -1);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        struct reader *reader = memory_new(sizeof *reader);
        reader->wait.server = server;
        reader->wait.connection = connection;
        *socket_context = reader;
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        connections_add(server->connections, &reader->connection, info->connect_fd);
    } else {
        struct reader *reader = *socket_context;
        connections_remove(server->connections, &reader->connection);
        free(reader);
    }
}

static enum MHD_Result may_connect(void *context, const struct sockaddr *address, socklen_t length)
{
    (void)address;
    (void)length;
    struct server *server = context;
    return connections_are_full(server->connections) ? MHD_NO : MHD_YES;
}

/* Targets are taken apart by server_target_read(): here an escaped NUL would end them. */
static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

/* Whatever a client can make libmicrohttpd say. */
static void log_remark(void *context, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void log_remark(void *context, const char *format, va_list arguments)
{
    (void)context;
    char text[400];
    vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\n")] = '\0';
    log_message(LOG_LEVEL_DEBUG, "libmicrohttpd: %s", text);
}

/* Called where libmicrohttpd finds its own state broken; it cannot go on after that, and runs into
 * undefined behaviour when this returns. */
static void panic(void *context, const char *file, unsigned line, const char *reason)
{
    (void)context;
    log_message(LOG_LEVEL_ERROR, "libmicrohttpd: %s:%u: %s", file, line, reason ? reason : "-");
    abort();
}

/* --- the calls --- */

/* The usual limit of 1,024 open files is less than the connections that may be configured. */
static void allow_descriptors(unsigned connections, unsigned others)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)connections + others;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
        log_message(LOG_LEVEL_WARNING,
                    "%u connections may not fit: only %llu files may be open (LimitNOFILE=)",
                    connections, (unsigned long long)limit.rlim_cur);
}

static unsigned count_threads(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 1 ? 1 : processors > MOST_THREADS ? MOST_THREADS : (unsigned)processors;
}

static struct MHD_Daemon *start(struct server *server, const struct server_address *address,
                                unsigned connections)
{
    unsigned threads = count_threads();
    unsigned flags = MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                     MHD_USE_ERROR_LOG;
    if (address->socket.ss_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    /* A pool's threads each have a share of the limit, and at it leave new connections hanging.
     * may_connect() counts them together and turns them away; this is to be out of its way. */
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)((connections + MOST_THREADS) * threads), NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
        {threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)threads, NULL},
        {MHD_OPTION_END, 0, NULL}};
    return MHD_start_daemon(flags, 0, may_connect, server, handle_request, server,
                            MHD_OPTION_EXTERNAL_LOGGER, log_remark, NULL, MHD_OPTION_SOCK_ADDR,
                            (const struct sockaddr *)&address->socket, MHD_OPTION_URI_LOG_CALLBACK,
                            begin_request, server, MHD_OPTION_NOTIFY_COMPLETED, end_request, server,
                            MHD_OPTION_NOTIFY_CONNECTION, note_connection, server,
                            MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_ARRAY,
                            options, MHD_OPTION_END);
}

static void init_locks(struct server *server)
{
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    /* Otherwise readers that keep coming would keep server_quiesce() waiting. */
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&server->calls, &attributes);
    pthread_rwlockattr_destroy(&attributes);
    pthread_mutex_init(&server->waiting, NULL);
}

struct server *server_new(const char *address, const struct server_limits *limits,
                          const struct server_handlers *handlers, struct error *error)
{
    struct server_address parsed;
    if (!server_address_read(address, &parsed, error))
        return NULL;
    struct connections *connections =
        connections_new(limits->connections, limits->request_timeout_ms, error);
    if (!connections)
        return NULL;
    allow_descriptors(limits->connections, limits->other_descriptors);
    MHD_set_panic_func(panic, NULL);
    struct server *server = memory_new(sizeof *server);
    server->connections = connections;
    server->handlers = *handlers;
    server->wait_ms = limits->request_timeout_ms;
    server->public_url = memory_text("");
    server->not_found = page_error(
        MHD_HTTP_NOT_FOUND,
        "there is no such feed here; feeds are at /f/NAME, what is held of them at /q/NAME", 0);
    server->not_ours = page_error(MHD_HTTP_MISDIRECTED_REQUEST, HTTP_HOST_COMPLAINT, 0);
    server->not_allowed = page_error(MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD", 0);
    memory_checked(MHD_add_response_header(page_plain(server->not_allowed)->whole,
                                           MHD_HTTP_HEADER_ALLOW, "GET, HEAD") == MHD_YES
                       ? server
                       : NULL);
    server->stopping = page_error(MHD_HTTP_SERVICE_UNAVAILABLE, "stopping", STOPPING_RETRY_S);
    init_locks(server);
    errno = 0;
    server->daemon = start(server, &parsed, limits->connections);
    if (!server->daemon) {
        error_set(error, ERROR_SYSTEM, "cannot listen on %s: %s", address,
                  errno ? strerror(errno) : "libmicrohttpd does not start");
        server_free(server);
        return NULL;
    }
    return server;
}

void server_set_public_url(struct server *server, const char *public_url)
{
    pthread_rwlock_wrlock(&server->calls);
    free(server->public_url);
    server->public_url = memory_text(public_url);
    pthread_rwlock_unlock(&server->calls);
}

unsigned server_port(const struct server *server)
{
    return MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void server_resume(struct server_wait *wait, struct page *page)
{
    /* Once the lock is gone, the request may end and `wait` with it. */
    struct server *server = wait->server;
    pthread_mutex_lock(&server->waiting);
    wait->page = page;
    wait->resumed = true;
    if (wait->suspended)
        MHD_resume_connection(wait->connection);
    pthread_mutex_unlock(&server->waiting);
}

bool server_wait_is_over(const struct server_wait *wait)
{
    return monotonic_ms() >= wait->until_ms;
}

/* MHD_quiesce_daemon() of 0.9.75 is not used: it takes the socket from each thread's epoll set
 * while the thread may be doing so itself, and panics when it comes second. */
void server_quiesce(struct server *server)
{
    connections_quiesce(server->connections);
    pthread_rwlock_wrlock(&server->calls);
    server->quiesced = true;
    pthread_rwlock_unlock(&server->calls);
}

void server_free(struct server *server)
{
    if (!server)
        return;
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    connections_free(server->connections);
    page_release(server->not_found);
    page_release(server->not_allowed);
    page_release(server->not_ours);
    page_release(server->stopping);
    pthread_rwlock_destroy(&server->calls);
    pthread_mutex_destroy(&server->waiting);
    free(server->public_url);
    free(server);
}
