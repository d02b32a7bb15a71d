#include "store/records.h"

#include "store/lesson.h"
#include "store/memory.h"
#include "store/records_db.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const state_names[HELD_STATES] = {
    [HELD_PENDING] = "pending",
    [HELD_HELD] = "held",
    [HELD_RELEASE_REQUESTED] = "release-requested",
    [HELD_RELEASED] = "released",
    [HELD_CONFIRMED] = "confirmed",
    [HELD_DELETE_REQUESTED] = "delete-requested",
    [HELD_DELETED] = "deleted",
    [HELD_GONE] = "gone",
    [HELD_SUPERSEDED] = "superseded",
};

const char *held_state_name(enum held_state state)
{
    return state_names[state];
}

bool held_state_from_name(const char *name, enum held_state *state)
{
    for (int i = 0; i < HELD_STATES; i++) {
        if (strcmp(name, state_names[i]) == 0) {
            *state = (enum held_state)i;
            return true;
        }
    }
    return false;
}

/* Parameters 1 to 9 are the states whose bits are set; -1 is none. */
static void bind_states(sqlite3_stmt *statement, unsigned states)
{
    for (int state = 0; state < HELD_STATES; state++)
        sqlite3_bind_int(statement, 1 + state, states & (1u << state) ? state : -1);
}

static void bind_held(sqlite3_stmt *statement, const struct held *held)
{
    sqlite3_bind_int(statement, 1, held->state);
    sqlite3_bind_blob(statement, 2, held->document_id, RECORD_ID_BYTES, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, held->time_s);
    sqlite3_bind_int64(statement, 4, time(NULL));
    records_bind_text(statement, 5, held->channel);
    records_bind_start(statement, 6, held->sender);
    records_bind_text(statement, 7, held->recipients);
    records_bind_start(statement, 8, held->subject);
    records_bind_text(statement, 9, held->reference);
    sqlite3_bind_double(statement, 10, held->log_odds);
    records_bind_text(statement, 11, held->evidence);
    sqlite3_bind_blob64(statement, 12, held->lesson, held->lesson_length, SQLITE_STATIC);
    sqlite3_bind_blob64(statement, 13, held->item, held->item_length, SQLITE_STATIC);
    sqlite3_bind_blob64(statement, 14, held->item_head, held->item_head_length, SQLITE_STATIC);
    sqlite3_bind_double(statement, 15, held->taught_from);
}

bool records_held_add(struct records *records, const struct held *held, int64_t *id,
                      struct error *error)
{
    if (held->state != HELD_PENDING && held->state != HELD_HELD)
        return error_set(error, ERROR_BUG, "a held entry cannot begin as %s",
                         held_state_name(held->state));
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_HELD_ADD, error);
    bool good = statement != NULL;
    if (good) {
        bind_held(statement, held);
        good = records_run(records, statement, NULL, error);
        if (good)
            *id = sqlite3_last_insert_rowid(sqlite3_db_handle(statement));
    }
    records_unlock(records);
    return good;
}

/* The entry in the current row, in one allocation. */
static struct held *read_held(sqlite3_stmt *statement)
{
    struct held *held = memory_new(sizeof *held + records_row_size(statement));
    char *room = (char *)(held + 1);
    held->id = sqlite3_column_int64(statement, 0);
    held->state = (enum held_state)sqlite3_column_int(statement, 1);
    size_t id_length = (size_t)sqlite3_column_bytes(statement, 2);
    memcpy(held->document_id, records_take(statement, 2, &room),
           id_length < RECORD_ID_BYTES ? id_length : RECORD_ID_BYTES);
    held->time_s = sqlite3_column_int64(statement, 3);
    held->state_time_s = sqlite3_column_int64(statement, 4);
    held->missing_since_s = sqlite3_column_int64(statement, 5);
    held->channel = records_take(statement, 6, &room);
    held->sender = records_take_start(statement, 7, &room);
    held->recipients = records_take(statement, 8, &room);
    held->subject = records_take_start(statement, 9, &room);
    held->reference = records_take(statement, 10, &room);
    held->requeued_as = records_take(statement, 11, &room);
    held->log_odds = sqlite3_column_double(statement, 12);
    held->evidence = records_take(statement, 13, &room);
    held->lesson_length = (size_t)sqlite3_column_bytes(statement, 14);
    held->lesson = (const unsigned char *)records_take(statement, 14, &room);
    held->former_state = (enum held_state)sqlite3_column_int(statement, 15);
    held->started_s = sqlite3_column_int64(statement, 16);
    held->taught = sqlite3_column_int(statement, 17);
    held->due_s = sqlite3_column_int64(statement, 18);
    held->taught_from = sqlite3_column_double(statement, 19);
    held->taught_by = records_take(statement, 20, &room);
    held->item_length = (size_t)sqlite3_column_bytes(statement, 21);
    held->item = (const unsigned char *)records_take(statement, 21, &room);
    held->item_head_length = (size_t)sqlite3_column_bytes(statement, 22);
    held->item_head = (const unsigned char *)records_take(statement, 22, &room);
    return held;
}

/* `*held` stays NULL when there is no such id. */
static bool load(struct records *records, int64_t id, bool with_item, struct held **held,
                 struct error *error)
{
    *held = NULL;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_HELD_GET, error);
    int code = SQLITE_ERROR;
    if (statement) {
        sqlite3_bind_int64(statement, 1, id);
        sqlite3_bind_int(statement, 2, with_item);
        code = records_step(records, statement, error);
        if (code == SQLITE_ROW) {
            *held = read_held(statement);
            sqlite3_reset(statement);
        }
    }
    records_unlock(records);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

struct held *records_held_get(struct records *records, int64_t id, struct error *error)
{
    struct held *held;
    if (load(records, id, true, &held, error) && !held)
        error_set(error, ERROR_INPUT, "nothing is held under the number %lld", (long long)id);
    return held;
}

void held_free(struct held *held)
{
    free(held);
}

struct ids {
    int64_t *ids;
    size_t count, room;
};

/* Runs a statement that is ready, whose rows are ids. */
static bool read_ids(struct records *records, sqlite3_stmt *statement, struct ids *found,
                     struct error *error)
{
    int code;
    while ((code = records_step(records, statement, error)) == SQLITE_ROW) {
        if (found->count == found->room) {
            found->room = found->room * 2 + 64;
            found->ids = memory_resize(found->ids, found->room * sizeof *found->ids);
        }
        found->ids[found->count++] = sqlite3_column_int64(statement, 0);
    }
    return code == SQLITE_DONE;
}

/* Ids first, then one entry after the other, so that whoever visits them may change them, and
 * nobody waits meanwhile. */
static bool visit_ids(struct records *records, const int64_t *ids, size_t count, unsigned states,
                      bool with_item, bool (*visit)(void *context, const struct held *held),
                      void *context, struct error *error)
{
    bool good = true, go_on = true;
    for (size_t i = 0; i < count && good && go_on; i++) {
        struct held *held;
        good = load(records, ids[i], with_item, &held, error);
        if (held && states & (1u << held->state))
            go_on = visit(context, held);
        held_free(held);
    }
    return good;
}

bool records_held_visit(struct records *records, const int64_t *ids, size_t count, unsigned states,
                        bool (*visit)(void *context, const struct held *held), void *context,
                        struct error *error)
{
    return visit_ids(records, ids, count, states, false, visit, context, error);
}

bool records_held_list(struct records *records, unsigned states,
                       bool (*visit)(void *context, const struct held *held), void *context,
                       struct error *error)
{
    return records_held_list_due(records, states, INT64_MAX, visit, context, error);
}

bool records_held_list_due(struct records *records, unsigned states, int64_t now_s,
                           bool (*visit)(void *context, const struct held *held), void *context,
                           struct error *error)
{
    struct ids found = {0};
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_HELD_IDS, error);
    bool good = statement != NULL;
    if (good) {
        bind_states(statement, states);
        sqlite3_bind_int64(statement, 10, now_s);
        good = read_ids(records, statement, &found, error);
    }
    records_unlock(records);
    good = good && visit_ids(records, found.ids, found.count, states, false, visit, context, error);
    free(found.ids);
    return good;
}

bool records_held_of_feed(struct records *records, const char *feed, unsigned states,
                          int64_t since_s, bool (*visit)(void *context, const struct held *held),
                          void *context, struct error *error)
{
    struct ids found = {0};
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_HELD_IDS_OF_FEED, error);
    bool good = statement != NULL;
    if (good) {
        bind_states(statement, states);
        records_bind_text(statement, 10, feed);
        sqlite3_bind_int64(statement, 11, since_s);
        good = read_ids(records, statement, &found, error);
    }
    records_unlock(records);
    good = good && visit_ids(records, found.ids, found.count, states, true, visit, context, error);
    free(found.ids);
    return good;
}

bool records_held_move(struct records *records, int64_t id, unsigned from_states,
                       enum held_state to, bool *moved, struct error *error)
{
    int changed = 0;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_HELD_MOVE, error);
    bool good = statement != NULL;
    if (good) {
        bind_states(statement, from_states);
        sqlite3_bind_int64(statement, 10, id);
        sqlite3_bind_int(statement, 11, to);
        sqlite3_bind_int64(statement, 12, time(NULL));
        good = records_run(records, statement, &changed, error);
    }
    records_unlock(records);
    *moved = changed > 0;
    return good;
}

bool records_held_set_missing(struct records *records, int64_t id, int64_t missing_since_s,
                              struct error *error)
{
    return records_set_number(records, STATEMENT_HELD_SET_MISSING, id, missing_since_s, error);
}

bool records_held_set_started(struct records *records, int64_t id, enum held_state state,
                              int64_t started_s, bool *set, struct error *error)
{
    int changed = 0;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_HELD_SET_STARTED, error);
    bool good = statement != NULL;
    if (good) {
        sqlite3_bind_int64(statement, 1, id);
        sqlite3_bind_int64(statement, 2, started_s);
        sqlite3_bind_int(statement, 3, state);
        good = records_run(records, statement, &changed, error);
    }
    records_unlock(records);
    *set = changed > 0;
    return good;
}

bool records_held_set_due(struct records *records, int64_t id, int64_t due_s, struct error *error)
{
    return records_set_number(records, STATEMENT_HELD_SET_DUE, id, due_s, error);
}

bool records_held_set_requeued_as(struct records *records, int64_t id, const char *queue_id,
                                  struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_HELD_SET_REQUEUED_AS, error);
    bool good = statement != NULL;
    if (good) {
        sqlite3_bind_int64(statement, 1, id);
        records_bind_text(statement, 2, queue_id);
        good = records_run(records, statement, NULL, error);
    }
    records_unlock(records);
    return good;
}

bool records_held_set_taught(struct records *records, int64_t id, int taught, double from,
                             const char *by, struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_HELD_SET_TAUGHT, error);
    bool good = statement != NULL;
    if (good) {
        sqlite3_bind_int64(statement, 1, id);
        sqlite3_bind_int(statement, 2, taught);
        sqlite3_bind_double(statement, 3, from);
        records_bind_text(statement, 4, by);
        good = records_run(records, statement, NULL, error);
    }
    records_unlock(records);
    return good;
}

bool records_taught_spam(int taught)
{
    return taught == LABEL_SPAM + 1;
}

bool records_held_find(struct records *records, const char *reference, int64_t *id,
                       struct error *error)
{
    int code = SQLITE_ERROR;
    *id = 0;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_HELD_FIND, error);
    if (statement) {
        records_bind_text(statement, 1, reference);
        code = records_step(records, statement, error);
        if (code == SQLITE_ROW) {
            *id = sqlite3_column_int64(statement, 0);
            sqlite3_reset(statement);
        }
    }
    records_unlock(records);
    return code == SQLITE_ROW;
}
