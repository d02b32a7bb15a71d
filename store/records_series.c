#include "store/records_series.h"

#include "store/records_db.h"

struct visit {
    void (*verdicts)(void *context, size_t span, const char *channel, const char *action,
                     int64_t count);
    void (*held)(void *context, size_t span, enum held_state state, int64_t count);
    void *context;
};

typedef void take_row(const struct visit *visit, sqlite3_stmt *statement);

/* The parameters of `query`: the start, the width, the end. */
static bool read_series(struct records *records, const char *query,
                        const struct records_spans *spans, take_row *take,
                        const struct visit *visit, struct error *error)
{
    int code = SQLITE_ERROR;
    if (spans->since_s % RECORDS_QUARTER_S || spans->width_s % RECORDS_QUARTER_S)
        return error_set(error, ERROR_BUG, "a span of time begins within a quarter of an hour");
    records_lock(records);
    sqlite3_stmt *statement = records_prepare_text(records, query, error);
    if (statement) {
        sqlite3_bind_int64(statement, 1, spans->since_s);
        sqlite3_bind_int64(statement, 2, spans->width_s);
        sqlite3_bind_int64(statement, 3, spans->since_s + spans->width_s * (int64_t)spans->count);
    }
    while (statement && (code = records_step(records, statement, error)) == SQLITE_ROW)
        take(visit, statement);
    sqlite3_finalize(statement);
    records_unlock(records);
    return code == SQLITE_DONE;
}

static void take_verdicts(const struct visit *visit, sqlite3_stmt *statement)
{
    visit->verdicts(visit->context, (size_t)sqlite3_column_int64(statement, 0),
                    (const char *)sqlite3_column_text(statement, 1),
                    (const char *)sqlite3_column_text(statement, 2),
                    sqlite3_column_int64(statement, 3));
}

bool records_series_verdicts(struct records *records, const struct records_spans *spans,
                             void (*visit)(void *context, size_t span, const char *channel,
                                           const char *action, int64_t count),
                             void *context, struct error *error)
{
    struct visit to = {.verdicts = visit, .context = context};
    return read_series(records,
                       "SELECT (quarter * 900 - ?1) / ?2, channel, action, sum(verdicts) FROM "
                       "history_quarters WHERE quarter >= ?1 / 900 AND quarter < ?3 / 900 "
                       "GROUP BY 1, 2, 3",
                       spans, take_verdicts, &to, error);
}

static void take_held(const struct visit *visit, sqlite3_stmt *statement)
{
    int state = sqlite3_column_int(statement, 1);
    if (state >= 0 && state < HELD_STATES)
        visit->held(visit->context, (size_t)sqlite3_column_int64(statement, 0),
                    (enum held_state)state, sqlite3_column_int64(statement, 2));
}

bool records_series_held(struct records *records, const struct records_spans *spans,
                         void (*visit)(void *context, size_t span, enum held_state state,
                                       int64_t count),
                         void *context, struct error *error)
{
    struct visit to = {.held = visit, .context = context};
    return read_series(records,
                       "SELECT (quarter * 900 - ?1) / ?2, state, sum(entries) FROM held_quarters "
                       "WHERE quarter >= ?1 / 900 AND quarter < ?3 / 900 GROUP BY 1, 2 HAVING "
                       "sum(entries) > 0",
                       spans, take_held, &to, error);
}
