/* tune_suggest: the weights and the threshold that people's corrections favour. */
#ifndef WEIR_TUNE_SUGGEST_H
#define WEIR_TUNE_SUGGEST_H

#include "admin/tune.h"

/* Of each label, so many documents must have been judged by a person. */
#define SUGGEST_LEAST 20

/* Adds what it proposes to `change`, whose numbers stand: thresholds and weights that are asked for
 * already are not proposed anew; but for a cost of hold, by which its threshold is: the weights by
 * a logistic regression of the recorded evidence on what people said, drawn towards those in force
 * (ridge penalty: Hastie et al., The Elements of Statistical Learning, 4.4.4), and the threshold
 * of hold that makes the mistakes on these documents cheapest, one good document held wrongly being
 * worth as many spams let through as that cost or the present threshold says. ERROR_INPUT when
 * there are too few corrections; nothing is proposed then. */
bool tune_suggest(struct session *session, const struct tune_state *state,
                  struct tune_change *change, struct error *error);

#endif
