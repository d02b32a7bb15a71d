/* http_server: a small HTTP server in the test's own process, on a loopback address and a port that
 * the kernel gives. It answers each path as it was told, well or badly. A thread a connection. */
#ifndef WEIR_TESTS_HTTP_SERVER_H
#define WEIR_TESTS_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct http_server;

/* `address` is "127.0.0.1", "127.0.0.2", …. */
struct http_server *http_server_start(const char *address);
void http_server_stop(struct http_server *server); /* NULL is fine */

unsigned http_server_port(const struct http_server *server);

/* "http://ADDRESS:PORT" and the path; lives until the server stops. */
const char *http_server_url(struct http_server *server, const char *path);

/* What is sent for `path` (lent), byte for byte; then the connection is closed. */
void http_server_raw(struct http_server *server, const char *path, const char *answer);

/* A whole answer with Content-Length, after which the connection stays. `headers` are whole lines
 * with their "\r\n". All lent. */
void http_server_answer(struct http_server *server, const char *path, const char *status,
                        const char *headers, const char *body);

/* `play` answers by itself, in the connection's thread: writes with http_server_write() and returns
 * when that says false. The connection is closed then. */
void http_server_play(struct http_server *server, const char *path,
                      void (*play)(struct http_server *server, int fd, void *context),
                      void *context);
/* False: the other side is gone, or the server stops. */
bool http_server_write(int fd, const void *data, size_t length);
/* Sleeps; false when the server stops. */
bool http_server_wait(struct http_server *server, unsigned ms);

/* How many requests came for `path`, and the last one's head as it came ("" before the first; lives
 * until the next). */
unsigned http_server_requests(struct http_server *server, const char *path);
const char *http_server_head(struct http_server *server, const char *path);
unsigned http_server_connections(struct http_server *server); /* so far */

#endif
