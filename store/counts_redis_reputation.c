#include "store/counts_redis.h"

#include "store/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* See redis_scripts.c; the shorter ones were written before documents were counted. */
#define COUNTS_BYTES 20
#define COUNTS_BYTES_SHORT 12
#define OVERRIDE_BYTES 9

#define SEEN_GROUP 128 /* identities in one call of the script, which keeps others waiting */

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

size_t counts_redis_pack(const struct reputation_counts *counts, unsigned char *bytes)
{
    put_u32(bytes, counts->ham_milli);
    put_u32(bytes + 4, counts->spam_milli);
    put_u32(bytes + 8, (uint32_t)counts->time_s);
    put_u32(bytes + 12, counts->seen_milli);
    put_u32(bytes + 16, (uint32_t)counts->first_s);
    if (counts->override == OVERRIDE_NONE)
        return COUNTS_BYTES;
    bytes[COUNTS_BYTES] = (unsigned char)counts->override;
    put_u32(bytes + COUNTS_BYTES + 1, (uint32_t)counts->override_centi);
    put_u32(bytes + COUNTS_BYTES + 5, (uint32_t)counts->override_until_s);
    return COUNTS_BYTES + OVERRIDE_BYTES;
}

bool counts_redis_unpack(struct span bytes, struct reputation_counts *counts)
{
    *counts = (struct reputation_counts){0};
    size_t length =
        bytes.length == COUNTS_BYTES_SHORT || bytes.length == COUNTS_BYTES_SHORT + OVERRIDE_BYTES
            ? COUNTS_BYTES_SHORT
            : COUNTS_BYTES;
    if (bytes.length != length && bytes.length != length + OVERRIDE_BYTES)
        return false;
    counts->ham_milli = get_u32(bytes.data);
    counts->spam_milli = get_u32(bytes.data + 4);
    counts->time_s = get_u32(bytes.data + 8);
    if (length == COUNTS_BYTES) {
        counts->seen_milli = get_u32(bytes.data + 12);
        counts->first_s = get_u32(bytes.data + 16);
    }
    if (bytes.length > length) {
        const char *override = bytes.data + length;
        counts->override = override[0] == OVERRIDE_PIN ? OVERRIDE_PIN : OVERRIDE_SET;
        counts->override_centi = (int32_t)get_u32(override + 1);
        counts->override_until_s = get_u32(override + 5);
    }
    return true;
}

/* All zero for a reply that is no reputation: NIL, or a key that somebody else wrote. */
static struct reputation_counts read_counts(const redisReply *reply)
{
    struct reputation_counts counts = {0};
    if (reply->type == REDIS_REPLY_STRING)
        counts_redis_unpack((struct span){reply->str, reply->len}, &counts);
    return counts;
}

bool counts_redis_reputation_read(struct counts_store *store, const struct identity *identities,
                                  size_t n, struct reputation_counts *counts, struct error *error)
{
    struct counts_redis *redis = counts_redis_of(store);
    struct redis_batch batch = {0};
    redis_batch_begin(&batch, 2 + n);
    redis_batch_text(&batch, "MGET");
    for (size_t i = 0; i < n; i++)
        counts_redis_reputation_key(redis, &batch, &identities[i]);
    counts_redis_key(redis, &batch, "since");
    redisReply *reply = redis_pool_ask(redis->pool, &batch, REDIS_REPLY_ARRAY, error);
    redis_batch_clear(&batch);
    bool good = reply != NULL;
    if (good && reply->elements != n + 1)
        good = error_set(error, ERROR_BUG, "redis at %s: %zu answers to %zu keys",
                         redis_pool_address(redis->pool)->place, reply->elements, n + 1);
    for (size_t i = 0; good && i < n; i++)
        counts[i] = read_counts(reply->element[i]);
    uint64_t since_s = 0;
    if (good)
        store->seen_since_s =
            counts_redis_number(reply->element[n], &since_s) ? (int64_t)since_s : 0;
    freeReplyObject(reply);
    return good;
}

/* --- what was seen --- */

static void add_numbers(struct redis_batch *batch, const uint32_t *numbers, size_t n)
{
    unsigned char packed[4 * SEEN_GROUP];
    _Static_assert(IDENTITY_TYPES <= SEEN_GROUP, "there is room for one of each type");
    for (size_t i = 0; i < n; i++)
        put_u32(packed + 4 * i, numbers[i]);
    redis_batch_bytes(batch, packed, 4 * n);
}

/* At most SEEN_GROUP of them. */
static bool add_seen(struct counts_redis *redis, struct redis_batch *batch,
                     const struct identity *identities, const uint32_t *documents, size_t n,
                     struct error *error)
{
    uint32_t half_lives[IDENTITY_TYPES], lives[IDENTITY_TYPES];
    unsigned char types[SEEN_GROUP];
    if (!redis_scripts_begin(redis->scripts, batch, REDIS_SCRIPT_SEEN, 2 + n, 4, error))
        return false;
    counts_redis_key(redis, batch, "since");
    counts_redis_key(redis, batch, "copying");
    for (size_t i = 0; i < n; i++) {
        counts_redis_reputation_key(redis, batch, &identities[i]);
        types[i] = (unsigned char)identities[i].type;
    }
    for (size_t type = 0; type < IDENTITY_TYPES; type++) {
        half_lives[type] = redis->base.half_life_s[type];
        lives[type] = (uint32_t)counts_seen_life_s((enum identity_type)type);
    }
    add_numbers(batch, half_lives, IDENTITY_TYPES);
    add_numbers(batch, lives, IDENTITY_TYPES);
    redis_batch_bytes(batch, types, n);
    add_numbers(batch, documents, n);
    return true;
}

bool counts_redis_reputation_seen(struct counts_store *store, const struct identity *identities,
                                  const uint32_t *documents, size_t n, struct error *error)
{
    struct counts_redis *redis = counts_redis_of(store);
    struct redis_batch batch = {0};
    size_t answered = 0;
    bool good = true;
    for (size_t at = 0; good && at < n; at += SEEN_GROUP)
        good = add_seen(redis, &batch, identities + at, documents + at,
                        n - at < SEEN_GROUP ? n - at : SEEN_GROUP, error);
    redisReply **replies = memory_new(batch.commands * sizeof *replies);
    good = good && redis_scripts_exchange(redis->scripts, REDIS_SCRIPT_SEEN, &batch, replies,
                                          &answered, error);
    for (size_t i = 0; good && i < answered; i++)
        good = redis_pool_expect(redis->pool, replies[i], REDIS_REPLY_INTEGER, error);
    redis_replies_free(replies, answered);
    free(replies);
    redis_batch_clear(&batch);
    return good;
}

/* --- all of them --- */

bool counts_redis_identity_of(const struct counts_redis *redis, struct span key,
                              struct identity *identity)
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
            counts_redis_identity_of(redis, (struct span){key->str, key->len}, &identities[n]))
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

/* Prefix and `start`, with what a pattern would read as signs escaped, and an asterisk. */
static void add_pattern(const struct counts_redis *redis, struct redis_batch *batch,
                        struct span start)
{
    char *pattern = memory_new(2 * strlen(redis->prefix) + start.length + 2), *out = pattern;
    for (const char *at = redis->prefix; *at; at++) {
        if (strchr("*?[]^\\-", *at))
            *out++ = '\\';
        *out++ = *at;
    }
    if (start.length)
        memcpy(out, start.data, start.length);
    out[start.length] = '*';
    redis_batch_text(batch, pattern);
    free(pattern);
}

/* The cursor and the keys of a page; takes over the reply, which may be NULL. */
static redisReply *take_page(const struct counts_redis *redis, redisReply *reply, char cursor[24],
                             const redisReply **keys, struct error *error)
{
    if (reply && reply->elements == 2 &&
        redis_pool_expect(redis->pool, reply->element[0], REDIS_REPLY_STRING, error) &&
        redis_pool_expect(redis->pool, reply->element[1], REDIS_REPLY_ARRAY, error)) {
        snprintf(cursor, 24, "%s", reply->element[0]->str);
        *keys = reply->element[1];
        return reply;
    }
    freeReplyObject(reply);
    return NULL;
}

redisReply *counts_redis_scan(const struct counts_redis *redis, struct span start, char cursor[24],
                              const redisReply **keys, struct error *error)
{
    struct redis_batch batch = {0};
    redis_batch_begin(&batch, 6);
    redis_batch_text(&batch, "SCAN");
    redis_batch_text(&batch, cursor);
    redis_batch_text(&batch, "MATCH");
    add_pattern(redis, &batch, start);
    redis_batch_text(&batch, "COUNT");
    redis_batch_number(&batch, 1000);
    redisReply *reply = redis_pool_ask(redis->pool, &batch, REDIS_REPLY_ARRAY, error);
    redis_batch_clear(&batch);
    return take_page(redis, reply, cursor, keys, error);
}

static redisReply *scan_overridden(const struct counts_redis *redis, char cursor[24],
                                   const redisReply **keys, struct error *error)
{
    struct redis_batch batch = {0};
    redisReply *reply = NULL;
    if (redis_scripts_begin(redis->scripts, &batch, REDIS_SCRIPT_OVERRIDDEN, 0, 2, error)) {
        redis_batch_text(&batch, cursor);
        add_pattern(redis, &batch, SPAN("r:"));
        reply = redis_scripts_ask(redis->scripts, REDIS_SCRIPT_OVERRIDDEN, &batch,
                                  REDIS_REPLY_ARRAY, error);
    }
    redis_batch_clear(&batch);
    return take_page(redis, reply, cursor, keys, error);
}

bool counts_redis_reputation_overrides(struct counts_store *store, counts_visit_reputation *visit,
                                       void *context, struct error *error)
{
    struct counts_redis *redis = counts_redis_of(store);
    char cursor[24] = "0";
    bool good;
    do {
        const redisReply *keys;
        redisReply *reply = scan_overridden(redis, cursor, &keys, error);
        good = reply && (!keys->elements || visit_keys(redis, keys, visit, context, error));
        freeReplyObject(reply);
    } while (good && strcmp(cursor, "0") != 0);
    return good;
}

/* SCAN's own cursor, a number, is kept. */
bool counts_redis_reputation_page(struct counts_store *store, enum identity_type type,
                                  struct counts_cursor *cursor, counts_visit_reputation *visit,
                                  void *context, struct error *error)
{
    struct counts_redis *redis = counts_redis_of(store);
    char number[24] = "0", text[COUNTS_REDIS_TYPE_TEXT];
    struct span start = type == IDENTITY_TYPES ? SPAN("r:") : counts_redis_type_text(type, text);
    const redisReply *keys;
    if (cursor->length)
        snprintf(number, sizeof number, "%.*s", (int)cursor->length, cursor->bytes);
    if (strspn(number, "0123456789") != (cursor->length ? cursor->length : 1))
        return error_set(error, ERROR_INPUT, "the place in the list is none of this store");
    redisReply *reply = counts_redis_scan(redis, start, number, &keys, error);
    bool good = reply && visit_keys(redis, keys, visit, context, error);
    freeReplyObject(reply);
    cursor->length = strcmp(number, "0") == 0 ? 0 : strlen(number);
    memcpy(cursor->bytes, number, cursor->length);
    return good;
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
    int64_t until_ms;
    if (redis_scripts_begin(redis->scripts, &batch, REDIS_SCRIPT_OVERRIDE, 1, 3, error) &&
        counts_redis_until_ms(redis, &until_ms, error)) {
        counts_redis_reputation_key(redis, &batch, identity);
        redis_batch_number(&batch, until_ms);
        redis_batch_bytes(&batch, override, kind == OVERRIDE_NONE ? 0 : sizeof override);
        redis_batch_number(&batch, redis->base.half_life_s[identity->type]);
        reply = redis_scripts_ask(redis->scripts, REDIS_SCRIPT_OVERRIDE, &batch,
                                  REDIS_REPLY_INTEGER, error);
    }
    redis_batch_clear(&batch);
    freeReplyObject(reply);
    return reply != NULL;
}

/* As the script of overrides keeps it, in redis_scripts.c. */
static int64_t life_s(const struct counts_redis *redis, enum identity_type type,
                      const struct reputation_counts *counts, int64_t now_s)
{
    int64_t life = COUNTS_HALF_LIVES_KEPT * (int64_t)redis->base.half_life_s[type];
    int64_t set = counts->override == OVERRIDE_SET ? counts->override_until_s - now_s : 0;
    return set > life ? set : life;
}

static void add_write(const struct counts_redis *redis, struct redis_batch *batch,
                      const struct identity *identity, const struct reputation_counts *counts,
                      int64_t now_s)
{
    unsigned char bytes[COUNTS_REDIS_REPUTATION_MAX];
    bool nothing = reputation_counts_are_none(counts);
    bool pinned = counts->override == OVERRIDE_PIN;
    redis_batch_bytes(batch, bytes, nothing ? 0 : counts_redis_pack(counts, bytes));
    redis_batch_number(batch, pinned ? 0 : life_s(redis, identity->type, counts, now_s));
}

bool counts_redis_reputation_write(struct counts_store *store, const struct identity *identities,
                                   const struct reputation_counts *counts, size_t n,
                                   struct error *error)
{
    struct counts_redis *redis = counts_redis_of(store);
    struct redis_batch batch = {0};
    redisReply *reply = NULL;
    int64_t until_ms, now_s = time(NULL);
    if (redis_scripts_begin(redis->scripts, &batch, REDIS_SCRIPT_WRITE, n, 1 + 2 * n, error) &&
        counts_redis_until_ms(redis, &until_ms, error)) {
        for (size_t i = 0; i < n; i++)
            counts_redis_reputation_key(redis, &batch, &identities[i]);
        redis_batch_number(&batch, until_ms);
        for (size_t i = 0; i < n; i++)
            add_write(redis, &batch, &identities[i], &counts[i], now_s);
        reply = redis_scripts_ask(redis->scripts, REDIS_SCRIPT_WRITE, &batch, REDIS_REPLY_INTEGER,
                                  error);
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
    redisReply *reply = NULL;
    int64_t until_ms;
    if (redis_scripts_begin(redis->scripts, &batch, REDIS_SCRIPT_FORGET, 1, 1, error) &&
        counts_redis_until_ms(redis, &until_ms, error)) {
        counts_redis_reputation_key(redis, &batch, identity);
        redis_batch_number(&batch, until_ms);
        reply = redis_scripts_ask(redis->scripts, REDIS_SCRIPT_FORGET, &batch, REDIS_REPLY_INTEGER,
                                  error);
    }
    redis_batch_clear(&batch);
    if (!reply)
        return false;
    *existed = reply->integer > 0;
    freeReplyObject(reply);
    return true;
}
