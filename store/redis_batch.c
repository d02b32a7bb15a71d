#include "store/redis_batch.h"

#include "store/memory.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(struct redis_batch *batch, const void *data, size_t length)
{
    if (length > batch->room - batch->length) {
        batch->room = batch->room * 2 + length + 256;
        batch->data = memory_resize(batch->data, batch->room);
    }
    if (length)
        memcpy(batch->data + batch->length, data, length);
    batch->length += length;
}

static void append_count(struct redis_batch *batch, char kind, size_t count)
{
    char line[32];
    append(batch, line, (size_t)snprintf(line, sizeof line, "%c%zu\r\n", kind, count));
}

void redis_batch_clear(struct redis_batch *batch)
{
    free(batch->data);
    *batch = (struct redis_batch){0};
}

void redis_batch_begin(struct redis_batch *batch, size_t words)
{
    append_count(batch, '*', words);
    batch->commands++;
}

void redis_batch_joined(struct redis_batch *batch, const struct span *pieces, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += pieces[i].length;
    append_count(batch, '$', length);
    for (size_t i = 0; i < count; i++)
        append(batch, pieces[i].data, pieces[i].length);
    append(batch, "\r\n", 2);
}

void redis_batch_bytes(struct redis_batch *batch, const void *data, size_t length)
{
    redis_batch_joined(batch, &(struct span){data, length}, 1);
}

void redis_batch_text(struct redis_batch *batch, const char *text)
{
    redis_batch_bytes(batch, text, strlen(text));
}

void redis_batch_number(struct redis_batch *batch, int64_t number)
{
    char text[24];
    redis_batch_bytes(batch, text, (size_t)snprintf(text, sizeof text, "%" PRId64, number));
}

void redis_batch_words(struct redis_batch *batch, const char *word, ...)
{
    va_list words, counted;
    va_start(words, word);
    va_copy(counted, words);
    size_t count = 1;
    while (va_arg(counted, const char *))
        count++;
    va_end(counted);
    redis_batch_begin(batch, count);
    for (; word; word = va_arg(words, const char *))
        redis_batch_text(batch, word);
    va_end(words);
}
