#include "core/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What `say` writes to stderr, as a string of at most 4,000 bytes. */
static char *captured(void (*say)(void))
{
    static char text[4001];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    say();
    dup2(saved, STDERR_FILENO);
    close(saved);
    ssize_t length = read(ends[0], text, sizeof text - 1);
    close(ends[0]);
    text[length > 0 ? length : 0] = '\0';
    return text;
}

static int open_on_stderr(void **state)
{
    (void)state;
    unsetenv("JOURNAL_STREAM");
    log_open("weir-test", true);
    log_set_level(LOG_LEVEL_INFO);
    return 0;
}

static void say_verdict(void)
{
    log_event(LOG_LEVEL_INFO, "verdict", "action", "hold", "client", NULL, "subject", "buy \"now\"",
              NULL);
}

static void test_an_event_is_one_logfmt_line_without_null_pairs(void **state)
{
    (void)state;
    assert_string_equal(captured(say_verdict), "weir-test: level=info event=verdict action=hold "
                                               "subject=\"buy \\\"now\\\"\"\n");
}

static void say_line_breaks(void)
{
    log_event(LOG_LEVEL_INFO, "verdict", "subject",
              "a\r\nb\tc\x1b[31m\xc2\x85\xe2\x80\xae\xff 中文", NULL);
}

static void test_nothing_from_outside_breaks_the_line(void **state)
{
    (void)state;
    assert_string_equal(captured(say_line_breaks),
                        "weir-test: level=info event=verdict subject=\"a\\x0d\\nb\\tc\\x1b[31m"
                        "\\xc2\\x85\\xe2\\x80\\xae\\xff 中文\"\n");
}

static void say_long_value(void)
{
    static char value[1001];
    memset(value, 'x', sizeof value - 1);
    log_event(LOG_LEVEL_INFO, "verdict", "subject", value, NULL);
}

static void test_a_long_value_is_cut_at_200_bytes(void **state)
{
    (void)state;
    const char *line = captured(say_long_value);
    assert_int_equal(strspn(strstr(line, "subject=") + 8, "x"), 200);
    assert_non_null(strstr(line, "...\n"));
}

static void say_many_values(void)
{
    static char value[201];
    memset(value, '\x01', sizeof value - 1);
    log_event(LOG_LEVEL_INFO, "verdict", "a", value, "b", value, "c", value, "d", value, "e", value,
              NULL);
}

static void test_a_line_is_bounded_and_ends(void **state)
{
    (void)state;
    const char *line = captured(say_many_values);
    size_t length = strlen(line);
    assert_in_range(length, 1900, 2100);
    assert_ptr_equal(strchr(line, '\n'), line + length - 1);
}

static void say_debug(void)
{
    log_message(LOG_LEVEL_DEBUG, "not wanted");
}

static void test_levels_below_the_threshold_are_silent(void **state)
{
    (void)state;
    assert_string_equal(captured(say_debug), "");
}

static void say_warning(void)
{
    log_message(LOG_LEVEL_WARNING, "store %s is away", "redis");
}

static void test_under_systemd_a_line_starts_with_its_priority(void **state)
{
    (void)state;
    setenv("JOURNAL_STREAM", "8:1", 1);
    log_open("weir-test", false);
    assert_string_equal(captured(say_warning), "<4>level=warning msg=\"store redis is away\"\n");
}

static void test_level_names_are_known_and_others_are_not(void **state)
{
    (void)state;
    enum log_level level;
    assert_true(log_level_from_name("debug", &level));
    assert_int_equal(level, LOG_LEVEL_DEBUG);
    assert_false(log_level_from_name("loud", &level));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_an_event_is_one_logfmt_line_without_null_pairs, open_on_stderr),
        cmocka_unit_test_setup(test_nothing_from_outside_breaks_the_line, open_on_stderr),
        cmocka_unit_test_setup(test_a_long_value_is_cut_at_200_bytes, open_on_stderr),
        cmocka_unit_test_setup(test_a_line_is_bounded_and_ends, open_on_stderr),
        cmocka_unit_test_setup(test_levels_below_the_threshold_are_silent, open_on_stderr),
        cmocka_unit_test_setup(test_under_systemd_a_line_starts_with_its_priority, open_on_stderr),
        cmocka_unit_test(test_level_names_are_known_and_others_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
