#include "feedfilter/poll_schedule.h"

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

int64_t poll_after_s(const struct poll_facts *facts, double random)
{
    int64_t after = facts->feed_poll_s ? facts->feed_poll_s : facts->poll_s;
    if (facts->failures)
        after = back_off_s(facts);
    else
        after = larger(after, facts->fresh_s);
    after = smaller(larger(after, facts->poll_min_s), facts->poll_max_s);
    after = spread_s(after, random);
    int64_t asked = smaller(facts->retry_after_s, facts->poll_max_s);
    return larger(larger(after, asked), facts->poll_min_s);
}
