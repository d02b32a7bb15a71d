/* console_server: HTTP for the console, with libmicrohttpd: its connections, their bounds, and the
 * bodies of requests. Each connection has a thread. What requests are for is console_router's. */
#ifndef WEIR_CONSOLE_SERVER_H
#define WEIR_CONSOLE_SERVER_H

#include "admin/console_router.h"
#include "store/error.h"

struct console_server_options {
    const char *listen, *public_url, *users, *pages; /* lent */
    struct door_server *door;                        /* what links without a login open; lent */
    struct console_handlers handlers;
};

struct console_server;

/* NULL and ERROR_SYSTEM: cannot listen, or there are no pages; ERROR_INPUT: it is no address. */
struct console_server *console_server_new(const struct console_server_options *options,
                                          struct error *error);

/* Whether a request is answered within some seconds. */
bool console_server_answers(const struct console_server *server);

void console_server_free(struct console_server *server); /* NULL is fine */

#endif
