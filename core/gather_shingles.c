#include "core/gather.h"

#include <stdint.h>

#include <xxhash.h>

#define BANDS 4u
#define BINS_PER_BAND 4u
/* Fewer pairs of words are too little text to be called alike by. */
#define SHINGLE_PAIRS_MIN 30u

/* Min-hash in bands (Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", 3.4): two texts
 * that share most pairs of words have a band in common with high probability. A band's value is a
 * hash of which band it is and of its bins. */
enum gather_state gather_shingles(struct document *document, const struct config *config,
                                  void **state, int *wait_fd)
{
    (void)config, (void)state, (void)wait_fd;
    if (document->shingle_pairs < SHINGLE_PAIRS_MIN)
        return GATHER_DONE;
    for (size_t band = 0; band < BANDS; band++) {
        /* Little-endian by hand: gateways of any machine must agree. */
        unsigned char bytes[8 * BINS_PER_BAND];
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] =
                (unsigned char)(document->shingles[band * BINS_PER_BAND + i / 8] >> (8 * (i % 8)));
        XXH64_canonical_t canonical;
        XXH64_canonicalFromHash(&canonical, XXH3_64bits_withSeed(bytes, sizeof bytes, band));
        document_add_identity(
            document, IDENTITY_SHINGLE,
            gather_hex(document->arena, canonical.digest, sizeof canonical.digest));
    }
    return GATHER_DONE;
}
