#include "core/gather.h"

#include <endian.h>
#include <stdint.h>

#include <xxhash.h>

#define BINS_PER_BAND 4u
#define BANDS (SHINGLE_BINS / BINS_PER_BAND)
/* Fewer pairs of words are too little text to be called alike by. */
#define SHINGLE_PAIRS_MIN 30u

/* What is in the bin, or in the next one that is not empty, and how far that is: empty bins, of
 * which short texts have many, are not what makes two of them alike (Shrivastava and Li,
 * "Densifying One Permutation Hashing via Rotation for Fast Near Neighbor Search", ICML 2014). */
static uint64_t bin_of(const struct document *document, size_t bin)
{
    for (uint64_t distance = 0; distance < SHINGLE_BINS; distance++) {
        uint64_t smallest = document->shingles[(bin + distance) % SHINGLE_BINS];
        if (smallest != UINT64_MAX)
            return smallest + distance;
    }
    return UINT64_MAX;
}

/* Min-hash in bands (Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", 3.4): two texts
 * that share most pairs of words have a band in common with high probability. A band's value is a
 * hash of which band it is and of its bins. Four bins a band and eight bands: measured in
 * docs/REPUTATION.md; with four bands fewer copies are found, with three bins a band too much ham
 * is tied that is not alike. */
enum gather_state gather_shingles(struct document *document, const struct config *config,
                                  void **state, int *wait_fd)
{
    (void)config, (void)state, (void)wait_fd;
    if (document->shingle_pairs < SHINGLE_PAIRS_MIN)
        return GATHER_DONE;
    for (size_t band = 0; band < BANDS; band++) {
        uint64_t bins[BINS_PER_BAND]; /* little-endian: gateways of any machine must agree */
        for (size_t i = 0; i < BINS_PER_BAND; i++)
            bins[i] = htole64(bin_of(document, band * BINS_PER_BAND + i));
        XXH64_canonical_t canonical;
        XXH64_canonicalFromHash(&canonical, XXH3_64bits_withSeed(bins, sizeof bins, band));
        document_add_identity(
            document, IDENTITY_SHINGLE,
            gather_hex(document->arena, canonical.digest, sizeof canonical.digest));
    }
    return GATHER_DONE;
}
