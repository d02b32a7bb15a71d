#include "core/rehearsal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void remember(struct rehearsal *rehearsal, uint32_t document, enum label label)
{
    uint32_t slots[] = {document};
    struct lesson lesson = {.label = label, .slots = slots, .slot_count = 1};
    memcpy(lesson.document_id, &document, sizeof document);
    rehearsal_forget(rehearsal, &lesson);
    rehearsal_remember(rehearsal, &lesson, document);
}

static void test_turns_go_round(void **state)
{
    (void)state;
    struct rehearsal *rehearsal = rehearsal_new();
    assert_null(rehearsal_next(rehearsal, LABEL_SPAM));
    for (uint32_t i = 0; i < 3; i++)
        remember(rehearsal, i, LABEL_SPAM);
    unsigned times[3] = {0};
    for (int i = 0; i < 6; i++)
        times[rehearsal_next(rehearsal, LABEL_SPAM)->slots[0]]++;
    for (int i = 0; i < 3; i++)
        assert_int_equal(times[i], 2);
    assert_null(rehearsal_next(rehearsal, LABEL_HAM));
    rehearsal_free(rehearsal);
}

static void test_changed_label_is_not_rehearsed(void **state)
{
    (void)state;
    struct rehearsal *rehearsal = rehearsal_new();
    remember(rehearsal, 1, LABEL_SPAM);
    remember(rehearsal, 1, LABEL_HAM);
    assert_null(rehearsal_next(rehearsal, LABEL_SPAM));
    assert_int_equal(rehearsal_next(rehearsal, LABEL_HAM)->slots[0], 1);
    rehearsal_free(rehearsal);
}

static void test_sample_is_bounded_and_spans_what_was_taught(void **state)
{
    (void)state;
    struct rehearsal *rehearsal = rehearsal_new();
    const uint32_t taught = 5 * REHEARSAL_KEPT;
    for (uint32_t i = 0; i < taught; i++)
        remember(rehearsal, i, LABEL_HAM);
    size_t early = 0;
    for (uint32_t i = 0; i < REHEARSAL_KEPT; i++)
        early += rehearsal_next(rehearsal, LABEL_HAM)->slots[0] < taught / 2;
    assert_in_range(early, REHEARSAL_KEPT / 2 - 100, REHEARSAL_KEPT / 2 + 100);
    assert_false(rehearsal_full(rehearsal));
    for (uint32_t i = 0; i < REHEARSAL_KEPT; i++)
        remember(rehearsal, taught + i, LABEL_SPAM);
    assert_true(rehearsal_full(rehearsal));
    rehearsal_free(rehearsal);
}

static void test_the_latest_are_rehearsed_whatever_the_sample_kept(void **state)
{
    (void)state;
    struct rehearsal *rehearsal = rehearsal_new();
    const uint32_t taught = 10 * REHEARSAL_KEPT;
    assert_null(rehearsal_next_recent(rehearsal, LABEL_SPAM));
    for (uint32_t i = 0; i < taught; i++)
        remember(rehearsal, i, LABEL_SPAM);
    bool met[REHEARSAL_RECENT] = {false};
    for (uint32_t i = 0; i < REHEARSAL_RECENT; i++) {
        uint32_t document = rehearsal_next_recent(rehearsal, LABEL_SPAM)->slots[0];
        assert_in_range(document, taught - REHEARSAL_RECENT, taught - 1);
        met[document - (taught - REHEARSAL_RECENT)] = true;
    }
    for (uint32_t i = 0; i < REHEARSAL_RECENT; i++)
        assert_true(met[i]);
    for (uint32_t i = taught - REHEARSAL_RECENT; i < taught; i++)
        remember(rehearsal, i, LABEL_HAM);
    assert_null(rehearsal_next_recent(rehearsal, LABEL_SPAM));
    assert_non_null(rehearsal_next_recent(rehearsal, LABEL_HAM));
    rehearsal_free(rehearsal);
}

static void test_bytes_bring_back_all_of_it(void **state)
{
    (void)state;
    struct rehearsal *rehearsal = rehearsal_new();
    for (uint32_t i = 0; i < 3000; i++)
        remember(rehearsal, i, i % 3 ? LABEL_HAM : LABEL_SPAM);
    rehearsal_next(rehearsal, LABEL_SPAM);
    size_t length, again;
    unsigned char *data = rehearsal_encode(rehearsal, &length);
    struct rehearsal *copy = rehearsal_decode(data, length);
    assert_non_null(copy);
    remember(rehearsal, 4000, LABEL_HAM);
    remember(copy, 4000, LABEL_HAM);
    free(data);
    data = rehearsal_encode(rehearsal, &length);
    unsigned char *other = rehearsal_encode(copy, &again);
    assert_int_equal(length, again);
    assert_memory_equal(data, other, length);
    free(data);
    free(other);
    rehearsal_free(rehearsal);
    rehearsal_free(copy);
}

static void test_bytes_that_are_cut_are_refused(void **state)
{
    (void)state;
    struct rehearsal *rehearsal = rehearsal_new();
    for (uint32_t i = 0; i < 5; i++)
        remember(rehearsal, i, i % 2 ? LABEL_HAM : LABEL_SPAM);
    size_t length;
    unsigned char *data = rehearsal_encode(rehearsal, &length);
    for (size_t cut = 0; cut < length; cut++) {
        unsigned char *part = malloc(cut + 1);
        memcpy(part, data, cut);
        assert_null(rehearsal_decode(part, cut));
        free(part);
    }
    free(data);
    rehearsal_free(rehearsal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns_go_round),
        cmocka_unit_test(test_changed_label_is_not_rehearsed),
        cmocka_unit_test(test_sample_is_bounded_and_spans_what_was_taught),
        cmocka_unit_test(test_the_latest_are_rehearsed_whatever_the_sample_kept),
        cmocka_unit_test(test_bytes_bring_back_all_of_it),
        cmocka_unit_test(test_bytes_that_are_cut_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
