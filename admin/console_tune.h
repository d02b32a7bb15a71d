/* console_tune: what the calls about settings, tuning and rules, read in one way. Part of
 * console_api.h. */
#ifndef WEIR_CONSOLE_TUNE_H
#define WEIR_CONSOLE_TUNE_H

#include "admin/console_api.h"
#include "admin/tune.h"

/* The version of the settings that somebody saw. */
bool console_read_version(const struct console_request *request, uint64_t *version,
                          struct error *error);

/* The settings in force; the counts and the records of both fronts are open then. */
bool console_load_settings(struct session *session, struct tune_state *state, struct error *error);

#endif
