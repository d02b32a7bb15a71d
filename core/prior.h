/* prior: what weir knows of spam before the first lesson. A table of features and their weights,
 * made of public mail by `make prior` (admin/train_prior.c) and part of every program. It is no
 * part of the model: lessons are learned as if it were not there, replicas hold the same bits with
 * any, and it fades as lessons come. Thread-safe. */
#ifndef WEIR_PRIOR_H
#define WEIR_PRIOR_H

#include "core/model.h"

#include <stddef.h>
#include <stdint.h>

#define PRIOR_LOG_ODDS_MOST 2.0

/* z = sum of weights * x (model.h) over a document's features, natural log-odds; its size is
 * limited so that it alone holds nothing. */
double prior_log_odds(const uint64_t *features, size_t n);

/* What one feature adds to z in a document of that scale; 0 when it is not in the table. */
double prior_feature_log_odds(uint64_t feature, struct model_scale scale);

/* How much of it counts for documents in `script`: 1 before the first lesson, a half once 30 of
 * each label were taught (the fewer decide), 0 when no more than three hundredths are left. */
double prior_share(const struct model *model, enum script script);

/* The table as it is stored (core/prior.dat): the magic, the feature version in 4 bytes,
 * little-endian; how many features there are in each of 65,536 buckets, by their upper 16 bits, a
 * byte each; and for each in ascending order its next 24 bits, the most significant first, and its
 * weight in eighths, a signed byte. 40 bits of a hash are enough: that a feature is taken for
 * another happens once in 30 million. */
#define PRIOR_MAGIC "WPR1"
#define PRIOR_BUCKETS 65536u
#define PRIOR_HEAD_BYTES (8 + PRIOR_BUCKETS)
#define PRIOR_BYTES_MAX (512u * 1024)
#define PRIOR_UNITS 8 /* of a weight, per 1.0 */

/* All of it; for tests. */
const unsigned char *prior_table(size_t *length);

#endif
