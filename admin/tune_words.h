/* tune_words: what a change is, in numbers and in words. Internal to tune.h. */
#ifndef WEIR_TUNE_WORDS_H
#define WEIR_TUNE_WORDS_H

#include "admin/tune.h"

/* The numbers of the change over those that are in force. */
void tune_lay_change(const struct tune_change *change, struct tuning *tuning);

/* "mail.hold 0.95 -> 0.9, …"; empty when nothing is changed; free() it. `after` is the tuning that
 * it makes, `before` what stands before each pin. NULL on failure. */
char *tune_words_of_change(struct session *session, const struct tune_state *state,
                           const struct tune_change *change,
                           struct reputation_counts before[TUNE_PINS_MAX], struct tuning *after,
                           struct error *error);

/* What became of a pin when its change was taken back. */
enum tune_pin_fate {
    TUNE_PIN_FAILED, /* nothing: the store went away */
    TUNE_PIN_NEWER,  /* something else was said since, which stays */
    TUNE_PIN_BACK
};

struct tune_undone_pin {
    struct identity identity;
    int32_t centi;                   /* that it was pinned at */
    struct reputation_counts before; /* the override that stood before it, and nothing else */
    enum tune_pin_fate fate;
};

/* What was taken back of the change from `before` to `after`, and what stays: "mail.hold 0.95 ->
 * 0.9 (changed since, and stays: link-domain example.org)"; "nothing" stands in the place of
 * nothing. free() it. */
char *tune_words_of_undo(const struct session *session, const struct tuning *before,
                         const struct tuning *after, const struct tune_undone_pin *pins,
                         size_t count);

#endif
