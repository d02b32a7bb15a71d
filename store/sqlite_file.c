#include "store/sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_MODE 0660 /* several users of one group write it */

/* Making a file, and opening it, for one thread at a time: whoever made it closes a descriptor of
 * it, and that would drop the locks of a connection which another thread had opened meanwhile. */
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

/* What an admin can do about it. */
static const char *remedy(int code)
{
    switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "; another process kept it locked for too long";
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

bool sqlite_file_fail(sqlite3 *db, const char *path, struct error *error)
{
    int code = sqlite3_errcode(db);
    return error_set(error,
                     code == SQLITE_NOTADB || code == SQLITE_CORRUPT ? ERROR_INPUT : ERROR_SYSTEM,
                     "%s: %s%s", path, sqlite3_errmsg(db), remedy(code));
}

/* weirctl may be the first to need a file of the daemons, and be run by root. */
static bool give_away(int fd, const char *path)
{
    if (geteuid() != 0)
        return true;
    const char *slash = strrchr(path, '/');
    char directory[4096];
    snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - path) + 1 : 1,
             slash ? path : ".");
    struct stat owner;
    return stat(directory, &owner) == 0 && fchown(fd, owner.st_uid, owner.st_gid) == 0;
}

/* SQLite would make the file 0644 less the umask, and says only "unable to open database file"
 * when it cannot. Its -wal and -shm get mode and owner of the file itself. A file that is there is
 * only asked about: closing any descriptor of it would drop the locks of this process's other
 * connections (POSIX), and another process could then take their -wal away. */
static bool make_file(const char *path, struct error *error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    bool good = fd >= 0
                    ? fchmod(fd, FILE_MODE) == 0 && give_away(fd, path)
                    : errno == EEXIST && faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0;
    if (!good)
        error_set(error, ERROR_SYSTEM, "%s: %m%s", path,
                  remedy(errno == ENOENT || errno == ENOTDIR                   ? SQLITE_CANTOPEN
                         : errno == EACCES || errno == EPERM || errno == EROFS ? SQLITE_READONLY
                                                                               : SQLITE_OK));
    if (fd >= 0)
        close(fd);
    return good;
}

/* A file that several processes open for the first time at once: the change to WAL needs it alone
 * and, unlike everything else, does not wait. */
static int change_to_wal(sqlite3 *db, unsigned busy_ms)
{
    int code = SQLITE_BUSY;
    for (int left_ms = (int)busy_ms; code == SQLITE_BUSY && left_ms > 0; left_ms -= 10) {
        code = sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
        if (code == SQLITE_BUSY)
            nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    return code;
}

sqlite3 *sqlite_file_open(const char *path, const char *synchronous, unsigned busy_ms,
                          struct error *error)
{
    sqlite3 *db = NULL;
    pthread_mutex_lock(&making);
    bool made = make_file(path, error);
    int code = made ? sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL)
                    : SQLITE_ERROR;
    pthread_mutex_unlock(&making);
    if (!made)
        return NULL;
    char pragma[64];
    snprintf(pragma, sizeof pragma, "PRAGMA synchronous = %s", synchronous);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(db, (int)busy_ms);
    if (code == SQLITE_OK)
        code = change_to_wal(db, busy_ms);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, pragma, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        return db;
    sqlite_file_fail(db, path, error);
    sqlite3_close(db);
    return NULL;
}

int sqlite_file_pragma(sqlite3 *db, const char *text)
{
    sqlite3_stmt *statement;
    int value = -1;
    if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) != SQLITE_OK)
        return -1;
    if (sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int(statement, 0);
    return sqlite3_finalize(statement) == SQLITE_OK ? value : -1;
}

/* With the write lock, since another process may be faster. */
static bool upgrade(sqlite3 *db, const char *const *steps, int count)
{
    int version = sqlite_file_pragma(db, "PRAGMA user_version");
    bool good = version >= 0;
    while (good && version < count)
        good = sqlite3_exec(db, steps[version++], NULL, NULL, NULL) == SQLITE_OK;
    return good;
}

static bool upgrade_alone(sqlite3 *db, const char *const *steps, int count, unsigned wait_ms)
{
    int busy_ms = sqlite_file_pragma(db, "PRAGMA busy_timeout");
    bool good = busy_ms >= 0;
    if (wait_ms)
        good = good && sqlite3_busy_timeout(db, (int)wait_ms) == SQLITE_OK;
    good = good && sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
           upgrade(db, steps, count) && sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
    if (wait_ms)
        good = good && sqlite3_busy_timeout(db, busy_ms) == SQLITE_OK;
    return good;
}

bool sqlite_file_schema(sqlite3 *db, const char *path, const char *const *steps, size_t count,
                        unsigned wait_ms, struct error *error)
{
    int version = sqlite_file_pragma(db, "PRAGMA user_version"), newest = (int)count;
    if (version > newest)
        return error_set(error, ERROR_SYSTEM,
                         "%s: was made by a newer weir (schema %d, this one knows %d); install "
                         "that one, or move the file away and a new one will be made",
                         path, version, newest);
    if (version == newest)
        return true;
    return (version >= 0 && upgrade_alone(db, steps, newest, wait_ms)) ||
           sqlite_file_fail(db, path, error);
}
