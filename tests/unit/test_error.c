#include "store/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void test_message_is_one_line(void **state)
{
    (void)state;
    struct error error = {0};
    assert_false(error_set(&error, ERROR_INPUT, "first\r\nsecond %d", 2));
    assert_int_equal(error.class, ERROR_INPUT);
    assert_string_equal(error.message, "first  second 2");
}

static void test_prefix_stands_before_what_was_said(void **state)
{
    (void)state;
    struct error error = {0};
    error_set(&error, ERROR_NETWORK, "refused");
    assert_false(error_prefix(&error, "lesson %d", 7));
    assert_string_equal(error.message, "lesson 7: refused");
    assert_int_equal(error.class, ERROR_NETWORK);
}

static void test_message_too_long_is_cut(void **state)
{
    (void)state;
    struct error error = {0};
    char text[1000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    error_set(&error, ERROR_BUG, "%s", text);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    error_prefix(&error, "first");
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    assert_memory_equal(error.message, "first: xxx", 10);
    for (size_t length = sizeof error.message - 5; length < sizeof text; length++) {
        error_prefix(&error, "%.*s", (int)length, text);
        assert_in_range(strlen(error.message), sizeof error.message - 5, sizeof error.message - 1);
    }
}

static void test_nobody_need_listen(void **state)
{
    (void)state;
    assert_false(error_set(NULL, ERROR_BUG, "said to nobody"));
    assert_false(error_prefix(NULL, "said to nobody"));
}

static void test_a_class_has_a_name(void **state)
{
    (void)state;
    for (enum error_class class = ERROR_NONE; class <= ERROR_BUG; class ++)
        assert_int_equal(error_class_of_name(error_class_name(class)), class);
    assert_string_equal(error_class_name(ERROR_NETWORK), "network");
    assert_int_equal(error_class_of_name("of tomorrow"), ERROR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message_is_one_line),
        cmocka_unit_test(test_prefix_stands_before_what_was_said),
        cmocka_unit_test(test_message_too_long_is_cut),
        cmocka_unit_test(test_nobody_need_listen),
        cmocka_unit_test(test_a_class_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
