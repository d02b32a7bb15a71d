#include "core/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

struct row {
    const char *base, *reference, *expected;
};

static void assert_rows(const struct row *rows, size_t count)
{
    struct arena *arena = arena_new();
    for (size_t i = 0; i < count; i++) {
        struct span got = arena_copy(
            arena, url_resolve(arena, span_of(rows[i].base), span_of(rows[i].reference)));
        if (!span_equal(got, span_of(rows[i].expected)))
            fail_msg("\"%s\" from \"%s\": \"%s\", not \"%s\"", rows[i].reference, rows[i].base,
                     got.data, rows[i].expected);
    }
    arena_free(arena);
}

#define ASSERT_ROWS(rows) assert_rows((rows), sizeof(rows) / sizeof *(rows))
#define BASE "http://a/b/c/d;p?q"

static void test_normal_examples_of_rfc3986(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {BASE, "g:h", "g:h"},
        {BASE, "g", "http://a/b/c/g"},
        {BASE, "./g", "http://a/b/c/g"},
        {BASE, "g/", "http://a/b/c/g/"},
        {BASE, "/g", "http://a/g"},
        {BASE, "//g", "http://g"},
        {BASE, "?y", "http://a/b/c/d;p?y"},
        {BASE, "g?y", "http://a/b/c/g?y"},
        {BASE, "#s", "http://a/b/c/d;p?q#s"},
        {BASE, "g#s", "http://a/b/c/g#s"},
        {BASE, "g?y#s", "http://a/b/c/g?y#s"},
        {BASE, ";x", "http://a/b/c/;x"},
        {BASE, "g;x", "http://a/b/c/g;x"},
        {BASE, "g;x?y#s", "http://a/b/c/g;x?y#s"},
        {BASE, "", "http://a/b/c/d;p?q"},
        {BASE, ".", "http://a/b/c/"},
        {BASE, "./", "http://a/b/c/"},
        {BASE, "..", "http://a/b/"},
        {BASE, "../", "http://a/b/"},
        {BASE, "../g", "http://a/b/g"},
        {BASE, "../..", "http://a/"},
        {BASE, "../../", "http://a/"},
        {BASE, "../../g", "http://a/g"},
    };
    ASSERT_ROWS(rows);
}

static void test_abnormal_examples_of_rfc3986(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {BASE, "../../../g", "http://a/g"},
        {BASE, "../../../../g", "http://a/g"},
        {BASE, "/./g", "http://a/g"},
        {BASE, "/../g", "http://a/g"},
        {BASE, "g.", "http://a/b/c/g."},
        {BASE, ".g", "http://a/b/c/.g"},
        {BASE, "g..", "http://a/b/c/g.."},
        {BASE, "..g", "http://a/b/c/..g"},
        {BASE, "./../g", "http://a/b/g"},
        {BASE, "./g/.", "http://a/b/c/g/"},
        {BASE, "g/./h", "http://a/b/c/g/h"},
        {BASE, "g/../h", "http://a/b/c/h"},
        {BASE, "g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {BASE, "g;x=1/../y", "http://a/b/c/y"},
        {BASE, "g?y/./x", "http://a/b/c/g?y/./x"},
        {BASE, "g?y/../x", "http://a/b/c/g?y/../x"},
        {BASE, "g#s/./x", "http://a/b/c/g#s/./x"},
        {BASE, "g#s/../x", "http://a/b/c/g#s/../x"},
        {BASE, "http:g", "http:g"},
    };
    ASSERT_ROWS(rows);
}

static void test_bases_may_be_bare_or_relative(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", "g", "g"},
        {"http://a", "g", "http://a/g"},
        {"http://a?q", "../g", "http://a/g"},
        {"http://a", "", "http://a"},
        {"/b/c", "g", "/b/g"},
        {"/b/c/", "../../../g", "/g"},
        {"b/c", "../g", "b/../g"},
        {"//a/b", "g", "//a/g"},
    };
    ASSERT_ROWS(rows);
}

static void test_references_are_seen_as_browsers_see_them(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"http://a/", " \\\\g\\x?\\y", "http://g/x?\\y"},
        {"http://a/", "/\\g", "http://g"},
        {"http://a/b", " ht\ntp://g/ ", " ht\ntp://g/ "},
        {"http://a/b", "\n/g\n", "http://a/g"},
        {"http://a/", "g\th", "http://a/gh"},
    };
    ASSERT_ROWS(rows);
}

static void test_what_is_relative_is_told(void **state)
{
    (void)state;
    static const char *const relative[] = {"g", "/g", "//g/", " ?g", "www.a.example/", "1:2"};
    static const char *const others[] = {"http://a/", "mailto:a@b", "", "#g", " #g", "x-y:z"};
    for (size_t i = 0; i < sizeof relative / sizeof *relative; i++)
        assert_true(url_is_relative(span_of(relative[i])));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(url_is_relative(span_of(others[i])));
}

static void test_long_urls_are_cut_and_do_no_harm(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    size_t length = 100000;
    char *url = malloc(length);
    assert_non_null(url);
    memset(url, 'x', length);
    memcpy(url, "http://a/", 9);
    struct span whole = {url, length}, tail = {url + 9, length - 9};
    assert_true(url_resolve(arena, whole, tail).length < 20000);
    assert_int_equal(url_resolve(arena, tail, whole).length, length);
    free(url);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normal_examples_of_rfc3986),
        cmocka_unit_test(test_abnormal_examples_of_rfc3986),
        cmocka_unit_test(test_bases_may_be_bare_or_relative),
        cmocka_unit_test(test_references_are_seen_as_browsers_see_them),
        cmocka_unit_test(test_what_is_relative_is_told),
        cmocka_unit_test(test_long_urls_are_cut_and_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
