#include "store/counts_sqlite.h"

#include "store/counts_ops.h"
#include "store/memory.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_S 86400
#define EVENT_LIFE_S (30 * DAY_S)
#define LABEL_LIFE_S (180 * DAY_S)
#define GROUP 64          /* lessons in one transaction: one wait for the disk */
#define FOLLOW_BATCH 256u /* entries in one answer */
#define POLL_MS 200u

bool counts_sqlite_newest(struct sqlite_link *link, uint64_t *version, struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_VERSION_NEWEST, error);
    int code = statement ? counts_sqlite_step(link, statement, error) : SQLITE_ERROR;
    if (code == SQLITE_ROW)
        *version = (uint64_t)sqlite3_column_int64(statement, 0); /* NULL, of an empty log, is 0 */
    sqlite3_reset(statement);
    return code == SQLITE_ROW;
}

/* --- appending --- */

/* What a source said of a document before. */
struct earlier {
    bool found;
    enum label label;
    int64_t time_s;
    uint64_t version;
    size_t identity_count;
    struct identity identities[LESSON_IDENTITIES_MAX]; /* their values are in `names` */
    bool limited;                                      /* and had these `amounts` */
    uint16_t amounts[LESSON_IDENTITIES_MAX];
    unsigned char names[LESSON_IDENTITIES_MAX * (2 + IDENTITY_VALUE_MAX)];
};

struct append {
    const struct lesson *const *lessons;
    size_t count;
    struct append_result *results;
    uint64_t newest;
    int64_t now_s;
    struct earlier earlier; /* of the lesson in hand */
};

static bool find_event(struct sqlite_link *link, const struct lesson *lesson, int64_t now_s,
                       bool *found, uint64_t *version, struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_EVENT_FIND, error);
    if (!statement)
        return false;
    counts_sqlite_bind(statement, 1, lesson->event_id, LESSON_ID_BYTES);
    sqlite3_bind_int64(statement, 2, now_s);
    int code = counts_sqlite_step(link, statement, error);
    *found = code == SQLITE_ROW;
    if (*found)
        *version = (uint64_t)sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

bool counts_sqlite_write_event(struct sqlite_link *link, struct span id, uint64_t version,
                               int64_t expires_s, struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_EVENT_ADD, error);
    if (!statement)
        return false;
    counts_sqlite_bind(statement, 1, id.data, id.length);
    sqlite3_bind_int64(statement, 2, (int64_t)version);
    sqlite3_bind_int64(statement, 3, expires_s);
    return counts_sqlite_run(link, statement, error);
}

static bool remember_event(struct sqlite_link *link, const struct lesson *lesson, uint64_t version,
                           int64_t now_s, struct error *error)
{
    struct span id = {(const char *)lesson->event_id, LESSON_ID_BYTES};
    return counts_sqlite_write_event(link, id, version, now_s + EVENT_LIFE_S, error);
}

bool counts_sqlite_unpack(const struct sqlite_link *link, struct span names,
                          struct identity identities[LESSON_IDENTITIES_MAX], size_t *count,
                          struct error *error)
{
    const unsigned char *at = (const unsigned char *)names.data, *end = at + names.length;
    *count = 0;
    while (at < end) {
        if (end - at < 2 || at[0] >= IDENTITY_TYPES || at[1] > end - at - 2 ||
            *count == LESSON_IDENTITIES_MAX)
            return error_set(error, ERROR_BUG, "%s: a label's names are damaged",
                             link->store->path);
        identities[(*count)++] =
            (struct identity){(enum identity_type)at[0], {(const char *)at + 2, at[1]}};
        at += 2 + at[1];
    }
    return true;
}

/* Copies them, since the statement is needed again before they are. */
static bool read_names(struct sqlite_link *link, sqlite3_stmt *statement, int column,
                       struct earlier *earlier, struct error *error)
{
    size_t length = (size_t)sqlite3_column_bytes(statement, column);
    if (length > sizeof earlier->names)
        length = sizeof earlier->names; /* more identities than there can be: damaged */
    if (length)
        memcpy(earlier->names, sqlite3_column_blob(statement, column), length);
    return counts_sqlite_unpack(link, (struct span){(const char *)earlier->names, length},
                                earlier->identities, &earlier->identity_count, error);
}

static bool find_label(struct sqlite_link *link, const struct lesson *lesson, int64_t now_s,
                       struct earlier *earlier, struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_LABEL_FIND, error);
    if (!statement)
        return false;
    counts_sqlite_bind(statement, 1, lesson->document_id, LESSON_ID_BYTES);
    counts_sqlite_bind(statement, 2, lesson->source.data, lesson->source.length);
    sqlite3_bind_int64(statement, 3, now_s);
    int code = counts_sqlite_step(link, statement, error);
    bool good = code == SQLITE_ROW || code == SQLITE_DONE;
    earlier->found = code == SQLITE_ROW;
    if (earlier->found) {
        earlier->label = sqlite3_column_int(statement, 0) ? LABEL_SPAM : LABEL_HAM;
        earlier->time_s = sqlite3_column_int64(statement, 1);
        earlier->version = (uint64_t)sqlite3_column_int64(statement, 2);
        good = read_names(link, statement, 3, earlier, error);
        struct span amounts = {sqlite3_column_blob(statement, 4),
                               (size_t)sqlite3_column_bytes(statement, 4)};
        earlier->limited =
            counts_sqlite_unpack_amounts(amounts, earlier->amounts, earlier->identity_count);
    }
    sqlite3_reset(statement);
    return good;
}

bool counts_sqlite_write_label(struct sqlite_link *link, const struct counts_item *label,
                               struct error *error)
{
    unsigned char names[LESSON_IDENTITIES_MAX * (2 + IDENTITY_VALUE_MAX)], *at = names;
    for (size_t i = 0; i < label->identity_count; i++) {
        struct span value = label->identities[i].value;
        *at++ = (unsigned char)label->identities[i].type;
        *at++ = (unsigned char)value.length;
        if (value.length)
            memcpy(at, value.data, value.length);
        at += value.length;
    }
    unsigned char amounts[2 * LESSON_IDENTITIES_MAX];
    size_t amounts_length = counts_sqlite_pack_amounts(label, amounts);
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_LABEL_ADD, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, (int64_t)label->version);
    counts_sqlite_bind(statement, 2, label->bytes.data, label->bytes.length);
    counts_sqlite_bind(statement, 3, label->source.data, label->source.length);
    sqlite3_bind_int(statement, 4, label->label);
    sqlite3_bind_int64(statement, 5, label->time_s);
    counts_sqlite_bind(statement, 6, names, (size_t)(at - names));
    sqlite3_bind_int64(statement, 7, label->expires_s);
    if (label->amounts)
        counts_sqlite_bind(statement, 8, amounts, amounts_length);
    return counts_sqlite_run(link, statement, error);
}

static bool remember_label(struct sqlite_link *link, const struct lesson *lesson, uint64_t version,
                           const struct sqlite_event *event, struct error *error)
{
    struct counts_item label = {.bytes = {(const char *)lesson->document_id, LESSON_ID_BYTES},
                                .version = version,
                                .expires_s = event->now_s + LABEL_LIFE_S,
                                .source = lesson->source,
                                .label = lesson->label,
                                .time_s = event->time_s,
                                .identities = event->identities,
                                .identity_count = event->count,
                                .amounts = event->amounts};
    return counts_sqlite_write_label(link, &label, error);
}

bool counts_sqlite_remove_label(struct sqlite_link *link, struct span document, struct span source,
                                struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_LABEL_REMOVE, error);
    if (!statement)
        return false;
    counts_sqlite_bind(statement, 1, document.data, document.length);
    counts_sqlite_bind(statement, 2, source.data, source.length);
    return counts_sqlite_run(link, statement, error);
}

bool counts_sqlite_write_entry(struct sqlite_link *link, uint64_t version, struct span lesson,
                               struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_LOG_ADD, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, (int64_t)version);
    counts_sqlite_bind(statement, 2, lesson.data, lesson.length);
    return counts_sqlite_run(link, statement, error);
}

static bool add_entry(struct sqlite_link *link, const struct lesson *lesson, uint64_t version,
                      struct error *error)
{
    size_t length;
    unsigned char *encoded = lesson_encode(lesson, &length); /* aborts beyond the limits */
    bool good = counts_sqlite_write_entry(link, version,
                                          (struct span){(const char *)encoded, length}, error);
    free(encoded);
    return good;
}

/* Takes back what the source said before. */
static bool take_back(struct sqlite_link *link, const struct lesson *lesson,
                      const struct earlier *earlier, int64_t now_s, struct error *error)
{
    struct sqlite_event event = {.identities = earlier->identities,
                                 .count = earlier->identity_count,
                                 .label = earlier->label,
                                 .time_s = earlier->time_s,
                                 .now_s = now_s,
                                 .amounts = earlier->limited ? earlier->amounts : NULL};
    return (!earlier->limited || counts_sqlite_give_back(link, lesson->source, &event, error)) &&
           counts_sqlite_change(link, &event, true, error);
}

/* Counts the lesson, and remembers what was counted. */
static bool count(struct sqlite_link *link, const struct lesson *lesson, uint64_t version,
                  int64_t time_s, int64_t now_s, struct error *error)
{
    uint16_t amounts[LESSON_IDENTITIES_MAX];
    bool limited = counts_is_limited(&link->store->base, lesson);
    struct sqlite_event event = {.identities = lesson->identities,
                                 .count = lesson->identity_count,
                                 .label = lesson->label,
                                 .time_s = time_s,
                                 .now_s = now_s};
    if (limited) {
        if (!counts_sqlite_allow(link, lesson->source, &event, amounts, error) ||
            !counts_sqlite_remember_word(link, lesson, now_s, error))
            return false;
        event.amounts = amounts;
    }
    if (lesson->trust == TRUST_OPERATOR && !counts_sqlite_test_words(link, lesson, now_s, error))
        return false;
    return remember_label(link, lesson, version, &event, error) &&
           counts_sqlite_change(link, &event, false, error);
}

static bool forget_label(struct sqlite_link *link, const struct lesson *lesson, int64_t now_s,
                         struct error *error)
{
    const struct span document = {(const char *)lesson->document_id, LESSON_ID_BYTES};
    return (lesson->trust != TRUST_OPERATOR ||
            counts_sqlite_test_words(link, lesson, now_s, error)) &&
           counts_sqlite_remove_label(link, document, lesson->source, error);
}

static bool append_one(struct sqlite_link *link, struct append *append, const struct lesson *lesson,
                       struct append_result *result, struct error *error)
{
    struct earlier *earlier = &append->earlier;
    int64_t now_s = append->now_s, latest_s = now_s + COUNTS_CLOCK_TOLERANCE_S;
    bool seen;
    if (!find_event(link, lesson, now_s, &seen, &result->version, error))
        return false;
    result->outcome = APPEND_REPEATED;
    if (seen)
        return true;
    if (!find_label(link, lesson, now_s, earlier, error))
        return false;
    bool said_so = earlier->found && earlier->label == lesson->label;
    if (said_so != lesson->withdrawn) {
        *result = (struct append_result){APPEND_SAME_LABEL, earlier->found ? earlier->version : 0};
        return remember_event(link, lesson, result->version, now_s, error);
    }

    int64_t time_s = lesson->time_s < 0 ? 0 : lesson->time_s > latest_s ? latest_s : lesson->time_s;
    uint64_t version = append->newest + 1;
    bool good = add_entry(link, lesson, version, error) &&
                remember_event(link, lesson, version, now_s, error) &&
                (!earlier->found || take_back(link, lesson, earlier, now_s, error)) &&
                (lesson->withdrawn ? forget_label(link, lesson, now_s, error)
                                   : count(link, lesson, version, time_s, now_s, error));
    append->newest = version;
    *result = (struct append_result){earlier->found ? APPEND_CORRECTED : APPEND_NEW, version};
    return good;
}

static bool prune_rows(struct sqlite_link *link, enum sql_statement which, size_t most,
                       int64_t now_s, struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(link, which, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, now_s);
    sqlite3_bind_int64(statement, 2, (int64_t)most);
    return counts_sqlite_run(link, statement, error);
}

/* Twice as many as were added, so that nothing piles up. */
static bool prune(struct sqlite_link *link, const struct append *append, struct error *error)
{
    size_t identities = 0;
    for (size_t i = 0; i < append->count; i++)
        identities += append->lessons[i]->identity_count;
    return prune_rows(link, SQL_EVENT_PRUNE, 2 * append->count, append->now_s, error) &&
           prune_rows(link, SQL_LABEL_PRUNE, 2 * append->count, append->now_s, error) &&
           prune_rows(link, SQL_WORD_PRUNE, 2 * append->count, append->now_s, error) &&
           prune_rows(link, SQL_TRUST_PRUNE, 2 * append->count, append->now_s, error) &&
           prune_rows(link, SQL_CONTRIBUTION_PRUNE, 2 * identities, append->now_s, error) &&
           counts_sqlite_prune(link, 2 * identities, append->now_s, error);
}

static bool append_group(struct sqlite_link *link, void *context, struct error *error)
{
    struct append *append = context;
    append->now_s = time(NULL);
    if (!counts_sqlite_newest(link, &append->newest, error))
        return false;
    for (size_t i = 0; i < append->count; i++)
        if (!append_one(link, append, append->lessons[i], &append->results[i], error))
            return false;
    return prune(link, append, error);
}

bool counts_sqlite_append(struct counts_store *store, const struct lesson *const *lessons, size_t n,
                          struct append_result *results, size_t *done, struct error *error)
{
    struct append *append = memory_new(sizeof *append);
    bool good = true;
    while (good && *done < n) {
        append->lessons = lessons + *done;
        append->results = results + *done;
        append->count = n - *done < GROUP ? n - *done : GROUP;
        good = counts_sqlite_write(counts_sqlite_of(store), append_group, append, error);
        if (good)
            *done += append->count;
    }
    free(append);
    return good;
}

/* --- following --- */

struct follower {
    struct sqlite_link *link;
    uint64_t version; /* visited so far */
    size_t visited, most;
    bool stopped;
    counts_visit_lesson *visit;
    void *context;
};

static enum follow_outcome visit_entry(struct follower *follower, sqlite3_stmt *statement,
                                       struct error *error)
{
    uint64_t version = (uint64_t)sqlite3_column_int64(statement, 0);
    if (version != follower->version + 1) {
        /* The first one there is may be far ahead; a hole behind it is another matter. */
        if (!follower->visited)
            return FOLLOW_TRIMMED;
        error_set(error, ERROR_BUG, "%s: the log has a gap between %llu and %llu",
                  follower->link->store->path, (unsigned long long)follower->version,
                  (unsigned long long)version);
        return FOLLOW_FAILED;
    }
    const void *lesson = sqlite3_column_blob(statement, 1);
    follower->version = version;
    follower->visited++;
    follower->stopped = !follower->visit(follower->context, version, lesson,
                                         (size_t)sqlite3_column_bytes(statement, 1));
    return FOLLOW_DONE;
}

/* Visits up to `count` entries; `*came` says how many. */
static enum follow_outcome read_batch(struct follower *follower, size_t count, size_t *came,
                                      struct error *error)
{
    *came = 0;
    sqlite3_stmt *statement = counts_sqlite_prepare(follower->link, SQL_LOG_READ, error);
    if (!statement)
        return FOLLOW_FAILED;
    sqlite3_bind_int64(statement, 1, (int64_t)follower->version);
    sqlite3_bind_int64(statement, 2, (int64_t)count);
    enum follow_outcome outcome = FOLLOW_DONE;
    int code = SQLITE_DONE;
    while (outcome == FOLLOW_DONE && !follower->stopped &&
           (code = counts_sqlite_step(follower->link, statement, error)) == SQLITE_ROW) {
        ++*came;
        outcome = visit_entry(follower, statement, error);
    }
    sqlite3_reset(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE ? outcome : FOLLOW_FAILED;
}

static enum follow_outcome read_all(struct follower *follower, struct error *error)
{
    for (;;) {
        size_t left = follower->most - follower->visited, came;
        size_t count = left < FOLLOW_BATCH ? left : FOLLOW_BATCH;
        if (!count)
            return FOLLOW_DONE;
        enum follow_outcome outcome = read_batch(follower, count, &came, error);
        if (outcome != FOLLOW_DONE || came < count || follower->stopped)
            return outcome;
    }
}

/* A number that changes when another connection has written; 0 on failure. */
static int64_t data_version(struct sqlite_link *link, struct error *error)
{
    int64_t version = 0;
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_DATA_VERSION, error);
    if (statement && counts_sqlite_step(link, statement, error) == SQLITE_ROW)
        version = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return version;
}

static enum follow_outcome follow(struct follower *follower, unsigned wait_ms, struct error *error)
{
    uint64_t newest;
    if (!counts_sqlite_newest(follower->link, &newest, error))
        return FOLLOW_FAILED;
    if (newest < follower->version)
        return FOLLOW_TRIMMED;
    int64_t seen = data_version(follower->link, error);
    enum follow_outcome outcome = read_all(follower, error);
    while (seen && outcome == FOLLOW_DONE && !follower->visited && wait_ms &&
           counts_sqlite_is_current(follower->link)) {
        unsigned pause_ms = wait_ms < POLL_MS ? wait_ms : POLL_MS;
        nanosleep(&(struct timespec){0, (long)pause_ms * 1000000}, NULL);
        wait_ms -= pause_ms;
        int64_t now = data_version(follower->link, error);
        if (now != seen) {
            seen = now;
            outcome = seen ? read_all(follower, error) : FOLLOW_FAILED;
        }
    }
    return seen ? outcome : FOLLOW_FAILED;
}

enum follow_outcome counts_sqlite_follow(struct counts_store *store, uint64_t version,
                                         unsigned wait_ms, size_t most, counts_visit_lesson *visit,
                                         void *context, struct error *error)
{
    struct counts_sqlite *sqlite = counts_sqlite_of(store);
    bool waits = wait_ms > 0;
    struct follower follower = {.link = counts_sqlite_borrow(sqlite, waits, error),
                                .version = version,
                                .most = most,
                                .visit = visit,
                                .context = context};
    if (!follower.link)
        return FOLLOW_FAILED;
    enum follow_outcome outcome = follow(&follower, wait_ms, error);
    counts_sqlite_return(sqlite, follower.link, waits);
    return outcome;
}
