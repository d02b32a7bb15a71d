#include "store/counts_sqlite.h"

#include "store/counts_ops.h"
#include "store/memory.h"
#include "store/monotonic.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REPORT_LIFE_S 10
#define REPORT_AGAIN_MS 4000 /* the same version */

/* --- snapshots --- */

static bool load_snapshot(struct sqlite_link *link, void *context, struct error *error)
{
    struct snapshot *snapshot = context;
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_SNAPSHOT_LOAD, error);
    int code = statement ? counts_sqlite_step(link, statement, error) : SQLITE_ERROR;
    if (code == SQLITE_ROW) {
        size_t length = (size_t)sqlite3_column_bytes(statement, 2);
        *snapshot = (struct snapshot){
            (uint64_t)sqlite3_column_int64(statement, 0),
            (uint32_t)sqlite3_column_int64(statement, 1),
            (unsigned char *)memory_copy(sqlite3_column_blob(statement, 2), length), length};
    }
    sqlite3_reset(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

bool counts_sqlite_snapshot_load(struct counts_store *store, struct snapshot *snapshot,
                                 struct error *error)
{
    return counts_sqlite_read(counts_sqlite_of(store), load_snapshot, snapshot, error);
}

bool counts_sqlite_write_snapshot(struct sqlite_link *link, const struct snapshot *snapshot,
                                  struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_SNAPSHOT_SAVE, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, (int64_t)snapshot->version);
    sqlite3_bind_int64(statement, 2, snapshot->feature_version);
    counts_sqlite_bind(statement, 3, snapshot->data, snapshot->length);
    return counts_sqlite_run(link, statement, error);
}

struct saving {
    const struct snapshot *snapshot;
    bool *stored;
};

static bool is_newer(struct sqlite_link *link, const struct snapshot *snapshot, bool *newer,
                     struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_SNAPSHOT_VERSIONS, error);
    int code = statement ? counts_sqlite_step(link, statement, error) : SQLITE_ERROR;
    bool there = code == SQLITE_ROW;
    uint64_t version = there ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
    uint32_t features = there ? (uint32_t)sqlite3_column_int64(statement, 1) : 0;
    sqlite3_reset(statement);
    *newer = version < snapshot->version;
    if (features > snapshot->feature_version)
        return counts_refuse_snapshot(snapshot, features, error);
    return there || code == SQLITE_DONE;
}

static bool save_snapshot(struct sqlite_link *link, void *context, struct error *error)
{
    struct saving *saving = context;
    const struct snapshot *snapshot = saving->snapshot;
    bool newer;
    if (!is_newer(link, snapshot, &newer, error))
        return false;
    if (!newer)
        return true;
    /* The log keeps the entry of the snapshot itself, so that it never forgets its newest
     * version. */
    sqlite3_stmt *trim = counts_sqlite_prepare(link, SQL_LOG_TRIM, error);
    if (!trim)
        return false;
    sqlite3_bind_int64(trim, 1, (int64_t)snapshot->version);
    *saving->stored =
        counts_sqlite_write_snapshot(link, snapshot, error) && counts_sqlite_run(link, trim, error);
    return *saving->stored;
}

bool counts_sqlite_snapshot_save(struct counts_store *store, const struct snapshot *snapshot,
                                 bool *stored, struct error *error)
{
    struct saving saving = {snapshot, stored};
    bool good = counts_sqlite_write(counts_sqlite_of(store), save_snapshot, &saving, error);
    *stored = *stored && good;
    return good;
}

/* --- replicas --- */

struct report {
    const char *gateway;
    uint64_t version;
};

static bool write_report(struct sqlite_link *link, void *context, struct error *error)
{
    const struct report *report = context;
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_REPLICA_REPORT, error);
    if (!statement)
        return false;
    sqlite3_bind_text(statement, 1, report->gateway, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, (int64_t)report->version);
    sqlite3_bind_int64(statement, 3, time(NULL));
    return counts_sqlite_run(link, statement, error);
}

/* Gateways report every second; on a disk that is much for what nobody needs. */
static bool is_fresh(struct counts_sqlite *sqlite, const struct report *report)
{
    pthread_mutex_lock(&sqlite->lock);
    bool fresh = sqlite->reported_gateway &&
                 strcmp(sqlite->reported_gateway, report->gateway) == 0 &&
                 sqlite->reported_version == report->version &&
                 monotonic_ms() - sqlite->reported_ms < REPORT_AGAIN_MS;
    pthread_mutex_unlock(&sqlite->lock);
    return fresh;
}

bool counts_sqlite_replica_report(struct counts_store *store, const char *gateway, uint64_t version,
                                  struct error *error)
{
    struct counts_sqlite *sqlite = counts_sqlite_of(store);
    struct report report = {gateway, version};
    if (is_fresh(sqlite, &report))
        return true;
    if (!counts_sqlite_write(sqlite, write_report, &report, error))
        return false;
    pthread_mutex_lock(&sqlite->lock);
    free(sqlite->reported_gateway);
    sqlite->reported_gateway = memory_text(gateway);
    sqlite->reported_version = version;
    sqlite->reported_ms = monotonic_ms();
    pthread_mutex_unlock(&sqlite->lock);
    return true;
}

static bool find_slowest(struct sqlite_link *link, void *context, struct error *error)
{
    uint64_t *slowest = context;
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_REPLICA_SLOWEST, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, time(NULL) - REPORT_LIFE_S);
    int code = counts_sqlite_step(link, statement, error);
    if (code == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL)
        *slowest = (uint64_t)sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return code == SQLITE_ROW;
}

bool counts_sqlite_replica_slowest(struct counts_store *store, uint64_t *slowest,
                                   struct error *error)
{
    return counts_sqlite_read(counts_sqlite_of(store), find_slowest, slowest, error);
}
