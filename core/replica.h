/* replica: this process's copy of the content model, kept in step with the log. */
#ifndef WEIR_REPLICA_H
#define WEIR_REPLICA_H

#include "core/model.h"
#include "store/counts.h"

struct replica;

/* An empty replica of the model in `store`, which must outlive it. Connects to nothing.
 * `gateway` (lent) is the name its progress is reported under; NULL: it does not report. */
struct replica *replica_new(struct counts_store *store, const char *gateway);
void replica_free(struct replica *replica); /* stops the thread first */

/* The key that a store without one is given, when it is known from before: all slots are of it.
 * Before the replica is first used. */
void replica_propose_key(struct replica *replica, const unsigned char key[COUNTS_KEY_BYTES]);

/* From now on `live` (lent) follows the admin's settings in the store along with the log, within
 * about two seconds; `changed` is called, by whoever follows, after other ones are in force. Before
 * the replica is first used. */
struct live_tuning;
void replica_follow_tuning(struct replica *replica, struct live_tuning *live,
                           void (*changed)(void *context), void *context);

/* Brings the replica to the newest version now, in the caller's thread: installation key, newest
 * snapshot when that is ahead or the log is trimmed, then the log. Not while the thread runs. */
bool replica_catch_up(struct replica *replica, struct error *error);

/* Starts the follower thread: catches up, then follows, for ever, with back-off while the store is
 * away; one log line at each change of state (log.h). */
bool replica_start(struct replica *replica, struct error *error);

/* False until the key is known: there are no slots without it. Thread-safe, like all below. */
bool replica_ready(const struct replica *replica);
bool replica_store_up(const struct replica *replica); /* as last seen by follower or catch_up */
const struct model *replica_model(const struct replica *replica);
const unsigned char *
replica_key(const struct replica *replica); /* COUNTS_KEY_BYTES; valid when ready */

/* For whoever appended the lesson that made the version a multiple of this. */
#define SNAPSHOT_EVERY 1000u

/* Applies the log up to exactly `version` if that is still ahead of the replica, writes the
 * snapshot of it, and goes on. Not while the thread runs. */
bool replica_snapshot_at(struct replica *replica, uint64_t version, struct error *error);

/* Has the thread log the replica's version and digest (model_digest()) soon: two gateways at one
 * version have one digest. */
void replica_log_digest(struct replica *replica);

#endif
