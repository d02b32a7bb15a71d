/* tune: what an admin changes while weir runs: seen before it is applied, by a replay of what is
 * past here; applied for all gateways; taken back. For weirctl and the console, which say what came
 * of it; nothing is said here. All failures are one line in `error`; nothing is done by halves. The
 * session's configuration, counts and records are opened before. */
#ifndef WEIR_TUNE_H
#define WEIR_TUNE_H

#include "admin/session.h"
#include "core/json_writer.h"
#include "core/replay.h"
#include "core/tuning.h"

/* --- what is asked for --- */

#define TUNE_PINS_MAX 16

struct tune_pin {
    struct identity identity; /* its value lies in `text` */
    char text[IDENTITY_VALUE_MAX];
    int32_t centi;
};

struct tune_change {
    struct tuning numbers;        /* to be set; NaN: stays as it is */
    bool back[TUNING_NUMBERS];    /* goes back to the configuration's */
    bool by_cost[TUNING_NUMBERS]; /* the threshold to be set is that of a cost */
    struct tune_pin pins[TUNE_PINS_MAX];
    size_t pin_count;
};

void tune_change_begin(struct tune_change *change);

/* Adds what a person wrote: "threshold", "cost" ("hold=0.9", or of one front "mail.hold=0.9"),
 * "weight" ("LINK_FARM=1.5"), "disable" ("LINK_FARM"), "half-life" ("link-domain=30d"),
 * "base-rate", "strength" ("link-domain=2"), "reset" (any of these names), "pin" ("link-domain
 * example.org=-2"), whose value is read by `config`. false: ERROR_INPUT. */
bool tune_change_add(struct tune_change *change, const struct config *config, const char *kind,
                     const char *text, struct error *error);

/* The kind under which the number at that place is added, which is there, and, in `name`, what
 * stands before its '='. */
const char *tune_change_name(size_t place, char name[TUNING_NAME_SIZE]);

/* --- what is in force --- */

struct tune_state {
    uint64_t version; /* of the settings in the counts store */
    struct tuning tuning;
    json_t *whole; /* tuning.h */
};

bool tune_load(struct session *session, struct tune_state *state, struct error *error);
void tune_state_clear(struct tune_state *state);

/* Puts `whole` in the place of the settings of version `read`. ERROR_INPUT when others are there
 * meanwhile, and the line says who changed them. */
bool tune_save(struct session *session, uint64_t read, json_t *whole, struct error *error);

/* Whether the settings are still of version `seen`; else ERROR_INPUT, and the line says who changed
 * them. */
bool tune_is_seen(const struct tune_state *state, uint64_t seen, struct error *error);

/* A number as people write it: "0.95", "never", "30d". In `text`. */
#define TUNE_TEXT_SIZE 32
const char *tune_number_text(size_t place, double number, char text[TUNE_TEXT_SIZE]);

/* --- preview --- */

struct tune_moved {
    enum front front;
    struct replayed replayed;
    struct history_entry *entry; /* NULL: no longer in the history */
};

#define TUNE_WARNING_SIZE 400

struct tune_preview {
    char *what; /* "mail.hold 0.95 -> 0.9, LINK_FARM 2 -> off"; empty: nothing is changed by it */
    char warning[TUNE_WARNING_SIZE]; /* of thresholds that are hardly meant; empty: none */
    struct replay_sums sums[FRONTS];
    struct tune_moved *moved; /* newest first, `most` of each front */
    size_t moved_count;
};

/* What the change would make of the verdicts that the records here keep, with what the admin has
 * pinned and set now, as the counts store has it. */
bool tune_preview(struct session *session, const struct tune_state *state,
                  const struct tune_change *change, size_t most, struct tune_preview *preview,
                  struct error *error);
void tune_preview_clear(struct tune_preview *preview);

/* The sums of both fronts. */
struct replay_sums tune_preview_all(const struct tune_preview *preview);

/* The members "what", "verdicts", "changed", "moved_since", "moved", "corrected", "mended",
 * "spoiled" and "list" of the object that is open in `json`. */
void tune_preview_put(struct json_writer *json, const struct tune_preview *preview);

/* --- apply, undo --- */

/* Changes it for all gateways, unless other settings than those of `state` are in force meanwhile:
 * ERROR_INPUT then, nothing is done, and the line says who changed them. `*what` (to be freed) is
 * what was changed, as in the preview. `warning`, which is empty before, is set when it was done,
 * but something is missing: the line in the audit. */
bool tune_apply(struct session *session, const struct tune_state *state,
                const struct tune_change *change, const char *who, char **what,
                struct error *warning, struct error *error);

/* Takes back the last change, pins too, but for those that were changed since; what else is in
 * force is then what was before it. ERROR_INPUT when there is none. `*what` is what was taken back,
 * and which pins stay. `warning` as above; it may also be pins that are not back. */
bool tune_undo(struct session *session, const struct tune_state *state, const char *who,
               char **what, struct error *warning, struct error *error);

/* After an undo was not saved, of rules, too: where the store gave no answer (ERROR_NETWORK) it may
 * have done it, and a second undo would be of the change before. Says so before what `error` says,
 * and that `command` tells. Returns false. */
bool tune_undo_unknown(struct error *error, const char *command);

#endif
