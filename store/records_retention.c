#include "store/records_retention.h"

#include "store/records_db.h"
#include "store/records_deeds.h"
#include "store/records_stories.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STEP "200" /* rows at most */
#define LOOK_STEPS 100
#define OPEN_STATES "(0, 1, 4)"
#define SETTLED_STATES "(3, 6, 7, 8)"
#define EMPTIED "channel = 'feed' AND state = 6 AND due_s <= ?1 AND item IS NOT NULL"

/* Times follow ids, but for a clock that was set back. The newest line stays, whatever its age:
 * ids are not to begin anew for who follows them. */
#define OLD_AUDIT                                                                                  \
    "audit WHERE id < coalesce((SELECT id FROM audit WHERE time_s > ?1 ORDER BY id LIMIT 1), "     \
    "(SELECT max(id) FROM audit))"

/* What expiring the held items of feeds would make room of. */
#define HELD_BYTES                                                                                 \
    "SELECT sum(length(evidence) + coalesce(length(item), 0) + coalesce(length(item_head), 0) + "  \
    "coalesce(length(lesson), 0)) FROM held WHERE channel = 'feed' AND state IN " OPEN_STATES

_Static_assert(HELD_PENDING == 0 && HELD_HELD == 1 && HELD_RELEASED == 3 && HELD_CONFIRMED == 4 &&
                   HELD_DELETED == 6 && HELD_GONE == 7 && HELD_SUPERSEDED == 8,
               "the statements name states by number");

/* What is kept of items that readers may say something of, which comes again while they are listed:
 * it takes half of the room at most. */
#define SHOWN_BYTES                                                                                \
    "SELECT sum(coalesce(length(item), 0) + coalesce(length(item_head), 0)) FROM shown"

/* Which stories were shown, with what they are known by: a quarter at most. */
#define STORIES_BYTES "SELECT count(*) * 1000 FROM stories"

/* The audit trail: a quarter at most. What was refused goes first; the newest line stays, as above.
 */
#define AUDIT_BYTES "SELECT bytes FROM audit_size"
#define DROP_AUDIT(lines)                                                                          \
    "DELETE FROM audit WHERE id IN (SELECT id FROM audit " lines                                   \
    " id < (SELECT max(id) FROM audit) ORDER BY id LIMIT " STEP ")"
#define DROP_REFUSED DROP_AUDIT("INDEXED BY audit_refused WHERE what GLOB 'refused-*' AND")
#define DROP_OLDEST DROP_AUDIT("WHERE")

const char *records_dropped_name(enum records_dropped what)
{
    static const char *const names[RECORDS_DROPPED] = {"expired", "emptied", "settled", "history",
                                                       "audit"};
    return names[what];
}

/* Runs a statement with one number; the first column of its first row in `*value` (NULL: it has no
 * rows), or the rows that it changed in `*changed`. */
static bool run(struct records *records, const char *text, int64_t number, int64_t *value,
                int64_t *changed, struct error *error)
{
    sqlite3_stmt *statement = records_prepare_text(records, text, error);
    if (!statement)
        return false;
    if (sqlite3_bind_parameter_count(statement))
        sqlite3_bind_int64(statement, 1, number);
    int code = records_step(records, statement, error);
    if (code == SQLITE_ROW && value)
        *value = sqlite3_column_int64(statement, 0);
    if (code == SQLITE_DONE && changed)
        *changed += sqlite3_changes(sqlite3_db_handle(statement));
    sqlite3_finalize(statement);
    return code == SQLITE_DONE || (code == SQLITE_ROW && value);
}

static bool read_size(struct records *records, int64_t *bytes, struct error *error)
{
    int64_t pages = 0, empty = 0, size = 0;
    bool good = run(records, "PRAGMA page_count", 0, &pages, NULL, error) &&
                run(records, "PRAGMA freelist_count", 0, &empty, NULL, error) &&
                run(records, "PRAGMA page_size", 0, &size, NULL, error);
    *bytes = (pages - empty) * size;
    return good;
}

/* --- what expires --- */

struct expired {
    int64_t id;
    enum held_state from;
    bool feed;
    int taught;
};

static bool note_expired(struct records *records, const struct expired *entry, struct error *error)
{
    char subject[32];
    struct records_deed deed = {.held_id = entry->id,
                                .name = RECORDS_EXPIRE,
                                .from = entry->from,
                                .to = entry->feed ? HELD_DELETED : HELD_DELETE_REQUESTED,
                                .taught_before = entry->taught,
                                .said_before = RECORDS_SAYS_NOTHING};
    bool moved;
    snprintf(subject, sizeof subject, "%c%" PRId64, entry->feed ? 'f' : 'm', entry->id);
    return records_held_move(records, entry->id, 1u << entry->from, deed.to, &moved, error) &&
           records_held_set_due(records, entry->id, 0, error) &&
           records_deed_add(records, &deed, error) &&
           records_audit(records, "weir", RECORDS_EXPIRE, subject, error);
}

/* Those that `text` finds, with `number` for ?1. */
static bool expire(struct records *records, const char *text, int64_t number, int64_t *count,
                   struct error *error)
{
    struct expired found[256];
    size_t n = 0;
    sqlite3_stmt *statement = records_prepare_text(records, text, error);
    if (!statement)
        return false;
    if (sqlite3_bind_parameter_count(statement))
        sqlite3_bind_int64(statement, 1, number);
    int code;
    while ((code = records_step(records, statement, error)) == SQLITE_ROW &&
           n < sizeof found / sizeof *found)
        found[n++] = (struct expired){.id = sqlite3_column_int64(statement, 0),
                                      .from = (enum held_state)sqlite3_column_int(statement, 1),
                                      .feed = sqlite3_column_int(statement, 2),
                                      .taught = sqlite3_column_int(statement, 3)};
    sqlite3_finalize(statement);
    bool good = code == SQLITE_DONE;
    for (size_t i = 0; good && i < n; i++)
        good = note_expired(records, &found[i], error);
    if (good)
        *count += (int64_t)n;
    return good;
}

/* --- a step --- */

struct step {
    struct records *records;
    const struct records_limits *limits;
    int64_t now_s;
    int64_t sums[RECORDS_DROPPED];
};

static int64_t total(const int64_t sums[RECORDS_DROPPED])
{
    int64_t all = 0;
    for (int i = 0; i < RECORDS_DROPPED; i++)
        all += sums[i];
    return all;
}

static bool drop_by_age(struct step *step, struct error *error)
{
    struct records *records = step->records;
    int64_t settled_s = step->now_s - step->limits->settled_s, *sums = step->sums;
    return records_stories_prune(records, step->now_s, error) &&
           expire(records,
                  "SELECT id, state, channel = 'feed', taught FROM held WHERE state IN " OPEN_STATES
                  " AND time_s <= ?1 LIMIT " STEP,
                  step->now_s - step->limits->held_s, &sums[RECORDS_EXPIRED], error) &&
           run(records,
               "DELETE FROM shown WHERE rowid IN (SELECT rowid FROM shown WHERE time_s <= ?1 "
               "LIMIT " STEP ")",
               step->now_s - step->limits->held_s, NULL, NULL, error) &&
           run(records,
               "UPDATE held SET item = NULL, item_head = NULL WHERE id IN (SELECT id FROM held "
               "WHERE " EMPTIED " LIMIT " STEP ")",
               step->now_s, NULL, &sums[RECORDS_EMPTIED], error) &&
           /* What was released stays so in its feed, though its entry goes. The index has only
            * what is held, so this has to say that it is. */
           run(records,
               "UPDATE judged SET held_id = 0, action = 'accept' WHERE held_id > 0 AND held_id IN "
               "(SELECT id FROM held WHERE state = 3 AND channel = 'feed' AND state_time_s <= ?1)",
               settled_s, NULL, NULL, error) &&
           run(records,
               "DELETE FROM held WHERE id IN (SELECT id FROM held WHERE state IN " SETTLED_STATES
               " AND state_time_s <= ?1 LIMIT " STEP ")",
               settled_s, NULL, &sums[RECORDS_SETTLED], error) &&
           run(records,
               "DELETE FROM history WHERE id IN (SELECT id FROM history WHERE time_s <= ?1 "
               "ORDER BY time_s LIMIT " STEP ")",
               settled_s, NULL, &sums[RECORDS_HISTORY], error) &&
           run(records,
               "DELETE FROM audit WHERE id IN (SELECT id FROM " OLD_AUDIT " ORDER BY id LIMIT " STEP
               ")",
               settled_s, NULL, &sums[RECORDS_AUDIT], error);
}

/* Of a table that comes before history. */
static bool drop_above(struct step *step, const char *size, int64_t most, const char *drop,
                       bool *dropped, struct error *error)
{
    int64_t bytes = 0, rows = 0;
    bool good = run(step->records, size, 0, &bytes, NULL, error) &&
                (bytes <= most || run(step->records, drop, 0, NULL, &rows, error));
    *dropped = *dropped || rows > 0;
    return good;
}

static bool drop_first(struct step *step, bool *dropped, struct error *error)
{
    int64_t size_bytes = step->limits->size_bytes;
    *dropped = false;
    return drop_above(step, SHOWN_BYTES, size_bytes / 2,
                      "DELETE FROM shown WHERE rowid IN (SELECT rowid FROM shown ORDER BY time_s "
                      "LIMIT " STEP ")",
                      dropped, error) &&
           drop_above(step, STORIES_BYTES, size_bytes / 4,
                      "DELETE FROM stories WHERE id IN (SELECT id FROM stories ORDER BY seen_s "
                      "LIMIT " STEP ")",
                      dropped, error);
}

static bool drop_audit(struct step *step, struct error *error)
{
    int64_t bytes = 0, *dropped = &step->sums[RECORDS_AUDIT];
    if (!run(step->records, AUDIT_BYTES, 0, &bytes, NULL, error))
        return false;
    if (bytes <= step->limits->size_bytes / 4)
        return true;
    return run(step->records, DROP_REFUSED, 0, NULL, dropped, error) &&
           (*dropped || run(step->records, DROP_OLDEST, 0, NULL, dropped, error));
}

/* Only when nothing was dropped by age. Mail expires by its age alone: it takes room in Postfix's
 * queue, not here. Nor do held items make room for what they do not hold. */
static bool drop_by_size(struct step *step, struct error *error)
{
    struct records *records = step->records;
    int64_t bytes, held_bytes, *sums = step->sums;
    bool dropped;
    if (total(sums))
        return true;
    if (!read_size(records, &bytes, error))
        return false;
    if (bytes <= step->limits->size_bytes)
        return true;
    if (!drop_first(step, &dropped, error))
        return false;
    if (dropped)
        return true;
    if (!drop_audit(step, error))
        return false;
    if (total(sums))
        return true;
    if (!run(records,
             "DELETE FROM history WHERE id IN (SELECT id FROM history ORDER BY id LIMIT " STEP ")",
             0, NULL, &sums[RECORDS_HISTORY], error))
        return false;
    if (total(sums))
        return true;
    if (!run(records,
             "DELETE FROM held WHERE id IN (SELECT id FROM held WHERE state IN (6, 7, 8) ORDER BY "
             "id LIMIT " STEP ")",
             0, NULL, &sums[RECORDS_SETTLED], error))
        return false;
    if (total(sums))
        return true;
    if (!run(records, HELD_BYTES, 0, &held_bytes, NULL, error))
        return false;
    return held_bytes <= step->limits->size_bytes ||
           expire(records,
                  "SELECT id, state, 1, taught FROM held WHERE channel = 'feed' AND state "
                  "IN " OPEN_STATES " ORDER BY id LIMIT 20",
                  0, &sums[RECORDS_EXPIRED], error);
}

static bool take_step(void *context, struct error *error)
{
    struct step *step = context;
    return drop_by_age(step, error) && drop_by_size(step, error);
}

bool records_retention_step(struct records *records, const struct records_limits *limits,
                            int64_t now_s, int64_t sums[RECORDS_DROPPED], bool *more,
                            struct error *error)
{
    struct step step = {.records = records, .limits = limits, .now_s = now_s};
    bool good = records_transaction(records, take_step, &step, error);
    for (int i = 0; good && i < RECORDS_DROPPED; i++)
        sums[i] += step.sums[i];
    *more = good && total(step.sums);
    return good;
}

/* --- a look --- */

/* Adds what goes by size, too. That depends on how entries lie in the file's pages, so it is known
 * by doing it: to a copy. */
static void look_by_size(struct records *records, const struct records_limits *limits,
                         int64_t now_s, int64_t sums[RECORDS_DROPPED], struct error *error)
{
    int64_t dropped[RECORDS_DROPPED] = {0};
    struct records *copy = records_copy(records, error);
    bool good = copy != NULL, more = true;
    for (int i = 0; good && more && i < LOOK_STEPS; i++)
        good = records_retention_step(copy, limits, now_s, dropped, &more, error);
    records_close(copy);
    for (int i = 0; good && i < RECORDS_DROPPED; i++)
        sums[i] = dropped[i] > sums[i] ? dropped[i] : sums[i];
}

bool records_retention_look(struct records *records, const struct records_limits *limits,
                            int64_t now_s, int64_t sums[RECORDS_DROPPED], int64_t *size_bytes,
                            struct error *by_size, struct error *error)
{
    int64_t settled_s = now_s - limits->settled_s;
    memset(sums, 0, RECORDS_DROPPED * sizeof *sums);
    records_lock(records);
    bool good =
        run(records, "SELECT count(*) FROM held WHERE state IN " OPEN_STATES " AND time_s <= ?1",
            now_s - limits->held_s, &sums[RECORDS_EXPIRED], NULL, error) &&
        run(records, "SELECT count(*) FROM held WHERE " EMPTIED, now_s, &sums[RECORDS_EMPTIED],
            NULL, error) &&
        run(records,
            "SELECT count(*) FROM held WHERE state IN " SETTLED_STATES " AND state_time_s <= ?1",
            settled_s, &sums[RECORDS_SETTLED], NULL, error) &&
        run(records, "SELECT count(*) FROM history WHERE time_s <= ?1", settled_s,
            &sums[RECORDS_HISTORY], NULL, error) &&
        run(records, "SELECT count(*) FROM " OLD_AUDIT, settled_s, &sums[RECORDS_AUDIT], NULL,
            error) &&
        read_size(records, size_bytes, error);
    records_unlock(records);
    if (good && *size_bytes > limits->size_bytes)
        look_by_size(records, limits, now_s, sums, by_size);
    return good;
}
