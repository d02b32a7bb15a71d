#include "store/counts_redis.h"

#include "store/memory.h"

#include <stdio.h>
#include <string.h>

#define COUNTS_BYTES 12
#define OVERRIDE_BYTES 9

struct span counts_redis_type_text(enum identity_type type, char text[COUNTS_REDIS_TYPE_TEXT])
{
    return (struct span){text, (size_t)snprintf(text, COUNTS_REDIS_TYPE_TEXT, "r:%d:", (int)type)};
}

void counts_redis_reputation_key(const struct counts_redis *redis, struct redis_batch *batch,
                                 const struct identity *identity)
{
    char text[COUNTS_REDIS_TYPE_TEXT];
    redis_batch_joined(batch,
                       (struct span[]){span_of(redis->prefix),
                                       counts_redis_type_text(identity->type, text),
                                       identity->value},
                       3);
}

static uint32_t get_u32(const char *bytes)
{
    const unsigned char *at = (const unsigned char *)bytes;
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put_u32(unsigned char *at, uint32_t number)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (unsigned char)(number >> (8 * i));
}

/* All zero for a reply that is no reputation: NIL, or a key that somebody else wrote. */
static struct reputation_counts read_counts(const redisReply *reply)
{
    struct reputation_counts counts = {0};
    if (reply->type != REDIS_REPLY_STRING ||
        (reply->len != COUNTS_BYTES && reply->len != COUNTS_BYTES + OVERRIDE_BYTES))
        return counts;
    counts.ham_milli = get_u32(reply->str);
    counts.spam_milli = get_u32(reply->str + 4);
    counts.time_s = get_u32(reply->str + 8);
    if (reply->len > COUNTS_BYTES) {
        const char *override = reply->str + COUNTS_BYTES;
        counts.override = override[0] == OVERRIDE_PIN ? OVERRIDE_PIN : OVERRIDE_SET;
        counts.override_centi = (int32_t)get_u32(override + 1);
        counts.override_until_s = get_u32(override + 5);
    }
    return counts;
}

bool counts_redis_reputation_read(struct counts_store *store, const struct identity *identities,
                                  size_t n, struct reputation_counts *counts, struct error *error)
{
    struct counts_redis *redis = counts_redis_of(store);
    struct redis_batch batch = {0};
    redis_batch_begin(&batch, 1 + n);
    redis_batch_text(&batch, "MGET");
    for (size_t i = 0; i < n; i++)
        counts_redis_reputation_key(redis, &batch, &identities[i]);
    redisReply *reply = redis_pool_ask(redis->pool, &batch, REDIS_REPLY_ARRAY, error);
    redis_batch_clear(&batch);
    bool good = reply != NULL;
    if (good && reply->elements != n)
        good = error_set(error, ERROR_BUG, "redis at %s: %zu answers to %zu keys",
                         redis_pool_address(redis->pool)->place, reply->elements, n);
    for (size_t i = 0; good && i < n; i++)
        counts[i] = read_counts(reply->element[i]);
    freeReplyObject(reply);
    return good;
}

/* Type and value that a key stands for; false for a key that is none of ours. */
static bool read_key(const struct counts_redis *redis, struct span key, struct identity *identity)
{
    size_t prefix = strlen(redis->prefix);
    for (int type = 0; type < IDENTITY_TYPES; type++) {
        char text[COUNTS_REDIS_TYPE_TEXT];
        struct span start = counts_redis_type_text((enum identity_type)type, text);
        if (key.length < prefix + start.length ||
            memcmp(key.data + prefix, start.data, start.length) != 0)
            continue;
        *identity = (struct identity){
            (enum identity_type)type,
            {key.data + prefix + start.length, key.length - prefix - start.length}};
        return true;
    }
    return false;
}

/* Reads and visits what one SCAN found. */
static bool visit_keys(struct counts_redis *redis, const redisReply *keys,
                       counts_visit_reputation *visit, void *context, struct error *error)
{
    struct identity *identities = memory_new(keys->elements * sizeof *identities);
    struct reputation_counts *counts = memory_new(keys->elements * sizeof *counts);
    size_t n = 0;
    for (size_t i = 0; i < keys->elements; i++) {
        const redisReply *key = keys->element[i];
        if (key->type == REDIS_REPLY_STRING &&
            read_key(redis, (struct span){key->str, key->len}, &identities[n]))
            n++;
    }
    bool good = counts_reputation_read(&redis->base, identities, n, counts, error);
    for (size_t i = 0; good && i < n; i++)
        /* It may have expired meanwhile. */
        if (counts[i].time_s || counts[i].override != OVERRIDE_NONE)
            visit(context, &identities[i], &counts[i]);
    free(identities);
    free(counts);
    return good;
}

/* "prefix" "r:8:*", with what a pattern would read as signs escaped. */
static void add_pattern(const struct counts_redis *redis, struct redis_batch *batch,
                        enum identity_type type)
{
    char text[COUNTS_REDIS_TYPE_TEXT],
        *pattern = memory_new(2 * strlen(redis->prefix) + COUNTS_REDIS_TYPE_TEXT + 2);
    char *out = pattern;
    for (const char *at = redis->prefix; *at; at++) {
        if (strchr("*?[]^\\-", *at))
            *out++ = '\\';
        *out++ = *at;
    }
    struct span middle = type == IDENTITY_TYPES ? SPAN("r:") : counts_redis_type_text(type, text);
    memcpy(out, middle.data, middle.length);
    out[middle.length] = '*';
    redis_batch_text(batch, pattern);
    free(pattern);
}

bool counts_redis_reputation_list(struct counts_store *store, enum identity_type type,
                                  counts_visit_reputation *visit, void *context,
                                  struct error *error)
{
    struct counts_redis *redis = counts_redis_of(store);
    char cursor[24] = "0";
    do {
        struct redis_batch batch = {0};
        redis_batch_begin(&batch, 6);
        redis_batch_text(&batch, "SCAN");
        redis_batch_text(&batch, cursor);
        redis_batch_text(&batch, "MATCH");
        add_pattern(redis, &batch, type);
        redis_batch_text(&batch, "COUNT");
        redis_batch_number(&batch, 1000);
        redisReply *reply = redis_pool_ask(redis->pool, &batch, REDIS_REPLY_ARRAY, error);
        redis_batch_clear(&batch);
        if (!reply)
            return false;
        bool good = reply->elements == 2 &&
                    redis_pool_expect(redis->pool, reply->element[0], REDIS_REPLY_STRING, error) &&
                    redis_pool_expect(redis->pool, reply->element[1], REDIS_REPLY_ARRAY, error);
        if (good) {
            snprintf(cursor, sizeof cursor, "%s", reply->element[0]->str);
            good = visit_keys(redis, reply->element[1], visit, context, error);
        }
        freeReplyObject(reply);
        if (!good)
            return false;
    } while (strcmp(cursor, "0") != 0);
    return true;
}

bool counts_redis_reputation_override(struct counts_store *store, const struct identity *identity,
                                      enum override_kind kind, int32_t centi, int64_t until_s,
                                      struct error *error)
{
    struct counts_redis *redis = counts_redis_of(store);
    unsigned char override[OVERRIDE_BYTES];
    override[0] = (unsigned char)kind;
    put_u32(override + 1, (uint32_t)centi);
    put_u32(override + 5, until_s < 0 ? 0 : until_s > UINT32_MAX ? UINT32_MAX : (uint32_t)until_s);
    struct redis_batch batch = {0};
    redisReply *reply = NULL;
    if (redis_scripts_begin(redis->scripts, &batch, REDIS_SCRIPT_OVERRIDE, 1, 2, error)) {
        counts_redis_reputation_key(redis, &batch, identity);
        redis_batch_bytes(&batch, override, kind == OVERRIDE_NONE ? 0 : sizeof override);
        redis_batch_number(&batch, identity_half_life_s(identity->type));
        reply = redis_scripts_ask(redis->scripts, REDIS_SCRIPT_OVERRIDE, &batch,
                                  REDIS_REPLY_INTEGER, error);
    }
    redis_batch_clear(&batch);
    freeReplyObject(reply);
    return reply != NULL;
}

bool counts_redis_reputation_forget(struct counts_store *store, const struct identity *identity,
                                    bool *existed, struct error *error)
{
    struct counts_redis *redis = counts_redis_of(store);
    struct redis_batch batch = {0};
    redis_batch_begin(&batch, 2);
    redis_batch_text(&batch, "DEL");
    counts_redis_reputation_key(redis, &batch, identity);
    redisReply *reply = redis_pool_ask(redis->pool, &batch, REDIS_REPLY_INTEGER, error);
    redis_batch_clear(&batch);
    if (!reply)
        return false;
    *existed = reply->integer > 0;
    freeReplyObject(reply);
    return true;
}
