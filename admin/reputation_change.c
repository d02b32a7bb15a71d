#include "admin/reputation_change.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "admin/identity_text.h"
#include "core/reputation.h"

#define DAY_S 86400

static bool check(const struct reputation_change *change, struct error *error)
{
    bool set = !strcmp(change->deed, "set"), pin = !strcmp(change->deed, "pin");
    if (!set && !pin && strcmp(change->deed, "learned") != 0 && strcmp(change->deed, "forget") != 0)
        return error_set(error, ERROR_INPUT, "set, pin, learned or forget?");
    if (set && !change->has_log_odds)
        return error_set(error, ERROR_INPUT, "which log-odds?");
    if (!(fabs(change->log_odds) <= REPUTATION_LOG_ODDS_MAX))
        return error_set(error, ERROR_INPUT, "log-odds are from %g to %g", -REPUTATION_LOG_ODDS_MAX,
                         REPUTATION_LOG_ODDS_MAX);
    if (change->has_log_odds && !set && !pin)
        return error_set(error, ERROR_INPUT, "%s takes no log-odds", change->deed);
    if (change->has_days && !set)
        return error_set(error, ERROR_INPUT, "%s takes no days; only set does", change->deed);
    return !change->has_days || (change->days >= 1 && change->days <= REPUTATION_DAYS_MAX) ||
           error_set(error, ERROR_INPUT, "days are from 1 to %g", REPUTATION_DAYS_MAX);
}

static void audit(struct session *session, const struct identity *identity, const char *who,
                  const char *what, struct error *warning)
{
    char subject[IDENTITY_SUBJECT_SIZE];
    identity_text_subject(identity, subject);
    if (!session_audit(session, who, what, subject, warning))
        error_prefix(warning, "it was done, but it is not in the audit log");
}

static bool forget(struct session *session, const struct identity *identity, const char *who,
                   bool *changed, struct error *warning, struct error *error)
{
    if (!counts_reputation_forget(session->store, identity, changed, error))
        return false;
    if (*changed)
        audit(session, identity, who, "forget", warning);
    return true;
}

/* What the counts say now. */
static bool read_learned(struct session *session, const struct identity *identity, double *log_odds,
                         struct error *error)
{
    struct reputation_counts counts;
    struct reputation_table table;
    if (!session_reputations(session, &table, error) ||
        !counts_reputation_read(session->store, identity, 1, &counts, error))
        return false;
    *log_odds = reputation_log_odds(&table, identity->type, &counts, time(NULL));
    return true;
}

bool reputation_change_do(struct session *session, const struct identity *identity,
                          const struct reputation_change *change, const char *who, bool *changed,
                          struct error *warning, struct error *error)
{
    double log_odds = change->log_odds, days = change->has_days ? change->days : REPUTATION_DAYS;
    char what[64] = "learned";
    enum override_kind kind = OVERRIDE_NONE;
    *changed = true;
    if (!check(change, error))
        return false;
    if (!strcmp(change->deed, "forget"))
        return forget(session, identity, who, changed, warning, error);
    if (!strcmp(change->deed, "pin")) {
        kind = OVERRIDE_PIN;
        if (!change->has_log_odds && !read_learned(session, identity, &log_odds, error))
            return false;
        snprintf(what, sizeof what, "pin %+.2f", log_odds);
    } else if (!strcmp(change->deed, "set")) {
        kind = OVERRIDE_SET;
        snprintf(what, sizeof what, "set %+.2f for %g days", log_odds, days);
    }
    int64_t until_s = kind == OVERRIDE_SET ? (int64_t)time(NULL) + (int64_t)(days * DAY_S) : 0;
    if (!counts_reputation_override(session->store, identity, kind, (int32_t)lround(log_odds * 100),
                                    until_s, error))
        return false;
    audit(session, identity, who, what, warning);
    return true;
}
