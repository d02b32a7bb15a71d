/* reputation_change: what an admin says about a reputation: set, pinned, learned again, forgotten;
 * each with a line in the audit. For weirctl and the console. */
#ifndef WEIR_REPUTATION_CHANGE_H
#define WEIR_REPUTATION_CHANGE_H

#include "admin/session.h"

#define REPUTATION_LOG_ODDS_MAX 20.0
#define REPUTATION_DAYS 30.0 /* that what is set stands, unless told otherwise */
#define REPUTATION_DAYS_MAX 3650.0

struct reputation_change {
    const char *deed;      /* "set", "pin", "learned" (takes either back) or "forget" */
    bool has_log_odds;     /* without: pin what is learned now */
    double log_odds, days; /* of set; days also 0: REPUTATION_DAYS */
};

/* session's counts are open. `*changed` is false when there was nothing to forget. False and
 * `error`: ERROR_INPUT for what cannot be; else the counts store failed, and nothing was changed,
 * or the audit did, as the message says. */
bool reputation_change_do(struct session *session, const struct identity *identity,
                          const struct reputation_change *change, const char *who, bool *changed,
                          struct error *error);

/* A line in the audit of what was done to `subject`, in the records of mail, where there are some,
 * else in those of feeds; a machine without either has no audit. With `former`
 * (NULL: none) as records_audit_instead(); then `*replaced` is false, and no line is added, when
 * that does not stand there. */
bool reputation_change_audit(struct session *session, const char *who, const char *former,
                             const char *what, const char *subject, bool *replaced,
                             struct error *error);

#endif
