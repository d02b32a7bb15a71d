#include "store/counts_sqlite.h"

#include <math.h>
#include <string.h>

size_t counts_sqlite_pack_amounts(const struct counts_item *label,
                                  unsigned char bytes[2 * LESSON_IDENTITIES_MAX])
{
    unsigned char *at = bytes;
    for (size_t i = 0; label->amounts && i < label->identity_count; i++) {
        *at++ = (unsigned char)label->amounts[i];
        *at++ = (unsigned char)(label->amounts[i] >> 8);
    }
    return (size_t)(at - bytes);
}

bool counts_sqlite_unpack_amounts(struct span bytes, uint16_t amounts[LESSON_IDENTITIES_MAX],
                                  size_t count)
{
    const unsigned char *at = (const unsigned char *)bytes.data;
    if (!count || bytes.length != 2 * count)
        return false;
    for (size_t i = 0; i < count; i++, at += 2)
        amounts[i] = (uint16_t)(at[0] | at[1] << 8);
    return true;
}

/* What a source has in one reputation. */
struct holding {
    bool found, moved; /* moved: `time_s` is another than in the file */
    double own;        /* in thousandths of a lesson, as they stand at `time_s` */
    int64_t time_s;
    int64_t expires_s;
    double scale; /* of what was added at the event's time, to stand at `time_s` */
    double has;   /* at the event's time, and never more than there is */
    double total; /* of all, likewise */
};

static bool find(struct sqlite_link *link, struct span source, const struct sqlite_event *event,
                 size_t at, struct holding *holding, struct error *error)
{
    const struct identity *identity = &event->identities[at];
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_CONTRIBUTION_FIND, error);
    if (!statement)
        return false;
    counts_sqlite_bind(statement, 1, source.data, source.length);
    sqlite3_bind_int(statement, 2, identity->type);
    counts_sqlite_bind(statement, 3, identity->value.data, identity->value.length);
    sqlite3_bind_int64(statement, 4, event->now_s);
    int code = counts_sqlite_step(link, statement, error);
    *holding = (struct holding){.found = code == SQLITE_ROW, .time_s = event->time_s};
    if (holding->found) {
        holding->own = (double)sqlite3_column_int64(statement, 0);
        holding->time_s = sqlite3_column_int64(statement, 1);
        holding->expires_s = sqlite3_column_int64(statement, 2);
    }
    sqlite3_reset(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

static bool look(struct sqlite_link *link, struct span source, const struct sqlite_event *event,
                 size_t at, struct holding *holding, struct error *error)
{
    const struct identity *identity = &event->identities[at];
    double half_life_s = link->store->base.half_life_s[identity->type];
    struct reputation_counts counts;
    if (!find(link, source, event, at, holding, error) ||
        !counts_sqlite_counts_of(link, identity, event->now_s, &counts, error))
        return false;
    holding->total = ((double)counts.ham_milli + counts.spam_milli) *
                     pow(2, (double)(counts.time_s - event->time_s) / half_life_s);
    double age_s = (double)(event->time_s - holding->time_s);
    holding->moved = !holding->found || age_s > half_life_s / 16;
    if (holding->moved) {
        holding->own *= pow(2, -age_s / half_life_s);
        holding->time_s = event->time_s;
        age_s = 0;
        holding->expires_s = event->now_s + COUNTS_HALF_LIVES_KEPT * (int64_t)half_life_s;
    }
    holding->scale = pow(2, age_s / half_life_s);
    holding->has = fmin(holding->own / holding->scale, holding->total);
    return true;
}

static bool keep(struct sqlite_link *link, struct span source, const struct identity *identity,
                 const struct holding *holding, int amount, struct error *error)
{
    uint32_t own = counts_sqlite_whole((holding->has + amount) * holding->scale);
    if (!own && !holding->found)
        return true;
    sqlite3_stmt *statement =
        counts_sqlite_prepare(link, own ? SQL_CONTRIBUTION_ADD : SQL_CONTRIBUTION_FORGET, error);
    if (!statement)
        return false;
    counts_sqlite_bind(statement, 1, source.data, source.length);
    sqlite3_bind_int(statement, 2, identity->type);
    counts_sqlite_bind(statement, 3, identity->value.data, identity->value.length);
    if (own) {
        sqlite3_bind_int64(statement, 4, own);
        sqlite3_bind_int64(statement, 5, holding->time_s);
        sqlite3_bind_int64(statement, 6, holding->expires_s);
    }
    return counts_sqlite_run(link, statement, error);
}

/* As many as there are are read before the first is written, as with the reputations. */
static bool look_at_all(struct sqlite_link *link, struct span source,
                        const struct sqlite_event *event,
                        struct holding holdings[LESSON_IDENTITIES_MAX], struct error *error)
{
    for (size_t i = 0; i < event->count; i++)
        if (!look(link, source, event, i, &holdings[i], error))
            return false;
    return true;
}

bool counts_sqlite_allow(struct sqlite_link *link, struct span source,
                         const struct sqlite_event *event, double part,
                         uint16_t amounts[LESSON_IDENTITIES_MAX], struct error *error)
{
    struct holding holdings[LESSON_IDENTITIES_MAX];
    if (!look_at_all(link, source, event, holdings, error))
        return false;
    for (size_t i = 0; i < event->count; i++) {
        const struct holding *holding = &holdings[i];
        double most = fmax(1000, part * (holding->total - holding->has));
        amounts[i] = (uint16_t)fmax(0, fmin(1000, most - holding->has));
        if (!keep(link, source, &event->identities[i], holding, amounts[i], error))
            return false;
    }
    return true;
}

bool counts_sqlite_give_back(struct sqlite_link *link, struct span source,
                             const struct sqlite_event *event, struct error *error)
{
    struct holding holdings[LESSON_IDENTITIES_MAX];
    if (!look_at_all(link, source, event, holdings, error))
        return false;
    for (size_t i = 0; i < event->count; i++)
        if (!keep(link, source, &event->identities[i], &holdings[i], -event->amounts[i], error))
            return false;
    return true;
}
