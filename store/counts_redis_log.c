#include "store/counts_redis.h"

#include "store/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIPELINE 64       /* lessons in one round trip */
#define FOLLOW_BATCH 256u /* entries in one answer */

/* --- appending --- */

/* What a source said of a document stands under "l:" document id ":" source. */
static void add_append_keys(const struct counts_redis *redis, struct redis_batch *batch,
                            const struct lesson *lesson)
{
    struct span prefix = span_of(redis->prefix);
    struct span event = {(const char *)lesson->event_id, LESSON_ID_BYTES};
    struct span document = {(const char *)lesson->document_id, LESSON_ID_BYTES};
    counts_redis_key(redis, batch, "log");
    counts_redis_key(redis, batch, "version");
    redis_batch_joined(batch, (struct span[]){prefix, SPAN("e:"), event}, 3);
    redis_batch_joined(batch,
                       (struct span[]){prefix, SPAN("l:"), document, SPAN(":"), lesson->source}, 5);
    counts_redis_key(redis, batch, "copying");
    for (size_t i = 0; i < lesson->identity_count; i++)
        counts_redis_reputation_key(redis, batch, &lesson->identities[i]);
}

size_t counts_redis_pack_names(const struct identity *identities, size_t n,
                               unsigned char names[COUNTS_REDIS_NAMES_MAX])
{
    unsigned char *at = names;
    for (size_t i = 0; i < n; i++) {
        char text[COUNTS_REDIS_TYPE_TEXT];
        struct span type = counts_redis_type_text(identities[i].type, text);
        struct span value = identities[i].value;
        *at++ = (unsigned char)identities[i].type;
        *at++ = (unsigned char)(type.length + value.length);
        memcpy(at, type.data, type.length);
        at += type.length;
        if (value.length)
            memcpy(at, value.data, value.length);
        at += value.length;
    }
    return (size_t)(at - names);
}

/* Types, and packed names, as the script wants them. */
static void add_identities(struct redis_batch *batch, const struct lesson *lesson)
{
    unsigned char types[LESSON_IDENTITIES_MAX];
    unsigned char names[COUNTS_REDIS_NAMES_MAX];
    for (size_t i = 0; i < lesson->identity_count; i++)
        types[i] = (unsigned char)lesson->identities[i].type;
    redis_batch_bytes(batch, types, lesson->identity_count);
    redis_batch_bytes(batch, names,
                      counts_redis_pack_names(lesson->identities, lesson->identity_count, names));
}

static void add_half_lives(const struct counts_redis *redis, struct redis_batch *batch)
{
    unsigned char packed[4 * IDENTITY_TYPES], *at = packed;
    for (int type = 0; type < IDENTITY_TYPES; type++) {
        uint32_t half_life_s = redis->base.half_life_s[type];
        for (unsigned i = 0; i < 4; i++)
            *at++ = (unsigned char)(half_life_s >> (8 * i));
    }
    redis_batch_bytes(batch, packed, sizeof packed);
}

static bool add_append(struct counts_redis *redis, struct redis_batch *batch,
                       const struct lesson *lesson, struct error *error)
{
    size_t length;
    bool limited = counts_is_limited(&redis->base, lesson);
    unsigned char *encoded = lesson_encode(lesson, &length); /* aborts beyond the limits */
    bool good = redis_scripts_begin(redis->scripts, batch, REDIS_SCRIPT_APPEND,
                                    5 + lesson->identity_count, 10, error);
    if (good) {
        add_append_keys(redis, batch, lesson);
        redis_batch_bytes(batch, encoded, length);
        redis_batch_number(batch, lesson->label);
        redis_batch_number(batch, lesson->time_s);
        add_half_lives(redis, batch);
        add_identities(batch, lesson);
        redis_batch_text(batch, redis->prefix);
        char text[32] = "";
        if (limited)
            snprintf(text, sizeof text, "%.17g", (double)redis->base.source_share);
        redis_batch_text(batch, text);
        redis_batch_number(batch, lesson->trust == TRUST_OPERATOR);
        redis_batch_number(batch, lesson->withdrawn);
    }
    free(encoded);
    return good;
}

static bool read_append(struct counts_redis *redis, const redisReply *reply,
                        struct append_result *result, struct error *error)
{
    if (!redis_pool_expect(redis->pool, reply, REDIS_REPLY_ARRAY, error))
        return false;
    uint64_t outcome;
    if (reply->elements != 2 || !counts_redis_number(reply->element[0], &outcome) ||
        outcome > APPEND_CORRECTED || !counts_redis_number(reply->element[1], &result->version))
        return error_set(error, ERROR_BUG, "redis at %s: no sense in the answer to a lesson",
                         redis_pool_address(redis->pool)->place);
    result->outcome = (enum append_outcome)outcome;
    return true;
}

/* At most PIPELINE lessons. */
static bool append_group(struct counts_redis *redis, const struct lesson *const *lessons, size_t n,
                         struct append_result *results, size_t *done, struct error *error)
{
    struct redis_batch batch = {0};
    redisReply *replies[PIPELINE] = {NULL};
    size_t answered = 0;
    bool good = true;
    for (size_t i = 0; good && i < n; i++)
        good = add_append(redis, &batch, lessons[i], error);
    if (good)
        good = redis_scripts_exchange(redis->scripts, REDIS_SCRIPT_APPEND, &batch, replies,
                                      &answered, error);
    /* What was answered before the connection broke counts as done. */
    for (size_t i = 0; i < answered; i++) {
        if (!read_append(redis, replies[i], &results[i], error)) {
            good = false;
            break;
        }
        ++*done;
    }
    redis_replies_free(replies, answered);
    redis_batch_clear(&batch);
    return good;
}

bool counts_redis_append(struct counts_store *store, const struct lesson *const *lessons, size_t n,
                         struct append_result *results, size_t *done, struct error *error)
{
    for (size_t at = 0; at < n;) {
        size_t group = n - at < PIPELINE ? n - at : PIPELINE, group_done = 0;
        bool good = append_group(counts_redis_of(store), lessons + at, group, results + at,
                                 &group_done, error);
        *done += group_done;
        if (!good)
            return false;
        at += group;
    }
    return true;
}

/* --- following --- */

struct follower {
    struct counts_redis *redis;
    uint64_t version; /* visited so far */
    size_t visited;
    bool stopped;
    counts_visit_lesson *visit;
    void *context;
};

/* The entries of the log in XREAD's answer, NULL when none came. */
static const redisReply *entries_of(const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 1)
        return NULL;
    const redisReply *stream = reply->element[0];
    if (stream->type != REDIS_REPLY_ARRAY || stream->elements != 2 ||
        stream->element[1]->type != REDIS_REPLY_ARRAY)
        return NULL;
    return stream->element[1];
}

/* One entry is [id, [field, value]], its id "v-0". */
static const redisReply *read_entry(const redisReply *entry, uint64_t *version)
{
    if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2 ||
        entry->element[0]->type != REDIS_REPLY_STRING ||
        entry->element[1]->type != REDIS_REPLY_ARRAY || entry->element[1]->elements != 2 ||
        entry->element[1]->element[1]->type != REDIS_REPLY_STRING)
        return NULL;
    char *end;
    *version = strtoull(entry->element[0]->str, &end, 10);
    return strcmp(end, "-0") == 0 ? entry->element[1]->element[1] : NULL;
}

static enum follow_outcome visit_entries(struct follower *follower, const redisReply *entries,
                                         struct error *error)
{
    const char *place = redis_pool_address(follower->redis->pool)->place;
    for (size_t i = 0; i < entries->elements && !follower->stopped; i++) {
        uint64_t version;
        const redisReply *lesson = read_entry(entries->element[i], &version);
        if (!lesson) {
            error_set(error, ERROR_BUG, "redis at %s: %slog has an entry that is no lesson", place,
                      follower->redis->prefix);
            return FOLLOW_FAILED;
        }
        if (version != follower->version + 1) {
            /* The first one there is may be far ahead; a hole behind it is another matter. */
            if (!follower->visited)
                return FOLLOW_TRIMMED;
            error_set(error, ERROR_BUG, "redis at %s: %slog has a gap between %llu and %llu", place,
                      follower->redis->prefix, (unsigned long long)follower->version,
                      (unsigned long long)version);
            return FOLLOW_FAILED;
        }
        follower->version = version;
        follower->visited++;
        follower->stopped = !follower->visit(follower->context, version, lesson->str, lesson->len);
    }
    return FOLLOW_DONE;
}

/* Reads up to `count` entries; `*came` says how many. */
static enum follow_outcome read_batch(struct follower *follower, size_t count, unsigned wait_ms,
                                      size_t *came, struct error *error)
{
    struct counts_redis *redis = follower->redis;
    struct redis_batch batch = {0};
    redis_batch_begin(&batch, wait_ms ? 8 : 6);
    redis_batch_text(&batch, "XREAD");
    redis_batch_text(&batch, "COUNT");
    redis_batch_number(&batch, (int64_t)count);
    if (wait_ms) {
        redis_batch_text(&batch, "BLOCK");
        redis_batch_number(&batch, wait_ms);
    }
    redis_batch_text(&batch, "STREAMS");
    counts_redis_key(redis, &batch, "log");
    redis_batch_number(&batch, (int64_t)follower->version);

    redisReply *reply = NULL;
    size_t answered;
    enum follow_outcome outcome = FOLLOW_FAILED;
    *came = 0;
    if (redis_pool_exchange(redis->pool, &batch, wait_ms, &reply, &answered, error)) {
        const redisReply *entries = entries_of(reply);
        if (entries) {
            *came = entries->elements;
            outcome = visit_entries(follower, entries, error);
        } else if (redis_pool_expect(redis->pool, reply, REDIS_REPLY_NIL, error)) {
            outcome = FOLLOW_DONE;
        }
    }
    freeReplyObject(reply);
    redis_batch_clear(&batch);
    return outcome;
}

static bool newest_version(struct counts_redis *redis, uint64_t *version, struct error *error)
{
    struct redis_batch batch = {0};
    redisReply *reply = NULL;
    size_t answered;
    *version = 0;
    counts_redis_begin(redis, &batch, 2, "GET", "version");
    bool good = redis_pool_exchange(redis->pool, &batch, 0, &reply, &answered, error);
    if (good && reply->type != REDIS_REPLY_NIL && !counts_redis_number(reply, version))
        good = redis_pool_expect(redis->pool, reply, REDIS_REPLY_NIL, error);
    freeReplyObject(reply);
    redis_batch_clear(&batch);
    return good;
}

enum follow_outcome counts_redis_follow(struct counts_store *store, uint64_t version,
                                        unsigned wait_ms, size_t most, counts_visit_lesson *visit,
                                        void *context, struct error *error)
{
    struct follower follower = {counts_redis_of(store), version, 0, false, visit, context};
    /* Asked first, and not together with what may block at the server, so that after a server
     * was away the other threads need not wait for the end of that. */
    uint64_t newest;
    if (!newest_version(follower.redis, &newest, error))
        return FOLLOW_FAILED;
    if (newest < version)
        return FOLLOW_TRIMMED;
    for (;;) {
        size_t left = most - follower.visited, came;
        size_t count = left < FOLLOW_BATCH ? left : FOLLOW_BATCH;
        if (!count)
            return FOLLOW_DONE;
        unsigned block_ms = follower.visited || newest > version ? 0 : wait_ms;
        enum follow_outcome outcome = read_batch(&follower, count, block_ms, &came, error);
        if (outcome != FOLLOW_DONE || came < count || follower.stopped)
            return outcome;
    }
}

/* --- snapshots --- */

bool counts_redis_snapshot_load(struct counts_store *store, struct snapshot *snapshot,
                                struct error *error)
{
    struct counts_redis *redis = counts_redis_of(store);
    struct redis_batch batch = {0};
    counts_redis_begin(redis, &batch, 5, "HMGET", "snapshot");
    redis_batch_text(&batch, "version");
    redis_batch_text(&batch, "features");
    redis_batch_text(&batch, "data");
    redisReply *reply = redis_pool_ask(redis->pool, &batch, REDIS_REPLY_ARRAY, error);
    redis_batch_clear(&batch);
    if (!reply)
        return false;

    uint64_t version = 0, features = 0;
    bool good = reply->elements == 3;
    if (good && reply->element[0]->type != REDIS_REPLY_NIL) {
        const redisReply *data = reply->element[2];
        good = counts_redis_number(reply->element[0], &version) &&
               counts_redis_number(reply->element[1], &features) && features <= UINT32_MAX &&
               data->type == REDIS_REPLY_STRING;
        if (good)
            *snapshot =
                (struct snapshot){version, (uint32_t)features,
                                  (unsigned char *)memory_copy(data->str, data->len), data->len};
    }
    if (!good)
        error_set(error, ERROR_BUG, "redis at %s: %ssnapshot is damaged",
                  redis_pool_address(redis->pool)->place, redis->prefix);
    freeReplyObject(reply);
    return good;
}

bool counts_redis_snapshot_save(struct counts_store *store, const struct snapshot *snapshot,
                                bool *stored, struct error *error)
{
    struct counts_redis *redis = counts_redis_of(store);
    struct redis_batch batch = {0};
    redisReply *reply = NULL;
    if (redis_scripts_begin(redis->scripts, &batch, REDIS_SCRIPT_SNAPSHOT, 2, 3, error)) {
        counts_redis_key(redis, &batch, "snapshot");
        counts_redis_key(redis, &batch, "log");
        redis_batch_number(&batch, (int64_t)snapshot->version);
        redis_batch_number(&batch, snapshot->feature_version);
        redis_batch_bytes(&batch, snapshot->data, snapshot->length);
        reply = redis_scripts_ask(redis->scripts, REDIS_SCRIPT_SNAPSHOT, &batch,
                                  REDIS_REPLY_INTEGER, error);
    }
    redis_batch_clear(&batch);
    if (!reply)
        return false;
    long long answer = reply->integer;
    freeReplyObject(reply);
    *stored = answer == 1;
    return answer >= 0 || counts_refuse_snapshot(snapshot, (uint32_t)-answer, error);
}

/* --- sources --- */

struct source_listing {
    counts_visit_source *visit;
    void *context;
};

/* "t:", and the source's name. */
static void visit_trust(const struct source_listing *listing, struct span name, struct span value)
{
    const unsigned char *at = (const unsigned char *)value.data;
    if (value.length == 8) /* neither is above COUNTS_TRUST_WORDS */
        listing->visit(listing->context, name, &(struct counts_trust){at[0], at[4]}, 0);
}

/* "d:": flags, length and name of each source that said a word about the document. */
static void visit_words(const struct source_listing *listing, struct span name, struct span value)
{
    (void)name;
    for (size_t at = 0; at + 2 <= value.length;) {
        size_t length = (unsigned char)value.data[at + 1];
        if (at + 2 + length > value.length)
            return;
        listing->visit(listing->context, (struct span){value.data + at + 2, length},
                       &(struct counts_trust){0}, 1);
        at += 2 + length;
    }
}

typedef void visit_value(const struct source_listing *listing, struct span name, struct span value);

/* Of one page of a scan, in one round trip. */
static bool visit_page(struct counts_redis *redis, const redisReply *keys, visit_value *visit,
                       const struct source_listing *listing, struct error *error)
{
    size_t start = strlen(redis->prefix) + 2;
    struct redis_batch batch = {0};
    if (!keys->elements)
        return true;
    redis_batch_begin(&batch, 1 + keys->elements);
    redis_batch_text(&batch, "MGET");
    for (size_t i = 0; i < keys->elements; i++)
        redis_batch_bytes(&batch, keys->element[i]->str, keys->element[i]->len);
    redisReply *values = redis_pool_ask(redis->pool, &batch, REDIS_REPLY_ARRAY, error);
    redis_batch_clear(&batch);
    for (size_t i = 0; values && i < values->elements && i < keys->elements; i++) {
        const redisReply *key = keys->element[i], *value = values->element[i];
        if (value->type == REDIS_REPLY_STRING)
            visit(listing, (struct span){key->str + start, key->len - start},
                  (struct span){value->str, value->len});
    }
    freeReplyObject(values);
    return values != NULL;
}

static bool visit_all(struct counts_redis *redis, const char *first, visit_value *visit,
                      const struct source_listing *listing, struct error *error)
{
    char cursor[24] = "0";
    bool good = true;
    do {
        const redisReply *keys;
        redisReply *reply = counts_redis_scan(redis, span_of(first), cursor, &keys, error);
        good = reply && visit_page(redis, keys, visit, listing, error);
        freeReplyObject(reply);
    } while (good && strcmp(cursor, "0") != 0);
    return good;
}

bool counts_redis_source_list(struct counts_store *store, counts_visit_source *visit, void *context,
                              struct error *error)
{
    const struct source_listing listing = {visit, context};
    struct counts_redis *redis = counts_redis_of(store);
    return visit_all(redis, "t:", visit_trust, &listing, error) &&
           visit_all(redis, "d:", visit_words, &listing, error);
}

/* --- replicas --- */

bool counts_redis_replica_report(struct counts_store *store, const char *gateway, uint64_t version,
                                 struct error *error)
{
    struct counts_redis *redis = counts_redis_of(store);
    struct redis_batch batch = {0};
    redisReply *reply = NULL;
    if (redis_scripts_begin(redis->scripts, &batch, REDIS_SCRIPT_REPORT, 1, 2, error)) {
        counts_redis_key(redis, &batch, "replicas");
        redis_batch_text(&batch, gateway);
        redis_batch_number(&batch, (int64_t)version);
        reply = redis_scripts_ask(redis->scripts, REDIS_SCRIPT_REPORT, &batch, REDIS_REPLY_INTEGER,
                                  error);
    }
    redis_batch_clear(&batch);
    freeReplyObject(reply);
    return reply != NULL;
}

bool counts_redis_replica_slowest(struct counts_store *store, uint64_t *slowest,
                                  struct error *error)
{
    struct counts_redis *redis = counts_redis_of(store);
    struct redis_batch batch = {0};
    redisReply *reply = NULL;
    if (redis_scripts_begin(redis->scripts, &batch, REDIS_SCRIPT_SLOWEST, 1, 0, error)) {
        counts_redis_key(redis, &batch, "replicas");
        reply = redis_scripts_ask(redis->scripts, REDIS_SCRIPT_SLOWEST, &batch, REDIS_REPLY_INTEGER,
                                  error);
    }
    redis_batch_clear(&batch);
    if (!reply)
        return false;
    *slowest = reply->integer < 0 ? UINT64_MAX : (uint64_t)reply->integer;
    freeReplyObject(reply);
    return true;
}
