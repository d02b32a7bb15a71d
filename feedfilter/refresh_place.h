/* refresh_place: where an answer says that its feed is. Private to feedfilter/refresh_job.c. */
#ifndef WEIR_REFRESH_PLACE_H
#define WEIR_REFRESH_PLACE_H

#include "feedfilter/refresh_job.h"

/* Learns of an answer that was good: its page came and named the feed, or the configured URL was
 * asked and is the feed; where permanent redirects led. Logs once what is followed from now on.
 * True when a restart is to know. The subscription's lock is held. */
bool refresh_place_learn(const struct refresh_job *job, int64_t now_s);

#endif
