#include "store/records.h"

#include "store/memory.h"
#include "store/records_db.h"

#include <stdlib.h>
#include <string.h>

struct names {
    char *text; /* each with its NUL, one behind the other */
    size_t length;
};

static void add_name(struct names *names, const char *name)
{
    size_t size = strlen(name) + 1;
    names->text = memory_resize(names->text, names->length + size);
    memcpy(names->text + names->length, name, size);
    names->length += size;
}

static bool read_names(struct records *records, struct names *names, int64_t *change,
                       struct error *error)
{
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_HELD_CHANGES, error);
    int64_t newest = *change;
    int code = SQLITE_ERROR;
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, *change);
    while ((code = records_step(records, statement, error)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        int64_t of_feed = sqlite3_column_int64(statement, 1);
        add_name(names, name ? name : "");
        newest = of_feed > newest ? of_feed : newest;
    }
    if (code == SQLITE_DONE)
        *change = newest;
    return code == SQLITE_DONE;
}

bool records_held_changes(struct records *records, int64_t *change,
                          bool (*visit)(void *context, const char *feed), void *context,
                          struct error *error)
{
    struct names names = {0};
    int64_t before = *change;
    records_lock(records);
    bool good = read_names(records, &names, change, error);
    records_unlock(records);
    for (size_t at = 0; good && at < names.length; at += strlen(names.text + at) + 1)
        if (!visit(context, names.text + at)) {
            *change = before;
            break;
        }
    free(names.text);
    return good;
}
