#include "store/counts_sqlite_link.h"

#include "store/memory.h"
#include "store/monotonic.h"
#include "store/sqlite_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define APPLICATION_ID 1466263922 /* "Weir": no other database, and not the records */
#define WAL_LIMIT_BYTES (8 << 20) /* what its file is cut to after a large transaction */
#define CACHE_KB 8000             /* of a connection; a lesson costs a sixth less than with 2000 */

/* See sqlite_file_schema(). Events and labels have the numbers in which they came, so that those
 * which expire first are the lowest. A label stands under the version of its lesson. `names` are
 * the identities that counted it: type and length (a byte each), value; `amounts` what it added to
 * each (2 bytes, in thousandths of a lesson), or NULL for whole lessons of a source without limit.
 * A contribution is what a source that is limited has in a reputation, as it stood at `time_s`. An
 * expiry of NULL is never. Documents are counted since `since_s`, and were so last at `last_s`. A
 * word is what a source that is limited said of a document; `tested` is whether the operator agreed
 * later, NULL while he has not spoken. */
static const char *const steps[] = {
    "CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), run_id TEXT NOT NULL, "
    "installation_key BLOB);"
    "INSERT INTO state (id, run_id) VALUES (1, lower(hex(randomblob(16))));"
    "CREATE TABLE log (version INTEGER PRIMARY KEY, lesson BLOB NOT NULL);"
    "CREATE TABLE event (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, version INTEGER NOT "
    "NULL, expires_s INTEGER NOT NULL);"
    "CREATE TABLE label (version INTEGER PRIMARY KEY, document_id BLOB NOT NULL, source BLOB NOT "
    "NULL, label INTEGER NOT NULL, time_s INTEGER NOT NULL, names BLOB NOT NULL, expires_s INTEGER "
    "NOT NULL, UNIQUE (document_id, source));"
    "CREATE TABLE snapshot (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, "
    "feature_version INTEGER NOT NULL, data BLOB NOT NULL);"
    "CREATE TABLE replica (gateway TEXT PRIMARY KEY, version INTEGER NOT NULL, time_s INTEGER NOT "
    "NULL) WITHOUT ROWID;"
    "CREATE TABLE reputation (type INTEGER NOT NULL, value BLOB NOT NULL, ham_milli INTEGER NOT "
    "NULL, spam_milli INTEGER NOT NULL, time_s INTEGER NOT NULL, override INTEGER NOT NULL, "
    "override_centi INTEGER NOT NULL, override_until_s INTEGER NOT NULL, expires_s INTEGER, "
    "PRIMARY KEY (type, value)) WITHOUT ROWID;"
    "CREATE INDEX reputation_expires ON reputation (expires_s) WHERE expires_s IS NOT NULL;"
    "PRAGMA application_id = 1466263922;"
    "PRAGMA user_version = 1;",

    "CREATE TABLE settings (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, text "
    "TEXT NOT NULL);"
    "PRAGMA user_version = 2;",

    "ALTER TABLE label ADD COLUMN amounts BLOB;"
    "CREATE TABLE contribution (number INTEGER PRIMARY KEY, source BLOB NOT NULL, type INTEGER NOT "
    "NULL, value BLOB NOT NULL, milli INTEGER NOT NULL, time_s INTEGER NOT NULL, expires_s INTEGER "
    "NOT NULL, UNIQUE (source, type, value));"
    "CREATE INDEX contribution_expires ON contribution (expires_s);"
    "PRAGMA user_version = 3;",

    "ALTER TABLE reputation ADD COLUMN seen_milli INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE reputation ADD COLUMN first_s INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE seen (id INTEGER PRIMARY KEY CHECK (id = 1), since_s INTEGER NOT NULL, last_s "
    "INTEGER NOT NULL);"
    "PRAGMA user_version = 4;",

    "CREATE TABLE word (number INTEGER PRIMARY KEY, document_id BLOB NOT NULL, source BLOB NOT "
    "NULL, label INTEGER NOT NULL, tested INTEGER, expires_s INTEGER NOT NULL, UNIQUE "
    "(document_id, source));"
    "CREATE TABLE trust (source BLOB PRIMARY KEY, agreed INTEGER NOT NULL, disagreed INTEGER NOT "
    "NULL, expires_s INTEGER NOT NULL) WITHOUT ROWID;"
    "PRAGMA user_version = 5;",
};

#define REPUTATION_COLUMNS                                                                         \
    "ham_milli, spam_milli, time_s, override, override_centi, override_until_s, expires_s, "       \
    "seen_milli, first_s"

static const char *const texts[SQL_STATEMENTS] = {
    [SQL_BEGIN_READ] = "BEGIN",
    [SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_DATA_VERSION] = "PRAGMA data_version",
    [SQL_STATE] = "SELECT run_id, installation_key FROM state",
    [SQL_STATE_KEY] = "UPDATE state SET installation_key = ?1",
    [SQL_STATE_ANOTHER] = "UPDATE state SET run_id = lower(hex(randomblob(16))), installation_key "
                          "= NULL",
    [SQL_SEEN_LOAD] = "SELECT since_s, last_s FROM seen",
    [SQL_SEEN_SINCE] = "SELECT since_s FROM seen WHERE last_s > ?1",
    [SQL_SEEN_SAVE] = "INSERT INTO seen (id, since_s, last_s) VALUES (1, ?1, ?2) ON CONFLICT DO "
                      "UPDATE SET since_s = ?1, last_s = ?2",
    [SQL_VERSION_NEWEST] = "SELECT max(version) FROM log",
    [SQL_SETTINGS_LOAD] = "SELECT version, text FROM settings",
    [SQL_SETTINGS_SAVE] = "INSERT OR REPLACE INTO settings (id, version, text) VALUES (1, ?1, ?2)",
    [SQL_EVENT_FIND] = "SELECT version FROM event WHERE id = ?1 AND expires_s > ?2",
    [SQL_EVENT_ADD] = "INSERT OR REPLACE INTO event (id, version, expires_s) VALUES (?1, ?2, "
                      "?3)",
    [SQL_EVENT_PRUNE] = "DELETE FROM event WHERE number IN (SELECT number FROM event ORDER BY "
                        "number LIMIT ?2) AND expires_s <= ?1",
    [SQL_EVENT_ALL] = "SELECT id, version, expires_s FROM event WHERE expires_s > ?1 ORDER BY "
                      "number",
    [SQL_LABEL_FIND] =
        "SELECT label, time_s, version, names, amounts FROM label WHERE document_id = ?1 "
        "AND source = ?2 AND expires_s > ?3",
    [SQL_LABEL_ADD] = "INSERT OR REPLACE INTO label (version, document_id, source, label, "
                      "time_s, names, expires_s, amounts) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
                      "?8)",
    [SQL_LABEL_REMOVE] = "DELETE FROM label WHERE document_id = ?1 AND source = ?2",
    [SQL_LABEL_PRUNE] = "DELETE FROM label WHERE version IN (SELECT version FROM label ORDER BY "
                        "version LIMIT ?2) AND expires_s <= ?1",
    [SQL_LABEL_ALL] = "SELECT version, document_id, source, label, time_s, names, expires_s, "
                      "amounts FROM label WHERE expires_s > ?1 ORDER BY version",
    [SQL_LOG_ADD] = "INSERT INTO log (version, lesson) VALUES (?1, ?2)",
    [SQL_LOG_READ] = "SELECT version, lesson FROM log WHERE version > ?1 ORDER BY version LIMIT "
                     "?2",
    [SQL_LOG_ALL] = "SELECT version, lesson FROM log ORDER BY version",
    [SQL_LOG_TRIM] = "DELETE FROM log WHERE version < ?1",
    [SQL_SNAPSHOT_VERSIONS] = "SELECT version, feature_version FROM snapshot",
    [SQL_SNAPSHOT_LOAD] = "SELECT version, feature_version, data FROM snapshot",
    [SQL_SNAPSHOT_SAVE] = "INSERT OR REPLACE INTO snapshot (id, version, feature_version, data) "
                          "VALUES (1, ?1, ?2, ?3)",
    [SQL_REPLICA_REPORT] = "INSERT OR REPLACE INTO replica (gateway, version, time_s) VALUES "
                           "(?1, ?2, ?3)",
    [SQL_REPLICA_SLOWEST] = "SELECT min(version) FROM replica WHERE time_s >= ?1",
    [SQL_REPUTATION_FIND] = "SELECT " REPUTATION_COLUMNS " FROM reputation WHERE type = ?1 AND "
                            "value = ?2 AND (expires_s IS NULL OR expires_s > ?3)",
    [SQL_REPUTATION_LIST] = "SELECT " REPUTATION_COLUMNS ", type, value FROM reputation WHERE "
                            "(type, value) > (?1, ?2) AND type <= ?3 AND (expires_s IS NULL OR "
                            "expires_s > ?4) ORDER BY type, value LIMIT ?5",
    [SQL_REPUTATION_ALL] = "SELECT " REPUTATION_COLUMNS ", type, value FROM reputation WHERE "
                           "expires_s IS NULL OR expires_s > ?1",
    [SQL_REPUTATION_OVERRIDDEN] = "SELECT " REPUTATION_COLUMNS ", type, value FROM reputation "
                                  "WHERE override <> 0 AND (expires_s IS NULL OR expires_s > ?1)",
    [SQL_REPUTATION_ADD] = "INSERT OR REPLACE INTO reputation (type, value, " REPUTATION_COLUMNS
                           ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [SQL_REPUTATION_COUNT] = "UPDATE reputation SET ham_milli = ?3, spam_milli = ?4 WHERE type "
                             "= ?1 AND value = ?2",
    [SQL_REPUTATION_FORGET] = "DELETE FROM reputation WHERE type = ?1 AND value = ?2",
    [SQL_CONTRIBUTION_FIND] = "SELECT milli, time_s, expires_s FROM contribution WHERE source = ?1 "
                              "AND type = ?2 AND value = ?3 AND expires_s > ?4",
    [SQL_CONTRIBUTION_ADD] = "INSERT INTO contribution (source, type, value, milli, time_s, "
                             "expires_s) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET "
                             "milli = ?4, time_s = ?5, expires_s = ?6",
    [SQL_CONTRIBUTION_FORGET] = "DELETE FROM contribution WHERE source = ?1 AND type = ?2 AND "
                                "value = ?3",
    [SQL_CONTRIBUTION_PRUNE] = "DELETE FROM contribution WHERE number IN (SELECT number FROM "
                               "contribution WHERE expires_s <= ?1 LIMIT ?2)",
    [SQL_WORD_ADD] =
        "INSERT INTO word (document_id, source, label, expires_s) SELECT ?1, ?2, ?3, ?4 WHERE "
        "(SELECT count(*) FROM word WHERE document_id = ?1 AND source <> ?2) < ?5 ON CONFLICT DO "
        "UPDATE SET label = ?3, expires_s = ?4 WHERE tested IS NULL",
    [SQL_WORD_FIND] = "SELECT number, source, label, tested FROM word WHERE document_id = ?1 AND "
                      "expires_s > ?2",
    [SQL_WORD_TEST] = "UPDATE word SET tested = ?2, expires_s = ?3 WHERE number = ?1",
    [SQL_WORD_PRUNE] = "DELETE FROM word WHERE number IN (SELECT number FROM word ORDER BY number "
                       "LIMIT ?2) AND expires_s <= ?1",
    [SQL_TRUST_FIND] = "SELECT agreed, disagreed FROM trust WHERE source = ?1 AND expires_s > ?2",
    [SQL_TRUST_SAVE] = "INSERT OR REPLACE INTO trust (source, agreed, disagreed, expires_s) VALUES "
                       "(?1, ?2, ?3, ?4)",
    [SQL_TRUST_ALL] = "SELECT agreed, disagreed, 0, source FROM trust WHERE expires_s > ?1 UNION "
                      "ALL SELECT 0, 0, count(*), source FROM word WHERE expires_s > ?1 GROUP BY "
                      "source",
    [SQL_TRUST_PRUNE] = "DELETE FROM trust WHERE source IN (SELECT source FROM trust WHERE "
                        "expires_s <= ?1 LIMIT ?2)",
    [SQL_CLEAR_WORD] = "DELETE FROM word",
    [SQL_CLEAR_TRUST] = "DELETE FROM trust",
    [SQL_CLEAR_CONTRIBUTION] = "DELETE FROM contribution",
    [SQL_CLEAR_SEEN] = "DELETE FROM seen",
    [SQL_CLEAR_LOG] = "DELETE FROM log",
    [SQL_CLEAR_SETTINGS] = "DELETE FROM settings",
    [SQL_CLEAR_EVENT] = "DELETE FROM event",
    [SQL_CLEAR_LABEL] = "DELETE FROM label",
    [SQL_CLEAR_SNAPSHOT] = "DELETE FROM snapshot",
    [SQL_CLEAR_REPLICA] = "DELETE FROM replica",
    [SQL_CLEAR_REPUTATION] = "DELETE FROM reputation",
    [SQL_REPUTATION_EXPIRED] = "SELECT type, value FROM reputation WHERE expires_s <= ?1 LIMIT 1",
};

/* --- failures --- */

/* What cannot be reached or written now may be so later: the store is away. Returns false. */
static bool call_away(struct error *error)
{
    if (error && error->class == ERROR_SYSTEM)
        error->class = ERROR_NETWORK;
    return false;
}

static bool fail(struct sqlite_link *link, struct error *error)
{
    int code = sqlite3_errcode(link->db);
    sqlite_file_fail(link->db, link->store->path, error);
    link->broken = link->broken || (code != SQLITE_BUSY && code != SQLITE_FULL);
    return call_away(error);
}

/* SQLite's own waits grow to 100 ms, in which a process that writes all the time takes the lock
 * again and again; these are short, so that each gets its turn. */
static int wait_for_lock(void *context, int count)
{
    struct sqlite_link *link = context;
    if (count == 0)
        link->busy_since_ms = monotonic_ms();
    if (monotonic_ms() - link->busy_since_ms >= link->store->timeout_ms)
        return 0;
    nanosleep(&(struct timespec){0, 300000 + (long)(random() % 700000)}, NULL);
    return 1;
}

/* --- connections --- */

bool counts_sqlite_is_current(const struct sqlite_link *link)
{
    struct stat status;
    return stat(link->store->path, &status) == 0 && status.st_dev == link->device &&
           status.st_ino == link->inode;
}

static void close_link(struct sqlite_link *link)
{
    if (!link)
        return;
    for (size_t i = 0; i < SQL_STATEMENTS; i++)
        sqlite3_finalize(link->statements[i]);
    sqlite3_close(link->db);
    free(link);
}

/* A file that is there and not empty must be one of ours. */
static bool check_file(struct sqlite_link *link, struct error *error)
{
    int version = sqlite_file_pragma(link->db, "PRAGMA user_version");
    int tables = sqlite_file_pragma(link->db, "SELECT count(*) FROM sqlite_master");
    int application = sqlite_file_pragma(link->db, "PRAGMA application_id");
    if (version < 0 || tables < 0 || application < 0)
        return fail(link, error);
    if (application != APPLICATION_ID && (version > 0 || tables > 0))
        return error_set(error, ERROR_SYSTEM,
                         "%s: is a database, but no counts store of weir's; name another file",
                         link->store->path);
    return sqlite_file_schema(link->db, link->store->path, steps, sizeof steps / sizeof *steps, 0,
                              error);
}

static struct sqlite_link *open_link(const struct counts_sqlite *sqlite, struct error *error)
{
    struct sqlite_link *link = memory_new(sizeof *link);
    link->store = sqlite;
    link->db = sqlite_file_open(sqlite->path, "FULL", sqlite->timeout_ms, error);
    struct stat status;
    bool good = link->db || call_away(error);
    if (good && stat(sqlite->path, &status) != 0)
        good = error_set(error, ERROR_NETWORK, "%s: %m", sqlite->path);
    if (good) {
        char limits[128];
        snprintf(limits, sizeof limits, "PRAGMA journal_size_limit = %d; PRAGMA cache_size = -%d",
                 WAL_LIMIT_BYTES, CACHE_KB);
        link->device = status.st_dev;
        link->inode = status.st_ino;
        if (sqlite3_busy_handler(link->db, wait_for_lock, link) != SQLITE_OK ||
            sqlite3_exec(link->db, limits, NULL, NULL, NULL) != SQLITE_OK)
            good = fail(link, error);
    }
    if (good && check_file(link, error))
        return link;
    close_link(link);
    return NULL;
}

/* With the lock held. Waits for one to come back when all are lent. */
static bool wait_for_turn(struct counts_sqlite *sqlite, struct error *error)
{
    struct timespec until = monotonic_after_ms(sqlite->timeout_ms);
    while (sqlite->lent >= sqlite->pool_size)
        if (pthread_cond_timedwait(&sqlite->returned, &sqlite->lock, &until) != 0)
            return error_set(error, ERROR_NETWORK, "%s: all %u connections are busy", sqlite->path,
                             sqlite->pool_size);
    return true;
}

struct sqlite_link *counts_sqlite_borrow(struct counts_sqlite *sqlite, bool waits,
                                         struct error *error)
{
    pthread_mutex_lock(&sqlite->lock);
    bool mine = waits || wait_for_turn(sqlite, error);
    struct sqlite_link *link = mine ? sqlite->idle : NULL;
    if (link) {
        sqlite->idle = link->next;
        sqlite->idle_count--;
    }
    sqlite->lent += mine && !waits;
    pthread_mutex_unlock(&sqlite->lock);
    if (link && !counts_sqlite_is_current(link)) {
        close_link(link);
        link = NULL;
    }
    if (mine && !link) {
        link = open_link(sqlite, error);
        if (!link && !waits) {
            pthread_mutex_lock(&sqlite->lock);
            sqlite->lent--;
            pthread_cond_signal(&sqlite->returned);
            pthread_mutex_unlock(&sqlite->lock);
        }
    }
    return link;
}

void counts_sqlite_return(struct counts_sqlite *sqlite, struct sqlite_link *link, bool waits)
{
    pthread_mutex_lock(&sqlite->lock);
    if (!link->broken && sqlite->idle_count < sqlite->pool_size) {
        link->next = sqlite->idle;
        sqlite->idle = link;
        sqlite->idle_count++;
        link = NULL;
    }
    if (!waits) {
        sqlite->lent--;
        pthread_cond_signal(&sqlite->returned);
    }
    pthread_mutex_unlock(&sqlite->lock);
    close_link(link);
}

void counts_sqlite_close_links(struct counts_sqlite *sqlite)
{
    while (sqlite->idle) {
        struct sqlite_link *link = sqlite->idle;
        sqlite->idle = link->next;
        close_link(link);
    }
    sqlite->idle_count = 0;
}

/* --- statements and transactions --- */

sqlite3_stmt *counts_sqlite_prepare(struct sqlite_link *link, enum sql_statement which,
                                    struct error *error)
{
    sqlite3_stmt **statement = &link->statements[which];
    if (!*statement && sqlite3_prepare_v3(link->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                                          statement, NULL) != SQLITE_OK) {
        fail(link, error);
        return NULL;
    }
    sqlite3_reset(*statement);
    sqlite3_clear_bindings(*statement);
    return *statement;
}

int counts_sqlite_step(struct sqlite_link *link, sqlite3_stmt *statement, struct error *error)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return code;
    if (code != SQLITE_DONE)
        fail(link, error);
    sqlite3_reset(statement);
    return code;
}

bool counts_sqlite_run(struct sqlite_link *link, sqlite3_stmt *statement, struct error *error)
{
    return counts_sqlite_step(link, statement, error) == SQLITE_DONE;
}

void counts_sqlite_bind(sqlite3_stmt *statement, int parameter, const void *data, size_t length)
{
    sqlite3_bind_blob64(statement, parameter, length ? data : "", length, SQLITE_STATIC);
}

static bool run_plain(struct sqlite_link *link, enum sql_statement which, struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(link, which, error);
    return statement && counts_sqlite_run(link, statement, error);
}

static bool transact(struct sqlite_link *link, enum sql_statement begin, counts_sqlite_work *work,
                     void *context, struct error *error)
{
    bool good = run_plain(link, begin, error) && work(link, context, error) &&
                run_plain(link, SQL_COMMIT, error);
    /* SQLite has rolled back by itself after some failures (a full disk). */
    if (!good && !sqlite3_get_autocommit(link->db)) {
        for (size_t i = 0; i < SQL_STATEMENTS; i++)
            sqlite3_reset(link->statements[i]);
        run_plain(link, SQL_ROLLBACK, NULL);
    }
    return good;
}

bool counts_sqlite_read(struct counts_sqlite *sqlite, counts_sqlite_work *work, void *context,
                        struct error *error)
{
    struct sqlite_link *link = counts_sqlite_borrow(sqlite, false, error);
    bool good = link && transact(link, SQL_BEGIN_READ, work, context, error);
    if (link)
        counts_sqlite_return(sqlite, link, false);
    return good;
}

bool counts_sqlite_write(struct counts_sqlite *sqlite, counts_sqlite_work *work, void *context,
                         struct error *error)
{
    struct sqlite_link *link = counts_sqlite_borrow(sqlite, false, error);
    if (!link)
        return false;
    struct timespec until = monotonic_after_ms(sqlite->timeout_ms);
    bool good = pthread_mutex_clocklock(&sqlite->writing, CLOCK_MONOTONIC, &until) == 0;
    if (good) {
        good = transact(link, SQL_BEGIN_WRITE, work, context, error);
        pthread_mutex_unlock(&sqlite->writing);
    } else {
        error_set(error, ERROR_NETWORK, "%s: another thread kept it locked for too long",
                  sqlite->path);
    }
    counts_sqlite_return(sqlite, link, false);
    return good;
}
