#include "core/features.h"
#include "core/model.h"
#include "tests/unit/teaching.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* About a document whose slots others know, as words of a language are known. */
static struct lesson known_lesson(uint32_t *slots)
{
    for (uint32_t i = 0; i < 40; i++)
        slots[i] = i < 30 ? 10 * i : MODEL_GROUP_SLOTS + 10 * i;
    return (struct lesson){.document_id = {0xee},
                           .label = LABEL_SPAM,
                           .trust = TRUST_OPERATOR,
                           .feature_version = FEATURE_VERSION,
                           .slots = slots,
                           .slot_count = 40};
}

static double said_of(const struct model *model, const struct lesson *lesson)
{
    return model_log_odds(model, lesson->slots, lesson->slot_count);
}

/* What the model says of the document after one label by somebody, and the other by a user. */
static double said_after_a_correction(enum trust first, enum label label)
{
    uint32_t slots[40];
    struct model *model = model_new();
    struct lesson lesson = known_lesson(slots);
    lesson.trust = first;
    lesson.label = label;
    model_apply(model, &lesson, 1);
    lesson.trust = TRUST_USER;
    lesson.label = (enum label) !label;
    model_apply(model, &lesson, 2);
    double said = said_of(model, &lesson);
    model_free(model);
    return said;
}

/* A user's word that contradicts everything may be wrong; but not where it is somebody's like it
 * that it contradicts. */
static void test_users_correct_users_but_not_the_operator(void **state)
{
    (void)state;
    assert_true(said_after_a_correction(TRUST_USER, LABEL_SPAM) < -4);
    assert_true(said_after_a_correction(TRUST_USER, LABEL_HAM) > 4);
    assert_true(said_after_a_correction(TRUST_OPERATOR, LABEL_SPAM) > 1);
    assert_true(said_after_a_correction(TRUST_OPERATOR, LABEL_HAM) < -1);
}

static void withdraw(struct model *model, struct lesson lesson, double before)
{
    lesson.withdrawn = true;
    lesson.content_milli = (int32_t)lround(1000 * before);
    model_apply(model, &lesson, model_version(model) + 1);
}

static void test_withdrawn_lesson_leaves_hardly_a_trace(void **state)
{
    (void)state;
    const enum trust trusts[] = {TRUST_OPERATOR, TRUST_USER};
    for (int label = LABEL_HAM; label <= LABEL_SPAM; label++) {
        for (size_t i = 0; i < 2; i++) {
            struct model *model = model_new();
            uint32_t slots[40], alike[] = {0, 10, 5000};
            struct lesson lesson = known_lesson(slots);
            teaching_block(model, (enum label) !label, 7, 5000, 3);
            lesson.label = (enum label)label;
            lesson.trust = trusts[i];
            double before = said_of(model, &lesson);
            double alike_before = model_log_odds(model, alike, 3);
            model_apply(model, &lesson, model_version(model) + 1);
            double moved = fabs(model_log_odds(model, alike, 3) - alike_before);
            assert_true(moved > 1 && fabs(said_of(model, &lesson) - before) > 1);
            withdraw(model, lesson, before);
            assert_true(fabs(said_of(model, &lesson) - before) < 0.2);
            assert_true(fabs(model_log_odds(model, alike, 3) - alike_before) < moved / 8);
            assert_int_equal(model_lessons(model, SCRIPT_OTHER, lesson.label), 0);
            model_free(model);
        }
    }
}

static void test_withdrawn_lesson_is_not_rehearsed(void **state)
{
    (void)state;
    struct model *model = model_new();
    uint32_t slots[40];
    struct lesson lesson = known_lesson(slots);
    model_apply(model, &lesson, 1);
    withdraw(model, lesson, 0);
    double after = said_of(model, &lesson);
    teaching_block(model, LABEL_HAM, 7, 5000, 3);
    teaching_block(model, LABEL_SPAM, 9, 6000, 3);
    assert_true(fabs(said_of(model, &lesson) - after) < 0.01);
    model_free(model);
}

static void test_what_others_taught_stays_when_one_is_withdrawn(void **state)
{
    (void)state;
    struct model *model = model_new();
    uint32_t slots[40];
    struct lesson lesson = known_lesson(slots);
    model_apply(model, &lesson, 1);
    for (unsigned char i = 0; i < 20; i++) { /* a tide of ham takes it down, 20 like it up again */
        lesson.document_id[0] = i;
        lesson.label = i < 10 ? LABEL_HAM : LABEL_SPAM;
        model_apply(model, &lesson, 2u + i);
    }
    double sure = said_of(model, &lesson);
    assert_true(sure > 1);
    lesson.document_id[0] = 0xee;
    withdraw(model, lesson, 0);
    assert_true(said_of(model, &lesson) > sure / 2);
    assert_true(said_of(model, &lesson) < sure);
    model_free(model);
}

static void test_withdrawn_lesson_that_taught_nothing_moves_nothing(void **state)
{
    (void)state;
    struct model *model = model_new();
    uint32_t slots[40];
    struct lesson lesson = known_lesson(slots);
    model_apply(model, &lesson, 1);
    double before = said_of(model, &lesson);
    withdraw(model, lesson, 4);                      /* was within the margin */
    withdraw(model, lesson, before);                 /* is where it was */
    withdraw(model, lesson, INT32_MAX / 1000.0);     /* as a liar may say */
    withdraw(model, lesson, INT32_MIN / 1000.0 + 1); /* no further than one lesson moves */
    assert_true(fabs(said_of(model, &lesson)) < 30);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_users_correct_users_but_not_the_operator),
        cmocka_unit_test(test_withdrawn_lesson_leaves_hardly_a_trace),
        cmocka_unit_test(test_withdrawn_lesson_is_not_rehearsed),
        cmocka_unit_test(test_what_others_taught_stays_when_one_is_withdrawn),
        cmocka_unit_test(test_withdrawn_lesson_that_taught_nothing_moves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
