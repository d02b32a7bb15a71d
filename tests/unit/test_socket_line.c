#include "core/socket_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct ends {
    int ours, theirs;
};

static struct ends connected(void)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    return (struct ends){pair[0], pair[1]};
}

static void end(struct ends ends)
{
    close(ends.ours);
    close(ends.theirs);
}

/* Whether what was sent, after which the other end closes, is read as a line. */
static bool is_line(const char *sent, char *line, size_t room)
{
    int passed;
    struct ends ends = connected();
    assert_true(socket_line_send(ends.theirs, sent, strlen(sent)));
    shutdown(ends.theirs, SHUT_WR);
    bool read = socket_line_read(ends.ours, line, room, -1, &passed);
    assert_int_equal(passed, -1);
    end(ends);
    return read;
}

static void test_a_line_comes_without_its_newline(void **state)
{
    (void)state;
    char line[8];
    assert_true(is_line("release\n", line, sizeof line));
    assert_string_equal(line, "release");
    assert_true(is_line("\n", line, sizeof line));
    assert_string_equal(line, "");
}

static void test_what_is_no_single_line_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     "show",    "show a\nrelease b\n",
                                      "\n\n", "show\nx", "longer than the room is\n"};
    char line[20];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (is_line(bad[i], line, sizeof line))
            fail_msg("is read: %s", bad[i]);
    }
}

static void test_a_descriptor_comes_with_its_line(void **state)
{
    (void)state;
    struct ends ends = connected(), other = connected();
    char line[20], byte;
    int passed;
    assert_true(socket_line_send_with(ends.theirs, "ok\n", 3, other.theirs));
    assert_true(socket_line_read(ends.ours, line, sizeof line, -1, &passed));
    assert_string_equal(line, "ok");
    assert_int_equal(write(passed, "x", 1), 1);
    assert_int_equal(read(other.ours, &byte, 1), 1);
    close(passed);
    end(ends);
    end(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_comes_without_its_newline),
        cmocka_unit_test(test_what_is_no_single_line_is_refused),
        cmocka_unit_test(test_a_descriptor_comes_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
