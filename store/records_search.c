#include "store/records_search.h"

#include "store/memory.h"
#include "store/records_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUERY_MAX 1280
/* Entries of history are read through the index that holds all that filters ask of; left to itself
 * SQLite would rather walk the table, evidence and all. */
#define FROM_HISTORY " FROM history INDEXED BY history_search"

struct records_search {
    struct records *records;
    sqlite3_stmt *statement;
};

/* --- searching --- */

enum {
    BOUND_CHANNEL = 1,
    BOUND_ACTION,
    BOUND_SENDER,
    BOUND_RECIPIENT,
    BOUND_SUBJECT,
    BOUND_SINCE,
    BOUND_AFTER,
    BOUND_TEXT,
    BOUND_UNTIL,
    BOUND_BEFORE,
    BOUND_BEFORE_ID
};

/* Only the conditions that are asked: one that lets all pass would keep SQLite from the index. */
static void write_query(char query[QUERY_MAX], const struct history_filter *filter)
{
    bool by_id = filter->by_id || filter->after_id;
    snprintf(query, QUERY_MAX,
             "SELECT document_id, time_s, channel, action, log_odds, sender, recipients, subject, "
             "reference, evidence, id%s WHERE 1%s%s%s%s%s%s%s%s%s%s ORDER BY %s",
             by_id ? " FROM history" : FROM_HISTORY, filter->channel ? " AND channel = ?1" : "",
             filter->action ? " AND action IN (?2, ?2 || ' (observed)')" : "",
             filter->sender ? " AND sender LIKE ?3 ESCAPE '\\'" : "",
             filter->recipient ? " AND recipients LIKE ?4 ESCAPE '\\'" : "",
             filter->subject ? " AND subject LIKE ?5 ESCAPE '\\'" : "",
             filter->since_s ? " AND time_s >= ?6" : "", by_id ? " AND id > ?7" : "",
             filter->text ? " AND (sender LIKE ?8 ESCAPE '\\' OR recipients LIKE ?8 ESCAPE '\\' OR "
                            "subject LIKE ?8 ESCAPE '\\')"
                          : "",
             filter->until_s ? " AND time_s < ?9" : "",
             filter->before_id ? " AND (time_s, id) < (?10, ?11)" : "",
             by_id ? "id" : "time_s DESC, id DESC");
}

struct records_search *records_search_new(struct records *records,
                                          const struct history_filter *filter, struct error *error)
{
    char query[QUERY_MAX];
    write_query(query, filter);
    sqlite3_stmt *statement = records_prepare_text(records, query, error);
    if (!statement)
        return NULL;
    if (filter->channel)
        sqlite3_bind_text(statement, BOUND_CHANNEL, filter->channel, -1, SQLITE_TRANSIENT);
    if (filter->action)
        sqlite3_bind_text(statement, BOUND_ACTION, filter->action, -1, SQLITE_TRANSIENT);
    records_bind_part(statement, BOUND_SENDER, filter->sender);
    records_bind_part(statement, BOUND_RECIPIENT, filter->recipient);
    records_bind_part(statement, BOUND_SUBJECT, filter->subject);
    sqlite3_bind_int64(statement, BOUND_SINCE, filter->since_s);
    sqlite3_bind_int64(statement, BOUND_AFTER, filter->after_id);
    records_bind_part(statement, BOUND_TEXT, filter->text);
    sqlite3_bind_int64(statement, BOUND_UNTIL, filter->until_s);
    sqlite3_bind_int64(statement, BOUND_BEFORE, filter->before_s);
    sqlite3_bind_int64(statement, BOUND_BEFORE_ID, filter->before_id);
    struct records_search *search = memory_new(sizeof *search);
    search->records = records;
    search->statement = statement;
    return search;
}

bool records_search_next(struct records_search *search, struct history_entry **entry, int64_t *id,
                         struct error *error)
{
    *entry = NULL;
    records_lock(search->records);
    int code = records_step(search->records, search->statement, error);
    if (code == SQLITE_ROW) {
        *entry = records_read_entry(search->statement);
        if (id)
            *id = sqlite3_column_int64(search->statement, 10);
    }
    records_unlock(search->records);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

void records_search_free(struct records_search *search)
{
    if (!search)
        return;
    records_lock(search->records);
    sqlite3_finalize(search->statement);
    records_unlock(search->records);
    free(search);
}

/* --- sums --- */

typedef void take_row(void *context, sqlite3_stmt *statement);

/* Takes all rows of a statement whose parameters are bound, and ends it; NULL fails. */
static bool take_rows(struct records *records, sqlite3_stmt *statement, take_row *take,
                      void *context, struct error *error)
{
    int code = SQLITE_ERROR;
    while (statement && (code = records_step(records, statement, error)) == SQLITE_ROW)
        take(context, statement);
    sqlite3_finalize(statement);
    return code == SQLITE_DONE;
}

static const char *text_of(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text ? (const char *)text : "";
}

static void take_last(void *context, sqlite3_stmt *statement)
{
    *(int64_t *)context = sqlite3_column_int64(statement, 0);
}

bool records_history_last(struct records *records, int64_t *id, struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = records_prepare_text(records, "SELECT max(id) FROM history", error);
    bool good = take_rows(records, statement, take_last, id, error);
    records_unlock(records);
    return good;
}

struct moved_visit {
    void (*visit)(void *context, const struct moved_verdict *verdict);
    void *context;
};

static void take_moved(void *context, sqlite3_stmt *statement)
{
    struct moved_visit *at = context;
    struct history_entry *entry = records_read_entry(statement);
    struct moved_verdict verdict = {.entry = entry,
                                    .log_odds = sqlite3_column_double(statement, 10),
                                    .held = sqlite3_column_type(statement, 11) != SQLITE_NULL,
                                    .held_id = sqlite3_column_int64(statement, 11),
                                    .state = (enum held_state)sqlite3_column_int(statement, 12),
                                    .taught = sqlite3_column_int(statement, 13)};
    at->visit(at->context, &verdict);
    history_entry_free(entry);
}

/* A document that is judged again may be held again: then what counts is the last time. */
bool records_history_moved(struct records *records, const char *symbol, struct span value,
                           size_t most,
                           void (*visit)(void *context, const struct moved_verdict *verdict),
                           void *context, struct error *error)
{
    struct moved_visit at = {visit, context};
    records_lock(records);
    sqlite3_stmt *statement = records_prepare_text(
        records,
        "SELECT h.document_id, h.time_s, h.channel, h.action, h.log_odds, h.sender, h.recipients, "
        "h.subject, h.reference, h.evidence, i.log_odds, held.id, held.state, held.taught FROM "
        "history_identity AS i CROSS JOIN history AS h ON h.id = i.history_id LEFT JOIN held ON "
        "h.action NOT IN ('accept', 'tag') AND held.id = (SELECT max(o.id) FROM held AS o WHERE "
        "o.reference = h.reference AND o.document_id = h.document_id) WHERE i.symbol = ?1 AND "
        "i.value = ?2 ORDER BY i.history_id DESC LIMIT ?3",
        error);
    if (statement) {
        sqlite3_bind_text(statement, 1, symbol, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 2, value.data, (int)value.length, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 3, (int64_t)most);
    }
    bool good = take_rows(records, statement, take_moved, &at, error);
    records_unlock(records);
    return good;
}

struct history_visit {
    void (*visit)(void *context, const char *channel, const char *action, int64_t count);
    void *context;
};

static void take_verdicts(void *context, sqlite3_stmt *statement)
{
    struct history_visit *at = context;
    at->visit(at->context, text_of(statement, 0), text_of(statement, 1),
              sqlite3_column_int64(statement, 2));
}

bool records_history_sums(struct records *records, int64_t since_s,
                          void (*visit)(void *context, const char *channel, const char *action,
                                        int64_t count),
                          void *context, struct error *error)
{
    struct history_visit at = {visit, context};
    records_lock(records);
    /* The quarter of an hour that it begins within, and the sums of those behind it. */
    sqlite3_stmt *statement = records_prepare_text(
        records,
        "SELECT channel, action, sum(verdicts) FROM (SELECT channel, action, 1 AS verdicts" //
        FROM_HISTORY " WHERE time_s >= ?1 AND time_s < (?1 / 900 + 1) * 900 UNION ALL SELECT "
        "channel, action, verdicts FROM history_quarters WHERE quarter > ?1 / 900) "
        "GROUP BY channel, action",
        error);
    if (statement)
        sqlite3_bind_int64(statement, 1, since_s);
    bool good = take_rows(records, statement, take_verdicts, &at, error);
    records_unlock(records);
    return good;
}

bool records_history_sure(struct records *records, int64_t since_s, double log_odds, uint64_t *spam,
                          uint64_t *ham, struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = records_prepare_text(
        records,
        "SELECT count(*) FILTER (WHERE log_odds >= ?2), count(*) FILTER "
        "(WHERE log_odds <= -?2)" FROM_HISTORY " WHERE time_s >= ?1 AND channel = 'mail'",
        error);
    if (statement) {
        sqlite3_bind_int64(statement, 1, since_s);
        sqlite3_bind_double(statement, 2, log_odds);
    }
    bool good = statement && records_step(records, statement, error) == SQLITE_ROW;
    if (good) {
        *spam = (uint64_t)sqlite3_column_int64(statement, 0);
        *ham = (uint64_t)sqlite3_column_int64(statement, 1);
    }
    sqlite3_finalize(statement);
    records_unlock(records);
    return good;
}

struct group_visit {
    void (*visit)(void *context, const char *name, int64_t ham, int64_t spam);
    void *context;
};

static void take_group(void *context, sqlite3_stmt *statement)
{
    struct group_visit *at = context;
    at->visit(at->context, text_of(statement, 0), sqlite3_column_int64(statement, 1),
              sqlite3_column_int64(statement, 2));
}

/* What groups of verdicts there are: the name of each, and where they stand. The domain is what
 * stands behind the last at sign. A symbol counts once for each verdict. */
#define VERDICTS_OF_SYMBOLS "100000"
#define VERDICTS FROM_HISTORY " WHERE time_s >= ?1 AND channel = ?2"
static const char by_sender[] = "SELECT sender AS name, action" VERDICTS;
static const char by_domain[] =
    "SELECT lower(substr(sender, 1 + length(rtrim(sender, replace(sender, '@', ''))))) AS name, "
    "action" VERDICTS;
static const char by_symbol[] =
    "SELECT DISTINCT entry, json_extract(value, '$.symbol') AS name, action FROM (SELECT id AS "
    "entry, action, evidence FROM history WHERE time_s >= ?1 AND channel = ?2 ORDER BY id DESC "
    "LIMIT " VERDICTS_OF_SYMBOLS "), json_each(CASE WHEN json_valid(evidence) THEN evidence ELSE "
    "'{}' END, '$.terms') WHERE name IS NOT NULL";

static bool visit_groups(struct records *records, const char *verdicts, const char *channel,
                         int64_t since_s, bool ham_first, size_t most, struct group_visit *at,
                         struct error *error)
{
    char query[QUERY_MAX];
    snprintf(
        query, sizeof query,
        "SELECT name, sum(action = 'accept') AS ham, sum(action <> 'accept') AS spam FROM (%s) "
        "GROUP BY name HAVING %s ORDER BY %s, name LIMIT ?3",
        verdicts,
        verdicts == by_symbol ? "true"
        : ham_first           ? "ham > 0"
                              : "spam > 0",
        ham_first ? "ham DESC, spam" : "spam DESC, ham");
    records_lock(records);
    sqlite3_stmt *statement = records_prepare_text(records, query, error);
    if (statement) {
        sqlite3_bind_int64(statement, 1, since_s);
        sqlite3_bind_text(statement, 2, channel, -1, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 3, (int64_t)most);
    }
    bool good = take_rows(records, statement, take_group, at, error);
    records_unlock(records);
    return good;
}

bool records_history_groups(struct records *records, enum history_group group, const char *channel,
                            int64_t since_s, bool ham_first, size_t most,
                            void (*visit)(void *context, const char *name, int64_t ham,
                                          int64_t spam),
                            void *context, struct error *error)
{
    static const char *const verdicts[] = {[HISTORY_BY_SENDER] = by_sender,
                                           [HISTORY_BY_DOMAIN] = by_domain,
                                           [HISTORY_BY_SYMBOL] = by_symbol};
    struct group_visit at = {visit, context};
    return visit_groups(records, verdicts[group], channel, since_s, ham_first, most, &at, error);
}

struct held_visit {
    void (*visit)(void *context, enum held_state state, int taught, int64_t count);
    void *context;
};

static void take_held(void *context, sqlite3_stmt *statement)
{
    struct held_visit *at = context;
    int state = sqlite3_column_int(statement, 0);
    if (state >= 0 && state < HELD_STATES)
        at->visit(at->context, (enum held_state)state, sqlite3_column_int(statement, 1),
                  sqlite3_column_int64(statement, 2));
}

bool records_held_sums(struct records *records, int64_t since_s,
                       void (*visit)(void *context, enum held_state state, int taught,
                                     int64_t count),
                       void *context, struct error *error)
{
    struct held_visit at = {visit, context};
    records_lock(records);
    sqlite3_stmt *statement = records_prepare_text(
        records,
        "SELECT state, taught, count(*) FROM held INDEXED BY held_time WHERE time_s >= ?1 "
        "GROUP BY state, taught",
        error);
    if (statement)
        sqlite3_bind_int64(statement, 1, since_s);
    bool good = take_rows(records, statement, take_held, &at, error);
    records_unlock(records);
    return good;
}

/* --- the audit trail --- */

struct audit_visit {
    void (*visit)(void *context, const struct audit_line *line);
    void *context;
};

static void take_audit(void *context, sqlite3_stmt *statement)
{
    struct audit_visit *at = context;
    struct audit_line line = {.id = sqlite3_column_int64(statement, 0),
                              .time_s = sqlite3_column_int64(statement, 1),
                              .who = text_of(statement, 2),
                              .what = text_of(statement, 3),
                              .subject = text_of(statement, 4)};
    at->visit(at->context, &line);
}

bool records_audit_list(struct records *records, const struct audit_filter *filter,
                        void (*visit)(void *context, const struct audit_line *line), void *context,
                        struct error *error)
{
    struct audit_visit at = {visit, context};
    char query[QUERY_MAX];
    snprintf(query, sizeof query,
             "SELECT id, time_s, who, what, subject FROM audit WHERE 1%s%s%s%s%s%s%s ORDER BY id%s",
             filter->who ? " AND who = ?1" : "",
             filter->what ? " AND (what = ?2 OR substr(what, 1, length(?2) + 1) = ?2 || ' ')" : "",
             filter->subject ? " AND subject LIKE ?3 ESCAPE '\\'" : "",
             filter->since_s ? " AND time_s >= ?4" : "", filter->until_s ? " AND time_s < ?5" : "",
             filter->before_id ? " AND id < ?6" : "", filter->by_id ? " AND id > ?7" : "",
             filter->by_id ? "" : " DESC LIMIT ?8");
    records_lock(records);
    sqlite3_stmt *statement = records_prepare_text(records, query, error);
    if (statement) { /* parameters that the text does not have are refused */
        sqlite3_bind_text(statement, 1, filter->who, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 2, filter->what, -1, SQLITE_STATIC);
        records_bind_part(statement, 3, filter->subject);
        sqlite3_bind_int64(statement, 4, filter->since_s);
        sqlite3_bind_int64(statement, 5, filter->until_s);
        sqlite3_bind_int64(statement, 6, filter->before_id);
        sqlite3_bind_int64(statement, 7, filter->after_id);
        sqlite3_bind_int64(statement, 8, (int64_t)filter->most);
    }
    bool good = take_rows(records, statement, take_audit, &at, error);
    records_unlock(records);
    return good;
}

bool records_audit_last(struct records *records, int64_t *id, struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = records_prepare_text(records, "SELECT max(id) FROM audit", error);
    bool good = take_rows(records, statement, take_last, id, error);
    records_unlock(records);
    return good;
}
