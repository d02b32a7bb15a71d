#include "core/rehearsal.h"

#include "store/memory.h"

#include <string.h>

/* A new lesson is kept with a chance of no less than 1 in this many. */
#define SEEN_MOST (8 * REHEARSAL_KEPT)

struct rehearsal {
    struct sample {
        struct lesson *lessons[REHEARSAL_KEPT];
        uint32_t count;
        uint32_t seen; /* lessons of this label so far, up to SEEN_MOST */
        uint32_t next; /* whose turn it is */
    } samples[2];
};

struct rehearsal *rehearsal_new(void)
{
    return memory_new(sizeof(struct rehearsal));
}

void rehearsal_clear(struct rehearsal *rehearsal)
{
    for (int label = 0; label < 2; label++)
        for (size_t i = 0; i < rehearsal->samples[label].count; i++)
            lesson_free(rehearsal->samples[label].lessons[i]);
    memset(rehearsal, 0, sizeof *rehearsal);
}

void rehearsal_free(struct rehearsal *rehearsal)
{
    if (!rehearsal)
        return;
    rehearsal_clear(rehearsal);
    free(rehearsal);
}

void rehearsal_forget(struct rehearsal *rehearsal, const struct lesson *lesson)
{
    for (int label = 0; label < 2; label++) {
        struct sample *sample = &rehearsal->samples[label];
        for (uint32_t i = 0; i < sample->count; i++) {
            if (memcmp(sample->lessons[i]->document_id, lesson->document_id, LESSON_ID_BYTES) != 0)
                continue;
            lesson_free(sample->lessons[i]);
            sample->lessons[i] = sample->lessons[--sample->count];
            break;
        }
    }
}

/* Encoded and decoded: one allocation, and exactly what comes out of a snapshot. */
static unsigned char *encode(const struct lesson *lesson, size_t *length)
{
    struct lesson kept = {.label = lesson->label,
                          .trust = lesson->trust,
                          .feature_version = lesson->feature_version,
                          .script = lesson->script,
                          .slots = lesson->slots,
                          .slot_count = lesson->slot_count};
    memcpy(kept.document_id, lesson->document_id, LESSON_ID_BYTES);
    return lesson_encode(&kept, length);
}

static struct lesson *copy_of(const struct lesson *lesson)
{
    size_t length;
    struct error error;
    unsigned char *encoded = encode(lesson, &length);
    struct lesson *copy = lesson_decode(encoded, length, &error);
    free(encoded);
    return memory_checked(copy);
}

/* A number that looks random, the same on every replica. */
static uint32_t draw(uint64_t version, uint32_t below)
{
    uint64_t mixed = version * 0x9e3779b97f4a7c15u;
    mixed ^= mixed >> 32;
    mixed *= 0xd6e8feb86659fd93u;
    return (uint32_t)((mixed >> 32) * below >> 32);
}

void rehearsal_remember(struct rehearsal *rehearsal, const struct lesson *lesson, uint64_t version)
{
    struct sample *sample = &rehearsal->samples[lesson->label];
    if (sample->seen < SEEN_MOST)
        sample->seen++;
    if (sample->count < REHEARSAL_KEPT) {
        sample->lessons[sample->count++] = copy_of(lesson);
        return;
    }
    uint32_t place = draw(version, sample->seen);
    if (place < REHEARSAL_KEPT) {
        lesson_free(sample->lessons[place]);
        sample->lessons[place] = copy_of(lesson);
    }
}

const struct lesson *rehearsal_next(struct rehearsal *rehearsal, enum label label)
{
    struct sample *sample = &rehearsal->samples[label];
    if (!sample->count)
        return NULL;
    sample->next = (sample->next + 1) % sample->count;
    return sample->lessons[sample->next];
}

bool rehearsal_full(const struct rehearsal *rehearsal)
{
    return rehearsal->samples[LABEL_HAM].count == REHEARSAL_KEPT &&
           rehearsal->samples[LABEL_SPAM].count == REHEARSAL_KEPT;
}

/* --- as bytes: count, seen and next of each label, then its lessons with their lengths --- */

struct bytes {
    unsigned char *data;
    size_t length, room;
};

static void put(struct bytes *bytes, const void *data, size_t length)
{
    if (length > bytes->room - bytes->length) {
        bytes->room = 2 * (bytes->room + length);
        bytes->data = memory_resize(bytes->data, bytes->room);
    }
    memcpy(bytes->data + bytes->length, data, length);
    bytes->length += length;
}

static void put_number(struct bytes *bytes, uint32_t number)
{
    unsigned char four[4];
    for (size_t i = 0; i < sizeof four; i++)
        four[i] = (unsigned char)(number >> 8 * i);
    put(bytes, four, sizeof four);
}

unsigned char *rehearsal_encode(const struct rehearsal *rehearsal, size_t *length)
{
    struct bytes bytes = {0};
    for (int label = 0; label < 2; label++) {
        const struct sample *sample = &rehearsal->samples[label];
        put_number(&bytes, sample->count);
        put_number(&bytes, sample->seen);
        put_number(&bytes, sample->next);
        for (size_t i = 0; i < sample->count; i++) {
            size_t size;
            unsigned char *encoded = encode(sample->lessons[i], &size);
            put_number(&bytes, (uint32_t)size);
            put(&bytes, encoded, size);
            free(encoded);
        }
    }
    *length = bytes.length;
    return bytes.data;
}

static bool take_number(const unsigned char **at, const unsigned char *end, uint32_t *number)
{
    if (end - *at < 4)
        return false;
    *number = 0;
    for (int i = 0; i < 4; i++)
        *number |= (uint32_t)(*at)[i] << 8 * i;
    *at += 4;
    return true;
}

static bool take_sample(const unsigned char **at, const unsigned char *end, enum label label,
                        struct sample *sample)
{
    uint32_t count, size;
    if (!take_number(at, end, &count) || !take_number(at, end, &sample->seen) ||
        !take_number(at, end, &sample->next) || count > REHEARSAL_KEPT || sample->seen > SEEN_MOST)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!take_number(at, end, &size) || size > (size_t)(end - *at))
            return false;
        struct error error;
        struct lesson *lesson = lesson_decode(*at, size, &error);
        if (!lesson)
            return false;
        sample->lessons[sample->count++] = lesson;
        if (lesson->label != label)
            return false;
        *at += size;
    }
    return true;
}

struct rehearsal *rehearsal_decode(const unsigned char *data, size_t length)
{
    struct rehearsal *rehearsal = rehearsal_new();
    const unsigned char *at = data, *end = data + length;
    if (take_sample(&at, end, LABEL_HAM, &rehearsal->samples[LABEL_HAM]) &&
        take_sample(&at, end, LABEL_SPAM, &rehearsal->samples[LABEL_SPAM]) && at == end)
        return rehearsal;
    rehearsal_free(rehearsal);
    return NULL;
}
