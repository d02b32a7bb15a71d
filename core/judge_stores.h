/* judge_stores: what a daemon judges with and learns through, opened together and closed in order:
 * the counts store, the replica that follows it, the cache of reputations, the volume that
 * documents are counted in, and the journal with the outbox that sends what waits there; and the
 * admin's tuning, followed live and kept beside the journal. */
#ifndef WEIR_JUDGE_STORES_H
#define WEIR_JUDGE_STORES_H

#include "core/judge.h"
#include "core/outbox.h"
#include "store/journal.h"

#include <stdbool.h>

struct judge_stores {
    struct judge judge;
    struct journal *journal;
    struct outbox *outbox;
    const struct config *config;
};

/* Starts the threads of replica, outbox and volume. `config` must outlive the stores. On failure
 * what was opened is there to be closed. */
bool judge_stores_open(struct judge_stores *stores, const struct config *config,
                       const char *journal_path, struct error *error);
void judge_stores_close(struct judge_stores *stores);

#endif
