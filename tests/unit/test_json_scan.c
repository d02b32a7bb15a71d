#include "core/json_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct json_scan scan_of(const char *text)
{
    return (struct json_scan){.start = text, .at = text, .end = text + strlen(text)};
}

static void assert_span(struct span span, const char *expected)
{
    char *text = strndup(span.data ? span.data : "", span.length);
    assert_string_equal(text, expected);
    free(text);
}

static void assert_says(struct span quoted, const char *expected)
{
    struct arena *arena = arena_new();
    assert_span(json_scan_text(arena, quoted), expected);
    arena_free(arena);
}

static void test_members_and_elements_come_in_order_with_their_places(void **state)
{
    (void)state;
    const char *text = " { \"a\" : [1, \"x\" ,{}] , \"b\":null }";
    struct json_scan scan = scan_of(text);
    struct span name, value;
    assert_true(json_scan_open(&scan, '{'));
    assert_true(json_scan_member(&scan, &name));
    assert_span(name, "a");
    assert_true(json_scan_open(&scan, '['));
    assert_true(json_scan_element(&scan));
    assert_int_equal(json_scan_kind(&scan), '0');
    assert_true(json_scan_skip(&scan, &value));
    assert_span(value, "1");
    assert_true(json_scan_element(&scan));
    assert_true(json_scan_skip(&scan, &value));
    assert_span(value, "\"x\"");
    assert_ptr_equal(value.data, strchr(text, 'x') - 1);
    assert_true(json_scan_element(&scan));
    assert_true(json_scan_skip(&scan, &value));
    assert_span(value, "{}");
    assert_false(json_scan_element(&scan));
    assert_true(json_scan_member(&scan, &name));
    assert_span(name, "b");
    assert_true(json_scan_skip(&scan, &value));
    assert_span(value, "null");
    assert_false(json_scan_member(&scan, &name));
    assert_null(scan.trouble);
    assert_ptr_equal(scan.at, scan.end);
}

static void test_a_value_is_passed_whole_whatever_is_in_it(void **state)
{
    (void)state;
    static const char *const values[] = {
        "{\"a\":{\"b\":[[],{},\"}\"]},\"c\":\"\\\"]\"}",
        "\"a\\\\\"",
        "\"\\\\\\\"\"",
        "-1.5e+3000",
        "[]",
        "[[[[\"[\"]]]]",
        "\"\xff,\"",
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[100];
        struct span value;
        snprintf(text, sizeof text, "%s , rest", values[i]);
        struct json_scan scan = scan_of(text);
        assert_true(json_scan_skip(&scan, &value));
        assert_span(value, values[i]);
    }
}

static void test_trouble_ends_it_and_has_a_line(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\n{\"a\":\n\"x", "\n{\n\"a\" 1}", "\n{\"a\":1,\n2}", "\n[\n", "\n{\"a\":\n}", "\n{\"a\"\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct json_scan scan = scan_of(texts[i]);
        struct span value;
        assert_false(json_scan_skip(&scan, &value));
        assert_non_null(scan.trouble);
        assert_int_equal(json_scan_line(&scan), 3);
        assert_false(json_scan_skip(&scan, &value));
    }
}

static void test_depth_is_bounded(void **state)
{
    (void)state;
    char text[2 * JSON_DEPTH_MAX + 3];
    for (size_t depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        struct span value;
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        text[2 * depth] = '\0';
        struct json_scan scan = scan_of(text);
        assert_int_equal(json_scan_skip(&scan, &value), depth == JSON_DEPTH_MAX);
    }
}

static void test_strings_say_what_their_escapes_mean(void **state)
{
    (void)state;
    assert_says(SPAN("\"a\\n\\t\\\"\\\\\\/b\""), "a\n\t\"\\/b");
    assert_says(SPAN("caf\\u00e9 \\u53d1"), "caf\u00e9 \u53d1");
    assert_says(SPAN("\\ud83d\\ude00"), "\U0001f600");
    assert_says(SPAN("caf\xc3\xa9"), "caf\u00e9");
}

static void test_broken_escapes_are_read_as_browsers_show_them(void **state)
{
    (void)state;
    assert_says(SPAN("cut \\ud83d"), "cut \ufffd");
    assert_says(SPAN("\\ud83d\\u0041"), "\ufffdA");
    assert_says(SPAN("\\ude00\\ud83d x"), "\ufffd\ufffd x");
    assert_says(SPAN("vi\\u0000ag\\u0001ra\\b\x02"), "viagra");
    assert_says(SPAN("\\u12\\"), "u12\\");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members_and_elements_come_in_order_with_their_places),
        cmocka_unit_test(test_a_value_is_passed_whole_whatever_is_in_it),
        cmocka_unit_test(test_trouble_ends_it_and_has_a_line),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_strings_say_what_their_escapes_mean),
        cmocka_unit_test(test_broken_escapes_are_read_as_browsers_show_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
