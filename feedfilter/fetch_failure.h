/* fetch_failure: why a fetch failed, as one plain line that shows host names and addresses at most.
 * Internal to fetch. */
#ifndef WEIR_FETCH_FAILURE_H
#define WEIR_FETCH_FAILURE_H

#include "feedfilter/fetch_transfer.h"

#define FETCH_LOW_SPEED 64L /* bytes a second: slower is as good as dead */

/* For so long at a stretch. */
long fetch_low_speed_s(const struct fetch_limits *limits);

/* "HOST: …", or "HOST, redirected to OTHER: …". Returns false. */
bool fetch_failure_set(struct transfer *transfer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for what curl or a callback of ours ended with; `left_ms` of the fetch's time is left.
 */
void fetch_failure_explain(struct transfer *transfer, CURLcode code, int64_t left_ms);

#endif
