#include "core/mail.h"

#include "tests/unit/mail_reading.h"

#include <stdio.h>
#include <stdlib.h>

static void test_headers_keep_order_and_names(void **state)
{
    (void)state;
    READ("X-One: 1\r\nx-TWO:2 \r\n\r\nbody");
    assert_int_equal(document->header_count, 2);
    assert_span(document->headers[0].name, "X-One");
    assert_span(document->headers[1].name, "x-TWO");
    assert_span(document->headers[1].value, "2");
}

static void test_folded_header_is_unfolded(void **state)
{
    (void)state;
    READ("Subject: one\r\n two\n\tthree\r\n\r\nbody");
    assert_header("Subject", "one two\tthree");
}

static void test_mbox_line_is_skipped(void **state)
{
    (void)state;
    READ("From ann@example.org Mon Jan  1 00:00:00 2024\n>From bob\nSubject: hi\n\nbody");
    assert_int_equal(document->header_count, 1);
    assert_header("Subject", "hi");
}

static void test_line_that_is_no_field_starts_the_body(void **state)
{
    (void)state;
    READ("Subject: hi\nno field\nat all\n");
    assert_int_equal(document->header_count, 1);
    assert_span(body(0), "no field\nat all\n");
}

static void test_stray_line_between_fields_is_passed_over(void **state)
{
    (void)state;
    READ("Received: by a\nstray\n more of it\nSubject: hi\n\nbody");
    assert_header("Subject", "hi");
    assert_span(body(0), "body");
}

static void test_body_without_headers_is_text(void **state)
{
    (void)state;
    READ("\nhello");
    assert_int_equal(document->header_count, 0);
    assert_span(body(0), "hello");
}

static void test_encoded_words_are_decoded(void **state)
{
    (void)state;
    READ("Subject: Re: =?utf-8?B?5Lit5Zu9?= and =?iso-8859-1*de?q?Gr=FC=DFe_an_alle?=!\n\n");
    assert_header("Subject", "Re: 中国 and Grüße an alle!");
}

/* Decoded, the word would end the result of SPF and start one of DMARC. */
static void test_encoded_words_in_authentication_results_stay(void **state)
{
    (void)state;
    READ("Authentication-Results: mx; spf=pass\r\n smtp.mailfrom==?us-ascii?q?;_dmarc=3Dpass?=@a.b"
         "\r\n\r\n");
    assert_header("Authentication-Results",
                  "mx; spf=pass smtp.mailfrom==?us-ascii?q?;_dmarc=3Dpass?=@a.b");
}

static void test_blanks_between_encoded_words_go(void **state)
{
    (void)state;
    READ("Subject: =?utf-8?q?a?=\n =?utf-8?q?b?= =?us-ascii?q?c?= d\n\n");
    assert_header("Subject", "abc d");
}

static void test_character_cut_in_two_words_is_whole(void **state)
{
    (void)state;
    READ("Subject: =?utf-8?B?5Lit5Q==?= =?UTF-8?B?m70=?=\n\n");
    assert_header("Subject", "中国");
}

static void test_broken_encoded_words_stay_as_they_are(void **state)
{
    (void)state;
    READ("Subject: =? =?x?y?z?= =?utf-8?q?open =?utf-8\n\n");
    assert_header("Subject", "=? =?x?y?z?= =?utf-8?q?open =?utf-8");
}

static void test_raw_gbk_in_a_header_is_read(void **state)
{
    (void)state;
    READ("Subject: \xb7\xa2\xc6\xb1\xb4\xfa\xbf\xaa\n\n");
    assert_header("Subject", "发票代开");
}

static void test_nul_in_an_encoded_word_hides_nothing(void **state)
{
    (void)state;
    READ("Subject: =?utf-8?q?a=00b?=\n\n");
    assert_header("Subject", "a\xef\xbf\xbd"
                             "b");
}

static void test_subject_is_the_first_text(void **state)
{
    (void)state;
    READ("Subject: =?utf-8?B?5Lit5Zu9?=\n\nbody");
    assert_int_equal(document->text_count, 2);
    assert_int_equal(document->texts[0].kind, TEXT_SUBJECT);
    assert_span(document->texts[0].content, "中国");
    assert_span(document->subject, "中国");
}

/* --- From --- */

static void assert_from(const char *value, const char *name, const char *address)
{
    char message[400];
    snprintf(message, sizeof message, "From: %s\n\nx", value);
    read_span(span_of(message));
    assert_span(document->from_name, name);
    assert_span(document->from_address, address);
    document_free(document);
    document = NULL;
}

static void test_from_gives_name_and_address(void **state)
{
    (void)state;
    assert_from("\"Doe, Ann\" <Ann@Example.ORG>", "Doe, Ann", "Ann@example.org");
    assert_from("ann@example.org (Ann Doe)", "Ann Doe", "ann@example.org");
    assert_from("=?gb2312?B?6KQ=?= <a@b.example>", "瑜", "a@b.example");
    assert_from("\xd6\xd0\xb9\xfa <a@b.example>", "中国", "a@b.example");
}

static void test_first_mailbox_counts(void **state)
{
    (void)state;
    assert_from("Ann <ann@example.org>, Bob <bob@example.org>", "Ann", "ann@example.org");
    assert_from("friends: ann@example.org, bob@example.org;", "", "ann@example.org");
}

static void test_address_as_a_name_is_the_name(void **state)
{
    (void)state;
    assert_from("service@bank.example <x@evil.example>", "service@bank.example", "x@evil.example");
}

static void test_broken_from_gives_what_stands_in_brackets(void **state)
{
    (void)state;
    assert_from("a b c@d.example e <F@G.example> h", "a b c@d.example e", "F@g.example");
    assert_from("<>", "", "");
    assert_from("nobody", "", "nobody");
    assert_from("no address", "", "");
}

static void test_nul_bytes_hide_nothing(void **state)
{
    (void)state;
    read_span((struct span){"Subject: a\0b\n\nhe\0llo", 20});
    assert_header("Subject", "a\xef\xbf\xbd"
                             "b");
    assert_span(body(0), "he\xef\xbf\xbdllo");
}

static void test_no_bytes_are_a_document(void **state)
{
    (void)state;
    read_span((struct span){NULL, 0});
    assert_int_equal(document->text_count, 0);
    READ("\r");
    READ(":");
    READ(" a: b");
}

/* --- identity --- */

#define FIELDS                                                                                     \
    "From: Ann <ann@example.org>\nDate: Tue, 2 Jan 2024 03:04:05 +0000\nMessage-ID: <1@x>\n"

static void id_of(const char *message, bool trust, unsigned char id[DOCUMENT_ID_BYTES])
{
    struct document *read = mail_read(span_of(message), trust);
    memcpy(id, read->id, DOCUMENT_ID_BYTES);
    document_free(read);
}

static void assert_same_id(const char *one, const char *other, bool same)
{
    unsigned char ids[2][DOCUMENT_ID_BYTES];
    id_of(one, false, ids[0]);
    id_of(other, false, ids[1]);
    assert_int_equal(memcmp(ids[0], ids[1], DOCUMENT_ID_BYTES) == 0, same);
}

static void test_line_ends_and_relays_do_not_change_the_id(void **state)
{
    (void)state;
    assert_same_id(FIELDS "\nhello  you\nthere\n",
                   "Received: by x\r\nFrom: \"Ann\" <ann@EXAMPLE.org>\r\n"
                   "Date: Tue, 2 Jan\r\n 2024 03:04:05 +0000\r\nMessage-ID: <1@x>\r\n"
                   "X-Spam: no\r\n\r\nhello you\r\nthere\r\n\r\n",
                   true);
}

static void test_transfer_encoding_does_not_change_the_id(void **state)
{
    (void)state;
    assert_same_id(FIELDS "Content-Type: text/plain; charset=utf-8\n\ngrüße",
                   FIELDS "Content-Type: text/plain; charset=utf-8\n"
                          "Content-Transfer-Encoding: quoted-printable\n\ngr=C3=BC=C3=9Fe",
                   true);
}

static void test_line_ends_of_a_text_that_is_cut_do_not_change_the_id(void **state)
{
    (void)state;
    char *unix_ends = repeated(FIELDS "\n", "a line of it\n", 300000, "");
    char *smtp_ends = repeated(FIELDS "\n", "a line of it\r\n", 300000, "");
    assert_same_id(unix_ends, smtp_ends, true);
    free(unix_ends);
    free(smtp_ends);
}

static void test_other_text_date_sender_or_message_id_is_another_id(void **state)
{
    (void)state;
    assert_same_id(FIELDS "\nhello", FIELDS "\nhullo", false);
    assert_same_id(FIELDS "\nhello", "Subject: x\n" FIELDS "\nhello", false);
    assert_same_id("From: a@x.example\n\nx", "From: b@x.example\n\nx", false);
    assert_same_id("Date: 1\n\nx", "Date: 2\n\nx", false);
    assert_same_id("Message-ID: 1\n\nx", "Message-ID: 2\n\nx", false);
    assert_same_id("Date: 1\n\nx", "Message-ID: 1\n\nx", false);
}

static void test_mail_without_text_is_known_by_its_attachments(void **state)
{
    (void)state;
    assert_same_id("Content-Type: image/png\n\none", "Content-Type: image/png\n\ntwo", false);
    assert_same_id("Content-Type: image/png\n\none",
                   "Content-Type: image/png\nContent-Transfer-Encoding: base64\n\nb25l\n", true);
}

static void test_weir_id_counts_only_where_it_is_trusted(void **state)
{
    (void)state;
    const char *message = "X-Weir-Id: 00112233445566778899aabbccddeeff."
                          "0123456789abcdef0123456789abcdef\nSubject: x\n\nhello";
    const unsigned char named[DOCUMENT_ID_BYTES] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                                    0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    unsigned char id[DOCUMENT_ID_BYTES];
    id_of(message, true, id);
    assert_memory_equal(id, named, sizeof named);
    id_of(message, false, id);
    assert_memory_not_equal(id, named, sizeof named);
    id_of("X-Weir-Id: garbage\nSubject: x\n\nhello", true, id);
    assert_same_id("X-Weir-Id: garbage\nSubject: x\n\nhello", "Subject: x\n\nhello", true);
}

static void test_mail_is_told_from_feeds(void **state)
{
    (void)state;
    assert_true(mail_looks_like(SPAN("From ann@example.org Mon\nSubject: x\n")));
    assert_true(mail_looks_like(SPAN("Return-Path: <>\r\n\r\n")));
    assert_false(mail_looks_like(SPAN("<?xml version=\"1.0\"?>\n<rss>")));
    assert_false(mail_looks_like(SPAN("<rdf:RDF xmlns=\"x\">")));
    assert_false(mail_looks_like(SPAN("hello\nSubject: x\n")));
    assert_false(mail_looks_like(SPAN("root:x:0:0:root:/root:/bin/bash\nbin:x:2:2::/bin:x\n")));
    assert_true(mail_looks_like(SPAN("Odd: 1\nX-Mailer: y\n\nhello")));
    assert_false(mail_looks_like((struct span){NULL, 0}));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, mail_set_up, mail_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_headers_keep_order_and_names),
        CASE(test_folded_header_is_unfolded),
        CASE(test_mbox_line_is_skipped),
        CASE(test_line_that_is_no_field_starts_the_body),
        CASE(test_stray_line_between_fields_is_passed_over),
        CASE(test_body_without_headers_is_text),
        CASE(test_encoded_words_are_decoded),
        CASE(test_encoded_words_in_authentication_results_stay),
        CASE(test_blanks_between_encoded_words_go),
        CASE(test_character_cut_in_two_words_is_whole),
        CASE(test_broken_encoded_words_stay_as_they_are),
        CASE(test_raw_gbk_in_a_header_is_read),
        CASE(test_nul_in_an_encoded_word_hides_nothing),
        CASE(test_subject_is_the_first_text),
        CASE(test_from_gives_name_and_address),
        CASE(test_first_mailbox_counts),
        CASE(test_address_as_a_name_is_the_name),
        CASE(test_broken_from_gives_what_stands_in_brackets),
        CASE(test_nul_bytes_hide_nothing),
        CASE(test_no_bytes_are_a_document),
        CASE(test_line_ends_and_relays_do_not_change_the_id),
        CASE(test_transfer_encoding_does_not_change_the_id),
        CASE(test_line_ends_of_a_text_that_is_cut_do_not_change_the_id),
        CASE(test_other_text_date_sender_or_message_id_is_another_id),
        CASE(test_mail_without_text_is_known_by_its_attachments),
        CASE(test_weir_id_counts_only_where_it_is_trusted),
        CASE(test_mail_is_told_from_feeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
