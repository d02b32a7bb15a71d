#include "core/metrics_sample.h"

#include "core/metrics.h"
#include "store/records_search.h"

void metrics_sample_stores(const struct metrics_sources *sources)
{
    struct journal_state state;
    if (sources->replica) {
        metrics_set(METRIC_COUNTS_UP, 0, replica_store_up(sources->replica));
        metrics_set(METRIC_REPLICA_VERSION, 0,
                    (int64_t)model_version(replica_model(sources->replica)));
    }
    if (journal_look(sources->journal, &state, NULL)) {
        metrics_set(METRIC_JOURNAL_WAITING, 0, (int64_t)state.waiting);
        metrics_set(METRIC_JOURNAL_BYTES, 0, (int64_t)state.size_bytes);
    }
    metrics_set(METRIC_JOURNAL_LIMIT_BYTES, 0, (int64_t)sources->journal_limit_bytes);
}

struct held_counts {
    int64_t states[HELD_STATES];
};

static void add_held(void *context, enum held_state state, int taught, int64_t count)
{
    struct held_counts *counts = context;
    (void)taught;
    counts->states[state] += count;
}

bool metrics_sample_records(struct records *records)
{
    struct held_counts counts = {{0}};
    if (!records)
        return false;
    if (!records_held_sums(records, 0, add_held, &counts, NULL)) {
        metrics_add(METRIC_RECORDS_ERRORS, 0, 1);
        return false;
    }
    for (unsigned i = 0; i < HELD_STATES; i++)
        metrics_set(METRIC_HELD, i, counts.states[i]);
    return true;
}
