#include "admin/console_attempts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct console_source here = {.block = {1}}, there = {.block = {2}};

static int64_t wait_s(struct console_attempts *attempts, const struct console_source *source,
                      int64_t now_s)
{
    return console_attempts_wait_s(attempts, source, "ann", now_s);
}

static void test_each_failure_doubles_the_time(void **state)
{
    (void)state;
    static const int64_t waits[] = {0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300};
    struct console_attempts *attempts = console_attempts_new();
    int64_t now_s = 1000;
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        console_attempts_failed(attempts, &here, "ann", now_s);
        assert_int_equal(wait_s(attempts, &here, now_s), waits[i]);
        assert_int_equal(wait_s(attempts, &there, now_s), 0);
        now_s += waits[i];
        assert_int_equal(wait_s(attempts, &here, now_s), 0);
    }
    console_attempts_free(attempts);
}

static void test_an_hour_without_a_failure_forgets_them(void **state)
{
    (void)state;
    struct console_attempts *attempts = console_attempts_new();
    for (int i = 0; i < 9; i++)
        console_attempts_failed(attempts, &here, "ann", 1000);
    console_attempts_failed(attempts, &here, "ann", 1000 + 3599);
    assert_int_equal(wait_s(attempts, &here, 1000 + 3599), 256);
    console_attempts_failed(attempts, &here, "ann", 1000 + 3599 + 3600);
    assert_int_equal(wait_s(attempts, &here, 1000 + 3599 + 3600), 0);
    console_attempts_free(attempts);
}

static void test_a_failure_is_known_for_an_hour(void **state)
{
    (void)state;
    struct console_attempts *attempts = console_attempts_new();
    assert_false(console_attempts_has_failed(attempts, &here, 1000));
    console_attempts_failed(attempts, &here, "ann", 1000);
    console_attempts_succeeded(attempts, &here, "ann");
    assert_true(console_attempts_has_failed(attempts, &here, 1000 + 3599));
    assert_false(console_attempts_has_failed(attempts, &here, 1000 + 3600));
    assert_false(console_attempts_has_failed(attempts, &there, 1000));
    console_attempts_free(attempts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_failure_doubles_the_time),
        cmocka_unit_test(test_an_hour_without_a_failure_forgets_them),
        cmocka_unit_test(test_a_failure_is_known_for_an_hour),
    };
    return cmocka_run_group_tests_name("console_attempts", tests, NULL, NULL);
}
