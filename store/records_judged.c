#include "store/records.h"

#include "store/records_db.h"

#include <string.h>

/* NULL for a word that is no action. */
static const char *static_action(const unsigned char *text)
{
    static const char *const actions[] = {"accept", "tag", "hold", "reject"};
    for (size_t i = 0; text && i < sizeof actions / sizeof actions[0]; i++)
        if (strcmp((const char *)text, actions[i]) == 0)
            return actions[i];
    return NULL;
}

static bool read_judged(sqlite3_stmt *statement, struct judged *judged, struct error *error)
{
    *judged = (struct judged){
        .action = static_action(sqlite3_column_text(statement, 1)),
        .log_odds = sqlite3_column_double(statement, 2),
        .time_s = sqlite3_column_int64(statement, 3),
        .held_id = sqlite3_column_int64(statement, 4),
        .held_state = HELD_HELD,
        .rules = (uint64_t)sqlite3_column_int64(statement, 6),
        .rules_said = (uint64_t)sqlite3_column_int64(statement, 7),
        .held_taught = sqlite3_column_int(statement, 8),
    };
    if (sqlite3_column_type(statement, 5) != SQLITE_NULL)
        judged->held_state = (enum held_state)sqlite3_column_int(statement, 5);
    if (!judged->action || sqlite3_column_bytes(statement, 0) != RECORD_ID_BYTES)
        return error_set(error, ERROR_BUG, "the record of a judged item is damaged");
    memcpy(judged->content_hash, sqlite3_column_blob(statement, 0), RECORD_ID_BYTES);
    return true;
}

bool judged_is_released(const struct judged *judged)
{
    return judged->held_id &&
           (judged->held_state == HELD_RELEASED || judged->held_state == HELD_RELEASE_REQUESTED);
}

bool records_judged_find(struct records *records, const char *feed, const char *guid,
                         struct judged *judged, bool *found, struct error *error)
{
    *found = false;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_JUDGED_FIND, error);
    bool good = statement != NULL;
    if (good) {
        records_bind_text(statement, 1, feed);
        records_bind_text(statement, 2, guid);
        int code = records_step(records, statement, error);
        good = code == SQLITE_DONE;
        if (code == SQLITE_ROW) {
            good = *found = read_judged(statement, judged, error);
            sqlite3_reset(statement);
        }
    }
    records_unlock(records);
    return good;
}

bool records_judged_save(struct records *records, const char *feed, const char *guid,
                         const struct judged *judged, struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_JUDGED_SAVE, error);
    bool good = statement != NULL;
    if (good) {
        records_bind_text(statement, 1, feed);
        records_bind_text(statement, 2, guid);
        sqlite3_bind_blob(statement, 3, judged->content_hash, RECORD_ID_BYTES, SQLITE_STATIC);
        records_bind_text(statement, 4, judged->action);
        sqlite3_bind_double(statement, 5, judged->log_odds);
        sqlite3_bind_int64(statement, 6, judged->time_s);
        sqlite3_bind_int64(statement, 7, judged->held_id);
        sqlite3_bind_int64(statement, 8, (int64_t)judged->rules);
        sqlite3_bind_int64(statement, 9, (int64_t)judged->rules_said);
        good = records_run(records, statement, NULL, error);
    }
    records_unlock(records);
    return good;
}

bool records_judged_set_rules(struct records *records, const char *feed, const char *guid,
                              const struct judged *judged, struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_JUDGED_SET_RULES, error);
    bool good = statement != NULL;
    if (good) {
        records_bind_text(statement, 1, feed);
        records_bind_text(statement, 2, guid);
        sqlite3_bind_blob(statement, 3, judged->content_hash, RECORD_ID_BYTES, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 4, (int64_t)judged->rules);
        sqlite3_bind_int64(statement, 5, (int64_t)judged->rules_said);
        good = records_run(records, statement, NULL, error);
    }
    records_unlock(records);
    return good;
}
