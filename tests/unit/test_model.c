#include "core/model.h"

#include "core/features.h"
#include "core/rehearsal.h"
#include "tests/unit/rounds.h"
#include "tests/unit/teaching.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const unsigned char key[COUNTS_KEY_BYTES] = "0123456789abcde";

/* xorshift64: the same lessons in every run. */
static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#define SLOTS_MOST 300

/* A lesson whose slots are drawn from a small vocabulary, half of it telling of the label. */
static struct lesson random_lesson(uint64_t *state, uint32_t slots[SLOTS_MOST])
{
    enum label label = random_next(state) & 1 ? LABEL_SPAM : LABEL_HAM;
    uint64_t hashes[SLOTS_MOST];
    size_t n = 1 + random_next(state) % SLOTS_MOST;
    uint64_t bits = random_next(state) % 4 ? ~0ull : ~1ull; /* one in four is a remark */
    for (size_t i = 0; i < n; i++) {
        uint64_t word = random_next(state) % 2000;
        hashes[i] = (word < 1000 ? word : word + 1000 * label) * 0x9e3779b97f4a7c15u & bits;
    }
    return (struct lesson){.label = label,
                           .trust = random_next(state) % 4 ? TRUST_OPERATOR : TRUST_USER,
                           .feature_version = FEATURE_VERSION,
                           .script = (uint8_t)(random_next(state) % SCRIPTS),
                           .slots = slots,
                           .slot_count = model_slots(key, hashes, n, slots)};
}

static void teach(struct model *model, uint64_t seed, size_t lessons)
{
    uint32_t slots[SLOTS_MOST];
    for (size_t i = 0; i < lessons; i++) {
        struct lesson lesson = random_lesson(&seed, slots);
        memcpy(lesson.document_id, &i, sizeof i); /* distinct, so that they are rehearsed */
        model_apply(model, &lesson, model_version(model) + 1);
    }
}

static int weight_of(const struct model *model, uint32_t slot)
{
    return (int)lrint(model_slot_log_odds(model, slot, (struct model_scale){{1, 1}}) * 64);
}

static void test_slots_ascend_without_doubles(void **state)
{
    (void)state;
    uint64_t seed = 1, hashes[2000];
    uint32_t slots[2000];
    for (size_t i = 0; i < 2000; i++)
        hashes[i] = i < 1000 ? random_next(&seed) : hashes[i - 1000];
    size_t count = model_slots(key, hashes, 2000, slots);
    assert_in_range(count, 990, 1000);
    for (size_t i = 0; i < count; i++) {
        assert_true(slots[i] < MODEL_SLOTS);
        assert_true(i == 0 || slots[i - 1] < slots[i]);
    }
}

static int compare_slots(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static void test_unsorted_slots_are_the_same_those_of_the_body_first(void **state)
{
    (void)state;
    uint64_t seed = 3, hashes[FEATURES_MAX];
    uint32_t sorted[FEATURES_MAX], slots[FEATURES_MAX];
    for (size_t i = 0; i < FEATURES_MAX; i++)
        hashes[i] = i % 3 ? random_next(&seed) : i ? hashes[i - 1] : 0;
    for (size_t n = 0; n <= FEATURES_MAX; n += n < 10 ? 1 : 199) {
        size_t count = model_slots(key, hashes, n, sorted);
        assert_int_equal(model_slots_unsorted(key, hashes, n, slots), count);
        for (size_t i = 1; i < count; i++)
            assert_true(slots[i - 1] / MODEL_GROUP_SLOTS <= slots[i] / MODEL_GROUP_SLOTS);
        qsort(slots, count, sizeof *slots, compare_slots);
        assert_memory_equal(slots, sorted, count * sizeof *slots);
    }
}

static void test_slots_are_those_of_the_single_features(void **state)
{
    (void)state;
    uint64_t seed = 2, hashes[500];
    uint32_t slots[500];
    for (size_t i = 0; i < 500; i++)
        hashes[i] = random_next(&seed);
    size_t count = model_slots(key, hashes, 500, slots);
    for (size_t i = 0; i < 500; i++) {
        bool found = false;
        for (size_t j = 0; j < count; j++)
            found = found || slots[j] == model_slot(key, hashes[i]);
        assert_true(found);
    }
}

static void test_slots_spread_evenly(void **state)
{
    (void)state;
    uint32_t halves[20] = {0};
    for (uint64_t hash = 0; hash < 100000; hash++) {
        for (size_t bit = 0; bit < 20; bit++)
            halves[bit] += model_slot(key, hash) >> bit & 1;
    }
    for (size_t bit = 0; bit < 20; bit++)
        assert_in_range(halves[bit], 49000, 51000);
}

static void test_each_group_has_slots_of_its_own(void **state)
{
    (void)state;
    for (uint64_t hash = 0; hash < 1000; hash++)
        assert_int_equal(model_slot(key, hash) / MODEL_GROUP_SLOTS, feature_group(hash));
}

static void test_another_key_collides_elsewhere(void **state)
{
    (void)state;
    unsigned char other[COUNTS_KEY_BYTES] = "0123456789abcdf";
    size_t pairs = 0, kept = 0;
    uint64_t *first = calloc(MODEL_SLOTS, sizeof *first);
    for (uint64_t hash = 1; hash <= 20000; hash++) {
        uint64_t *place = &first[model_slot(key, hash)];
        if (*place) {
            pairs++;
            kept += model_slot(other, hash) == model_slot(other, *place);
        }
        *place = hash;
    }
    free(first);
    assert_true(pairs > 50);
    assert_true(kept <= 1);
}

static void test_untaught_model_says_nothing(void **state)
{
    (void)state;
    struct model *model = model_new();
    uint32_t slots[] = {1, 2, 3};
    assert_true(model_log_odds(model, slots, 3) == 0);
    assert_true(model_log_odds(model, NULL, 0) == 0);
    model_free(model);
}

/* One feature, nothing known: g = 1/2, delta = 64 * 20 / 2, where what is unknown counts one and a
 * half times; of a remark, all of whose features are of the body, 64 * 10 / 2, and scored higher.
 */
static void test_first_step_is_the_recipes(void **state)
{
    (void)state;
    struct model *model = model_new();
    uint32_t slots[] = {7, MODEL_GROUP_SLOTS + 7};
    for (size_t i = 0; i < 2; i++) {
        struct lesson lesson = {.label = LABEL_SPAM,
                                .trust = TRUST_OPERATOR,
                                .feature_version = FEATURE_VERSION,
                                .slots = &slots[i],
                                .slot_count = 1};
        model_apply(model, &lesson, i + 1);
    }
    assert_int_equal(weight_of(model, slots[0]), 320);
    assert_true(fabs(model_log_odds(model, &slots[0], 1) - 2.2 * 5) < 1e-9);
    assert_int_equal(weight_of(model, slots[1]), 523); /* 640 / sqrt(1.5) */
    assert_true(fabs(model_log_odds(model, &slots[1], 1) - 1.3 * 523 / 64) < 1e-9);
    model_free(model);
}

/* Header words weigh as much beside a long text as beside a short one. */
static void test_groups_are_weighed_apart(void **state)
{
    (void)state;
    struct model *model = model_new();
    uint32_t slots[101];
    for (uint32_t i = 0; i < 100; i++)
        slots[i] = i;
    slots[100] = MODEL_GROUP_SLOTS;
    struct lesson lesson = {.label = LABEL_SPAM,
                            .trust = TRUST_OPERATOR,
                            .feature_version = FEATURE_VERSION,
                            .slots = &slots[100],
                            .slot_count = 1};
    model_apply(model, &lesson, 1);
    double weight = weight_of(model, slots[100]) / 64.0;
    assert_true(weight > 5);
    assert_true(fabs(model_log_odds(model, slots, 101) - 1.3 * weight * sqrt(0.4)) < 1e-3);
    assert_true(fabs(model_log_odds(model, slots + 99, 2) - 1.3 * weight * sqrt(0.4)) < 1e-3);
    struct model_scale scale = model_scale_of_slots(model, slots, 101);
    assert_true(fabs(scale.of_group[FEATURE_GROUP_BODY] - 1.3 * sqrt(0.6 / 100)) < 1e-4);
    double sum = 0;
    for (size_t i = 0; i < 101; i++)
        sum += model_slot_log_odds(model, slots[i], scale);
    assert_true(fabs(sum - model_log_odds(model, slots, 101)) < 1e-3);
    model_free(model);
}

/* What is known of headers and links says less beside much that is unknown; of the body it does
 * not. */
static void test_unknown_headers_weaken_the_known(void **state)
{
    (void)state;
    struct model *model = model_new();
    uint32_t slots[FEATURE_GROUPS][10];
    for (uint32_t group = 0; group < FEATURE_GROUPS; group++) {
        for (uint32_t i = 0; i < 10; i++)
            slots[group][i] = group * MODEL_GROUP_SLOTS + i;
        struct lesson lesson = {.label = LABEL_SPAM,
                                .trust = TRUST_OPERATOR,
                                .feature_version = FEATURE_VERSION,
                                .slots = slots[group],
                                .slot_count = 1};
        model_apply(model, &lesson, group + 1);
    }
    static const double counted[FEATURE_GROUPS] = {10, 1 + 9 * 1.5};
    static const double scored[FEATURE_GROUPS] = {2.2, 1.3};
    for (size_t group = 0; group < FEATURE_GROUPS; group++) {
        double weight = weight_of(model, slots[group][0]) / 64.0;
        assert_true(fabs(model_log_odds(model, slots[group], 10) -
                         scored[group] * weight / sqrt(counted[group])) < 1e-3);
    }
    model_free(model);
}

/* x of each group, in double precision; `known`: as if no slot were unknown. */
static struct model_scale scale_of(const struct model *model, const struct lesson *lesson,
                                   bool known)
{
    static const double shares[FEATURE_GROUPS] = {0.6, 0.4};
    double n[FEATURE_GROUPS] = {0};
    struct model_scale scale = {{0}};
    for (size_t i = 0; i < lesson->slot_count; i++) {
        uint32_t slot = lesson->slots[i];
        bool more = !known && slot >= MODEL_GROUP_SLOTS && weight_of(model, slot) == 0;
        n[slot / MODEL_GROUP_SLOTS] += more ? 1.5 : 1;
    }
    for (size_t i = 0; i < FEATURE_GROUPS; i++)
        if (n[i] > 0)
            scale.of_group[i] = sqrt((n[!i] > 0 ? shares[i] : 1) / n[i]);
    return scale;
}

static double log_odds_of(const struct model *model, const struct lesson *lesson,
                          struct model_scale scale)
{
    double z = 0;
    for (size_t i = 0; i < lesson->slot_count; i++) {
        uint32_t slot = lesson->slots[i];
        z += weight_of(model, slot) * scale.of_group[slot / MODEL_GROUP_SLOTS] / 64;
    }
    return z;
}

static bool is_remark(const struct lesson *lesson)
{
    return lesson->slots[lesson->slot_count - 1] < MODEL_GROUP_SLOTS;
}

/* The gradient of an untrusted lesson: softened, and the score ends at 5 at most. */
static double untrusted_gradient(const struct model *model, const struct lesson *lesson,
                                 const uint8_t *moves, double g)
{
    struct model_scale scale = scale_of(model, lesson, false),
                       after = scale_of(model, lesson, true);
    double size = fabs(g), reach = 0, z = log_odds_of(model, lesson, after);
    if (size > 0.6)
        size = fmax(0.1, 1.5 * (1 - size));
    for (size_t i = 0; i < lesson->slot_count; i++) {
        uint32_t group = lesson->slots[i] / MODEL_GROUP_SLOTS;
        reach += (is_remark(lesson) ? 10 : 20) * scale.of_group[group] * after.of_group[group] /
                 sqrt(1 + 1.5 * moves[lesson->slots[i]] / 16);
    }
    double room =
        fmax(0, 5 / (is_remark(lesson) ? 2.2 : 1.3) - copysign(z, lesson->label ? z : -z));
    return copysign(fmin(size, room / reach), g);
}

/* The recipe in double precision, one step at a time, from the same weights. */
static void test_steps_agree_with_floating_point(void **state)
{
    (void)state;
    struct model *model = model_new();
    uint8_t *moves = calloc(MODEL_SLOTS, 1);
    uint64_t seed = 3;
    uint32_t slots[SLOTS_MOST];
    int before[SLOTS_MOST];
    size_t learned = 0, remarks = 0;
    for (uint64_t version = 1; version <= 3000; version++) {
        struct lesson lesson = random_lesson(&seed, slots);
        size_t n = lesson.slot_count;
        struct model_scale scale = scale_of(model, &lesson, false);
        for (size_t i = 0; i < n; i++)
            before[i] = weight_of(model, slots[i]);
        double g = lesson.label - 1 / (1 + exp(-log_odds_of(model, &lesson, scale)));
        double margin = is_remark(&lesson) ? 0.05 : 0.1, step = is_remark(&lesson) ? 10 : 20;
        if (fabs(fabs(g) - margin) < 1e-4)
            continue;
        bool skipped = fabs(g) < margin;
        remarks += !skipped && is_remark(&lesson);
        learned += !skipped;
        if (!skipped && lesson.trust == TRUST_USER)
            g = untrusted_gradient(model, &lesson, moves, g);
        if (fabs(fmod(16 * g * g, 1) - 0.5) < 1e-3)
            continue; /* rounded either way */
        model_apply(model, &lesson, version);
        for (size_t i = 0; i < n; i++) {
            double delta = 64 * step * g * scale.of_group[slots[i] / MODEL_GROUP_SLOTS] /
                           sqrt(1 + 1.5 * moves[slots[i]] / 16);
            double moved = weight_of(model, slots[i]) - before[i];
            assert_true(fabs(moved - (skipped ? 0 : delta)) < 0.52);
            if (!skipped)
                moves[slots[i]] = (uint8_t)fmin(255, moves[slots[i]] + fmax(1, round(16 * g * g)));
        }
    }
    assert_in_range(learned, 100, 2900);
    assert_true(remarks > 10);
    free(moves);
    model_free(model);
}

/* Any change of the arithmetic or of the slots' mixing shows here, and makes replicas of mixed
 * versions drift apart: it needs a new feature version. */
static void test_arithmetic_is_the_same_bits_everywhere(void **state)
{
    (void)state;
    struct model *model = model_new();
    teach(model, 4, 5000);
    assert_int_equal(model_digest(model), 0x6ac4cd5dc9a72ae6);
    model_free(model);
}

/* Each round, one slot alone has to outweigh 127 fresh ones that were just taught as ham. */
static void test_weights_saturate(void **state)
{
    (void)state;
    struct model *model = model_new();
    struct lesson lesson = {.trust = TRUST_OPERATOR, .feature_version = FEATURE_VERSION};
    uint32_t slots[128] = {0};
    int weight = 0;
    for (uint32_t round = 0; round < 3000; round++) {
        lesson.label = LABEL_HAM;
        lesson.slot_count = 1;
        for (uint32_t i = 1; i < 128; i++) {
            slots[i] = round * 127 + i;
            lesson.slots = &slots[i];
            model_apply(model, &lesson, 1);
        }
        lesson.label = LABEL_SPAM;
        lesson.slots = slots;
        lesson.slot_count = 128;
        model_apply(model, &lesson, 1);
        assert_true(weight_of(model, 0) >= weight);
        weight = weight_of(model, 0);
    }
    assert_int_equal(weight, INT16_MAX);
    model_free(model);
}

static void test_well_known_lesson_only_counts(void **state)
{
    (void)state;
    struct model *model = model_new();
    uint32_t slot = 9;
    struct lesson lesson = {.label = LABEL_HAM,
                            .trust = TRUST_OPERATOR,
                            .feature_version = FEATURE_VERSION,
                            .script = SCRIPT_HAN,
                            .slots = &slot,
                            .slot_count = 1};
    model_apply(model, &lesson, 1);
    int weight = weight_of(model, 9);
    model_apply(model, &lesson, 2);
    assert_int_equal(weight_of(model, 9), weight);
    assert_int_equal(model_lessons(model, SCRIPT_HAN, LABEL_HAM), 2);
    assert_int_equal(model_lessons(model, SCRIPT_HAN, LABEL_SPAM), 0);
    assert_int_equal(model_version(model), 2);
    model_free(model);
}

static void test_known_only_with_enough_to_rehearse(void **state)
{
    (void)state;
    struct model *model = model_new();
    uint32_t slots[] = {7, 100};
    teaching_block(model, LABEL_SPAM, 7, 100, REHEARSAL_KEPT);
    assert_false(model_knows(model, slots, 2, LABEL_SPAM));
    teaching_block(model, LABEL_HAM, 8, 10000, REHEARSAL_KEPT);
    assert_true(model_knows(model, slots, 2, LABEL_SPAM));
    assert_false(model_knows(model, slots, 2, LABEL_HAM));
    model_free(model);
}

static void test_a_block_of_ham_does_not_undo_the_spam_before(void **state)
{
    (void)state;
    struct model *model = model_new();
    teaching_block(model, LABEL_SPAM, 7, 100, 300);
    teaching_block(model, LABEL_HAM, 7, 10000, 900);
    for (uint32_t i = 0; i < 300; i++) {
        uint32_t slots[] = {7, 100 + i};
        assert_true(model_log_odds(model, slots, 2) > 1);
    }
    model_free(model);
}

static void test_lesson_of_other_features_leaves_all_as_it_is(void **state)
{
    (void)state;
    struct model *model = model_new();
    uint32_t slot = 9;
    struct lesson lesson = {.label = LABEL_SPAM,
                            .feature_version = FEATURE_VERSION + 1,
                            .script = 250,
                            .slots = &slot,
                            .slot_count = 1};
    model_apply(model, &lesson, 1);
    assert_int_equal(weight_of(model, 9), 0);
    assert_int_equal(model_lessons(model, SCRIPT_OTHER, LABEL_SPAM), 0);
    assert_int_equal(model_version(model), 1);
    model_free(model);
}

static void test_snapshot_brings_back_every_bit(void **state)
{
    (void)state;
    struct model *model = model_new(), *copy = model_new();
    teach(model, 5, 500);
    teach(copy, 6, 100);
    struct snapshot snapshot;
    struct error error = {0};
    model_save(model, &snapshot);
    assert_int_equal(snapshot.version, 500);
    assert_true(model_load(copy, &snapshot, &error));
    assert_int_equal(model_digest(copy), model_digest(model));
    teach(model, 7, 500);
    teach(copy, 7, 500);
    assert_int_equal(model_digest(copy), model_digest(model));
    free(snapshot.data);
    model_free(model);
    model_free(copy);
}

static void test_damaged_snapshot_changes_nothing(void **state)
{
    (void)state;
    struct model *model = model_new();
    teach(model, 5, 100);
    uint64_t digest = model_digest(model);
    struct snapshot snapshot;
    model_save(model, &snapshot);
    for (size_t at = 0; at < snapshot.length; at += snapshot.length / rounds(50, 3)) {
        struct error error = {0};
        snapshot.data[at] ^= 0x10;
        /* Some bits of a frame mean nothing: what loads is what was saved. */
        if (!model_load(model, &snapshot, &error))
            assert_int_equal(error.class, ERROR_BUG);
        assert_int_equal(model_digest(model), digest);
        snapshot.data[at] ^= 0x10;
    }
    size_t whole = snapshot.length;
    for (snapshot.length = 0; snapshot.length < whole; snapshot.length += whole / 10)
        assert_false(model_load(model, &snapshot, NULL));
    assert_int_equal(model_digest(model), digest);
    free(snapshot.data);
    model_free(model);
}

static void test_snapshot_of_other_features_is_refused(void **state)
{
    (void)state;
    struct model *model = model_new();
    struct snapshot snapshot;
    struct error error = {0};
    model_save(model, &snapshot);
    snapshot.feature_version++;
    assert_false(model_load(model, &snapshot, &error));
    assert_int_equal(error.class, ERROR_INPUT);
    free(snapshot.data);
    model_free(model);
}

static void test_reset_forgets_all_but_the_version_given(void **state)
{
    (void)state;
    struct model *model = model_new(), *empty = model_new();
    teach(model, 5, 100);
    model_reset(model, 77);
    assert_int_equal(model_version(model), 77);
    model_skip(empty, 77);
    assert_int_equal(model_digest(model), model_digest(empty));
    model_free(model);
    model_free(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slots_ascend_without_doubles),
        cmocka_unit_test(test_unsorted_slots_are_the_same_those_of_the_body_first),
        cmocka_unit_test(test_slots_are_those_of_the_single_features),
        cmocka_unit_test(test_slots_spread_evenly),
        cmocka_unit_test(test_each_group_has_slots_of_its_own),
        cmocka_unit_test(test_another_key_collides_elsewhere),
        cmocka_unit_test(test_untaught_model_says_nothing),
        cmocka_unit_test(test_first_step_is_the_recipes),
        cmocka_unit_test(test_groups_are_weighed_apart),
        cmocka_unit_test(test_unknown_headers_weaken_the_known),
        cmocka_unit_test(test_steps_agree_with_floating_point),
        with_sanitizers_only(cmocka_unit_test(test_arithmetic_is_the_same_bits_everywhere)),
        with_sanitizers_only(cmocka_unit_test(test_weights_saturate)),
        cmocka_unit_test(test_well_known_lesson_only_counts),
        cmocka_unit_test(test_known_only_with_enough_to_rehearse),
        cmocka_unit_test(test_a_block_of_ham_does_not_undo_the_spam_before),
        cmocka_unit_test(test_lesson_of_other_features_leaves_all_as_it_is),
        cmocka_unit_test(test_snapshot_brings_back_every_bit),
        cmocka_unit_test(test_damaged_snapshot_changes_nothing),
        cmocka_unit_test(test_snapshot_of_other_features_is_refused),
        cmocka_unit_test(test_reset_forgets_all_but_the_version_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
