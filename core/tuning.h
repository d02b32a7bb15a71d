/* tuning: what the admin has changed while weir runs, for all gateways: thresholds, weights, and
 * what reputations are read with. It lies over the configuration file (scoring.h), is kept in the
 * counts store as the text of counts_settings (store/counts.h), and is followed live
 * (live_tuning.h).
 *
 * Each number has a name: "mail.hold" and "feed.hold" (probabilities; also tag, reject),
 * "LINK_FARM" (of a check: its log-odds at full strength), "CONTENT" and "REPUTATION_…" (a factor),
 * and "link-domain.half-life" (seconds), "….base-rate", "….strength". A weight of 0 disables.
 *
 * The text is JSON: {"tuning": {NAME: NUMBER, …}, "changes": [{"time_s": …, "who": …, "what": …,
 * "before": {NAME: NUMBER, …}, …}, …]}; the newest change comes first, and "before" is what
 * "tuning" was. What is in changes is admin/tune.h's.
 *
 * The rules (rules.h) are settings too: {…, "rules": {"text": TEXT, "changes": [{"time_s": …,
 * "who": …, "what": …, "before": TEXT}, …]}}, without that member when there never were any; what
 * is in their changes is admin/rules_settings.h's. */
#ifndef WEIR_TUNING_H
#define WEIR_TUNING_H

#include "core/checks.h"
#include "store/error.h"
#include "store/identity.h"
#include "store/span.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum tuning_kind {
    TUNING_THRESHOLD,
    TUNING_CHECK,  /* log-odds */
    TUNING_FACTOR, /* of content, of a reputation */
    TUNING_HALF_LIFE,
    TUNING_BASE_RATE,
    TUNING_STRENGTH
};

/* Places of the numbers. */
enum {
    TUNING_MAIL = 0, /* tag, hold, reject */
    TUNING_FEED = 3,
    TUNING_CHECKS = 6, /* by row */
    TUNING_CONTENT = TUNING_CHECKS + CHECKS_MOST,
    TUNING_REPUTATIONS, /* factors, by type */
    TUNING_HALF_LIVES = TUNING_REPUTATIONS + IDENTITY_TYPES,
    TUNING_BASE_RATES = TUNING_HALF_LIVES + IDENTITY_TYPES,
    TUNING_STRENGTHS = TUNING_BASE_RATES + IDENTITY_TYPES,
    TUNING_NUMBERS = TUNING_STRENGTHS + IDENTITY_TYPES
};

/* NaN where nothing is set. */
struct tuning {
    double numbers[TUNING_NUMBERS];
};

void tuning_clear(struct tuning *tuning);
bool tuning_is_clear(const struct tuning *tuning);
bool tuning_is_equal(const struct tuning *a, const struct tuning *b);

/* The name at a place, in `name`; false: nothing is there (rows that there are not). */
#define TUNING_NAME_SIZE 64
bool tuning_name(size_t place, char name[TUNING_NAME_SIZE]);
enum tuning_kind tuning_kind_of(size_t place);

/* The place of a name; TUNING_NUMBERS when there is none. */
size_t tuning_find(struct span name);

/* Whether a number can stand there; else `error` says, with its name in front, what can. */
bool tuning_check(size_t place, double number, struct error *error);

/* The value of "tuning", and back. false: ERROR_INPUT and one line that names what cannot be. */
json_t *tuning_to_json(const struct tuning *tuning);
bool tuning_from_json(const json_t *value, struct tuning *tuning, struct error *error);

/* Reads the text of the settings; an empty one sets nothing. `*whole` is the value of all of it,
 * with both members; json_decref(). On failure it is NULL and nothing is set. */
bool tuning_read(struct span text, struct tuning *tuning, json_t **whole, struct error *error);

/* The text of the rules in the value of the settings; empty: there are none. Lent. */
struct span tuning_rules_text(const json_t *whole);

/* When one good document that meets with an action wrongly is worth `cost` spams that do not, it is
 * to be taken from p = cost / (cost + 1) on. */
double tuning_threshold_of_cost(double cost);

#endif
