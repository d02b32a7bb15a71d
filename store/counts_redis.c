#include "store/counts_redis.h"

#include "store/memory.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void redis_close(struct counts_store *store)
{
    struct counts_redis *redis = counts_redis_of(store);
    redis_scripts_free(redis->scripts);
    redis_pool_free(redis->pool);
    free(redis->prefix);
    free(redis);
}

static const char *redis_name(const struct counts_store *store)
{
    return redis_pool_address(((const struct counts_redis *)store)->pool)->name;
}

void counts_redis_key(const struct counts_redis *redis, struct redis_batch *batch, const char *name)
{
    redis_batch_joined(batch, (struct span[]){span_of(redis->prefix), span_of(name)}, 2);
}

void counts_redis_begin(const struct counts_redis *redis, struct redis_batch *batch, size_t words,
                        const char *command, const char *name)
{
    redis_batch_begin(batch, words);
    redis_batch_text(batch, command);
    counts_redis_key(redis, batch, name);
}

bool counts_redis_number(const redisReply *reply, uint64_t *number)
{
    if (reply->type == REDIS_REPLY_INTEGER && reply->integer >= 0) {
        *number = (uint64_t)reply->integer;
        return true;
    }
    if (reply->type != REDIS_REPLY_STRING || !isdigit((unsigned char)reply->str[0]))
        return false;
    char *end;
    errno = 0;
    *number = strtoull(reply->str, &end, 10);
    return errno == 0 && *end == '\0';
}

/* The value of "field:value\r\n" in what INFO answers; empty when it is not there. */
static struct span info_field(const redisReply *info, const char *field)
{
    size_t length = strlen(field);
    for (const char *line = info->str; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, field, length) == 0 && line[length] == ':')
            return (struct span){line + length + 1, strcspn(line + length + 1, "\r\n")};
    }
    return (struct span){NULL, 0};
}

static void read_info(const redisReply *server, const redisReply *persistence,
                      const redisReply *replication, const redisReply *origin,
                      struct counts_health *health)
{
    struct span run_id = info_field(server, "run_id"), role = info_field(replication, "role");
    snprintf(health->run_id, sizeof health->run_id, "%.*s %.*s%s", SPAN_ARGS(run_id),
             SPAN_ARGS(role), origin->type == REDIS_REPLY_STRING ? origin->str : "");
    health->persistent = span_equal(info_field(persistence, "aof_enabled"), SPAN("1"));
}

static bool redis_health(struct counts_store *store, struct counts_health *health,
                         struct error *error)
{
    struct counts_redis *redis = counts_redis_of(store);
    struct redis_batch batch = {0};
    redisReply *replies[7] = {NULL};
    size_t answered;
    uint64_t time_s = 0;
    *health = (struct counts_health){0};
    counts_redis_begin(redis, &batch, 2, "GET", "version");
    redis_batch_words(&batch, "TIME", NULL);
    redis_batch_words(&batch, "INFO", "server", NULL);
    redis_batch_words(&batch, "INFO", "persistence", NULL);
    redis_batch_words(&batch, "INFO", "replication", NULL);
    counts_redis_begin(redis, &batch, 2, "GET", "origin");
    counts_redis_begin(redis, &batch, 3, "HGET", "settings");
    redis_batch_text(&batch, "version");
    bool good = redis_pool_exchange(redis->pool, &batch, 0, replies, &answered, error) &&
                redis_pool_expect(redis->pool, replies[1], REDIS_REPLY_ARRAY, error) &&
                redis_pool_expect(redis->pool, replies[2], REDIS_REPLY_STRING, error) &&
                redis_pool_expect(redis->pool, replies[3], REDIS_REPLY_STRING, error) &&
                redis_pool_expect(redis->pool, replies[4], REDIS_REPLY_STRING, error);
    if (good && replies[0]->type != REDIS_REPLY_NIL &&
        !counts_redis_number(replies[0], &health->version))
        good = redis_pool_expect(redis->pool, replies[0], REDIS_REPLY_NIL, error);
    if (good && replies[6]->type != REDIS_REPLY_NIL &&
        !counts_redis_number(replies[6], &health->settings))
        good = redis_pool_expect(redis->pool, replies[6], REDIS_REPLY_NIL, error);
    if (good && replies[1]->elements && counts_redis_number(replies[1]->element[0], &time_s))
        health->time_s = (int64_t)time_s;
    if (good)
        read_info(replies[2], replies[3], replies[4], replies[5], health);
    redis_replies_free(replies, 7);
    redis_batch_clear(&batch);
    return good;
}

static bool redis_installation_key(struct counts_store *store, const unsigned char *proposed,
                                   unsigned char key[COUNTS_KEY_BYTES], struct error *error)
{
    struct counts_redis *redis = counts_redis_of(store);
    unsigned char fresh[COUNTS_KEY_BYTES];
    if (proposed)
        memcpy(fresh, proposed, sizeof fresh);
    else if (getrandom(fresh, sizeof fresh, 0) != sizeof fresh)
        return error_set(error, ERROR_SYSTEM, "no random bytes for the installation's key: %s",
                         strerror(errno));
    struct redis_batch batch = {0};
    redisReply *replies[2] = {NULL};
    size_t answered;
    counts_redis_begin(redis, &batch, 4, "SET", "key");
    redis_batch_bytes(&batch, fresh, sizeof fresh);
    redis_batch_text(&batch, "NX");
    counts_redis_begin(redis, &batch, 2, "GET", "key");
    bool good = redis_pool_exchange(redis->pool, &batch, 0, replies, &answered, error);
    /* A read-only replica refuses SET; a key that is there serves all the same. */
    if (good && replies[1]->type != REDIS_REPLY_STRING)
        good = redis_pool_expect(redis->pool, replies[0], REDIS_REPLY_STATUS, error) &&
               redis_pool_expect(redis->pool, replies[1], REDIS_REPLY_STRING, error);
    if (good && replies[1]->len != COUNTS_KEY_BYTES)
        good = error_set(error, ERROR_BUG, "redis at %s: %skey has %zu bytes, not %d",
                         redis_pool_address(redis->pool)->place, redis->prefix, replies[1]->len,
                         COUNTS_KEY_BYTES);
    if (good)
        memcpy(key, replies[1]->str, COUNTS_KEY_BYTES);
    redis_replies_free(replies, 2);
    redis_batch_clear(&batch);
    return good;
}

bool counts_redis_until_ms(const struct counts_redis *redis, int64_t *until_ms, struct error *error)
{
    struct redis_batch batch = {0};
    uint64_t seconds, microseconds;
    redis_batch_words(&batch, "TIME", NULL);
    redisReply *reply = redis_pool_ask(redis->pool, &batch, REDIS_REPLY_ARRAY, error);
    redis_batch_clear(&batch);
    bool good =
        reply && ((reply->elements == 2 && counts_redis_number(reply->element[0], &seconds) &&
                   counts_redis_number(reply->element[1], &microseconds)) ||
                  error_set(error, ERROR_BUG, "redis at %s: TIME is no time",
                            redis_pool_address(redis->pool)->place));
    if (good)
        *until_ms = (int64_t)(seconds * 1000 + microseconds / 1000) + redis->timeout_ms;
    freeReplyObject(reply);
    return good;
}

static const struct counts_ops redis_ops = {
    .close = redis_close,
    .name = redis_name,
    .health = redis_health,
    .installation_key = redis_installation_key,
    .settings_load = counts_redis_settings_load,
    .settings_save = counts_redis_settings_save,
    .append = counts_redis_append,
    .follow = counts_redis_follow,
    .snapshot_load = counts_redis_snapshot_load,
    .snapshot_save = counts_redis_snapshot_save,
    .replica_report = counts_redis_replica_report,
    .replica_slowest = counts_redis_replica_slowest,
    .source_list = counts_redis_source_list,
    .reputation_read = counts_redis_reputation_read,
    .reputation_page = counts_redis_reputation_page,
    .reputation_overrides = counts_redis_reputation_overrides,
    .reputation_seen = counts_redis_reputation_seen,
    .reputation_override = counts_redis_reputation_override,
    .reputation_write = counts_redis_reputation_write,
    .reputation_forget = counts_redis_reputation_forget,
    .export_items = counts_redis_export,
    .import_items = counts_redis_import,
};

struct counts_store *counts_redis_open(const char *url, const struct counts_options *options,
                                       struct error *error)
{
    struct redis_address *address = redis_address_read(url, error);
    if (!address)
        return NULL;
    struct counts_redis *redis = memory_new(sizeof *redis);
    redis->base.ops = &redis_ops;
    redis->prefix = memory_text(options->key_prefix);
    redis->timeout_ms = options->timeout_ms;
    redis->pool = redis_pool_new(address, options->timeout_ms, options->pool_size);
    redis->scripts = redis_scripts_new(redis->pool);
    return &redis->base;
}
