/* rule_settings: the rules (core/rules.h) as an admin changes them for all gateways: applied, taken
 * back, with their history. They are a part of the settings that tune.h loads and saves. For
 * weirctl and the console, which say what came of it. All failures are one line in `error`; nothing
 * is done by halves. */
#ifndef WEIR_RULE_SETTINGS_H
#define WEIR_RULE_SETTINGS_H

#include "admin/tune.h"
#include "core/rules.h"

/* The rules in force; rules_release(). NULL: they cannot be read. */
struct rules *rule_settings_rules(const struct tune_state *state, struct error *error);

/* Puts `text` in force, unless other settings than those of `state` are meanwhile. `rules` are what
 * it was compiled to. `*what` (to be freed) is what was changed: "3 rules, added "no casino"".
 * `warning`, which is empty before, is set when it was done, but is not in the audit. */
bool rule_settings_apply(struct session *session, const struct tune_state *state, struct span text,
                         const struct rules *rules, const char *who, char **what,
                         struct error *warning, struct error *error);

/* Takes back the last change. ERROR_INPUT when there is none. */
bool rule_settings_undo(struct session *session, const struct tune_state *state, const char *who,
                        char **what, struct error *warning, struct error *error);

/* The changes, newest first: a JSON array of objects with time_s, who, what; lent. NULL: none. */
const json_t *rule_settings_changes(const struct tune_state *state);

/* The members "version", "text", "rules" and "changes" of the object that is open in `json`. */
void rule_settings_put(struct json_writer *json, const struct tune_state *state,
                       const struct rules *rules);

/* Of one rule, the members "name", "action", "weight", "dry", "for". */
void rule_settings_put_rule(struct json_writer *json, const struct rule *rule);

/* "hold", "weight +1.50"; in `text`. */
#define RULE_ACTION_SIZE 24
const char *rule_settings_action(const struct rule *rule, char text[RULE_ACTION_SIZE]);

#endif
