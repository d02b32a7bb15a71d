/* server_hub: what a WebSub hub asks at /w/NAME/TOKEN, taken from a request's query. */
#ifndef WEIR_SERVER_HUB_H
#define WEIR_SERVER_HUB_H

#include "core/arena.h"
#include "feedfilter/websub.h"

#include <microhttpd.h>

/* Of a server that leaves its arguments escaped. What is not given, is broken, holds a NUL or is
 * longer than 2,000 bytes is empty. In `arena`. */
struct websub_query server_hub_query(struct arena *arena, struct MHD_Connection *connection);

#endif
