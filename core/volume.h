/* volume: how many documents bore which identities, for the counts store. A document that was
 * judged leaves its identities here, which waits for nothing; a thread of its own sends what came,
 * added up, about once a second (counts_reputation_seen()). What the store does not take then, and
 * what comes faster than is sent, is dropped and counted in METRIC_VOLUME_DROPPED: volume is worth
 * no journal. Thread-safe. */
#ifndef WEIR_VOLUME_H
#define WEIR_VOLUME_H

#include "core/document.h"
#include "store/counts.h"

#include <stdbool.h>
#include <stddef.h>

/* So many identities of documents wait at most. */
#define VOLUME_MOST 50000

struct volume;

/* `store` outlives it. */
struct volume *volume_new(struct counts_store *store);

/* Starts the thread. Without it nothing is sent until volume_free(). */
bool volume_start(struct volume *volume, struct error *error);

/* Sends what waits, once, and ends the thread; NULL is fine. */
void volume_free(struct volume *volume);

/* Counts one document for each of its identities. */
void volume_add(struct volume *volume, const struct document *document);

#endif
