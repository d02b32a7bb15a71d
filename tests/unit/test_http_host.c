#include "core/http_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void all_are(bool ours, const char *const *hosts, size_t count, const char *public_url)
{
    for (size_t i = 0; i < count; i++) {
        if (http_host_is_ours(hosts[i], public_url) != ours)
            fail_msg("%s is %s", hosts[i], ours ? "ours" : "another's");
    }
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_addresses_are_ours(void **state)
{
    (void)state;
    static const char *const hosts[] = {"127.0.0.1", "192.0.2.7:8092", "[::1]", "[2001:db8::1]:80"};
    all_are(true, hosts, COUNT(hosts), "");
}

static void test_names_that_no_stranger_can_give_are_ours(void **state)
{
    (void)state;
    static const char *const hosts[] = {
        "localhost",      "LocalHost:8092",  "localhost.",      "weir",
        "nas.local:8092", "a.weir.internal", "feeds.localhost", "nas.home.arpa"};
    all_are(true, hosts, COUNT(hosts), "");
}

static void test_names_of_others_are_not(void **state)
{
    (void)state;
    static const char *const hosts[] = {
        "evil.test", "evil.test:8092", "127.0.0.1.evil.test", "notlocal.example",   "", ":8092",
        "[::1",      "a.b/24",         "10.0.0.0/8",          "localhost.evil.test"};
    all_are(false, hosts, COUNT(hosts), "");
}

static void test_the_public_name_is_ours(void **state)
{
    (void)state;
    static const char *const hosts[] = {"feeds.example.org", "FEEDS.example.org:443",
                                        "feeds.example.org."};
    all_are(true, hosts, COUNT(hosts), "https://feeds.example.org/weir");
    all_are(true, hosts, COUNT(hosts), "https://feeds.example.org:8443");
    static const char *const others[] = {"example.org", "a.feeds.example.org", "weir.test"};
    all_are(false, others, COUNT(others), "https://feeds.example.org/weir");
}

static void test_no_host_at_all_is_no_browser(void **state)
{
    (void)state;
    assert_true(http_host_is_ours(NULL, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_are_ours),
        cmocka_unit_test(test_names_that_no_stranger_can_give_are_ours),
        cmocka_unit_test(test_names_of_others_are_not),
        cmocka_unit_test(test_the_public_name_is_ours),
        cmocka_unit_test(test_no_host_at_all_is_no_browser),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
