#include "store/records.h"

#include "store/records_db.h"

#include <string.h>

bool records_profile_find(struct records *records, const char *feed, void *bytes, size_t room,
                          size_t *length, struct error *error)
{
    *length = 0;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_PROFILE_FIND, error);
    bool good = statement != NULL;
    if (good) {
        records_bind_text(statement, 1, feed);
        int code = records_step(records, statement, error);
        good = code == SQLITE_DONE || code == SQLITE_ROW;
        if (code == SQLITE_ROW) {
            size_t size = (size_t)sqlite3_column_bytes(statement, 0);
            if (size && size <= room) {
                memcpy(bytes, sqlite3_column_blob(statement, 0), size);
                *length = size;
            }
            sqlite3_reset(statement);
        }
    }
    records_unlock(records);
    return good;
}

bool records_profile_save(struct records *records, const char *feed, const void *bytes,
                          size_t length, int64_t now_s, struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_PROFILE_SAVE, error);
    bool good = statement != NULL;
    if (good) {
        records_bind_text(statement, 1, feed);
        sqlite3_bind_blob(statement, 2, bytes, (int)length, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 3, now_s);
        good = records_run(records, statement, NULL, error);
    }
    records_unlock(records);
    return good;
}

bool records_released_since(struct records *records, const char *feed, int64_t since_s,
                            bool *released, struct error *error)
{
    *released = false;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_RELEASED_SINCE, error);
    bool good = statement != NULL;
    if (good) {
        records_bind_text(statement, 1, feed);
        sqlite3_bind_int64(statement, 2, since_s);
        int code = records_step(records, statement, error);
        good = code == SQLITE_DONE || code == SQLITE_ROW;
        *released = code == SQLITE_ROW;
        if (code == SQLITE_ROW)
            sqlite3_reset(statement);
    }
    records_unlock(records);
    return good;
}
