/* reputation_change: what an admin says about a reputation: set, pinned, learned again, forgotten;
 * each with a line in the audit. For weirctl and the console. */
#ifndef WEIR_REPUTATION_CHANGE_H
#define WEIR_REPUTATION_CHANGE_H

#include "admin/session.h"

#define REPUTATION_LOG_ODDS_MAX 20.0
#define REPUTATION_DAYS 30.0 /* that what is set stands, unless told otherwise */
#define REPUTATION_DAYS_MAX 3650.0

struct reputation_change {
    const char *deed;  /* "set", "pin", "learned" (takes either back) or "forget" */
    bool has_log_odds; /* of set and pin; without: pin what is learned now */
    bool has_days;     /* of set; without: REPUTATION_DAYS */
    double log_odds, days;
};

/* session's counts are open. `*changed` is false when there was nothing to forget. False and
 * `error`: ERROR_INPUT for what cannot be; else the counts store failed, and nothing was changed.
 * `warning`, which is clear before, is set when it was done, but is not in the audit. */
bool reputation_change_do(struct session *session, const struct identity *identity,
                          const struct reputation_change *change, const char *who, bool *changed,
                          struct error *warning, struct error *error);

#endif
