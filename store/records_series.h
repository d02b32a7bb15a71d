/* records_series: how many verdicts and held entries there were over time, for charts. Reads only,
 * from sums that are kept for each quarter of an hour. */
#ifndef WEIR_RECORDS_SERIES_H
#define WEIR_RECORDS_SERIES_H

#include "store/records.h"

#define RECORDS_QUARTER_S 900

/* `count` spans of `width_s` seconds, one behind the other. What is before or after is left out.
 * `since_s` and `width_s` are multiples of RECORDS_QUARTER_S, else ERROR_BUG. */
struct records_spans {
    int64_t since_s, width_s;
    size_t count;
};

/* Verdicts of each span, channel and action; nothing is visited for none. The texts are lent for
 * the call, which must not call records. */
bool records_series_verdicts(struct records *records, const struct records_spans *spans,
                             void (*visit)(void *context, size_t span, const char *channel,
                                           const char *action, int64_t count),
                             void *context, struct error *error);

/* Entries by the span in which they were held and the state that they are in now. */
bool records_series_held(struct records *records, const struct records_spans *spans,
                         void (*visit)(void *context, size_t span, enum held_state state,
                                       int64_t count),
                         void *context, struct error *error);

#endif
