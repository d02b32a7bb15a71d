#include "store/records_people.h"

#include "store/records_db.h"

#include <string.h>
#include <time.h>

#define PARENTS_MOST 10

/* The statement with what all of them have: ?1 a number, ?2 and ?3 texts. */
static sqlite3_stmt *prepare(struct records *records, enum records_statement which, int64_t number,
                             const char *first, const char *second, struct error *error)
{
    sqlite3_stmt *statement = records_prepare(records, which, error);
    if (!statement)
        return NULL;
    sqlite3_bind_int64(statement, 1, number);
    if (first)
        records_bind_text(statement, 2, first);
    if (second)
        records_bind_text(statement, 3, second);
    return statement;
}

/* Two numbers of the first row; `*found` is false when there is none. */
static bool read_row(struct records *records, sqlite3_stmt *statement, bool *found, int64_t row[2],
                     struct error *error)
{
    int code = statement ? records_step(records, statement, error) : SQLITE_ERROR;
    *found = code == SQLITE_ROW;
    if (*found) {
        row[0] = sqlite3_column_int64(statement, 0);
        row[1] = sqlite3_column_int64(statement, 1);
        sqlite3_reset(statement);
    }
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

bool records_told(struct records *records, int64_t held_id, const char *recipient, bool *told,
                  bool *warned, struct error *error)
{
    int64_t row[2] = {0};
    records_lock(records);
    bool good = read_row(records, prepare(records, STATEMENT_TOLD, held_id, recipient, NULL, error),
                         told, row, error);
    records_unlock(records);
    *warned = row[1] != 0;
    return good;
}

bool records_set_told(struct records *records, int64_t held_id, const char *recipient, bool warned,
                      struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = prepare(records, STATEMENT_SET_TOLD, held_id, recipient, NULL, error);
    if (statement) {
        sqlite3_bind_int64(statement, 3, time(NULL));
        sqlite3_bind_int64(statement, 4, warned ? time(NULL) : 0);
    }
    bool good = statement && records_run(records, statement, NULL, error);
    records_unlock(records);
    return good;
}

bool records_link_used(struct records *records, int64_t held_id, const char *recipient,
                       unsigned action, int64_t *before_s, struct error *error)
{
    int64_t row[2] = {0};
    bool found;
    records_lock(records);
    sqlite3_stmt *statement =
        prepare(records, STATEMENT_LINK_USED, held_id, recipient, NULL, error);
    if (statement)
        sqlite3_bind_int64(statement, 3, action);
    bool good = read_row(records, statement, &found, row, error);
    records_unlock(records);
    *before_s = row[0];
    return good;
}

bool records_link_use(struct records *records, int64_t held_id, const char *recipient,
                      unsigned action, struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = prepare(records, STATEMENT_LINK_USE, held_id, recipient, NULL, error);
    if (statement) {
        sqlite3_bind_int64(statement, 3, action);
        sqlite3_bind_int64(statement, 4, time(NULL));
    }
    bool good = statement && records_run(records, statement, NULL, error);
    records_unlock(records);
    return good;
}

/* --- lists --- */

bool records_list_set(struct records *records, const char *recipient, const char *entry,
                      bool denies, struct error *error)
{
    int changed = 0;
    records_lock(records);
    sqlite3_stmt *statement = prepare(records, STATEMENT_LIST_SET, denies, recipient, entry, error);
    if (statement) {
        sqlite3_bind_int64(statement, 4, time(NULL));
        sqlite3_bind_int(statement, 5, RECORDS_LIST_MOST);
    }
    bool good = statement && records_run(records, statement, &changed, error);
    records_unlock(records);
    if (good && !changed)
        return error_set(error, ERROR_INPUT, "the list of %s is full: %d entries", recipient,
                         RECORDS_LIST_MOST);
    return good;
}

bool records_list_remove(struct records *records, const char *recipient, const char *entry,
                         bool *removed, struct error *error)
{
    int changed = 0;
    records_lock(records);
    sqlite3_stmt *statement = prepare(records, STATEMENT_LIST_REMOVE, 0, recipient, entry, error);
    bool good = statement && records_run(records, statement, &changed, error);
    records_unlock(records);
    *removed = changed > 0;
    return good;
}

bool records_list_visit(struct records *records, const char *recipient,
                        void (*visit)(void *context, const char *entry, bool denies), void *context,
                        struct error *error)
{
    int code = SQLITE_ERROR;
    records_lock(records);
    sqlite3_stmt *statement = prepare(records, STATEMENT_LIST, 0, recipient, NULL, error);
    while (statement && (code = records_step(records, statement, error)) == SQLITE_ROW)
        visit(context, (const char *)sqlite3_column_text(statement, 0),
              sqlite3_column_int(statement, 1));
    records_unlock(records);
    return code == SQLITE_DONE;
}

bool records_list_find(struct records *records, const char *recipient, const char *entry,
                       enum list_answer *answer, int64_t *since_s, struct error *error)
{
    int64_t row[2] = {0};
    bool found;
    records_lock(records);
    bool good = read_row(records, prepare(records, STATEMENT_LIST_ASK, 0, recipient, entry, error),
                         &found, row, error);
    records_unlock(records);
    *answer = !found ? LIST_SAYS_NOTHING : row[0] ? LIST_DENIES : LIST_ALLOWS;
    *since_s = row[1];
    return good;
}

bool records_list_ask(struct records *records, const char *recipient, const char *sender,
                      enum list_answer *answer, struct error *error)
{
    const char *at = strrchr(sender, '@');
    int64_t since_s;
    if (!records_list_find(records, recipient, sender, answer, &since_s, error))
        return false;
    for (int i = 0; at && *answer == LIST_SAYS_NOTHING && i < PARENTS_MOST; i++) {
        if (!records_list_find(records, recipient, at + 1, answer, &since_s, error))
            return false;
        at = strchr(at + 1, '.');
    }
    return true;
}

bool records_list_any(struct records *records, bool *any, struct error *error)
{
    int64_t row[2];
    records_lock(records);
    bool good = read_row(records, prepare(records, STATEMENT_LIST_ANY, 0, NULL, NULL, error), any,
                         row, error);
    records_unlock(records);
    return good;
}
