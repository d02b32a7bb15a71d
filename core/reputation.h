/* reputation: what the counts of identities say, as log-odds and as evidence. */
#ifndef WEIR_REPUTATION_H
#define WEIR_REPUTATION_H

#include "core/document.h"
#include "core/evidence.h"
#include "store/counts.h"
#include "store/reputation_table.h"

#include <stdbool.h>
#include <stdint.h>

/* `table` holds the numbers of all types; the one in force is the configuration's. */

/* Counts decayed to `now_s` with the type's half-life, in lessons and in documents. */
struct reputation_weight {
    double ham, spam, seen;
};
struct reputation_weight reputation_weight(const struct reputation_table *table,
                                           enum identity_type type,
                                           const struct reputation_counts *counts, int64_t now_s);

/* True when the admin's value stands for the counts. */
bool reputation_override_in_force(const struct reputation_counts *counts, int64_t now_s);

/* The evidence that `counts` give about an identity of `type`, in log-odds. With `spam` and `ham`
 * lessons left of it, base rate b and strength s of the type:
 *     logit((spam + s b) / (spam + ham + s)) - logit(b)
 *   = log(1 + spam / (s b)) - log(1 + ham / (s (1 - b)))
 * the log-odds of the Beta-Binomial posterior mean, the prior being Beta(s b, s (1 - b)) (Gelman et
 * al., Bayesian Data Analysis, 2.4), less those of the prior, so no counts at all give exactly 0.
 * It is bounded by the type's limits, each divided by 1 + what the other side's lessons alone would
 * say: what good mail and spam have in common cannot decide, however much of both there was. An
 * override that is in force gives its value, whatever the limits. */
double reputation_log_odds(const struct reputation_table *table, enum identity_type type,
                           const struct reputation_counts *counts, int64_t now_s);

/* Adds what the identities of `document` say; counts[i] belongs to its identity i. Of each type
 * only the one that speaks most for spam is heard, and of link domain and link host only one when
 * they agree: ten links to one domain are one fact; of shingles the mean of the two that speak most
 * for spam. Types that say the same thing are correlated
 * (enum reputation_group): where those of a group together are beyond its limit for the document's
 * channel, all are scaled down to it. Overrides stand beside that, as they are. The detail names
 * it: "evil.example: 12 spam, 0 ham". */
void reputation_evidence(const struct reputation_table *table, const struct document *document,
                         const struct reputation_counts *counts, int64_t now_s,
                         struct evidence_list *list);

/* "REPUTATION_LINK_DOMAIN" */
const char *reputation_symbol(enum identity_type type);

/* "domain of a link", what stands before the detail of that symbol's evidence; NULL when it is no
 * reputation's. */
const char *reputation_words(struct span symbol);

#endif
