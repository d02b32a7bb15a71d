/* model: the content model, online logistic regression over hashed features. 2^20 slots for each
 * group of features, those of the body before the others; each a 16-bit fixed-point weight (64
 * units per 1.0) and an 8-bit count of how far it was moved. Learning is integer arithmetic only,
 * so that every replica that applies the same lessons in the same order holds the same bits on any
 * machine. One writer at a time; readers at any time (relaxed atomics). */
#ifndef WEIR_MODEL_H
#define WEIR_MODEL_H

#include "core/features.h"
#include "core/text.h"
#include "store/counts.h"
#include "store/error.h"
#include "store/lesson.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_GROUP_SLOTS (1u << 20)
#define MODEL_SLOTS (FEATURE_GROUPS * MODEL_GROUP_SLOTS)

struct model;

struct model *model_new(void);
void model_free(struct model *model); /* NULL is fine */

/* Forgets everything; the model is then an empty one of that version. */
void model_reset(struct model *model, uint64_t version);

/* Slots of `hashes` under the installation's key: ascending, no doubles. `slots` has room for
 * `n`, at most LESSON_SLOTS_MAX; returns how many. */
size_t model_slots(const unsigned char key[COUNTS_KEY_BYTES], const uint64_t *hashes, size_t n,
                   uint32_t *slots);

/* The same for a document's hashes, at most FEATURES_MAX, in no order but that those of the body
 * come first: enough for a score, and sooner done. */
size_t model_slots_unsorted(const unsigned char key[COUNTS_KEY_BYTES], const uint64_t *hashes,
                            size_t n, uint32_t *slots);

/* The slot of one feature. */
uint32_t model_slot(const unsigned char key[COUNTS_KEY_BYTES], uint64_t hash);

/* x, by which a document's weights count: sqrt(share / n) of each group, n its slots of the group,
 * the share 0.60 of the body's and 0.40 of the others; 1 where a document has only one. */
struct model_scale {
    double of_group[FEATURE_GROUPS];
};
struct model_scale model_scale(const size_t count[FEATURE_GROUPS]);

/* The same as the model counts them when it scores: of those not of the body, n has one and a half
 * times the slots of weight 0; and all times 1.3, of remarks (features.h) 2.2, so that
 * probabilities mean what they say. */
struct model_scale model_scale_of_slots(const struct model *model, const uint32_t *slots, size_t n);

/* z = sum of weights * that x / 64, natural log-odds; 0 for no slots. They may be unsorted. */
double model_log_odds(const struct model *model, const uint32_t *slots, size_t n);

/* What slot adds to z in a document of that scale. */
double model_slot_log_odds(const struct model *model, uint32_t slot, struct model_scale scale);

/* Applies one lesson: skipped when the model, which learns from z without that last factor, is
 * within 0.1 of the label, of a remark's within 0.05; softened for an untrusted label that
 * contradicts the model, unless the document's other label is what it corrects (rehearsal.h); alone
 * an untrusted one takes it to log-odds of 5 at most. A lesson that taught
 * something is followed by 32 earlier ones, half of them of the latest (rehearsal.h). Counts the
 * lesson for its script either way. A label that is withdrawn is moved back from by the step that
 * teaches it to a document at `content_milli`, not beyond there, and is rehearsed no more. Of a
 * lesson of another feature version nothing is taken. Sets the version. */
void model_apply(struct model *model, const struct lesson *lesson, uint64_t version);

/* Sets the version alone: for a lesson that cannot be read. */
void model_skip(struct model *model, uint64_t version);

/* True when the model is so sure of the label (within 0.02) that slots need not travel, and has
 * enough lessons to rehearse without this one. The writer's call. */
bool model_knows(const struct model *model, const uint32_t *slots, size_t n, enum label label);

uint64_t model_version(const struct model *model);

/* Lessons of `label` applied whose documents were in `script`. */
uint32_t model_lessons(const struct model *model, enum script script, enum label label);

/* Of the label that has fewer: how well the script is known. */
uint32_t model_fewer_lessons(const struct model *model, enum script script);

/* 64-bit hash over all weights, counts, lessons and the version: equal means bit-identical. */
uint64_t model_digest(const struct model *model);

/* Whole model as a snapshot (zstd); caller frees with snapshot_clear(). */
void model_save(const struct model *model, struct snapshot *snapshot);

/* Replaces all of it. On failure (other feature version, damaged) nothing has changed. */
bool model_load(struct model *model, const struct snapshot *snapshot, struct error *error);

#endif
