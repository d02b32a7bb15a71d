/* connections: the sockets that clients hold open, each with a deadline. A thread of its own shuts
 * down those that are over it, however busy they look: a byte now and then is activity enough for
 * a server's idle timeout. Where all are taken, those that have asked nothing yet, or nothing more,
 * have a second only: whoever opens many keeps others out for no longer. Thread-safe; between
 * opening and closing, one thread owns a connection.
 */
#ifndef WEIR_CONNECTIONS_H
#define WEIR_CONNECTIONS_H

#include "store/error.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct connections;

/* Part of what the owner keeps of a connection; zeroed before connections_add(). */
struct connection {
    int socket;
    atomic_llong deadline_ms; /* of CLOCK_MONOTONIC */
    atomic_bool asks;         /* the head of its request is there, and its answer not sent */
    atomic_bool overdue;      /* it was shut down */
    struct connection *previous, *next;
};

/* Starts the thread. `most`: see connections_are_full(). */
struct connections *connections_new(unsigned most, unsigned timeout_ms, struct error *error);

/* All were removed. Ends the thread. NULL is fine. */
void connections_free(struct connections *connections);

/* True when `most` are open, or after connections_quiesce(): the caller refuses a new one. A line a
 * minute in the log says how many were refused for their number. */
bool connections_are_full(struct connections *connections);

/* From here on connections_are_full(). */
void connections_quiesce(struct connections *connections);

/* The time limit runs from here. */
void connections_add(struct connections *connections, struct connection *connection, int socket);

/* To be called before the socket is closed, so that no other one that got its number is shut. */
void connections_remove(struct connections *connections, struct connection *connection);

/* The time limit runs anew, from now; none runs. */
void connection_restart(struct connections *connections, struct connection *connection);
void connection_exempt(struct connection *connection);

/* What it asks is known from here on; it is answered, and the time limit runs anew. */
void connection_asks(struct connection *connection);
void connection_rests(struct connections *connections, struct connection *connection);

#endif
