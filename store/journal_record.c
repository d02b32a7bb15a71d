#include "store/journal_record.h"

#include "store/journal_frame.h"
#include "store/memory.h"

#include <string.h>
#include <time.h>
#include <xxhash.h>

#define KIND_LESSON 'L'
#define KIND_FIRST 'F' /* a lesson, the first of those that were written together */
#define KIND_EPOCH 'E'
#define LESSON_HEAD_BYTES (1 + 8 + 8 + 4)
#define RUN_ID_BYTES sizeof(((struct journal_epoch *)0)->run_id)
#define EPOCH_BYTES (1 + 8 + COUNTS_KEY_BYTES + RUN_ID_BYTES)

uint64_t journal_key_mark(const unsigned char key[COUNTS_KEY_BYTES])
{
    return XXH3_64bits(key, COUNTS_KEY_BYTES) | 1;
}

static unsigned char *put_number(unsigned char *at, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        *at++ = (unsigned char)(number >> (8 * i));
    return at;
}

static uint64_t get_number(const char *at, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++)
        number |= (uint64_t)(unsigned char)at[i] << (8 * i);
    return number;
}

static void add_frame(struct journal_frames *frames, struct span record)
{
    frames->data = memory_resize(frames->data, frames->length + journal_frame_bound(record.length));
    frames->length += journal_frame_write(frames->data + frames->length, record);
}

static void add_lesson(struct journal_frames *frames, const struct journal_record *record,
                       char kind, int64_t time_s)
{
    size_t lesson_length;
    unsigned char *lesson = lesson_encode(record->lesson, &lesson_length);
    size_t length = LESSON_HEAD_BYTES + 8 * record->hash_count + lesson_length;
    unsigned char *bytes = memory_new(length), *at = bytes;
    *at++ = (unsigned char)kind;
    at = put_number(at, (uint64_t)time_s, 8);
    at = put_number(at, record->key_mark, 8);
    at = put_number(at, record->hash_count, 4);
    for (size_t i = 0; i < record->hash_count; i++)
        at = put_number(at, record->hashes[i], 8);
    memcpy(at, lesson, lesson_length);
    add_frame(frames, (struct span){(const char *)bytes, length});
    free(bytes);
    free(lesson);
}

struct span journal_frames_of_lessons(struct journal_frames *frames,
                                      const struct journal_record *records, size_t n)
{
    int64_t now_s = time(NULL);
    for (size_t i = 0; i < n; i++)
        add_lesson(frames, &records[i], i ? KIND_LESSON : KIND_FIRST, now_s);
    return (struct span){(const char *)frames->data, frames->length};
}

struct span journal_frame_of_epoch(struct journal_frames *frames, const struct journal_epoch *epoch)
{
    unsigned char bytes[EPOCH_BYTES], *at = bytes;
    *at++ = KIND_EPOCH;
    at = put_number(at, (uint64_t)epoch->time_s, 8);
    memcpy(at, epoch->key, COUNTS_KEY_BYTES);
    memcpy(at + COUNTS_KEY_BYTES, epoch->run_id, RUN_ID_BYTES);
    add_frame(frames, (struct span){(const char *)bytes, sizeof bytes});
    return (struct span){(const char *)frames->data, frames->length};
}

void journal_record_clear(struct journal_record *record)
{
    lesson_free(record->lesson);
    free(record->hashes);
    *record = (struct journal_record){0};
}

bool journal_read_epoch(struct span bytes, struct journal_epoch *epoch)
{
    if (bytes.length != EPOCH_BYTES || bytes.data[0] != KIND_EPOCH || bytes.data[EPOCH_BYTES - 1])
        return false;
    epoch->time_s = (int64_t)get_number(bytes.data + 1, 8);
    memcpy(epoch->key, bytes.data + 9, COUNTS_KEY_BYTES);
    memcpy(epoch->run_id, bytes.data + 9 + COUNTS_KEY_BYTES, RUN_ID_BYTES);
    return true;
}

bool journal_read_lesson(struct span bytes, struct journal_record *record)
{
    *record = (struct journal_record){0};
    if (bytes.length < LESSON_HEAD_BYTES ||
        (bytes.data[0] != KIND_LESSON && bytes.data[0] != KIND_FIRST))
        return false;
    size_t count = (size_t)get_number(bytes.data + 17, 4), rest = bytes.length - LESSON_HEAD_BYTES;
    if (count > JOURNAL_HASHES_MAX || 8 * count > rest)
        return false;
    const char *hashes = bytes.data + LESSON_HEAD_BYTES;
    record->lesson = lesson_decode(hashes + 8 * count, rest - 8 * count, NULL);
    if (!record->lesson)
        return false;
    record->first = bytes.data[0] == KIND_FIRST;
    record->time_s = (int64_t)get_number(bytes.data + 1, 8);
    record->key_mark = get_number(bytes.data + 9, 8);
    record->hash_count = count;
    record->hashes = memory_new(count * sizeof *record->hashes);
    for (size_t i = 0; i < count; i++)
        record->hashes[i] = get_number(hashes + 8 * i, 8);
    return true;
}
