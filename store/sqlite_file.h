/* sqlite_file: what weir's SQLite files have in common: how one is made and opened, its tables, and
 * how failures are told. For the records and for the counts store; internal to store/. */
#ifndef WEIR_SQLITE_FILE_H
#define WEIR_SQLITE_FILE_H

#include "store/error.h"

#include <sqlite3.h>
#include <stddef.h>

/* Opens the file, creating it with mode 0660, for one thread at a time: WAL, waiting up to
 * `busy_ms` for other writers. `synchronous` is "FULL" or "NORMAL". A file that root makes belongs
 * to whom its directory belongs. NULL on failure, as sqlite_file_fail() tells it. */
sqlite3 *sqlite_file_open(const char *path, const char *synchronous, unsigned busy_ms,
                          struct error *error);

/* Brings a file's tables to version `count`: step n makes a file of version n + 1 from one of
 * version n and ends in "PRAGMA user_version = n + 1"; a new file goes through all of them. Refuses
 * a file of a higher version. Several processes may do so at once: each waits, for `wait_ms` at
 * most (0: as long as the connection does for anybody), until the other is done. After a failure
 * the connection is of no use. */
bool sqlite_file_schema(sqlite3 *db, const char *path, const char *const *steps, size_t count,
                        unsigned wait_ms, struct error *error);

/* The value of a PRAGMA that is a number; -1 on failure. */
int sqlite_file_pragma(sqlite3 *db, const char *text);

/* "PATH: REASON; how to mend it", from the connection's last failure: ERROR_INPUT for a file that
 * is no database or a broken one, else ERROR_SYSTEM. Returns false. */
bool sqlite_file_fail(sqlite3 *db, const char *path, struct error *error);

#endif
