/* reputation_cache: reputations read lately by this process. It spares the round trip for what
 * comes again and again, and answers, however old, while the store is away. Bounded: 4,096 entries,
 * about 350 kB; an old entry makes room for a new one. Thread-safe. */
#ifndef WEIR_REPUTATION_CACHE_H
#define WEIR_REPUTATION_CACHE_H

#include "store/counts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPUTATION_CACHE_VALID_MS 2000

struct reputation_cache;

struct reputation_cache *reputation_cache_new(void);
void reputation_cache_free(struct reputation_cache *cache); /* NULL is fine */

/* As counts_reputation_read(), but asks `store` only for what was not read within the last 2 s at
 * the same `version` of the log: a lesson changes counts, so its version makes older answers stale.
 * When the store fails, false and `error`; counts[i] is then what was last read of it, all zero
 * when nothing was. */
bool reputation_cache_read(struct reputation_cache *cache, struct counts_store *store,
                           uint64_t version, const struct identity *identities, size_t n,
                           struct reputation_counts *counts, struct error *error);

#endif
