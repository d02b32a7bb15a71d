#include "core/model_cells.h"
#include "store/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

/* Little-endian: magic, feature version, version, number of scripts and their lessons, weights,
 * counts, and last what is rehearsed. In one zstd frame with checksum. */
static const char magic[4] = {'W', 'M', 'D', '1'};
#define HEAD_BYTES (sizeof magic + 4 + 8 + 4 + SCRIPTS * 2 * 4)
#define CELL_BYTES (HEAD_BYTES + MODEL_SLOTS * 3)
#define IMAGE_BYTES_MAX                                                                            \
    (CELL_BYTES + 2ul * (REHEARSAL_KEPT + REHEARSAL_RECENT) *                                      \
                      (LESSON_SLOTS_MAX * 5 + 256)) /* 5: of a varint */

struct image {
    unsigned char *data;
    size_t length;
};

static unsigned char *put(unsigned char *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        *at++ = (unsigned char)(value >> 8 * i);
    return at;
}

static uint64_t take(const unsigned char **at, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)(*at)[i] << 8 * i;
    *at += bytes;
    return value;
}

static struct image image_of(const struct model *model)
{
    size_t rehearsed;
    unsigned char *rehearsal = rehearsal_encode(model->rehearsal, &rehearsed);
    struct image image = {memory_new(CELL_BYTES + rehearsed), CELL_BYTES + rehearsed};
    memcpy(image.data, magic, sizeof magic);
    unsigned char *at = put(image.data + sizeof magic, FEATURE_VERSION, 4);
    at = put(at, LOAD(model->version), 8);
    at = put(at, SCRIPTS, 4);
    for (size_t i = 0; i < SCRIPTS; i++) {
        at = put(at, LOAD(model->lessons[i][LABEL_HAM]), 4);
        at = put(at, LOAD(model->lessons[i][LABEL_SPAM]), 4);
    }
    for (size_t i = 0; i < MODEL_SLOTS; i++)
        at = put(at, (uint16_t)LOAD(model->weights[i]), 2);
    for (size_t i = 0; i < MODEL_SLOTS; i++)
        at = put(at, LOAD(model->counts[i]), 1);
    memcpy(at, rehearsal, rehearsed);
    free(rehearsal);
    return image;
}

uint64_t model_digest(const struct model *model)
{
    struct image image = image_of(model);
    uint64_t digest = XXH3_64bits(image.data, image.length);
    free(image.data);
    return digest;
}

void model_save(const struct model *model, struct snapshot *snapshot)
{
    struct image image = image_of(model);
    size_t room = ZSTD_compressBound(image.length);
    *snapshot = (struct snapshot){.version = LOAD(model->version),
                                  .feature_version = FEATURE_VERSION,
                                  .data = memory_new(room)};
    ZSTD_CCtx *context = memory_checked(ZSTD_createCCtx());
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    snapshot->length = ZSTD_compress2(context, snapshot->data, room, image.data, image.length);
    assert(!ZSTD_isError(snapshot->length));
    ZSTD_freeCCtx(context);
    free(image.data);
    snapshot->data = memory_resize(snapshot->data, snapshot->length);
}

/* The bytes of the snapshot's one frame; no data when it is damaged. */
static struct image unpack(const struct snapshot *snapshot)
{
    struct image image = {NULL, 0};
    unsigned long long length = ZSTD_getFrameContentSize(snapshot->data, snapshot->length);
    if (length < CELL_BYTES || length > IMAGE_BYTES_MAX)
        return image;
    image = (struct image){memory_new(length), length};
    if (ZSTD_decompress(image.data, length, snapshot->data, snapshot->length) != length) {
        free(image.data);
        image = (struct image){NULL, 0};
    }
    return image;
}

static bool head_is_right(const unsigned char **at, const struct snapshot *snapshot)
{
    if (memcmp(*at, magic, sizeof magic) != 0)
        return false;
    *at += sizeof magic;
    return take(at, 4) == FEATURE_VERSION && take(at, 8) == snapshot->version &&
           take(at, 4) == SCRIPTS;
}

bool model_load(struct model *model, const struct snapshot *snapshot, struct error *error)
{
    if (snapshot->feature_version != FEATURE_VERSION)
        return error_set(error, ERROR_INPUT,
                         "the model's snapshot has feature version %u, this weir needs %u",
                         snapshot->feature_version, FEATURE_VERSION);
    struct image image = unpack(snapshot);
    const unsigned char *at = image.data;
    struct rehearsal *rehearsal = NULL;
    if (image.data && head_is_right(&at, snapshot))
        rehearsal = rehearsal_decode(image.data + CELL_BYTES, image.length - CELL_BYTES);
    if (!rehearsal) {
        free(image.data);
        return error_set(error, ERROR_BUG, "the model's snapshot of version %llu is damaged",
                         (unsigned long long)snapshot->version);
    }
    for (size_t i = 0; i < SCRIPTS; i++) {
        STORE(model->lessons[i][LABEL_HAM], (uint32_t)take(&at, 4));
        STORE(model->lessons[i][LABEL_SPAM], (uint32_t)take(&at, 4));
    }
    for (size_t i = 0; i < MODEL_SLOTS; i++)
        STORE(model->weights[i], (int16_t)take(&at, 2));
    for (size_t i = 0; i < MODEL_SLOTS; i++)
        STORE(model->counts[i], (uint8_t)take(&at, 1));
    STORE(model->version, snapshot->version);
    rehearsal_free(model->rehearsal);
    model->rehearsal = rehearsal;
    free(image.data);
    return true;
}
