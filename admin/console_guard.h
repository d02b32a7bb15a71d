/* console_guard: what a request says of where it comes from and where it wants to go, for
 * console_server.c, which refuses what no page of ours sends. */
#ifndef WEIR_CONSOLE_GUARD_H
#define WEIR_CONSOLE_GUARD_H

#include <microhttpd.h>
#include <stdbool.h>

/* False when a page of another site had a browser send it, or one that hides where it stands (an
 * Origin of "null", unless the browser itself says that the page is ours); `url` is ours (Fetch,
 * 3.1; Fetch Metadata Request Headers, 2.3). Programs send neither header: true. */
bool console_guard_is_own(struct MHD_Connection *connection, const char *url);

/* Whether a path, decoded once, leads out of where it begins: a part of it is "..", between slashes
 * of either kind, also when it was encoded twice. */
bool console_guard_climbs(const char *path);

#endif
