#include "feedfilter/fetch_headers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#define NOW 1700000000                               /* Tue, 14 Nov 2023 22:13:20 GMT */
#define NOW_TEXT "Tue, 14 Nov 2023 22:13:20 GMT\r\n" /* IMF-fixdate */
#define HOUR_LATER "Tue, 14 Nov 2023 23:13:20 GMT\r\n"

/* Ended by NULL. */
static struct fetch_headers read_lines(const char *const *lines)
{
    struct fetch_headers headers = {0};
    fetch_headers_reset(&headers);
    for (; *lines; lines++)
        fetch_headers_line(&headers, span_of(*lines));
    return headers;
}

static void expect_fresh(const char *const *lines, int64_t expected)
{
    struct fetch_headers headers = read_lines(lines);
    int64_t fresh_s = fetch_headers_fresh_s(&headers, NOW);
    fetch_headers_free(&headers);
    if (fresh_s != expected)
        fail_msg("%s %lld, expected %lld", lines[0], (long long)fresh_s, (long long)expected);
}

static void expect_retry(const char *const *lines, int64_t expected)
{
    struct fetch_headers headers = read_lines(lines);
    int64_t retry_s = fetch_headers_retry_after_s(&headers, NOW);
    fetch_headers_free(&headers);
    if (retry_s != expected)
        fail_msg("%s %lld, expected %lld", lines[0], (long long)retry_s, (long long)expected);
}

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_texts_are_kept_as_given(void **state)
{
    (void)state;
    struct fetch_headers headers = read_lines(
        LINES("HTTP/1.1 200 OK\r\n", "etag:W/\"a, b\" \r\n", "LAST-MODIFIED: whenever, really\r\n",
              "Content-Type:  application/rss+xml; charset=\"utf-8\"\r\n", "Location: /a b?c\r\n"));
    assert_string_equal(headers.etag, "W/\"a, b\"");
    assert_string_equal(headers.last_modified, "whenever, really");
    assert_string_equal(headers.content_type, "application/rss+xml; charset=\"utf-8\"");
    assert_string_equal(headers.location, "/a b?c");
    fetch_headers_free(&headers);
}

static void test_a_new_status_line_forgets_what_came_before(void **state)
{
    (void)state;
    struct fetch_headers headers =
        read_lines(LINES("HTTP/1.1 103 Early Hints\r\n", "ETag: \"early\"\r\n",
                         "Cache-Control: max-age=5\r\n", "\r\n", "HTTP/1.1 200 OK\r\n"));
    assert_null(headers.etag);
    assert_int_equal(fetch_headers_fresh_s(&headers, NOW), -1);
    fetch_headers_free(&headers);
}

static void test_values_that_could_not_be_sent_back_are_dropped(void **state)
{
    (void)state;
    static char long_line[10000] = "ETag: ";
    memset(long_line + strlen(long_line), 'x', sizeof long_line - strlen(long_line) - 1);
    struct fetch_headers headers =
        read_lines(LINES("ETag: \"a\rX-Evil: 1\"\r\n", "Last-Modified:\r\n",
                         "Content-Type: text/\x01xml\r\n", "no colon at all\r\n"));
    assert_null(headers.etag);
    assert_null(headers.last_modified);
    assert_null(headers.content_type);
    fetch_headers_line(&headers, span_of(long_line));
    assert_null(headers.etag);
    fetch_headers_free(&headers);
}

static void test_freshness_is_read_from_cache_control(void **state)
{
    (void)state;
    expect_fresh(LINES("Cache-Control: max-age=600\r\n"), 600);
    expect_fresh(LINES("Cache-Control: public,MAX-AGE=\"600\" , must-revalidate\r\n"), 600);
    expect_fresh(LINES("Cache-Control: max-age=600, s-maxage=60\r\n"), 60);
    expect_fresh(LINES("Cache-Control: max-age=600\r\n", "Cache-Control: max-age=60\r\n"), 60);
    expect_fresh(LINES("Cache-Control: max-age=0\r\n"), 0);
    expect_fresh(LINES("Cache-Control: ,, =,max-age\r\n"), -1);
    expect_fresh(LINES("Cache-Control: max-age=soon\r\n"), -1);
    expect_fresh(LINES("Cache-Control: max-age=-5\r\n"), -1);
    expect_fresh(LINES("X-Cache-Control: max-age=600\r\n"), -1);
}

static void test_what_must_be_asked_for_again_is_never_fresh(void **state)
{
    (void)state;
    expect_fresh(LINES("Cache-Control: no-cache, max-age=600\r\n"), 0);
    expect_fresh(LINES("Cache-Control: max-age=600\r\n", "Cache-Control: no-store\r\n"), 0);
    expect_fresh(LINES("Pragma: no-cache\r\n"), 0);
    expect_fresh(LINES("Cache-Control: no-cache=\"Set-Cookie\", max-age=600\r\n"), 600);
}

static void test_age_is_taken_off(void **state)
{
    (void)state;
    expect_fresh(LINES("Age: 100\r\n", "Cache-Control: max-age=600\r\n"), 500);
    expect_fresh(LINES("Age: 700\r\n", "Cache-Control: max-age=600\r\n"), 0);
    expect_fresh(LINES("Age: nonsense\r\n", "Cache-Control: max-age=600\r\n"), 600);
}

static void test_expires_counts_from_date(void **state)
{
    (void)state;
    expect_fresh(LINES("Expires: " HOUR_LATER), 3600);
    expect_fresh(LINES("Expires: " HOUR_LATER, "Date: " HOUR_LATER), 0);
    expect_fresh(LINES("Expires: " HOUR_LATER, "Cache-Control: max-age=7\r\n"), 7);
    expect_fresh(LINES("Expires: Tuesday, 14-Nov-23 23:13:20 GMT\r\n", "Date: " NOW_TEXT), 3600);
    expect_fresh(LINES("Expires: Tue Nov 14 23:13:20 2023\r\n", "Date: " NOW_TEXT), 3600);
}

static void test_expires_that_is_no_date_is_past(void **state)
{
    (void)state;
    expect_fresh(LINES("Expires: 0\r\n"), 0);
    expect_fresh(LINES("Expires: -1\r\n"), 0);
    expect_fresh(LINES("Expires: never\r\n"), 0);
}

static void test_absurd_freshness_is_a_year(void **state)
{
    (void)state;
    expect_fresh(LINES("Cache-Control: max-age=99999999999999999999999\r\n"), FETCH_FRESH_MAX_S);
    expect_fresh(LINES("Expires: Fri, 01 Jan 2199 00:00:00 GMT\r\n"), FETCH_FRESH_MAX_S);
}

static void test_retry_after_is_read_in_both_forms(void **state)
{
    (void)state;
    expect_retry(LINES("Retry-After: 120\r\n"), 120);
    expect_retry(LINES("Retry-After: " HOUR_LATER), 3600);
    expect_retry(LINES("Retry-After: " HOUR_LATER, "Date: " NOW_TEXT), 3600);
    expect_retry(LINES("Retry-After: " NOW_TEXT, "Date: " HOUR_LATER), 0);
    expect_retry(LINES("Cache-Control: max-age=1\r\n"), -1);
    expect_retry(LINES("Retry-After: later\r\n"), -1);
    expect_retry(LINES("Retry-After: -3\r\n"), -1);
}

static void test_absurd_retry_after_is_a_week(void **state)
{
    (void)state;
    expect_retry(LINES("Retry-After: 999999999999999999999\r\n"), FETCH_RETRY_MAX_S);
    expect_retry(LINES("Retry-After: Fri, 01 Jan 2199 00:00:00 GMT\r\n"), FETCH_RETRY_MAX_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_are_kept_as_given),
        cmocka_unit_test(test_a_new_status_line_forgets_what_came_before),
        cmocka_unit_test(test_values_that_could_not_be_sent_back_are_dropped),
        cmocka_unit_test(test_freshness_is_read_from_cache_control),
        cmocka_unit_test(test_what_must_be_asked_for_again_is_never_fresh),
        cmocka_unit_test(test_age_is_taken_off),
        cmocka_unit_test(test_expires_counts_from_date),
        cmocka_unit_test(test_expires_that_is_no_date_is_past),
        cmocka_unit_test(test_absurd_freshness_is_a_year),
        cmocka_unit_test(test_retry_after_is_read_in_both_forms),
        cmocka_unit_test(test_absurd_retry_after_is_a_week),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
