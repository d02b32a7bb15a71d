#include "core/reputation_posterior.h"

#include "core/beta.h"

struct reputation_posterior reputation_posterior(const struct reputation_table *table,
                                                 enum identity_type type,
                                                 const struct reputation_counts *counts,
                                                 int64_t now_s)
{
    const struct reputation_parameters *parameters = &table->types[type];
    struct reputation_weight weight = reputation_weight(table, type, counts, now_s);
    double spam = weight.spam + parameters->strength * parameters->base_rate;
    double ham = weight.ham + parameters->strength * (1 - parameters->base_rate);
    return (struct reputation_posterior){.mean = spam / (spam + ham),
                                         .low = beta_quantile(spam, ham, 0.05),
                                         .high = beta_quantile(spam, ham, 0.95)};
}
