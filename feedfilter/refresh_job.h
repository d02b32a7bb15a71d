/* refresh_job: one step in keeping a subscription's page fresh: from upstream's answer, or from the
 * copy in the cache, to what readers get. Private to feedfilter/refresh.c. */
#ifndef WEIR_REFRESH_JOB_H
#define WEIR_REFRESH_JOB_H

#include "feedfilter/refresh.h"

enum refresh_job_kind {
    JOB_LOAD,         /* from the cache, at start or because the configuration changed */
    JOB_FILTER_AGAIN, /* from the cache, because records or verdicts changed */
    JOB_REMEMBER,     /* what was learned goes to the copy in the cache; readers get the same */
    JOB_ANSWER        /* from upstream */
};

struct refresh_job {
    struct refresh_job *next;
    struct refresh *refresh;
    struct subscription *subscription; /* retained; busy with this job */
    enum refresh_job_kind kind;
    unsigned generation;         /* of the subscription when the job began */
    bool followed;               /* asked something else than the configured URL */
    char *found;                 /* which is what the page there names; NULL: it is not */
    bool from_page;              /* in this very job, so that no second page is followed */
    struct fetch_answer *answer; /* JOB_ANSWER, once it is there */
};

/* Does it, and leaves the subscription idle. True when a page came that names a feed: that is in
 * `job->found` now, to be fetched for the same job, and the subscription stays busy. */
bool refresh_job_run(const struct refresh_parts *parts, struct refresh_job *job);

#endif
