/* refresh: keeps what readers get fresh. Polls upstream when a feed is due, judges what came, makes
 * the page, and keeps the last good copy; makes the page again when something was released
 * meanwhile. One fetch and one job at a time for each subscription, however many readers ask. */
#ifndef WEIR_REFRESH_H
#define WEIR_REFRESH_H

#include "core/judge.h"
#include "feedfilter/feed_cache.h"
#include "feedfilter/fetch.h"
#include "feedfilter/item_links.h"
#include "feedfilter/subscription.h"
#include "store/records.h"

#include <stdatomic.h>

struct refresh;

/* Lent for as long as the refresh lives. */
struct refresh_parts {
    const struct judge *judge;
    _Atomic(struct records *) *records;  /* *records NULL: they cannot be opened; nothing is held */
    _Atomic(struct feed_cache *) *cache; /* NULL in it: none yet; each start fetches all anew */
    struct fetcher *fetcher;
    struct link_keys *link_keys;
    /* Called, without a lock, when another feed's item says something else: it is made again. */
    bool (*filter_again)(void *context, const char *feed);
    void *context;
    /* Raised when what was left out as a duplicate (feed_duplicates.h) may be shown again: such
     * feeds are made again then. Raised by refresh itself, and by who changes the configuration. */
    atomic_uint *stories_freed;
    /* All feeds are known, so that what is remembered of others is of none: before, nothing is
     * taken for a duplicate. */
    atomic_bool *stories_known;
};

/* Starts the worker threads. NULL and ERROR_SYSTEM: cannot. */
struct refresh *refresh_new(const struct refresh_parts *parts, struct error *error);

/* Has the page made from the copy in the cache, if there is one, and upstream polled when it is
 * due. For a subscription that is new, or whose configuration changed. */
void refresh_load(struct refresh *refresh, struct subscription *subscription);

/* Starts what is due now for a subscription that is not busy, and ends waits that have been long
 * enough: to be called often. */
void refresh_tick(struct refresh *refresh, struct subscription *subscription);

/* Has the page made again soon: what is held or released of this feed has changed. */
void refresh_filter_again(struct subscription *subscription);

/* Ends the workers, each after the job it is at: no page changes any more. */
void refresh_stop(struct refresh *refresh);

/* Stops it; jobs that wait are dropped. Between the two the fetcher must go. NULL is fine. */
void refresh_free(struct refresh *refresh);

#endif
