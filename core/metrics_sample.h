/* metrics_sample: the gauges that are looked up when somebody asks, not kept: how the stores stand.
 * The same for every program. */
#ifndef WEIR_METRICS_SAMPLE_H
#define WEIR_METRICS_SAMPLE_H

#include "core/replica.h"
#include "store/journal.h"
#include "store/records.h"

#include <stdbool.h>
#include <stddef.h>

struct metrics_sources {
    const struct replica *replica; /* NULL: this program has none */
    const struct journal *journal;
    size_t journal_limit_bytes;
};

/* Sets the gauges of the counts store and of the journal. Thread-safe. */
void metrics_sample_stores(const struct metrics_sources *sources);

/* Sets the gauge of what is held, which reads an index of the records. NULL: they cannot be opened.
 * False when they cannot be read, which is counted. */
bool metrics_sample_records(struct records *records);

#endif
