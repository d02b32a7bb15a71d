#include "store/records_page.h"

#include "store/memory.h"
#include "store/records_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The trigrams of the index need so many characters. */
#define INDEXED_FROM 3

/* As the partial index held_open has it: SQLite compares the texts. */
#define IS_OPEN "state IN (0, 1, 2)"

enum { BOUND_BEFORE = 1, BOUND_MOST, BOUND_TEXT };

static size_t count_characters(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

/* A phrase of FTS5's language (sqlite.org/fts5.html, 3.1), or a pattern of LIKE, that means `text`
 * and nothing else. */
static char *quoted(const char *text, bool phrase)
{
    char *out = memory_new(2 * strlen(text) + 3), *to = out;
    *to++ = phrase ? '"' : '%';
    for (; *text; text++) {
        if (phrase && *text == '"')
            *to++ = '"';
        else if (!phrase && strchr("%_\\", *text))
            *to++ = '\\';
        *to++ = *text;
    }
    *to = phrase ? '"' : '%';
    return out;
}

static sqlite3_stmt *prepare(struct records *records, const struct held_filter *filter,
                             struct error *error)
{
    char query[800], states[64] = "";
    size_t length = 0;
    for (unsigned state = 0; state < HELD_STATES; state++) {
        if (filter->states & (1u << state))
            length += (size_t)snprintf(states + length, sizeof states - length, "%s%u",
                                       length ? ", " : "", state);
    }
    bool searched = filter->text && *filter->text;
    bool indexed = searched && count_characters(filter->text) >= INDEXED_FROM;
    const char *search =
        indexed ? " AND id IN (SELECT rowid FROM held_text WHERE held_text MATCH ?3)"
        : searched
            ? " AND (sender LIKE ?3 ESCAPE '\\' OR recipients LIKE ?3 ESCAPE '\\' OR subject "
              "LIKE ?3 ESCAPE '\\' OR reference LIKE ?3 ESCAPE '\\')"
            : "";
    snprintf(query, sizeof query,
             "SELECT id FROM held WHERE state IN (%s)%s%s ORDER BY id DESC LIMIT ?2", states,
             filter->before_id ? " AND id < ?1" : "", search);
    sqlite3_stmt *statement = records_prepare_text(records, query, error);
    if (!statement)
        return NULL;
    if (filter->before_id)
        sqlite3_bind_int64(statement, BOUND_BEFORE, filter->before_id);
    sqlite3_bind_int64(statement, BOUND_MOST, (int64_t)filter->most);
    if (searched)
        sqlite3_bind_text(statement, BOUND_TEXT, quoted(filter->text, indexed), -1, free);
    return statement;
}

bool records_held_page(struct records *records, const struct held_filter *filter,
                       bool (*visit)(void *context, const struct held *held), void *context,
                       struct error *error)
{
    int64_t *ids = memory_new(filter->most * sizeof *ids);
    size_t count = 0;
    int code = SQLITE_ERROR;
    records_lock(records);
    sqlite3_stmt *statement = prepare(records, filter, error);
    while (statement && (code = records_step(records, statement, error)) == SQLITE_ROW)
        ids[count++] = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    records_unlock(records);
    bool good = code == SQLITE_DONE &&
                records_held_visit(records, ids, count, filter->states, visit, context, error);
    free(ids);
    return good;
}

bool records_held_open(struct records *records, int64_t *count, struct error *error)
{
    int code = SQLITE_ERROR;
    records_lock(records);
    sqlite3_stmt *statement =
        records_prepare_text(records, "SELECT count(*) FROM held WHERE " IS_OPEN, error);
    if (statement && (code = records_step(records, statement, error)) == SQLITE_ROW)
        *count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    records_unlock(records);
    return code == SQLITE_ROW;
}
