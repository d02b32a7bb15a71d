#include "core/document.h"
#include "store/lesson.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static void test_identity_is_kept_once_in_lower_case(void **state)
{
    (void)state;
    struct document *document = document_new(CHANNEL_MAIL);
    document_add_identity(document, IDENTITY_HELO, SPAN("Mail.Example.ORG"));
    document_add_identity(document, IDENTITY_HELO, SPAN("mail.example.org"));
    document_add_identity(document, IDENTITY_FROM_DOMAIN, SPAN("mail.example.org"));
    assert_int_equal(document->identity_count, 2);
    assert_true(span_equal(document->identities[0].value, SPAN("mail.example.org")));
    document_free(document);
}

static void test_long_identity_is_hashed(void **state)
{
    (void)state;
    struct document *document = document_new(CHANNEL_FEED);
    char value[IDENTITY_VALUE_MAX + 1];
    memset(value, 'a', sizeof value);
    document_add_identity(document, IDENTITY_AUTHOR, (struct span){value, sizeof value});
    assert_int_equal(document->identities[0].value.length, 5 + 32);
    assert_memory_equal(document->identities[0].value.data, "hash:", 5);
    document_free(document);
}

static void test_identities_are_bounded(void **state)
{
    (void)state;
    struct document *document = document_new(CHANNEL_MAIL);
    for (int i = 0; i < 1000; i++) {
        char value[16];
        snprintf(value, sizeof value, "host%d", i);
        document_add_identity(document, IDENTITY_LINK_HOST,
                              arena_copy(document->arena, span_of(value)));
    }
    assert_int_equal(document->identity_count, LESSON_IDENTITIES_MAX);
    document_free(document);
}

static void test_header_is_found_in_any_case(void **state)
{
    (void)state;
    struct document *document = document_new(CHANNEL_MAIL);
    struct header header = {SPAN("Message-ID"), SPAN("<1@example.org>")};
    document->headers = &header;
    document->header_count = 1;
    assert_ptr_equal(document_header(document, "message-id"), &header);
    assert_null(document_header(document, "Subject"));
    document_free(document);
}

static void test_id_hex_has_leading_zeros(void **state)
{
    (void)state;
    unsigned char id[DOCUMENT_ID_BYTES] = {0x00, 0x0a, [15] = 0xff};
    char hex[DOCUMENT_ID_HEX];
    document_id_hex(id, hex);
    assert_string_equal(hex, "000a00000000000000000000000000ff");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity_is_kept_once_in_lower_case),
        cmocka_unit_test(test_long_identity_is_hashed),
        cmocka_unit_test(test_identities_are_bounded),
        cmocka_unit_test(test_header_is_found_in_any_case),
        cmocka_unit_test(test_id_hex_has_leading_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
