#include "core/verdict.h"

#include <math.h>
#include <string.h>

/* What must speak against a document beside its content while a script is cold: one strong check,
 * or two others. The prior adds 2.0 at most; with 1.7 of a moderate check that would pass 0.95. */
#define COLD_OTHER_LOG_ODDS 2.0

static const char *const names[ACTIONS] = {"accept", "tag", "hold", "reject"};

const char *action_name(enum action action)
{
    return names[action];
}

double probability_of(double log_odds)
{
    return 1.0 / (1.0 + exp(-log_odds));
}

const char *verdict_rule(const struct verdict *verdict)
{
    const struct evidence *first = verdict->evidence;
    return verdict->evidence_count && first->decides ? first->detail.data : NULL;
}

static enum action action_of(double probability, const struct thresholds *thresholds)
{
    if (probability >= thresholds->reject)
        return ACTION_REJECT;
    if (probability >= thresholds->hold)
        return ACTION_HOLD;
    return probability >= thresholds->tag ? ACTION_TAG : ACTION_ACCEPT;
}

struct verdict verdict_of(struct evidence_list *evidence, const struct thresholds *thresholds,
                          const char *content_symbol, bool cold)
{
    double sum = 0, other = 0;
    for (size_t i = 0; i < evidence->count; i++) {
        sum += evidence->items[i].log_odds;
        if (strcmp(evidence->items[i].symbol, content_symbol) != 0)
            other += evidence->items[i].log_odds;
    }
    struct verdict verdict = {.log_odds = sum, .probability = probability_of(sum)};
    verdict.action = action_of(verdict.probability, thresholds);
    if (cold && verdict.action > ACTION_TAG && other < COLD_OTHER_LOG_ODDS) {
        verdict.action = ACTION_TAG;
        evidence_add(evidence, CONTENT_COLD_SYMBOL, 0,
                     SPAN("few lessons in this script yet: content alone does not hold"));
    }
    evidence_sort(evidence);
    verdict.evidence = evidence->items;
    verdict.evidence_count = evidence->count;
    return verdict;
}
