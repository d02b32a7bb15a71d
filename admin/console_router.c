#include "admin/console_router.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "admin/console_door_server.h"
#include "admin/console_guard.h"
#include "admin/console_limits.h"
#include "core/http_host.h"
#include "core/log.h"
#include "store/memory.h"

#define BODY_MAX ((size_t)64 * 1024)
#define COOKIE "weir_session"
#define DEED_HEADER "X-Weir-Deed"
#define API "/api/"
#define IMPORT API "reputation/import"
#define RULES API "rules/"
#define OPML_IMPORT API "feeds/import"
#define OPML_PREVIEW API "feeds/preview"
#define MESSAGE_TYPE "message/rfc822"

static void audit(const struct console_router *router, const char *who, const char *what,
                  const char *subject)
{
    router->handlers.audit(router->handlers.context, who, what, subject);
}

/* A request that no page of ours and no program sends: who it comes from is in the audit. */
static enum MHD_Result refuse_attack(const struct console_router *router,
                                     struct MHD_Connection *connection, unsigned status,
                                     const char *what, const char *target, const char *why)
{
    struct console_source source;
    console_source_of(connection, router->proxied, &source);
    audit(router, source.text, what, target);
    return console_send_refusal(connection, status, why);
}

static enum MHD_Result send_page(const struct console_router *router,
                                 struct MHD_Connection *connection, const char *target)
{
    const struct console_page *page = console_pages_find(router->pages, target);
    const char *known =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);
    if (!page && console_guard_climbs(target))
        return refuse_attack(router, connection, MHD_HTTP_NOT_FOUND, "refused-path", target,
                             "there is no such page");
    if (!page)
        return console_send_refusal(connection, MHD_HTTP_NOT_FOUND, "there is no such page");
    bool same = known && strstr(known, page->etag);
    struct MHD_Response *response = memory_checked(MHD_create_response_from_buffer(
        same ? 0 : page->length, page->content, MHD_RESPMEM_PERSISTENT));
    console_add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, page->type);
    console_add_header(response, MHD_HTTP_HEADER_ETAG, page->etag);
    console_add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
    return console_send_response(connection, same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
}

/* --- logging in --- */

static void render_cookie(const struct console_router *router, const char *token, bool ended,
                          char cookie[200])
{
    bool secure = strncasecmp(router->url, "https:", 6) == 0;
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
        return console_send_answer(connection, &answer, NULL, wait_s);
    }
    if (login == CONSOLE_LOGIN_BUSY) {
        console_refuse(&answer, MHD_HTTP_SERVICE_UNAVAILABLE,
                       "too many log in at once; try again in %lld s", (long long)wait_s);
        return console_send_answer(connection, &answer, NULL, wait_s);
    }
    log_event(LOG_LEVEL_WARNING, "login-failed", "user", name, "address", source->text, "reason",
              failed ? error->message : "wrong name or password", NULL);
    return console_send_refusal(connection,
                                failed ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_UNAUTHORIZED,
                                failed ? "the file of users cannot be read; the log says why"
                                       : "the name or the password is wrong");
}

static enum MHD_Result welcome(const struct console_router *router,
                               struct MHD_Connection *connection, const char *name,
                               const char *token)
{
    struct console_answer answer = {0};
    char cookie[200];
    render_cookie(router, token, false, cookie);
    json_put_open(&answer.json, NULL, '{');
    json_put_string(&answer.json, "user", span_of(name));
    json_put_close(&answer.json, '}');
    return console_send_answer(connection, &answer, cookie, 0);
}

static enum MHD_Result log_in(const struct console_router *router,
                              const struct console_request *request)
{
    struct error error = {0};
    const char *name = console_member(request, "user");
    const char *password = console_member(request, "password");
    struct console_source source;
    char token[CONSOLE_TOKEN_SIZE];
    int64_t wait_s = 0;
    if (!name || !password || !console_users_is_name(name) ||
        strlen(password) > CONSOLE_PASSWORD_MAX)
        return console_send_refusal(request->connection, MHD_HTTP_BAD_REQUEST,
                                    "user and password are needed");
    console_source_of(request->connection, router->proxied, &source);
    enum console_login login =
        console_access_log_in(router->access, &source, name, password, token, &wait_s, &error);
    if (login != CONSOLE_LOGIN_GOOD) {
        audit(router, source.text,
              login == CONSOLE_LOGIN_WAIT   ? "refused-log-in-too-soon"
              : login == CONSOLE_LOGIN_BUSY ? "refused-log-in-busy"
                                            : "refused-log-in",
              name);
        return refuse_login(request->connection, &source, name, login, wait_s, &error);
    }
    log_event(LOG_LEVEL_NOTICE, "login", "user", name, "address", source.text, NULL);
    audit(router, name, "log-in", source.text);
    return welcome(router, request->connection, name, token);
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

static enum MHD_Result refuse_without_deed(const struct console_router *router,
                                           struct MHD_Connection *connection, const char *path)
{
    return refuse_attack(router, connection, MHD_HTTP_FORBIDDEN, "refused-without-deed-token", path,
                         "the request lacks the session's " DEED_HEADER);
}

static enum MHD_Result log_out(const struct console_router *router,
                               struct MHD_Connection *connection)
{
    char cookie[200];
    struct console_answer answer = {.status = MHD_HTTP_NO_CONTENT};
    struct console_caller caller;
    struct console_source source;
    struct error error = {0};
    if (console_access_find(router->access, session_of(connection), NULL, &caller, &error)) {
        if (!console_access_is_meant(
                &caller, MHD_lookup_connection_value(connection, MHD_HEADER_KIND, DEED_HEADER)))
            return refuse_without_deed(router, connection, "logout");
        console_source_of(connection, router->proxied, &source);
        audit(router, caller.name, "log-out", source.text);
    }
    console_access_log_out(router->access, session_of(connection));
    render_cookie(router, "", true, cookie);
    return console_send_answer(connection, &answer, cookie, 0);
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
static enum MHD_Result refuse_stranger(const struct console_router *router,
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
    console_source_of(connection, router->proxied, &source);
    if (what)
        audit(router, source.text, what, request->path);
    render_cookie(router, "", true, cookie);
    console_refuse(&answer, MHD_HTTP_UNAUTHORIZED, "log in first");
    return console_send_answer(connection, &answer, session ? cookie : NULL, 0);
}

static enum MHD_Result call_api(const struct console_router *router,
                                struct console_request *request)
{
    struct console_answer answer = {0};
    struct MHD_Connection *connection = request->connection;
    bool post = strcmp(request->method, MHD_HTTP_METHOD_POST) == 0;
    if (post && strcmp(request->path, "login") == 0)
        return log_in(router, request);
    if (post && strcmp(request->path, "logout") == 0)
        return log_out(router, connection);
    struct error error = {0};
    struct console_caller caller;
    bool known = console_access_find(router->access, session_of(connection), bearer_of(connection),
                                     &caller, &error);
    if (error.class != ERROR_NONE) {
        log_event(LOG_LEVEL_ERROR, "users-unreadable", "reason", error.message, NULL);
        return console_send_refusal(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                                    "the file of users cannot be read; the log says why");
    }
    if (!known)
        return refuse_stranger(router, request);
    if (post && !console_access_is_meant(
                    &caller, MHD_lookup_connection_value(connection, MHD_HEADER_KIND, DEED_HEADER)))
        return refuse_without_deed(router, connection, request->path);
    request->caller = &caller;
    router->handlers.api(router->handlers.context, request, &answer);
    if (answer.status == MHD_HTTP_NOT_FOUND && console_guard_climbs(request->path))
        audit(router, caller.name, "refused-path", request->path);
    return console_send_answer(connection, &answer, NULL, 0);
}

static enum MHD_Result answer_post(const struct console_router *router,
                                   struct console_request *request, const struct console_sent *sent)
{
    if (!console_guard_is_own(request->connection, router->url))
        return refuse_attack(router, request->connection, MHD_HTTP_FORBIDDEN,
                             "refused-from-other-site", request->path,
                             "the request comes from another site");
    bool learns = strncmp(request->path, "learn/", 6) == 0;
    bool message = learns && has_type(request->connection, MESSAGE_TYPE);
    if (!message && !has_type(request->connection, "application/json"))
        return refuse_attack(router, request->connection, MHD_HTTP_FORBIDDEN,
                             "refused-content-type", request->path,
                             learns ? "the request is not of Content-Type " MESSAGE_TYPE
                                    : "the request is not of Content-Type application/json");
    if (sent->too_large)
        return console_send_refusal(
            request->connection, MHD_HTTP_CONTENT_TOO_LARGE,
            message ? "the message is larger than 4 MiB, or there is no token with it"
                    : "the request is larger than 64 KiB, or an import than 4 MiB");
    if (message) {
        request->message = sent->body;
        return call_api(router, request);
    }
    json_t *body = json_loadb(sent->body.length ? sent->body.data : "", sent->body.length,
                              JSON_REJECT_DUPLICATES, NULL);
    enum MHD_Result result;
    request->body = body;
    if (json_is_object(body))
        result = call_api(router, request);
    else
        result = console_send_refusal(request->connection, MHD_HTTP_BAD_REQUEST,
                                      "the body is no JSON object");
    json_decref(body);
    return result;
}

/* Whoever has the link needs no session; but whoever was sent one is not to act by opening a page
 * of somebody else. The link itself is not for the audit. */
static enum MHD_Result open_door(const struct console_router *router,
                                 struct MHD_Connection *connection, const char *target, bool post,
                                 const struct console_sent *sent)
{
    unsigned status;
    char name[CONSOLE_DOOR_NAME_SIZE];
    if (post && !console_guard_is_own(connection, router->url)) {
        door_server_name(router->door, target, name);
        return refuse_attack(router, connection, MHD_HTTP_FORBIDDEN, "refused-from-other-site",
                             name, "the request comes from another site");
    }
    if (sent->too_large)
        return console_send_refusal(connection, MHD_HTTP_CONTENT_TOO_LARGE,
                                    "the request is larger than 64 KiB");
    struct MHD_Response *response =
        door_server_answer(router->door, connection, target, post, sent->body, &status);
    return console_send_response(connection, status, response);
}

static bool is_door(const char *target)
{
    return strncmp(target, CONSOLE_DOOR, strlen(CONSOLE_DOOR)) == 0;
}

enum MHD_Result console_router_answer(const struct console_router *router,
                                      struct MHD_Connection *connection,
                                      const struct console_sent *sent)
{
    const char *target = sent->target;
    const char *host =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    bool post = strcmp(sent->method, MHD_HTTP_METHOD_POST) == 0;
    bool get = strcmp(sent->method, MHD_HTTP_METHOD_GET) == 0 ||
               strcmp(sent->method, MHD_HTTP_METHOD_HEAD) == 0;
    bool api = strncmp(target, API, strlen(API)) == 0;
    if (!http_host_is_ours(host, router->url))
        return console_send_refusal(connection, MHD_HTTP_MISDIRECTED_REQUEST, HTTP_HOST_COMPLAINT);
    if (sent->cut_target)
        return refuse_attack(router, connection, MHD_HTTP_BAD_REQUEST, "refused-path",
                             is_door(target) ? CONSOLE_DOOR_ANY : sent->cut_target,
                             "a NUL stands in the address");
    if (is_door(target) && (get || post))
        return open_door(router, connection, target, post, sent);
    if (!get && !(post && api))
        return console_send_refusal(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "not that way");
    if (!api)
        return send_page(router, connection, target);
    struct console_request request = {
        .method = post ? "POST" : "GET", .path = target + strlen(API), .connection = connection};
    return post ? answer_post(router, &request, sent) : call_api(router, &request);
}

/* --- bounds --- */

static bool takes_much(const char *target)
{
    return strcmp(target, IMPORT) == 0 || strncmp(target, RULES, strlen(RULES)) == 0 ||
           strcmp(target, OPML_IMPORT) == 0 || strcmp(target, OPML_PREVIEW) == 0;
}

/* A message, an import of reputations or feeds, or a text of rules may be large, of who is known:
 * nobody else fills the memory. */
size_t console_router_body_max(const struct console_router *router,
                               struct MHD_Connection *connection, const char *target)
{
    struct error error = {0};
    struct console_caller caller;
    const char *bearer = bearer_of(connection);
    bool message = bearer && has_type(connection, MESSAGE_TYPE);
    if (!message && !takes_much(target))
        return BODY_MAX;
    return console_access_find(router->access, session_of(connection), bearer, &caller, &error)
               ? CONSOLE_MESSAGE_MAX
               : BODY_MAX;
}
