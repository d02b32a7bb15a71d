/* feed_list: GET /opml, the list of feeds that a reader may subscribe to here. */
#ifndef WEIR_FEED_LIST_H
#define WEIR_FEED_LIST_H

#include "feedfilter/subscription.h"

/* With addresses of the gateway, those of `token` where it is not empty; and with what `reader` may
 * read, empty: everybody. */
struct page *feed_list_page(struct subscriptions *subscriptions, const char *token,
                            const char *reader);

#endif
