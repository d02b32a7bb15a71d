/* redis_batch: commands for Redis written one behind the other into one buffer (RESP, the Redis
 * serialization protocol), to be sent in one piece and, if need be, once more. */
#ifndef WEIR_REDIS_BATCH_H
#define WEIR_REDIS_BATCH_H

#include "store/span.h"

#include <stddef.h>
#include <stdint.h>

struct redis_batch {
    char *data;
    size_t length, room;
    size_t commands; /* begun so far: as many replies will come */
};

/* An empty batch is {0}. */
void redis_batch_clear(struct redis_batch *batch);

/* Begins a command of `words` words, its name among them; just as many calls of those below
 * must follow. */
void redis_batch_begin(struct redis_batch *batch, size_t words);
void redis_batch_bytes(struct redis_batch *batch, const void *data, size_t length);
void redis_batch_text(struct redis_batch *batch, const char *text);
void redis_batch_number(struct redis_batch *batch, int64_t number);

/* One word out of several pieces: a key out of prefix and name. */
void redis_batch_joined(struct redis_batch *batch, const struct span *pieces, size_t count);

/* A whole command of plain words, ended by NULL. */
void redis_batch_words(struct redis_batch *batch, const char *word, ...) __attribute__((sentinel));

#endif
