#include "store/records_trigrams.h"

#include "store/memory.h"
#include "store/records_db.h"

#include <stdint.h>
#include <string.h>

#define CHARACTERS 3

/* Of a long text the first ones are enough to find it by. */
#define LOOKED_AT 32

/* What no more entries have is rare: their list is read in a few milliseconds. */
#define RARE 20000

/* --- the rare part --- */

static bool begins_character(char byte)
{
    return ((unsigned char)byte & 0xc0) != 0x80;
}

bool records_trigrams_know(const char *text)
{
    size_t count = 0;
    for (; text && *text; text++)
        count += begins_character(*text);
    return count >= CHARACTERS;
}

/* Where the text's first characters begin, and behind them where the last one ends. How many threes
 * these make. */
static size_t find_characters(const char *text, size_t starts[LOOKED_AT + CHARACTERS])
{
    size_t count = 0, i = 0;
    for (; text[i] && count < LOOKED_AT + CHARACTERS - 1; i++)
        if (begins_character(text[i]))
            starts[count++] = i;
    while (text[i] && !begins_character(text[i]))
        i++;
    starts[count] = i;
    return count - CHARACTERS + 1;
}

/* As FTS5's language has a string (sqlite.org/fts5.html, 3.1). */
static size_t quote(char *to, const char *text, size_t length)
{
    char *const first = to;
    *to++ = '"';
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"')
            *to++ = '"';
        *to++ = text[i];
    }
    *to++ = '"';
    return (size_t)(to - first);
}

/* By how many ids the newest of them reach back. */
#define SAMPLE "200"
static const char about_entries[] =
    "SELECT CASE WHEN count(*) < " SAMPLE " THEN count(*) ELSE " SAMPLE
    " * ((SELECT max(id) FROM held) - (SELECT min(id) FROM held) + 1) / "
    "((SELECT max(id) FROM held) - min(rowid) + 1) END FROM (SELECT rowid FROM held_text WHERE "
    "held_text MATCH ?1 ORDER BY rowid DESC LIMIT " SAMPLE ")";

/* About how many entries have each of the threes. */
static bool count_entries(struct records *records, const char *text, const size_t *starts,
                          size_t count, int64_t *entries, struct error *error)
{
    sqlite3_stmt *statement = records_prepare_text(records, about_entries, error);
    bool good = statement != NULL;
    for (size_t i = 0; good && i < count; i++) {
        size_t length = starts[i + CHARACTERS] - starts[i];
        char *quoted = memory_new(2 * length + 2);
        length = quote(quoted, text + starts[i], length);
        sqlite3_bind_text(statement, 1, quoted, (int)length, SQLITE_TRANSIENT);
        free(quoted);
        good = records_step(records, statement, error) == SQLITE_ROW;
        entries[i] = good ? sqlite3_column_int64(statement, 0) : 0;
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return good;
}

bool records_trigrams_part(struct records *records, const char *text, struct records_part *part,
                           struct error *error)
{
    size_t starts[LOOKED_AT + CHARACTERS];
    int64_t entries[LOOKED_AT];
    size_t count = find_characters(text, starts), longest = 0;
    if (!count_entries(records, text, starts, count, entries, error))
        return false;
    *part = (struct records_part){text, strlen(text), INT64_MAX};
    for (size_t first = 0, end; first < count; first = end + 1) {
        int64_t fewest = INT64_MAX;
        for (end = first; end < count && entries[end] <= RARE; end++)
            fewest = entries[end] < fewest ? entries[end] : fewest;
        if (end - first <= longest)
            continue;
        longest = end - first;
        part->text = text + starts[first];
        part->length = starts[end - 1 + CHARACTERS] - starts[first];
        part->entries = fewest;
    }
    return true;
}

/* --- has_text() --- */

struct folder {
    fts5_tokenizer tokenizer; /* of the index */
    Fts5Tokenizer *instance;
};

struct folding {
    char *text;
    size_t length, room;
    size_t last; /* where the last three characters begin */
};

/* Three characters come, and then those from the second one on: each time over the former. */
static int take_token(void *context, int flags, const char *token, int length, int start, int end)
{
    struct folding *folding = context;
    size_t size = (size_t)length, at = 0;
    (void)flags, (void)start, (void)end;
    if (folding->length)
        for (at = folding->last + 1; at < folding->length; at++)
            if (begins_character(folding->text[at]))
                break;
    if (at + size + 1 > folding->room) {
        folding->room = 2 * (at + size + 1);
        folding->text = memory_resize(folding->text, folding->room);
    }
    memcpy(folding->text + at, token, size);
    folding->last = at;
    folding->length = at + size;
    return SQLITE_OK;
}

/* The text as the index compares it; "" when it has too few characters. The caller's. */
static char *fold(struct folder *folder, sqlite3_value *value)
{
    const char *text = (const char *)sqlite3_value_text(value);
    int length = sqlite3_value_bytes(value);
    struct folding folding = {.room = (size_t)length + 1};
    folding.text = memory_new(folding.room);
    if (text)
        folder->tokenizer.xTokenize(folder->instance, &folding, FTS5_TOKENIZE_QUERY, text, length,
                                    take_token);
    folding.text[folding.length] = '\0';
    return folding.text;
}

static void has_text(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct folder *folder = sqlite3_user_data(context);
    const char *wanted = sqlite3_get_auxdata(context, 0);
    bool has = false;
    if (!wanted) { /* kept for the rows to come */
        sqlite3_set_auxdata(context, 0, fold(folder, values[0]), free);
        wanted = sqlite3_get_auxdata(context, 0);
    }
    if (!wanted) {
        sqlite3_result_error_nomem(context);
        return;
    }
    for (int i = 1; i < count && *wanted && !has; i++) {
        char *text = fold(folder, values[i]);
        has = strstr(text, wanted) != NULL;
        free(text);
    }
    sqlite3_result_int(context, has);
}

/* As sqlite.org/fts5.html, 7, has it; NULL on failure. */
static fts5_api *api_of(sqlite3 *db)
{
    fts5_api *api = NULL;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &statement, NULL) == SQLITE_OK) {
        sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr", NULL);
        sqlite3_step(statement);
    }
    sqlite3_finalize(statement);
    return api;
}

static void free_folder(void *context)
{
    struct folder *folder = context;
    if (folder->instance)
        folder->tokenizer.xDelete(folder->instance);
    free(folder);
}

bool records_trigrams_function(sqlite3 *db)
{
    fts5_api *api = api_of(db);
    struct folder *folder = memory_new(sizeof *folder);
    void *context = NULL;
    if (!api || api->xFindTokenizer(api, "trigram", &context, &folder->tokenizer) != SQLITE_OK ||
        folder->tokenizer.xCreate(context, NULL, 0, &folder->instance) != SQLITE_OK) {
        free(folder);
        return false;
    }
    return sqlite3_create_function_v2(db, "has_text", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                                      folder, has_text, NULL, NULL, free_folder) == SQLITE_OK;
}
