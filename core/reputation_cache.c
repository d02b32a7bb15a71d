#include "core/reputation_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "store/memory.h"
#include "store/monotonic.h"

#define SETS 1024u
#define WAYS 4u /* places an identity may lie in */

/* Only the hash of the identity is kept. Its seed is random, so that nobody can make two that
 * answer for each other. */
struct entry {
    XXH128_hash_t hash;
    int64_t read_ms; /* 0: empty */
    uint64_t version;
    struct reputation_counts counts;
};

struct reputation_cache {
    pthread_mutex_t lock;
    uint64_t seed;
    struct entry entries[SETS][WAYS];
};

struct reputation_cache *reputation_cache_new(void)
{
    struct reputation_cache *cache = memory_new(sizeof *cache);
    pthread_mutex_init(&cache->lock, NULL);
    if (getentropy(&cache->seed, sizeof cache->seed) != 0)
        abort();
    return cache;
}

void reputation_cache_free(struct reputation_cache *cache)
{
    if (!cache)
        return;
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

static int64_t clock_ms(void)
{
    return monotonic_ms() + 1;
}

static XXH128_hash_t hash_of(const struct reputation_cache *cache, const struct identity *identity)
{
    return XXH3_128bits_withSeed(identity->value.data, identity->value.length,
                                 cache->seed + (uint64_t)identity->type);
}

static struct entry *find(struct reputation_cache *cache, XXH128_hash_t hash)
{
    struct entry *set = cache->entries[hash.low64 % SETS];
    for (size_t i = 0; i < WAYS; i++)
        if (set[i].read_ms && XXH128_isEqual(set[i].hash, hash))
            return &set[i];
    return NULL;
}

/* Its own place, else the one read longest ago. */
static struct entry *place_for(struct reputation_cache *cache, XXH128_hash_t hash)
{
    struct entry *place = find(cache, hash);
    if (place)
        return place;
    place = cache->entries[hash.low64 % SETS];
    struct entry *set = place;
    for (size_t i = 1; i < WAYS; i++)
        if (set[i].read_ms < place->read_ms)
            place = &set[i];
    return place;
}

/* Fills what is known, and lists in `missing` the indices of what is not known or no longer
 * current. Returns how many. */
static size_t look_up(struct reputation_cache *cache, uint64_t version,
                      const struct identity *identities, size_t n, struct reputation_counts *counts,
                      size_t *missing)
{
    int64_t oldest_ms = clock_ms() - REPUTATION_CACHE_VALID_MS;
    size_t count = 0;
    pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < n; i++) {
        const struct entry *entry = find(cache, hash_of(cache, &identities[i]));
        counts[i] = entry ? entry->counts : (struct reputation_counts){0};
        if (!entry || entry->version != version || entry->read_ms < oldest_ms)
            missing[count++] = i;
    }
    pthread_mutex_unlock(&cache->lock);
    return count;
}

bool reputation_cache_read(struct reputation_cache *cache, struct counts_store *store,
                           uint64_t version, const struct identity *identities, size_t n,
                           struct reputation_counts *counts, struct error *error)
{
    size_t *missing = memory_new(n * sizeof *missing);
    size_t count = look_up(cache, version, identities, n, counts, missing);
    if (!count) {
        free(missing);
        return true;
    }
    struct identity *wanted = memory_new(count * sizeof *wanted);
    struct reputation_counts *read = memory_new(count * sizeof *read);
    for (size_t i = 0; i < count; i++)
        wanted[i] = identities[missing[i]];
    bool fine = counts_reputation_read(store, wanted, count, read, error);
    if (fine) {
        int64_t now_ms = clock_ms();
        pthread_mutex_lock(&cache->lock);
        for (size_t i = 0; i < count; i++) {
            XXH128_hash_t hash = hash_of(cache, &wanted[i]);
            *place_for(cache, hash) = (struct entry){hash, now_ms, version, read[i]};
            counts[missing[i]] = read[i];
        }
        pthread_mutex_unlock(&cache->lock);
    }
    free(read);
    free(wanted);
    free(missing);
    return fine;
}
