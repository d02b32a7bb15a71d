/* metrics_server: HTTP for programs that speak no other: GET and HEAD of /metrics and /health, with
 * libmicrohttpd. For the admin's own monitoring, so it is bounded but not fast: a few connections,
 * one thread, short time limits. */
#ifndef WEIR_METRICS_SERVER_H
#define WEIR_METRICS_SERVER_H

#include "store/error.h"

#include <stdbool.h>

struct metrics_server;

/* Listens on `address` ("127.0.0.1:9108"). `sample` is called in the server's thread before each
 * answer: it sets what is looked up (metrics_set()), and returns false when a store is away, which
 * /health tells. The thread inherits the caller's signal mask. NULL and ERROR_SYSTEM naming the
 * address, or ERROR_INPUT when it is none. */
struct metrics_server *metrics_server_new(const char *address, bool (*sample)(void *context),
                                          void *context, struct error *error);

/* `sample` is not called any more when it returns. NULL is fine. */
void metrics_server_free(struct metrics_server *server);

#endif
