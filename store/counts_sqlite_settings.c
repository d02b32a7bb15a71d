#include "store/counts_sqlite.h"

#include "store/memory.h"

bool counts_sqlite_read_settings(struct sqlite_link *link, struct counts_settings *settings,
                                 struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_SETTINGS_LOAD, error);
    int code = statement ? counts_sqlite_step(link, statement, error) : SQLITE_ERROR;
    if (code == SQLITE_ROW) {
        const void *text = sqlite3_column_blob(statement, 1);
        settings->version = (uint64_t)sqlite3_column_int64(statement, 0);
        settings->length = (size_t)sqlite3_column_bytes(statement, 1);
        settings->text = memory_copy(settings->length ? text : "", settings->length);
    }
    sqlite3_reset(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

bool counts_sqlite_write_settings(struct sqlite_link *link, uint64_t version, struct span text,
                                  struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_SETTINGS_SAVE, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, (int64_t)version);
    counts_sqlite_bind(statement, 2, text.data, text.length);
    return counts_sqlite_run(link, statement, error);
}

static bool load(struct sqlite_link *link, void *context, struct error *error)
{
    return counts_sqlite_read_settings(link, context, error);
}

bool counts_sqlite_settings_load(struct counts_store *store, struct counts_settings *settings,
                                 struct error *error)
{
    return counts_sqlite_read(counts_sqlite_of(store), load, settings, error);
}

struct saving {
    uint64_t read;
    struct span text;
    bool *saved;
};

static bool save(struct sqlite_link *link, void *context, struct error *error)
{
    const struct saving *saving = context;
    struct counts_settings there = {0};
    if (!counts_sqlite_read_settings(link, &there, error))
        return false;
    *saving->saved = there.version == saving->read;
    counts_settings_clear(&there);
    return !*saving->saved ||
           counts_sqlite_write_settings(link, saving->read + 1, saving->text, error);
}

bool counts_sqlite_settings_save(struct counts_store *store, uint64_t read, struct span text,
                                 bool *saved, struct error *error)
{
    struct saving saving = {read, text, saved};
    bool good = counts_sqlite_write(counts_sqlite_of(store), save, &saving, error);
    *saved = *saved && good;
    return good;
}
