#include "http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATHS_MAX 64
#define HEAD_MAX 16384
#define CONNECTIONS_MAX 1024

struct path {
    const char *name;
    const char *raw; /* NULL: one of those below */
    const char *status, *headers, *body;
    void (*play)(struct http_server *server, int fd, void *context);
    void *context;
    unsigned requests;
    char head[HEAD_MAX];
    char *url;
};

struct http_server {
    char address[64];
    unsigned port;
    int listener;
    pthread_t thread;

    pthread_mutex_t mutex; /* of the rest */
    pthread_cond_t changed;
    bool stopping;
    struct path *paths;
    size_t path_count;
    int connections[CONNECTIONS_MAX]; /* -1: none */
    unsigned open, accepted;
};

struct connection {
    struct http_server *server;
    size_t slot;
    int fd;
};

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "http_server: %s: %s\n", what, strerror(errno));
    exit(99); /* automake's code for a test that cannot be run at all */
}

bool http_server_write(int fd, const void *data, size_t length)
{
    for (const char *at = data; length;) {
        ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        at += sent;
        length -= (size_t)sent;
    }
    return true;
}

bool http_server_wait(struct http_server *server, unsigned ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000)
        until.tv_sec++, until.tv_nsec -= 1000000000;
    pthread_mutex_lock(&server->mutex);
    while (!server->stopping &&
           pthread_cond_timedwait(&server->changed, &server->mutex, &until) != ETIMEDOUT)
        ;
    bool goes_on = !server->stopping;
    pthread_mutex_unlock(&server->mutex);
    return goes_on;
}

/* With the mutex held. */
static struct path *find(struct http_server *server, const char *name)
{
    for (size_t i = 0; i < server->path_count; i++)
        if (!strcmp(server->paths[i].name, name))
            return &server->paths[i];
    return NULL;
}

/* With the mutex held. */
static struct path *find_or_add(struct http_server *server, const char *name)
{
    struct path *path = find(server, name);
    if (!path) {
        if (server->path_count == PATHS_MAX)
            give_up("too many paths");
        path = &server->paths[server->path_count++];
        path->name = name;
    }
    return path;
}

/* One request's head, ended by an empty line. */
static bool read_head(int fd, char head[HEAD_MAX])
{
    for (size_t length = 0; length + 1 < HEAD_MAX;) {
        if (recv(fd, head + length, 1, 0) != 1)
            return false;
        head[++length] = '\0';
        if (length >= 4 && !memcmp(head + length - 4, "\r\n\r\n", 4))
            return true;
    }
    return false;
}

/* Notes the request; a copy of what is told for its path. A proxy is asked for a whole URL. */
static struct path note_request(struct http_server *server, const char *head)
{
    char name[HEAD_MAX] = "";
    sscanf(head, "GET %16383s", name);
    char *scheme = strstr(name, "://");
    char *start = scheme ? strchr(scheme + 3, '/') : name;
    struct path told = {.raw = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"};
    pthread_mutex_lock(&server->mutex);
    struct path *path = find(server, start ? start : name);
    if (path) {
        path->requests++;
        snprintf(path->head, sizeof path->head, "%s", head);
        told = *path;
    }
    pthread_mutex_unlock(&server->mutex);
    return told;
}

static bool answer(struct http_server *server, int fd, const struct path *told)
{
    if (told->play) {
        told->play(server, fd, told->context);
        return false;
    }
    if (told->raw) {
        http_server_write(fd, told->raw, strlen(told->raw));
        return false;
    }
    char head[HEAD_MAX];
    int length = snprintf(head, sizeof head, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n",
                          told->status, told->headers, strlen(told->body));
    return http_server_write(fd, head, (size_t)length) &&
           http_server_write(fd, told->body, strlen(told->body));
}

static void *serve(void *context)
{
    struct connection *connection = context;
    struct http_server *server = connection->server;
    char *head = malloc(HEAD_MAX);
    struct path told;
    do {
        if (!head || !read_head(connection->fd, head))
            break;
        told = note_request(server, head);
    } while (answer(server, connection->fd, &told));
    free(head);
    shutdown(connection->fd, SHUT_WR);
    pthread_mutex_lock(&server->mutex);
    close(connection->fd);
    server->connections[connection->slot] = -1;
    server->open--;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->mutex);
    free(connection);
    return NULL;
}

static void begin_serving(struct http_server *server, int fd)
{
    struct connection *connection = malloc(sizeof *connection);
    pthread_t thread;
    if (!connection)
        give_up("memory");
    *connection = (struct connection){.server = server, .fd = fd};
    pthread_mutex_lock(&server->mutex);
    while (server->connections[connection->slot] != -1)
        if (++connection->slot == CONNECTIONS_MAX)
            give_up("too many connections");
    server->connections[connection->slot] = fd;
    server->open++;
    server->accepted++;
    if (server->stopping)
        shutdown(fd, SHUT_RDWR);
    pthread_mutex_unlock(&server->mutex);
    if (pthread_create(&thread, NULL, serve, connection) != 0)
        give_up("thread");
    pthread_detach(thread);
}

static void *listen_on(void *context)
{
    struct http_server *server = context;
    for (int fd; (fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;)
        begin_serving(server, fd);
    return NULL;
}

struct http_server *http_server_start(const char *address)
{
    struct http_server *server = calloc(1, sizeof *server);
    struct sockaddr_in place = {.sin_family = AF_INET};
    socklen_t length = sizeof place;
    if (!server || !(server->paths = calloc(PATHS_MAX, sizeof *server->paths)))
        give_up("memory");
    snprintf(server->address, sizeof server->address, "%s", address);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        server->connections[i] = -1;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listener < 0 || inet_pton(AF_INET, address, &place.sin_addr) != 1 ||
        bind(server->listener, (struct sockaddr *)&place, sizeof place) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&place, &length) != 0 ||
        listen(server->listener, 1024) != 0)
        give_up(address);
    server->port = ntohs(place.sin_port);
    pthread_mutex_init(&server->mutex, NULL);
    pthread_cond_init(&server->changed, NULL);
    if (pthread_create(&server->thread, NULL, listen_on, server) != 0)
        give_up("thread");
    return server;
}

void http_server_stop(struct http_server *server)
{
    if (!server)
        return;
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    pthread_mutex_lock(&server->mutex);
    server->stopping = true;
    pthread_cond_broadcast(&server->changed);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (server->connections[i] >= 0)
            shutdown(server->connections[i], SHUT_RDWR);
    while (server->open)
        pthread_cond_wait(&server->changed, &server->mutex);
    pthread_mutex_unlock(&server->mutex);
    close(server->listener);
    for (size_t i = 0; i < server->path_count; i++)
        free(server->paths[i].url);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->mutex);
    free(server->paths);
    free(server);
}

unsigned http_server_port(const struct http_server *server)
{
    return server->port;
}

const char *http_server_url(struct http_server *server, const char *name)
{
    pthread_mutex_lock(&server->mutex);
    struct path *path = find_or_add(server, name);
    if (!path->raw && !path->status && !path->play)
        path->raw = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    if (!path->url &&
        asprintf(&path->url, "http://%s:%u%s", server->address, server->port, name) < 0)
        give_up("memory");
    pthread_mutex_unlock(&server->mutex);
    return path->url;
}

/* Tells anew what is done for a path; what was counted stays. */
static void tell(struct http_server *server, const struct path *told)
{
    pthread_mutex_lock(&server->mutex);
    struct path *path = find_or_add(server, told->name);
    path->raw = told->raw;
    path->status = told->status;
    path->headers = told->headers;
    path->body = told->body;
    path->play = told->play;
    path->context = told->context;
    pthread_mutex_unlock(&server->mutex);
}

void http_server_raw(struct http_server *server, const char *path, const char *raw)
{
    tell(server, &(struct path){.name = path, .raw = raw});
}

void http_server_answer(struct http_server *server, const char *path, const char *status,
                        const char *headers, const char *body)
{
    tell(server, &(struct path){.name = path, .status = status, .headers = headers, .body = body});
}

void http_server_play(struct http_server *server, const char *path,
                      void (*play)(struct http_server *server, int fd, void *context),
                      void *context)
{
    tell(server, &(struct path){.name = path, .play = play, .context = context});
}

unsigned http_server_requests(struct http_server *server, const char *name)
{
    pthread_mutex_lock(&server->mutex);
    struct path *path = find(server, name);
    unsigned requests = path ? path->requests : 0;
    pthread_mutex_unlock(&server->mutex);
    return requests;
}

const char *http_server_head(struct http_server *server, const char *name)
{
    pthread_mutex_lock(&server->mutex);
    struct path *path = find(server, name);
    const char *head = path ? path->head : "";
    pthread_mutex_unlock(&server->mutex);
    return head;
}

unsigned http_server_connections(struct http_server *server)
{
    pthread_mutex_lock(&server->mutex);
    unsigned accepted = server->accepted;
    pthread_mutex_unlock(&server->mutex);
    return accepted;
}
