#include "store/counts_sqlite.h"

#include "store/memory.h"
#include "store/monotonic.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define SCHEME "sqlite://"

static void sqlite_close(struct counts_store *store)
{
    struct counts_sqlite *sqlite = counts_sqlite_of(store);
    counts_sqlite_close_links(sqlite);
    pthread_mutex_destroy(&sqlite->writing);
    pthread_cond_destroy(&sqlite->returned);
    pthread_mutex_destroy(&sqlite->lock);
    free(sqlite->reported_gateway);
    free(sqlite->path);
    free(sqlite->url);
    free(sqlite);
}

static const char *sqlite_name(const struct counts_store *store)
{
    return ((const struct counts_sqlite *)store)->url;
}

static bool read_health(struct sqlite_link *link, void *context, struct error *error)
{
    struct counts_health *health = context;
    sqlite3_stmt *state = counts_sqlite_prepare(link, SQL_STATE, error);
    if (!state || !counts_sqlite_newest(link, &health->version, error))
        return false;
    int code = counts_sqlite_step(link, state, error);
    if (code == SQLITE_ROW)
        snprintf(health->run_id, sizeof health->run_id, "%s", sqlite3_column_text(state, 0));
    sqlite3_reset(state);
    struct counts_settings settings = {0};
    bool good = (code == SQLITE_ROW || code == SQLITE_DONE) &&
                counts_sqlite_read_settings(link, &settings, error);
    health->settings = settings.version;
    counts_settings_clear(&settings);
    return good;
}

static bool sqlite_health(struct counts_store *store, struct counts_health *health,
                          struct error *error)
{
    *health = (struct counts_health){.time_s = time(NULL), .persistent = true};
    return counts_sqlite_read(counts_sqlite_of(store), read_health, health, error);
}

/* `key` stays as it is when there is none yet. */
static bool read_key(struct sqlite_link *link, unsigned char *key, bool *found, struct error *error)
{
    sqlite3_stmt *state = counts_sqlite_prepare(link, SQL_STATE, error);
    int code = state ? counts_sqlite_step(link, state, error) : SQLITE_ERROR;
    *found = code == SQLITE_ROW && sqlite3_column_bytes(state, 1) == COUNTS_KEY_BYTES;
    if (*found)
        memcpy(key, sqlite3_column_blob(state, 1), COUNTS_KEY_BYTES);
    sqlite3_reset(state);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

struct key {
    const unsigned char *proposed; /* NULL: none */
    unsigned char *bytes;
    bool found;
};

static bool look_for_key(struct sqlite_link *link, void *context, struct error *error)
{
    struct key *key = context;
    return read_key(link, key->bytes, &key->found, error);
}

static bool make_key(struct sqlite_link *link, void *context, struct error *error)
{
    struct key *key = context;
    /* Another process may have been faster. */
    if (!read_key(link, key->bytes, &key->found, error) || key->found)
        return key->found;
    if (key->proposed)
        memcpy(key->bytes, key->proposed, COUNTS_KEY_BYTES);
    else if (getrandom(key->bytes, COUNTS_KEY_BYTES, 0) != COUNTS_KEY_BYTES)
        return error_set(error, ERROR_SYSTEM, "no random bytes for the installation's key: %s",
                         strerror(errno));
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_STATE_KEY, error);
    if (!statement)
        return false;
    counts_sqlite_bind(statement, 1, key->bytes, COUNTS_KEY_BYTES);
    return counts_sqlite_run(link, statement, error);
}

static bool sqlite_installation_key(struct counts_store *store, const unsigned char *proposed,
                                    unsigned char bytes[COUNTS_KEY_BYTES], struct error *error)
{
    struct counts_sqlite *sqlite = counts_sqlite_of(store);
    struct key key = {proposed, bytes, false};
    return counts_sqlite_read(sqlite, look_for_key, &key, error) &&
           (key.found || counts_sqlite_write(sqlite, make_key, &key, error));
}

static const struct counts_ops sqlite_ops = {
    .close = sqlite_close,
    .name = sqlite_name,
    .health = sqlite_health,
    .installation_key = sqlite_installation_key,
    .settings_load = counts_sqlite_settings_load,
    .settings_save = counts_sqlite_settings_save,
    .append = counts_sqlite_append,
    .follow = counts_sqlite_follow,
    .snapshot_load = counts_sqlite_snapshot_load,
    .snapshot_save = counts_sqlite_snapshot_save,
    .replica_report = counts_sqlite_replica_report,
    .replica_slowest = counts_sqlite_replica_slowest,
    .source_list = counts_sqlite_source_list,
    .reputation_read = counts_sqlite_reputation_read,
    .reputation_page = counts_sqlite_reputation_page,
    .reputation_overrides = counts_sqlite_reputation_overrides,
    .reputation_seen = counts_sqlite_reputation_seen,
    .reputation_override = counts_sqlite_reputation_override,
    .reputation_write = counts_sqlite_reputation_write,
    .reputation_forget = counts_sqlite_reputation_forget,
    .export_items = counts_sqlite_export,
    .import_items = counts_sqlite_import,
    .backup = counts_sqlite_backup,
};

struct counts_store *counts_sqlite_open(const char *url, const struct counts_options *options,
                                        struct error *error)
{
    const char *path = url + strlen(SCHEME);
    size_t length = strlen(path);
    if (path[0] != '/' || path[length - 1] == '/') {
        error_set(error, ERROR_INPUT, "%s: names no file; say sqlite:///absolute/path/counts.db",
                  url);
        return NULL;
    }
    struct counts_sqlite *sqlite = memory_new(sizeof *sqlite);
    sqlite->base.ops = &sqlite_ops;
    sqlite->url = memory_text(url);
    sqlite->path = memory_copy(path, length);
    sqlite->timeout_ms = options->timeout_ms;
    sqlite->pool_size = options->pool_size;
    pthread_mutex_init(&sqlite->lock, NULL);
    pthread_mutex_init(&sqlite->writing, NULL);
    monotonic_condition_init(&sqlite->returned);
    return &sqlite->base;
}
