/* retention: the job of letting go of what the records need no longer, in the process that a
 * records file belongs to: weir-release for mail, weir-feedfilter for feeds. What it dropped is one
 * line in the log, and counted. */
#ifndef WEIR_RETENTION_H
#define WEIR_RETENTION_H

#include "core/config.h"
#include "store/records.h"
#include "store/records_retention.h"

struct retention {
    int64_t next_s;                /* when it works again; 0: at once */
    int64_t sums[RECORDS_DROPPED]; /* of what is under way */
    bool failed;                   /* and that was said */
};

struct records_limits retention_limits(const struct config *config);

/* Works for a moment when it is due, once a minute unless it is behind: then for most of a second,
 * with pauses in which others may write. Never fails: trouble is logged once, and it tries again.
 */
void retention_work(struct retention *retention, struct records *records,
                    const struct config *config);

#endif
