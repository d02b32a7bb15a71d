#include "feedfilter/server_target.h"

#include "core/server_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static char name[SERVER_NAME_LENGTH + 1];
#define TOKEN "0123456789abcdefABCDEF_-0123456z"

static enum server_target_kind kind_of(const char *target)
{
    const struct server_target read = server_target_read(target);
    memcpy(name, read.name, sizeof name);
    return read.kind;
}

static void test_feeds_and_held_items_have_their_names(void **state)
{
    (void)state;
    assert_int_equal(kind_of("/f/planet"), TARGET_FEED);
    assert_string_equal(name, "planet");
    assert_int_equal(kind_of("/q/a.B_c-9"), TARGET_HELD);
    assert_string_equal(name, "a.B_c-9");
}

static void test_health_has_no_name(void **state)
{
    (void)state;
    assert_int_equal(kind_of("/health"), TARGET_HEALTH);
    assert_int_equal(kind_of("/health/x"), TARGET_UNKNOWN);
}

static void test_escapes_are_undone_once(void **state)
{
    (void)state;
    assert_int_equal(kind_of("/f/%70lan%65%74"), TARGET_FEED);
    assert_string_equal(name, "planet");
    assert_int_equal(kind_of("/f/%2570"), TARGET_UNKNOWN);
}

static void test_queries_and_fragments_are_passed_over(void **state)
{
    (void)state;
    assert_int_equal(kind_of("/f/planet?a=/b"), TARGET_FEED);
    assert_string_equal(name, "planet");
    assert_int_equal(kind_of("/health#x"), TARGET_HEALTH);
}

static void test_an_absolute_target_is_its_path(void **state)
{
    (void)state;
    assert_int_equal(kind_of("http://weir.test:8092/f/planet"), TARGET_FEED);
    assert_string_equal(name, "planet");
    assert_int_equal(kind_of("HTTPS://weir.test/health"), TARGET_HEALTH);
    assert_int_equal(kind_of("http://weir.test"), TARGET_UNKNOWN);
    assert_int_equal(kind_of("http:/f/planet"), TARGET_UNKNOWN);
}

static void test_other_targets_are_unknown(void **state)
{
    (void)state;
    static const char *const targets[] = {
        "",          "/",        "*",           "/f",        "/f/",     "/F/x",  "/g/x",
        "f/x",       "//f/x",    "/f//x",       "/f/x/",     "/f/../x", "/f/..", "/f/.",
        "/f/%2e%2e", "/f/%2E",   "/f/a%2fb",    "/f/a%00",   "/f/%",    "/f/%4", "/f/%zz",
        "/f/a b",    "/f/a%20b", "/f/\xc3\xa4", "/f/%c3%a4", "/f/a;b",  "/f/?x", "weir.test:8092"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        assert_int_equal(kind_of(targets[i]), TARGET_UNKNOWN);
}

static void test_a_token_stands_before_what_is_a_readers_own(void **state)
{
    (void)state;
    static const char *const unknown[] = {"/r/" TOKEN,
                                          "/r/" TOKEN "/health",
                                          "/r/" TOKEN "/metrics",
                                          "/r/" TOKEN "x/opml",
                                          "/r/" TOKEN "/r/" TOKEN "/opml",
                                          "/r//opml",
                                          "/r/short/f/x",
                                          "/r/0123456789abcdefABCDEF_-0123456%7a/opml",
                                          "/R/" TOKEN "/opml"};
    const struct server_target feed = server_target_read("/r/" TOKEN "/f/planet");
    assert_int_equal(feed.kind, TARGET_FEED);
    assert_string_equal(feed.token, TOKEN);
    assert_string_equal(feed.name, "planet");
    assert_int_equal(server_target_read("/r/" TOKEN "/q/planet").kind, TARGET_HELD);
    assert_int_equal(server_target_read("/r/" TOKEN "/opml").kind, TARGET_OPML);
    assert_int_equal(server_target_read("/opml").kind, TARGET_OPML);
    assert_string_equal(server_target_read("/opml").token, "");
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_int_equal(server_target_read(unknown[i]).kind, TARGET_UNKNOWN);
}

static void test_no_token_is_logged(void **state)
{
    (void)state;
    static const char *const targets[][2] = {{"/r/" TOKEN "/f/planet?x", "/r/-/f/planet"},
                                             {"http://weir.test/r/" TOKEN "/opml", "/r/-/opml"},
                                             {"/R/" TOKEN, "/R/-"},
                                             {"//r/" TOKEN "/f/x", "//r/-/f/x"},
                                             {"/%72/" TOKEN "/f/x", "/%72/-/f/x"},
                                             {"/r%2f" TOKEN "/f/x", "/-/f/x"},
                                             {"/r/r/" TOKEN "/f/x", "/r/r/-/f/x"},
                                             {TOKEN, "-"},
                                             {"/w/planet/t0ken?hub.mode=x", "/w/planet"},
                                             {"/f/" TOKEN, "/f/" TOKEN},
                                             {"/f/planet", "/f/planet"}};
    char text[60], cut[6];
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        server_target_to_log(targets[i][0], text, sizeof text);
        assert_string_equal(text, targets[i][1]);
    }
    server_target_to_log("/r/" TOKEN "/f/planet", cut, sizeof cut);
    assert_string_equal(cut, "/r/-/");
}

static void test_names_have_at_most_64_characters(void **state)
{
    (void)state;
    char target[80] = "/f/";
    memset(target + 3, 'a', 64);
    assert_int_equal(kind_of(target), TARGET_FEED);
    assert_int_equal(strlen(name), 64);
    target[3 + 64] = 'a';
    assert_int_equal(kind_of(target), TARGET_UNKNOWN);
}

static void test_addresses_of_both_families_are_read(void **state)
{
    (void)state;
    struct server_address address;
    assert_true(server_address_read("127.0.0.1:8092", &address, NULL));
    const struct sockaddr_in *four = (const struct sockaddr_in *)&address.socket;
    assert_int_equal(four->sin_family, AF_INET);
    assert_int_equal(ntohs(four->sin_port), 8092);
    assert_int_equal(ntohl(four->sin_addr.s_addr), INADDR_LOOPBACK);
    assert_true(server_address_read("[::1]:0", &address, NULL));
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&address.socket;
    assert_int_equal(six->sin6_family, AF_INET6);
    assert_memory_equal(&six->sin6_addr, &in6addr_loopback, sizeof in6addr_loopback);
}

static void test_what_is_no_address_is_refused_by_name(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",      ":80",   "127.0.0.1",      "127.0.0.1:",      "localhost:80",   "::1:80",
        "[::1]", "[]:80", "127.0.0.1:http", "127.0.0.1:99999", "[127.0.0.1]:80", "300.1.1.1:80"};
    struct server_address address;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct error error = {0};
        assert_false(server_address_read(texts[i], &address, &error));
        assert_int_equal(error.class, ERROR_INPUT);
        assert_ptr_equal(strstr(error.message, texts[i]), error.message);
    }
}

static void test_where_a_hub_calls_back(void **state)
{
    (void)state;
    char token[SERVER_NAME_LENGTH + 1];
    assert_int_equal(kind_of("/w/planet/0123abcd?hub.mode=x"), TARGET_HUB);
    assert_true(server_target_read_hub("/w/pl%61net/0123abcd?hub.mode=x", name, token));
    assert_string_equal(name, "planet");
    assert_string_equal(token, "0123abcd");
    assert_int_equal(kind_of("/w/planet"), TARGET_UNKNOWN);
    assert_int_equal(kind_of("/w/planet/"), TARGET_UNKNOWN);
    assert_int_equal(kind_of("/w//token"), TARGET_UNKNOWN);
    assert_int_equal(kind_of("/w/planet/token/x"), TARGET_UNKNOWN);
    assert_int_equal(kind_of("/w/../token"), TARGET_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_a_hub_calls_back),
        cmocka_unit_test(test_feeds_and_held_items_have_their_names),
        cmocka_unit_test(test_health_has_no_name),
        cmocka_unit_test(test_escapes_are_undone_once),
        cmocka_unit_test(test_queries_and_fragments_are_passed_over),
        cmocka_unit_test(test_an_absolute_target_is_its_path),
        cmocka_unit_test(test_other_targets_are_unknown),
        cmocka_unit_test(test_a_token_stands_before_what_is_a_readers_own),
        cmocka_unit_test(test_no_token_is_logged),
        cmocka_unit_test(test_names_have_at_most_64_characters),
        cmocka_unit_test(test_addresses_of_both_families_are_read),
        cmocka_unit_test(test_what_is_no_address_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
