#include "feedfilter/fetch.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void parse(const char *text, unsigned char address[16])
{
    memcpy(address, (const unsigned char[12]){[10] = 0xff, [11] = 0xff}, 12);
    if (strchr(text, ':'))
        assert_int_equal(inet_pton(AF_INET6, text, address), 1);
    else
        assert_int_equal(inet_pton(AF_INET, text, address + 12), 1);
}

static bool may(const char *text, const struct network *allowed, size_t count)
{
    unsigned char address[16];
    parse(text, address);
    return fetch_may_reach(address, allowed, count);
}

static void expect_all(const char *const *texts, size_t count, bool expected)
{
    for (size_t i = 0; i < count; i++)
        if (may(texts[i], NULL, 0) != expected)
            fail_msg("%s: expected %d", texts[i], expected);
}

static void test_public_addresses_may_be_reached(void **state)
{
    (void)state;
    static const char *const addresses[] = {
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "93.184.216.34",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.0.3.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450:4001::200e",
        "2001:200::1",
        "2001:db7::1",
        "2001:db9::1",
        "2003::1",
        "3ffe:ffff::1",
        "2620:4f:8000::1",
    };
    expect_all(addresses, COUNT(addresses), true);
}

static void test_special_ipv4_addresses_may_not_be_reached(void **state)
{
    (void)state;
    static const char *const addresses[] = {
        "0.0.0.0",         "0.255.255.255",   "10.0.0.0",        "10.255.255.255",  "100.64.0.0",
        "100.127.255.255", "127.0.0.1",       "127.255.255.255", "169.254.169.254", "172.16.0.0",
        "172.31.255.255",  "192.0.0.1",       "192.0.2.1",       "192.88.99.1",     "192.168.0.1",
        "192.168.255.255", "198.18.0.1",      "198.19.255.255",  "198.51.100.1",    "203.0.113.1",
        "224.0.0.1",       "239.255.255.255", "240.0.0.1",       "255.255.255.255",
    };
    expect_all(addresses, COUNT(addresses), false);
}

static void test_special_ipv6_addresses_may_not_be_reached(void **state)
{
    (void)state;
    static const char *const addresses[] = {
        "::",      "::1",         "::10.0.0.1", "64:ff9b:1::1",     "100::1",
        "2001::1", "2001:2::1",   "2001:10::1", "2001:1ff:ffff::1", "2001:db8::1",
        "3fff::1", "3fff:fff::1", "5f00::1",    "fc00::1",          "fdff::1",
        "fe80::1", "fec0::1",     "ff02::1",    "4000::1",          "1fff::1",
    };
    expect_all(addresses, COUNT(addresses), false);
}

static void test_embedded_ipv4_addresses_are_what_counts(void **state)
{
    (void)state;
    static const char *const private[] = {
        "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254",
        "2002:a00:1::1",   "2002:7f00:1::",    "2002:c0a8:101::1",
    };
    static const char *const public[] = {"::ffff:93.184.216.34", "64:ff9b::93.184.216.34",
                                         "2002:5db8:d822::1"};
    expect_all(private, COUNT(private), false);
    expect_all(public, COUNT(public), true);
}

static struct network network(const char *text, unsigned prefix_bits)
{
    struct network network = {.prefix_bits = strchr(text, ':') ? prefix_bits : 96 + prefix_bits};
    parse(text, network.address);
    return network;
}

static void test_allowed_networks_may_be_reached(void **state)
{
    (void)state;
    const struct network allowed[] = {network("10.1.2.0", 23), network("fd12::", 16),
                                      network("127.0.0.2", 32)};
    assert_true(may("10.1.2.0", allowed, COUNT(allowed)));
    assert_true(may("10.1.3.255", allowed, COUNT(allowed)));
    assert_true(may("64:ff9b::10.1.2.7", allowed, COUNT(allowed)));
    assert_true(may("fd12:ffff::1", allowed, COUNT(allowed)));
    assert_true(may("127.0.0.2", allowed, COUNT(allowed)));
    assert_false(may("10.1.4.0", allowed, COUNT(allowed)));
    assert_false(may("10.1.1.255", allowed, COUNT(allowed)));
    assert_false(may("fd13::1", allowed, COUNT(allowed)));
    assert_false(may("127.0.0.3", allowed, COUNT(allowed)));
}

static void test_a_network_of_no_bits_allows_everything(void **state)
{
    (void)state;
    const struct network all = {.prefix_bits = 0};
    assert_true(may("127.0.0.1", &all, 1));
    assert_true(may("ff02::1", &all, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_public_addresses_may_be_reached),
        cmocka_unit_test(test_special_ipv4_addresses_may_not_be_reached),
        cmocka_unit_test(test_special_ipv6_addresses_may_not_be_reached),
        cmocka_unit_test(test_embedded_ipv4_addresses_are_what_counts),
        cmocka_unit_test(test_allowed_networks_may_be_reached),
        cmocka_unit_test(test_a_network_of_no_bits_allows_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
