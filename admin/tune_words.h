/* tune_words: what a change is, in words. Internal to tune.h. */
#ifndef WEIR_TUNE_WORDS_H
#define WEIR_TUNE_WORDS_H

#include "admin/tune.h"

/* "mail.hold 0.95 -> 0.9, …"; empty when nothing is changed; free() it. `after` is the tuning that
 * it makes, `before` what stands before each pin. NULL on failure. */
char *tune_words_of_change(struct session *session, const struct tune_state *state,
                           const struct tune_change *change,
                           struct reputation_counts before[TUNE_PINS_MAX], struct tuning *after,
                           struct error *error);

#endif
