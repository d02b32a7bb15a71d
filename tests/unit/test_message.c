#include "milter/message.h"

#include "core/config.h"
#include "milter/socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

static struct message message;

static int init(void **state)
{
    (void)state;
    message_init(&message);
    message_reset(&message, 1u << 20);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    message_clear(&message);
    return 0;
}

static void assert_bytes(const char *expected)
{
    assert_int_equal(message.length, strlen(expected));
    assert_memory_equal(message.bytes, expected, message.length);
}

static void test_message_is_put_together_as_it_was_sent(void **state)
{
    (void)state;
    message_add_header(&message, "Subject", " one\n two\r\n\tthree");
    message_add_header(&message, "X-Tight", "value");
    message_add_header(&message, "X-Wide", "   value");
    message_add_header(&message, "X-Empty", "");
    message_end_headers(&message);
    message_add_body(&message, "body\r\n", 6);
    message_add_body(&message, "more\r\n", 6);
    assert_bytes("Subject: one\r\n two\r\n\tthree\r\nX-Tight: value\r\nX-Wide:   value\r\n"
                 "X-Empty:\r\n\r\nbody\r\nmore\r\n");
}

static void test_bytes_over_the_limit_are_left_out(void **state)
{
    (void)state;
    message_reset(&message, 10);
    message_add_body(&message, "0123456", 7);
    assert_false(message.truncated);
    message_add_body(&message, "789abc", 6);
    message_add_body(&message, "def", 3);
    assert_bytes("0123456789");
    assert_true(message.truncated);
}

static void test_a_large_message_grows_and_is_given_back(void **state)
{
    (void)state;
    char chunk[1000];
    memset(chunk, 'x', sizeof chunk);
    for (int i = 0; i < 1000; i++)
        message_add_body(&message, chunk, sizeof chunk);
    assert_int_equal(message.length, 1000000);
    message_reset(&message, 10);
    assert_int_equal(message.room, 0);
    assert_int_equal(message.length, 0);
}

static void test_addresses_lose_their_brackets(void **state)
{
    (void)state;
    message_set_sender(&message, "<ann@sender.test>");
    assert_true(span_equal(message.envelope.sender, SPAN("ann@sender.test")));
    message_set_sender(&message, "<>");
    assert_int_equal(message.envelope.sender.length, 0);
    assert_true(message.envelope.known);
    assert_string_equal(message_recipients(&message), "");
    message_add_recipient(&message, "<bob@box.test>");
    message_add_recipient(&message, "eve@box.test");
    message_add_recipient(&message, "<BOB@Box.Test>");
    message_add_recipient(&message, "bob@box.test");
    assert_string_equal(message_recipients(&message), "bob@box.test,eve@box.test");
}

static void test_inbound_copies_of_our_headers_are_counted_in_any_case(void **state)
{
    (void)state;
    message_add_header(&message, "X-Weir-Id", " 1");
    message_add_header(&message, "x-spam-FLAG", " NO");
    message_add_header(&message, "X-WEIR-ID", " 2");
    message_add_header(&message, "X-Spam-Flag", " NO");
    message_add_header(&message, "X-Weir-Made-Up", " 1");
    message_add_header(&message, "X-Spam-Report", " theirs");
    message_add_header(&message, "Subject", " x");
    assert_int_equal(message.forged_count, 3);
    assert_string_equal(message.forged[0].name, "X-Weir-Id");
    assert_int_equal(message.forged[0].count, 2);
    assert_int_equal(message.forged[1].count, 2);
    assert_int_equal(message.forged[2].count, 1);
}

static void test_forged_headers_beyond_number_are_bounded(void **state)
{
    (void)state;
    char name[40];
    for (int i = 0; i < 5000; i++) {
        message_add_header(&message, "X-Spam-Flag", "");
        snprintf(name, sizeof name, "X-Weir-%d", i);
        message_add_header(&message, name, "");
    }
    assert_int_equal(message.forged[0].count, 1000);
    assert_int_equal(message.forged_count, 1 + 64);
}

static size_t copies_counted(const char *name)
{
    for (size_t i = 0; i < message.forged_count; i++) {
        if (strcasecmp(message.forged[i].name, name) == 0)
            return message.forged[i].count;
    }
    return 0;
}

static void test_made_up_names_leave_room_for_those_that_we_write(void **state)
{
    (void)state;
    static const char *const names[] = {"X-Weir-Id",     "x-weir-verdict", "X-SPAM-FLAG",
                                        "X-Spam-Status", "X-Spam-Score",   "X-Spam-Level"};
    char name[40];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "X-Weir-%d", i);
        message_add_header(&message, name, "");
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        message_add_header(&message, names[i], " forged");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(copies_counted(names[i]), 1);
}

static void test_a_reset_forgets_the_last_message(void **state)
{
    (void)state;
    message_set_sender(&message, "<ann@sender.test>");
    message_add_recipient(&message, "<bob@box.test>");
    message_add_header(&message, "X-Spam-Flag", " YES");
    message.envelope.internal = true;
    message_reset(&message, 100);
    assert_int_equal(message.length, 0);
    assert_int_equal(message.forged_count, 0);
    assert_int_equal(message.envelope.recipient_count, 0);
    assert_false(message.envelope.known);
    assert_false(message.envelope.internal);
}

static void test_sockets_are_put_into_libmilters_words(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"inet:127.0.0.1:8891", "inet:8891@127.0.0.1"},
        {"inet6:[::1]:8891", "inet6:8891@::1"},
        {"inet6:::1:8891", "inet6:8891@::1"},
        {"inet:8891@127.0.0.1", "inet:8891@127.0.0.1"},
        {"inet:8891", "inet:8891"},
        {"unix:/run/weir/milter.sock", "unix:/run/weir/milter.sock"},
        {"local:/run/weir/milter.sock", "local:/run/weir/milter.sock"},
        {"/run/weir/milter.sock", "unix:/run/weir/milter.sock"},
    };
    char result[64];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(socket_for_libmilter(cases[i][0], result, sizeof result));
        assert_string_equal(result, cases[i][1]);
    }
    assert_false(socket_for_libmilter("inet:127.0.0.1:8891", result, 10));
}

static void test_results_from_outside_under_a_trusted_name_are_counted(void **state)
{
    (void)state;
    char id[] = "mx.example.org", *ids[] = {id};
    struct config config = {.identities.trusted_authserv_ids = ids,
                            .identities.trusted_authserv_id_count = 1};
    message.config = &config;
    message_add_header(&message, "Authentication-Results", " mx.example.org; dkim=pass");
    message_add_header(&message, "RECEIVED", " from a by b");
    message_add_header(&message, "Authentication-Results", " elsewhere.example; dkim=pass");
    message_add_header(&message, "authentication-results", " (x)\n\t MX.example.org broken ((");
    message_add_header(&message, "Authentication-Results", " \"mx.example.org\"; none");
    assert_int_equal(message.forged_result_count, 2);
    assert_int_equal(message.forged_results[0], 3);
    assert_int_equal(message.forged_results[1], 4);
    assert_int_equal(message.forged_count, 0);
    message_reset(&message, 1u << 20);
    message.config = &config;
    message_add_header(&message, "Authentication-Results", " mx.example.org; dkim=pass");
    assert_int_equal(message.forged_result_count, 0);
}

static void test_results_of_our_own_and_where_no_name_is_trusted_stay(void **state)
{
    (void)state;
    struct config config = {.gateway = NULL};
    message.config = &config;
    message_add_header(&message, "Received", " from a by b");
    message_add_header(&message, "Authentication-Results", " mx.example.org; dkim=pass");
    assert_int_equal(message.forged_result_count, 0);
    char id[] = "mx.example.org", *ids[] = {id};
    config.identities =
        (struct config_identities){.trusted_authserv_ids = ids, .trusted_authserv_id_count = 1};
    message.envelope.internal = true;
    message_add_header(&message, "Authentication-Results", " mx.example.org; dkim=pass");
    assert_int_equal(message.forged_result_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_message_is_put_together_as_it_was_sent, init, clear),
        cmocka_unit_test_setup_teardown(test_results_from_outside_under_a_trusted_name_are_counted,
                                        init, clear),
        cmocka_unit_test_setup_teardown(test_results_of_our_own_and_where_no_name_is_trusted_stay,
                                        init, clear),
        cmocka_unit_test_setup_teardown(test_bytes_over_the_limit_are_left_out, init, clear),
        cmocka_unit_test_setup_teardown(test_a_large_message_grows_and_is_given_back, init, clear),
        cmocka_unit_test_setup_teardown(test_addresses_lose_their_brackets, init, clear),
        cmocka_unit_test_setup_teardown(test_inbound_copies_of_our_headers_are_counted_in_any_case,
                                        init, clear),
        cmocka_unit_test_setup_teardown(test_forged_headers_beyond_number_are_bounded, init, clear),
        cmocka_unit_test_setup_teardown(test_made_up_names_leave_room_for_those_that_we_write, init,
                                        clear),
        cmocka_unit_test_setup_teardown(test_a_reset_forgets_the_last_message, init, clear),
        cmocka_unit_test(test_sockets_are_put_into_libmilters_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
