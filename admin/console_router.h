/* console_router: what a request to the console is for, and whether it may be: pages, links without
 * a login, logging in and out, and the calls of the API for who is logged in. Host, Origin, type
 * and session are looked at here, and what no page of ours sends is told to the audit. */
#ifndef WEIR_CONSOLE_ROUTER_H
#define WEIR_CONSOLE_ROUTER_H

#include "admin/console_access.h"
#include "admin/console_answer.h"
#include "admin/console_pages.h"

#include <stdbool.h>
#include <stddef.h>

struct door_server;

/* What is called by several threads, with `context`. */
struct console_handlers {
    void *context;
    /* Answers what is not about logging in. */
    void (*api)(void *context, const struct console_request *request,
                struct console_answer *answer);
    /* Told who logged in or out, and what was refused: ("ann", "log-in", "192.0.2.1"). `who` is
     * the address when it is nobody who is known. */
    void (*audit)(void *context, const char *who, const char *what, const char *subject);
};

/* All of it is lent. */
struct console_router {
    const char *url; /* where people find the console */
    bool proxied;    /* a web server stands before it (console_source.h) */
    struct console_access *access;
    const struct console_pages *pages;
    struct door_server *door; /* what links without a login open */
    struct console_handlers handlers;
};

/* A request as it came in. */
struct console_sent {
    const char *method, *target;
    const char *cut_target; /* the target with the NUL that stands in it; NULL: none does */
    struct span body;
    bool too_large; /* its body is not all here */
};

/* How many bytes the body of a request may have: a message, an import of reputations or feeds, or a
 * text of rules may be large, of who is known. */
size_t console_router_body_max(const struct console_router *router,
                               struct MHD_Connection *connection, const char *target);

/* Answers the request. */
enum MHD_Result console_router_answer(const struct console_router *router,
                                      struct MHD_Connection *connection,
                                      const struct console_sent *sent);

#endif
