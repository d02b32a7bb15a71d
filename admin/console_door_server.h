/* console_door_server: the pages of console_door.h over HTTP: their forms, their headers, and how
 * often somebody may guess. */
#ifndef WEIR_CONSOLE_DOOR_SERVER_H
#define WEIR_CONSOLE_DOOR_SERVER_H

#include "admin/console_api.h"
#include "admin/console_door_link.h"

#include <microhttpd.h>

#define CONSOLE_DOOR "/d/"

struct door_server;

/* `gateway` is lent. `proxied`: as console_source_of() has it. */
struct door_server *door_server_new(struct console_gateway *gateway, bool proxied);
void door_server_free(struct door_server *server); /* NULL is fine */

/* Answers a request for `target`, which begins with CONSOLE_DOOR; `body` is that of a POST. The
 * status is for the metrics. Thread-safe. */
struct MHD_Response *door_server_answer(struct door_server *server,
                                        struct MHD_Connection *connection, const char *target,
                                        bool post, struct span body, unsigned *status);

/* What the audit trail calls the link of `target`, which begins with CONSOLE_DOOR. Thread-safe. */
void door_server_name(struct door_server *server, const char *target,
                      char name[CONSOLE_DOOR_NAME_SIZE]);

#endif
