/* console_server: HTTP for the console, with libmicrohttpd: web pages from a directory, and calls
 * of the API for who is logged in. Each connection has a thread. What every answer and request has
 * to do with safety is done here: Host and Origin, the session's cookie, headers, bounds. */
#ifndef WEIR_CONSOLE_SERVER_H
#define WEIR_CONSOLE_SERVER_H

#include "admin/console_access.h"
#include "core/json_writer.h"
#include "store/error.h"

#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>

/* Of a message that is taught, or an import, so much is taken; a longer one is refused. */
#define CONSOLE_MESSAGE_MAX ((size_t)4 << 20)

struct console_request {
    const char *method;                  /* "GET", "POST" */
    const char *path;                    /* behind "/api/": "held/m12" */
    const struct console_caller *caller; /* who sends it */
    const json_t *body;                  /* of POST: an object; NULL when it is a message */
    struct span message;                 /* of POST with Content-Type message/rfc822; else empty */
    struct MHD_Connection *connection;
};

struct console_answer {
    unsigned status;         /* 200 unless it is set */
    struct json_writer json; /* the body */
};

/* A parameter of the query; NULL: not there. */
const char *console_parameter(const struct console_request *request, const char *name);

/* A string of the body; NULL: not there, or no string. */
const char *console_member(const struct console_request *request, const char *name);

/* {"error": …} with that status. */
void console_refuse(struct console_answer *answer, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct door_server;

struct console_server_options {
    const char *listen, *public_url, *users, *pages; /* lent */
    struct door_server *door;                        /* what links without a login open; lent */
    void *context;
    /* Answers what is not about logging in. Both are called from several threads. */
    void (*api)(void *context, const struct console_request *request,
                struct console_answer *answer);
    /* Told who logged in or out, and what was refused: ("ann", "log-in", "192.0.2.1"). `who` is
     * the address when it is nobody who is known. */
    void (*audit)(void *context, const char *who, const char *what, const char *subject);
};

struct console_server;

/* NULL and ERROR_SYSTEM: cannot listen, or there are no pages; ERROR_INPUT: it is no address. */
struct console_server *console_server_new(const struct console_server_options *options,
                                          struct error *error);

/* Whether a request is answered within some seconds. */
bool console_server_answers(const struct console_server *server);

void console_server_free(struct console_server *server); /* NULL is fine */

#endif
