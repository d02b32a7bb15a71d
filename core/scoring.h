/* scoring: the numbers that make a verdict of what was seen: thresholds, weights, and what the
 * counts of reputations are read with. The configuration file is the base, and the admin's tuning
 * (tuning.h) lies over it. */
#ifndef WEIR_SCORING_H
#define WEIR_SCORING_H

#include "core/checks.h"
#include "core/config.h"
#include "core/document.h"
#include "core/tuning.h"
#include "core/verdict.h"
#include "store/reputation_table.h"

struct scoring {
    struct thresholds mail, feed;
    double checks[CHECKS_MOST];     /* of each row: log-odds at full strength */
    double content;                 /* factor of what content says */
    double factors[IDENTITY_TYPES]; /* of what a type of reputation says */
    struct reputation_table reputations;
};

/* `tuning` NULL: the configuration alone. */
void scoring_make(struct scoring *scoring, const struct config *config,
                  const struct tuning *tuning);

/* The number that the tuning has at `place`. */
double scoring_number(const struct scoring *scoring, size_t place);

const struct thresholds *scoring_thresholds(const struct scoring *scoring, enum channel channel);

/* The factor of what reputation_symbol() gave; 1 for any other. */
double scoring_reputation_factor(const struct scoring *scoring, const char *symbol);

#endif
