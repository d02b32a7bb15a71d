#include "store/records_db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 5000
#define FILE_MODE 0660 /* weir-milter writes it, and weir-release, another user of one group */

/* Step n makes a file of version n + 1 from one of version n; a new file goes through all of them.
 * Ids of held entries are never used again: a request that is late must not meet another one. Nor
 * are the numbers of changes, whatever is removed: a server waits for what comes after one. */
static const char *const steps[] = {
    "CREATE TABLE history (id INTEGER PRIMARY KEY, document_id BLOB NOT NULL, time_s INTEGER NOT "
    "NULL, channel TEXT NOT NULL, action TEXT NOT NULL, log_odds REAL NOT NULL, sender TEXT NOT "
    "NULL, recipients TEXT NOT NULL, subject TEXT NOT NULL, reference TEXT NOT NULL, evidence "
    "TEXT NOT NULL);"
    "CREATE INDEX history_document ON history (document_id);"
    "CREATE INDEX history_reference ON history (reference);"
    "CREATE INDEX history_time ON history (time_s);"
    "CREATE TABLE held (id INTEGER PRIMARY KEY AUTOINCREMENT, state INTEGER NOT NULL, document_id "
    "BLOB NOT NULL, time_s INTEGER NOT NULL, state_time_s INTEGER NOT NULL, former_state INTEGER "
    "NOT NULL DEFAULT 0, missing_since_s INTEGER NOT NULL DEFAULT 0, started_s INTEGER NOT NULL "
    "DEFAULT 0, channel TEXT NOT NULL, sender TEXT NOT NULL, recipients TEXT NOT "
    "NULL, subject TEXT NOT NULL, reference TEXT NOT NULL, requeued_as TEXT NOT NULL DEFAULT '', "
    "log_odds REAL NOT NULL, evidence TEXT NOT NULL, lesson BLOB, item BLOB, taught "
    "INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX held_state ON held (state);"
    "CREATE INDEX held_reference ON held (reference);"
    "CREATE INDEX held_requeued_as ON held (requeued_as);"
    "CREATE TABLE judged (feed TEXT NOT NULL, guid TEXT NOT NULL, content_hash BLOB NOT NULL, "
    "action TEXT NOT NULL, log_odds REAL NOT NULL, time_s INTEGER NOT NULL, held_id INTEGER NOT "
    "NULL, PRIMARY KEY (feed, guid)) WITHOUT ROWID;"
    "CREATE TABLE audit (id INTEGER PRIMARY KEY, time_s INTEGER NOT NULL, who TEXT NOT NULL, what "
    "TEXT NOT NULL, subject TEXT NOT NULL);"
    "PRAGMA user_version = 1;",

    "ALTER TABLE held ADD COLUMN item_head BLOB;"
    "ALTER TABLE held ADD COLUMN change INTEGER NOT NULL DEFAULT 0;"
    "UPDATE held SET change = id;"
    "CREATE INDEX held_change ON held (change);"
    "CREATE INDEX held_sender ON held (sender, state_time_s);"
    "CREATE TABLE held_changes (last INTEGER NOT NULL);"
    "INSERT INTO held_changes SELECT coalesce(max(change), 0) FROM held;"
    "CREATE TRIGGER held_added AFTER INSERT ON held BEGIN "
    "UPDATE held_changes SET last = last + 1; "
    "UPDATE held SET change = (SELECT last FROM held_changes) WHERE id = NEW.id; END;"
    "CREATE TRIGGER held_moved AFTER UPDATE OF state ON held BEGIN "
    "UPDATE held_changes SET last = last + 1; "
    "UPDATE held SET change = (SELECT last FROM held_changes) WHERE id = NEW.id; END;"
    "PRAGMA user_version = 2;",
};
#define SCHEMA_VERSION ((int)(sizeof steps / sizeof *steps))

/* What an admin can do about it. */
static const char *remedy(int code)
{
    switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "; another process kept it locked for 5 s";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return "; run as root, or let this user write the file and its directory";
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return "; move it away and a new one will be made, or restore a copy";
    case SQLITE_FULL:
        return "; make room on the disk";
    case SQLITE_CANTOPEN:
        return "; the directory must exist and let this user write";
    default:
        return "";
    }
}

bool records_db_fail(sqlite3 *db, const char *path, struct error *error)
{
    return error_set(error, ERROR_SYSTEM, "%s: %s%s", path, sqlite3_errmsg(db),
                     remedy(sqlite3_errcode(db)));
}

/* SQLite would make the file 0644 less the umask, and says only "unable to open database file"
 * when it cannot. Its -wal and -shm get the mode of the file itself. A file that is there is only
 * asked about: closing any descriptor of it would drop the locks of this process's other
 * connections (POSIX), and another process could then take their -wal away. */
static bool make_file(const char *path, struct error *error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    bool good = fd >= 0
                    ? fchmod(fd, FILE_MODE) == 0
                    : errno == EEXIST && faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0;
    if (!good)
        error_set(error, ERROR_SYSTEM, "%s: %m%s", path,
                  remedy(errno == ENOENT                                       ? SQLITE_CANTOPEN
                         : errno == EACCES || errno == EPERM || errno == EROFS ? SQLITE_READONLY
                                                                               : SQLITE_OK));
    if (fd >= 0)
        close(fd);
    return good;
}

/* A file that several processes open for the first time at once: the change to WAL needs it alone
 * and, unlike everything else, does not wait. */
static int change_to_wal(sqlite3 *db)
{
    int code = SQLITE_BUSY;
    for (int left_ms = BUSY_TIMEOUT_MS; code == SQLITE_BUSY && left_ms > 0; left_ms -= 10) {
        code = sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
        if (code == SQLITE_BUSY)
            nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    return code;
}

sqlite3 *records_db_open(const char *path, const char *synchronous, struct error *error)
{
    if (!make_file(path, error))
        return NULL;
    sqlite3 *db = NULL;
    char pragma[64];
    snprintf(pragma, sizeof pragma, "PRAGMA synchronous = %s", synchronous);
    int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
    if (code == SQLITE_OK)
        code = change_to_wal(db);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, pragma, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        return db;
    records_db_fail(db, path, error);
    sqlite3_close(db);
    return NULL;
}

static int read_version(sqlite3 *db)
{
    sqlite3_stmt *statement;
    int version = -1;
    if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL) != SQLITE_OK)
        return -1;
    if (sqlite3_step(statement) == SQLITE_ROW)
        version = sqlite3_column_int(statement, 0);
    return sqlite3_finalize(statement) == SQLITE_OK ? version : -1;
}

/* With the write lock, since another process may be faster. */
static bool upgrade(sqlite3 *db)
{
    int version = read_version(db);
    bool good = version >= 0;
    while (good && version < SCHEMA_VERSION)
        good = sqlite3_exec(db, steps[version++], NULL, NULL, NULL) == SQLITE_OK;
    return good;
}

bool records_db_schema(sqlite3 *db, const char *path, struct error *error)
{
    int version = read_version(db);
    if (version > SCHEMA_VERSION)
        return error_set(error, ERROR_SYSTEM,
                         "%s: was made by a newer weir (schema %d, this one knows %d); install "
                         "that one, or move the file away and a new one will be made",
                         path, version, SCHEMA_VERSION);
    if (version == SCHEMA_VERSION)
        return true;
    if (version >= 0 && sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
        upgrade(db) && sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
        return true;
    return records_db_fail(db, path, error);
}
