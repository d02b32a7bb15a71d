/* redis_scripts: what must happen in Redis in one piece, as Lua scripts that are called by their
 * SHA1. A script is given to the server at its first use, and again when the server has lost it.
 * Needs Redis 6.2 or later. Thread-safe. */
#ifndef WEIR_REDIS_SCRIPTS_H
#define WEIR_REDIS_SCRIPTS_H

#include "store/error.h"
#include "store/redis_batch.h"
#include "store/redis_pool.h"

#include <stdbool.h>
#include <stddef.h>

/* Keys and arguments of each are told above its text in redis_scripts.c. */
enum redis_script {
    REDIS_SCRIPT_APPEND,
    REDIS_SCRIPT_SEEN,
    REDIS_SCRIPT_OVERRIDE,
    REDIS_SCRIPT_FORGET,
    REDIS_SCRIPT_WRITE,
    REDIS_SCRIPT_SETTINGS,
    REDIS_SCRIPT_SNAPSHOT,
    REDIS_SCRIPT_REPORT,
    REDIS_SCRIPT_SLOWEST,
    REDIS_SCRIPT_OVERRIDDEN,
    REDIS_SCRIPTS
};

struct redis_scripts;

/* Both `pool` and result live as long as the store. */
struct redis_scripts *redis_scripts_new(struct redis_pool *pool);
void redis_scripts_free(struct redis_scripts *scripts);

/* Begins a call with `keys` keys and `arguments` arguments, which must follow as words of
 * `batch`. Fails only when the script was never used before and the server is away. */
bool redis_scripts_begin(struct redis_scripts *scripts, struct redis_batch *batch,
                         enum redis_script script, size_t keys, size_t arguments,
                         struct error *error);

/* redis_pool_exchange() for a batch of calls of `script`; gives the script to a server that does
 * not know it. */
bool redis_scripts_exchange(struct redis_scripts *scripts, enum redis_script script,
                            const struct redis_batch *batch, redisReply **replies, size_t *answered,
                            struct error *error);

/* redis_pool_ask() for one call. */
redisReply *redis_scripts_ask(struct redis_scripts *scripts, enum redis_script script,
                              const struct redis_batch *batch, int type, struct error *error);

#endif
