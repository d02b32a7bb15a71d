#include "store/counts_sqlite.h"

#include "store/memory.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- giving away --- */

struct giving {
    struct sqlite_link *link;
    counts_put_item *put;
    void *context;
    int64_t now_s;
};

static struct span column(sqlite3_stmt *statement, int number)
{
    size_t length = (size_t)sqlite3_column_bytes(statement, number);
    return (struct span){length ? sqlite3_column_blob(statement, number) : "", length};
}

/* Gives an item for each row of `which`, made of it by `read`. */
static bool give_rows(struct giving *giving, enum sql_statement which, bool has_end,
                      bool (*read)(struct giving *giving, sqlite3_stmt *statement,
                                   struct error *error),
                      struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(giving->link, which, error);
    if (!statement)
        return false;
    if (has_end)
        sqlite3_bind_int64(statement, 1, giving->now_s);
    int code;
    while ((code = counts_sqlite_step(giving->link, statement, error)) == SQLITE_ROW)
        if (!read(giving, statement, error))
            break;
    sqlite3_reset(statement);
    return code == SQLITE_DONE;
}

static bool give_key(struct giving *giving, sqlite3_stmt *statement, struct error *error)
{
    struct counts_item item = {.kind = COUNTS_ITEM_KEY, .bytes = column(statement, 1)};
    return !item.bytes.length || giving->put(giving->context, &item, error);
}

static bool give_settings(struct giving *giving, sqlite3_stmt *statement, struct error *error)
{
    struct counts_item item = {.kind = COUNTS_ITEM_SETTINGS,
                               .version = (uint64_t)sqlite3_column_int64(statement, 0),
                               .bytes = column(statement, 1)};
    return giving->put(giving->context, &item, error);
}

static bool give_since(struct giving *giving, sqlite3_stmt *statement, struct error *error)
{
    struct counts_item item = {.kind = COUNTS_ITEM_SINCE,
                               .time_s = sqlite3_column_int64(statement, 0),
                               .expires_s =
                                   sqlite3_column_int64(statement, 1) + COUNTS_SEEN_KEPT_S};
    return giving->put(giving->context, &item, error);
}

static bool give_snapshot(struct giving *giving, sqlite3_stmt *statement, struct error *error)
{
    struct span data = column(statement, 2);
    struct snapshot snapshot = {(uint64_t)sqlite3_column_int64(statement, 0),
                                (uint32_t)sqlite3_column_int64(statement, 1),
                                (unsigned char *)(uintptr_t)data.data, data.length};
    struct counts_item item = {.kind = COUNTS_ITEM_SNAPSHOT, .snapshot = &snapshot};
    return giving->put(giving->context, &item, error);
}

static bool give_lesson(struct giving *giving, sqlite3_stmt *statement, struct error *error)
{
    struct counts_item item = {.kind = COUNTS_ITEM_LESSON,
                               .version = (uint64_t)sqlite3_column_int64(statement, 0),
                               .bytes = column(statement, 1)};
    return giving->put(giving->context, &item, error);
}

static bool give_event(struct giving *giving, sqlite3_stmt *statement, struct error *error)
{
    struct counts_item item = {.kind = COUNTS_ITEM_EVENT,
                               .bytes = column(statement, 0),
                               .version = (uint64_t)sqlite3_column_int64(statement, 1),
                               .expires_s = sqlite3_column_int64(statement, 2)};
    return giving->put(giving->context, &item, error);
}

static bool give_label(struct giving *giving, sqlite3_stmt *statement, struct error *error)
{
    struct identity identities[LESSON_IDENTITIES_MAX];
    uint16_t amounts[LESSON_IDENTITIES_MAX];
    struct counts_item item = {.kind = COUNTS_ITEM_LABEL,
                               .version = (uint64_t)sqlite3_column_int64(statement, 0),
                               .bytes = column(statement, 1),
                               .source = column(statement, 2),
                               .label = sqlite3_column_int(statement, 3) ? LABEL_SPAM : LABEL_HAM,
                               .time_s = sqlite3_column_int64(statement, 4),
                               .identities = identities,
                               .expires_s = sqlite3_column_int64(statement, 6)};
    if (!counts_sqlite_unpack(giving->link, column(statement, 5), identities, &item.identity_count,
                              error))
        return false;
    if (counts_sqlite_unpack_amounts(column(statement, 7), amounts, item.identity_count))
        item.amounts = amounts;
    return giving->put(giving->context, &item, error);
}

static bool give_reputation(struct giving *giving, sqlite3_stmt *statement, struct error *error)
{
    struct counts_item item = {
        .kind = COUNTS_ITEM_REPUTATION,
        .identity = {(enum identity_type)sqlite3_column_int(statement, 9), column(statement, 10)}};
    counts_sqlite_read_reputation(statement, &item.counts, &item.expires_s);
    return giving->put(giving->context, &item, error);
}

static bool give_all(struct sqlite_link *link, void *context, struct error *error)
{
    struct giving *giving = context;
    giving->link = link;
    giving->now_s = time(NULL);
    return give_rows(giving, SQL_STATE, false, give_key, error) &&
           give_rows(giving, SQL_SETTINGS_LOAD, false, give_settings, error) &&
           give_rows(giving, SQL_SEEN_LOAD, false, give_since, error) &&
           give_rows(giving, SQL_SNAPSHOT_LOAD, false, give_snapshot, error) &&
           give_rows(giving, SQL_LOG_ALL, false, give_lesson, error) &&
           give_rows(giving, SQL_EVENT_ALL, true, give_event, error) &&
           give_rows(giving, SQL_LABEL_ALL, true, give_label, error) &&
           give_rows(giving, SQL_REPUTATION_ALL, true, give_reputation, error);
}

bool counts_sqlite_export(struct counts_store *store, counts_put_item *put, void *context,
                          struct error *error)
{
    struct giving giving = {.put = put, .context = context};
    return counts_sqlite_read(counts_sqlite_of(store), give_all, &giving, error);
}

/* --- taking --- */

static bool take_key(struct sqlite_link *link, const struct counts_item *item, struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_STATE_KEY, error);
    if (!statement)
        return false;
    counts_sqlite_bind(statement, 1, item->bytes.data, item->bytes.length);
    return counts_sqlite_run(link, statement, error);
}

static bool take_settings(struct sqlite_link *link, const struct counts_item *item,
                          struct error *error)
{
    return counts_sqlite_write_settings(link, item->version, item->bytes, error);
}

static bool take_since(struct sqlite_link *link, const struct counts_item *item,
                       struct error *error)
{
    return counts_sqlite_write_since(link, item->time_s, item->expires_s - COUNTS_SEEN_KEPT_S,
                                     error);
}

static bool take_snapshot(struct sqlite_link *link, const struct counts_item *item,
                          struct error *error)
{
    return counts_sqlite_write_snapshot(link, item->snapshot, error);
}

static bool take_lesson(struct sqlite_link *link, const struct counts_item *item,
                        struct error *error)
{
    return counts_sqlite_write_entry(link, item->version, item->bytes, error);
}

static bool take_event(struct sqlite_link *link, const struct counts_item *item,
                       struct error *error)
{
    return counts_sqlite_write_event(link, item->bytes, item->version, item->expires_s, error);
}

static bool take_label(struct sqlite_link *link, const struct counts_item *item,
                       struct error *error)
{
    return item->version ? counts_sqlite_write_label(link, item, error)
                         : counts_sqlite_remove_label(link, item->bytes, item->source, error);
}

static bool take_reputation(struct sqlite_link *link, const struct counts_item *item,
                            struct error *error)
{
    return counts_sqlite_write_reputation(link, &item->identity, &item->counts, item->expires_s,
                                          error);
}

static bool take(void *context, const struct counts_item *item, struct error *error)
{
    static bool (*const takes[COUNTS_ITEM_KINDS])(struct sqlite_link *, const struct counts_item *,
                                                  struct error *) = {
        [COUNTS_ITEM_KEY] = take_key,       [COUNTS_ITEM_SETTINGS] = take_settings,
        [COUNTS_ITEM_SINCE] = take_since,   [COUNTS_ITEM_SNAPSHOT] = take_snapshot,
        [COUNTS_ITEM_LESSON] = take_lesson, [COUNTS_ITEM_EVENT] = take_event,
        [COUNTS_ITEM_LABEL] = take_label,   [COUNTS_ITEM_REPUTATION] = take_reputation,
    };
    return takes[item->kind](context, item, error);
}

struct taking {
    counts_fill *fill;
    void *context;
};

/* With another id of its own, so that replicas which followed what was here are made anew. */
static bool take_all(struct sqlite_link *link, void *context, struct error *error)
{
    static const enum sql_statement clears[] = {
        SQL_CLEAR_SETTINGS, SQL_CLEAR_LOG,     SQL_CLEAR_EVENT,      SQL_CLEAR_LABEL,
        SQL_CLEAR_SNAPSHOT, SQL_CLEAR_REPLICA, SQL_CLEAR_REPUTATION, SQL_CLEAR_CONTRIBUTION,
        SQL_CLEAR_WORD,     SQL_CLEAR_TRUST,   SQL_CLEAR_SEEN,       SQL_STATE_ANOTHER};
    const struct taking *taking = context;
    for (size_t i = 0; i < sizeof clears / sizeof *clears; i++) {
        sqlite3_stmt *statement = counts_sqlite_prepare(link, clears[i], error);
        if (!statement || !counts_sqlite_run(link, statement, error))
            return false;
    }
    return taking->fill(taking->context, take, link, error);
}

bool counts_sqlite_import(struct counts_store *store, counts_fill *fill, void *context,
                          struct error *error)
{
    struct taking taking = {fill, context};
    return counts_sqlite_write(counts_sqlite_of(store), take_all, &taking, error);
}

/* --- backup --- */

/* In one step: pages that others write meanwhile would make it begin again. They are not kept
 * waiting, since a reader does not lock writers out. */
static bool back_up(struct sqlite_link *link, sqlite3 *file)
{
    sqlite3_backup *backup = sqlite3_backup_init(file, "main", link->db, "main");
    if (!backup)
        return false;
    sqlite3_backup_step(backup, -1);
    return sqlite3_backup_finish(backup) == SQLITE_OK;
}

bool counts_sqlite_backup(struct counts_store *store, const char *path, struct error *error)
{
    struct counts_sqlite *sqlite = counts_sqlite_of(store);
    struct sqlite_link *link = counts_sqlite_borrow(sqlite, false, error);
    if (!link)
        return false;
    sqlite3 *file = NULL;
    bool good = sqlite3_open_v2(path, &file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) ==
                    SQLITE_OK &&
                back_up(link, file);
    if (!good)
        error_set(error, ERROR_SYSTEM, "%s: %s", path, sqlite3_errmsg(file));
    sqlite3_close(file);
    counts_sqlite_return(sqlite, link, false);
    return good;
}
