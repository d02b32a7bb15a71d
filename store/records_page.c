#include "store/records_page.h"

#include "store/memory.h"
#include "store/records_db.h"
#include "store/records_trigrams.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A filter that fewer entries agree with is rare. */
#define RARE 1000

#define IS_OPEN "state IN (0, 1, 2)"

#define QUERY_MAX 2400

enum {
    BOUND_BEFORE = 1,
    BOUND_MOST,
    BOUND_MATCH,
    BOUND_TEXT,
    BOUND_SENDER,
    BOUND_RECIPIENT,
    BOUND_FEED,
    BOUND_SYMBOL,
    BOUND_LEAST,
    BOUND_MOST_LOG_ODDS,
    BOUND_SINCE,
    BOUND_UNTIL,
    BOUND_FIRST,
    BOUND_LAST
};

/* --- texts --- */

static bool is_set(const char *text)
{
    return text && *text;
}

static bool is_short(const char *text)
{
    return is_set(text) && !records_trigrams_know(text);
}

bool records_held_is_short(const struct held_filter *filter)
{
    return is_short(filter->text) || is_short(filter->sender) || is_short(filter->recipient);
}

/* --- the query --- */

/* The filter's texts. Those that the index knows are what it is asked for in part, where a part is
 * rare, and then looked at whole. */
enum { TEXT_ANYWHERE, TEXT_SENDER, TEXT_RECIPIENT, TEXTS };

struct text {
    const char *whole; /* NULL: the index is not asked for it */
    struct records_part part;
};

static const struct {
    const char *scope; /* for the index */
    const char *columns;
    int bound;
} places[TEXTS] = {
    [TEXT_ANYWHERE] = {"", "held.sender, held.recipients, held.subject, held.reference",
                       BOUND_TEXT},
    [TEXT_SENDER] = {"sender : ", "held.sender", BOUND_SENDER},
    [TEXT_RECIPIENT] = {"recipients : ", "held.recipients", BOUND_RECIPIENT},
};

/* What finds the entries; the other filters are then asked about each. Each but the score gives
 * them in the order of their ids. */
enum driver {
    DRIVER_TEXT,
    DRIVER_SYMBOL,
    DRIVER_FEED,
    DRIVER_STATE,
    DRIVER_IDS,
    DRIVER_SCORE, /* only when it is rare */
    DRIVERS
};

struct query {
    const struct held_filter *filter;
    struct text texts[TEXTS];
    char *match;               /* all that the index is asked for; NULL: nothing */
    int64_t first_id, last_id; /* that the time leaves */
    char text[QUERY_MAX];
    size_t length;
};

static void add(struct query *query, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct query *query, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length =
        vsnprintf(query->text + query->length, QUERY_MAX - query->length, format, arguments);
    va_end(arguments);
    query->length += (size_t)length; /* the longest query fits */
}

/* "" when states are no filter; of others only one, or those that are open, have an index. */
static const char *state_index(unsigned states)
{
    if (states == RECORDS_OPEN)
        return "held_open";
    return states && !(states & (states - 1)) ? "held_state" : "";
}

static bool is_available(const struct query *query, enum driver driver)
{
    const struct held_filter *filter = query->filter;
    switch (driver) {
    case DRIVER_TEXT:
        return query->match != NULL;
    case DRIVER_SYMBOL:
        return is_set(filter->symbol);
    case DRIVER_FEED:
        return is_set(filter->feed);
    case DRIVER_STATE:
        return *state_index(filter->states);
    case DRIVER_SCORE:
        return filter->at_least || filter->at_most;
    default:
        return true;
    }
}

/* The name of the id in what drives. */
static const char *id_of(enum driver driver)
{
    return driver == DRIVER_TEXT     ? "held_text.rowid"
           : driver == DRIVER_SYMBOL ? "held_symbol.held_id"
                                     : "held.id";
}

static void add_states(struct query *query)
{
    const char *before = " AND state IN (";
    for (unsigned state = 0; state < HELD_STATES; state++) {
        if (query->filter->states & (1u << state)) {
            add(query, "%s%u", before, state);
            before = ", ";
        }
    }
    add(query, *before == ',' ? ")" : " AND 0");
}

static void add_score(struct query *query)
{
    if (query->filter->at_least)
        add(query, " AND log_odds >= ?%d", BOUND_LEAST);
    if (query->filter->at_most)
        add(query, " AND log_odds <= ?%d", BOUND_MOST_LOG_ODDS);
}

static void add_ids(struct query *query, enum driver driver)
{
    const char *id = id_of(driver);
    if (query->filter->since_s)
        add(query, " AND %s >= ?%d", id, BOUND_FIRST);
    if (query->filter->until_s)
        add(query, " AND %s <= ?%d", id, BOUND_LAST);
    if (query->filter->before_id)
        add(query, " AND %s < ?%d", id, BOUND_BEFORE);
    if (records_held_is_short(query->filter))
        add(query, " AND %s > (SELECT max(id) FROM held) - %d", id, RECORDS_SHORT_NEWEST);
}

/* " FROM … WHERE …", with what is the driver's own; `alone` without the table of entries, where
 * that does. */
static void add_driver(struct query *query, enum driver driver, bool alone)
{
    const char *join = alone ? "" : " CROSS JOIN held ON held.id = ";
    const char *id = alone ? "" : id_of(driver);
    if (driver == DRIVER_TEXT)
        add(query, " FROM held_text%s%s WHERE held_text MATCH ?%d", join, id, BOUND_MATCH);
    else if (driver == DRIVER_SYMBOL)
        add(query, " FROM held_symbol%s%s WHERE symbol = ?%d", join, id, BOUND_SYMBOL);
    else if (driver == DRIVER_FEED)
        add(query, " FROM held INDEXED BY held_of_sender WHERE held.sender = ?%d", BOUND_FEED);
    else if (driver == DRIVER_SCORE)
        add(query, " FROM held INDEXED BY held_score WHERE 1");
    else if (driver == DRIVER_STATE)
        add(query, " FROM held INDEXED BY %s WHERE 1", state_index(query->filter->states));
    else
        add(query, " FROM held NOT INDEXED WHERE 1");
    if (driver == DRIVER_STATE || driver == DRIVER_SCORE)
        add_states(query);
    if (driver == DRIVER_SCORE)
        add_score(query);
    add_ids(query, driver);
}

static bool is_cut(const struct text *text)
{
    return text->part.length < strlen(text->whole);
}

static void add_like(struct query *query, const char *column, int bound)
{
    add(query, " AND held.%s LIKE ?%d ESCAPE '\\'", column, bound);
}

/* All filters that are not the driver's own. */
static void add_filters(struct query *query, enum driver driver)
{
    const struct held_filter *filter = query->filter;
    if (driver != DRIVER_STATE && driver != DRIVER_SCORE && filter->states != RECORDS_ALL)
        add_states(query);
    if (driver != DRIVER_SCORE)
        add_score(query);
    if (filter->since_s)
        add(query, " AND held.time_s >= ?%d", BOUND_SINCE);
    if (filter->until_s)
        add(query, " AND held.time_s < ?%d", BOUND_UNTIL);
    if (driver != DRIVER_FEED && is_set(filter->feed))
        add(query, " AND held.sender = ?%d", BOUND_FEED);
    if (is_short(filter->sender))
        add_like(query, "sender", BOUND_SENDER);
    if (is_short(filter->recipient))
        add_like(query, "recipients", BOUND_RECIPIENT);
    if (is_short(filter->text))
        add(query,
            " AND (held.sender LIKE ?%d ESCAPE '\\' OR held.recipients LIKE ?%d ESCAPE '\\' OR "
            "held.subject LIKE ?%d ESCAPE '\\' OR held.reference LIKE ?%d ESCAPE '\\')",
            BOUND_TEXT, BOUND_TEXT, BOUND_TEXT, BOUND_TEXT);
    if (driver != DRIVER_SYMBOL && is_set(filter->symbol))
        add(query,
            " AND EXISTS (SELECT 1 FROM held_symbol WHERE symbol = ?%d AND held_id = held.id)",
            BOUND_SYMBOL);
    for (size_t i = 0; i < TEXTS; i++)
        if (query->texts[i].whole && (driver != DRIVER_TEXT || is_cut(&query->texts[i])))
            add(query, " AND has_text(?%d, %s)", places[i].bound, places[i].columns);
}

/* For has_text(), or for LIKE when it is short. */
static void bind_text(sqlite3_stmt *statement, int parameter, const char *text)
{
    if (is_short(text))
        records_bind_part(statement, parameter, text);
    else
        sqlite3_bind_text(statement, parameter, text, -1, SQLITE_STATIC);
}

/* Parameters that the text does not have are refused, which does no harm. The query's texts live
 * until the statement was run. */
static void bind(sqlite3_stmt *statement, const struct query *query)
{
    const struct held_filter *filter = query->filter;
    sqlite3_bind_int64(statement, BOUND_BEFORE, filter->before_id);
    sqlite3_bind_int64(statement, BOUND_MOST, (int64_t)filter->most);
    sqlite3_bind_text(statement, BOUND_MATCH, query->match, -1, SQLITE_STATIC);
    bind_text(statement, BOUND_TEXT, filter->text);
    bind_text(statement, BOUND_SENDER, filter->sender);
    bind_text(statement, BOUND_RECIPIENT, filter->recipient);
    sqlite3_bind_text(statement, BOUND_FEED, filter->feed, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, BOUND_SYMBOL, filter->symbol, -1, SQLITE_STATIC);
    sqlite3_bind_double(statement, BOUND_LEAST, filter->least);
    sqlite3_bind_double(statement, BOUND_MOST_LOG_ODDS, filter->most_log_odds);
    sqlite3_bind_int64(statement, BOUND_SINCE, filter->since_s);
    sqlite3_bind_int64(statement, BOUND_UNTIL, filter->until_s);
    sqlite3_bind_int64(statement, BOUND_FIRST, query->first_id);
    sqlite3_bind_int64(statement, BOUND_LAST, query->last_id);
}

/* The number in the first column of the only row; 0 when there is none, or it is NULL. */
static bool ask_number(struct records *records, const struct query *query, int64_t *number,
                       struct error *error)
{
    int code = SQLITE_ERROR;
    *number = 0;
    sqlite3_stmt *statement = records_prepare_text(records, query->text, error);
    if (statement) {
        bind(statement, query);
        code = records_step(records, statement, error);
    }
    if (code == SQLITE_ROW)
        *number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

static void begin(struct query *query)
{
    query->length = 0;
    query->text[0] = '\0';
}

/* --- texts that the index knows --- */

/* Adds a phrase of FTS5's language (sqlite.org/fts5.html, 3.1) that means the part. */
static char *add_phrase(char *to, const char *scope, const struct records_part *part)
{
    to += sprintf(to, "%s\"", scope);
    for (size_t i = 0; i < part->length; i++) {
        if (part->text[i] == '"')
            *to++ = '"';
        *to++ = part->text[i];
    }
    to += sprintf(to, "\"");
    return to;
}

static char *match_of(const struct query *query)
{
    size_t size = 1;
    for (size_t i = 0; i < TEXTS; i++)
        size += query->texts[i].whole ? 2 * query->texts[i].part.length + 32 : 0;
    char *match = memory_new(size), *to = match;
    for (size_t i = 0; i < TEXTS; i++) {
        if (!query->texts[i].whole)
            continue;
        to += sprintf(to, "%s", to == match ? "" : " AND ");
        to = add_phrase(to, places[i].scope, &query->texts[i].part);
    }
    if (to != match)
        return match;
    free(match);
    return NULL;
}

static bool read_texts(struct records *records, struct query *query, struct error *error)
{
    const struct held_filter *filter = query->filter;
    const char *const texts[TEXTS] = {filter->text, filter->sender, filter->recipient};
    for (size_t i = 0; i < TEXTS; i++) {
        struct text *text = &query->texts[i];
        text->whole = records_trigrams_know(texts[i]) ? texts[i] : NULL;
        if (text->whole && !records_trigrams_part(records, text->whole, &text->part, error))
            return false;
    }
    query->match = match_of(query);
    return true;
}

/* --- time --- */

#define NOT_LATE "held.id NOT IN (SELECT id FROM held_late)"

#define OF_LATE "FROM held_late CROSS JOIN held ON held.id = held_late.id WHERE held.time_s"

/* Entries that are not late have times in the order of their ids. What is late came after one of
 * a later time, which may be gone meanwhile. */
static bool find_first(struct records *records, struct query *query, struct error *error)
{
    int64_t late;
    begin(query);
    add(query,
        "SELECT min(id) FROM held WHERE " NOT_LATE " AND time_s = (SELECT time_s FROM held "
        "WHERE time_s >= ?%d AND " NOT_LATE " ORDER BY time_s LIMIT 1)",
        BOUND_SINCE);
    if (!ask_number(records, query, &query->first_id, error))
        return false;
    begin(query);
    add(query, "SELECT min(held.id) " OF_LATE " >= ?%d", BOUND_SINCE);
    if (!ask_number(records, query, &late, error))
        return false;
    if (!query->first_id)
        query->first_id = INT64_MAX;
    if (late && late < query->first_id)
        query->first_id = late;
    return true;
}

static bool find_last(struct records *records, struct query *query, struct error *error)
{
    int64_t late;
    begin(query);
    add(query,
        "SELECT max(id) FROM held WHERE " NOT_LATE " AND time_s = (SELECT time_s FROM held WHERE "
        "time_s < ?%d AND " NOT_LATE " ORDER BY time_s DESC LIMIT 1)",
        BOUND_UNTIL);
    if (!ask_number(records, query, &query->last_id, error))
        return false;
    begin(query);
    add(query, "SELECT max(held.id) " OF_LATE " < ?%d", BOUND_UNTIL);
    if (!ask_number(records, query, &late, error))
        return false;
    query->last_id = late > query->last_id ? late : query->last_id;
    return true;
}

/* The ids between which all entries of that time are. */
static bool find_ids(struct records *records, struct query *query, struct error *error)
{
    query->last_id = INT64_MAX;
    return (!query->filter->since_s || find_first(records, query, error)) &&
           (!query->filter->until_s || find_last(records, query, error));
}

/* --- choosing --- */

/* How many entries `driver` finds, up to RARE. */
static bool estimate(struct records *records, struct query *query, enum driver driver,
                     int64_t *count, struct error *error)
{
    begin(query);
    add(query, "SELECT count(*) FROM (SELECT 1");
    add_driver(query, driver, true);
    add(query, " LIMIT %d)", RARE);
    return ask_number(records, query, count, error);
}

/* How many entries the part of a text has that fewest have. */
static int64_t fewest_of_texts(const struct query *query)
{
    int64_t fewest = INT64_MAX;
    for (size_t i = 0; i < TEXTS; i++)
        if (query->texts[i].whole && query->texts[i].part.entries < fewest)
            fewest = query->texts[i].part.entries;
    return fewest;
}

/* The rarest; when none is rare the first that there is, each being in the order of ids. */
static bool choose(struct records *records, struct query *query, enum driver *chosen,
                   struct error *error)
{
    int64_t fewest = RARE, count;
    *chosen = DRIVERS;
    for (enum driver driver = 0; driver < DRIVERS; driver++) {
        if (!is_available(query, driver))
            continue;
        if (*chosen == DRIVERS)
            *chosen = driver;
        if (driver == DRIVER_TEXT)
            count = fewest_of_texts(query);
        else if (!estimate(records, query, driver, &count, error))
            return false;
        if (count < fewest) {
            fewest = count;
            *chosen = driver;
        }
    }
    return true;
}

/* With the lock held. Selects the ids of the page, or how many there are. */
static bool write_query(struct records *records, struct query *query, bool counting,
                        struct error *error)
{
    enum driver driver;
    if (!read_texts(records, query, error) || !find_ids(records, query, error) ||
        !choose(records, query, &driver, error))
        return false;
    begin(query);
    if (counting)
        add(query, "SELECT count(*)");
    else
        add(query, "SELECT %s", id_of(driver));
    add_driver(query, driver, false);
    add_filters(query, driver);
    if (!counting)
        add(query, " ORDER BY %s DESC LIMIT ?%d", id_of(driver), BOUND_MOST);
    return true;
}

/* --- calls --- */

static bool read_page(struct records *records, struct query *query, int64_t *ids, size_t *count,
                      struct error *error)
{
    int code = SQLITE_ERROR;
    if (!write_query(records, query, false, error))
        return false;
    sqlite3_stmt *statement = records_prepare_text(records, query->text, error);
    if (statement)
        bind(statement, query);
    while (statement && (code = records_step(records, statement, error)) == SQLITE_ROW)
        ids[(*count)++] = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return code == SQLITE_DONE;
}

bool records_held_page(struct records *records, const struct held_filter *filter,
                       bool (*visit)(void *context, const struct held *held), void *context,
                       struct error *error)
{
    struct query query = {.filter = filter};
    int64_t *ids = memory_new(filter->most * sizeof *ids);
    size_t count = 0;
    records_lock(records);
    bool good = read_page(records, &query, ids, &count, error);
    records_unlock(records);
    good = good && records_held_visit(records, ids, count, filter->states, visit, context, error);
    free(query.match);
    free(ids);
    return good;
}

bool records_held_count(struct records *records, const struct held_filter *filter, int64_t *count,
                        struct error *error)
{
    struct query query = {.filter = filter};
    records_lock(records);
    bool good =
        write_query(records, &query, true, error) && ask_number(records, &query, count, error);
    records_unlock(records);
    free(query.match);
    return good;
}

bool records_held_open(struct records *records, int64_t *count, struct error *error)
{
    int code = SQLITE_ERROR;
    records_lock(records);
    sqlite3_stmt *statement =
        records_prepare_text(records, "SELECT sum(entries) FROM held_sums WHERE " IS_OPEN, error);
    if (statement && (code = records_step(records, statement, error)) == SQLITE_ROW)
        *count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    records_unlock(records);
    return code == SQLITE_ROW;
}
