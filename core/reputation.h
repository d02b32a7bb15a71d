/* reputation: what the counts of identities say, as log-odds and as evidence. */
#ifndef WEIR_REPUTATION_H
#define WEIR_REPUTATION_H

#include "core/document.h"
#include "core/evidence.h"
#include "store/counts.h"

#include <stdbool.h>
#include <stdint.h>

/* Counts decayed to `now_s` with the type's half-life, in lessons. */
struct reputation_weight {
    double ham, spam;
};
struct reputation_weight reputation_weight(enum identity_type type,
                                           const struct reputation_counts *counts, int64_t now_s);

/* True when the admin's value stands for the counts. */
bool reputation_override_in_force(const struct reputation_counts *counts, int64_t now_s);

/* The evidence that `counts` give about an identity of `type`, in log-odds: the Beta-Binomial
 * posterior mean with the type's base rate as prior and its prior strength in pseudo-counts
 * (Gelman et al., Bayesian Data Analysis, 2.4), less the prior's own log-odds, so no counts at all
 * give exactly 0; bounded by the type's limits. An override that is in force gives its value. */
double reputation_log_odds(enum identity_type type, const struct reputation_counts *counts,
                           int64_t now_s);

/* Adds what the identities of `document` say; counts[i] belongs to its identity i. Of each type
 * only the one that speaks most for spam is heard, and of link domain and link host only one when
 * they agree. The detail names it: "evil.example: 12 spam, 0 ham". */
void reputation_evidence(const struct document *document, const struct reputation_counts *counts,
                         int64_t now_s, struct evidence_list *list);

/* "REPUTATION_LINK_DOMAIN" */
const char *reputation_symbol(enum identity_type type);

/* "domain of a link", what stands before the detail of that symbol's evidence; NULL when it is no
 * reputation's. */
const char *reputation_words(struct span symbol);

#endif
