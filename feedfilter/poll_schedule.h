/* poll_schedule: when a feed is asked for again. Pure. */
#ifndef WEIR_POLL_SCHEDULE_H
#define WEIR_POLL_SCHEDULE_H

#include <stdint.h>

struct poll_facts {
    unsigned failures;     /* in a row; 0: the last fetch succeeded (200 or 304) */
    int64_t retry_after_s; /* -1: not said */
    int64_t fresh_s;       /* of Cache-Control or Expires; -1: not said */
    unsigned feed_poll_s;  /* the feed's ttl or update period; 0: not said */
    int64_t rhythm_s;      /* between changes of its items, on average; 0: not known yet */
    int64_t quiet_s;       /* since the last such change, or since it was first seen */
    uint32_t skip_hours;   /* as struct feed has them */
    uint8_t skip_days;
    int64_t pushed_s; /* 0: nobody else tells of changes; else how far apart polls are then */
    int64_t now_s;
    unsigned poll_s, poll_min_s, poll_max_s; /* of the configuration */
};

/* Seconds from now to the next poll. After success: a tenth of the time that usually passes between
 * changes, or that has passed since the last (the share that RFC 9111, 4.2.2 proposes), else
 * poll_s; what the feed and its cache headers say can ask for more patience; and while a change has
 * yet to be seen, what the feed says stands for poll_s. pushed_s, if that is longer. Within min and
 * max. Then on to the first hour and day that the feed does not have skipped, while max allows
 * that. After failures: poll_min_s doubled for each further one, up to poll_max_s. Retry-After is
 * honoured up to poll_max_s. `random` (0 to 1) spreads the result over 90 to 110 percent, never
 * below Retry-After, fresh_s or poll_min_s, so that many feeds do not come due at once. */
int64_t poll_after_s(const struct poll_facts *facts, double random);

/* The rhythm after a change that came `gap_s` after the last one; a fourth of it is news. */
int64_t poll_rhythm_s(int64_t rhythm_s, int64_t gap_s);

/* The most that it can be. */
int64_t poll_after_most_s(unsigned poll_max_s);

#endif
