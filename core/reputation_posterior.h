/* reputation_posterior: how sure the counts of an identity are. */
#ifndef WEIR_REPUTATION_POSTERIOR_H
#define WEIR_REPUTATION_POSTERIOR_H

#include "core/reputation.h"

/* The share of spam among what the identity will be seen in, as Beta(spam + s b, ham + s (1 - b))
 * of reputation_log_odds() has it: its mean, and between `low` and `high` it is with 90 %. The
 * limits of the type and overrides are not in it. */
struct reputation_posterior {
    double mean, low, high;
};
struct reputation_posterior reputation_posterior(const struct reputation_table *table,
                                                 enum identity_type type,
                                                 const struct reputation_counts *counts,
                                                 int64_t now_s);

#endif
