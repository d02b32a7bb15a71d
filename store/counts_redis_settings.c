#include "store/counts_redis.h"

#include "store/memory.h"

#include <string.h>

/* KEYS: settings, copying. ARGV: the version that was read, the text. Answers whether it is saved.
 * Written so seldom that the script goes along each time. */
static const char save_text[] =
    "if redis.call('EXISTS', KEYS[2]) == 1 then\n"
    "  return redis.error_reply('BUSY a copy is being made; try again later')\n"
    "end\n"
    "local version = redis.call('HGET', KEYS[1], 'version') or '0'\n"
    "if version ~= ARGV[1] then return 0 end\n"
    "redis.call('HSET', KEYS[1], 'version', string.format('%.0f', tonumber(version) + 1),\n"
    "           'text', ARGV[2])\n"
    "return 1\n";

bool counts_redis_settings_load(struct counts_store *store, struct counts_settings *settings,
                                struct error *error)
{
    struct counts_redis *redis = counts_redis_of(store);
    struct redis_batch batch = {0};
    counts_redis_begin(redis, &batch, 4, "HMGET", "settings");
    redis_batch_text(&batch, "version");
    redis_batch_text(&batch, "text");
    redisReply *reply = redis_pool_ask(redis->pool, &batch, REDIS_REPLY_ARRAY, error);
    redis_batch_clear(&batch);
    bool good = reply != NULL;
    if (good && reply->elements == 2 && reply->element[0]->type != REDIS_REPLY_NIL) {
        const redisReply *text = reply->element[1];
        good = counts_redis_number(reply->element[0], &settings->version) &&
               text->type == REDIS_REPLY_STRING;
        if (good) {
            settings->text = memory_copy(text->str, text->len);
            settings->length = text->len;
        } else {
            error_set(error, ERROR_BUG, "redis at %s: %ssettings is damaged",
                      redis_pool_address(redis->pool)->place, redis->prefix);
        }
    }
    freeReplyObject(reply);
    return good;
}

bool counts_redis_settings_save(struct counts_store *store, uint64_t read, struct span text,
                                bool *saved, struct error *error)
{
    struct counts_redis *redis = counts_redis_of(store);
    struct redis_batch batch = {0};
    redis_batch_begin(&batch, 7);
    redis_batch_text(&batch, "EVAL");
    redis_batch_text(&batch, save_text);
    redis_batch_number(&batch, 2);
    counts_redis_key(redis, &batch, "settings");
    counts_redis_key(redis, &batch, "copying");
    redis_batch_number(&batch, (int64_t)read);
    redis_batch_bytes(&batch, text.data, text.length);
    redisReply *reply = redis_pool_ask(redis->pool, &batch, REDIS_REPLY_INTEGER, error);
    redis_batch_clear(&batch);
    *saved = reply && reply->integer == 1;
    freeReplyObject(reply);
    return reply != NULL;
}
