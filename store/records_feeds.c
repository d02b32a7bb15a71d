#include "store/records_feeds.h"

#include <string.h>
#include <time.h>

#include "store/memory.h"
#include "store/records_db.h"

/* The statement with up to two texts bound; the lock is held. */
static sqlite3_stmt *prepare(struct records *records, enum records_statement which,
                             const char *first, const char *second, struct error *error)
{
    sqlite3_stmt *statement = records_prepare(records, which, error);
    if (statement && first)
        records_bind_text(statement, 1, first);
    if (statement && second)
        records_bind_text(statement, 2, second);
    return statement;
}

static const char *text_of(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}

/* The number in the first row; `*found` false: there is no row. */
static bool read_number(struct records *records, enum records_statement which, const char *text,
                        bool *found, int64_t *number, struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = prepare(records, which, text, NULL, error);
    int code = statement ? records_step(records, statement, error) : SQLITE_ERROR;
    *found = code == SQLITE_ROW;
    if (*found) {
        *number = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    records_unlock(records);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

static bool run_named(struct records *records, enum records_statement which, const char *name,
                      bool *changed, struct error *error)
{
    int count = 0;
    records_lock(records);
    sqlite3_stmt *statement = prepare(records, which, name, NULL, error);
    bool good = statement && records_run(records, statement, &count, error);
    records_unlock(records);
    *changed = count > 0;
    return good;
}

bool records_feeds_change(struct records *records, int64_t *change, struct error *error)
{
    bool found;
    return read_number(records, STATEMENT_FEEDS_CHANGE, NULL, &found, change, error);
}

/* --- feeds --- */

bool records_feeds_visit(struct records *records,
                         void (*visit)(void *context, const struct feed_record *feed),
                         void *context, struct error *error)
{
    int code = SQLITE_ERROR;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_FEEDS, error);
    while (statement && (code = records_step(records, statement, error)) == SQLITE_ROW) {
        const struct feed_record feed = {.name = text_of(statement, 0),
                                         .url = text_of(statement, 1),
                                         .mode = text_of(statement, 2),
                                         .title = text_of(statement, 3),
                                         .category = text_of(statement, 4),
                                         .readers = text_of(statement, 5),
                                         .added_s = sqlite3_column_int64(statement, 6)};
        visit(context, &feed);
    }
    records_unlock(records);
    return code == SQLITE_DONE;
}

bool records_feeds_count(struct records *records, int64_t *count, struct error *error)
{
    bool found;
    *count = 0;
    return read_number(records, STATEMENT_FEEDS_COUNT, NULL, &found, count, error);
}

bool records_feed_known(struct records *records, const char *name, bool *known, struct error *error)
{
    int64_t one;
    return read_number(records, STATEMENT_FEED_KNOWN, name, known, &one, error);
}

/* What the statement finds for `key`, to be freed; NULL: nothing. */
static bool find_text(struct records *records, enum records_statement which, const char *key,
                      char **text, struct error *error)
{
    *text = NULL;
    records_lock(records);
    sqlite3_stmt *statement = prepare(records, which, key, NULL, error);
    int code = statement ? records_step(records, statement, error) : SQLITE_ERROR;
    if (code == SQLITE_ROW) {
        *text = memory_text(text_of(statement, 0));
        sqlite3_reset(statement);
    }
    records_unlock(records);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

bool records_feed_of_url(struct records *records, const char *url, char **name, struct error *error)
{
    return find_text(records, STATEMENT_FEED_OF_URL, url, name, error);
}

bool records_feed_url(struct records *records, const char *name, char **url, struct error *error)
{
    return find_text(records, STATEMENT_FEED_URL, name, url, error);
}

bool records_feed_add(struct records *records, const struct feed_record *feed, struct error *error)
{
    int added = 0;
    records_lock(records);
    sqlite3_stmt *statement = prepare(records, STATEMENT_FEED_ADD, feed->name, feed->url, error);
    if (statement) {
        records_bind_text(statement, 3, feed->mode);
        records_bind_text(statement, 4, feed->title);
        records_bind_text(statement, 5, feed->category);
        records_bind_text(statement, 6, feed->readers);
        sqlite3_bind_int64(statement, 7, time(NULL));
    }
    bool good = statement && records_run(records, statement, &added, error);
    records_unlock(records);
    return good && !added
               ? error_set(error, ERROR_INPUT, "there is a feed \"%s\" already", feed->name)
               : good;
}

/* Only what comes and goes raises the number of changes by itself. */
bool records_feed_change(struct records *records, const struct feed_record *feed, bool *changed,
                         struct error *error)
{
    const char *texts[] = {feed->name,  feed->url,      feed->mode,
                           feed->title, feed->category, feed->readers};
    int count = 0;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_FEED_CHANGE, error);
    for (size_t i = 0; statement && i < sizeof texts / sizeof *texts; i++)
        if (texts[i])
            records_bind_text(statement, (int)i + 1, texts[i]);
        else
            sqlite3_bind_null(statement, (int)i + 1);
    bool good = statement && records_run(records, statement, &count, error);
    if (good && count) {
        statement = records_prepare(records, STATEMENT_FEEDS_CHANGED, error);
        good = statement && records_run(records, statement, NULL, error);
    }
    records_unlock(records);
    *changed = count > 0;
    return good;
}

bool records_feed_remove(struct records *records, const char *name, bool *removed,
                         struct error *error)
{
    return run_named(records, STATEMENT_FEED_REMOVE, name, removed, error);
}

/* --- readers --- */

bool records_readers_visit(struct records *records,
                           void (*visit)(void *context, const struct reader_record *reader),
                           void *context, struct error *error)
{
    int code = SQLITE_ERROR;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_READERS, error);
    while (statement && (code = records_step(records, statement, error)) == SQLITE_ROW) {
        struct reader_record reader = {.name = text_of(statement, 0),
                                       .added_s = sqlite3_column_int64(statement, 2)};
        if (sqlite3_column_bytes(statement, 1) == RECORDS_TOKEN_HASH_BYTES) {
            memcpy(reader.token_hash, sqlite3_column_blob(statement, 1), sizeof reader.token_hash);
            visit(context, &reader);
        }
    }
    records_unlock(records);
    return code == SQLITE_DONE;
}

bool records_reader_add(struct records *records, const char *name,
                        const unsigned char token_hash[RECORDS_TOKEN_HASH_BYTES],
                        struct error *error)
{
    int added = 0;
    records_lock(records);
    sqlite3_stmt *statement = prepare(records, STATEMENT_READER_ADD, name, NULL, error);
    if (statement) {
        sqlite3_bind_blob(statement, 2, token_hash, RECORDS_TOKEN_HASH_BYTES, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 3, time(NULL));
    }
    bool good = statement && records_run(records, statement, &added, error);
    records_unlock(records);
    return good && !added ? error_set(error, ERROR_INPUT, "there is a reader \"%s\" already", name)
                          : good;
}

bool records_reader_remove(struct records *records, const char *name, bool *removed,
                           struct error *error)
{
    return run_named(records, STATEMENT_READER_REMOVE, name, removed, error);
}

/* --- how they stand --- */

struct saving {
    struct records *records;
    const struct feed_state *states;
    size_t count;
    bool all;
};

static bool save_state(struct records *records, const struct feed_state *state, struct error *error)
{
    const int64_t numbers[] = {state->checked_s, state->next_poll_s, state->items,
                               state->held,      state->tagged,      state->put_back};
    sqlite3_stmt *statement =
        prepare(records, STATEMENT_FEED_STATE_SAVE, state->name, state->place, error);
    if (!statement)
        return false;
    records_bind_text(statement, 3, state->url);
    records_bind_text(statement, 4, state->state);
    records_bind_text(statement, 5, state->trouble);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sqlite3_bind_int64(statement, 6 + (int)i, numbers[i]);
    records_bind_text(statement, 12, state->found);
    sqlite3_bind_int64(statement, 13, state->duplicates);
    records_bind_text(statement, 14, state->moved);
    return records_run(records, statement, NULL, error);
}

static bool save_states(void *context, struct error *error)
{
    const struct saving *saving = context;
    bool ignored;
    if (saving->all &&
        !run_named(saving->records, STATEMENT_FEED_STATES_FORGET, NULL, &ignored, error))
        return false;
    for (size_t i = 0; i < saving->count; i++)
        if (!save_state(saving->records, &saving->states[i], error))
            return false;
    return true;
}

bool records_feed_states_save(struct records *records, const struct feed_state *states,
                              size_t count, bool all, struct error *error)
{
    struct saving saving = {records, states, count, all};
    return records_transaction(records, save_states, &saving, error);
}

bool records_feed_states_visit(struct records *records,
                               void (*visit)(void *context, const struct feed_state *state),
                               void *context, struct error *error)
{
    int code = SQLITE_ERROR;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_FEED_STATES, error);
    while (statement && (code = records_step(records, statement, error)) == SQLITE_ROW) {
        const struct feed_state state = {.name = text_of(statement, 0),
                                         .place = text_of(statement, 1),
                                         .url = text_of(statement, 2),
                                         .state = text_of(statement, 3),
                                         .trouble = text_of(statement, 4),
                                         .checked_s = sqlite3_column_int64(statement, 5),
                                         .next_poll_s = sqlite3_column_int64(statement, 6),
                                         .items = sqlite3_column_int64(statement, 7),
                                         .held = sqlite3_column_int64(statement, 8),
                                         .tagged = sqlite3_column_int64(statement, 9),
                                         .put_back = sqlite3_column_int64(statement, 10),
                                         .found = text_of(statement, 11),
                                         .moved = text_of(statement, 13),
                                         .duplicates = sqlite3_column_int64(statement, 12)};
        visit(context, &state);
    }
    records_unlock(records);
    return code == SQLITE_DONE;
}
