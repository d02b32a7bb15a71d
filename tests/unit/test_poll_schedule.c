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
    assert_int_equal(poll_after_s(&asked, 0), 3600);
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

static void test_the_feed_s_own_rhythm_counts_once_it_is_known(void **state)
{
    (void)state;
    struct poll_facts asked = facts();
    asked.rhythm_s = 7200;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 720);
    asked.rhythm_s = 7 * 86400;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 60480);
    asked.rhythm_s = 60;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 300);
    asked.rhythm_s = 365L * 86400;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 86400);
}

static void test_a_feed_that_has_gone_quiet_is_polled_more_rarely(void **state)
{
    (void)state;
    struct poll_facts asked = facts();
    asked.rhythm_s = 7200;
    asked.quiet_s = 36000;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 3600);
    asked.rhythm_s = 0;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 3600);
    asked.quiet_s = 3600;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 1800);
}

static void test_what_the_feed_says_holds_its_rhythm_back(void **state)
{
    (void)state;
    struct poll_facts asked = facts();
    asked.rhythm_s = 7200;
    asked.feed_poll_s = 3600;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 3600);
    asked.feed_poll_s = 0;
    asked.fresh_s = 1000;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 1000);
}

static void test_a_rhythm_follows_what_is_seen(void **state)
{
    (void)state;
    assert_int_equal(poll_rhythm_s(0, 1000), 1000);
    assert_int_equal(poll_rhythm_s(1000, 2000), 1250);
    assert_int_equal(poll_rhythm_s(1000, 0), 750);
    assert_int_equal(poll_rhythm_s(0, 0), 1);
}

/* 1970-01-01, a Thursday, and so many hours. */
static struct poll_facts at_hour(unsigned hour)
{
    struct poll_facts asked = facts();
    asked.now_s = 3600L * hour;
    return asked;
}

static void test_skipped_hours_are_waited_for(void **state)
{
    (void)state;
    struct poll_facts asked = at_hour(9);
    asked.skip_hours = 1u << 9 | 1u << 10 | 1u << 12;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 7200);
    asked.now_s += 2 * 3600;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 1800);
}

static void test_skipped_days_are_waited_for(void **state)
{
    (void)state;
    struct poll_facts asked = at_hour(12);
    asked.skip_days = 1u << 4;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 12 * 3600);
    asked.skip_days = 1u << 5;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 1800);
}

static void test_a_feed_that_has_everything_skipped_is_polled_at_the_most(void **state)
{
    (void)state;
    struct poll_facts asked = at_hour(1);
    asked.skip_hours = 0xffffff;
    assert_in_range(poll_after_s(&asked, MIDDLE), 86400, 95040);
    asked.poll_max_s = 1800;
    asked.poll_s = 1800;
    assert_in_range(poll_after_s(&asked, MIDDLE), 1800, 1980);
}

static void test_failures_wait_for_no_hour(void **state)
{
    (void)state;
    struct poll_facts asked = at_hour(1);
    asked.skip_hours = 0xffffff;
    asked.failures = 1;
    assert_int_equal(poll_after_s(&asked, MIDDLE), 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_feed_s_own_rhythm_counts_once_it_is_known),
        cmocka_unit_test(test_a_feed_that_has_gone_quiet_is_polled_more_rarely),
        cmocka_unit_test(test_what_the_feed_says_holds_its_rhythm_back),
        cmocka_unit_test(test_a_rhythm_follows_what_is_seen),
        cmocka_unit_test(test_skipped_hours_are_waited_for),
        cmocka_unit_test(test_skipped_days_are_waited_for),
        cmocka_unit_test(test_a_feed_that_has_everything_skipped_is_polled_at_the_most),
        cmocka_unit_test(test_failures_wait_for_no_hour),
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
