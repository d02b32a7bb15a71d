/* refresh_answer: what upstream answered, before anything is made of it. Private to
 * feedfilter/refresh_job.c. */
#ifndef WEIR_REFRESH_ANSWER_H
#define WEIR_REFRESH_ANSWER_H

#include "feedfilter/refresh_job.h"

/* Sets `why`: what came instead of a feed, in one line; empty: a good one came. True when it is a
 * page that names a feed, which is in `job->found` now and to be fetched; nothing is wrong then. A
 * page instead of a feed that there was is followed once it came FEED_SITE_CONVINCED times in a
 * row. Takes the subscription's lock. */
bool refresh_answer_look(struct refresh_job *job, char *why, size_t size);

/* `content_type` itself, or "" where there is none that could be sent on: it may be NULL. */
const char *refresh_answer_type(const char *content_type);

#endif
