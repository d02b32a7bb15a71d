#include "store/counts_sqlite.h"

#include <math.h>
#include <string.h>
#include <time.h>

#define SEEN_GROUP 500 /* identities in one transaction, which keeps other writers waiting */

/* What stands under one identity. */
struct row {
    bool found;
    struct reputation_counts counts;
    int64_t expires_s; /* COUNTS_NEVER: pinned */
};

void counts_sqlite_read_reputation(sqlite3_stmt *statement, struct reputation_counts *counts,
                                   int64_t *expires_s)
{
    *counts = (struct reputation_counts){
        .ham_milli = (uint32_t)sqlite3_column_int64(statement, 0),
        .spam_milli = (uint32_t)sqlite3_column_int64(statement, 1),
        .time_s = sqlite3_column_int64(statement, 2),
        .override = (enum override_kind)sqlite3_column_int(statement, 3),
        .override_centi = sqlite3_column_int(statement, 4),
        .override_until_s = sqlite3_column_int64(statement, 5),
    };
    *expires_s = sqlite3_column_type(statement, 6) == SQLITE_NULL
                     ? COUNTS_NEVER
                     : sqlite3_column_int64(statement, 6);
    counts->seen_milli = (uint32_t)sqlite3_column_int64(statement, 7);
    counts->first_s = sqlite3_column_int64(statement, 8);
}

static bool find(struct sqlite_link *link, const struct identity *identity, int64_t now_s,
                 struct row *row, struct error *error)
{
    *row = (struct row){0};
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_REPUTATION_FIND, error);
    if (!statement)
        return false;
    sqlite3_bind_int(statement, 1, identity->type);
    counts_sqlite_bind(statement, 2, identity->value.data, identity->value.length);
    sqlite3_bind_int64(statement, 3, now_s);
    int code = counts_sqlite_step(link, statement, error);
    row->found = code == SQLITE_ROW;
    if (row->found)
        counts_sqlite_read_reputation(statement, &row->counts, &row->expires_s);
    sqlite3_reset(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

bool counts_sqlite_counts_of(struct sqlite_link *link, const struct identity *identity,
                             int64_t now_s, struct reputation_counts *counts, struct error *error)
{
    struct row row;
    bool good = find(link, identity, now_s, &row, error);
    *counts = row.counts;
    return good;
}

static bool write_row(struct sqlite_link *link, const struct identity *identity,
                      const struct row *row, struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_REPUTATION_ADD, error);
    if (!statement)
        return false;
    sqlite3_bind_int(statement, 1, identity->type);
    counts_sqlite_bind(statement, 2, identity->value.data, identity->value.length);
    sqlite3_bind_int64(statement, 3, row->counts.ham_milli);
    sqlite3_bind_int64(statement, 4, row->counts.spam_milli);
    sqlite3_bind_int64(statement, 5, row->counts.time_s);
    sqlite3_bind_int(statement, 6, row->counts.override);
    sqlite3_bind_int(statement, 7, row->counts.override_centi);
    sqlite3_bind_int64(statement, 8, row->counts.override_until_s);
    if (row->expires_s != COUNTS_NEVER)
        sqlite3_bind_int64(statement, 9, row->expires_s);
    sqlite3_bind_int64(statement, 10, row->counts.seen_milli);
    sqlite3_bind_int64(statement, 11, row->counts.first_s);
    return counts_sqlite_run(link, statement, error);
}

/* Leaves the expiry alone, and with it the index. */
static bool write_counts(struct sqlite_link *link, const struct identity *identity,
                         const struct reputation_counts *counts, struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_REPUTATION_COUNT, error);
    if (!statement)
        return false;
    sqlite3_bind_int(statement, 1, identity->type);
    counts_sqlite_bind(statement, 2, identity->value.data, identity->value.length);
    sqlite3_bind_int64(statement, 3, counts->ham_milli);
    sqlite3_bind_int64(statement, 4, counts->spam_milli);
    return counts_sqlite_run(link, statement, error);
}

static bool remove_row(struct sqlite_link *link, const struct identity *identity,
                       struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_REPUTATION_FORGET, error);
    if (!statement)
        return false;
    sqlite3_bind_int(statement, 1, identity->type);
    counts_sqlite_bind(statement, 2, identity->value.data, identity->value.length);
    return counts_sqlite_run(link, statement, error);
}

bool counts_sqlite_write_reputation(struct sqlite_link *link, const struct identity *identity,
                                    const struct reputation_counts *counts, int64_t expires_s,
                                    struct error *error)
{
    struct row row = {true, *counts, expires_s};
    bool nothing = reputation_counts_are_none(counts);
    return nothing ? remove_row(link, identity, error) : write_row(link, identity, &row, error);
}

/* --- counting --- */

uint32_t counts_sqlite_whole(double count)
{
    return count <= 0 ? 0 : count > UINT32_MAX ? UINT32_MAX : (uint32_t)floor(count + 0.5);
}

/* True when the reference time has moved on. */
static bool add_event(struct reputation_counts *counts, double half_life_s, enum label label,
                      int64_t time_s, int milli)
{
    double ham = counts->ham_milli, spam = counts->spam_milli;
    double age_s = (double)(time_s - counts->time_s);
    bool moved = age_s > half_life_s / 16;
    if (moved) {
        double decay = pow(2, -age_s / half_life_s);
        ham *= decay;
        spam *= decay;
        counts->seen_milli = counts_sqlite_whole(counts->seen_milli * decay);
        age_s = 0;
        counts->time_s = time_s;
    }
    double weight = milli * pow(2, age_s / half_life_s);
    counts->ham_milli = counts_sqlite_whole(label == LABEL_HAM ? ham + weight : ham);
    counts->spam_milli = counts_sqlite_whole(label == LABEL_SPAM ? spam + weight : spam);
    return moved;
}

static int64_t expiry(const struct sqlite_link *link, enum identity_type type,
                      const struct reputation_counts *counts, int64_t now_s)
{
    int64_t life_s = COUNTS_HALF_LIVES_KEPT * (int64_t)link->store->base.half_life_s[type];
    if (counts->override == OVERRIDE_PIN)
        return COUNTS_NEVER;
    if (counts->override == OVERRIDE_SET && counts->override_until_s - now_s > life_s)
        return counts->override_until_s;
    return now_s + life_s;
}

static bool change_one(struct sqlite_link *link, const struct sqlite_event *event, size_t at,
                       struct row row, bool back, struct error *error)
{
    const struct identity *identity = &event->identities[at];
    enum label label = event->label;
    struct reputation_counts *counts = &row.counts;
    int64_t now_s = event->now_s, time_s = counts_time_of(event->time_s, counts->time_s, now_s);
    int milli = event->amounts ? event->amounts[at] : 1000;
    if (back)
        milli = -milli;
    if (!milli)
        return true;
    if (!row.found) {
        if (milli <= 0)
            return true;
        counts->ham_milli = label == LABEL_HAM ? (uint32_t)milli : 0;
        counts->spam_milli = label == LABEL_SPAM ? (uint32_t)milli : 0;
        counts->time_s = counts->first_s = time_s;
        row.expires_s = expiry(link, identity->type, counts, now_s);
        return write_row(link, identity, &row, error);
    }
    /* It may have been kept for as long as what was only seen is. */
    bool unlabelled = !counts->ham_milli && !counts->spam_milli;
    bool moved =
        add_event(counts, link->store->base.half_life_s[identity->type], label, time_s, milli);
    if (reputation_counts_are_none(counts))
        return remove_row(link, identity, error);
    if (!moved && !unlabelled)
        return write_counts(link, identity, counts, error);
    row.expires_s = expiry(link, identity->type, counts, now_s);
    return write_row(link, identity, &row, error);
}

bool counts_sqlite_change(struct sqlite_link *link, const struct sqlite_event *event, bool back,
                          struct error *error)
{
    /* All are read before the first is written: an identity that a lesson names twice counts once,
     * as in Redis. */
    struct row rows[LESSON_IDENTITIES_MAX];
    for (size_t i = 0; i < event->count; i++)
        if (!find(link, &event->identities[i], event->now_s, &rows[i], error))
            return false;
    for (size_t i = 0; i < event->count; i++)
        if (!change_one(link, event, i, rows[i], back, error))
            return false;
    return true;
}

/* --- what was seen --- */

bool counts_sqlite_write_since(struct sqlite_link *link, int64_t since_s, int64_t last_s,
                               struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_SEEN_SAVE, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, since_s);
    sqlite3_bind_int64(statement, 2, last_s);
    return counts_sqlite_run(link, statement, error);
}

/* 0: documents are not counted, or there was too long a gap. */
static bool read_since(struct sqlite_link *link, int64_t now_s, int64_t *since_s,
                       struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_SEEN_SINCE, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, now_s - COUNTS_SEEN_KEPT_S);
    int code = counts_sqlite_step(link, statement, error);
    *since_s = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

static bool see_one(struct sqlite_link *link, const struct identity *identity, uint32_t documents,
                    int64_t now_s, struct error *error)
{
    struct row row;
    struct reputation_counts *counts = &row.counts;
    if (!find(link, identity, now_s, &row, error))
        return false;
    if (!row.found)
        counts->time_s = counts->first_s = now_s;
    double half_life_s = link->store->base.half_life_s[identity->type], seen = counts->seen_milli;
    double age_s = (double)(counts_time_of(now_s, counts->time_s, now_s) - counts->time_s);
    bool moved = age_s > half_life_s / 16;
    if (moved) {
        double decay = pow(2, -age_s / half_life_s);
        counts->ham_milli = counts_sqlite_whole(counts->ham_milli * decay);
        counts->spam_milli = counts_sqlite_whole(counts->spam_milli * decay);
        seen *= decay;
        counts->time_s = now_s;
        age_s = 0;
    }
    counts->seen_milli =
        counts_sqlite_whole(seen + 1000.0 * documents * pow(2, age_s / half_life_s));
    int64_t seen_until_s = now_s + counts_seen_life_s(identity->type);
    if (reputation_counts_are_unlabelled(counts))
        row.expires_s = seen_until_s > row.expires_s ? seen_until_s : row.expires_s;
    else if (moved)
        row.expires_s = expiry(link, identity->type, counts, now_s);
    return write_row(link, identity, &row, error);
}

struct seeing {
    const struct identity *identities;
    const uint32_t *documents;
    size_t count;
};

/* As many again are pruned as came, and more, so that nothing piles up. */
static bool see_all(struct sqlite_link *link, void *context, struct error *error)
{
    const struct seeing *seeing = context;
    int64_t now_s = time(NULL), since_s;
    if (!read_since(link, now_s, &since_s, error) ||
        !counts_sqlite_write_since(link, since_s ? since_s : now_s, now_s, error))
        return false;
    for (size_t i = 0; i < seeing->count; i++)
        if (!see_one(link, &seeing->identities[i], seeing->documents[i], now_s, error))
            return false;
    return counts_sqlite_prune(link, 2 * seeing->count, now_s, error);
}

bool counts_sqlite_reputation_seen(struct counts_store *store, const struct identity *identities,
                                   const uint32_t *documents, size_t n, struct error *error)
{
    for (size_t at = 0; at < n; at += SEEN_GROUP) {
        struct seeing seeing = {identities + at, documents + at,
                                n - at < SEEN_GROUP ? n - at : SEEN_GROUP};
        if (!counts_sqlite_write(counts_sqlite_of(store), see_all, &seeing, error))
            return false;
    }
    return true;
}

/* One by one: a DELETE of those that a subquery finds looks at all of their type. */
bool counts_sqlite_prune(struct sqlite_link *link, size_t most, int64_t now_s, struct error *error)
{
    for (; most; most--) {
        char value[IDENTITY_VALUE_MAX];
        struct identity identity = {IDENTITY_TYPES, {value, 0}};
        sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_REPUTATION_EXPIRED, error);
        if (!statement)
            return false;
        sqlite3_bind_int64(statement, 1, now_s);
        int code = counts_sqlite_step(link, statement, error);
        size_t length = code == SQLITE_ROW ? (size_t)sqlite3_column_bytes(statement, 1) : 0;
        if (code == SQLITE_ROW && length <= sizeof value) {
            identity.type = (enum identity_type)sqlite3_column_int(statement, 0);
            identity.value.length = length;
            if (length)
                memcpy(value, sqlite3_column_blob(statement, 1), length);
        }
        sqlite3_reset(statement);
        if (code != SQLITE_ROW)
            return code == SQLITE_DONE;
        if (!remove_row(link, &identity, error))
            return false;
    }
    return true;
}

/* --- reading --- */

struct reading {
    const struct identity *identities;
    size_t count;
    struct reputation_counts *counts;
    int64_t since_s;
};

static bool read_all(struct sqlite_link *link, void *context, struct error *error)
{
    struct reading *reading = context;
    int64_t now_s = time(NULL);
    if (!read_since(link, now_s, &reading->since_s, error))
        return false;
    for (size_t i = 0; i < reading->count; i++) {
        struct row row;
        if (!find(link, &reading->identities[i], now_s, &row, error))
            return false;
        reading->counts[i] = row.counts;
    }
    return true;
}

bool counts_sqlite_reputation_read(struct counts_store *store, const struct identity *identities,
                                   size_t n, struct reputation_counts *counts, struct error *error)
{
    struct reading reading = {identities, n, counts, 0};
    if (counts_sqlite_read(counts_sqlite_of(store), read_all, &reading, error)) {
        store->seen_since_s = reading.since_s;
        return true;
    }
    memset(counts, 0, n * sizeof *counts);
    return false;
}

#define PAGE 1000

struct listing {
    enum identity_type type;
    struct counts_cursor *cursor;
    counts_visit_reputation *visit;
    void *context;
};

/* Its cursor is the type and the value of the last row. */
static bool bind_place(const struct listing *listing, sqlite3_stmt *statement, struct error *error)
{
    bool all = listing->type == IDENTITY_TYPES;
    const struct counts_cursor *cursor = listing->cursor;
    unsigned char after = cursor->length ? (unsigned char)cursor->bytes[0] : 0;
    if (after >= IDENTITY_TYPES || cursor->length > sizeof cursor->bytes)
        return error_set(error, ERROR_INPUT, "the place in the list is none of this store");
    sqlite3_bind_int(statement, 1, cursor->length ? after : all ? 0 : (int)listing->type);
    sqlite3_bind_blob(statement, 2, cursor->bytes + 1, cursor->length ? (int)cursor->length - 1 : 0,
                      SQLITE_TRANSIENT);
    sqlite3_bind_int(statement, 3, all ? IDENTITY_TYPES - 1 : (int)listing->type);
    sqlite3_bind_int64(statement, 4, time(NULL));
    sqlite3_bind_int(statement, 5, PAGE);
    return true;
}

static void keep_place(struct counts_cursor *cursor, const struct identity *identity)
{
    cursor->length = 1 + identity->value.length;
    cursor->bytes[0] = (char)identity->type;
    memcpy(cursor->bytes + 1, identity->value.data, identity->value.length);
}

/* A row of a list. Its value is lent until the next step. */
static struct identity read_listed(sqlite3_stmt *statement, struct reputation_counts *counts)
{
    int64_t expires_s;
    counts_sqlite_read_reputation(statement, counts, &expires_s);
    return (struct identity){
        (enum identity_type)sqlite3_column_int(statement, 9),
        {sqlite3_column_blob(statement, 10), (size_t)sqlite3_column_bytes(statement, 10)}};
}

static bool list_page(struct sqlite_link *link, void *context, struct error *error)
{
    const struct listing *listing = context;
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_REPUTATION_LIST, error);
    if (!statement || !bind_place(listing, statement, error))
        return false;
    int code, rows = 0;
    while ((code = counts_sqlite_step(link, statement, error)) == SQLITE_ROW) {
        struct reputation_counts counts;
        struct identity identity = read_listed(statement, &counts);
        if (identity.value.length <= IDENTITY_VALUE_MAX)
            keep_place(listing->cursor, &identity);
        listing->visit(listing->context, &identity, &counts);
        rows++;
    }
    if (rows < PAGE)
        listing->cursor->length = 0;
    return code == SQLITE_DONE;
}

bool counts_sqlite_reputation_page(struct counts_store *store, enum identity_type type,
                                   struct counts_cursor *cursor, counts_visit_reputation *visit,
                                   void *context, struct error *error)
{
    struct listing listing = {type, cursor, visit, context};
    return counts_sqlite_read(counts_sqlite_of(store), list_page, &listing, error);
}

static bool list_overrides(struct sqlite_link *link, void *context, struct error *error)
{
    const struct listing *listing = context;
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_REPUTATION_OVERRIDDEN, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, time(NULL));
    int code;
    while ((code = counts_sqlite_step(link, statement, error)) == SQLITE_ROW) {
        struct reputation_counts counts;
        struct identity identity = read_listed(statement, &counts);
        listing->visit(listing->context, &identity, &counts);
    }
    sqlite3_reset(statement);
    return code == SQLITE_DONE;
}

bool counts_sqlite_reputation_overrides(struct counts_store *store, counts_visit_reputation *visit,
                                        void *context, struct error *error)
{
    struct listing listing = {IDENTITY_TYPES, NULL, visit, context};
    return counts_sqlite_read(counts_sqlite_of(store), list_overrides, &listing, error);
}

/* --- the admin's word --- */

struct overriding {
    const struct identity *identity;
    enum override_kind kind;
    int32_t centi;
    int64_t until_s;
    bool existed;
};

static bool override(struct sqlite_link *link, void *context, struct error *error)
{
    const struct overriding *overriding = context;
    const struct identity *identity = overriding->identity;
    int64_t now_s = time(NULL);
    struct row row;
    if (!find(link, identity, now_s, &row, error))
        return false;
    if (!row.found)
        row.counts.time_s = row.counts.first_s = now_s;
    row.counts.override = overriding->kind;
    row.counts.override_centi = overriding->kind == OVERRIDE_NONE ? 0 : overriding->centi;
    row.counts.override_until_s = overriding->kind == OVERRIDE_NONE ? 0 : overriding->until_s;
    if (reputation_counts_are_none(&row.counts))
        return remove_row(link, identity, error);
    row.expires_s = expiry(link, identity->type, &row.counts, now_s);
    return write_row(link, identity, &row, error);
}

bool counts_sqlite_reputation_override(struct counts_store *store, const struct identity *identity,
                                       enum override_kind kind, int32_t centi, int64_t until_s,
                                       struct error *error)
{
    until_s = until_s < 0 ? 0 : until_s > UINT32_MAX ? UINT32_MAX : until_s;
    struct overriding overriding = {identity, kind, centi, until_s, false};
    return counts_sqlite_write(counts_sqlite_of(store), override, &overriding, error);
}

struct writing {
    const struct identity *identities;
    const struct reputation_counts *counts;
    size_t count;
};

static bool write_all(struct sqlite_link *link, void *context, struct error *error)
{
    const struct writing *writing = context;
    int64_t now_s = time(NULL);
    for (size_t i = 0; i < writing->count; i++) {
        const struct identity *identity = &writing->identities[i];
        const struct reputation_counts *counts = &writing->counts[i];
        if (!counts_sqlite_write_reputation(link, identity, counts,
                                            expiry(link, identity->type, counts, now_s), error))
            return false;
    }
    return true;
}

bool counts_sqlite_reputation_write(struct counts_store *store, const struct identity *identities,
                                    const struct reputation_counts *counts, size_t n,
                                    struct error *error)
{
    struct writing writing = {identities, counts, n};
    return counts_sqlite_write(counts_sqlite_of(store), write_all, &writing, error);
}

static bool forget(struct sqlite_link *link, void *context, struct error *error)
{
    struct overriding *overriding = context;
    struct row row;
    if (!find(link, overriding->identity, time(NULL), &row, error))
        return false;
    overriding->existed = row.found;
    return !row.found || remove_row(link, overriding->identity, error);
}

bool counts_sqlite_reputation_forget(struct counts_store *store, const struct identity *identity,
                                     bool *existed, struct error *error)
{
    struct overriding overriding = {.identity = identity};
    if (!counts_sqlite_write(counts_sqlite_of(store), forget, &overriding, error))
        return false;
    *existed = overriding.existed;
    return true;
}
