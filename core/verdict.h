/* verdict: log-odds (the sum of the evidence), probability, action, and the evidence itself. It is
 * what a front answers from, what is logged, kept in history, and explained. */
#ifndef WEIR_VERDICT_H
#define WEIR_VERDICT_H

#include "core/evidence.h"

#include <stdbool.h>

enum action { ACTION_ACCEPT, ACTION_TAG, ACTION_HOLD, ACTION_REJECT, ACTIONS };

const char *action_name(enum action action); /* "accept", "tag", "hold", "reject" */

/* Probabilities of spam from which an action is taken. A threshold over 1 is never reached. */
struct thresholds {
    double tag, hold, reject;
};

struct evidence_record;

struct verdict {
    double log_odds;
    double probability;
    enum action action;
    struct evidence *evidence; /* largest first; in the document's arena */
    size_t evidence_count;
    struct evidence_record *record; /* what it was made of; NULL: not told. As the evidence, lent */
};

/* The symbol of what the content model says. */
#define CONTENT_SYMBOL "CONTENT"

/* 1/(1+e^-x) */
double probability_of(double log_odds);

/* The name of the rule (rules.h) that decided the action, with a NUL behind it; NULL: the sum did.
 */
const char *verdict_rule(const struct verdict *verdict);

/* Sums and sorts `evidence` and chooses the action. With `cold` (few lessons taught in the
 * document's script) content alone never holds: when evidence other than `content_symbol` adds up
 * to less than 2.0, hold and reject become tag, and evidence CONTENT_COLD_SYMBOL of weight 0 says
 * so. */
#define CONTENT_COLD_SYMBOL "CONTENT_COLD"
struct verdict verdict_of(struct evidence_list *evidence, const struct thresholds *thresholds,
                          const char *content_symbol, bool cold);

#endif
