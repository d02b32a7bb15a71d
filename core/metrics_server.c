#include "core/metrics_server.h"

#include "core/metrics.h"
#include "core/server_address.h"
#include "store/memory.h"

#include <errno.h>
#include <microhttpd.h>
#include <string.h>

#define CONNECTIONS 16u
#define IDLE_S 5u
#define CONNECTION_MEMORY ((size_t)8 * 1024)

struct metrics_server {
    struct MHD_Daemon *daemon;
    bool (*sample)(void *context);
    void *context;
};

/* Takes `text`. */
static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type,
                              char *text, size_t length)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(length, text, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(text);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_line(struct MHD_Connection *connection, unsigned status,
                                   const char *type, const char *line)
{
    size_t length = strlen(line);
    return answer(connection, status, type, memory_copy(line, length), length);
}

static enum MHD_Result handle_request(void *context, struct MHD_Connection *connection,
                                      const char *target, const char *method, const char *version,
                                      const char *body, size_t *body_length, void **request)
{
    struct metrics_server *server = context;
    (void)version, (void)body;
    if (!*request || *body_length) { /* the head alone, or part of a body, which nobody reads */
        *request = server;
        *body_length = 0;
        return MHD_YES;
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return answer_line(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain",
                           "only GET and HEAD\n");
    bool metrics = !strcmp(target, "/metrics");
    if (!metrics && strcmp(target, "/health") != 0)
        return answer_line(connection, MHD_HTTP_NOT_FOUND, "text/plain",
                           "there are /metrics and /health\n");
    bool well = server->sample(server->context);
    if (!metrics)
        return answer_line(connection, MHD_HTTP_OK, "application/json",
                           well ? "{\"status\":\"ok\"}\n" : "{\"status\":\"degraded\"}\n");
    size_t length;
    char *text = metrics_text(&length);
    return answer(connection, MHD_HTTP_OK, METRICS_CONTENT_TYPE, text, length);
}

struct metrics_server *metrics_server_new(const char *address, bool (*sample)(void *context),
                                          void *context, struct error *error)
{
    struct server_address parsed;
    if (!server_address_read(address, &parsed, error))
        return NULL;
    struct metrics_server *server = memory_new(sizeof *server);
    server->sample = sample;
    server->context = context;
    unsigned flags = MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD;
    if (parsed.socket.ss_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    errno = 0;
    server->daemon =
        MHD_start_daemon(flags, 0, NULL, NULL, handle_request, server, MHD_OPTION_SOCK_ADDR,
                         (const struct sockaddr *)&parsed.socket, MHD_OPTION_CONNECTION_LIMIT,
                         CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S,
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, MHD_OPTION_END);
    if (server->daemon)
        return server;
    error_set(error, ERROR_SYSTEM, "metrics: cannot listen on %s: %s", address,
              errno ? strerror(errno) : "refused");
    free(server);
    return NULL;
}

void metrics_server_free(struct metrics_server *server)
{
    if (!server)
        return;
    MHD_stop_daemon(server->daemon);
    free(server);
}
