/* gatherers: what fills a document's facts and identities after it was read. A gatherer may wait
 * for the outside (DNS, a scanner); all of a document run side by side under one deadline. */
#ifndef WEIR_GATHERERS_H
#define WEIR_GATHERERS_H

#include "core/config.h"
#include "core/document.h"

#include <stddef.h>

enum gather_state {
    GATHER_DONE,
    GATHER_WAITING /* `*wait_fd` is the descriptor to be readable before resume() */
};

struct gatherer {
    const char *name;
    enum channel channels;
    /* Starts; most are done at once. `*state` is the gatherer's own, in the document's arena;
     * `config` is lent until the document is complete. */
    enum gather_state (*start)(struct document *document, const struct config *config, void **state,
                               int *wait_fd);
    /* Goes on when the descriptor is readable; NULL for those that never wait. */
    enum gather_state (*resume)(struct document *document, void *state, int *wait_fd);
    /* The deadline passed: let go, note the fact as timed out. NULL for those that never wait. */
    void (*give_up)(struct document *document, void *state);
};

/* All rows of the table, and how many. Static. */
const struct gatherer *gatherers_all(size_t *count);

/* Runs `gatherers` on a document, started in their order, until all are done or the gather deadline
 * of `config` has passed. */
void gatherers_run(const struct gatherer *gatherers, size_t count, struct document *document,
                   const struct config *config);

#endif
