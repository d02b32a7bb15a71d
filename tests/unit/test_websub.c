#include "feedfilter/websub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sodium.h>

#define NOW 1700000000
#define DAY 86400
#define HUB SPAN("https://hub.example/")
#define TOPIC SPAN("https://blog.example/feed")
#define BASE SPAN("https://feeds.example.org")

static struct websub offered(void)
{
    struct websub websub = {0};
    assert_true(websub_offer(&websub, HUB, TOPIC, BASE, NOW));
    return websub;
}

static struct websub_query query(const char *mode, const char *lease)
{
    return (struct websub_query){span_of(mode), TOPIC, SPAN("challenge"), span_of(lease)};
}

/* Asked, answered, verified. */
static struct websub active(const char *lease)
{
    struct websub websub = offered();
    struct websub_query verify = query("subscribe", lease);
    websub.asking = true;
    websub_answered(&websub, 202, NOW);
    assert_int_equal(websub_verify(&websub, &verify, NOW), WEBSUB_CONFIRM);
    assert_int_equal(websub.state, WEBSUB_ACTIVE);
    return websub;
}

static void test_what_is_offered_is_asked_for_with_a_path_that_nobody_guesses(void **state)
{
    (void)state;
    struct websub websub = offered(), other = offered();
    assert_true(websub_is_due(&websub, NOW));
    assert_int_equal(strlen(websub.token), 32);
    assert_int_equal(strlen(websub.secret), 64);
    assert_string_not_equal(websub.token, other.token);
    assert_string_not_equal(websub.secret, other.secret);
    char *form = websub_form(&websub, "subscribe", "planet"), wanted[512];
    snprintf(wanted, sizeof wanted,
             "hub.mode=subscribe&hub.topic=https%%3A%%2F%%2Fblog.example%%2Ffeed&hub.callback="
             "https%%3A%%2F%%2Ffeeds.example.org%%2Fw%%2Fplanet%%2F%s&hub.secret=%s"
             "&hub.lease_seconds=864000",
             websub.token, websub.secret);
    assert_string_equal(form, wanted);
    assert_true(websub_is_token(&websub, websub.token));
    assert_false(websub_is_token(&websub, other.token));
    assert_false(websub_is_token(&websub, ""));
    free(form);
    websub_clear(&websub);
    websub_clear(&other);
}

static void test_nothing_is_asked_for_without_hub_or_callback(void **state)
{
    (void)state;
    struct websub websub = {0};
    struct span none = {NULL, 0};
    assert_false(websub_offer(&websub, none, TOPIC, BASE, NOW));
    assert_false(websub_offer(&websub, HUB, TOPIC, none, NOW));
    assert_false(websub_offer(&websub, SPAN("javascript:x"), TOPIC, BASE, NOW));
    assert_false(websub_offer(&websub, SPAN("https://hub.example/\r\nX: y"), TOPIC, BASE, NOW));
    assert_false(websub_is_due(&websub, NOW));
    assert_false(websub_is_token(&websub, websub.token));
}

static void test_another_hub_or_topic_begins_anew(void **state)
{
    (void)state;
    struct websub websub = active("864000");
    char token[WEBSUB_TOKEN_SIZE];
    strcpy(token, websub.token);
    assert_false(websub_offer(&websub, HUB, TOPIC, BASE, NOW));
    assert_int_equal(websub.state, WEBSUB_ACTIVE);
    assert_true(websub_offer(&websub, SPAN("https://other.example/"), TOPIC, BASE, NOW));
    assert_int_equal(websub.state, WEBSUB_DUE);
    assert_false(websub_is_token(&websub, token));
    assert_true(websub_offer(&websub, (struct span){NULL, 0}, TOPIC, BASE, NOW));
    assert_int_equal(websub.state, WEBSUB_NONE);
}

static void test_a_hub_that_never_verifies_is_asked_ever_more_seldom(void **state)
{
    (void)state;
    struct websub websub = offered();
    int64_t now = NOW;
    static const int64_t hours[] = {1, 2, 4, 8, 16, 24, 24};
    for (size_t i = 0; i < sizeof hours / sizeof *hours; i++) {
        websub.asking = true;
        assert_false(websub_answered(&websub, 202, now));
        assert_int_equal(websub.state, WEBSUB_ASKED);
        now = websub.ask_s;
        assert_false(websub_is_due(&websub, now)); /* its time is over */
        assert_int_equal(websub.ask_s - now, hours[i] * 3600);
        now = websub.ask_s;
        assert_true(websub_is_due(&websub, now));
    }
    websub_clear(&websub);
}

static void test_a_hub_that_refuses_is_told_of_once(void **state)
{
    (void)state;
    struct websub websub = offered();
    websub.asking = true;
    assert_true(websub_answered(&websub, 500, NOW));
    assert_false(websub_is_due(&websub, NOW + 3599));
    assert_true(websub_is_due(&websub, NOW + 3600));
    websub.asking = true;
    assert_false(websub_is_due(&websub, NOW + 3600));
    assert_false(websub_answered(&websub, 0, NOW + 3600));
    websub_clear(&websub);
}

static void test_only_what_was_asked_is_confirmed(void **state)
{
    (void)state;
    struct websub websub = offered();
    struct websub_query verify = query("subscribe", "1000");
    assert_int_equal(websub_verify(&websub, &verify, NOW), WEBSUB_UNKNOWN);
    websub.asking = true;
    verify.topic = SPAN("https://other.example/feed");
    assert_int_equal(websub_verify(&websub, &verify, NOW), WEBSUB_UNKNOWN);
    verify = query("unsubscribe", "1000");
    assert_int_equal(websub_verify(&websub, &verify, NOW), WEBSUB_UNKNOWN);
    verify = query("subscribe", "1000");
    verify.challenge = (struct span){NULL, 0};
    assert_int_equal(websub_verify(&websub, &verify, NOW), WEBSUB_UNKNOWN);
    verify = query("subscribe", "1000");
    assert_int_equal(websub_verify(&websub, &verify, NOW), WEBSUB_CONFIRM);
    assert_int_equal(websub.lease_s, NOW + 1000);
    websub_answered(&websub, 202, NOW); /* which came after it */
    assert_int_equal(websub.state, WEBSUB_ACTIVE);
    assert_int_equal(websub_verify(&websub, &verify, NOW), WEBSUB_UNKNOWN);
    websub_clear(&websub);
}

static void expect_renewal(const char *lease, int64_t after_s)
{
    struct websub websub = active(lease);
    assert_false(websub_is_due(&websub, NOW + after_s - 1));
    assert_true(websub_is_due(&websub, NOW + after_s));
    websub.asking = true;
    websub_answered(&websub, 202, NOW + after_s);
    assert_int_equal(websub.state, WEBSUB_ASKED);
    websub_clear(&websub);
}

static void test_a_lease_is_renewed_in_time_however_long_it_is(void **state)
{
    (void)state;
    expect_renewal("864000", 8 * DAY);
    expect_renewal("99999999999999999999999999", 8 * DAY);
    expect_renewal("-1", 8 * DAY);
    expect_renewal("", 8 * DAY);
    expect_renewal("100000", 80000);
    expect_renewal("1", 3600);
    expect_renewal("0", 3600);
}

static void test_a_hub_may_deny(void **state)
{
    (void)state;
    struct websub websub = active("864000");
    struct websub_query denial = query("denied", "");
    assert_int_equal(websub_verify(&websub, &denial, NOW), WEBSUB_ACKNOWLEDGE);
    assert_int_equal(websub.state, WEBSUB_DUE);
    assert_false(websub_is_due(&websub, NOW + DAY - 1));
    assert_true(websub_is_due(&websub, NOW + DAY));
    websub.asking = true;
    assert_int_equal(websub_verify(&websub, &denial, NOW + DAY), WEBSUB_ACKNOWLEDGE);
    websub_answered(&websub, 202, NOW + DAY); /* which came after it */
    assert_int_equal(websub.state, WEBSUB_DUE);
    assert_false(websub_is_due(&websub, NOW + 2 * DAY - 1));
    websub_clear(&websub);
}

static bool fits(const char *signature)
{
    struct websub websub = {0};
    strcpy(websub.secret, "key");
    struct websub_push *push = websub_push_new(&websub, signature);
    static const char text[] = "The quick brown fox jumps over the lazy dog";
    websub_push_take(push, text, 10);
    websub_push_take(push, text + 10, sizeof text - 1 - 10);
    bool does = websub_push_fits(push);
    websub_push_free(push);
    return does;
}

/* Computed with openssl dgst -hmac key. */
static void test_signatures_are_checked(void **state)
{
    (void)state;
    assert_true(fits("sha1=de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9"));
    assert_true(fits("sha1=DE7C9B85B8B78AA6BC8A7A36F70A90701C9DB4D9"));
    assert_true(fits("sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"));
    assert_true(fits("sha384="
                     "d7f4727e2c0b39ae0f1e40cc96f60242d5b7801841cea6fc592c5d3e1ae50700582a96cf35"
                     "e1e554995fe4e03381c237"));
    assert_true(fits("sha512="
                     "b42af09057bac1e2d41708e48a902e09b5ff7f12ab428a4fe86653c73dd248fb82f948a549"
                     "f7b791a5b41915ee4d1ec3935357e4e2317250d0372afa2ebeeb3a"));
    assert_false(fits(NULL));
    assert_false(fits(""));
    assert_false(fits("md5=80070713463e7749b90c2dc24911e275"));
    assert_false(fits("sha1="));
    assert_false(fits("sha1=de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d8"));
    assert_false(fits("sha1=de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9de"));
    assert_false(fits("sha256=de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9"));
}

static int start(void **state)
{
    (void)state;
    return sodium_init() < 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_offered_is_asked_for_with_a_path_that_nobody_guesses),
        cmocka_unit_test(test_nothing_is_asked_for_without_hub_or_callback),
        cmocka_unit_test(test_another_hub_or_topic_begins_anew),
        cmocka_unit_test(test_a_hub_that_never_verifies_is_asked_ever_more_seldom),
        cmocka_unit_test(test_a_hub_that_refuses_is_told_of_once),
        cmocka_unit_test(test_only_what_was_asked_is_confirmed),
        cmocka_unit_test(test_a_lease_is_renewed_in_time_however_long_it_is),
        cmocka_unit_test(test_a_hub_may_deny),
        cmocka_unit_test(test_signatures_are_checked),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
