#include "store/counts_redis.h"

#include "store/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define GROUP 256u             /* commands in one round trip */
#define GROUP_BYTES (4u << 20) /* or so much */
#define HOLD_S 60              /* lessons are refused so long after the last sign of life */

struct import {
    struct counts_redis *redis;
    struct redis_batch batch;
    uint64_t newest;
};

void counts_redis_hold(const struct counts_redis *redis, struct redis_batch *batch)
{
    counts_redis_begin(redis, batch, 5, "SET", "copying");
    redis_batch_text(batch, "1");
    redis_batch_text(batch, "EX");
    redis_batch_number(batch, HOLD_S);
}

void counts_redis_let_go(const struct counts_redis *redis, struct redis_batch *batch)
{
    counts_redis_begin(redis, batch, 2, "DEL", "copying");
}

/* Sends what was gathered; an error that the server answers to any of it is a failure. */
static bool flush(struct import *import, struct error *error)
{
    counts_redis_hold(import->redis, &import->batch);
    size_t count = import->batch.commands, answered = 0;
    redisReply **replies = memory_new(count * sizeof *replies);
    bool good =
        redis_pool_exchange(import->redis->pool, &import->batch, 0, replies, &answered, error);
    for (size_t i = 0; good && i < count; i++)
        if (replies[i]->type == REDIS_REPLY_ERROR)
            good = redis_pool_expect(import->redis->pool, replies[i], REDIS_REPLY_STATUS, error);
    redis_replies_free(replies, answered);
    free(replies);
    redis_batch_clear(&import->batch);
    return good;
}

/* --- one item --- */

static void put_number(unsigned char *at, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (unsigned char)(number >> (8 * i));
}

/* Begins SET of a key, and ends it. */
static void begin_set(struct import *import, const struct span *key, size_t pieces,
                      int64_t expires_s)
{
    redis_batch_begin(&import->batch, expires_s == COUNTS_NEVER ? 3 : 5);
    redis_batch_text(&import->batch, "SET");
    redis_batch_joined(&import->batch, key, pieces);
}

static void end_set(struct import *import, int64_t expires_s)
{
    if (expires_s == COUNTS_NEVER)
        return;
    int64_t life_s = expires_s - time(NULL);
    redis_batch_text(&import->batch, "EX");
    redis_batch_number(&import->batch, life_s > 0 ? life_s : 1);
}

static void take_key(struct import *import, const struct counts_item *item)
{
    counts_redis_begin(import->redis, &import->batch, 3, "SET", "key");
    redis_batch_bytes(&import->batch, item->bytes.data, item->bytes.length);
}

static void take_settings(struct import *import, const struct counts_item *item)
{
    counts_redis_begin(import->redis, &import->batch, 6, "HSET", "settings");
    redis_batch_text(&import->batch, "version");
    redis_batch_number(&import->batch, (int64_t)item->version);
    redis_batch_text(&import->batch, "text");
    redis_batch_bytes(&import->batch, item->bytes.data, item->bytes.length);
}

static void take_since(struct import *import, const struct counts_item *item)
{
    struct span key[] = {span_of(import->redis->prefix), SPAN("since")};
    begin_set(import, key, 2, item->expires_s);
    redis_batch_number(&import->batch, item->time_s);
    end_set(import, item->expires_s);
}

static void take_snapshot(struct import *import, const struct counts_item *item)
{
    counts_redis_begin(import->redis, &import->batch, 8, "HSET", "snapshot");
    redis_batch_text(&import->batch, "version");
    redis_batch_number(&import->batch, (int64_t)item->snapshot->version);
    redis_batch_text(&import->batch, "features");
    redis_batch_number(&import->batch, item->snapshot->feature_version);
    redis_batch_text(&import->batch, "data");
    redis_batch_bytes(&import->batch, item->snapshot->data, item->snapshot->length);
}

static void take_lesson(struct import *import, const struct counts_item *item)
{
    char id[32];
    snprintf(id, sizeof id, "%llu-0", (unsigned long long)item->version);
    counts_redis_begin(import->redis, &import->batch, 5, "XADD", "log");
    redis_batch_text(&import->batch, id);
    redis_batch_text(&import->batch, "l");
    redis_batch_bytes(&import->batch, item->bytes.data, item->bytes.length);
    import->newest = item->version;
}

static void take_event(struct import *import, const struct counts_item *item)
{
    struct span key[] = {span_of(import->redis->prefix), SPAN("e:"), item->bytes};
    begin_set(import, key, 3, item->expires_s);
    redis_batch_number(&import->batch, (int64_t)item->version);
    end_set(import, item->expires_s);
}

static void put_delete(struct import *import, const struct span *key, size_t pieces)
{
    redis_batch_begin(&import->batch, 2);
    redis_batch_text(&import->batch, "DEL");
    redis_batch_joined(&import->batch, key, pieces);
}

static void take_label(struct import *import, const struct counts_item *item)
{
    struct span key[] = {span_of(import->redis->prefix), SPAN("l:"), item->bytes, SPAN(":"),
                         item->source};
    if (!item->version) {
        put_delete(import, key, 5);
        return;
    }
    unsigned char bytes[13 + 2 + 2 * LESSON_IDENTITIES_MAX + COUNTS_REDIS_NAMES_MAX];
    bytes[0] = (unsigned char)(item->label | (item->amounts ? 2 : 0));
    put_number(bytes + 1, (uint64_t)item->time_s, 4);
    put_number(bytes + 5, item->version, 8);
    size_t length = 13;
    if (item->amounts) {
        put_number(bytes + length, item->identity_count, 2);
        for (size_t i = 0; i < item->identity_count; i++)
            put_number(bytes + length + 2 + 2 * i, item->amounts[i], 2);
        length += 2 + 2 * item->identity_count;
    }
    length += counts_redis_pack_names(item->identities, item->identity_count, bytes + length);
    begin_set(import, key, 5, item->expires_s);
    redis_batch_bytes(&import->batch, bytes, length);
    end_set(import, item->expires_s);
}

static void take_reputation(struct import *import, const struct counts_item *item)
{
    const struct reputation_counts *counts = &item->counts;
    char text[COUNTS_REDIS_TYPE_TEXT];
    unsigned char bytes[COUNTS_REDIS_REPUTATION_MAX];
    struct span key[] = {span_of(import->redis->prefix),
                         counts_redis_type_text(item->identity.type, text), item->identity.value};
    if (reputation_counts_are_none(counts)) {
        put_delete(import, key, 3);
        return;
    }
    begin_set(import, key, 3, item->expires_s);
    redis_batch_bytes(&import->batch, bytes, counts_redis_pack(counts, bytes));
    end_set(import, item->expires_s);
}

static bool take(void *context, const struct counts_item *item, struct error *error)
{
    static void (*const takes[COUNTS_ITEM_KINDS])(struct import *, const struct counts_item *) = {
        [COUNTS_ITEM_KEY] = take_key,       [COUNTS_ITEM_SETTINGS] = take_settings,
        [COUNTS_ITEM_SINCE] = take_since,   [COUNTS_ITEM_SNAPSHOT] = take_snapshot,
        [COUNTS_ITEM_LESSON] = take_lesson, [COUNTS_ITEM_EVENT] = take_event,
        [COUNTS_ITEM_LABEL] = take_label,   [COUNTS_ITEM_REPUTATION] = take_reputation,
    };
    struct import *import = context;
    takes[item->kind](import, item);
    return (import->batch.commands < GROUP && import->batch.length < GROUP_BYTES) ||
           flush(import, error);
}

/* --- all of it --- */

/* Every key behind the prefix but the one that keeps lessons away. */
static bool clear(struct import *import, struct error *error)
{
    char cursor[24] = "0";
    size_t prefix = strlen(import->redis->prefix);
    bool good = flush(import, error);
    while (good) {
        const redisReply *keys;
        redisReply *reply = counts_redis_scan(import->redis, SPAN(""), cursor, &keys, error);
        for (size_t i = 0; reply && i < keys->elements; i++) {
            struct span key = {keys->element[i]->str, keys->element[i]->len};
            struct span name = {key.data + prefix, key.length - prefix};
            if (span_equal(name, SPAN("copying")))
                continue;
            redis_batch_begin(&import->batch, 2);
            redis_batch_text(&import->batch, "UNLINK");
            redis_batch_bytes(&import->batch, key.data, key.length);
        }
        good = reply && flush(import, error);
        freeReplyObject(reply);
        if (strcmp(cursor, "0") == 0)
            break;
    }
    return good;
}

/* The version comes last: until then the store says that it is empty. */
static bool finish(struct import *import, struct error *error)
{
    unsigned char random[4];
    char origin[16];
    if (getrandom(random, sizeof random, 0) != sizeof random)
        return error_set(error, ERROR_SYSTEM, "no random bytes for the copy's name: %s",
                         strerror(errno));
    snprintf(origin, sizeof origin, " %02x%02x%02x%02x", random[0], random[1], random[2],
             random[3]);
    counts_redis_begin(import->redis, &import->batch, 3, "SET", "origin");
    redis_batch_text(&import->batch, origin);
    if (import->newest) {
        counts_redis_begin(import->redis, &import->batch, 3, "SET", "version");
        redis_batch_number(&import->batch, (int64_t)import->newest);
    }
    if (!flush(import, error))
        return false;
    struct redis_batch batch = {0};
    counts_redis_let_go(import->redis, &batch);
    redisReply *reply = redis_pool_ask(import->redis->pool, &batch, REDIS_REPLY_INTEGER, error);
    redis_batch_clear(&batch);
    freeReplyObject(reply);
    return reply != NULL;
}

bool counts_redis_import(struct counts_store *store, counts_fill *fill, void *context,
                         struct error *error)
{
    struct import import = {.redis = counts_redis_of(store)};
    bool good =
        clear(&import, error) && fill(context, take, &import, error) && finish(&import, error);
    redis_batch_clear(&import.batch);
    return good;
}
