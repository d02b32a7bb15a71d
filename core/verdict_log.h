/* verdict_log: what every front writes down of a verdict: an entry of the history. */
#ifndef WEIR_VERDICT_LOG_H
#define WEIR_VERDICT_LOG_H

#include "core/config.h"
#include "core/document.h"
#include "core/verdict.h"
#include "store/records.h"

/* The action in words: "hold", and while observing, when it is not carried out, "hold (observed)".
 * Lies in `arena`. */
const char *verdict_log_action(struct arena *arena, enum action action, enum mode mode);

/* Who it is about, in C strings, as struct history_entry has them. */
struct verdict_about {
    const char *sender, *recipients, *subject, *reference;
};

/* Adds the verdict to the history of `records`, as of now. Never fails, see records_history_add().
 * Takes room in the document's arena. Counts it in the metrics. */
void verdict_log_history(struct records *records, const struct document *document,
                         const struct verdict *verdict, enum mode mode,
                         const struct verdict_about *about);

#endif
