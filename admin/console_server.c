#include "admin/console_server.h"

#include <errno.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "admin/console_probe.h"
#include "core/connections.h"
#include "core/server_address.h"
#include "store/memory.h"
#include "store/monotonic.h"

#define CONNECTIONS 128u
#define CONNECTIONS_OF_ADDRESS 32u
#define REQUEST_MS 20000u /* to send a request, and to take its answer */
#define PROBE_MS 5000u
#define STOPPING_MS 5000
#define CONNECTION_MEMORY ((size_t)32 * 1024)

struct console_server {
    struct console_router router;
    struct MHD_Daemon *daemon;
    struct connections *connections;
    atomic_uint under_way; /* requests whose head is there, until they are answered */
    struct console_access *access;
    struct console_pages *pages;
    char own_url[300]; /* where it listens: the router's when there is no public URL */
};

/* A connection, and the request that comes in over it. */
struct client {
    struct connection connection;
    bool begun;       /* its head is there */
    char *cut_target; /* as it was sent, when a NUL stands in it; NULL: none does */
    char *body;
    size_t length, room, body_max;
    bool too_large;
};

/* --- libmicrohttpd's callbacks --- */

/* It may have been a password. */
static void drop(char *body, size_t length)
{
    if (body)
        sodium_memzero(body, length);
    free(body);
}

/* As realloc() would, which leaves what it copied. */
static void make_room(struct client *client, size_t length)
{
    if (length <= client->room)
        return;
    size_t room = length < 2 * client->room ? 2 * client->room : length;
    char *body = memory_new(room);
    if (client->length)
        memcpy(body, client->body, client->length);
    drop(client->body, client->length);
    client->body = body;
    client->room = room;
}

static void take_body(struct client *client, const char *data, size_t length)
{
    if (length > client->body_max - client->length) {
        client->too_large = true;
        return;
    }
    make_room(client, client->length + length);
    memcpy(client->body + client->length, data, length);
    client->length += length;
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
        connection_asks(&client->connection);
        client->body_max = console_router_body_max(&server->router, connection, target);
        atomic_fetch_add(&server->under_way, 1);
        return MHD_YES;
    }
    if (*length) {
        take_body(client, data, *length);
        *length = 0;
        return MHD_YES;
    }
    connection_exempt(&client->connection);
    const struct console_sent sent = {
        method, target, client->cut_target, {client->body, client->length}, client->too_large};
    enum MHD_Result result = console_router_answer(&server->router, connection, &sent);
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
    drop(client->body, client->length);
    client->body = NULL;
    client->length = client->room = 0;
    if (client->begun)
        atomic_fetch_sub(&server->under_way, 1);
    client->begun = client->too_large = false;
    connection_rests(server->connections, &client->connection);
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
    server->access = console_access_new(options->users);
    snprintf(server->own_url, sizeof server->own_url, "http://%s", options->listen);
    server->pages = console_pages_read(options->pages, error);
    server->router =
        (struct console_router){.url = *options->public_url ? options->public_url : server->own_url,
                                .proxied = *options->public_url,
                                .access = server->access,
                                .pages = server->pages,
                                .door = options->door,
                                .handlers = options->handlers};
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
