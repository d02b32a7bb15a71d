#include "feedfilter/http_condition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define PLAIN "\"abc\""
#define GZIP "\"abc-gzip\""
#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define DATE_S 784111777

/* The encoding chosen with one Accept-Encoding. */
static enum http_encoding choose(const char *value)
{
    struct http_condition condition;
    http_condition_init(&condition, SPAN(PLAIN));
    if (value)
        http_condition_field(&condition, "accept-encoding", value);
    return http_condition_encoding(&condition, true);
}

static void test_gzip_is_chosen_where_it_is_accepted(void **state)
{
    (void)state;
    static const char *const accepting[] = {"gzip",
                                            "GZIP",
                                            "deflate, gzip;q=1.0, *;q=0.5",
                                            "x-gzip",
                                            "*",
                                            "gzip;q=0.001",
                                            "br;q=1, gzip ; q=0.2",
                                            "identity;q=0, gzip",
                                            "gzip;q=0.5, identity;q=0.5",
                                            "identity;q=0, *;q=0.1",
                                            ",, gzip ,",
                                            "gzip;q=broken",
                                            "gzip;level=9;Q=0.3"};
    for (size_t i = 0; i < sizeof accepting / sizeof *accepting; i++)
        assert_int_equal(choose(accepting[i]), HTTP_GZIP);
}

static void test_plain_is_chosen_where_gzip_is_not_accepted_or_liked_less(void **state)
{
    (void)state;
    static const char *const refusing[] = {NULL,
                                           "",
                                           "identity",
                                           "gzip;q=0",
                                           "gzip;q=0.000",
                                           "deflate, br",
                                           "*;q=0",
                                           "gzip;q=0, *",
                                           "gzip;q=0.3, identity;q=0.7",
                                           "gzipped",
                                           "gzip;q=0;x=1",
                                           "identity, *;q=0.5",
                                           ";q=1"};
    for (size_t i = 0; i < sizeof refusing / sizeof *refusing; i++)
        assert_int_equal(choose(refusing[i]), HTTP_PLAIN);
}

static void test_plain_is_chosen_where_there_is_no_gzip(void **state)
{
    (void)state;
    struct http_condition condition;
    http_condition_init(&condition, SPAN(PLAIN));
    http_condition_field(&condition, "Accept-Encoding", "gzip, identity;q=0");
    assert_int_equal(http_condition_encoding(&condition, false), HTTP_PLAIN);
}

static void test_lines_of_one_field_add_up(void **state)
{
    (void)state;
    struct http_condition condition;
    http_condition_init(&condition, SPAN(PLAIN));
    http_condition_field(&condition, "Accept-Encoding", "br");
    http_condition_field(&condition, "Accept-Encoding", "gzip");
    assert_int_equal(http_condition_encoding(&condition, true), HTTP_GZIP);
    http_condition_field(&condition, "If-None-Match", "\"x\"");
    http_condition_field(&condition, "If-None-Match", PLAIN);
    enum http_encoding encoding = HTTP_PLAIN;
    assert_true(http_condition_unchanged(&condition, 0, &encoding));
}

/* Whether 304 answers that If-None-Match of one who would get `*encoding`. */
static bool known(const char *tags, enum http_encoding *encoding)
{
    struct http_condition condition;
    http_condition_init(&condition, SPAN(PLAIN));
    http_condition_field(&condition, "IF-NONE-MATCH", tags);
    return http_condition_unchanged(&condition, DATE_S, encoding);
}

static void test_a_tag_in_the_list_is_known(void **state)
{
    (void)state;
    static const char *const lists[] = {PLAIN,           "W/" PLAIN,
                                        "\"x\", " PLAIN, "\"a,b\"," PLAIN ",\"c\"",
                                        "  *  ",         "\"x\" ,W/\"y\",  W/" PLAIN,
                                        "\"\", " PLAIN};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        enum http_encoding encoding = HTTP_PLAIN;
        assert_true(known(lists[i], &encoding));
        assert_int_equal(encoding, HTTP_PLAIN);
    }
}

static void test_a_tag_not_in_the_list_is_not_known(void **state)
{
    (void)state;
    static const char *const lists[] = {"",      "\"ab\"",     "\"abcd\"",  "abc",        "\"abc",
                                        "abc\"", "\"ABC\"",    "\"x,abc\"", "\"abc-gzip", "**",
                                        "\"*\"", "\"abc-br\"", "\"-gzip\""};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        enum http_encoding encoding = HTTP_PLAIN;
        assert_false(known(lists[i], &encoding));
    }
}

static void test_either_encoding_may_be_known_and_is_the_one_answered_for(void **state)
{
    (void)state;
    enum http_encoding encoding = HTTP_PLAIN;
    assert_true(known(GZIP, &encoding));
    assert_int_equal(encoding, HTTP_GZIP);
    assert_true(known(PLAIN, &encoding));
    assert_int_equal(encoding, HTTP_PLAIN);
    encoding = HTTP_GZIP;
    assert_true(known(PLAIN "," GZIP, &encoding));
    assert_int_equal(encoding, HTTP_GZIP);
}

/* Whether 304 answers that If-Modified-Since of a page of `last_modified_s`. */
static bool unmodified(const char *date, int64_t last_modified_s)
{
    struct http_condition condition;
    enum http_encoding encoding = HTTP_PLAIN;
    http_condition_init(&condition, SPAN(PLAIN));
    http_condition_field(&condition, "If-Modified-Since", date);
    return http_condition_unchanged(&condition, last_modified_s, &encoding);
}

static void test_a_date_counts_to_the_second(void **state)
{
    (void)state;
    assert_true(unmodified(DATE, DATE_S));
    assert_false(unmodified(DATE, DATE_S - 1));
    assert_false(unmodified(DATE, DATE_S + 1));
}

static void test_the_old_forms_of_dates_are_understood(void **state)
{
    (void)state;
    assert_true(unmodified("Sunday, 06-Nov-94 08:49:37 GMT", DATE_S));
    assert_true(unmodified("Sun Nov  6 08:49:37 1994", DATE_S));
}

static void test_what_is_no_date_changes_nothing(void **state)
{
    (void)state;
    assert_false(unmodified("soon", 1));
    assert_false(unmodified("", 1));
    assert_false(unmodified(DATE, 0));
}

static void test_a_date_is_not_looked_at_beside_tags(void **state)
{
    (void)state;
    struct http_condition condition;
    enum http_encoding encoding = HTTP_PLAIN;
    http_condition_init(&condition, SPAN(PLAIN));
    http_condition_field(&condition, "If-Modified-Since", DATE);
    http_condition_field(&condition, "If-None-Match", "\"other\"");
    assert_false(http_condition_unchanged(&condition, DATE_S, &encoding));
}

static void test_nothing_said_is_no_condition(void **state)
{
    (void)state;
    struct http_condition condition;
    enum http_encoding encoding = HTTP_PLAIN;
    http_condition_init(&condition, SPAN(PLAIN));
    http_condition_field(&condition, "Accept", "*");
    http_condition_field(&condition, "If-None-Match-Not", PLAIN);
    http_condition_field(&condition, "If-None-Match", NULL);
    assert_false(http_condition_unchanged(&condition, DATE_S, &encoding));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gzip_is_chosen_where_it_is_accepted),
        cmocka_unit_test(test_plain_is_chosen_where_gzip_is_not_accepted_or_liked_less),
        cmocka_unit_test(test_plain_is_chosen_where_there_is_no_gzip),
        cmocka_unit_test(test_lines_of_one_field_add_up),
        cmocka_unit_test(test_a_tag_in_the_list_is_known),
        cmocka_unit_test(test_a_tag_not_in_the_list_is_not_known),
        cmocka_unit_test(test_either_encoding_may_be_known_and_is_the_one_answered_for),
        cmocka_unit_test(test_a_date_counts_to_the_second),
        cmocka_unit_test(test_the_old_forms_of_dates_are_understood),
        cmocka_unit_test(test_what_is_no_date_changes_nothing),
        cmocka_unit_test(test_a_date_is_not_looked_at_beside_tags),
        cmocka_unit_test(test_nothing_said_is_no_condition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
