#include "store/records.h"

#include "store/memory.h"
#include "store/records_db.h"
#include "store/records_trigrams.h"
#include "store/span.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HELD_COLUMNS                                                                               \
    "id, state, document_id, time_s, state_time_s, missing_since_s, channel, sender, recipients, " \
    "subject, reference, requeued_as, log_odds, evidence, lesson, former_state, started_s, "       \
    "taught, "                                                                                     \
    "due_s, taught_from, taught_by"
#define DEED_COLUMNS                                                                               \
    "id, held_id, name, from_state, to_state, taught_before, time_s, undone_s, "                   \
    "taught_from_before, taught_by_before, said_before, source"
/* About a document ?1, the word of ?2. Of said_before, -1 is RECORDS_SAID_UNKNOWN, and -2
 * RECORDS_SAYS_NOTHING. */
#define DEEDS_OF_SOURCE "source = ?2 AND held_id IN (SELECT id FROM held WHERE document_id = ?1)"
#define HISTORY_COLUMNS                                                                            \
    "document_id, time_s, channel, action, log_odds, sender, recipients, subject, reference, "     \
    "evidence"
#define ANY_OF_STATES "state IN (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"

#define STORY_COLUMNS(table)                                                                       \
    table ".id, " table ".feed, " table ".item, " table ".twin, " table ".way, " table             \
          ".title, " table ".link, " table ".text, " table ".first_s, " table ".seen_s"

static const char *const texts[STATEMENTS] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_BEGIN_READING] = "BEGIN DEFERRED",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_AUDIT] = "INSERT INTO audit (time_s, who, what, subject) VALUES (?1, ?2, ?3, ?4)",
    [STATEMENT_AUDIT_INSTEAD] =
        "UPDATE audit SET time_s = ?1, what = ?3 WHERE id = (SELECT max(id) FROM audit WHERE "
        "subject = ?4 AND who = ?2) AND what = ?5",
    [STATEMENT_AUDIT_OF] = "SELECT time_s, who, what FROM audit WHERE subject = ?1 ORDER BY id",
    [STATEMENT_HISTORY_BY_REFERENCE] = "SELECT " HISTORY_COLUMNS " FROM history WHERE reference = "
                                       "?1 ORDER BY id DESC LIMIT 1",
    [STATEMENT_HISTORY_DOCUMENTS] = "SELECT DISTINCT document_id FROM history WHERE document_id "
                                    "BETWEEN ?1 AND ?2 LIMIT 2",
    [STATEMENT_HISTORY_BY_DOCUMENT] = "SELECT " HISTORY_COLUMNS " FROM history WHERE document_id = "
                                      "?1 ORDER BY id DESC LIMIT 1",
    [STATEMENT_HISTORY_GET] = "SELECT " HISTORY_COLUMNS " FROM history WHERE id = ?1",
    [STATEMENT_EVIDENCE_LIST] =
        "SELECT history_id, record, label FROM evidence LEFT JOIN correction USING (document_id) "
        "ORDER BY history_id DESC",
    [STATEMENT_UNCORRECT] = "DELETE FROM correction WHERE document_id = ?1 AND way = ?2",
    [STATEMENT_CORRECT] = "INSERT OR REPLACE INTO correction (document_id, label, who, way, "
                          "time_s) VALUES (?1, ?2, ?3, ?4, ?5)",
    [STATEMENT_CORRECT_AS_LEARNED] =
        "INSERT OR REPLACE INTO correction (document_id, label, who, way, time_s) SELECT "
        "document_id, label, who, way, time_s FROM learned WHERE document_id = ?1 ORDER BY id DESC "
        "LIMIT 1",
    [STATEMENT_LEARNED_ADD] = "INSERT OR REPLACE INTO learned (document_id, source, label, who, "
                              "way, time_s, deed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, (SELECT "
                              "coalesce(max(id), 0) FROM deeds))",
    [STATEMENT_LEARNED_LAST] = "SELECT label, deed FROM learned WHERE document_id = ?1 AND (?2 IS "
                               "NULL OR source = ?2) ORDER BY id DESC LIMIT 1",
    [STATEMENT_KNOWS_DOCUMENT] = "SELECT 1 WHERE EXISTS (SELECT 1 FROM history WHERE document_id = "
                                 "?1) OR EXISTS (SELECT 1 FROM held WHERE document_id = ?1)",
    [STATEMENT_HELD_ADD] =
        "INSERT INTO held (state, document_id, time_s, state_time_s, channel, sender, recipients, "
        "subject, reference, log_odds, evidence, lesson, item, item_head, taught_from) VALUES (?1, "
        "?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    [STATEMENT_HELD_GET] = "SELECT " HELD_COLUMNS ", CASE WHEN ?2 THEN item END, CASE WHEN ?2 THEN "
                           "item_head END FROM held WHERE id = ?1",
    [STATEMENT_HELD_IDS] =
        "SELECT id FROM held WHERE " ANY_OF_STATES " AND due_s <= ?10 ORDER BY id",
    [STATEMENT_HELD_IDS_OF_FEED] =
        "SELECT id FROM held WHERE sender = ?10 AND state_time_s >= ?11 AND channel = 'feed' "
        "AND " ANY_OF_STATES " ORDER BY state_time_s DESC, id DESC",
    [STATEMENT_HELD_CHANGES] =
        "SELECT name, max(change) FROM (SELECT sender AS name, change FROM held WHERE change > ?1 "
        "AND channel = 'feed' UNION ALL SELECT feed, change FROM shown WHERE change > ?1) GROUP BY "
        "name",
    [STATEMENT_HELD_MOVE] = "UPDATE held SET former_state = state, state = ?11, state_time_s = ?12 "
                            "WHERE id = ?10 AND " ANY_OF_STATES,
    [STATEMENT_HELD_SET_MISSING] = "UPDATE held SET missing_since_s = ?2 WHERE id = ?1",
    [STATEMENT_HELD_SET_STARTED] = "UPDATE held SET started_s = ?2 WHERE id = ?1 AND state = ?3",
    [STATEMENT_HELD_SET_REQUEUED_AS] = "UPDATE held SET requeued_as = ?2 WHERE id = ?1",
    [STATEMENT_HELD_SET_TAUGHT] = "UPDATE held SET taught = ?2, taught_from = coalesce(nullif(?3, "
                                  "0), taught_from), taught_by "
                                  "= ?4 WHERE id = ?1",
    [STATEMENT_HELD_FIND] =
        "SELECT max(id) FROM (SELECT max(id) AS id FROM held WHERE reference = ?1 UNION ALL "
        "SELECT max(id) FROM held WHERE requeued_as = ?1)",
    [STATEMENT_HELD_SET_DUE] = "UPDATE held SET due_s = ?2 WHERE id = ?1",
    [STATEMENT_DEED_ADD] =
        "INSERT INTO deeds (held_id, name, from_state, to_state, taught_before, time_s, "
        "taught_from_before, taught_by_before, said_before, source) VALUES (?1, ?2, ?3, ?4, ?5, "
        "?6, ?7, ?8, ?9, ?10)",
    [STATEMENT_DEED_LAST] =
        "SELECT " DEED_COLUMNS " FROM deeds WHERE held_id = ?1 AND (?2 IS NULL OR name = ?2) "
        "ORDER BY id DESC LIMIT 1",
    [STATEMENT_DEEDS_AFTER] =
        "SELECT count(*) FROM deeds WHERE held_id = ?1 AND id > ?2 AND undone_s = 0",
    [STATEMENT_DEED_UNDO] = "UPDATE deeds SET undone_s = ?2 WHERE id = ?1 AND undone_s = 0",
    [STATEMENT_DEED_SET_SAID] = "UPDATE deeds SET said_before = ?2 WHERE id = ?1 AND "
                                "said_before = -1",
    [STATEMENT_DEEDS_FORGET] =
        "UPDATE deeds SET said_before = -2 WHERE undone_s > 0 AND " DEEDS_OF_SOURCE " AND NOT "
        "EXISTS (SELECT 1 FROM deeds WHERE undone_s = 0 AND said_before <> -2 AND " DEEDS_OF_SOURCE
        ")",
    [STATEMENT_DEEDS_OF_DOCUMENT] =
        "SELECT " DEED_COLUMNS " FROM deeds WHERE held_id IN (SELECT id FROM held WHERE "
        "document_id = ?1) ORDER BY id",
    [STATEMENT_TOLD] = "SELECT time_s, warned_s FROM told WHERE held_id = ?1 AND recipient = ?2",
    [STATEMENT_SET_TOLD] =
        "INSERT INTO told (held_id, recipient, time_s, warned_s) VALUES (?1, ?2, "
        "?3, ?4) ON CONFLICT DO UPDATE SET warned_s = ?4 WHERE ?4 > 0",
    [STATEMENT_LINK_USED] =
        "SELECT time_s, 0 FROM link_uses WHERE held_id = ?1 AND recipient = ?2 AND action = ?3",
    [STATEMENT_LINK_USE] = "INSERT OR IGNORE INTO link_uses (held_id, recipient, action, time_s) "
                           "VALUES (?1, ?2, ?3, ?4)",
    [STATEMENT_LIST_SET] =
        "INSERT OR REPLACE INTO person_lists (recipient, entry, denies, time_s) SELECT ?2, ?3, ?1, "
        "?4 WHERE (SELECT count(*) FROM person_lists WHERE recipient = ?2 AND entry <> ?3) < ?5",
    [STATEMENT_LIST_REMOVE] = "DELETE FROM person_lists WHERE recipient = ?2 AND entry = ?3 AND "
                              "?1 = 0",
    [STATEMENT_LIST] = "SELECT entry, denies FROM person_lists WHERE recipient = ?2 AND ?1 = 0 "
                       "ORDER BY entry",
    [STATEMENT_LIST_ASK] =
        "SELECT denies, time_s FROM person_lists WHERE recipient = ?2 AND entry = ?3 "
        "AND ?1 = 0",
    [STATEMENT_LIST_ANY] = "SELECT 1, 0 FROM person_lists WHERE ?1 = 0 LIMIT 1",
    [STATEMENT_JUDGED_FIND] =
        "SELECT content_hash, action, judged.log_odds, judged.time_s, held_id, held.state, "
        "rules, rules_said, held.taught FROM judged LEFT JOIN held ON held.id = held_id "
        "WHERE feed = ?1 AND guid = ?2",
    [STATEMENT_JUDGED_SAVE] =
        "INSERT OR REPLACE INTO judged (feed, guid, content_hash, action, log_odds, time_s, "
        "held_id, rules, rules_said) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [STATEMENT_JUDGED_SET_RULES] = "UPDATE judged SET rules = ?4, rules_said = ?5 WHERE feed = ?1 "
                                   "AND guid = ?2 AND content_hash = ?3",
    [STATEMENT_FEEDS_CHANGE] = "SELECT last FROM feed_changes",
    [STATEMENT_FEEDS] =
        "SELECT name, url, mode, title, category, readers, added_s FROM feeds ORDER BY id",
    [STATEMENT_FEEDS_COUNT] = "SELECT count(*) FROM feeds",
    [STATEMENT_FEED_KNOWN] = "SELECT 1 FROM feeds WHERE name = ?1",
    [STATEMENT_FEED_URL] = "SELECT url FROM feeds WHERE name = ?1",
    [STATEMENT_FEED_OF_URL] = "SELECT name FROM feeds WHERE url = ?1 LIMIT 1",
    [STATEMENT_FEED_ADD] = "INSERT INTO feeds (name, url, mode, title, category, readers, added_s) "
                           "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
    [STATEMENT_FEED_CHANGE] =
        "UPDATE feeds SET url = coalesce(?2, url), mode = coalesce(?3, mode), title = "
        "coalesce(?4, title), category = coalesce(?5, category), readers = coalesce(?6, readers) "
        "WHERE name = ?1",
    [STATEMENT_FEEDS_CHANGED] = "UPDATE feed_changes SET last = last + 1",
    [STATEMENT_FEED_REMOVE] = "DELETE FROM feeds WHERE name = ?1",
    [STATEMENT_READERS] = "SELECT name, token_hash, added_s FROM readers ORDER BY name",
    [STATEMENT_READER_ADD] = "INSERT INTO readers (name, token_hash, added_s) VALUES (?1, ?2, ?3) "
                             "ON CONFLICT DO NOTHING",
    [STATEMENT_READER_REMOVE] = "DELETE FROM readers WHERE name = ?1",
    [STATEMENT_FEED_STATES] =
        "SELECT name, place, url, state, trouble, checked_s, next_poll_s, "
        "items, held, tagged, put_back, found, duplicates, moved FROM feed_states ORDER BY id",
    [STATEMENT_FEED_STATE_SAVE] =
        "INSERT INTO feed_states (name, place, url, state, trouble, checked_s, next_poll_s, items, "
        "held, tagged, put_back, found, duplicates, moved) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
        "?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT (name) DO UPDATE SET place = ?2, url = ?3, state "
        "= ?4, "
        "trouble = ?5, "
        "checked_s = ?6, "
        "next_poll_s = ?7, items = ?8, held = ?9, tagged = ?10, put_back = ?11, found = ?12, "
        "duplicates = ?13, moved = ?14",
    [STATEMENT_FEED_STATES_FORGET] = "DELETE FROM feed_states",
    [STATEMENT_PROFILE_FIND] = "SELECT profile FROM feed_profiles WHERE feed = ?1",
    [STATEMENT_PROFILE_SAVE] =
        "INSERT OR REPLACE INTO feed_profiles (feed, profile, time_s) VALUES (?1, ?2, ?3)",
    [STATEMENT_RELEASED_SINCE] = "SELECT 1 FROM held WHERE sender = ?1 AND state_time_s >= ?2 AND "
                                 "channel = 'feed' AND state IN (2, 3) LIMIT 1",
    [STATEMENT_SHOWN_SINCE] = "SELECT time_s FROM shown WHERE document_id = ?1",
    [STATEMENT_SHOWN_SAVE] =
        "INSERT OR REPLACE INTO shown (document_id, content_hash, feed, judged_as, reference, "
        "subject, address, item, item_head, time_s, is_comment) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
        "?7, ?8, ?9, ?10, ?11)",
    [STATEMENT_SHOWN_FIND] = "SELECT content_hash, feed, judged_as, reference, subject, address, "
                             "item, item_head, time_s, said, sayings, is_comment FROM shown "
                             "WHERE document_id = ?1",
    [STATEMENT_SHOWN_COUNT] = "UPDATE shown SET sayings = ?3 WHERE document_id = ?1 AND "
                              "sayings = ?2",
    [STATEMENT_SHOWN_SET_SAID] = "UPDATE shown SET said = ?2 WHERE document_id = ?1",
    [STATEMENT_SHOWN_FEEDS_REMOVE] = "DELETE FROM shown_feeds",
    [STATEMENT_SHOWN_FEED_ADD] = "INSERT OR IGNORE INTO shown_feeds (feed) VALUES (?1)",
    [STATEMENT_SHOWN_FEED_FIND] = "SELECT 1 FROM shown_feeds WHERE feed = ?1",
    [STATEMENT_STORY_OF_ITEM] = "SELECT " STORY_COLUMNS("s") " FROM stories s WHERE s.feed = ?1 "
                                                             "AND s.item = ?2",
    [STATEMENT_STORY_GET] = "SELECT " STORY_COLUMNS("s") " FROM stories s WHERE s.id = ?1",
    [STATEMENT_STORIES_WITH_KEY] = "SELECT story FROM story_keys WHERE key = ?1 ORDER BY story "
                                   "LIMIT ?2",
    [STATEMENT_STORY_ADD] =
        "INSERT INTO stories (feed, item, twin, way, title, link, text, first_s, seen_s) VALUES "
        "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING id",
    [STATEMENT_STORY_KEY_ADD] = "INSERT INTO story_keys (key, story) VALUES (?1, ?2) ON CONFLICT "
                                "DO NOTHING",
    [STATEMENT_STORY_SEEN] = "UPDATE stories SET seen_s = ?2 WHERE id = ?1",
    [STATEMENT_STORY_REMOVE] = "DELETE FROM stories WHERE id = ?1",
    [STATEMENT_STORIES_OLD] =
        "DELETE FROM stories WHERE id IN (SELECT id FROM stories WHERE seen_s < ?1 LIMIT ?2)",
    [STATEMENT_STORIES_COUNT] = "SELECT count(*) FROM stories",
    [STATEMENT_STORIES_LONGEST_UNSEEN] =
        "DELETE FROM stories WHERE id IN (SELECT id FROM stories ORDER BY seen_s LIMIT ?1)",
    [STATEMENT_STORIES_LEFT_OUT] = "SELECT " STORY_COLUMNS("s") ", " STORY_COLUMNS(
        "t") " FROM stories s JOIN stories t ON "
             "t.id = s.twin WHERE s.feed = ?1 AND s.twin > 0 ORDER BY s.id DESC LIMIT ?2",
    [STATEMENT_STORIES_SINCE] = "SELECT since_s FROM story_feeds WHERE feed = ?1",
    [STATEMENT_STORIES_LEFT_OUT_FOR] = "SELECT " STORY_COLUMNS("s") " FROM stories s WHERE s.twin "
                                                                    "= ?1 AND s.twin > 0 ORDER BY "
                                                                    "s.id LIMIT ?2",
};

struct records {
    char *path;
    sqlite3 *db;
    pthread_mutex_t mutex; /* recursive; for db and statements */
    sqlite3_stmt *statements[STATEMENTS];
    bool in_transaction;
    int64_t stories_most; /* that there can be; negative: they were not counted yet */
    struct records_history *history;
};

/* `db` belongs to it. */
static struct records *records_of(const char *path, sqlite3 *db)
{
    struct records *records = memory_new(sizeof *records);
    records->path = memory_text(path);
    records->db = db;
    pthread_mutexattr_t recursive;
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&records->mutex, &recursive);
    pthread_mutexattr_destroy(&recursive);
    records->stories_most = -1;
    return records;
}

struct records *records_open(const char *path, struct error *error)
{
    /* What is held must be on the disk before Postfix is told to hold it. */
    sqlite3 *db = records_db_open(path, "FULL", error);
    if (!db)
        return NULL;
    if (!records_db_schema(db, path, error) ||
        (!records_trigrams_function(db) && !records_db_fail(db, path, error))) {
        sqlite3_close(db);
        return NULL;
    }
    struct records *records = records_of(path, db);
    records->history = records_history_new(records->path);
    return records;
}

/* All pages as one moment has them. */
static bool copy_pages(sqlite3 *to, sqlite3 *from)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (!backup)
        return false;
    sqlite3_backup_step(backup, -1);
    return sqlite3_backup_finish(backup) == SQLITE_OK;
}

struct records *records_copy(struct records *records, struct error *error)
{
    sqlite3 *db = NULL;
    /* Without a name it is a file of SQLite's own, which is gone when it is closed. */
    bool good =
        sqlite3_open_v2("", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) == SQLITE_OK;
    records_lock(records);
    good = good && copy_pages(db, records->db);
    records_unlock(records);
    if (good && records_trigrams_function(db))
        return records_of(records->path, db);
    error_set(error, ERROR_SYSTEM, "%s: a copy in the directory for temporary files: %s",
              records->path, db ? sqlite3_errmsg(db) : "out of memory");
    sqlite3_close(db);
    return NULL;
}

void records_close(struct records *records)
{
    if (!records)
        return;
    records_history_free(records->history);
    for (size_t i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(records->statements[i]);
    sqlite3_close(records->db);
    pthread_mutex_destroy(&records->mutex);
    free(records->path);
    free(records);
}

void records_lock(struct records *records)
{
    pthread_mutex_lock(&records->mutex);
}

void records_unlock(struct records *records)
{
    pthread_mutex_unlock(&records->mutex);
}

struct records_history *records_history_of(struct records *records)
{
    return records->history;
}

int64_t *records_stories_most(struct records *records)
{
    return &records->stories_most;
}

sqlite3_stmt *records_prepare(struct records *records, enum records_statement which,
                              struct error *error)
{
    sqlite3_stmt **statement = &records->statements[which];
    if (!*statement && sqlite3_prepare_v3(records->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                                          statement, NULL) != SQLITE_OK) {
        records_db_fail(records->db, records->path, error);
        return NULL;
    }
    sqlite3_reset(*statement);
    sqlite3_clear_bindings(*statement);
    return *statement;
}

sqlite3_stmt *records_prepare_text(struct records *records, const char *text, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(records->db, text, -1, &statement, NULL) != SQLITE_OK)
        records_db_fail(records->db, records->path, error);
    return statement;
}

int records_step(struct records *records, sqlite3_stmt *statement, struct error *error)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return code;
    if (code != SQLITE_DONE)
        records_db_fail(records->db, records->path, error);
    sqlite3_reset(statement);
    return code;
}

bool records_run(struct records *records, sqlite3_stmt *statement, int *changed,
                 struct error *error)
{
    bool good = records_step(records, statement, error) == SQLITE_DONE;
    if (good && changed)
        *changed = sqlite3_changes(records->db);
    return good;
}

bool records_set_number(struct records *records, enum records_statement which, int64_t id,
                        int64_t number, struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, which, error);
    bool good = statement != NULL;
    if (good) {
        sqlite3_bind_int64(statement, 1, id);
        sqlite3_bind_int64(statement, 2, number);
        good = records_run(records, statement, NULL, error);
    }
    records_unlock(records);
    return good;
}

bool records_run_of_document(struct records *records, enum records_statement which,
                             const unsigned char document_id[RECORD_ID_BYTES], const char *text,
                             struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, which, error);
    bool good = statement != NULL;
    if (good) {
        sqlite3_bind_blob(statement, 1, document_id, RECORD_ID_BYTES, SQLITE_STATIC);
        if (text)
            records_bind_text(statement, 2, text);
        good = records_run(records, statement, NULL, error);
    }
    records_unlock(records);
    return good;
}

void records_bind_text(sqlite3_stmt *statement, int parameter, const char *text)
{
    sqlite3_bind_text(statement, parameter, text ? text : "", -1, SQLITE_STATIC);
}

void records_bind_start(sqlite3_stmt *statement, int parameter, const char *text)
{
    struct span whole = span_of(text), start = span_start(whole, RECORDS_TEXT_MOST);
    if (start.length == whole.length) {
        records_bind_text(statement, parameter, text);
        return;
    }
    char *cut = memory_new(RECORDS_TEXT_MOST + 1);
    memcpy(cut, start.data, start.length);
    strcpy(cut + start.length, SPAN_MORE);
    sqlite3_bind_text(statement, parameter, cut, -1, free);
}

bool records_is_start(const char *text)
{
    struct span whole = span_of(text), mark = SPAN(SPAN_MORE);
    return whole.length > RECORDS_TEXT_MOST - 4 && whole.length <= RECORDS_TEXT_MOST &&
           memcmp(whole.data + whole.length - mark.length, mark.data, mark.length) == 0;
}

void records_bind_part(sqlite3_stmt *statement, int parameter, const char *text)
{
    if (!text)
        return;
    char *pattern = memory_new(2 * strlen(text) + 3), *to = pattern;
    *to++ = '%';
    for (; *text; text++) {
        if (strchr("%_\\", *text))
            *to++ = '\\';
        *to++ = *text;
    }
    *to = '%';
    sqlite3_bind_text(statement, parameter, pattern, -1, free);
}

size_t records_row_size(sqlite3_stmt *statement)
{
    size_t size = 0;
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        int type = sqlite3_column_type(statement, i);
        size += 1;
        if (type == SQLITE_TEXT || type == SQLITE_BLOB)
            size += (size_t)sqlite3_column_bytes(statement, i);
    }
    return size;
}

const char *records_take(sqlite3_stmt *statement, int column, char **room)
{
    const void *data = sqlite3_column_blob(statement, column);
    size_t length = (size_t)sqlite3_column_bytes(statement, column);
    char *copy = *room;
    if (length)
        memcpy(copy, data, length);
    copy[length] = '\0';
    *room += length + 1;
    return copy;
}

const char *records_take_start(sqlite3_stmt *statement, int column, char **room)
{
    const char *text = records_take(statement, column, room);
    struct span whole = span_of(text), start = span_start(whole, RECORDS_TEXT_MOST);
    if (start.length < whole.length)
        strcpy((char *)(uintptr_t)text + start.length, SPAN_MORE);
    return text;
}

static bool run_plain(struct records *records, enum records_statement which, struct error *error)
{
    sqlite3_stmt *statement = records_prepare(records, which, error);
    return statement && records_run(records, statement, NULL, error);
}

static bool transaction(struct records *records, enum records_statement begin,
                        bool (*work)(void *context, struct error *error), void *context,
                        struct error *error)
{
    records_lock(records);
    assert(!records->in_transaction);
    bool good = run_plain(records, begin, error);
    if (good) {
        records->in_transaction = true;
        good = work(context, error) && run_plain(records, STATEMENT_COMMIT, error);
        /* SQLite has rolled back by itself after some failures (a full disk). */
        if (!good && !sqlite3_get_autocommit(records->db))
            run_plain(records, STATEMENT_ROLLBACK, NULL);
        records->in_transaction = false;
    }
    records_unlock(records);
    return good;
}

bool records_transaction(struct records *records, bool (*work)(void *context, struct error *error),
                         void *context, struct error *error)
{
    return transaction(records, STATEMENT_BEGIN, work, context, error);
}

bool records_reading(struct records *records, bool (*work)(void *context, struct error *error),
                     void *context, struct error *error)
{
    return transaction(records, STATEMENT_BEGIN_READING, work, context, error);
}

/* `former` is of STATEMENT_AUDIT_INSTEAD. */
static bool write_audit(struct records *records, enum records_statement which, const char *who,
                        const char *what, const char *subject, const char *former, int *changed,
                        struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, which, error);
    bool good = statement != NULL;
    if (good) {
        sqlite3_bind_int64(statement, 1, time(NULL));
        records_bind_text(statement, 2, who);
        records_bind_text(statement, 3, what);
        records_bind_text(statement, 4, subject);
        if (former)
            records_bind_text(statement, 5, former);
        good = records_run(records, statement, changed, error);
    }
    records_unlock(records);
    return good;
}

bool records_audit(struct records *records, const char *who, const char *what, const char *subject,
                   struct error *error)
{
    return write_audit(records, STATEMENT_AUDIT, who, what, subject, NULL, NULL, error);
}

bool records_audit_instead(struct records *records, const char *who, const char *former,
                           const char *what, const char *subject, bool *replaced,
                           struct error *error)
{
    int changed = 0;
    bool good =
        write_audit(records, STATEMENT_AUDIT_INSTEAD, who, what, subject, former, &changed, error);
    *replaced = changed > 0;
    return good;
}

bool records_audit_of(struct records *records, const char *subject,
                      void (*visit)(void *context, const struct audit_entry *entry), void *context,
                      struct error *error)
{
    int code = SQLITE_ERROR;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_AUDIT_OF, error);
    if (statement)
        records_bind_text(statement, 1, subject);
    while (statement && (code = records_step(records, statement, error)) == SQLITE_ROW) {
        struct audit_entry entry = {.time_s = sqlite3_column_int64(statement, 0),
                                    .who = (const char *)sqlite3_column_text(statement, 1),
                                    .what = (const char *)sqlite3_column_text(statement, 2)};
        visit(context, &entry);
    }
    records_unlock(records);
    return code == SQLITE_DONE;
}
