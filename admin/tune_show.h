/* tune_show: where the numbers of a verdict come from, on stdout. */
#ifndef WEIR_TUNE_SHOW_H
#define WEIR_TUNE_SHOW_H

#include "core/config.h"
#include "core/tuning.h"

/* A line for each number: its name, what is in force, and whether that is the default, the
 * configuration file's or tuned. Without `all` only thresholds and those that are not the default.
 */
void tune_show_numbers(const struct config *config, const struct tuning *tuning, bool all);

/* "tuned: LINK_FARM 1.5 (configured: 2), …", of what had a part in the verdict whose JSON
 * `evidence` is and of its front's thresholds; nothing when none of that is tuned. */
void tune_show_part(const struct config *config, const struct tuning *tuning, const char *channel,
                    const char *evidence);

#endif
