/* redis_pool: the connections of one process to one Redis, shared by its threads; and what is known
 * of the server being away. While it is, calls fail at once with the reason last seen, and from
 * time to time one of them (0.1 s, doubling to 5 s, give or take a quarter) is let through to try;
 * the first that succeeds ends the trouble for all. Thread-safe. */
#ifndef WEIR_REDIS_POOL_H
#define WEIR_REDIS_POOL_H

#include "store/error.h"
#include "store/redis_address.h"
#include "store/redis_batch.h"

#include <hiredis.h>
#include <stdbool.h>
#include <stddef.h>

struct redis_pool;

/* Takes over `address`. Connects to nothing. */
struct redis_pool *redis_pool_new(struct redis_address *address, unsigned timeout_ms,
                                  unsigned size);
/* No call may be under way. */
void redis_pool_free(struct redis_pool *pool);

const struct redis_address *redis_pool_address(const struct redis_pool *pool);

/* Sends the batch and fills `replies`, one for each of its commands. A connection that the server
 * had closed while it was idle is replaced by a new one, once, so batches may reach the server
 * twice. At most `size` calls are under way, the others wait for their turn within the timeout;
 * with `block_ms`, for commands that block so long at the server, a call is not among those. On
 * failure `*answered` replies are there all the same. Free them with redis_replies_free(). */
bool redis_pool_exchange(struct redis_pool *pool, const struct redis_batch *batch,
                         unsigned block_ms, redisReply **replies, size_t *answered,
                         struct error *error);

/* Frees the first `count` and makes them NULL. */
void redis_replies_free(redisReply **replies, size_t count);

/* The same for a batch of one command, whose reply must be of `type`: an error that the server
 * answered, and any other type, is a failure. NULL on failure, else freeReplyObject(). */
redisReply *redis_pool_ask(struct redis_pool *pool, const struct redis_batch *batch, int type,
                           struct error *error);

/* False and an error when `reply` is an error that the server answered ("redis at …: LOADING …")
 * or not of `type`. */
bool redis_pool_expect(const struct redis_pool *pool, const redisReply *reply, int type,
                       struct error *error);

#endif
