#include "admin/console_server.h"

#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "admin/console_door_server.h"
#include "admin/console_guard.h"
#include "admin/console_pages.h"
#include "admin/console_probe.h"
#include "core/connections.h"
#include "core/http_host.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/server_address.h"
#include "store/memory.h"
#include "store/monotonic.h"

#define CONNECTIONS 128u
#define CONNECTIONS_OF_ADDRESS 32u
#define REQUEST_MS 20000u /* to send a request, and to take its answer */
#define PROBE_MS 5000u
#define STOPPING_MS 5000
#define CONNECTION_MEMORY ((size_t)32 * 1024)
#define BODY_MAX ((size_t)64 * 1024)
#define COOKIE "weir_session"
#define DEED_HEADER "X-Weir-Deed"
#define API "/api/"
#define IMPORT API "reputation/import"
#define RULES API "rules/"
#define OPML_IMPORT API "feeds/import"
#define OPML_PREVIEW API "feeds/preview"
#define MESSAGE_TYPE "message/rfc822"

struct console_server {
    struct console_server_options options;
    struct MHD_Daemon *daemon;
    struct connections *connections;
    atomic_uint under_way; /* requests whose head is there, until they are answered */
    struct console_access *access;
    struct console_pages *pages;
    char own_url[300]; /* where it listens, when there is no public URL */
};

/* A connection, and the request that comes in over it. */
struct client {
    struct connection connection;
    bool begun;       /* its head is there */
    char *cut_target; /* as it was sent, when a NUL stands in it; NULL: none does */
    char *body;
    size_t length, body_max;
    bool too_large;
};

/* --- what the API is given --- */

const char *console_parameter(const struct console_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *console_member(const struct console_request *request, const char *name)
{
    return json_string_value(json_object_get(request->body, name));
}

void console_refuse(struct console_answer *answer, unsigned status, const char *format, ...)
{
    char text[1000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    answer->status = status;
    answer->json.length = 0;
    json_put_open(&answer->json, NULL, '{');
    json_put_string(&answer->json, "error", span_of(text));
    json_put_close(&answer->json, '}');
}

/* --- answers --- */

static void add(struct MHD_Response *response, const char *name, const char *value)
{
    memory_checked(MHD_add_response_header(response, name, value) == MHD_YES ? response : NULL);
}

/* No script, style or picture but ours, no frame, no guessing of types, no address told to others
 * (W3C Content Security Policy 3; Fetch; Referrer Policy). */
static void add_safety(struct MHD_Response *response)
{
    if (!MHD_get_response_header(response, "Content-Security-Policy"))
        add(response, "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src "
            "'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    add(response, "X-Content-Type-Options", "nosniff");
    if (!MHD_get_response_header(response, "Referrer-Policy"))
        add(response, "Referrer-Policy", "no-referrer");
    add(response, "Cross-Origin-Opener-Policy", "same-origin");
    add(response, "Cross-Origin-Resource-Policy", "same-origin");
}

static enum MHD_Result send_response(struct MHD_Connection *connection, unsigned status,
                                     struct MHD_Response *response)
{
    add_safety(response);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    metrics_add(METRIC_RESPONSES, metrics_response_cell(status), 1);
    MHD_destroy_response(response);
    return result;
}

/* Takes the answer's body. `cookie`, `retry_after_s`: NULL and 0: none. */
static enum MHD_Result send_answer(struct MHD_Connection *connection, struct console_answer *answer,
                                   const char *cookie, int64_t retry_after_s)
{
    char seconds[24];
    unsigned status = answer->status ? answer->status : MHD_HTTP_OK;
    struct MHD_Response *response = memory_checked(MHD_create_response_from_buffer(
        answer->json.length, answer->json.data, MHD_RESPMEM_MUST_FREE));
    add(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    add(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (cookie)
        add(response, MHD_HTTP_HEADER_SET_COOKIE, cookie);
    snprintf(seconds, sizeof seconds, "%lld", (long long)retry_after_s);
    if (retry_after_s)
        add(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        add(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD, POST");
    return send_response(connection, status, response);
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *why)
{
    struct console_answer answer = {0};
    console_refuse(&answer, status, "%s", why);
    return send_answer(connection, &answer, NULL, 0);
}

static void audit(const struct console_server *server, const char *who, const char *what,
                  const char *subject)
{
    server->options.audit(server->options.context, who, what, subject);
}

/* A request that no page of ours and no program sends: who it comes from is in the audit. */
static enum MHD_Result refuse_attack(struct console_server *server,
                                     struct MHD_Connection *connection, unsigned status,
                                     const char *what, const char *target, const char *why)
{
    struct console_source source;
    console_source_of(connection, *server->options.public_url, &source);
    audit(server, source.text, what, target);
    return refuse(connection, status, why);
}

static enum MHD_Result send_page(struct console_server *server, struct MHD_Connection *connection,
                                 const char *target)
{
    const struct console_page *page = console_pages_find(server->pages, target);
    const char *known =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);
    if (!page && console_guard_climbs(target))
        return refuse_attack(server, connection, MHD_HTTP_NOT_FOUND, "refused-path", target,
                             "there is no such page");
    if (!page)
        return refuse(connection, MHD_HTTP_NOT_FOUND, "there is no such page");
    bool same = known && strstr(known, page->etag);
    struct MHD_Response *response = memory_checked(MHD_create_response_from_buffer(
        same ? 0 : page->length, page->content, MHD_RESPMEM_PERSISTENT));
    add(response, MHD_HTTP_HEADER_CONTENT_TYPE, page->type);
    add(response, MHD_HTTP_HEADER_ETAG, page->etag);
    add(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
    return send_response(connection, same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
}

/* --- logging in --- */

static const char *public_url(const struct console_server *server)
{
    return *server->options.public_url ? server->options.public_url : server->own_url;
}

static void render_cookie(const struct console_server *server, const char *token, bool ended,
                          char cookie[200])
{
    bool secure = strncasecmp(public_url(server), "https:", 6) == 0;
    snprintf(cookie, 200, COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict%s%s", token,
             secure ? "; Secure" : "", ended ? "; Max-Age=0" : "");
}

static enum MHD_Result refuse_login(struct MHD_Connection *connection,
                                    const struct console_source *source, const char *name,
                                    enum console_login login, int64_t wait_s,
                                    const struct error *error)
{
    struct console_answer answer = {0};
    bool failed = login == CONSOLE_LOGIN_FAILED;
    if (login == CONSOLE_LOGIN_WAIT) {
        console_refuse(&answer, MHD_HTTP_TOO_MANY_REQUESTS,
                       "too many attempts; try again in %lld s", (long long)wait_s);
        return send_answer(connection, &answer, NULL, wait_s);
    }
    if (login == CONSOLE_LOGIN_BUSY) {
        console_refuse(&answer, MHD_HTTP_SERVICE_UNAVAILABLE,
                       "too many log in at once; try again in %lld s", (long long)wait_s);
        return send_answer(connection, &answer, NULL, wait_s);
    }
    log_event(LOG_LEVEL_WARNING, "login-failed", "user", name, "address", source->text, "reason",
              failed ? error->message : "wrong name or password", NULL);
    return refuse(connection, failed ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_UNAUTHORIZED,
                  failed ? "the file of users cannot be read; the log says why"
                         : "the name or the password is wrong");
}

static enum MHD_Result welcome(struct console_server *server, struct MHD_Connection *connection,
                               const char *name, const char *token)
{
    struct console_answer answer = {0};
    char cookie[200];
    render_cookie(server, token, false, cookie);
    json_put_open(&answer.json, NULL, '{');
    json_put_string(&answer.json, "user", span_of(name));
    json_put_close(&answer.json, '}');
    return send_answer(connection, &answer, cookie, 0);
}

static enum MHD_Result log_in(struct console_server *server, const struct console_request *request)
{
    struct error error = {0};
    const char *name = console_member(request, "user");
    const char *password = console_member(request, "password");
    struct console_source source;
    char token[CONSOLE_TOKEN_SIZE];
    int64_t wait_s = 0;
    if (!name || !password || !console_users_is_name(name) ||
        strlen(password) > CONSOLE_PASSWORD_MAX)
        return refuse(request->connection, MHD_HTTP_BAD_REQUEST, "user and password are needed");
    console_source_of(request->connection, *server->options.public_url, &source);
    enum console_login login =
        console_access_log_in(server->access, &source, name, password, token, &wait_s, &error);
    if (login != CONSOLE_LOGIN_GOOD) {
        audit(server, source.text,
              login == CONSOLE_LOGIN_WAIT   ? "refused-log-in-too-soon"
              : login == CONSOLE_LOGIN_BUSY ? "refused-log-in-busy"
                                            : "refused-log-in",
              name);
        return refuse_login(request->connection, &source, name, login, wait_s, &error);
    }
    log_event(LOG_LEVEL_NOTICE, "login", "user", name, "address", source.text, NULL);
    audit(server, name, "log-in", source.text);
    return welcome(server, request->connection, name, token);
}

static const char *session_of(struct MHD_Connection *connection)
{
    const char *token = MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, COOKIE);
    return token ? token : "";
}

/* The token of a program (RFC 6750, 2.1); NULL: the request has none. */
static const char *bearer_of(struct MHD_Connection *connection)
{
    const char *given =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    return given && strncasecmp(given, "Bearer ", 7) == 0 ? given + 7 : NULL;
}

static enum MHD_Result refuse_without_deed(struct console_server *server,
                                           struct MHD_Connection *connection, const char *path)
{
    return refuse_attack(server, connection, MHD_HTTP_FORBIDDEN, "refused-without-deed-token", path,
                         "the request lacks the session's " DEED_HEADER);
}

static enum MHD_Result log_out(struct console_server *server, struct MHD_Connection *connection)
{
    char cookie[200];
    struct console_answer answer = {.status = MHD_HTTP_NO_CONTENT};
    struct console_caller caller;
    struct console_source source;
    struct error error = {0};
    if (console_access_find(server->access, session_of(connection), NULL, &caller, &error)) {
        if (!console_access_is_meant(
                &caller, MHD_lookup_connection_value(connection, MHD_HEADER_KIND, DEED_HEADER)))
            return refuse_without_deed(server, connection, "logout");
        console_source_of(connection, *server->options.public_url, &source);
        audit(server, caller.name, "log-out", source.text);
    }
    console_access_log_out(server->access, session_of(connection));
    render_cookie(server, "", true, cookie);
    return send_answer(connection, &answer, cookie, 0);
}

/* --- requests --- */

static bool has_type(struct MHD_Connection *connection, const char *wanted)
{
    const char *type =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
    size_t length = type ? strcspn(type, "; ") : 0;
    return length == strlen(wanted) && !strncasecmp(type, wanted, length);
}

/* Whoever brings no session has to log in. One that nobody has (it ended, is made up or somebody
 * else's) is in the audit, once for each browser: it is told to forget it. */
static enum MHD_Result refuse_stranger(struct console_server *server,
                                       const struct console_request *request)
{
    struct MHD_Connection *connection = request->connection;
    bool bearer = bearer_of(connection), session = *session_of(connection);
    struct console_answer answer = {0};
    struct console_source source;
    char cookie[200];
    const char *what = console_guard_climbs(request->path) ? "refused-path"
                       : bearer                            ? "refused-token"
                       : session                           ? "refused-session"
                                                           : NULL;
    console_source_of(connection, *server->options.public_url, &source);
    if (what)
        audit(server, source.text, what, request->path);
    render_cookie(server, "", true, cookie);
    console_refuse(&answer, MHD_HTTP_UNAUTHORIZED, "log in first");
    return send_answer(connection, &answer, session ? cookie : NULL, 0);
}

static enum MHD_Result call_api(struct console_server *server, struct console_request *request)
{
    struct console_answer answer = {0};
    struct MHD_Connection *connection = request->connection;
    bool post = strcmp(request->method, MHD_HTTP_METHOD_POST) == 0;
    if (post && strcmp(request->path, "login") == 0)
        return log_in(server, request);
    if (post && strcmp(request->path, "logout") == 0)
        return log_out(server, connection);
    struct error error = {0};
    struct console_caller caller;
    bool known = console_access_find(server->access, session_of(connection), bearer_of(connection),
                                     &caller, &error);
    if (error.class != ERROR_NONE) {
        log_event(LOG_LEVEL_ERROR, "users-unreadable", "reason", error.message, NULL);
        return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                      "the file of users cannot be read; the log says why");
    }
    if (!known)
        return refuse_stranger(server, request);
    if (post && !console_access_is_meant(
                    &caller, MHD_lookup_connection_value(connection, MHD_HEADER_KIND, DEED_HEADER)))
        return refuse_without_deed(server, connection, request->path);
    request->caller = &caller;
    server->options.api(server->options.context, request, &answer);
    if (answer.status == MHD_HTTP_NOT_FOUND && console_guard_climbs(request->path))
        audit(server, caller.name, "refused-path", request->path);
    return send_answer(connection, &answer, NULL, 0);
}

static enum MHD_Result answer_post(struct console_server *server, struct console_request *request,
                                   const struct client *client)
{
    if (!console_guard_is_own(request->connection, public_url(server)))
        return refuse_attack(server, request->connection, MHD_HTTP_FORBIDDEN,
                             "refused-from-other-site", request->path,
                             "the request comes from another site");
    bool learns = strncmp(request->path, "learn/", 6) == 0;
    bool message = learns && has_type(request->connection, MESSAGE_TYPE);
    if (!message && !has_type(request->connection, "application/json"))
        return refuse_attack(server, request->connection, MHD_HTTP_FORBIDDEN,
                             "refused-content-type", request->path,
                             learns ? "the request is not of Content-Type " MESSAGE_TYPE
                                    : "the request is not of Content-Type application/json");
    if (client->too_large)
        return refuse(request->connection, MHD_HTTP_CONTENT_TOO_LARGE,
                      message ? "the message is larger than 4 MiB, or there is no token with it"
                              : "the request is larger than 64 KiB, or an import than 4 MiB");
    if (message) {
        request->message = (struct span){client->body, client->length};
        return call_api(server, request);
    }
    json_t *body =
        json_loadb(client->body ? client->body : "", client->length, JSON_REJECT_DUPLICATES, NULL);
    enum MHD_Result result;
    request->body = body;
    if (json_is_object(body))
        result = call_api(server, request);
    else
        result = refuse(request->connection, MHD_HTTP_BAD_REQUEST, "the body is no JSON object");
    json_decref(body);
    return result;
}

/* Whoever has the link needs no session; but whoever was sent one is not to act by opening a page
 * of somebody else. The link itself is not for the audit. */
static enum MHD_Result open_door(struct console_server *server, struct MHD_Connection *connection,
                                 const char *target, bool post, const struct client *client)
{
    unsigned status;
    if (post && !console_guard_is_own(connection, public_url(server)))
        return refuse_attack(server, connection, MHD_HTTP_FORBIDDEN, "refused-from-other-site",
                             "a digest's link", "the request comes from another site");
    if (client->too_large)
        return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE, "the request is larger than 64 KiB");
    struct span body = {client->body, client->length};
    struct MHD_Response *response =
        door_server_answer(server->options.door, connection, target, post, body, &status);
    return send_response(connection, status, response);
}

static bool is_door(const char *target)
{
    return strncmp(target, CONSOLE_DOOR, strlen(CONSOLE_DOOR)) == 0;
}

static enum MHD_Result answer_request(struct console_server *server,
                                      struct MHD_Connection *connection, const char *target,
                                      const char *method, const struct client *client)
{
    const char *host =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    bool post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
    bool get =
        strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    bool api = strncmp(target, API, strlen(API)) == 0;
    if (!http_host_is_ours(host, public_url(server)))
        return refuse(connection, MHD_HTTP_MISDIRECTED_REQUEST, HTTP_HOST_COMPLAINT);
    if (client->cut_target)
        return refuse_attack(server, connection, MHD_HTTP_BAD_REQUEST, "refused-path",
                             is_door(target) ? "a digest's link" : client->cut_target,
                             "a NUL stands in the address");
    if (is_door(target) && (get || post))
        return open_door(server, connection, target, post, client);
    if (!get && !(post && api))
        return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "not that way");
    if (!api)
        return send_page(server, connection, target);
    struct console_request request = {
        .method = post ? "POST" : "GET", .path = target + strlen(API), .connection = connection};
    return post ? answer_post(server, &request, client) : call_api(server, &request);
}

/* --- libmicrohttpd's callbacks --- */

static void take_body(struct client *client, const char *data, size_t length)
{
    if (length > client->body_max - client->length) {
        client->too_large = true;
        return;
    }
    client->body = memory_resize(client->body, client->length + length);
    memcpy(client->body + client->length, data, length);
    client->length += length;
}

static bool takes_much(const char *target)
{
    return strcmp(target, IMPORT) == 0 || strncmp(target, RULES, strlen(RULES)) == 0 ||
           strcmp(target, OPML_IMPORT) == 0 || strcmp(target, OPML_PREVIEW) == 0;
}

/* A message, an import of reputations or feeds, or a text of rules may be large, of who is known:
 * nobody else fills the memory. */
static size_t body_max(struct console_server *server, struct MHD_Connection *connection,
                       const char *target)
{
    struct error error = {0};
    struct console_caller caller;
    const char *bearer = bearer_of(connection);
    bool message = bearer && has_type(connection, MESSAGE_TYPE);
    if (!message && !takes_much(target))
        return BODY_MAX;
    return console_access_find(server->access, session_of(connection), bearer, &caller, &error)
               ? CONSOLE_MESSAGE_MAX
               : BODY_MAX;
}

/* Called when the head is there, again with parts of a body, and at its end. */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *target,
                              const char *method, const char *version, const char *data,
                              size_t *length, void **request)
{
    (void)version;
    struct console_server *server = context;
    struct client *client = *request;
    if (!client->begun) {
        client->begun = true;
        client->body_max = body_max(server, connection, target);
        atomic_fetch_add(&server->under_way, 1);
        return MHD_YES;
    }
    if (*length) {
        take_body(client, data, *length);
        *length = 0;
        return MHD_YES;
    }
    connection_exempt(&client->connection);
    enum MHD_Result result = answer_request(server, connection, target, method, client);
    connection_restart(server->connections, &client->connection);
    return result;
}

/* The first line of a request is there, with its target as it was sent: what libmicrohttpd decodes
 * of it ends for us at the first NUL. What is returned is `*request` from here on. */
static void *begin_request(void *context, const char *target, struct MHD_Connection *connection)
{
    struct console_server *server = context;
    struct client *client =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    free(client->cut_target);
    client->cut_target = strstr(target, "%00") ? memory_text(target) : NULL;
    connection_restart(server->connections, &client->connection);
    return client;
}

static void end_request(void *context, struct MHD_Connection *connection, void **request,
                        enum MHD_RequestTerminationCode code)
{
    (void)connection, (void)code;
    struct console_server *server = context;
    struct client *client = *request;
    if (!client)
        return;
    if (client->body)
        sodium_memzero(client->body, client->length); /* it may have been a password */
    free(client->body);
    client->body = NULL;
    client->length = 0;
    if (client->begun)
        atomic_fetch_sub(&server->under_way, 1);
    client->begun = client->too_large = false;
    connection_restart(server->connections, &client->connection);
}

static void note_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                            enum MHD_ConnectionNotificationCode code)
{
    struct console_server *server = context;
    struct client *client = *socket_context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        client = *socket_context = memory_new(sizeof *client);
        connections_add(
            server->connections, &client->connection,
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
    } else {
        connections_remove(server->connections, &client->connection);
        free(client->cut_target);
        free(client);
    }
}

static enum MHD_Result may_connect(void *context, const struct sockaddr *address, socklen_t length)
{
    (void)address, (void)length;
    struct console_server *server = context;
    return connections_are_full(server->connections) ? MHD_NO : MHD_YES;
}

/* --- start and end --- */

static struct MHD_Daemon *start(struct console_server *server, const struct server_address *address)
{
    /* With a pool instead, a connection would wait for what another one of its thread waits for. */
    unsigned flags = MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION;
    if (address->socket.ss_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    errno = 0;
    /* At its own limit libmicrohttpd leaves new connections hanging; may_connect() turns them
     * away. */
    return MHD_start_daemon(flags, 0, may_connect, server, handle, server, MHD_OPTION_SOCK_ADDR,
                            (const struct sockaddr *)&address->socket, MHD_OPTION_URI_LOG_CALLBACK,
                            begin_request, server, MHD_OPTION_NOTIFY_COMPLETED, end_request, server,
                            MHD_OPTION_NOTIFY_CONNECTION, note_connection, server,
                            MHD_OPTION_CONNECTION_LIMIT, 2 * CONNECTIONS,
                            MHD_OPTION_PER_IP_CONNECTION_LIMIT, CONNECTIONS_OF_ADDRESS,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, MHD_OPTION_END);
}

struct console_server *console_server_new(const struct console_server_options *options,
                                          struct error *error)
{
    struct server_address address;
    if (!server_address_read(options->listen, &address, error))
        return NULL;
    struct console_server *server = memory_new(sizeof *server);
    server->options = *options;
    server->access = console_access_new(options->users);
    snprintf(server->own_url, sizeof server->own_url, "http://%s", options->listen);
    server->pages = console_pages_read(options->pages, error);
    if (server->pages)
        server->connections = connections_new(CONNECTIONS, REQUEST_MS, error);
    if (server->connections)
        server->daemon = start(server, &address);
    if (server->daemon)
        return server;
    if (server->connections)
        error_set(error, ERROR_SYSTEM, "cannot listen on %s: %s", options->listen,
                  errno ? strerror(errno) : "libmicrohttpd does not start");
    console_server_free(server);
    return NULL;
}

bool console_server_answers(const struct console_server *server)
{
    return console_probe_answers(
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_LISTEN_FD)->listen_fd, PROBE_MS);
}

/* libmicrohttpd cuts off what is being answered; those requests are waited for. */
static void stop(struct console_server *server)
{
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    int64_t deadline_ms = monotonic_ms() + STOPPING_MS;
    MHD_socket listening = MHD_quiesce_daemon(server->daemon);
    if (listening != MHD_INVALID_SOCKET)
        close(listening);
    while (atomic_load(&server->under_way) && monotonic_ms() < deadline_ms)
        nanosleep(&pause, NULL);
    MHD_stop_daemon(server->daemon);
}

void console_server_free(struct console_server *server)
{
    if (!server)
        return;
    if (server->daemon)
        stop(server);
    connections_free(server->connections);
    console_access_free(server->access);
    console_pages_free(server->pages);
    free(server);
}
