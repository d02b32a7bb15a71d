#include "feedfilter/feed_site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NOW 1700000000
#define THERE "https://new.example/feed"

static void redirect(struct feed_site *site, const char *to, unsigned times)
{
    while (times--)
        feed_site_redirected(site, to, NOW);
}

static void test_a_permanent_redirect_is_followed_once_it_was_seen_again_and_again(void **state)
{
    (void)state;
    struct feed_site site = {0};
    assert_false(feed_site_redirected(&site, THERE, NOW));
    assert_false(feed_site_redirected(&site, THERE, NOW));
    assert_null(feed_site_address(&site, NOW));
    assert_false(feed_site_tell_moved(&site));
    assert_true(feed_site_redirected(&site, THERE, NOW));
    assert_string_equal(feed_site_address(&site, NOW), THERE);
    assert_true(feed_site_tell_moved(&site));
    assert_false(feed_site_tell_moved(&site));
    feed_site_clear(&site);
}

static void test_redirects_that_differ_move_nothing(void **state)
{
    (void)state;
    struct feed_site site = {0};
    redirect(&site, THERE, 2);
    redirect(&site, "https://other.example/", 1);
    redirect(&site, THERE, 2);
    assert_null(feed_site_address(&site, NOW));
    redirect(&site, NULL, 1);
    redirect(&site, THERE, 2);
    assert_null(feed_site_address(&site, NOW));
    feed_site_clear(&site);
}

static void test_the_configured_url_is_asked_again_each_week_and_after_a_failure(void **state)
{
    (void)state;
    struct feed_site site = {0};
    redirect(&site, THERE, 3);
    assert_non_null(feed_site_address(&site, NOW + FEED_SITE_CONFIRM_S - 1));
    assert_null(feed_site_address(&site, NOW + FEED_SITE_CONFIRM_S));
    assert_null(feed_site_address(&site, NOW - 1));
    assert_true(feed_site_redirected(&site, THERE, NOW + FEED_SITE_CONFIRM_S));
    assert_non_null(feed_site_address(&site, NOW + FEED_SITE_CONFIRM_S + 1));
    feed_site_failed(&site, 0, true, NOW);
    assert_null(feed_site_address(&site, NOW + FEED_SITE_CONFIRM_S + 1));
    redirect(&site, THERE, 1);
    assert_non_null(feed_site_address(&site, NOW));
    assert_false(feed_site_redirected(&site, NULL, NOW) && feed_site_address(&site, NOW));
    feed_site_clear(&site);
}

static void test_moved_is_what_is_followed(void **state)
{
    (void)state;
    struct feed_site site = {0};
    redirect(&site, THERE, 3);
    assert_null(feed_site_moved(&site, false, NOW));
    assert_true(feed_site_tell_moved(&site));
    assert_string_equal(feed_site_moved(&site, false, NOW), THERE);
    assert_string_equal(feed_site_moved(&site, true, NOW), THERE);
    /* A week later its own URL is asked, which may fail. */
    assert_string_equal(feed_site_moved(&site, false, NOW + FEED_SITE_CONFIRM_S), THERE);
    assert_null(feed_site_moved(&site, true, NOW + FEED_SITE_CONFIRM_S));
    feed_site_failed(&site, 404, true, NOW);
    assert_null(feed_site_moved(&site, true, NOW));
    redirect(&site, THERE, 1);
    assert_string_equal(feed_site_moved(&site, false, NOW), THERE);
    feed_site_clear(&site);
}

static void test_gone_is_believed_once_it_was_said_in_a_row(void **state)
{
    (void)state;
    struct feed_site site = {0};
    assert_false(feed_site_failed(&site, 410, false, NOW));
    assert_false(feed_site_failed(&site, 410, false, NOW));
    assert_false(feed_site_failed(&site, 503, false, NOW));
    assert_false(feed_site_failed(&site, 410, false, NOW));
    assert_false(feed_site_failed(&site, 410, false, NOW));
    assert_true(feed_site_failed(&site, 410, false, NOW + 5));
    assert_int_equal(site.gone_s, NOW + 5);
    assert_false(feed_site_failed(&site, 410, false, NOW + 6));
}

static void test_the_rhythm_is_that_of_the_items(void **state)
{
    (void)state;
    struct feed_site site = {0};
    feed_site_listed(&site, 1, NOW);
    feed_site_listed(&site, 1, NOW + 50);
    assert_int_equal(site.rhythm_s, 0);
    assert_int_equal(site.changed_s, NOW);
    feed_site_listed(&site, 2, NOW + 100);
    assert_int_equal(site.rhythm_s, 100);
    feed_site_listed(&site, 3, NOW + 300);
    assert_int_equal(site.rhythm_s, 125);
    assert_int_equal(site.changed_s, NOW + 300);
    feed_site_listed(&site, 4, NOW + 200); /* the clock was put back */
    assert_int_equal(site.rhythm_s, 125);
    assert_int_equal(site.changed_s, NOW + 200);
}

static void test_an_origin_holds_no_path(void **state)
{
    (void)state;
    char text[64];
    feed_site_origin("https://a.example:8443/secret?x#y", text, sizeof text);
    assert_string_equal(text, "https://a.example:8443");
    feed_site_origin("http://a.example?x", text, sizeof text);
    assert_string_equal(text, "http://a.example");
    feed_site_origin("https://a.example/", text, 10);
    assert_string_equal(text, "https://a");
}

static void
test_what_a_page_names_is_asked_at_once_and_the_page_each_day_or_after_a_failure(void **state)
{
    (void)state;
    struct feed_site site = {0};
    assert_false(feed_site_found(&site, NULL, NOW));
    assert_true(feed_site_found(&site, THERE, NOW));
    assert_true(feed_site_tell_found(&site));
    assert_false(feed_site_tell_found(&site));
    assert_string_equal(feed_site_address(&site, NOW), THERE);
    assert_null(feed_site_address(&site, NOW + FEED_SITE_PAGE_S));
    feed_site_failed(&site, 0, true, NOW);
    assert_null(feed_site_address(&site, NOW));
    assert_true(feed_site_found(&site, THERE, NOW));
    assert_false(feed_site_tell_found(&site));
    assert_true(feed_site_found(&site, "https://other.example/", NOW));
    assert_true(feed_site_tell_found(&site));
    assert_true(feed_site_found(&site, NULL, NOW));
    assert_null(feed_site_address(&site, NOW));
    feed_site_clear(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_permanent_redirect_is_followed_once_it_was_seen_again_and_again),
        cmocka_unit_test(test_redirects_that_differ_move_nothing),
        cmocka_unit_test(test_the_configured_url_is_asked_again_each_week_and_after_a_failure),
        cmocka_unit_test(test_moved_is_what_is_followed),
        cmocka_unit_test(test_gone_is_believed_once_it_was_said_in_a_row),
        cmocka_unit_test(test_the_rhythm_is_that_of_the_items),
        cmocka_unit_test(test_an_origin_holds_no_path),
        cmocka_unit_test(
            test_what_a_page_names_is_asked_at_once_and_the_page_each_day_or_after_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
