/* The checks of what a mail says of itself and is made of, on whole messages. */
#include "core/checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/mail.h"
#include "tests/unit/checking.h"

#define DATE "Date: Wed, 25 Nov 2026 10:00:00 +0100\r\n"
#define FROM "From: Ada Tide <ada@harbour.test>\r\n"
#define ID "Message-ID: <1@harbour.test>\r\n"
#define BODY "\r\nThe gauge at the old pier reads three centimetres high.\r\n"

static struct document *mail(const char *message)
{
    return mail_read(span_of(message), false);
}

static struct document *submitted(const char *message)
{
    struct document *document = mail(message);
    document->envelope.internal = true;
    return document;
}

/* A message with a file of that name. */
static struct document *with_file(const char *disposition)
{
    static char message[1024];
    snprintf(message, sizeof message,
             FROM "MIME-Version: 1.0\r\n"
                  "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
                  "--b\r\nContent-Type: text/plain\r\n\r\nHere it is.\r\n"
                  "--b\r\nContent-Type: application/octet-stream\r\n"
                  "Content-Disposition: attachment; %s\r\n"
                  "Content-Transfer-Encoding: base64\r\n\r\nTVqQAAMA\r\n--b--\r\n",
             disposition);
    return mail(message);
}

static struct document *with_html(const char *html)
{
    static char message[2048];
    snprintf(message, sizeof message,
             FROM "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n%s\r\n",
             html);
    return mail(message);
}

/* --- what is missing --- */

static void test_a_whole_header_is_quiet(void **state)
{
    (void)state;
    static check_function *const all[] = {check_date_missing,       check_date_malformed,
                                          check_message_id_missing, check_message_id_malformed,
                                          check_from_missing,       check_from_malformed,
                                          check_reply_to_elsewhere, check_subject_capitals};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_true(run(all[i], mail(DATE FROM ID "Subject: The tide\r\n" BODY)) == 0);
}

static void test_no_date_fires(void **state)
{
    (void)state;
    assert_true(run(check_date_missing, mail(FROM ID BODY)) == 1);
    assert_true(run(check_date_missing, mail("Date: \r\n" FROM ID BODY)) == 1);
}

static void test_no_message_id_fires(void **state)
{
    (void)state;
    assert_true(run(check_message_id_missing, mail(DATE FROM BODY)) == 1);
}

static void test_no_from_fires(void **state)
{
    (void)state;
    assert_true(run(check_from_missing, mail(DATE ID BODY)) == 1);
}

static void test_what_may_be_among_fields_not_kept_is_not_missing(void **state)
{
    (void)state;
    static char message[40000];
    for (int i = 0; i < 1000; i++)
        strcat(message, "Received: by a.example; x\r\n");
    strcat(message, DATE FROM ID BODY);
    assert_true(run(check_date_missing, mail(message)) == 0);
    assert_true(run(check_message_id_missing, mail(message)) == 0);
    assert_true(run(check_from_missing, mail(message)) == 0);
}

static void test_what_the_first_server_adds_may_be_missing_from_clients_of_ours(void **state)
{
    (void)state;
    assert_true(run(check_date_missing, submitted(FROM BODY)) == 0);
    assert_true(run(check_message_id_missing, submitted(FROM BODY)) == 0);
}

/* --- what is malformed --- */

static void test_a_date_that_is_none_fires(void **state)
{
    (void)state;
    static const char *const bad[] = {"Date: tomorrow\r\n", "Date: %DATE%\r\n",
                                      "Date: Xyz, 99 Foo 2026\r\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char message[256];
        snprintf(message, sizeof message, "%s" FROM ID BODY, bad[i]);
        assert_true(run(check_date_malformed, mail(message)) == 1);
    }
}

/* RFC 5322, 4.3, and what programs write. */
static void test_old_forms_of_dates_are_quiet(void **state)
{
    (void)state;
    static const char *const good[] = {"Date: 25 Nov 2026 10:00 GMT\r\n",
                                       "Date: Wed, 25 Nov 26 10:00:00 EST\r\n",
                                       "Date: Wed, 25 Nov 2026 10:00:00 -0000 (CET)\r\n"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char message[256];
        snprintf(message, sizeof message, "%s" FROM ID BODY, good[i]);
        assert_true(run(check_date_malformed, mail(message)) == 0);
    }
}

static void test_a_message_id_that_is_none_fires(void **state)
{
    (void)state;
    static const char *const bad[] = {"<>",
                                      "1@harbour.test",
                                      "<harbour.test>",
                                      "<@harbour.test>",
                                      "<1@>",
                                      "<1 2@harbour.test>",
                                      "<<1@harbour.test>",
                                      "<1@harbour.test> added",
                                      "(<1@harbour.test>",
                                      "<\"1@2\">"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char message[256];
        snprintf(message, sizeof message, DATE FROM "Message-ID: %s\r\n" BODY, bad[i]);
        assert_true(run(check_message_id_malformed, mail(message)) == 1);
    }
}

static void test_unusual_message_ids_are_quiet(void **state)
{
    (void)state;
    static const char *const good[] = {"<a@b>",
                                       "<\"odd\"@[192.0.2.1]>",
                                       "<a=b$c@d@e>",
                                       "<\"PN=Ada Tide/C=GB/>\"@MHS>",
                                       "<1@harbour.test> (added by postmaster@harbour.test)",
                                       "(first (and last)) <1@harbour.test>"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char message[256];
        snprintf(message, sizeof message, DATE FROM "Message-ID: %s\r\n" BODY, good[i]);
        assert_true(run(check_message_id_malformed, mail(message)) == 0);
    }
}

static void test_a_from_without_address_fires(void **state)
{
    (void)state;
    assert_true(run(check_from_malformed, mail(DATE "From: The Prize Office\r\n" ID BODY)) == 1);
    assert_true(run(check_from_malformed, mail(DATE "From: <>\r\n" ID BODY)) == 1);
}

static void test_a_from_in_chinese_is_quiet(void **state)
{
    (void)state;
    assert_true(run(check_from_malformed,
                    mail(DATE "From: =?utf-8?B?5rWL6K+V?= <a@b.test>\r\n" ID BODY)) == 0);
}

/* RFC 5322 3.4, and RFC 6854 for the group. */
static void test_rare_forms_of_from_are_quiet(void **state)
{
    (void)state;
    static const char *const good[] = {"\"ada tide\"@harbour.test",
                                       "Ada <\"ada tide\"@harbour.test>",
                                       "ada@[192.0.2.1]",
                                       "ada@harbour.test (Ada Tide)",
                                       "(Ada Tide) ada@harbour.test",
                                       "Crew: ada@harbour.test, ben@harbour.test;",
                                       "Nobody: ;"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char message[256];
        snprintf(message, sizeof message, DATE "From: %s\r\n" ID BODY, good[i]);
        if (run(check_from_malformed, mail(message)) > 0)
            fail_msg("fires on: %s", good[i]);
    }
    assert_true(run(check_from_malformed, mail(DATE "From: Prizes: free;\r\n" ID BODY)) == 1);
    assert_true(run(check_from_malformed, mail(DATE "From: a b@c d\r\n" ID BODY)) == 1);
}

/* --- Reply-To --- */

static double answered(const char *from, const char *reply_to)
{
    char message[512];
    snprintf(message, sizeof message, DATE ID "From: %s\r\nReply-To: %s\r\n" BODY, from, reply_to);
    return run(check_reply_to_elsewhere, mail(message));
}

static void test_a_display_name_does_not_say_where_answers_go(void **state)
{
    (void)state;
    static const char own[] = "ada@harbour.test";
    static const char *const elsewhere[] = {
        "\"ada@harbour.test\" <claims@freebox.test>",
        "ada@harbour.test <claims@freebox.test>",
        "(ada@harbour.test) claims@freebox.test",
        "claims@freebox.test (ada@harbour.test)",
        "=?utf-8?q?ada=40harbour.test=2C?= <claims@freebox.test>",
        "=?utf-8?q?=22?= <claims@freebox.test>",
        "ada@harbour.test, claims@freebox.test"};
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        if (answered(own, elsewhere[i]) < 1)
            fail_msg("quiet on: %s", elsewhere[i]);
    }
    static const char *const home[] = {"\"claims@freebox.test\" <ada@harbour.test>",
                                       "ada@harbour.test (not claims@freebox.test)",
                                       "Crew: ada@harbour.test, ben@office.harbour.test;",
                                       "\"a, b: c@freebox.test\" <ada@HARBOUR.test>"};
    for (size_t i = 0; i < sizeof home / sizeof *home; i++) {
        if (answered(own, home[i]) > 0)
            fail_msg("fires on: %s", home[i]);
    }
    assert_true(answered("\"ada tide\"@harbour.test", "claims@freebox.test") == 1);
}

static void test_a_domain_is_the_same_in_unicode_and_in_ascii(void **state)
{
    (void)state;
    assert_true(answered("ada@b\u00fccher.test", "ada@xn--bcher-kva.test") == 0);
    assert_true(answered("ada@xn--bcher-kva.test", "\"Ada\" <ada@B\u00dcCHER.test>") == 0);
    assert_true(answered("ada@xn--bcher-kva.test", "ada@bucher.test") == 1);
    assert_true(
        run(check_from_name_is_address,
            mail(DATE ID "From: \"ada@b\u00fccher.test\" <ada@xn--bcher-kva.test>\r\n" BODY)) == 0);
}

static void test_answers_to_another_domain_fire(void **state)
{
    (void)state;
    assert_true(run(check_reply_to_elsewhere,
                    mail(DATE FROM ID "Reply-To: claims@freebox.test\r\n" BODY)) == 1);
}

static void test_answers_within_the_domain_are_quiet(void **state)
{
    (void)state;
    assert_true(run(check_reply_to_elsewhere,
                    mail(DATE FROM ID "Reply-To: Desk <desk@Office.Harbour.test>\r\n" BODY)) == 0);
}

static void test_answers_to_a_list_are_quiet(void **state)
{
    (void)state;
    assert_true(run(check_reply_to_elsewhere,
                    mail(DATE FROM ID "List-Id: <tides.lists.test>\r\n"
                                      "Reply-To: tides@lists.test\r\n" BODY)) == 0);
}

/* Brackets that never close are looked for to the end from each of them: only the start of a header
 * is read. */
static void test_a_header_of_brackets_takes_no_time(void **state)
{
    (void)state;
    enum { BRACKETS = 100000 };
    static char brackets[BRACKETS + 1], message[2 * BRACKETS + 1000];
    memset(brackets, '(', BRACKETS);
    snprintf(message, sizeof message, DATE FROM "Message-ID: <%s\r\nReply-To: <%s\r\n" BODY,
             brackets, brackets);
    clock_t start = clock();
    assert_true(run(check_message_id_malformed, mail(message)) == 1);
    assert_true(run(check_reply_to_elsewhere, mail(message)) == 0);
    assert_true(clock() - start < CLOCKS_PER_SEC / 2);
}

/* --- SUBJECT_CAPITALS --- */

static void test_a_subject_in_capitals_fires(void **state)
{
    (void)state;
    assert_true(run(check_subject_capitals,
                    mail(FROM "Subject: YOUR PAYMENT IS WAITING FOR YOU\r\n" BODY)) == 1);
    assert_true(
        run(check_subject_capitals, mail(FROM "Subject: ПОЛУЧИТЕ ВАШ ПРИЗ СЕГОДНЯ\r\n" BODY)) == 1);
}

static void test_short_and_foreign_subjects_with_capitals_are_quiet(void **state)
{
    (void)state;
    static const char *const good[] = {"RFC 5322", "NASA and ESA agree on the new tide gauge",
                                       "求购 CATIA AUTOCAD 教程", "PostgreSQL"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char message[256];
        snprintf(message, sizeof message, FROM "Subject: %s\r\n" BODY, good[i]);
        assert_true(run(check_subject_capitals, mail(message)) == 0);
    }
}

/* What programs and lists put in front of a subject is not its sender's shouting, and does not hide
 * it either. */
static void test_marks_before_a_subject_do_not_count(void **state)
{
    (void)state;
    static const char *const good[] = {"[HARBOUR-CREW] Re: RFC 5322", "AW: [GAUGES-LIST] NOAA",
                                       "[TIDE-USERS-ANNOUNCE] FW: gauge"};
    static const char *const bad[] = {"[harbour-crew] YOUR PAYMENT IS WAITING",
                                      "Fwd: Fwd: Re[2]: YOUR PAYMENT IS WAITING",
                                      "[YOUR PAYMENT IS WAITING]"};
    char message[256];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(message, sizeof message, FROM "Subject: %s\r\n" BODY, good[i]);
        if (run(check_subject_capitals, mail(message)) > 0)
            fail_msg("fires on: %s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(message, sizeof message, FROM "Subject: %s\r\n" BODY, bad[i]);
        if (run(check_subject_capitals, mail(message)) < 0.9)
            fail_msg("quiet on: %s", bad[i]);
    }
}

/* --- attachments --- */

static void test_programs_fire(void **state)
{
    (void)state;
    static const char *const bad[] = {"filename=setup.exe", "filename=\"Invoice.SCR\"",
                                      "filename=\"order.js \"", "filename=\"report.iso.\"",
                                      "filename*=utf-8''%E8%AE%A2%E5%8D%95.vbs"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_true(run(check_attachment_executable, with_file(bad[i])) == 1);
}

static void test_shortcuts_disks_and_installers_fire(void **state)
{
    (void)state;
    static const char *const bad[] = {"filename=invoice.lnk", "filename=run.jnlp",
                                      "filename=scan.img",    "filename=scan.vhdx",
                                      "filename=app.apk",     "filename=update.msix",
                                      "filename=clip.sct",    "filename=share.library-ms"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (run(check_attachment_executable, with_file(bad[i])) < 1)
            fail_msg("quiet on: %s", bad[i]);
    }
}

static void test_documents_with_programs_and_shortcuts_to_pages_fire_weakly(void **state)
{
    (void)state;
    static const char *const bad[] = {"filename=order.docm", "filename=\"BUDGET.XLSM\"",
                                      "filename=talk.pptm", "filename=page.url"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double strength = run(check_attachment_executable, with_file(bad[i]));
        if (strength < 0.3 || strength > 0.7)
            fail_msg("%f on: %s", strength, bad[i]);
    }
}

static void test_documents_are_quiet(void **state)
{
    (void)state;
    static const char *const good[] = {"filename=report.pdf", "filename=exe",
                                       "filename=\"a.exe.txt\"", "filename=backup.tar.gz",
                                       "filename=\"\""};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(run(check_attachment_executable, with_file(good[i])) == 0);
        assert_true(run(check_attachment_disguised, with_file(good[i])) == 0);
    }
}

static void test_programs_that_look_like_documents_are_disguised(void **state)
{
    (void)state;
    static const char *const bad[] = {"filename=invoice.pdf.exe",
                                      "filename=\"photo.jpg          .scr\"",
                                      "filename*=utf-8''annual%E2%80%AEfdp.exe"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_true(run(check_attachment_disguised, with_file(bad[i])) == 1);
}

static void test_a_program_that_says_so_is_not_disguised(void **state)
{
    (void)state;
    assert_true(run(check_attachment_disguised, with_file("filename=setup-1.2.exe")) == 0);
    assert_true(run(check_attachment_disguised, with_file("filename=index.html.js")) == 0);
    assert_true(run(check_attachment_disguised, with_file("filename=invoice.html.lnk")) == 1);
}

/* --- IMAGE_ONLY --- */

static void test_a_picture_instead_of_text_fires(void **state)
{
    (void)state;
    assert_true(run(check_image_only, with_html("<a href='http://shop.test/'><img src='cid:1'></a>"
                                                "<p>Click</p>")) == 1);
}

static void test_a_picture_in_a_letter_is_quiet(void **state)
{
    (void)state;
    assert_true(run(check_image_only,
                    with_html("<p>Here are the cranes through the years, as shown in the lobby of "
                              "the harbour office last week.</p><img src='cid:1'>")) == 0);
    assert_true(
        run(check_image_only, with_html("<p>这是上周在港口办公室大厅展出的历年起重机照片请查收</p>"
                                        "<img src='cid:1'>")) == 0);
}

static void test_a_logo_in_a_short_letter_is_quiet(void **state)
{
    (void)state;
    assert_true(run(check_image_only, with_html("<p>Thanks, see you on Monday.<br>Ada</p>"
                                                "<img src='cid:logo'>")) == 0);
    assert_true(run(check_image_only,
                    with_html("<p>Thanks, see you on Monday.<br>Ada</p>"
                              "<a href='http://harbour.test/'><img src='cid:logo'></a>")) == 0);
}

static void test_sliced_pictures_with_a_few_words_fire(void **state)
{
    (void)state;
    assert_true(
        run(check_image_only, with_html("<a href='http://shop.test/'><img src='cid:1'>"
                                        "<img src='cid:2'></a><p>To leave click here</p>")) == 1);
    assert_true(run(check_image_only,
                    with_html("<a href='http://shop.test/'><img src='cid:1'></a>"
                              "<a href='http://shop.test/x'>Exit list instructions</a>")) == 1);
}

static void test_mail_that_is_one_picture_fires(void **state)
{
    (void)state;
    assert_true(run(check_image_only,
                    mail(FROM "MIME-Version: 1.0\r\nContent-Type: image/png\r\n"
                              "Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n")) == 1);
    assert_true(run(check_image_only,
                    mail(FROM "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n"
                              "\r\n--b\r\nContent-Type: image/jpeg\r\n\r\nx\r\n--b--\r\n")) == 1);
}

static void test_a_picture_with_a_text_part_is_quiet(void **state)
{
    (void)state;
    assert_true(run(check_image_only,
                    mail(FROM "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
                              "\r\n--b\r\nContent-Type: text/plain\r\n\r\nSent from my phone\r\n"
                              "--b\r\nContent-Type: image/jpeg\r\n\r\nx\r\n--b--\r\n")) == 0);
}

static void test_a_short_letter_without_pictures_is_quiet(void **state)
{
    (void)state;
    assert_true(run(check_image_only, with_html("<p>Yes.</p>")) == 0);
}

/* --- LINK_ADDRESS --- */

static void test_a_link_to_an_address_fires(void **state)
{
    (void)state;
    assert_true(run(check_link_address, with_html("<a href='http://8.8.4.4/pay'>pay</a>")) == 1);
    assert_true(run(check_link_address, with_html("<a href='http://0x08080404/'>pay</a>")) == 1);
    assert_true(run(check_link_address, with_html("<a href='http://[2a00::1]/'>pay</a>")) == 1);
}

static void test_links_to_names_and_private_networks_are_quiet(void **state)
{
    (void)state;
    static const char *const good[] = {"http://harbour.test/8.8.4.4",
                                       "http://192.168.1.1/",
                                       "http://127.0.0.1:8080/",
                                       "http://[::1]/",
                                       "http://10.0.0.9/",
                                       "mailto:a@harbour.test"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char html[256];
        snprintf(html, sizeof html, "<a href='%s'>here</a>", good[i]);
        assert_true(run(check_link_address, with_html(html)) == 0);
    }
}

static int set_up(void **state)
{
    (void)state;
    mail_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_header_is_quiet),
        cmocka_unit_test(test_no_date_fires),
        cmocka_unit_test(test_no_message_id_fires),
        cmocka_unit_test(test_no_from_fires),
        cmocka_unit_test(test_what_may_be_among_fields_not_kept_is_not_missing),
        cmocka_unit_test(test_what_the_first_server_adds_may_be_missing_from_clients_of_ours),
        cmocka_unit_test(test_a_date_that_is_none_fires),
        cmocka_unit_test(test_old_forms_of_dates_are_quiet),
        cmocka_unit_test(test_a_message_id_that_is_none_fires),
        cmocka_unit_test(test_unusual_message_ids_are_quiet),
        cmocka_unit_test(test_a_from_without_address_fires),
        cmocka_unit_test(test_a_from_in_chinese_is_quiet),
        cmocka_unit_test(test_rare_forms_of_from_are_quiet),
        cmocka_unit_test(test_answers_to_another_domain_fire),
        cmocka_unit_test(test_answers_within_the_domain_are_quiet),
        cmocka_unit_test(test_answers_to_a_list_are_quiet),
        cmocka_unit_test(test_a_domain_is_the_same_in_unicode_and_in_ascii),
        cmocka_unit_test(test_a_header_of_brackets_takes_no_time),
        cmocka_unit_test(test_a_display_name_does_not_say_where_answers_go),
        cmocka_unit_test(test_a_subject_in_capitals_fires),
        cmocka_unit_test(test_short_and_foreign_subjects_with_capitals_are_quiet),
        cmocka_unit_test(test_marks_before_a_subject_do_not_count),
        cmocka_unit_test(test_programs_fire),
        cmocka_unit_test(test_shortcuts_disks_and_installers_fire),
        cmocka_unit_test(test_documents_with_programs_and_shortcuts_to_pages_fire_weakly),
        cmocka_unit_test(test_documents_are_quiet),
        cmocka_unit_test(test_programs_that_look_like_documents_are_disguised),
        cmocka_unit_test(test_a_program_that_says_so_is_not_disguised),
        cmocka_unit_test(test_a_picture_instead_of_text_fires),
        cmocka_unit_test(test_a_picture_in_a_letter_is_quiet),
        cmocka_unit_test(test_a_logo_in_a_short_letter_is_quiet),
        cmocka_unit_test(test_sliced_pictures_with_a_few_words_fire),
        cmocka_unit_test(test_mail_that_is_one_picture_fires),
        cmocka_unit_test(test_a_picture_with_a_text_part_is_quiet),
        cmocka_unit_test(test_a_short_letter_without_pictures_is_quiet),
        cmocka_unit_test(test_a_link_to_an_address_fires),
        cmocka_unit_test(test_links_to_names_and_private_networks_are_quiet),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
