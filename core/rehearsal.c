#include "core/rehearsal.h"

#include "store/memory.h"

#include <string.h>

/* A new lesson is kept with a chance of no less than 1 in this many. */
#define SEEN_MOST (8 * REHEARSAL_KEPT)

struct sample {
    struct lesson *lessons[REHEARSAL_KEPT];
    uint32_t count;
    uint32_t seen; /* of the sample: lessons of this label so far, up to SEEN_MOST; of the latest:
                      the place of the oldest once all are taken */
    uint32_t next; /* whose turn it is */
};

/* Of each label: the sample, and the latest. */
enum { SAMPLED, RECENT, SAMPLES };

struct rehearsal {
    struct sample samples[2][SAMPLES];
};

static const uint32_t kept_most[SAMPLES] = {REHEARSAL_KEPT, REHEARSAL_RECENT};
static const uint32_t seen_most[SAMPLES] = {SEEN_MOST, REHEARSAL_RECENT - 1};

struct rehearsal *rehearsal_new(void)
{
    return memory_new(sizeof(struct rehearsal));
}

void rehearsal_clear(struct rehearsal *rehearsal)
{
    for (int label = 0; label < 2; label++)
        for (int which = 0; which < SAMPLES; which++)
            for (size_t i = 0; i < rehearsal->samples[label][which].count; i++)
                lesson_free(rehearsal->samples[label][which].lessons[i]);
    memset(rehearsal, 0, sizeof *rehearsal);
}

void rehearsal_free(struct rehearsal *rehearsal)
{
    if (!rehearsal)
        return;
    rehearsal_clear(rehearsal);
    free(rehearsal);
}

/* True: it was there, and not the operator's word. */
static bool forget(struct sample *sample, const struct lesson *lesson)
{
    for (uint32_t i = 0; i < sample->count; i++) {
        if (memcmp(sample->lessons[i]->document_id, lesson->document_id, LESSON_ID_BYTES) != 0)
            continue;
        bool untrusted = sample->lessons[i]->trust != TRUST_OPERATOR;
        lesson_free(sample->lessons[i]);
        sample->lessons[i] = sample->lessons[--sample->count];
        return untrusted;
    }
    return false;
}

bool rehearsal_forget(struct rehearsal *rehearsal, const struct lesson *lesson)
{
    bool contradicted = false;
    for (int label = 0; label < 2; label++)
        for (int which = 0; which < SAMPLES; which++)
            contradicted |=
                forget(&rehearsal->samples[label][which], lesson) && label != (int)lesson->label;
    return contradicted;
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

static void put_at(struct sample *sample, uint32_t place, const struct lesson *lesson)
{
    lesson_free(sample->lessons[place]);
    sample->lessons[place] = copy_of(lesson);
}

static void remember_recent(struct sample *sample, const struct lesson *lesson)
{
    if (sample->count < REHEARSAL_RECENT) {
        sample->lessons[sample->count++] = copy_of(lesson);
        return;
    }
    put_at(sample, sample->seen, lesson);
    sample->seen = (sample->seen + 1) % REHEARSAL_RECENT;
}

void rehearsal_remember(struct rehearsal *rehearsal, const struct lesson *lesson, uint64_t version)
{
    struct sample *sample = &rehearsal->samples[lesson->label][SAMPLED];
    remember_recent(&rehearsal->samples[lesson->label][RECENT], lesson);
    if (sample->seen < SEEN_MOST)
        sample->seen++;
    if (sample->count < REHEARSAL_KEPT) {
        sample->lessons[sample->count++] = copy_of(lesson);
        return;
    }
    uint32_t place = draw(version, sample->seen);
    if (place < REHEARSAL_KEPT)
        put_at(sample, place, lesson);
}

static const struct lesson *next_of(struct sample *sample)
{
    if (!sample->count)
        return NULL;
    sample->next = (sample->next + 1) % sample->count;
    return sample->lessons[sample->next];
}

const struct lesson *rehearsal_next(struct rehearsal *rehearsal, enum label label)
{
    return next_of(&rehearsal->samples[label][SAMPLED]);
}

const struct lesson *rehearsal_next_recent(struct rehearsal *rehearsal, enum label label)
{
    return next_of(&rehearsal->samples[label][RECENT]);
}

bool rehearsal_full(const struct rehearsal *rehearsal)
{
    return rehearsal->samples[LABEL_HAM][SAMPLED].count == REHEARSAL_KEPT &&
           rehearsal->samples[LABEL_SPAM][SAMPLED].count == REHEARSAL_KEPT;
}

/* --- as bytes: of each label its sample, then the latest: count, seen and next, and the lessons
 * with their lengths --- */

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

static void put_sample(struct bytes *bytes, const struct sample *sample)
{
    put_number(bytes, sample->count);
    put_number(bytes, sample->seen);
    put_number(bytes, sample->next);
    for (size_t i = 0; i < sample->count; i++) {
        size_t size;
        unsigned char *encoded = encode(sample->lessons[i], &size);
        put_number(bytes, (uint32_t)size);
        put(bytes, encoded, size);
        free(encoded);
    }
}

unsigned char *rehearsal_encode(const struct rehearsal *rehearsal, size_t *length)
{
    struct bytes bytes = {0};
    for (int label = 0; label < 2; label++)
        for (int which = 0; which < SAMPLES; which++)
            put_sample(&bytes, &rehearsal->samples[label][which]);
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
                        int which, struct sample *sample)
{
    uint32_t count, size;
    if (!take_number(at, end, &count) || !take_number(at, end, &sample->seen) ||
        !take_number(at, end, &sample->next) || count > kept_most[which] ||
        sample->seen > seen_most[which])
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
    bool whole = true;
    for (int label = 0; whole && label < 2; label++)
        for (int which = 0; whole && which < SAMPLES; which++)
            whole =
                take_sample(&at, end, (enum label)label, which, &rehearsal->samples[label][which]);
    if (whole && at == end)
        return rehearsal;
    rehearsal_free(rehearsal);
    return NULL;
}
