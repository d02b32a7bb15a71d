#include "core/recipient.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_what_can_be_written_to_has_one_form(void **state)
{
    static const char *const cases[][2] = {
        {"bob@box.test", "bob@box.test"},
        {"Bob.O'Neill+lists@Box.Test", "bob.o'neill+lists@box.test"},
        {"\"bob, eve\"@box.test", "\"bob, eve\"@box.test"},
        {"\"a\\\"b\"@box.test", "\"a\\\"b\"@box.test"},
        {"\"a@b\"@box.test", "\"a@b\"@box.test"},
        {"-f@box.test", "-f@box.test"},
        {"Bob@B\xc3\x96x.test", "bob@xn--bx-fka.test"},
    };
    char normal[RECIPIENT_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(recipient_normal(cases[i][0], strlen(cases[i][0]), normal));
        assert_string_equal(normal, cases[i][1]);
    }
}

static void test_hostile_text_is_none(void **state)
{
    static const char *const cases[] = {
        "",
        "bob",
        "@box.test",
        "bob@",
        "bob@box.test\r\nBcc: eve@box.test",
        "bob\n@box.test",
        "\"a\r\nBcc: eve@box.test\"@box.test",
        "bob box@box.test",
        "bob@box..test",
        "bob@-box.test",
        "bob@box.test-",
        "bob..x@box.test",
        ".bob@box.test",
        "bob@[127.0.0.1]",
        "<bob@box.test>",
        "bob(x)@box.test",
        "bob,eve@box.test",
        "a:b;@box.test",
        "\"a\"b\"@box.test",
        "\"a\\\"@box.test",
        "b\xc3\xb6@box.test",
        "bob@b\xc3\xb6 x.test",
        "bob@box.test\x7f",
    };
    char normal[RECIPIENT_MAX + 1], longest[RECIPIENT_MAX + 2];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (recipient_normal(cases[i], strlen(cases[i]), normal))
            fail_msg("\"%s\" was taken", cases[i]);
    assert_false(recipient_normal("bob@box.test\0", 13, normal));
    memset(longest, 'a', sizeof longest);
    memcpy(longest + sizeof longest - 9, "@box.test", 9);
    assert_false(recipient_normal(longest, sizeof longest, normal));
    assert_true(recipient_normal(longest + 1, RECIPIENT_MAX, normal));
}

static void test_who_is_alone_and_who_is_among_them(void **state)
{
    (void)state;
    assert_true(recipient_is_alone("Bob@box.test", "bob@box.test"));
    assert_false(recipient_is_alone("bob@box.test,eve@box.test", "bob@box.test"));
    assert_true(recipient_is_alone("Bob@box.test,BOB@Box.Test,bob@box.test", "bob@box.test"));
    assert_false(recipient_is_alone("bob@box.test,", "bob@box.test"));
    assert_false(recipient_is_alone(",bob@box.test", "bob@box.test"));
    assert_false(recipient_is_alone("", "bob@box.test"));
    assert_false(recipient_is_alone("eve@box.test", "bob@box.test"));
    assert_false(recipient_is_alone("\"x,bob@box.test\"@box.test", "bob@box.test"));
    assert_true(recipient_is_among("eve@box.test,BOB@box.test", "bob@box.test"));
    assert_false(recipient_is_among("\"x,bob@box.test\"@box.test", "bob@box.test"));
    assert_false(recipient_is_among("", "bob@box.test"));
}

static void test_entries_are_addresses_or_domains(void **state)
{
    static const char *const cases[][2] = {{"Ann@Shop.Test", "ann@shop.test"},
                                           {"@Shop.Test", "shop.test"},
                                           {"shop.test", "shop.test"},
                                           {"M\xc3\xbcnchen.DE", "xn--mnchen-3ya.de"},
                                           {"@\xe4\xbe\x8b\xe3\x80\x82test", "xn--fsq.test"}};
    static const char *const bad[] = {"",
                                      "@",
                                      "shop",
                                      "a b.test",
                                      "x@",
                                      "@@shop.test",
                                      ".test",
                                      "shop.test\r\n",
                                      "*.test",
                                      "\xc3\xbcn",
                                      "j\xc3\xb6rg@shop.test"};
    char normal[RECIPIENT_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(recipient_entry_normal(cases[i][0], normal));
        assert_string_equal(normal, cases[i][1]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (recipient_entry_normal(bad[i], normal))
            fail_msg("\"%s\" was taken", bad[i]);
}

static void test_a_sender_is_known_by_the_domain_at_least(void **state)
{
    static const char *const cases[][2] = {{"Ann@Shop.Test", "ann@shop.test"},
                                           {"a..b@Shop.Test", "@shop.test"},
                                           {"j\xc3\xb6rg@b\xc3\xb6x.test", "@xn--bx-fka.test"}};
    char normal[RECIPIENT_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(recipient_sender_normal(cases[i][0], strlen(cases[i][0]), normal));
        assert_string_equal(normal, cases[i][1]);
    }
    assert_false(recipient_sender_normal("", 0, normal));
    assert_false(recipient_sender_normal("ann", 3, normal));
    assert_false(recipient_sender_normal("ann@", 4, normal));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_can_be_written_to_has_one_form),
        cmocka_unit_test(test_hostile_text_is_none),
        cmocka_unit_test(test_entries_are_addresses_or_domains),
        cmocka_unit_test(test_a_sender_is_known_by_the_domain_at_least),
        cmocka_unit_test(test_who_is_alone_and_who_is_among_them),
    };
    return cmocka_run_group_tests_name("recipient", tests, NULL, NULL);
}
