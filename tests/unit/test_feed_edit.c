#include "feedfilter/feed_edit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static const char text[] = "0123456789";
static const struct feed_encoding bytes_encoding = {.units = UNITS_ASCII, .unit_bytes = 1};

static struct feed_edits edits;

static int set_up(void **state)
{
    (void)state;
    edits = (struct feed_edits){.arena = arena_new(), .encoding = &bytes_encoding};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(edits.arena);
    return 0;
}

static void replace(size_t start, size_t end, const char *ascii)
{
    feed_edits_replace(&edits, start, end, span_of(ascii));
}

static struct span applied(struct span bytes)
{
    char out[256];
    size_t count, length = 0;
    struct span *pieces = feed_edits_apply(&edits, bytes, &count);
    for (size_t i = 0; i < count; i++) {
        assert_true(pieces[i].length > 0);
        assert_true(length + pieces[i].length < sizeof out);
        memcpy(out + length, pieces[i].data, pieces[i].length);
        length += pieces[i].length;
    }
    return arena_copy(edits.arena, (struct span){out, length});
}

static void assert_applied(const char *expected)
{
    assert_string_equal(applied(SPAN(text)).data, expected);
}

static void test_no_edit_is_the_whole_in_one_stretch(void **state)
{
    (void)state;
    size_t count;
    struct span *pieces = feed_edits_apply(&edits, SPAN(text), &count);
    assert_int_equal(count, 1);
    assert_ptr_equal(pieces[0].data, text);
    assert_int_equal(pieces[0].length, sizeof text - 1);
}

static void test_nothing_in_place_of_nothing_is_no_edit(void **state)
{
    (void)state;
    replace(3, 3, "");
    assert_int_equal(edits.count, 0);
}

static void test_edits_may_come_in_any_order(void **state)
{
    (void)state;
    replace(8, 9, "eight");
    replace(0, 1, "");
    replace(4, 4, "+");
    assert_applied("123+4567eight9");
}

static void test_both_ends_can_be_edited(void **state)
{
    (void)state;
    replace(10, 10, "]");
    replace(0, 0, "[");
    assert_applied("[0123456789]");
}

static void test_all_can_go(void **state)
{
    (void)state;
    size_t count;
    replace(0, 10, "");
    feed_edits_apply(&edits, SPAN(text), &count);
    assert_int_equal(count, 0);
}

static void test_what_lies_within_another_edit_is_dropped(void **state)
{
    (void)state;
    replace(3, 4, "three");
    replace(5, 5, "put in");
    replace(2, 8, "-");
    assert_applied("01-89");
}

static void test_the_first_of_two_edits_of_the_same_bytes_stays(void **state)
{
    (void)state;
    replace(2, 4, "first");
    replace(2, 4, "second");
    assert_applied("01first456789");
}

static void test_of_edits_that_reach_over_each_other_both_are_applied_once(void **state)
{
    (void)state;
    replace(2, 5, "a");
    replace(4, 7, "b");
    assert_applied("01ab789");
}

static void test_what_is_put_in_at_either_end_of_a_cut_stays(void **state)
{
    (void)state;
    replace(2, 8, "");
    replace(8, 8, ")");
    replace(2, 2, "(");
    assert_applied("01()89");
}

static void test_what_is_put_in_between_two_cuts_stays(void **state)
{
    (void)state;
    replace(2, 5, "");
    replace(5, 8, "");
    replace(5, 5, "|");
    assert_applied("01|89");
}

static void test_what_is_put_in_at_one_place_keeps_its_order(void **state)
{
    (void)state;
    char digits[] = "a\0b\0c\0d\0e\0f\0g\0h\0i\0j\0k\0l\0m";
    for (size_t i = 0; i < 13; i++)
        replace(5, 5, digits + 2 * i);
    assert_applied("01234abcdefghijklm56789");
}

static void test_what_is_put_in_is_widened_to_the_units(void **state)
{
    (void)state;
    static const struct {
        enum feed_units units;
        size_t unit_bytes;
        struct span wide;
    } rows[] = {
        {UNITS_UTF16_LITTLE, 2, {"a\0b\0", 4}},
        {UNITS_UTF16_BIG, 2, {"\0a\0b", 4}},
        {UNITS_UTF32_LITTLE, 4, {"a\0\0\0b\0\0\0", 8}},
        {UNITS_UTF32_BIG, 4, {"\0\0\0a\0\0\0b", 8}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct feed_encoding wide = {.units = rows[i].units, .unit_bytes = rows[i].unit_bytes};
        edits.encoding = &wide;
        edits.count = 0;
        replace(0, 10, "ab");
        struct span out = applied(SPAN(text));
        assert_int_equal(out.length, rows[i].wide.length);
        assert_memory_equal(out.data, rows[i].wide.data, out.length);
    }
}

static void test_raw_bytes_are_put_in_as_they_are(void **state)
{
    (void)state;
    const struct feed_encoding wide = {.units = UNITS_UTF16_BIG, .unit_bytes = 2};
    edits.encoding = &wide;
    feed_edits_replace_raw(&edits, 2, 4, SPAN("ab"));
    assert_applied("01ab456789");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_no_edit_is_the_whole_in_one_stretch),
        TEST(test_nothing_in_place_of_nothing_is_no_edit),
        TEST(test_edits_may_come_in_any_order),
        TEST(test_both_ends_can_be_edited),
        TEST(test_all_can_go),
        TEST(test_what_lies_within_another_edit_is_dropped),
        TEST(test_the_first_of_two_edits_of_the_same_bytes_stays),
        TEST(test_of_edits_that_reach_over_each_other_both_are_applied_once),
        TEST(test_what_is_put_in_at_either_end_of_a_cut_stays),
        TEST(test_what_is_put_in_between_two_cuts_stays),
        TEST(test_what_is_put_in_at_one_place_keeps_its_order),
        TEST(test_what_is_put_in_is_widened_to_the_units),
        TEST(test_raw_bytes_are_put_in_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
