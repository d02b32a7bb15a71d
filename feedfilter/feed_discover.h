/* feed_discover: the feed that a page of HTML names, for a subscription whose address turned out to
 * be one ("autodiscovery": link elements of relation alternate or feed, as browsers and readers
 * know them). */
#ifndef WEIR_FEED_DISCOVER_H
#define WEIR_FEED_DISCOVER_H

#include "store/span.h"

#include <stdbool.h>

/* True when `bytes` are a page, whatever their Content-Type says. `*found` is then the URL of the
 * first feed that it names in its first 256 KiB and that is none of comments, of the types of RSS,
 * Atom and JSON Feed before those of XML as such or of none (free()'d by the caller); http or
 * https, without user, password and fragment, and not the page's own `address`; NULL: it names
 * none. `address` is where the page came from, `charset` what HTTP says of it or empty. text_init()
 * and url_init() must have been called. */
bool feed_discover(struct span bytes, struct span charset, struct span address, char **found);

#endif
