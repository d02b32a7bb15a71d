#include "core/verdict.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct thresholds thresholds = {.tag = 0.75, .hold = 0.95, .reject = 0.999};

static struct verdict judge(struct arena *arena, double content, double check, bool cold)
{
    struct evidence_list list = {.arena = arena};
    evidence_add(&list, "CONTENT", content, SPAN(""));
    evidence_add(&list, "LINK_FARM", check, SPAN("41 anchors"));
    return verdict_of(&list, &thresholds, "CONTENT", cold);
}

static void test_score_is_the_sum(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct verdict verdict = judge(arena, 1.25, 0.5, false);
    assert_true(verdict.log_odds == 1.75);
    assert_true(fabs(verdict.probability - 0.851953) < 1e-6);
    arena_free(arena);
}

static void test_actions_are_thresholds_on_probability(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    assert_int_equal(judge(arena, 1.0, 0, false).action, ACTION_ACCEPT);
    assert_int_equal(judge(arena, 1.2, 0, false).action, ACTION_TAG);
    assert_int_equal(judge(arena, 3.0, 0, false).action, ACTION_HOLD);
    assert_int_equal(judge(arena, 7.0, 0, false).action, ACTION_REJECT);
    arena_free(arena);
}

static void test_cold_content_alone_only_tags(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct verdict verdict = judge(arena, 9, 0.9, true);
    assert_int_equal(verdict.action, ACTION_TAG);
    assert_string_equal(verdict.evidence[verdict.evidence_count - 1].symbol, "CONTENT_COLD");
    arena_free(arena);
}

static void test_cold_content_holds_with_strong_evidence_beside_it(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    assert_int_equal(judge(arena, 9, 1.9, true).action, ACTION_TAG);
    assert_int_equal(judge(arena, 3, 2, true).action, ACTION_HOLD);
    arena_free(arena);
}

static void test_evidence_is_sorted_by_size(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct verdict verdict = judge(arena, 0.5, -2, false);
    assert_string_equal(verdict.evidence[0].symbol, "LINK_FARM");
    assert_string_equal(verdict.evidence[1].symbol, "CONTENT");
    arena_free(arena);
}

static void test_long_detail_is_kept_as_its_start(void **state)
{
    (void)state;
    char name[1000];
    struct evidence_list list = {.arena = arena_new()};
    memset(name, 'x', sizeof name);
    evidence_add(&list, "ATTACHMENT_EXECUTABLE", 1, (struct span){name, sizeof name});
    struct span detail = list.items[0].detail;
    assert_int_equal(detail.length, EVIDENCE_DETAIL_MOST);
    assert_string_equal(detail.data + detail.length - 4, "x…");
    arena_free(list.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_score_is_the_sum),
        cmocka_unit_test(test_actions_are_thresholds_on_probability),
        cmocka_unit_test(test_cold_content_alone_only_tags),
        cmocka_unit_test(test_cold_content_holds_with_strong_evidence_beside_it),
        cmocka_unit_test(test_evidence_is_sorted_by_size),
        cmocka_unit_test(test_long_detail_is_kept_as_its_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
