#include "core/prior.h"

#include "core/features.h"
#include "paths.h"

#include <endian.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#define YIELDS_AT 30.0 /* lessons of each label, to half */
#define SHARE_LEAST 0.03
#define BATCH 64u /* features that are looked up at once */

__asm__(".pushsection .rodata\n"
        "weir_prior:\n"
        ".incbin \"" PRIOR_FILE "\"\n"
        "weir_prior_end:\n"
        ".popsection\n");
extern const unsigned char weir_prior[] __attribute__((visibility("hidden")));
extern const unsigned char weir_prior_end[] __attribute__((visibility("hidden")));

/* Most features are not in the table. A bit for each of their upper 18 bits, which fit into a
 * processor's nearest cache, tells so without a look at the table itself. */
#define HINT_BITS 18

static struct {
    uint32_t starts[PRIOR_BUCKETS + 1]; /* of each bucket, among the entries */
    const unsigned char *entries;
    uint64_t hints[(1u << HINT_BITS) / 64];
} table;

const unsigned char *prior_table(size_t *length)
{
    *length = (size_t)(weir_prior_end - weir_prior);
    return weir_prior;
}

static void add_hint(uint64_t feature)
{
    size_t at = feature >> (64 - HINT_BITS);
    table.hints[at / 64] |= 1ull << at % 64;
}

static bool has_hint(uint64_t feature)
{
    size_t at = feature >> (64 - HINT_BITS);
    return table.hints[at / 64] >> at % 64 & 1;
}

/* A table of other features, or one that is cut, stays empty. */
static void open_table(void)
{
    size_t length, count = 0;
    const unsigned char *stored = prior_table(&length);
    if (length < PRIOR_HEAD_BYTES || memcmp(stored, PRIOR_MAGIC, 4) != 0 ||
        stored[4] != FEATURE_VERSION)
        return;
    for (size_t i = 0; i < PRIOR_BUCKETS; i++)
        count += stored[8 + i];
    if (length != PRIOR_HEAD_BYTES + 4 * count)
        return;
    table.entries = stored + PRIOR_HEAD_BYTES;
    for (size_t i = 0; i < PRIOR_BUCKETS; i++) {
        table.starts[i + 1] = table.starts[i] + stored[8 + i];
        for (size_t entry = table.starts[i]; entry < table.starts[i + 1]; entry++)
            add_hint((uint64_t)i << 48 | (uint64_t)table.entries[4 * entry] << 40);
    }
}

/* In eighths, of a feature that has a hint; 0: it is not in the table. */
static int look_up(uint64_t feature)
{
    uint32_t bucket = (uint32_t)(feature >> 48), rest = (uint32_t)(feature >> 24) & 0xffffff;
    for (uint32_t i = table.starts[bucket]; i < table.starts[bucket + 1]; i++) {
        uint32_t entry;
        memcpy(&entry, table.entries + 4 * (size_t)i, sizeof entry);
        entry = be32toh(entry);
        if (entry >> 8 == rest)
            return (int8_t)entry;
    }
    return 0;
}

static int weight_of(uint64_t feature)
{
    return has_hint(feature) ? look_up(feature) : 0;
}

static void need_table(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, open_table);
}

double prior_log_odds(const uint64_t *features, size_t n)
{
    need_table();
    size_t others = 0;
    int sum[FEATURE_GROUPS] = {0};
    for (size_t from = 0; from < n; from += BATCH) {
        /* Those that may be in the table, whose buckets are asked for at once: they lie too far
         * apart for the processor to know. */
        uint64_t hinted[BATCH];
        size_t count = 0, end = n - from < BATCH ? n : from + BATCH;
        for (size_t i = from; i < end; i++) {
            others += feature_group(features[i]);
            hinted[count] = features[i];
            count += has_hint(features[i]);
        }
        for (size_t i = 0; i < count; i++)
            __builtin_prefetch(&table.starts[hinted[i] >> 48]);
        for (size_t i = 0; i < count; i++)
            __builtin_prefetch(table.entries + 4 * (size_t)table.starts[hinted[i] >> 48]);
        for (size_t i = 0; i < count; i++)
            sum[feature_group(hinted[i])] += look_up(hinted[i]);
    }
    size_t count[FEATURE_GROUPS] = {n - others, others};
    struct model_scale scale = model_scale(count);
    double z = 0;
    for (size_t i = 0; i < FEATURE_GROUPS; i++)
        z += sum[i] * scale.of_group[i] / PRIOR_UNITS;
    return fmin(fmax(z, -PRIOR_LOG_ODDS_MOST), PRIOR_LOG_ODDS_MOST);
}

double prior_feature_log_odds(uint64_t feature, struct model_scale scale)
{
    need_table();
    return weight_of(feature) * scale.of_group[feature_group(feature)] / PRIOR_UNITS;
}

double prior_share(const struct model *model, enum script script)
{
    double share = YIELDS_AT / (YIELDS_AT + model_fewer_lessons(model, script));
    return share > SHARE_LEAST ? share : 0;
}
