/* serve_answers: what the server answers readers, hubs and whoever watches it, from what serve.c
 * keeps up to date meanwhile. In the server's threads, which change nothing of that but by calls
 * that are thread-safe. */
#ifndef WEIR_SERVE_ANSWERS_H
#define WEIR_SERVE_ANSWERS_H

#include "core/judge_stores.h"
#include "feedfilter/item_links.h"
#include "feedfilter/readers.h"
#include "feedfilter/server.h"
#include "feedfilter/store_trouble.h"
#include "feedfilter/subscription.h"

#include <stdatomic.h>

#define RECORDS_RETRY_S 5 /* records that cannot be opened are tried again so often */

/* Lent for as long as the server. */
struct serve_sources {
    struct subscriptions *subscriptions;
    struct readers *readers;
    struct link_keys *link_keys;
    const struct judge_stores *stores;
    uint64_t journal_limit_bytes;
    _Atomic(struct records *) *reading; /* NULL in it: they cannot be opened */
    struct store_trouble *records_trouble, *cache_trouble;
};

/* They ask `sources`. */
struct server_handlers serve_answers(struct serve_sources *sources);

#endif
