#include "feedfilter/poll_schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MIDDLE 0.5 /* no jitter */

static struct poll_facts facts(void)
{
    return (struct poll_facts){
        .retry_after_s = -1, .fresh_s = -1, .poll_s = 1800, .poll_min_s = 300, .poll_max_s = 86400};
}

static void test_a_feed_that_says_nothing_is_polled_as_configured(void **state)
{
    (void)state;
    struct poll_facts asked = facts();
    assert_int_equal(poll_after_s(&asked, MIDDLE), 1800);
}

static void test_the_feed_s_own_period_counts(void **state)
{
    (void)state;
    struct poll_facts asked = facts();
    asked.feed_poll_s = 600;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 600);
    asked.feed_poll_s = 7200;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 7200);
}

static void test_cache_headers_can_ask_for_more_patience_only(void **state)
{
    (void)state;
    struct poll_facts asked = facts();
    asked.fresh_s = 3600;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 3600);
    asked.fresh_s = 0;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 1800);
}

static void test_the_limits_hold(void **state)
{
    (void)state;
    struct poll_facts asked = facts();
    asked.feed_poll_s = 1;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 300);
    asked.feed_poll_s = 10000000;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 86400);
    asked.fresh_s = INT64_MAX;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 86400);
}

static void test_failures_back_off(void **state)
{
    (void)state;
    struct poll_facts asked = facts();
    const int64_t expected[] = {300, 600, 1200, 2400, 4800};
    for (unsigned i = 0; i < 5; i++) {
        asked.failures = i + 1;
        assert_int_equal(poll_after_s(&asked, MIDDLE), expected[i]);
    }
    asked.failures = 4000000000u;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 86400);
}

static void test_retry_after_is_honoured_within_reason(void **state)
{
    (void)state;
    struct poll_facts asked = facts();
    asked.failures = 1;
    asked.retry_after_s = 5000;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 5000);
    assert_int_equal(poll_after_s(&asked, 0), 5000);
    asked.retry_after_s = INT64_MAX;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 86400);
    asked.retry_after_s = 1;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 300);
}

static void test_jitter_spreads_by_a_tenth_each_way(void **state)
{
    (void)state;
    struct poll_facts asked = facts();
    assert_int_equal(poll_after_s(&asked, 0), 1620);
    assert_int_equal(poll_after_s(&asked, 1), 1980);
    asked.feed_poll_s = 300;
    assert_int_equal(poll_after_s(&asked, 0), 300);
}

static void test_no_poll_lies_further_ahead_than_the_most(void **state)
{
    (void)state;
    struct poll_facts asked = facts();
    asked.feed_poll_s = UINT32_MAX;
    assert_int_equal(poll_after_s(&asked, 1), poll_after_most_s(asked.poll_max_s));
    asked.failures = 1000;
    asked.retry_after_s = INT64_MAX;
    assert_int_equal(poll_after_s(&asked, 1), poll_after_most_s(asked.poll_max_s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_feed_that_says_nothing_is_polled_as_configured),
        cmocka_unit_test(test_the_feed_s_own_period_counts),
        cmocka_unit_test(test_cache_headers_can_ask_for_more_patience_only),
        cmocka_unit_test(test_the_limits_hold),
        cmocka_unit_test(test_failures_back_off),
        cmocka_unit_test(test_retry_after_is_honoured_within_reason),
        cmocka_unit_test(test_jitter_spreads_by_a_tenth_each_way),
        cmocka_unit_test(test_no_poll_lies_further_ahead_than_the_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
