#include "store/records_deeds.h"

#include "store/records_db.h"

#include <stdio.h>
#include <time.h>

bool records_deed_add(struct records *records, const struct records_deed *deed, struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_DEED_ADD, error);
    bool good = statement != NULL;
    if (good) {
        sqlite3_bind_int64(statement, 1, deed->held_id);
        records_bind_text(statement, 2, deed->name);
        sqlite3_bind_int(statement, 3, deed->from);
        sqlite3_bind_int(statement, 4, deed->to);
        sqlite3_bind_int(statement, 5, deed->taught_before);
        sqlite3_bind_int64(statement, 6, time(NULL));
        sqlite3_bind_double(statement, 7, deed->taught_from_before);
        records_bind_text(statement, 8, deed->taught_by_before);
        sqlite3_bind_int(statement, 9, deed->said_before);
        records_bind_text(statement, 10, deed->source);
        good = records_run(records, statement, NULL, error);
    }
    records_unlock(records);
    return good;
}

static void read_deed(sqlite3_stmt *statement, struct records_deed *deed)
{
    *deed = (struct records_deed){
        .id = sqlite3_column_int64(statement, 0),
        .held_id = sqlite3_column_int64(statement, 1),
        .from = (enum held_state)sqlite3_column_int(statement, 3),
        .to = (enum held_state)sqlite3_column_int(statement, 4),
        .taught_before = sqlite3_column_int(statement, 5),
        .time_s = sqlite3_column_int64(statement, 6),
        .undone_s = sqlite3_column_int64(statement, 7),
        .taught_from_before = sqlite3_column_double(statement, 8),
        .said_before = sqlite3_column_int(statement, 10),
    };
    snprintf(deed->name, sizeof deed->name, "%s", (const char *)sqlite3_column_text(statement, 2));
    snprintf(deed->taught_by_before, sizeof deed->taught_by_before, "%s",
             (const char *)sqlite3_column_text(statement, 9));
    snprintf(deed->source, sizeof deed->source, "%s",
             (const char *)sqlite3_column_text(statement, 11));
}

bool records_deed_last(struct records *records, int64_t held_id, const char *name,
                       struct records_deed *deed, bool *found, struct error *error)
{
    int code = SQLITE_ERROR;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_DEED_LAST, error);
    if (statement) {
        sqlite3_bind_int64(statement, 1, held_id);
        if (name)
            records_bind_text(statement, 2, name);
        code = records_step(records, statement, error);
    }
    *found = code == SQLITE_ROW;
    if (*found) {
        read_deed(statement, deed);
        sqlite3_reset(statement);
    }
    records_unlock(records);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

bool records_deeds_after(struct records *records, const struct records_deed *deed, int64_t *count,
                         struct error *error)
{
    int code = SQLITE_ERROR;
    *count = 0;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_DEEDS_AFTER, error);
    if (statement) {
        sqlite3_bind_int64(statement, 1, deed->held_id);
        sqlite3_bind_int64(statement, 2, deed->id);
        code = records_step(records, statement, error);
        if (code == SQLITE_ROW) {
            *count = sqlite3_column_int64(statement, 0);
            sqlite3_reset(statement);
        }
    }
    records_unlock(records);
    return code == SQLITE_ROW;
}

bool records_deed_undo(struct records *records, int64_t deed_id, bool *undone, struct error *error)
{
    int changed = 0;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_DEED_UNDO, error);
    bool good = statement != NULL;
    if (good) {
        sqlite3_bind_int64(statement, 1, deed_id);
        sqlite3_bind_int64(statement, 2, time(NULL));
        good = records_run(records, statement, &changed, error);
    }
    records_unlock(records);
    *undone = changed > 0;
    return good;
}

bool records_deed_set_said(struct records *records, int64_t deed_id, int said_before,
                           struct error *error)
{
    return records_set_number(records, STATEMENT_DEED_SET_SAID, deed_id, said_before, error);
}

bool records_deeds_forget(struct records *records, const unsigned char document_id[RECORD_ID_BYTES],
                          const char *source, struct error *error)
{
    return records_run_of_document(records, STATEMENT_DEEDS_FORGET, document_id, source, error);
}

bool records_deeds_of_document(struct records *records,
                               const unsigned char document_id[RECORD_ID_BYTES],
                               records_visit_deed *visit, void *context, struct error *error)
{
    int code = SQLITE_ERROR;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_DEEDS_OF_DOCUMENT, error);
    if (statement) {
        sqlite3_bind_blob(statement, 1, document_id, RECORD_ID_BYTES, SQLITE_TRANSIENT);
        while ((code = records_step(records, statement, error)) == SQLITE_ROW) {
            struct records_deed deed;
            read_deed(statement, &deed);
            visit(context, &deed);
        }
        sqlite3_reset(statement);
    }
    records_unlock(records);
    return code == SQLITE_DONE;
}
