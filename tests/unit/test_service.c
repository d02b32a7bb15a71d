#include "core/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static int manager;

/* A service manager's socket, under a name of this process's own. */
static int listen_as_manager(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char name[64];
    (void)state;
    int length = snprintf(name, sizeof name, "@weir-test-service-%ld", (long)getpid());
    memcpy(address.sun_path + 1, name + 1, (size_t)length - 1);
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return bind(manager, (struct sockaddr *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length)) ||
           setenv("NOTIFY_SOCKET", name, 1);
}

static int close_manager(void **state)
{
    (void)state;
    return close(manager);
}

/* The next message, or "". */
static const char *heard(void)
{
    static char message[64];
    ssize_t length = recv(manager, message, sizeof message - 1, 0);
    message[length > 0 ? length : 0] = '\0';
    return message;
}

static void test_ready_and_stopping_are_told(void **state)
{
    (void)state;
    service_ready();
    assert_string_equal(heard(), "READY=1");
    service_stopping();
    assert_string_equal(heard(), "STOPPING=1");
}

static void test_nothing_is_told_without_a_manager(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    service_ready();
    assert_string_equal(heard(), "");
}

static void test_no_sign_of_life_unless_asked_for(void **state)
{
    (void)state;
    service_watchdog();
    assert_string_equal(heard(), "");
}

static void test_watchdog_of_another_process_is_not_ours(void **state)
{
    (void)state;
    setenv("WATCHDOG_USEC", "1000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    assert_int_equal(service_watchdog_ms(), 0);
}

static void test_signs_of_life_are_sent_sparingly(void **state)
{
    (void)state;
    setenv("WATCHDOG_USEC", "60000000", 1);
    service_watchdog();
    service_watchdog();
    assert_string_equal(heard(), "WATCHDOG=1");
    assert_string_equal(heard(), "");
}

int main(void)
{
#define WITH_MANAGER(test) cmocka_unit_test_setup_teardown(test, listen_as_manager, close_manager)
    const struct CMUnitTest tests[] = {
        WITH_MANAGER(test_ready_and_stopping_are_told),
        WITH_MANAGER(test_nothing_is_told_without_a_manager),
        WITH_MANAGER(test_no_sign_of_life_unless_asked_for),
        WITH_MANAGER(test_watchdog_of_another_process_is_not_ours),
        WITH_MANAGER(test_signs_of_life_are_sent_sparingly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
