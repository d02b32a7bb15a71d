/* records_retention: what the records let go of, by age and by size. What nobody decided about
 * expires: mail is asked to be deleted, by weir, for weir-release to do; a feed's item is deleted.
 * What is settled, the history of verdicts and the audit trail are dropped. All in steps that keep
 * nobody waiting, and nothing that is not counted. */
#ifndef WEIR_RECORDS_RETENTION_H
#define WEIR_RECORDS_RETENTION_H

#include "store/records.h"

struct records_limits {
    int64_t held_s;     /* what is held, or confirmed, expires at that age */
    int64_t settled_s;  /* history, audit, and entries settled for so long, are dropped */
    int64_t size_bytes; /* beyond it the oldest history and settled entries go, too, but before them
                         * lines of the audit, when these have more than a quarter of it; and when
                         * held items alone hold more than that, the oldest of them */
};

/* What was let go of, or would be. */
enum records_dropped {
    RECORDS_EXPIRED, /* held mail and items that nobody decided about */
    RECORDS_EMPTIED, /* bytes of items that were deleted, when they can be had back no longer */
    RECORDS_SETTLED, /* entries */
    RECORDS_HISTORY, /* verdicts */
    RECORDS_AUDIT,   /* lines of the audit trail */
    RECORDS_DROPPED
};
const char *records_dropped_name(enum records_dropped what); /* "expired" */

/* One step, of some hundred rows at most, added to `sums`; `*more` is whether another one has
 * something to do. Each held entry that expires has its deed "expire" and a line in the audit
 * trail. */
bool records_retention_step(struct records *records, const struct records_limits *limits,
                            int64_t now_s, int64_t sums[RECORDS_DROPPED], bool *more,
                            struct error *error);

/* How much all steps would let go of by age, and the next hundred of them when the file is too
 * large; and how large it is (what it has room for, less what is free in it). Exact, if nothing is
 * added meanwhile. Changes nothing and takes no lock that a writer waits for. A file that is too
 * large is copied to a temporary one for it; where there is no room for that, `by_size` is set, and
 * the sums are those by age alone. */
bool records_retention_look(struct records *records, const struct records_limits *limits,
                            int64_t now_s, int64_t sums[RECORDS_DROPPED], int64_t *size_bytes,
                            struct error *by_size, struct error *error);

#define RECORDS_EXPIRE "expire"

#endif
