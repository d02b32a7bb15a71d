/* outbox: the way of this gateway's lessons into the log of the counts store: in the order in which
 * they were given, each once, whatever becomes of the store meanwhile. Before anything is sent, the
 * store is asked for its run id: when it is another one, lessons sent within the re-send window are
 * sent again, since a store that was restarted or replaced may have lost them. Then come those that
 * wait in the journal, then new ones. What the store does not take goes into the journal.
 *
 * All processes of a gateway share its journal (store/journal.h), one of them sends at a time, and
 * any of them brings the others' lessons along. An outbox is of one thread at a time. */
#ifndef WEIR_OUTBOX_H
#define WEIR_OUTBOX_H

#include "core/replica.h"
#include "store/counts.h"
#include "store/journal.h"

struct outbox;

/* All outlive the outbox. `journal` may be NULL: nothing is kept then, and what the store does not
 * take was not learned. `replica`, of that store and without a running thread, tells which lessons
 * are known so well that they go without slots, and is caught up with what had waited; NULL: one is
 * made when lessons have waited. */
struct outbox *outbox_new(struct counts_store *store, struct journal *journal,
                          struct replica *replica);
void outbox_free(struct outbox *outbox); /* stops the thread first; NULL is fine */

struct outbox_sums {
    size_t appended;   /* of the lessons given, answered by the store */
    size_t journalled; /* of the lessons given, those behind them, which wait */
    size_t drained;    /* lessons that had waited, and were answered by the store now */
    size_t resent;     /* lessons of the re-send window, answered by the store again */
};

/* Sends lessons, together taught. `results` answers the first `appended`; hashes of a record that
 * was sent have become slots. False when some were neither appended nor journalled: those behind
 * both. */
bool outbox_send(struct outbox *outbox, struct journal_record *records, size_t n,
                 struct append_result *results, struct outbox_sums *sums, struct error *error);

/* Sends what waits. False when it still does. */
bool outbox_drain(struct outbox *outbox, struct outbox_sums *sums, struct error *error);

/* Why the store did not take the lessons that were last journalled. Lent. */
const char *outbox_trouble(const struct outbox *outbox);

/* Starts a thread that drains the journal, whoever filled it, soon after the store is back, and
 * sends again what a store with another run id may have lost. One log line when lessons begin to
 * wait, and one when they were sent. Until outbox_free() the outbox is the thread's. */
bool outbox_start(struct outbox *outbox, struct error *error);

#endif
