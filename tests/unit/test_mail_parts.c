#include "core/mail_parts.h"

#include "tests/unit/mail_reading.h"

#include <stdio.h>
#include <stdlib.h>

static void test_missing_type_is_text(void **state)
{
    (void)state;
    READ("Subject: x\n\nplain");
    assert_int_equal(document->part_count, 1);
    assert_true(document->parts[0].is_text);
    assert_false(document->parts[0].attachment);
    assert_span(body(0), "plain");
}

static void test_broken_type_is_text(void **state)
{
    (void)state;
    READ("Content-Type: ;;;\n\nplain");
    assert_true(document->parts[0].is_text);
    assert_span(body(0), "plain");
}

static void test_declared_charset_is_read(void **state)
{
    (void)state;
    READ("Content-Type: text/plain; charset=\"GB2312\"\n\n\xb7\xa2\xc6\xb1");
    assert_span(body(0), "发票");
    assert_span(document->parts[0].charset, "GB2312");
}

static void test_broken_charset_name_is_survived(void **state)
{
    (void)state;
    READ("Content-Type: text/plain; charset=\"%n\xff//IGNORE\"\n\n\xd6\xd0\xb9\xfa");
    assert_span(body(0), "中国");
}

static void test_transfer_encodings_are_decoded(void **state)
{
    (void)state;
    READ("Content-Transfer-Encoding: BASE64\n\naGVs\r\nbG8=\n");
    assert_span(body(0), "hello");
    assert_span(document->parts[0].encoding, "base64");
    READ("Content-Transfer-Encoding: quoted-printable\n\nhe=6C=\nlo");
    assert_span(body(0), "hello");
    READ("Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a.txt\n%:&5L;&\\`\n`\nend\n");
    assert_span(body(0), "hello");
}

static void test_base64_garbage_is_survived(void **state)
{
    (void)state;
    READ("Content-Transfer-Encoding: base64\n\n\x01\xff\xfe%%aGVs\nbG8=!!==");
    assert_true(bodies() <= 1);
}

static void test_html_becomes_text_and_links(void **state)
{
    (void)state;
    READ("Content-Type: text/html\n\n<p>Hi <a href=\"http://example.org/x\">there</a></p>");
    assert_int_equal(bodies(), 1);
    assert_true(document->texts[document->text_count - 1].from_html);
    assert_non_null(memmem(body(0).data, body(0).length, "Hi there", 8));
    assert_int_equal(document->link_count, 1);
    assert_span(document->links[0].host, "example.org");
}

static void test_html_charset_in_meta_is_read(void **state)
{
    (void)state;
    READ("Content-Type: text/html\n\n<meta charset=\"koi8-r\"><p>\xd0\xd2\xc9\xd7\xc5\xd4</p>");
    assert_non_null(memmem(body(0).data, body(0).length, "привет", 12));
}

static void test_addresses_in_plain_text_are_links(void **state)
{
    (void)state;
    READ("Subject: http://subject.example/\n\nsee http://example.org/a, or www.example.net.");
    assert_int_equal(document->link_count, 2);
    assert_span(document->links[0].host, "example.org");
    assert_false(document->links[0].from_html);
    assert_span(document->links[1].host, "www.example.net");
}

static void test_alternative_gives_both_texts(void **state)
{
    (void)state;
    READ("Content-Type: multipart/alternative; boundary=\"=_b\"\r\n\r\npreamble\r\n"
         "--=_b\r\nContent-Type: text/plain\r\n\r\nplain\r\n"
         "--=_b\r\nContent-Type: text/html\r\n\r\n<p>html</p>\r\n--=_b--\r\nepilogue");
    assert_int_equal(document->part_count, 2);
    assert_int_equal(bodies(), 2);
    assert_span(body(0), "plain");
}

static void test_line_that_only_starts_like_a_boundary_is_text(void **state)
{
    (void)state;
    READ("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--bb\n --b\ntwo\n--b  \n\n"
         "three\n--b--\n");
    assert_int_equal(bodies(), 2);
    assert_span(body(0), "one\n--bb\n --b\ntwo");
    assert_span(body(1), "three");
}

static void test_nested_multiparts_are_walked(void **state)
{
    (void)state;
    READ("Content-Type: multipart/mixed; boundary=a\n\n--a\n"
         "Content-Type: multipart/alternative; boundary=ab\n\n--ab\n\none\n--ab\n\ntwo\n--a\n\n"
         "three\n--a--\n");
    assert_int_equal(bodies(), 3);
    assert_span(body(1), "two");
    assert_span(body(2), "three");
}

static void test_unterminated_multipart_is_read_to_its_end(void **state)
{
    (void)state;
    READ("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nlast");
    assert_int_equal(document->part_count, 1);
    assert_span(body(0), "last");
}

static void test_multipart_without_its_boundary_is_text(void **state)
{
    (void)state;
    READ("Content-Type: multipart/mixed; boundary=b\n\nno parts here");
    assert_span(body(0), "no parts here");
    READ("Content-Type: multipart/mixed\n\n--b\n\nno boundary declared");
    assert_int_equal(bodies(), 1);
}

static void test_message_in_the_message_is_walked(void **state)
{
    (void)state;
    READ("Content-Type: message/rfc822\n\nSubject: inner\nContent-Type: text/plain\n\nhello");
    assert_int_equal(document->part_count, 1);
    assert_span(body(0), "hello");
    assert_null(document_header(document, "Subject"));
}

static void test_member_of_a_digest_is_a_message(void **state)
{
    (void)state;
    READ("Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: inner\n"
         "Content-Transfer-Encoding: base64\n\naGVsbG8=\n--b--\n");
    assert_span(body(0), "hello");
}

static void test_encoded_message_in_the_message_is_walked(void **state)
{
    (void)state;
    READ("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
         "U3ViamVjdDogeAoKaGVsbG8=\n");
    assert_span(body(0), "hello");
}

static void test_attachment_has_name_size_and_hash(void **state)
{
    (void)state;
    READ("Content-Type: multipart/mixed; boundary=b\n\n--b\n"
         "Content-Type: Application/PDF\nContent-Transfer-Encoding: base64\n"
         "Content-Disposition: attachment; filename*=utf-8''%E5%8F%91%E7%A5%A8.pdf\n\naGVsbG8=\n"
         "--b\nContent-Type: application/pdf; name=\"=?utf-8?B?5Y+R56Wo?=\"\n\nhello\n--b--\n");
    assert_int_equal(document->part_count, 2);
    const struct part *first = &document->parts[0], *second = &document->parts[1];
    assert_span(first->type, "application/pdf");
    assert_span(first->file_name, "发票.pdf");
    assert_true(first->attachment);
    assert_false(first->is_text);
    assert_int_equal(first->size_bytes, 5);
    assert_span(second->file_name, "发票");
    assert_memory_equal(first->hash, second->hash, sizeof first->hash);
    assert_int_equal(bodies(), 0);
}

static void test_attached_text_is_read_too(void **state)
{
    (void)state;
    READ("Content-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n\nhello");
    assert_true(document->parts[0].attachment);
    assert_true(document->parts[0].is_text);
    assert_span(body(0), "hello");
}

/* --- limits --- */

static void test_deep_nesting_ends_at_a_limit(void **state)
{
    (void)state;
    char *message = repeated("", "Content-Type: multipart/mixed; boundary=b\n\n--b\n", 10000, "x");
    read_string(message);
    assert_true(document->part_count <= 200);
    free(message);
    char nested[8000], *at = nested;
    for (int i = 0; i < 100; i++)
        at += sprintf(at, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
    read_string(nested);
    assert_true(document->truncated);
    assert_int_equal(document->part_count, 1);
    char *messages = repeated("", "Content-Type: message/rfc822\n\n", 5000, "Subject: x\n\nhello");
    read_string(messages);
    assert_true(document->truncated);
    assert_int_equal(document->part_count, 1);
    free(messages);
}

static void test_parts_end_at_a_limit(void **state)
{
    (void)state;
    char *message =
        repeated("Content-Type: multipart/mixed; boundary=b\n\n", "--b\n\nx\n", 1000, "");
    read_string(message);
    assert_true(document->truncated);
    assert_int_equal(document->part_count, 199);
    free(message);
}

static void test_two_hundred_parts_are_not_too_many(void **state)
{
    (void)state;
    char *message =
        repeated("Content-Type: multipart/mixed; boundary=b\n\n", "--b\n\nx\n", 199, "--b--\n");
    read_string(message);
    assert_false(document->truncated);
    assert_int_equal(document->part_count, 199);
    free(message);
}

static void test_headers_end_at_a_limit_but_say_what_the_body_is(void **state)
{
    (void)state;
    char *message = repeated("", "X-A: b\n", 5000, "Content-Transfer-Encoding: base64\n\naGVsbG8=");
    read_string(message);
    assert_true(document->truncated);
    assert_int_equal(document->header_count, 1000);
    assert_span(body(0), "hello");
    free(message);
}

static void test_long_header_is_cut_at_a_mebibyte(void **state)
{
    (void)state;
    char *message = repeated("Subject: ", "x\n ", 700000, "\n\nbody");
    read_string(message);
    assert_true(document->truncated);
    assert_in_range(document->subject.length, 500000, 1024 * 1024);
    assert_span(body(0), "body");
    free(message);
}

static void test_text_of_a_part_is_cut_at_two_mebibytes(void **state)
{
    (void)state;
    char *message = repeated("Subject: x\n\n", "0123456789abcde\n", 200000, "");
    read_string(message);
    assert_true(document->truncated);
    assert_int_equal(body(0).length, 2 * 1024 * 1024);
    free(message);
}

static void test_text_over_all_is_cut_at_four_mebibytes(void **state)
{
    (void)state;
    char *part = repeated("--b\n\n", "0123456789abcde\n", 100000, "");
    char *message = repeated("Content-Type: multipart/mixed; boundary=b\n\n", part, 4, "");
    read_string(message);
    assert_true(document->truncated);
    size_t total = 0;
    for (size_t i = 0; i < bodies(); i++)
        total += body(i).length;
    assert_int_equal(total, 4 * 1024 * 1024);
    free(message);
    free(part);
}

static void test_links_of_plain_text_end_at_two_hundred(void **state)
{
    (void)state;
    char *message = repeated("Subject: x\n\n", "http://example.org/ ", 300, "");
    read_string(message);
    assert_int_equal(document->link_count, 200);
    free(message);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, mail_set_up, mail_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_missing_type_is_text),
        CASE(test_broken_type_is_text),
        CASE(test_declared_charset_is_read),
        CASE(test_broken_charset_name_is_survived),
        CASE(test_transfer_encodings_are_decoded),
        CASE(test_base64_garbage_is_survived),
        CASE(test_html_becomes_text_and_links),
        CASE(test_html_charset_in_meta_is_read),
        CASE(test_addresses_in_plain_text_are_links),
        CASE(test_alternative_gives_both_texts),
        CASE(test_line_that_only_starts_like_a_boundary_is_text),
        CASE(test_nested_multiparts_are_walked),
        CASE(test_unterminated_multipart_is_read_to_its_end),
        CASE(test_multipart_without_its_boundary_is_text),
        CASE(test_message_in_the_message_is_walked),
        CASE(test_member_of_a_digest_is_a_message),
        CASE(test_encoded_message_in_the_message_is_walked),
        CASE(test_attachment_has_name_size_and_hash),
        CASE(test_attached_text_is_read_too),
        CASE(test_deep_nesting_ends_at_a_limit),
        CASE(test_parts_end_at_a_limit),
        CASE(test_two_hundred_parts_are_not_too_many),
        CASE(test_headers_end_at_a_limit_but_say_what_the_body_is),
        CASE(test_long_header_is_cut_at_a_mebibyte),
        CASE(test_text_of_a_part_is_cut_at_two_mebibytes),
        CASE(test_text_over_all_is_cut_at_four_mebibytes),
        CASE(test_links_of_plain_text_end_at_two_hundred),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
