/* evaluate_terms: what a document's score is made of, summed as an evaluation asks for it, and as a
 * line of JSON for whoever fits the weights. */
#ifndef WEIR_EVALUATE_TERMS_H
#define WEIR_EVALUATE_TERMS_H

#include "admin/evaluate_corpus.h"
#include "admin/evaluate_run.h"
#include "core/evidence.h"

#include <stdio.h>

struct terms {
    double content;
    struct evidence_list checks;      /* each with its strength, from 0 to 1, as log_odds */
    struct evidence_list reputations; /* none unless they count */
};

/* Runs all checks, also those whose weight is 0. */
void terms_run_checks(struct document *document, struct terms *terms);

/* Content and what counts beside it, the checks by their weights. */
double terms_sum(const struct evaluation *evaluation, const struct terms *terms);

/* {"spam":true,"path":…,"content":…,"checks":{SYMBOL:strength…},"reputations":{SYMBOL:log-odds…}}
 */
void terms_write(const struct terms *terms, const struct corpus_entry *entry, FILE *stream);

#endif
