#include "store/counts_sqlite.h"

#include <math.h>
#include <string.h>
#include <time.h>

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
    int64_t time_s = counts_time_of(event->time_s, counts.time_s, event->now_s);
    holding->total = ((double)counts.ham_milli + counts.spam_milli) *
                     pow(2, (double)(counts.time_s - time_s) / half_life_s);
    time_s = counts_time_of(event->time_s, holding->time_s, event->now_s);
    double age_s = (double)(time_s - holding->time_s);
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

/* --- whom to believe --- */

static bool find_trust(struct sqlite_link *link, struct span source, int64_t now_s,
                       struct counts_trust *trust, struct error *error)
{
    *trust = (struct counts_trust){0};
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_TRUST_FIND, error);
    if (!statement)
        return false;
    counts_sqlite_bind(statement, 1, source.data, source.length);
    sqlite3_bind_int64(statement, 2, now_s);
    int code = counts_sqlite_step(link, statement, error);
    if (code == SQLITE_ROW)
        *trust = (struct counts_trust){(uint32_t)sqlite3_column_int64(statement, 0),
                                       (uint32_t)sqlite3_column_int64(statement, 1)};
    sqlite3_reset(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

static bool save_trust(struct sqlite_link *link, struct span source, struct counts_trust trust,
                       int64_t now_s, struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_TRUST_SAVE, error);
    if (!statement)
        return false;
    counts_sqlite_bind(statement, 1, source.data, source.length);
    sqlite3_bind_int64(statement, 2, trust.agreed);
    sqlite3_bind_int64(statement, 3, trust.disagreed);
    sqlite3_bind_int64(statement, 4, now_s + COUNTS_TRUST_LIFE_S);
    return counts_sqlite_run(link, statement, error);
}

bool counts_sqlite_remember_word(struct sqlite_link *link, const struct lesson *lesson,
                                 int64_t now_s, struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_WORD_ADD, error);
    if (!statement)
        return false;
    counts_sqlite_bind(statement, 1, lesson->document_id, LESSON_ID_BYTES);
    counts_sqlite_bind(statement, 2, lesson->source.data, lesson->source.length);
    sqlite3_bind_int(statement, 3, lesson->label);
    sqlite3_bind_int64(statement, 4, now_s + COUNTS_TRUST_LIFE_S);
    sqlite3_bind_int(statement, 5, COUNTS_DOCUMENT_SOURCES);
    return counts_sqlite_run(link, statement, error);
}

struct word {
    int64_t number;
    enum label label;
    bool tested, agreed;
    char source[LESSON_SOURCE_MAX];
    size_t length;
};

/* All are read before the first is written. */
static bool find_words(struct sqlite_link *link, const struct lesson *lesson, int64_t now_s,
                       struct word *words, size_t *count, struct error *error)
{
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_WORD_FIND, error);
    if (!statement)
        return false;
    counts_sqlite_bind(statement, 1, lesson->document_id, LESSON_ID_BYTES);
    sqlite3_bind_int64(statement, 2, now_s);
    int code = SQLITE_DONE;
    for (*count = 0; *count <= COUNTS_DOCUMENT_SOURCES; ++*count) {
        code = counts_sqlite_step(link, statement, error);
        if (code != SQLITE_ROW)
            break;
        struct word *word = &words[*count];
        size_t length = (size_t)sqlite3_column_bytes(statement, 1);
        word->number = sqlite3_column_int64(statement, 0);
        word->length = length < sizeof word->source ? length : sizeof word->source;
        if (word->length)
            memcpy(word->source, sqlite3_column_blob(statement, 1), word->length);
        word->label = sqlite3_column_int(statement, 2) ? LABEL_SPAM : LABEL_HAM;
        word->tested = sqlite3_column_type(statement, 3) != SQLITE_NULL;
        word->agreed = sqlite3_column_int(statement, 3);
    }
    sqlite3_reset(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

/* By what the operator says of the document, or says no more. */
static bool test_word(struct sqlite_link *link, const struct word *word,
                      const struct lesson *lesson, int64_t now_s, struct error *error)
{
    struct span source = {word->source, word->length};
    struct counts_trust trust;
    bool agrees = word->label == lesson->label;
    if (lesson->withdrawn ? !word->tested : word->tested && word->agreed == agrees)
        return true;
    if (!find_trust(link, source, now_s, &trust, error))
        return false;
    uint32_t *before = word->agreed ? &trust.agreed : &trust.disagreed;
    if (word->tested && *before)
        --*before;
    if (!lesson->withdrawn)
        ++*(agrees ? &trust.agreed : &trust.disagreed);
    if (trust.agreed + trust.disagreed > COUNTS_TRUST_WORDS)
        trust = (struct counts_trust){trust.agreed / 2, trust.disagreed / 2};
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_WORD_TEST, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, word->number);
    if (!lesson->withdrawn) /* else NULL: it is not tested */
        sqlite3_bind_int(statement, 2, agrees);
    sqlite3_bind_int64(statement, 3, now_s + COUNTS_TRUST_LIFE_S);
    return counts_sqlite_run(link, statement, error) &&
           save_trust(link, source, trust, now_s, error);
}

bool counts_sqlite_test_words(struct sqlite_link *link, const struct lesson *lesson, int64_t now_s,
                              struct error *error)
{
    struct word words[COUNTS_DOCUMENT_SOURCES + 1];
    size_t count;
    if (!find_words(link, lesson, now_s, words, &count, error))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!test_word(link, &words[i], lesson, now_s, error))
            return false;
    return true;
}

struct source_listing {
    counts_visit_source *visit;
    void *context;
};

static bool list_sources(struct sqlite_link *link, void *context, struct error *error)
{
    const struct source_listing *listing = context;
    sqlite3_stmt *statement = counts_sqlite_prepare(link, SQL_TRUST_ALL, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, time(NULL));
    int code;
    while ((code = counts_sqlite_step(link, statement, error)) == SQLITE_ROW) {
        struct counts_trust trust = {(uint32_t)sqlite3_column_int64(statement, 0),
                                     (uint32_t)sqlite3_column_int64(statement, 1)};
        struct span source = {sqlite3_column_blob(statement, 3),
                              (size_t)sqlite3_column_bytes(statement, 3)};
        listing->visit(listing->context, source, &trust,
                       (uint64_t)sqlite3_column_int64(statement, 2));
    }
    return code == SQLITE_DONE;
}

bool counts_sqlite_source_list(struct counts_store *store, counts_visit_source *visit,
                               void *context, struct error *error)
{
    struct source_listing listing = {visit, context};
    return counts_sqlite_read(counts_sqlite_of(store), list_sources, &listing, error);
}

/* --- what it may add --- */

bool counts_sqlite_allow(struct sqlite_link *link, struct span source,
                         const struct sqlite_event *event, uint16_t amounts[LESSON_IDENTITIES_MAX],
                         struct error *error)
{
    struct holding holdings[LESSON_IDENTITIES_MAX];
    struct counts_trust believed;
    if (!find_trust(link, source, event->now_s, &believed, error))
        return false;
    double trust = counts_trust_mean(&believed), share = link->store->base.source_share;
    double part = share * trust / (1 - share * trust), least = 1000 * fmin(1, 2 * trust);
    if (!look_at_all(link, source, event, holdings, error))
        return false;
    for (size_t i = 0; i < event->count; i++) {
        const struct holding *holding = &holdings[i];
        double most = fmax(least, part * (holding->total - holding->has));
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
