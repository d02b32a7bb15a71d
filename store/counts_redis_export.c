/* Giving away what is in a Redis that goes on being used. First everything is read as it comes;
 * then the log, and of each lesson that was taught since the beginning all it may have changed once
 * more, until no lesson comes while that is read. Where they come too fast for that, they are
 * refused for the moment that it takes. */
#include "store/counts_redis.h"

#include "store/memory.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS_FREE 3
#define ROUNDS_MOST 8

struct export
{
    struct counts_redis *redis;
    counts_put_item *put;
    void *context;
    uint64_t first, newest;    /* lessons after `first` came during the export */
    struct redis_batch values; /* a GET and a TTL for each of: */
    struct span *keys;
    size_t key_count, key_room;
    bool holds;
    bool refused; /* by `put`, which has set the error */
};

/* --- one key --- */

static uint64_t get_number(const unsigned char *at, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++)
        number |= (uint64_t)at[i] << (8 * i);
    return number;
}

/* What was added to each identity, where the source was limited; then come the names. NULL when it
 * is damaged. */
static const unsigned char *read_amounts(const unsigned char *at, const unsigned char *end,
                                         struct counts_item *item,
                                         uint16_t amounts[LESSON_IDENTITIES_MAX])
{
    size_t count = end - at < 2 ? SIZE_MAX : get_number(at, 2);
    if (count > LESSON_IDENTITIES_MAX || (size_t)(end - at) < 2 + 2 * count)
        return NULL;
    for (size_t i = 0; i < count; i++)
        amounts[i] = (uint16_t)get_number(at + 2 + 2 * i, 2);
    item->amounts = amounts;
    return at + 2 + 2 * count;
}

/* label, time, version, perhaps amounts, then packed names: type, length, "r:8:value". */
static bool read_label(struct span value, struct counts_item *item,
                       struct identity identities[LESSON_IDENTITIES_MAX],
                       uint16_t amounts[LESSON_IDENTITIES_MAX])
{
    const unsigned char *bytes = (const unsigned char *)value.data, *end = bytes + value.length;
    if (value.length < 13)
        return false;
    item->label = bytes[0] & 1 ? LABEL_SPAM : LABEL_HAM;
    item->time_s = (int64_t)get_number(bytes + 1, 4);
    item->version = get_number(bytes + 5, 8);
    item->identities = identities;
    const unsigned char *at = bytes + 13;
    if (bytes[0] & 2 && !(at = read_amounts(at, end, item, amounts)))
        return false;
    for (; at < end; at += 2 + at[1]) {
        if (end - at < 2 || at[1] > end - at - 2 || item->identity_count == LESSON_IDENTITIES_MAX)
            return false;
        const char *name = (const char *)at + 2;
        const char *colon = at[1] > 2 ? memchr(name + 2, ':', at[1] - 2u) : NULL;
        if (!colon || at[0] >= IDENTITY_TYPES)
            return false;
        colon++;
        identities[item->identity_count++] =
            (struct identity){(enum identity_type)at[0], {colon, (size_t)(name + at[1] - colon)}};
    }
    return true;
}

/* What stands under `key`; a key that is none of these four, or damaged, is left out. `value` is
 * empty when there is nothing (any more). */
static bool give_key(struct export *export, struct span key, const redisReply *value,
                     int64_t expires_s, struct error *error)
{
    struct identity identities[LESSON_IDENTITIES_MAX];
    uint16_t amounts[LESSON_IDENTITIES_MAX];
    struct counts_item item = {.expires_s = expires_s};
    size_t prefix = strlen(export->redis->prefix);
    struct span name = {key.data + prefix, key.length - prefix};
    struct span bytes = {value->str, value->type == REDIS_REPLY_STRING ? value->len : 0};
    bool known = false;
    if (name.length == 2 + LESSON_ID_BYTES && memcmp(name.data, "e:", 2) == 0) {
        item.kind = COUNTS_ITEM_EVENT;
        item.bytes = (struct span){name.data + 2, LESSON_ID_BYTES};
        known = bytes.length && counts_redis_number(value, &item.version);
    } else if (name.length >= 3 + LESSON_ID_BYTES && memcmp(name.data, "l:", 2) == 0) {
        item.kind = COUNTS_ITEM_LABEL;
        item.bytes = (struct span){name.data + 2, LESSON_ID_BYTES};
        item.source =
            (struct span){name.data + 3 + LESSON_ID_BYTES, name.length - 3 - LESSON_ID_BYTES};
        known = read_label(bytes, &item, identities, amounts) || !bytes.length;
    } else if (span_equal(name, SPAN("since"))) {
        uint64_t since_s = 0;
        item.kind = COUNTS_ITEM_SINCE;
        known = bytes.length && counts_redis_number(value, &since_s);
        item.time_s = (int64_t)since_s;
    } else if (counts_redis_identity_of(export->redis, key, &item.identity)) {
        item.kind = COUNTS_ITEM_REPUTATION;
        known = counts_redis_unpack(bytes, &item.counts) || !bytes.length;
    }
    export->refused = known && !export->put(export->context, &item, error);
    return !export->refused;
}

/* --- many keys --- */

static void ask_for(struct export *export, struct span key)
{
    redis_batch_begin(&export->values, 2);
    redis_batch_text(&export->values, "GET");
    redis_batch_bytes(&export->values, key.data, key.length);
    redis_batch_begin(&export->values, 2);
    redis_batch_text(&export->values, "TTL");
    redis_batch_bytes(&export->values, key.data, key.length);
    if (export->key_count == export->key_room) {
        export->key_room = 2 * export->key_room + 64;
        export->keys = memory_resize(export->keys, export->key_room * sizeof *export->keys);
    }
    export->keys[export->key_count++] =
        (struct span){memory_copy(key.data, key.length), key.length};
}

static void drop_keys(struct export *export)
{
    for (size_t i = 0; i < export->key_count; i++)
        free((char *)(uintptr_t) export->keys[i].data);
    export->key_count = 0;
    redis_batch_clear(&export->values);
}

/* Gives what stands under the keys that were asked for. */
static bool give_keys(struct export *export, struct error *error)
{
    size_t count = export->key_count, answered = 0;
    redisReply **replies = memory_new(2 * count * sizeof *replies);
    bool good = !count || redis_pool_exchange(export->redis->pool, &export->values, 0, replies,
                                              &answered, error);
    int64_t now_s = time(NULL);
    for (size_t i = 0; good && i < count; i++) {
        const redisReply *value = replies[2 * i], *life = replies[2 * i + 1];
        good = redis_pool_expect(export->redis->pool, life, REDIS_REPLY_INTEGER, error);
        /* Keys of other types and of somebody else's are answered with an error. */
        /* -1 is for ever, -2 gone since the value was read. */
        int64_t life_s = good && life->integer > 0 ? life->integer : 1;
        if (good && value->type != REDIS_REPLY_ERROR)
            good = give_key(export, export->keys[i], value,
                            life->integer == -1 ? COUNTS_NEVER : now_s + life_s, error);
    }
    redis_replies_free(replies, answered);
    free(replies);
    drop_keys(export);
    return good;
}

static bool give_by_scan(struct export *export, const char *start, struct error *error)
{
    char cursor[24] = "0";
    bool good = true;
    do {
        const redisReply *keys;
        redisReply *reply = counts_redis_scan(export->redis, span_of(start), cursor, &keys, error);
        for (size_t i = 0; reply && i < keys->elements; i++)
            if (keys->element[i]->type == REDIS_REPLY_STRING)
                ask_for(export, (struct span){keys->element[i]->str, keys->element[i]->len});
        good = reply && give_keys(export, error);
        freeReplyObject(reply);
    } while (good && strcmp(cursor, "0") != 0);
    return good;
}

/* --- the rest --- */

static bool give_installation_key(struct export *export, struct error *error)
{
    struct redis_batch batch = {0};
    redisReply *reply = NULL;
    size_t answered;
    counts_redis_begin(export->redis, &batch, 2, "GET", "key");
    bool good = redis_pool_exchange(export->redis->pool, &batch, 0, &reply, &answered, error);
    redis_batch_clear(&batch);
    if (good && reply->type != REDIS_REPLY_NIL &&
        (good = redis_pool_expect(export->redis->pool, reply, REDIS_REPLY_STRING, error))) {
        struct counts_item item = {.kind = COUNTS_ITEM_KEY, .bytes = {reply->str, reply->len}};
        good = export->put(export->context, &item, error);
    }
    freeReplyObject(reply);
    return good;
}

static bool give_settings(struct export *export, struct error *error)
{
    struct counts_settings settings;
    if (!counts_settings_load(&export->redis->base, &settings, error))
        return false;
    struct counts_item item = {.kind = COUNTS_ITEM_SETTINGS,
                               .version = settings.version,
                               .bytes = {settings.text, settings.length}};
    bool good = !settings.version || export->put(export->context, &item, error);
    counts_settings_clear(&settings);
    return good;
}

static void ask_for_named(struct export *export, const struct span *pieces, size_t count)
{
    char key[512];
    size_t length = 0;
    for (size_t i = 0; i < count && length + pieces[i].length <= sizeof key; i++) {
        if (pieces[i].length)
            memcpy(key + length, pieces[i].data, pieces[i].length);
        length += pieces[i].length;
    }
    ask_for(export, (struct span){key, length});
}

/* All that this lesson may have changed. */
static void ask_for_changed(struct export *export, const struct lesson *lesson)
{
    struct span prefix = span_of(export->redis->prefix);
    struct span event = {(const char *)lesson->event_id, LESSON_ID_BYTES};
    struct span document = {(const char *)lesson->document_id, LESSON_ID_BYTES};
    ask_for_named(export, (struct span[]){prefix, SPAN("e:"), event}, 3);
    ask_for_named(export, (struct span[]){prefix, SPAN("l:"), document, SPAN(":"), lesson->source},
                  5);
    for (size_t i = 0; i < lesson->identity_count; i++) {
        char text[COUNTS_REDIS_TYPE_TEXT];
        const struct identity *identity = &lesson->identities[i];
        ask_for_named(
            export,
            (struct span[]){prefix, counts_redis_type_text(identity->type, text), identity->value},
            3);
    }
}

struct visit {
    struct export *export;
    struct error *error;
};

static bool give_lesson(void *context, uint64_t version, const void *data, size_t length)
{
    const struct visit *visit = context;
    struct export *export = visit->export;
    struct counts_item item = {
        .kind = COUNTS_ITEM_LESSON, .version = version, .bytes = {data, length}};
    export->refused = !export->put(export->context, &item, visit->error);
    export->newest = version;
    struct lesson *lesson = version > export->first ? lesson_decode(data, length, NULL) : NULL;
    if (lesson)
        ask_for_changed(export, lesson);
    lesson_free(lesson);
    return !export->refused;
}

/* To where the log ends now: those who teach may be faster than this. */
static enum follow_outcome give_log(struct export *export, uint64_t after, struct error *error)
{
    struct visit visit = {export, error};
    struct counts_health health;
    if (!counts_health(&export->redis->base, &health, error))
        return FOLLOW_FAILED;
    export->newest = after;
    return counts_redis_follow(&export->redis->base, after, 0,
                               health.version > after ? health.version - after : 1, give_lesson,
                               &visit, error);
}

/* Snapshot, and log from its own entry on, which the log of a store always keeps. Another snapshot
 * may be stored and the log trimmed between the two; nothing of the log was given then. */
static bool give_model(struct export *export, struct error *error)
{
    enum follow_outcome outcome = FOLLOW_TRIMMED;
    for (int attempt = 0; outcome == FOLLOW_TRIMMED && attempt < 4; attempt++) {
        struct snapshot snapshot = {0};
        if (!counts_redis_snapshot_load(&export->redis->base, &snapshot, error))
            return false;
        struct counts_item item = {.kind = COUNTS_ITEM_SNAPSHOT, .snapshot = &snapshot};
        bool good = !snapshot.version || export->put(export->context, &item, error);
        uint64_t after = snapshot.version && attempt < 3 ? snapshot.version - 1 : snapshot.version;
        snapshot_clear(&snapshot);
        if (!good)
            return false;
        outcome = give_log(export, after, error);
    }
    if (outcome == FOLLOW_TRIMMED)
        return error_set(error, ERROR_BUG,
                         "redis at %s: the log does not go on where %ssnapshot ends",
                         redis_pool_address(export->redis->pool)->place, export->redis->prefix);
    return outcome == FOLLOW_DONE && !export->refused;
}

static bool hold(struct export *export, bool on, struct error *error)
{
    struct redis_batch batch = {0};
    (on ? counts_redis_hold : counts_redis_let_go)(export->redis, &batch);
    redisReply *reply = redis_pool_ask(export->redis->pool, &batch,
                                       on ? REDIS_REPLY_STATUS : REDIS_REPLY_INTEGER, error);
    redis_batch_clear(&batch);
    freeReplyObject(reply);
    export->holds = on && reply;
    return reply != NULL;
}

/* Until no lesson has come since what they changed was read. */
static bool give_what_changed(struct export *export, struct error *error)
{
    for (int round = 0; round < ROUNDS_MOST; round++) {
        uint64_t before = export->newest;
        if (round == ROUNDS_FREE && !hold(export, true, error))
            return false;
        if (!give_keys(export, error) || give_log(export, before, error) != FOLLOW_DONE ||
            export->refused)
            return false;
        if (export->newest == before)
            return true;
    }
    return error_set(error, ERROR_NETWORK,
                     "redis at %s: lessons come, though they are refused; try again later",
                     redis_pool_address(export->redis->pool)->place);
}

bool counts_redis_export(struct counts_store *store, counts_put_item *put, void *context,
                         struct error *error)
{
    struct export export = {.redis = counts_redis_of(store), .put = put, .context = context};
    struct counts_health health;
    bool good = counts_health(store, &health, error);
    export.first = health.version;
    ask_for_named(&export, (struct span[]){span_of(export.redis->prefix), SPAN("since")}, 2);
    good = good && give_installation_key(&export, error) && give_settings(&export, error) &&
           give_keys(&export, error) && give_by_scan(&export, "e:", error) &&
           give_by_scan(&export, "l:", error) && give_by_scan(&export, "r:", error) &&
           give_model(&export, error) && give_what_changed(&export, error);
    if (export.holds && !hold(&export, false, good ? error : NULL))
        good = false;
    drop_keys(&export);
    free(export.keys);
    return good;
}
