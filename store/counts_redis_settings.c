#include "store/counts_redis.h"

#include "store/memory.h"

#include <string.h>

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
    redisReply *reply = NULL;
    int64_t until_ms;
    if (redis_scripts_begin(redis->scripts, &batch, REDIS_SCRIPT_SETTINGS, 2, 3, error) &&
        counts_redis_until_ms(redis, &until_ms, error)) {
        counts_redis_key(redis, &batch, "settings");
        counts_redis_key(redis, &batch, "copying");
        redis_batch_number(&batch, until_ms);
        redis_batch_number(&batch, (int64_t)read);
        redis_batch_bytes(&batch, text.data, text.length);
        reply = redis_scripts_ask(redis->scripts, REDIS_SCRIPT_SETTINGS, &batch,
                                  REDIS_REPLY_INTEGER, error);
    }
    redis_batch_clear(&batch);
    *saved = reply && reply->integer == 1;
    freeReplyObject(reply);
    return reply != NULL;
}
