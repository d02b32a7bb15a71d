/* live_tuning: the tuning and the rules in force in this process, followed from the counts store
 * while weir runs. A store that is away, or whose settings cannot be read, leaves the last known
 * ones in force; with a file they are kept over a restart. Thread-safe. */
#ifndef WEIR_LIVE_TUNING_H
#define WEIR_LIVE_TUNING_H

#include "core/rules.h"
#include "core/tuning.h"
#include "store/counts.h"

#include <stdbool.h>
#include <stdio.h>

struct live_tuning;

/* Nothing is set until the store, or the file, tells otherwise. `path` NULL: not kept. */
struct live_tuning *live_tuning_new(const char *path);
void live_tuning_free(struct live_tuning *live); /* NULL is fine */

/* Copies the one in force. */
void live_tuning_get(struct live_tuning *live, struct tuning *tuning);

/* The rules in force; rules_release(). NULL: none. `*known` (NULL: never mind) is false until store
 * or file have told which. */
struct rules *live_tuning_rules(struct live_tuning *live, bool *known);

/* Writes how often each rule has matched since the start, for metrics_also(). */
void live_tuning_write_metrics(void *live, FILE *file);

/* Takes over the settings of `store`, whose health was just read, when they are others than those
 * in force; `*changed` says whether (NULL: never mind). Settings that cannot be read are left
 * alone, with one log line: the tuning, the rules, or both. false: the store failed. */
bool live_tuning_follow(struct live_tuning *live, struct counts_store *store,
                        const struct counts_health *health, bool *changed, struct error *error);

#endif
