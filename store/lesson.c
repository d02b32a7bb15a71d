#include "store/lesson.h"

#include "store/memory.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define FORMAT 1
#define FLAG_SPAM 1u
#define FLAG_OPERATOR 2u
#define FLAG_WITHDRAWN 4u /* content_milli follows the fixed fields */
#define FLAGS (FLAG_SPAM | FLAG_OPERATOR | FLAG_WITHDRAWN)

/* Format, two ids, flags, script, time, feature version, and content_milli where it is there. */
#define CONTENT_BYTES 4
#define FIXED_BYTES (1 + 2 * LESSON_ID_BYTES + 1 + 1 + 8 + 4 + CONTENT_BYTES)
#define VARINT_MAX 5

static unsigned flags_of(const struct lesson *lesson)
{
    return (lesson->label == LABEL_SPAM ? FLAG_SPAM : 0) |
           (lesson->trust == TRUST_OPERATOR ? FLAG_OPERATOR : 0) |
           (lesson->withdrawn ? FLAG_WITHDRAWN : 0);
}

static bool fits(const struct lesson *lesson)
{
    if (lesson->source.length > LESSON_SOURCE_MAX || lesson->slot_count > LESSON_SLOTS_MAX ||
        lesson->identity_count > LESSON_IDENTITIES_MAX)
        return false;
    for (size_t i = 0; i < lesson->slot_count; i++)
        if (lesson->slots[i] >= LESSON_SLOT_LIMIT ||
            (i && lesson->slots[i] <= lesson->slots[i - 1]))
            return false;
    for (size_t i = 0; i < lesson->identity_count; i++)
        if ((unsigned)lesson->identities[i].type >= IDENTITY_TYPES ||
            lesson->identities[i].value.length > IDENTITY_VALUE_MAX)
            return false;
    return (unsigned)lesson->label <= LABEL_SPAM && (unsigned)lesson->trust <= TRUST_OPERATOR &&
           (lesson->withdrawn || !lesson->content_milli);
}

static unsigned char *put_bytes(unsigned char *at, const void *bytes, size_t length)
{
    if (length)
        memcpy(at, bytes, length);
    return at + length;
}

static unsigned char *put_fixed(unsigned char *at, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        *at++ = (unsigned char)(number >> (8 * i));
    return at;
}

static unsigned char *put_varint(unsigned char *at, uint32_t number)
{
    for (; number >= 0x80; number >>= 7)
        *at++ = (unsigned char)(number | 0x80);
    *at++ = (unsigned char)number;
    return at;
}

unsigned char *lesson_encode(const struct lesson *lesson, size_t *length)
{
    if (!fits(lesson))
        abort();
    size_t most = FIXED_BYTES + VARINT_MAX * (3 + lesson->slot_count) + lesson->source.length;
    for (size_t i = 0; i < lesson->identity_count; i++)
        most += 1 + VARINT_MAX + lesson->identities[i].value.length;

    unsigned char *data = memory_new(most), *at = data;
    *at++ = FORMAT;
    at = put_bytes(at, lesson->event_id, LESSON_ID_BYTES);
    at = put_bytes(at, lesson->document_id, LESSON_ID_BYTES);
    *at++ = (unsigned char)flags_of(lesson);
    *at++ = lesson->script;
    at = put_fixed(at, (uint64_t)lesson->time_s, 8);
    at = put_fixed(at, lesson->feature_version, 4);
    if (lesson->withdrawn)
        at = put_fixed(at, (uint32_t)lesson->content_milli, CONTENT_BYTES);
    at = put_varint(at, (uint32_t)lesson->source.length);
    at = put_bytes(at, lesson->source.data, lesson->source.length);
    at = put_varint(at, (uint32_t)lesson->slot_count);
    for (size_t i = 0; i < lesson->slot_count; i++)
        at = put_varint(at, lesson->slots[i] - (i ? lesson->slots[i - 1] : 0));
    at = put_varint(at, (uint32_t)lesson->identity_count);
    for (size_t i = 0; i < lesson->identity_count; i++) {
        const struct identity *identity = &lesson->identities[i];
        *at++ = (unsigned char)identity->type;
        at = put_varint(at, (uint32_t)identity->value.length);
        at = put_bytes(at, identity->value.data, identity->value.length);
    }
    *length = (size_t)(at - data);
    return data;
}

/* Reads from `at`; once something is missing or wrong, `good` stays false and zeros come. */
struct reader {
    const unsigned char *at, *end;
    bool good;
};

static struct span get_bytes(struct reader *reader, size_t length)
{
    if (!reader->good || length > (size_t)(reader->end - reader->at)) {
        reader->good = false;
        return (struct span){NULL, 0};
    }
    struct span bytes = {(const char *)reader->at, length};
    reader->at += length;
    return bytes;
}

static uint64_t get_fixed(struct reader *reader, size_t bytes)
{
    struct span span = get_bytes(reader, bytes);
    uint64_t number = 0;
    for (size_t i = 0; i < span.length; i++)
        number |= (uint64_t)(unsigned char)span.data[i] << (8 * i);
    return number;
}

/* Behind the number at `at`; NULL when there is none up to `limit`. Only the shortest form of one
 * is well-formed, so that one lesson has one encoding. */
static inline const unsigned char *read_varint(const unsigned char *at, const unsigned char *end,
                                               uint32_t limit, uint32_t *number)
{
    uint64_t sum = 0;
    for (unsigned shift = 0; at < end && shift < 7 * VARINT_MAX; shift += 7) {
        unsigned char byte = *at++;
        sum |= (uint64_t)(byte & 0x7f) << shift;
        if (byte & 0x80)
            continue;
        *number = (uint32_t)sum;
        return sum <= limit && (byte || !shift) ? at : NULL;
    }
    return NULL;
}

static uint32_t get_varint(struct reader *reader, uint32_t limit)
{
    uint32_t number;
    const unsigned char *behind = read_varint(reader->at, reader->end, limit, &number);
    reader->good = reader->good && behind;
    if (!reader->good)
        return 0;
    reader->at = behind;
    return number;
}

static void get_id(struct reader *reader, unsigned char id[LESSON_ID_BYTES])
{
    struct span bytes = get_bytes(reader, LESSON_ID_BYTES);
    put_bytes(id, bytes.data, bytes.length);
}

/* Everything of a lesson, pointing into the encoded bytes. */
struct parts {
    struct lesson lesson;
    uint32_t slots[LESSON_SLOTS_MAX];
    struct identity identities[LESSON_IDENTITIES_MAX];
    size_t text_length; /* of source and all values */
};

static void read_slots(struct reader *reader, struct parts *parts)
{
    parts->lesson.slot_count = get_varint(reader, LESSON_SLOTS_MAX);
    const unsigned char *at = reader->at;
    uint32_t slot = 0, step;
    for (size_t i = 0; i < parts->lesson.slot_count; i++) {
        at = read_varint(at, reader->end, LESSON_SLOT_LIMIT - 1 - slot, &step);
        if (!at || (i && step == 0)) {
            reader->good = false;
            return;
        }
        parts->slots[i] = slot += step;
    }
    reader->at = at;
}

static void read_identities(struct reader *reader, struct parts *parts)
{
    parts->lesson.identity_count = get_varint(reader, LESSON_IDENTITIES_MAX);
    for (size_t i = 0; i < parts->lesson.identity_count && reader->good; i++) {
        uint8_t type = (uint8_t)get_fixed(reader, 1);
        if (type >= IDENTITY_TYPES) {
            reader->good = false;
            return;
        }
        parts->identities[i].type = (enum identity_type)type;
        parts->identities[i].value = get_bytes(reader, get_varint(reader, IDENTITY_VALUE_MAX));
        parts->text_length += parts->identities[i].value.length;
    }
}

static bool read_parts(struct reader *reader, struct parts *parts)
{
    struct lesson *lesson = &parts->lesson;
    if (get_fixed(reader, 1) != FORMAT)
        reader->good = false;
    get_id(reader, lesson->event_id);
    get_id(reader, lesson->document_id);
    unsigned flags = (unsigned)get_fixed(reader, 1);
    if (flags & ~FLAGS)
        reader->good = false;
    lesson->label = flags & FLAG_SPAM ? LABEL_SPAM : LABEL_HAM;
    lesson->trust = flags & FLAG_OPERATOR ? TRUST_OPERATOR : TRUST_USER;
    lesson->withdrawn = flags & FLAG_WITHDRAWN;
    lesson->script = (uint8_t)get_fixed(reader, 1);
    lesson->time_s = (int64_t)get_fixed(reader, 8);
    lesson->feature_version = (uint32_t)get_fixed(reader, 4);
    if (lesson->withdrawn)
        lesson->content_milli = (int32_t)get_fixed(reader, CONTENT_BYTES);
    lesson->source = get_bytes(reader, get_varint(reader, LESSON_SOURCE_MAX));
    parts->text_length = lesson->source.length;
    read_slots(reader, parts);
    read_identities(reader, parts);
    return reader->good && reader->at == reader->end;
}

static struct span move_text(char **to, struct span from)
{
    struct span moved = {*to, from.length};
    *to = (char *)put_bytes((unsigned char *)*to, from.data, from.length);
    return moved;
}

struct lesson *lesson_decode(const void *data, size_t length, struct error *error)
{
    struct reader reader = {data, (const unsigned char *)data + length, true};
    struct parts parts;
    parts.lesson = (struct lesson){0};
    parts.text_length = 0;
    if (!read_parts(&reader, &parts)) {
        error_set(error, ERROR_INPUT, "these %zu bytes are not a lesson (format %d)", length,
                  FORMAT);
        return NULL;
    }

    size_t identities_size = parts.lesson.identity_count * sizeof parts.identities[0];
    size_t slots_size = parts.lesson.slot_count * sizeof parts.slots[0];
    struct lesson *lesson =
        memory_new(sizeof *lesson + identities_size + slots_size + parts.text_length);
    struct identity *identities = (struct identity *)(lesson + 1);
    uint32_t *slots = (uint32_t *)((char *)identities + identities_size);
    char *text = (char *)slots + slots_size;

    *lesson = parts.lesson;
    lesson->source = move_text(&text, parts.lesson.source);
    lesson->slots = slots;
    put_bytes((unsigned char *)slots, parts.slots, slots_size);
    lesson->identities = identities;
    for (size_t i = 0; i < lesson->identity_count; i++) {
        identities[i].type = parts.identities[i].type;
        identities[i].value = move_text(&text, parts.identities[i].value);
    }
    return lesson;
}

void lesson_free(struct lesson *lesson)
{
    free(lesson);
}

void lesson_set_event_id(struct lesson *lesson, uint64_t sequence)
{
    if (lesson->source.length > LESSON_SOURCE_MAX)
        abort();
    unsigned char bytes[LESSON_ID_BYTES + 1 + 8 + LESSON_SOURCE_MAX], *at = bytes;
    at = put_bytes(at, lesson->document_id, LESSON_ID_BYTES);
    *at++ = (unsigned char)(flags_of(lesson) & ~FLAG_OPERATOR);
    at = put_fixed(at, sequence, 8);
    at = put_bytes(at, lesson->source.data, lesson->source.length);
    XXH128_canonical_t id;
    XXH128_canonicalFromHash(&id, XXH3_128bits(bytes, (size_t)(at - bytes)));
    put_bytes(lesson->event_id, id.digest, LESSON_ID_BYTES);
}
