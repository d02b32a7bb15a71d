/* health: how the server and its feeds stand, as JSON for /health. No URLs, no credentials. */
#ifndef WEIR_HEALTH_H
#define WEIR_HEALTH_H

#include "feedfilter/subscription.h"

#include <stdbool.h>

struct health {
    struct subscriptions *subscriptions;
    bool counts_up;
    const char *records_trouble, *cache_trouble; /* of the whole; empty: none */
};

/* "status" is "ok", or "degraded" when a store is away or fails, for the whole or for a feed, or a
 * feed's last poll failed; 200 either way, since readers are served. */
struct page *health_page(const struct health *health);

/* For a load balancer, in one line: 200 "ready", or 503 and why when nothing new can be held, since
 * the records fail. Without counts, cache or an upstream it serves and holds as well as it can. */
struct page *health_ready_page(const struct health *health);

#endif
