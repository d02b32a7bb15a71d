/* fetch_links: what the Link headers of an answer (RFC 8288) say about the feed itself. */
#ifndef WEIR_FETCH_LINKS_H
#define WEIR_FETCH_LINKS_H

#include "store/span.h"

/* The target of the first link in `value` whose relation types include `relation` ("hub", "self"),
 * as it stands there; empty: none. */
struct span fetch_links_find(struct span value, struct span relation);

#endif
