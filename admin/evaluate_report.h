/* evaluate_report: what `weirctl evaluate` says of an outcome. */
#ifndef WEIR_EVALUATE_REPORT_H
#define WEIR_EVALUATE_REPORT_H

#include "admin/evaluate_run.h"

#include <stdio.h>

/* All figures, to stdout: words, or one JSON object. */
void report_outcome(const struct evaluation *evaluation, const struct outcome *outcome, bool json);

/* "1|0 score path" a line, 1 for spam, in the order of scoring. The stream's error flag tells of
 * failure. */
void report_scores(const struct evaluation *evaluation, const struct outcome *outcome,
                   FILE *stream);

/* How often each check fires, to stdout. */
void report_rates(const struct evaluation *evaluation, const struct check_rate *rates, bool json);

#endif
