#include "store/records_evidence.h"

#include "store/memory.h"
#include "store/records_db.h"

#include <time.h>

void records_keep_evidence(struct records *records, size_t most)
{
    records_history_keep_evidence(records_history_of(records), most);
}

static struct span blob(sqlite3_stmt *statement, int column)
{
    size_t length = (size_t)sqlite3_column_bytes(statement, column);
    return (struct span){length ? sqlite3_column_blob(statement, column) : "", length};
}

bool records_evidence_list(struct records *records,
                           bool (*visit)(void *context, const struct kept_evidence *evidence),
                           void *context, struct error *error)
{
    int code = SQLITE_ERROR;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_EVIDENCE_LIST, error);
    while (statement && (code = records_step(records, statement, error)) == SQLITE_ROW) {
        const struct kept_evidence evidence = {
            .history_id = sqlite3_column_int64(statement, 0),
            .record = blob(statement, 1),
            .corrected = sqlite3_column_type(statement, 2) != SQLITE_NULL,
            .label = sqlite3_column_int(statement, 2) ? LABEL_SPAM : LABEL_HAM,
        };
        if (!visit(context, &evidence)) {
            sqlite3_reset(statement);
            code = SQLITE_DONE;
            break;
        }
    }
    records_unlock(records);
    return code == SQLITE_DONE;
}

struct history_entry *records_history_get(struct records *records, int64_t history_id,
                                          struct error *error)
{
    struct history_entry *entry = NULL;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_HISTORY_GET, error);
    int code = SQLITE_ERROR;
    if (statement) {
        sqlite3_bind_int64(statement, 1, history_id);
        code = records_step(records, statement, error);
    }
    if (code == SQLITE_ROW) {
        entry = records_read_entry(statement);
        sqlite3_reset(statement);
    } else if (code == SQLITE_DONE) {
        error_set(error, ERROR_INPUT, "this verdict is no longer in the history");
    }
    records_unlock(records);
    return entry;
}

bool records_uncorrect(struct records *records, const unsigned char *document_id, const char *way,
                       struct error *error)
{
    return records_run_of_document(records, STATEMENT_UNCORRECT, document_id, way, error);
}

bool records_correct(struct records *records, const unsigned char *document_id, enum label label,
                     const char *who, const char *way, struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_CORRECT, error);
    bool good = statement != NULL;
    if (good) {
        sqlite3_bind_blob(statement, 1, document_id, RECORD_ID_BYTES, SQLITE_STATIC);
        sqlite3_bind_int(statement, 2, (int)label);
        records_bind_text(statement, 3, who);
        records_bind_text(statement, 4, way);
        sqlite3_bind_int64(statement, 5, time(NULL));
        good = records_run(records, statement, NULL, error);
    }
    records_unlock(records);
    return good;
}

static bool knows_document(struct records *records, const unsigned char *document_id, bool *known,
                           struct error *error)
{
    int code = SQLITE_ERROR;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_KNOWS_DOCUMENT, error);
    if (statement) {
        sqlite3_bind_blob(statement, 1, document_id, RECORD_ID_BYTES, SQLITE_STATIC);
        code = records_step(records, statement, error);
        sqlite3_reset(statement);
    }
    records_unlock(records);
    *known = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

/* A trigger has it that it is a correction. */
static bool add_learned(struct records *records, const unsigned char *document_id, enum label label,
                        const char *source, const char *who, const char *way, struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_LEARNED_ADD, error);
    bool good = statement != NULL;
    if (good) {
        sqlite3_bind_blob(statement, 1, document_id, RECORD_ID_BYTES, SQLITE_STATIC);
        records_bind_text(statement, 2, source);
        sqlite3_bind_int(statement, 3, (int)label);
        records_bind_text(statement, 4, who);
        records_bind_text(statement, 5, way);
        sqlite3_bind_int64(statement, 6, time(NULL));
        good = records_run(records, statement, NULL, error);
    }
    records_unlock(records);
    return good;
}

/* Of most that is taught nothing is known here, and to ask keeps nobody from writing. */
bool records_learned(struct records *records, const unsigned char *document_id, enum label label,
                     const char *source, const char *who, const char *way, struct error *error)
{
    bool known;
    return knows_document(records, document_id, &known, error) &&
           (!known || add_learned(records, document_id, label, source, who, way, error));
}

bool records_learned_last(struct records *records, const unsigned char *document_id,
                          const char *source, struct records_learned *learned, bool *found,
                          struct error *error)
{
    int code = SQLITE_ERROR;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_LEARNED_LAST, error);
    if (statement) {
        sqlite3_bind_blob(statement, 1, document_id, RECORD_ID_BYTES, SQLITE_STATIC);
        if (source)
            records_bind_text(statement, 2, source);
        code = records_step(records, statement, error);
    }
    *found = code == SQLITE_ROW;
    if (*found) {
        *learned = (struct records_learned){(enum label)sqlite3_column_int(statement, 0),
                                            sqlite3_column_int64(statement, 1)};
        sqlite3_reset(statement);
    }
    records_unlock(records);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

bool records_correct_as_learned(struct records *records, const unsigned char *document_id,
                                struct error *error)
{
    return records_run_of_document(records, STATEMENT_CORRECT_AS_LEARNED, document_id, NULL, error);
}

bool records_evidence_of(struct records *records, const unsigned char *document_id,
                         struct span *record, struct error *error)
{
    int code = SQLITE_ERROR;
    *record = (struct span){NULL, 0};
    records_lock(records);
    sqlite3_stmt *statement =
        records_prepare_text(records,
                             "SELECT record FROM evidence WHERE history_id = (SELECT max(id) FROM "
                             "history WHERE document_id = ?1)",
                             error);
    if (statement) {
        sqlite3_bind_blob(statement, 1, document_id, RECORD_ID_BYTES, SQLITE_STATIC);
        code = records_step(records, statement, error);
    }
    if (code == SQLITE_ROW) {
        char *room = memory_new(records_row_size(statement));
        record->length = (size_t)sqlite3_column_bytes(statement, 0);
        record->data = records_take(statement, 0, &room);
    }
    sqlite3_finalize(statement);
    records_unlock(records);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}
