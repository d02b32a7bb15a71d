/* tune_show: where the numbers of a verdict come from: for people, on stdout, and as JSON. */
#ifndef WEIR_TUNE_SHOW_H
#define WEIR_TUNE_SHOW_H

#include "core/config.h"
#include "core/json_writer.h"
#include "core/tuning.h"

/* A line for each number: its name, what is in force, and whether that is the default, the
 * configuration file's or tuned. Without `all` only thresholds and those that are not the default.
 */
void tune_show_numbers(const struct config *config, const struct tuning *tuning, bool all);

/* The member "numbers" of the object that is open in `json`, a list of all: "name"; "kind" and
 * "of", by which a change names it (tune_change_add()); "number"; "text", and "configured", what it
 * is without tuning, as people write them; "from": "default", "file" or "tuned"; of a check
 * "words", what it is about. */
void tune_show_put(struct json_writer *json, const struct config *config,
                   const struct tuning *tuning);

/* "tuned: LINK_FARM 1.5 (configured: 2), …", of what had a part in the verdict whose JSON
 * `evidence` is and of its front's thresholds; nothing when none of that is tuned. */
void tune_show_part(const struct config *config, const struct tuning *tuning, const char *channel,
                    const char *evidence);

#endif
