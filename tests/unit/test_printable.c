#include "core/printable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect_line(const char *text, const char *expected)
{
    struct arena *arena = arena_new();
    struct span line = printable_text(arena, span_of(text));
    assert_int_equal(line.length, strlen(expected));
    assert_memory_equal(line.data, expected, line.length);
    arena_free(arena);
}

static void test_text_of_any_script_stays(void **state)
{
    (void)state;
    expect_line("plain, 发票, \xf0\x9f\x98\x80", "plain, 发票, \xf0\x9f\x98\x80");
}

static void test_controls_of_c0_and_del_are_replaced(void **state)
{
    (void)state;
    expect_line("a\x1b[2Jb\x7f\x07", "a?[2Jb??");
}

static void test_controls_of_c1_are_replaced(void **state)
{
    (void)state;
    expect_line("a\xc2\x9b[2J\xc2\x85", "a?[2J?");
}

static void test_bytes_that_are_no_utf8_are_replaced(void **state)
{
    (void)state;
    expect_line("a\x9b[2J\xff", "a?[2J?");
}

static void test_what_turns_text_around_is_replaced(void **state)
{
    (void)state;
    expect_line("a\xe2\x80\xae b\xe2\x81\xa6\xe2\x80\x8f\xd8\x9c", "a? b???");
}

static void test_what_cannot_be_seen_is_replaced(void **state)
{
    (void)state;
    expect_line("v\xe2\x80\x8bi\xc2\xad"
                "a\xef\xbb\xbf\xe2\x81\xa0\xe2\x80\x8d"
                "b\xe3\x85\xa4",
                "v?i?a???b?");
}

static void test_joiners_stay_where_they_join(void **state)
{
    (void)state;
    static const char text[] = "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae \xf0\x9f\x91\xa8\xe2\x80\x8d"
                               "\xf0\x9f\x91\xa9 \xe2\x9d\xa4\xef\xb8\x8f";
    expect_line(text, text);
}

static void test_a_line_stays_one_line(void **state)
{
    (void)state;
    expect_line("a\nb\tc\rd\xe2\x80\xa8", "a b c d?");
}

static void test_lines_are_kept_where_they_are_wanted(void **state)
{
    (void)state;
    char *written = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&written, &length);
    printable_put(file, SPAN("a\tb\n\x1b["), PRINTABLE_LINES);
    fclose(file);
    assert_string_equal(written, "a\tb\n?[");
    free(written);
}

static void test_start_is_cut_between_characters(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    assert_string_equal(printable_start(arena, SPAN("发票发票\n"), 11).data, "发票…");
    assert_true(span_equal(printable_start(arena, SPAN("发票发票\n"), 13), SPAN("发票发票 ")));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_of_any_script_stays),
        cmocka_unit_test(test_controls_of_c0_and_del_are_replaced),
        cmocka_unit_test(test_controls_of_c1_are_replaced),
        cmocka_unit_test(test_bytes_that_are_no_utf8_are_replaced),
        cmocka_unit_test(test_what_turns_text_around_is_replaced),
        cmocka_unit_test(test_what_cannot_be_seen_is_replaced),
        cmocka_unit_test(test_joiners_stay_where_they_join),
        cmocka_unit_test(test_a_line_stays_one_line),
        cmocka_unit_test(test_lines_are_kept_where_they_are_wanted),
        cmocka_unit_test(test_start_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
