/* console_gateway: this gateway as the console's calls see it. Each call that is under way has a
 * session of its own, with its own connections to the counts and the records, so that a slow one
 * keeps nobody waiting; what they write is put in order by the stores, as between programs.
 * Thread-safe. */
#ifndef WEIR_CONSOLE_GATEWAY_H
#define WEIR_CONSOLE_GATEWAY_H

#include "admin/session.h"

struct console_gateway;

/* `config` is retained; `config_path` is lent. */
struct console_gateway *console_gateway_new(struct config *config, const char *config_path);
void console_gateway_free(struct console_gateway *gateway); /* NULL is fine */

const struct config *console_gateway_config(const struct console_gateway *gateway);

/* A session that is the caller's until console_gateway_leave(): one that is open and idle, else a
 * new one. Waits while 16 are in use. */
struct session *console_gateway_enter(struct console_gateway *gateway);
void console_gateway_leave(struct console_gateway *gateway, struct session *session);

#endif
