#include "store/records_shown.h"

#include "store/memory.h"
#include "store/records_db.h"

#include <string.h>

/* The statement with the document for ?1. */
static sqlite3_stmt *prepare(struct records *records, enum records_statement which,
                             const unsigned char document_id[RECORD_ID_BYTES], struct error *error)
{
    sqlite3_stmt *statement = records_prepare(records, which, error);
    if (statement)
        sqlite3_bind_blob(statement, 1, document_id, RECORD_ID_BYTES, SQLITE_STATIC);
    return statement;
}

bool records_shown_since(struct records *records, const unsigned char document_id[RECORD_ID_BYTES],
                         int64_t *time_s, struct error *error)
{
    int code = SQLITE_ERROR;
    *time_s = 0;
    records_lock(records);
    sqlite3_stmt *statement = prepare(records, STATEMENT_SHOWN_SINCE, document_id, error);
    if (statement)
        code = records_step(records, statement, error);
    if (code == SQLITE_ROW) {
        *time_s = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    records_unlock(records);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

bool records_shown_save(struct records *records, const struct shown_item *item, struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = prepare(records, STATEMENT_SHOWN_SAVE, item->document_id, error);
    bool good = statement != NULL;
    if (good) {
        sqlite3_bind_blob(statement, 2, item->content_hash, RECORD_ID_BYTES, SQLITE_STATIC);
        records_bind_text(statement, 3, item->feed);
        records_bind_text(statement, 4, item->key);
        records_bind_text(statement, 5, item->reference);
        records_bind_start(statement, 6, item->subject);
        records_bind_text(statement, 7, item->address);
        sqlite3_bind_blob64(statement, 8, item->item, item->item_length, SQLITE_STATIC);
        sqlite3_bind_blob64(statement, 9, item->head, item->head_length, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 10, item->time_s);
        sqlite3_bind_int(statement, 11, item->is_comment);
        good = records_run(records, statement, NULL, error);
    }
    records_unlock(records);
    return good;
}

/* The item in the current row, in one allocation. */
static struct shown_item *read_item(sqlite3_stmt *statement)
{
    struct shown_item *item = memory_new(sizeof *item + records_row_size(statement));
    char *room = (char *)(item + 1);
    size_t hash_length = (size_t)sqlite3_column_bytes(statement, 0);
    memcpy(item->content_hash, records_take(statement, 0, &room),
           hash_length < RECORD_ID_BYTES ? hash_length : RECORD_ID_BYTES);
    item->feed = records_take(statement, 1, &room);
    item->key = records_take(statement, 2, &room);
    item->reference = records_take(statement, 3, &room);
    item->subject = records_take_start(statement, 4, &room);
    item->address = records_take(statement, 5, &room);
    item->item_length = (size_t)sqlite3_column_bytes(statement, 6);
    item->item = (const unsigned char *)records_take(statement, 6, &room);
    item->head_length = (size_t)sqlite3_column_bytes(statement, 7);
    item->head = (const unsigned char *)records_take(statement, 7, &room);
    item->time_s = sqlite3_column_int64(statement, 8);
    item->said = sqlite3_column_int(statement, 9);
    item->sayings = sqlite3_column_int(statement, 10);
    item->is_comment = sqlite3_column_int(statement, 11) != 0;
    return item;
}

bool records_shown_find(struct records *records, const unsigned char document_id[RECORD_ID_BYTES],
                        struct shown_item **item, struct error *error)
{
    int code = SQLITE_ERROR;
    *item = NULL;
    records_lock(records);
    sqlite3_stmt *statement = prepare(records, STATEMENT_SHOWN_FIND, document_id, error);
    if (statement)
        code = records_step(records, statement, error);
    if (code == SQLITE_ROW) {
        *item = read_item(statement);
        memcpy((*item)->document_id, document_id, RECORD_ID_BYTES);
        sqlite3_reset(statement);
    }
    records_unlock(records);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

bool records_shown_set_said(struct records *records,
                            const unsigned char document_id[RECORD_ID_BYTES], int said,
                            struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = prepare(records, STATEMENT_SHOWN_SET_SAID, document_id, error);
    if (statement)
        sqlite3_bind_int(statement, 2, said);
    bool good = statement && records_run(records, statement, NULL, error);
    records_unlock(records);
    return good;
}

bool records_shown_count(struct records *records, const unsigned char document_id[RECORD_ID_BYTES],
                         int from, int to, bool *counted, struct error *error)
{
    int changed = 0;
    records_lock(records);
    sqlite3_stmt *statement = prepare(records, STATEMENT_SHOWN_COUNT, document_id, error);
    if (statement) {
        sqlite3_bind_int(statement, 2, from);
        sqlite3_bind_int(statement, 3, to);
    }
    bool good = statement && records_run(records, statement, &changed, error);
    records_unlock(records);
    *counted = changed > 0;
    return good;
}

/* --- the feeds that have links --- */

struct saving {
    struct records *records;
    const char *const *names;
    size_t count;
};

static bool save_feeds(void *context, struct error *error)
{
    const struct saving *saving = context;
    sqlite3_stmt *statement = records_prepare(saving->records, STATEMENT_SHOWN_FEEDS_REMOVE, error);
    bool good = statement && records_run(saving->records, statement, NULL, error);
    for (size_t i = 0; good && i < saving->count; i++) {
        statement = records_prepare(saving->records, STATEMENT_SHOWN_FEED_ADD, error);
        if (statement)
            records_bind_text(statement, 1, saving->names[i]);
        good = statement && records_run(saving->records, statement, NULL, error);
    }
    return good;
}

bool records_shown_feeds_save(struct records *records, const char *const *names, size_t count,
                              struct error *error)
{
    struct saving saving = {records, names, count};
    return records_transaction(records, save_feeds, &saving, error);
}

bool records_shown_has_links(struct records *records, const char *feed, bool *has_links,
                             struct error *error)
{
    int code = SQLITE_ERROR;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_SHOWN_FEED_FIND, error);
    if (statement) {
        records_bind_text(statement, 1, feed);
        code = records_step(records, statement, error);
    }
    *has_links = code == SQLITE_ROW;
    if (*has_links)
        sqlite3_reset(statement);
    records_unlock(records);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}
