/* url_host: what url.c and url_find.c know of host names. */
#ifndef WEIR_URL_HOST_H
#define WEIR_URL_HOST_H

#include "core/arena.h"
#include "store/span.h"

#include <stdbool.h>

/* `raw` as it stands in a URL (percent-encoded, any case, UTF-8, numeric, in brackets) in the form
 * that `link.host` promises: part of `raw` where that will do, else in `arena`; 255 bytes at most.
 * `*is_address` says whether it is an IP address (no brackets). false: no host that any resolver
 * would be asked for. */
bool url_host_read(struct arena *arena, struct span raw, struct span *host, bool *is_address);

/* True when the last label of `host` (ASCII, any case) is a top-level domain that exists. */
bool url_host_has_known_end(struct span host);

#endif
