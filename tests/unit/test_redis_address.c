#include "store/redis_address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void assert_text(const char *text, const char *expected)
{
    if (expected)
        assert_string_equal(text ? text : "(none)", expected);
    else
        assert_null(text);
}

static void test_urls_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *url, *name, *place, *path, *host;
        unsigned port, database;
        const char *user, *password;
    } cases[] = {
        {"redis://host", "redis://host", "host:6379", NULL, "host", 6379, 0, NULL, NULL},
        {"redis://host:7000/3", "redis://host:7000/3", "host:7000", NULL, "host", 7000, 3, NULL,
         NULL},
        {"redis://host/", "redis://host/", "host:6379", NULL, "host", 6379, 0, NULL, NULL},
        {"redis://:secret@host", "redis://host", "host:6379", NULL, "host", 6379, 0, NULL,
         "secret"},
        {"redis://ann:s%40:c@h:1", "redis://h:1", "h:1", NULL, "h", 1, 0, "ann", "s@:c"},
        {"redis://ann:a/b@c@host/2", "redis://host/2", "host:6379", NULL, "host", 6379, 2, "ann",
         "a/b@c"},
        {"redis://[2001:db8::1]:7000/1", "redis://[2001:db8::1]:7000/1", "[2001:db8::1]:7000", NULL,
         "2001:db8::1", 7000, 1, NULL, NULL},
        {"redis://[::1]", "redis://[::1]", "[::1]:6379", NULL, "::1", 6379, 0, NULL, NULL},
        {"redis+unix:///run/r.sock", "redis+unix:///run/r.sock", "unix:/run/r.sock", "/run/r.sock",
         NULL, 0, 0, NULL, NULL},
        {"redis+unix://:pw@/run/a%20b?db=12", "redis+unix:///run/a%20b?db=12", "unix:/run/a b",
         "/run/a b", NULL, 0, 12, NULL, "pw"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error error = {0};
        struct redis_address *address = redis_address_read(cases[i].url, &error);
        if (!address)
            fail_msg("%s: %s", cases[i].url, error.message);
        assert_text(address->name, cases[i].name);
        assert_text(address->place, cases[i].place);
        assert_text(address->path, cases[i].path);
        assert_text(address->host, cases[i].host);
        assert_int_equal(address->port, cases[i].port);
        assert_int_equal(address->database, cases[i].database);
        assert_text(address->user, cases[i].user);
        assert_text(address->password, cases[i].password);
        redis_address_free(address);
    }
}

static void test_urls_that_cannot_be_are_refused_without_showing_the_login(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "redis://",
        "redis://secret@host",
        "redis://secret:@host",
        "redis://:secret@",
        "redis://:secret@host:0",
        "redis://:secret@host:65536",
        "redis://:secret@host:port",
        "redis://:secret@host/one",
        "redis://:secret@host/0/1",
        "redis://:secret@[::1",
        "redis://:secret@[::1]7000",
        "redis://:secret%4@host",
        "redis://:secret%00@host",
        "redis://:secret%zz@host",
        "redis+unix://",
        "redis+unix://:secret@run/redis.sock",
        "redis+unix://:secret@/run/redis.sock?database=1",
        "redis+unix://:secret@/run/redis.sock?db=",
        "redis+unix://:secret@/run/redis.sock?db=-1",
        "redis+unix://:secret@/run/%",
    };
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct error error = {0};
        if (redis_address_read(urls[i], &error))
            fail_msg("%s was read", urls[i]);
        assert_int_equal(error.class, ERROR_INPUT);
        assert_null(strstr(error.message, "secret"));
    }
}

static void test_path_too_long_for_a_socket_is_refused(void **state)
{
    (void)state;
    char url[256];
    struct error error = {0};
    snprintf(url, sizeof url, "redis+unix:///%0150d", 0);
    assert_null(redis_address_read(url, &error));
    assert_non_null(strstr(error.message, "too long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls_are_taken_apart),
        cmocka_unit_test(test_urls_that_cannot_be_are_refused_without_showing_the_login),
        cmocka_unit_test(test_path_too_long_for_a_socket_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
