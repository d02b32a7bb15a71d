/* poll_schedule: when a feed is asked for again. Pure. */
#ifndef WEIR_POLL_SCHEDULE_H
#define WEIR_POLL_SCHEDULE_H

#include <stdint.h>

struct poll_facts {
    unsigned failures;     /* in a row; 0: the last fetch succeeded (200 or 304) */
    int64_t retry_after_s; /* -1: not said */
    int64_t fresh_s;       /* of Cache-Control or Expires; -1: not said */
    unsigned feed_poll_s;  /* the feed's ttl or update period; 0: not said */
    unsigned poll_s, poll_min_s, poll_max_s; /* of the configuration */
};

/* Seconds from now to the next poll. After success: what the feed says, and its cache headers where
 * those ask for more patience, else poll_s; within min and max. After failures: poll_min_s doubled
 * for each further one, up to poll_max_s. Retry-After is honoured up to poll_max_s. `random` (0 to
 * 1) spreads the result over 90 to 110 percent, never below Retry-After or poll_min_s, so that many
 * feeds do not come due at once. */
int64_t poll_after_s(const struct poll_facts *facts, double random);

/* The most that it can be. */
int64_t poll_after_most_s(unsigned poll_max_s);

#endif
