#include "feedfilter/poll_schedule.h"

#include <stdbool.h>

#define SHARE 10
#define HOUR_S 3600
#define DAY_S 86400

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* poll_min_s, doubled with each failure after the first. */
static int64_t back_off_s(const struct poll_facts *facts)
{
    int64_t after = facts->poll_min_s;
    for (unsigned i = 1; i < facts->failures && after < facts->poll_max_s; i++)
        after *= 2;
    return after;
}

/* `random` (0 to 1) of the way from 90 to 110 percent. */
static int64_t spread_s(int64_t after_s, double random)
{
    return (int64_t)((double)after_s * (0.9 + 0.2 * random));
}

int64_t poll_after_most_s(unsigned poll_max_s)
{
    return spread_s(poll_max_s, 1);
}

int64_t poll_rhythm_s(int64_t rhythm_s, int64_t gap_s)
{
    int64_t rhythm = rhythm_s > 0 ? rhythm_s - rhythm_s / 4 + gap_s / 4 : gap_s;
    return larger(rhythm, 1);
}

/* What the feed has been seen to do, and what it says. */
static int64_t patience_s(const struct poll_facts *facts)
{
    int64_t seen = larger(facts->rhythm_s, facts->quiet_s) / SHARE, said = facts->feed_poll_s;
    int64_t after = facts->rhythm_s > 0 ? seen : larger(said ? said : facts->poll_s, seen);
    return larger(larger(after, said), larger(facts->fresh_s, facts->pushed_s));
}

static bool is_skipped(const struct poll_facts *facts, int64_t time_s)
{
    int64_t hour = time_s / HOUR_S, day = time_s / DAY_S + 4; /* 1970 began on a Thursday */
    return (facts->skip_hours >> hour % 24 & 1) || (facts->skip_days >> day % 7 & 1);
}

/* `after` and as many hours as are skipped from there. */
static int64_t unskipped_s(const struct poll_facts *facts, int64_t after)
{
    int64_t most = poll_after_most_s(facts->poll_max_s), now = facts->now_s;
    int64_t due = now + after;
    if (now < 0 || (!facts->skip_hours && !facts->skip_days))
        return after;
    while (due - now < most && is_skipped(facts, due))
        due = (due / HOUR_S + 1) * HOUR_S;
    return smaller(due - now, larger(most, after));
}

int64_t poll_after_s(const struct poll_facts *facts, double random)
{
    int64_t after = facts->failures ? back_off_s(facts) : patience_s(facts);
    after = smaller(larger(after, facts->poll_min_s), facts->poll_max_s);
    after = spread_s(after, random);
    int64_t asked = smaller(larger(facts->retry_after_s, facts->fresh_s), facts->poll_max_s);
    after = larger(larger(after, asked), facts->poll_min_s);
    return facts->failures ? after : unskipped_s(facts, after);
}
