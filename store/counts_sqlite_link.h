/* counts_sqlite_link: the connections of counts_sqlite.h, their prepared statements and their
 * transactions. Internal to store/. */
#ifndef WEIR_COUNTS_SQLITE_LINK_H
#define WEIR_COUNTS_SQLITE_LINK_H

#include "store/counts_ops.h"

#include <pthread.h>
#include <sqlite3.h>
#include <sys/types.h>

/* Their texts are in counts_sqlite_link.c. */
enum sql_statement {
    SQL_BEGIN_READ,
    SQL_BEGIN_WRITE,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_DATA_VERSION,
    SQL_STATE,
    SQL_STATE_KEY,
    SQL_STATE_ANOTHER,
    SQL_SEEN_LOAD,
    SQL_SEEN_SINCE,
    SQL_SEEN_SAVE,
    SQL_VERSION_NEWEST,
    SQL_SETTINGS_LOAD,
    SQL_SETTINGS_SAVE,
    SQL_EVENT_FIND,
    SQL_EVENT_ADD,
    SQL_EVENT_PRUNE,
    SQL_EVENT_ALL,
    SQL_LABEL_FIND,
    SQL_LABEL_ADD,
    SQL_LABEL_REMOVE,
    SQL_LABEL_PRUNE,
    SQL_LABEL_ALL,
    SQL_LOG_ADD,
    SQL_LOG_READ,
    SQL_LOG_ALL,
    SQL_LOG_TRIM,
    SQL_SNAPSHOT_VERSIONS,
    SQL_SNAPSHOT_LOAD,
    SQL_SNAPSHOT_SAVE,
    SQL_REPLICA_REPORT,
    SQL_REPLICA_SLOWEST,
    SQL_REPUTATION_FIND,
    SQL_REPUTATION_LIST,
    SQL_REPUTATION_ALL,
    SQL_REPUTATION_OVERRIDDEN,
    SQL_REPUTATION_ADD,
    SQL_REPUTATION_COUNT,
    SQL_REPUTATION_FORGET,
    SQL_REPUTATION_EXPIRED,
    SQL_CONTRIBUTION_FIND,
    SQL_CONTRIBUTION_ADD,
    SQL_CONTRIBUTION_FORGET,
    SQL_CONTRIBUTION_PRUNE,
    SQL_WORD_ADD,
    SQL_WORD_FIND,
    SQL_WORD_TEST,
    SQL_WORD_PRUNE,
    SQL_TRUST_FIND,
    SQL_TRUST_SAVE,
    SQL_TRUST_ALL,
    SQL_TRUST_PRUNE,
    SQL_CLEAR_CONTRIBUTION,
    SQL_CLEAR_WORD,
    SQL_CLEAR_TRUST,
    SQL_CLEAR_SEEN,
    SQL_CLEAR_LOG,
    SQL_CLEAR_SETTINGS,
    SQL_CLEAR_EVENT,
    SQL_CLEAR_LABEL,
    SQL_CLEAR_SNAPSHOT,
    SQL_CLEAR_REPLICA,
    SQL_CLEAR_REPUTATION,
    SQL_STATEMENTS
};

/* One connection, for one thread at a time. */
struct sqlite_link {
    const struct counts_sqlite *store;
    sqlite3 *db;
    sqlite3_stmt *statements[SQL_STATEMENTS];
    dev_t device; /* of the file it has open */
    ino_t inode;
    int64_t busy_since_ms; /* for the current wait for a lock */
    bool broken;
    struct sqlite_link *next; /* idle */
};

struct counts_sqlite {
    struct counts_store base; /* first: see counts_ops.h */
    char *url, *path;
    unsigned timeout_ms, pool_size;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t returned;
    struct sqlite_link *idle;
    unsigned idle_count, lent;
    uint64_t reported_version; /* counts_replica_report(): the last one written */
    int64_t reported_ms;
    char *reported_gateway;
    pthread_mutex_t writing; /* one of our threads at a time asks SQLite for its lock */
};

static inline struct counts_sqlite *counts_sqlite_of(struct counts_store *store)
{
    return (struct counts_sqlite *)store;
}

/* A connection to the file, which is made when it is not there; one that was put in its place
 * since is opened anew. At most `pool_size` are lent, the others wait for their turn within the
 * timeout; with `waits`, for a follower that may keep it for long, it is not among those. NULL on
 * failure: ERROR_NETWORK, as always when the file cannot be reached or written now, or
 * ERROR_SYSTEM when it is no store or a newer weir's. */
struct sqlite_link *counts_sqlite_borrow(struct counts_sqlite *sqlite, bool waits,
                                         struct error *error);
void counts_sqlite_return(struct counts_sqlite *sqlite, struct sqlite_link *link, bool waits);

/* False when somebody has put another file, or none, in the place of the one that is open. */
bool counts_sqlite_is_current(const struct sqlite_link *link);

/* Closes those that are idle. */
void counts_sqlite_close_links(struct counts_sqlite *sqlite);

/* Statement `which`, without bindings; NULL on failure. */
sqlite3_stmt *counts_sqlite_prepare(struct sqlite_link *link, enum sql_statement which,
                                    struct error *error);

/* One step: SQLITE_ROW or SQLITE_DONE; anything else has set `error`. After anything but a row the
 * statement is reset. */
int counts_sqlite_step(struct sqlite_link *link, sqlite3_stmt *statement, struct error *error);

/* A step of a statement that has no rows. */
bool counts_sqlite_run(struct sqlite_link *link, sqlite3_stmt *statement, struct error *error);

/* No text or blob is NULL, however short. It must live until the statement was run. */
void counts_sqlite_bind(sqlite3_stmt *statement, int parameter, const void *data, size_t length);

typedef bool counts_sqlite_work(struct sqlite_link *link, void *context, struct error *error);

/* Does `work` in one transaction, which sees the store as it is at its begin; when it fails
 * nothing has changed. */
bool counts_sqlite_read(struct counts_sqlite *sqlite, counts_sqlite_work *work, void *context,
                        struct error *error);
bool counts_sqlite_write(struct counts_sqlite *sqlite, counts_sqlite_work *work, void *context,
                         struct error *error);

#endif
