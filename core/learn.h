/* learn: teaching. Lessons go once into the log of the counts store; this process's replica then
 * applies them like every other gateway's. */
#ifndef WEIR_LEARN_H
#define WEIR_LEARN_H

#include "core/replica.h"
#include "store/counts.h"
#include "store/lesson.h"

struct learner;

struct learn_sums {
    size_t taught;    /* appended; this source had said nothing of the document before */
    size_t repeated;  /* known already with this label: nothing changed */
    size_t corrected; /* appended, and an earlier label of this source taken back */
};

/* Teaches as `source` with `trust`. The replica must not have a running thread; both outlive the
 * learner. */
struct learner *learner_new(struct counts_store *store, struct replica *replica, const char *source,
                            enum trust trust);
void learner_free(struct learner *learner);

/* Takes the lesson (copied); appends in pipelined groups. A lesson the replica knows beyond doubt
 * goes without slots. Between groups waits while other gateways' replicas are more than 5,000
 * lessons behind (30 s at most; a replica that did not move in that time is not waited for again).
 * A store that is away is tried again for about 3 s. On failure the lesson was not taken, and those
 * before it that were not taught yet stay for the next call. */
bool learner_add(struct learner *learner, const struct lesson *lesson, enum label label,
                 struct error *error);

/* Appends what is left, applies it to the replica, writes the snapshot that is due. On failure
 * says how many lessons were not taught. */
bool learner_finish(struct learner *learner, struct learn_sums *sums, struct error *error);

#endif
