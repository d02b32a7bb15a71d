/* learn: teaching. Lessons go once into the log of the counts store; this process's replica then
 * applies them like every other gateway's. While the store is away they wait in the journal, which
 * is as good as taught: they reach the log in the same order when it is back. */
#ifndef WEIR_LEARN_H
#define WEIR_LEARN_H

#include "core/replica.h"
#include "store/counts.h"
#include "store/journal.h"
#include "store/lesson.h"

struct learner;

struct learn_sums {
    size_t taught;     /* appended; this source had said nothing of the document before */
    size_t repeated;   /* known already with this label: nothing changed */
    size_t corrected;  /* appended, and an earlier label of this source taken back */
    size_t journalled; /* wait in the journal: the store is away */
};

/* Teaches as `source` with `trust`. The replica must not have a running thread; both outlive the
 * learner. */
struct learner *learner_new(struct counts_store *store, struct replica *replica, const char *source,
                            enum trust trust);
void learner_free(struct learner *learner);

/* From now on, lessons that the store does not take go into `journal` (lent); what waits there goes
 * to the store before them. Before the first lesson. */
void learner_use_journal(struct learner *learner, struct journal *journal);

/* Why lessons were journalled. Lent. */
const char *learner_trouble(const struct learner *learner);

/* Takes the lesson (copied); appends in pipelined groups. A lesson the replica knows beyond doubt
 * goes without slots. Between groups waits while other gateways' replicas are more than 5,000
 * lessons behind (30 s at most; a replica that did not move in that time is not waited for again).
 * Without a journal, a store that is away is tried again for about 3 s. On failure the lesson was
 * not taken, and those before it that were not taught yet stay for the next call. */
bool learner_add(struct learner *learner, const struct lesson *lesson, enum label label,
                 struct error *error);

/* The same for a lesson without slots, made when the replica had no key: they are made of these
 * feature hashes (at most JOURNAL_HASHES_MAX) when the lesson is sent. */
bool learner_add_features(struct learner *learner, const struct lesson *lesson,
                          const uint64_t *hashes, size_t hash_count, enum label label,
                          struct error *error);

/* Appends what is left, applies it to the replica, writes the snapshot that is due. On failure
 * says how many lessons were neither taught nor journalled. */
bool learner_finish(struct learner *learner, struct learn_sums *sums, struct error *error);

#endif
