#include "feedfilter/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct page *make(const char *text)
{
    const struct span piece = span_of(text);
    return page_new(&piece, 1, "application/rss+xml", 784111777);
}

static const char *field(struct MHD_Response *response, const char *name)
{
    return MHD_get_response_header(response, name);
}

static char *repeat(const char *text, size_t times)
{
    char *result = calloc(times, strlen(text) + 1);
    for (size_t i = 0; i < times; i++)
        strcpy(result + i * strlen(text), text);
    return result;
}

static void test_pieces_are_joined(void **state)
{
    (void)state;
    const struct span pieces[] = {SPAN("ab"), {NULL, 0}, SPAN("c")};
    struct page *joined = page_new(pieces, 3, "text/plain", 0), *whole = make("abc");
    assert_int_equal(page_plain(joined)->length, 3);
    assert_string_equal(joined->etag, whole->etag);
    page_release(joined);
    page_release(whole);
}

static void test_other_bytes_have_another_tag(void **state)
{
    (void)state;
    struct page *one = make("abc"), *other = make("abd");
    assert_string_not_equal(one->etag, other->etag);
    page_release(one);
    page_release(other);
}

static void test_an_empty_page_is_a_page(void **state)
{
    (void)state;
    struct page *page = page_new(NULL, 0, "text/plain", 0);
    assert_int_equal(page->status, 200);
    assert_int_equal(page_plain(page)->length, 0);
    assert_non_null(page_plain(page)->whole);
    page_release(page);
}

static void test_the_tags_of_both_encodings_differ(void **state)
{
    (void)state;
    char *text = repeat("spam and eggs ", 100), expected[64];
    struct page *page = make(text);
    assert_string_equal(field(page_plain(page)->whole, "ETag"), page->etag);
    snprintf(expected, sizeof expected, "%.*s-gzip\"", (int)strlen(page->etag) - 1, page->etag);
    assert_string_equal(field(page_gzip(page)->whole, "ETag"), expected);
    assert_string_equal(field(page_gzip(page)->whole, "Content-Encoding"), "gzip");
    assert_null(field(page_plain(page)->whole, "Content-Encoding"));
    page_release(page);
    free(text);
}

static void test_gzip_is_smaller(void **state)
{
    (void)state;
    char *text = repeat("spam and eggs ", 100);
    struct page *page = make(text);
    assert_true(page_gzip(page)->length < page_plain(page)->length);
    page_release(page);
    free(text);
}

static void test_small_pages_have_no_gzip(void **state)
{
    (void)state;
    char *text = repeat("a", 199);
    struct page *page = make(text);
    assert_null(page_gzip(page));
    page_release(page);
    free(text);
}

static void test_pages_that_do_not_shrink_have_no_gzip(void **state)
{
    (void)state;
    char noise[2000];
    unsigned long long random = 88172645463325252ULL;
    for (size_t i = 0; i < sizeof noise; i++) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        noise[i] = (char)random;
    }
    const struct span piece = {noise, sizeof noise};
    struct page *page = page_new(&piece, 1, "text/plain", 0);
    assert_null(page_gzip(page));
    page_release(page);
}

static void test_unchanged_says_what_whole_says(void **state)
{
    (void)state;
    static const char *const names[] = {"ETag", "Vary", "Cache-Control", "Last-Modified"};
    char *text = repeat("spam and eggs ", 100);
    struct page *page = make(text);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(field(page_plain(page)->whole, names[i]),
                            field(page_plain(page)->unchanged, names[i]));
        assert_string_equal(field(page_gzip(page)->whole, names[i]),
                            field(page_gzip(page)->unchanged, names[i]));
    }
    assert_string_equal(field(page_plain(page)->whole, "Last-Modified"),
                        "Sun, 06 Nov 1994 08:49:37 GMT");
    page_release(page);
    free(text);
}

static void test_no_date_is_said_where_none_is_known(void **state)
{
    (void)state;
    const struct span piece = SPAN("abc");
    struct page *page = page_new(&piece, 1, "text/plain", 0);
    assert_null(field(page_plain(page)->whole, "Last-Modified"));
    page_release(page);
}

static void test_a_type_that_cannot_be_said_is_not(void **state)
{
    (void)state;
    char *long_type = repeat("text/xml;a=b;", 1000);
    const char *const types[] = {"", "text/xml\r\nX: y", "text/\xc3\xa4", long_type};
    const struct span piece = SPAN("abc");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct page *page = page_new(&piece, 1, types[i], 0);
        assert_string_equal(field(page_plain(page)->whole, "Content-Type"),
                            "application/octet-stream");
        page_release(page);
    }
    free(long_type);
}

static void test_an_error_is_one_line_without_a_tag(void **state)
{
    (void)state;
    struct page *page = page_error(502, "example.org: connection refused", 0);
    assert_int_equal(page->status, 502);
    assert_string_equal(page->etag, "");
    assert_int_equal(page_plain(page)->length, strlen("example.org: connection refused\n"));
    assert_null(field(page_plain(page)->whole, "Retry-After"));
    page_release(page);
}

static void test_retry_after_is_passed_on(void **state)
{
    (void)state;
    struct page *page = page_error(503, "later", 120);
    assert_string_equal(field(page_plain(page)->whole, "Retry-After"), "120");
    page_release(page);
}

static void test_a_page_lives_as_long_as_it_is_held(void **state)
{
    (void)state;
    struct page *page = make("abc");
    assert_ptr_equal(page_retain(page), page);
    page_release(page);
    assert_int_equal(page_plain(page)->length, 3);
    page_release(page);
    page_release(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_are_joined),
        cmocka_unit_test(test_other_bytes_have_another_tag),
        cmocka_unit_test(test_an_empty_page_is_a_page),
        cmocka_unit_test(test_the_tags_of_both_encodings_differ),
        cmocka_unit_test(test_gzip_is_smaller),
        cmocka_unit_test(test_small_pages_have_no_gzip),
        cmocka_unit_test(test_pages_that_do_not_shrink_have_no_gzip),
        cmocka_unit_test(test_unchanged_says_what_whole_says),
        cmocka_unit_test(test_no_date_is_said_where_none_is_known),
        cmocka_unit_test(test_a_type_that_cannot_be_said_is_not),
        cmocka_unit_test(test_an_error_is_one_line_without_a_tag),
        cmocka_unit_test(test_retry_after_is_passed_on),
        cmocka_unit_test(test_a_page_lives_as_long_as_it_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
