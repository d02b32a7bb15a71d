#include "core/features.h"
#include "core/mail.h"
#include "core/text.h"
#include "core/token_words.h"
#include "core/url.h"
#include "tests/unit/farm_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct document *mail_of(const char *subject, const char *body)
{
    struct document *document = document_new(CHANNEL_MAIL);
    if (subject)
        document_add_text(document, TEXT_SUBJECT, span_of(subject), false);
    if (body)
        document_add_text(document, TEXT_BODY, span_of(body), false);
    features_extract(document);
    return document;
}

static bool has(const struct document *document, uint64_t hash)
{
    for (size_t i = 0; i < document->feature_count; i++)
        if (document->features[i] == hash)
            return true;
    return false;
}

/* How many features of `a` are in `b`. */
static size_t shared(const struct document *a, const struct document *b)
{
    size_t count = 0;
    for (size_t i = 0; i < a->feature_count; i++)
        count += has(b, a->features[i]);
    return count;
}

static void assert_same(const char *left, const char *right)
{
    struct document *a = mail_of(NULL, left), *b = mail_of(NULL, right);
    assert_true(a->feature_count > 0);
    assert_int_equal(a->feature_count, b->feature_count);
    assert_int_equal(shared(a, b), a->feature_count);
    document_free(a);
    document_free(b);
}

/* `evading` has the features of `meant`, and more that tell of the evasion. */
static void assert_evasion(const char *evading, const char *meant)
{
    struct document *a = mail_of(NULL, evading), *b = mail_of(NULL, meant);
    assert_int_equal(shared(b, a), b->feature_count);
    assert_true(a->feature_count > b->feature_count);
    document_free(a);
    document_free(b);
}

static size_t count_of(const char *body)
{
    struct document *document = mail_of(NULL, body);
    size_t count = document->feature_count;
    document_free(document);
    return count;
}

static void test_features_are_ascending_without_doubles(void **state)
{
    (void)state;
    struct document *document = mail_of(NULL, "one two three one two three four one two");
    assert_true(document->feature_count > 5);
    for (size_t i = 1; i < document->feature_count; i++)
        assert_true(document->features[i - 1] < document->features[i]);
    document_free(document);
}

static void test_words_and_pairs_are_counted_once(void **state)
{
    (void)state;
    assert_int_equal(count_of("buy pills"), 3);           /* buy, pills, the pair */
    assert_int_equal(count_of("buy pills buy pills"), 4); /* and pills buy */
}

static void test_case_width_and_invisible_characters_do_not_matter(void **state)
{
    (void)state;
    assert_same("FREE Viagra", "free viagra");
    assert_same("БЕСПЛАТНО", "бесплатно");
    assert_evasion("Ｆｒｅｅ", "free");
    assert_evasion("vi\xe2\x80\x8b"
                   "ag\xc2\xad"
                   "ra",
                   "viagra");
}

static void test_evasion_is_told_and_seen_through(void **state)
{
    (void)state;
    assert_evasion("𝐅𝐫𝐞𝐞", "free");
    assert_evasion("🅵🅡🄴🅔", "free");
    assert_evasion("k̲u̲s̲u̲m̲a̲", "kusuma");
    assert_evasion("v.i.a.g.r.a", "viagra");
    assert_evasion("gac0r", "gacor");
    assert_evasion("m4xw1n", "maxwin");
    assert_evasion("f r e e", "free");
    assert_evasion("F r e e, at A L E X I S", "alexis");
    assert_int_equal(count_of("a b c"), 5); /* the pairs among them; too few to be a word */
    assert_int_equal(count_of("1 2 3 4"), 7);
}

static void test_one_way_to_evade_tells_of_another(void **state)
{
    (void)state;
    struct document *a = mail_of(NULL, "𝐅𝐫𝐞𝐞"), *b = mail_of(NULL, "v.i.a.g.r.a"),
                    *c = mail_of(NULL, "bet88");
    assert_int_equal(shared(a, b), 1);
    assert_int_equal(shared(a, c), 0);
    document_free(a);
    document_free(b);
    document_free(c);
}

static void test_marks_do_not_part_ideographs(void **state)
{
    (void)state;
    assert_same("代\xcc\x81开\xcc\x81发\xcc\x81票\xcc\x81", "代开发票");
    assert_int_equal(count_of("\xcc\x81 \xe2\x80\x8b \xcc\x81\xcc\x81"), 0);
}

static void test_digits_behind_a_name_count(void **state)
{
    (void)state;
    struct document *two = mail_of(NULL, "dora77"), *three = mail_of(NULL, "dora777");
    assert_int_equal(two->feature_count, 2);
    assert_int_equal(shared(two, three), 0);
    document_free(two);
    document_free(three);
    assert_same("bet88\xe2\x80\x8b", "bet88"); /* what is invisible at its end is none of it */
}

static void test_headers_do_not_crowd_out_the_body(void **state)
{
    (void)state;
    static char values[200][900];
    struct header headers[200];
    for (size_t i = 0; i < 200; i++) {
        for (size_t j = 0; j < 890; j++)
            values[i][j] =
                j % 6 == 5 ? ' ' : (char)('a' + (i * 31 + j * j * 2654435761u / 977) % 26);
        headers[i] = (struct header){SPAN("X-Junk"), span_of(values[i])};
    }
    struct document *document = mail_of("cheap pills", "buy cheap pills today, no prescription");
    size_t body = document->feature_count - 3; /* subject:cheap, subject:pills and the pair */
    document->headers = headers;
    document->header_count = 200;
    features_extract(document);
    assert_int_equal(document->feature_count, FEATURES_MAX);
    size_t kept = 0;
    for (size_t i = 0; i < document->feature_count; i++)
        kept += feature_group(document->features[i]) == FEATURE_GROUP_BODY;
    assert_int_equal(kept, body);
    document_free(document);
}

static void test_ways_of_evasion_are_features_of_their_own(void **state)
{
    (void)state;
    static const char *const ways[][2] = {{"𝐅𝐫𝐞𝐞", "𝙬𝙞𝙣"},
                                          {"k̲u̲s̲u̲m̲a̲", "d̲o̲r̲a̲"},
                                          {"vi\xe2\x80\x8b"
                                           "x",
                                           "ci\xe2\x80\x8b"
                                           "alis"},
                                          {"раyраl", "bаnk"},
                                          {"v.i.a.g.r.a", "c-i-a-l-i-s"},
                                          {"gac0r", "s1tus"},
                                          {"manut88", "dora77"}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct document *a = mail_of(NULL, ways[i][0]), *b = mail_of(NULL, ways[i][1]);
        bool digits = i >= 5; /* are in honest names too, so no evasion of any kind */
        assert_int_equal(shared(a, b), digits ? 1 : 2);
        document_free(a);
        document_free(b);
    }
}

static void test_honest_words_evade_nothing(void **state)
{
    (void)state;
    static const char *const honest[] = {"naïve",
                                         "Straße",
                                         "well-known",
                                         "2024",
                                         "don't",
                                         "пример",
                                         "İstanbul",
                                         "Hawaiʻi",
                                         "Hello\xe2\x80\x8e",
                                         "tie\xcc\x82\xcc\x81ng",
                                         "mp3",
                                         "می\xe2\x80\x8cخواهم"};
    for (size_t i = 0; i < sizeof honest / sizeof *honest; i++)
        assert_int_equal(count_of(honest[i]), 1);
    assert_int_equal(count_of("U.S.A"), 2);   /* and "S.A" */
    assert_int_equal(count_of("1.2.3.4"), 2); /* and "3.4" */
}

static void test_joined_words_stay_whole(void **state)
{
    (void)state;
    assert_int_equal(count_of("don't"), 1);
    assert_int_equal(count_of("well-known"), 1);
    assert_int_equal(count_of("joe@example"), 1);
    assert_same("end.", "end");
}

static void test_dotted_word_gives_its_last_two_labels(void **state)
{
    (void)state;
    struct document *host = mail_of(NULL, "www.shop.example.com");
    struct document *domain = mail_of(NULL, "example.com");
    assert_int_equal(host->feature_count, 2);
    assert_int_equal(shared(domain, host), 1);
    document_free(host);
    document_free(domain);
}

static void test_long_numbers_fall_into_classes(void **state)
{
    (void)state;
    assert_same("1234567", "1234999");
    struct document *a = mail_of(NULL, "1234567"), *b = mail_of(NULL, "9994567");
    assert_int_equal(shared(a, b), 1); /* the number of digits */
    document_free(a);
    document_free(b);
}

static void test_ideographs_give_bigrams_and_trigrams(void **state)
{
    (void)state;
    /* 代, 代开, 开发, 代开发, 发票, 开发票 */
    assert_int_equal(count_of("代开发票"), 6);
}

static void test_ideographs_survive_two_separators(void **state)
{
    (void)state;
    assert_same("代开发票", "代. 开 发,票");
    struct document *far = mail_of(NULL, "代   开"), *near = mail_of(NULL, "代开");
    assert_int_not_equal(shared(near, far), near->feature_count);
    document_free(far);
    document_free(near);
}

static void test_repeated_punctuation_is_a_token(void **state)
{
    (void)state;
    assert_int_equal(count_of("?"), 0);
    assert_int_equal(count_of("!"), 1);
    assert_int_equal(count_of("??"), 1);
    assert_same("????", "????????");
}

static void test_subject_words_also_count_as_body(void **state)
{
    (void)state;
    struct document *subject = mail_of("pills", NULL), *body = mail_of(NULL, "pills");
    assert_int_equal(subject->feature_count, 2);
    assert_int_equal(shared(body, subject), 1);
    document_free(subject);
    document_free(body);
}

static struct document *headers_of(struct header *headers, size_t count)
{
    struct document *document = document_new(CHANNEL_MAIL);
    document->headers = headers;
    document->header_count = count;
    features_extract(document);
    return document;
}

static void test_headers_of_filters_are_no_feature(void **state)
{
    (void)state;
    struct header headers[] = {{SPAN("X-Spam-Status"), SPAN("Yes")},
                               {SPAN("X-Bogosity"), SPAN("Spam")},
                               {SPAN("X-Weir-Verdict"), SPAN("tag")},
                               {SPAN("Content-Length"), SPAN("12")},
                               {SPAN("Status"), SPAN("RO")}};
    struct document *document = headers_of(headers, 5);
    assert_int_equal(document->feature_count, 0);
    document_free(document);
}

static void test_same_word_in_another_header_is_another_feature(void **state)
{
    (void)state;
    struct header to = {SPAN("To"), SPAN("ann")}, cc = {SPAN("Cc"), SPAN("ann")};
    struct document *a = headers_of(&to, 1), *b = headers_of(&cc, 1);
    assert_int_equal(shared(a, b), 0);
    document_free(a);
    document_free(b);
}

static void test_the_body_is_a_group_of_its_own(void **state)
{
    (void)state;
    struct header header = {SPAN("To"), SPAN("ann")};
    struct document *body = mail_of(NULL, "buy pills"), *headers = headers_of(&header, 1);
    for (size_t i = 0; i < body->feature_count; i++)
        assert_int_equal(feature_group(body->features[i]), FEATURE_GROUP_BODY);
    for (size_t i = 0; i < headers->feature_count; i++)
        assert_int_equal(feature_group(headers->features[i]), FEATURE_GROUP_OTHER);
    document_free(body);
    document_free(headers);
}

static void test_received_gives_hosts_but_no_addresses(void **state)
{
    (void)state;
    struct header one = {SPAN("Received"), SPAN("from a.example.org ([192.0.2.7]) by mx; Mon")};
    struct header other = {SPAN("Received"), SPAN("from b.example.org ([192.0.2.9]) by mx; Tue")};
    struct document *a = headers_of(&one, 1), *b = headers_of(&other, 1);
    /* shared: ho:, r2:, rt:, rp:from, rp:by, rp:mx */
    assert_int_equal(shared(a, b), 6);
    assert_int_equal(a->feature_count, 7);
    document_free(a);
    document_free(b);
}

static void test_features_are_bounded(void **state)
{
    (void)state;
    size_t length = 400000;
    char *text = malloc(length + 1);
    for (size_t i = 0; i < length; i++)
        text[i] = i % 5 == 4 ? ' ' : (char)('a' + (i * i * 2654435761u >> 9) % 26);
    text[length] = '\0';
    struct document *document = mail_of(NULL, text);
    assert_int_equal(document->feature_count, FEATURES_MAX);
    document_free(document);
    free(text);
}

static void test_script_is_that_of_most_letters(void **state)
{
    (void)state;
    struct document *han = mail_of(NULL, "人工智能 AI 芯片"),
                    *latin = mail_of(NULL, "artificial 人"), *none = mail_of(NULL, "123 !!");
    assert_int_equal(han->script, SCRIPT_HAN);
    assert_int_equal(latin->script, SCRIPT_LATIN);
    assert_int_equal(none->script, SCRIPT_NONE);
    document_free(han);
    document_free(latin);
    document_free(none);
}

static void test_near_duplicates_share_shingle_bins(void **state)
{
    (void)state;
    char body[4000] = "", edited[4100];
    for (int i = 0; i < 200; i++)
        snprintf(body + strlen(body), 20, "word%d ", i * 7919 % 1000);
    snprintf(edited, sizeof edited, "Dear Ann, %s bye", body);
    struct document *a = mail_of(NULL, body), *b = mail_of(NULL, edited);
    struct document *c = mail_of(NULL, "quite another text, of which no pair is in the first one "
                                       "at all, so that bins differ");
    int same = 0, other = 0;
    for (int i = 0; i < SHINGLE_BINS; i++) {
        same += a->shingles[i] == b->shingles[i];
        other += a->shingles[i] == c->shingles[i];
    }
    assert_true(same >= SHINGLE_BINS - 3);
    assert_int_equal(other, 0);
    document_free(a);
    document_free(b);
    document_free(c);
}

/* Else the text that was copied would be taught as spam, and the original be held. */
static void test_text_that_carries_a_list_of_other_keywords_gives_nothing(void **state)
{
    (void)state;
    assert_same(ABOUT_LOCKS "\n" FARM "\n" ABOUT_LOCKS, FARM);
    struct document *alone = mail_of(NULL, ABOUT_LOCKS);
    struct document *one_line = mail_of(NULL, ABOUT_LOCKS FARM);
    assert_int_equal(shared(alone, one_line), 0);
    assert_true(one_line->feature_count > 10);
    assert_int_equal(one_line->script, SCRIPT_LATIN);
    document_free(one_line);
    document_free(alone);
}

static void test_text_about_its_keywords_gives_all(void **state)
{
    (void)state;
    static const char text[] =
        "Every casino in the port has an online shop now, with free poker, "
        "slots and a bonus for whoever comes in from the cold of the quay.\n";
    char both[1000];
    snprintf(both, sizeof both, "%s%s", text, FARM);
    struct document *alone = mail_of(NULL, text), *listed = mail_of(NULL, both);
    assert_int_equal(shared(alone, listed), alone->feature_count);
    document_free(listed);
    document_free(alone);
}

static struct document *item_that_says(const char *title, bool is_comment, const char *text)
{
    struct document *document = document_new(CHANNEL_FEED);
    document->subject = span_of(title);
    document->is_comment = is_comment;
    if (*title)
        document_add_text(document, TEXT_SUBJECT, document->subject, false);
    document_add_text(document, TEXT_BODY, span_of(text), false);
    features_extract(document);
    return document;
}

static struct document *item_of(const char *title, bool is_comment)
{
    return item_that_says(title, is_comment, "buy pills");
}

/* The parts of longer words, and each ideograph; and all of one group. */
static void test_remarks_give_more_of_each_word(void **state)
{
    (void)state;
    struct document *one = item_that_says("", false, "dewadoraadalah"),
                    *other = item_that_says("", false, "DEWADORA"),
                    *han = item_that_says("", false, "代开发票"),
                    *link = item_that_says("", false, "see");
    document_add_link(link, SPAN("http://pills.example/"), SPAN(""), true);
    features_extract(link);
    assert_int_equal(one->feature_count, 1 + 11); /* of 14 letters, four in a row */
    assert_int_equal(shared(other, one), 5);
    assert_int_equal(han->feature_count, 4 + 3 + 2);
    assert_true(link->feature_count > 3);
    for (size_t i = 0; i < link->feature_count; i++)
        assert_int_equal(feature_group(link->features[i]), FEATURE_GROUP_BODY);
    size_t within = 0;
    for (size_t i = 0; i < one->feature_count; i++) {
        struct feature_name name = {.hash = one->features[i]};
        features_name(one, &name, 1);
        within += span_equal(token_words(one->arena, &name), SPAN("letters of a word: \"dora\""));
    }
    assert_int_equal(within, 1);
    struct document *all[] = {one, other, han, link};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        document_free(all[i]);
}

static void test_remarks_share_features_with_remarks_alone(void **state)
{
    (void)state;
    struct document *mail = mail_of(NULL, "buy pills"), *article = item_of("News", false),
                    *blank = item_of(" ", false), *untitled = item_of("", false),
                    *comment = item_of("News", true);
    assert_int_equal(shared(mail, article), 3);
    assert_int_equal(shared(untitled, article), 0);
    assert_int_equal(shared(untitled, mail), 0);
    assert_int_equal(shared(untitled, blank), 5);
    assert_int_equal(shared(untitled, comment), 5);
    assert_int_equal(shared(comment, article), 0);
    struct feature_name name = {.hash = untitled->features[0]};
    features_name(untitled, &name, 1);
    assert_true(name.text.length > 0);
    struct document *all[] = {mail, article, blank, untitled, comment};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        document_free(all[i]);
}

static void test_features_can_be_named(void **state)
{
    (void)state;
    struct document *document = mail_of("cheap pills", "代开发票");
    size_t named = 0;
    bool subject = false, trigram = false, pair = false;
    for (size_t i = 0; i < document->feature_count; i++) {
        struct feature_name name = {.hash = document->features[i]};
        features_name(document, &name, 1);
        named += name.text.length > 0;
        subject |= span_equal(name.place, SPAN("subject:")) && span_equal(name.text, SPAN("cheap"));
        pair |= !name.place.length && span_equal(name.text, SPAN("cheap pills"));
        trigram |= !name.place.length && span_equal(name.text, SPAN("开发票"));
    }
    assert_int_equal(named, document->feature_count);
    assert_true(subject && pair && trigram);
    document_free(document);
}

/* A place that token_words.c does not know would pass for a header. */
static void test_every_place_has_words(void **state)
{
    (void)state;
    static const char text[] =
        "Received: from mail.example.org (helo) by mx.example.com with ESMTP; Sat, 1 Jan 2000\r\n"
        "From: ann@example.org\r\nSubject: free f r e e\r\nDate: Sat, 1 Jan 2000 00:00:00 +0100\r\n"
        "Message-ID: <12ab@example.org>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        "<p align=left>\360\235\220\205\360\235\220\253 e\314\201e\314\201e\314\201 \357\275\206 "
        "pi\342\200\213lls "
        "p\320\260ypal v.i.a.g.r.a g4cor bet88 <a href=\"http://me@192.0.2.1:81/x\">a</a>"
        "<a href=\"http://pills.example/y\">b</a></p>\r\n--b\r\n"
        "Content-Type: application/pdf; name=\"bill.pdf\"\r\n\r\nx\r\n--b--\r\n";
    struct document *document = mail_read(SPAN(text), false);
    struct span category = SPAN("casino");
    document->categories = &category;
    document->category_count = 1;
    features_extract(document);
    struct span places[64];
    size_t count = 0;
    for (size_t i = 0; i < document->feature_count; i++) {
        struct feature_name name = {.hash = document->features[i]};
        features_name(document, &name, 1);
        struct span words = token_words(document->arena, &name);
        bool is_header = name.place.length && name.place.data[name.place.length - 1] != ':';
        size_t at = 0;
        while (at < count && !span_equal(places[at], name.place))
            at++;
        if (at == count && !is_header)
            places[count++] = name.place;
        if (is_header != span_starts_nocase(words, SPAN("header ")))
            fail_msg("%.*s%.*s: %.*s", SPAN_ARGS(name.place), SPAN_ARGS(name.text),
                     SPAN_ARGS(words));
    }
    assert_int_equal(count, 33); /* all of them but what remarks have */
    document_free(document);
}

static int setup(void **state)
{
    (void)state;
    text_init();
    url_init();
    mail_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_features_are_ascending_without_doubles),
        cmocka_unit_test(test_words_and_pairs_are_counted_once),
        cmocka_unit_test(test_case_width_and_invisible_characters_do_not_matter),
        cmocka_unit_test(test_evasion_is_told_and_seen_through),
        cmocka_unit_test(test_one_way_to_evade_tells_of_another),
        cmocka_unit_test(test_marks_do_not_part_ideographs),
        cmocka_unit_test(test_digits_behind_a_name_count),
        cmocka_unit_test(test_headers_do_not_crowd_out_the_body),
        cmocka_unit_test(test_ways_of_evasion_are_features_of_their_own),
        cmocka_unit_test(test_honest_words_evade_nothing),
        cmocka_unit_test(test_joined_words_stay_whole),
        cmocka_unit_test(test_dotted_word_gives_its_last_two_labels),
        cmocka_unit_test(test_long_numbers_fall_into_classes),
        cmocka_unit_test(test_ideographs_give_bigrams_and_trigrams),
        cmocka_unit_test(test_ideographs_survive_two_separators),
        cmocka_unit_test(test_repeated_punctuation_is_a_token),
        cmocka_unit_test(test_subject_words_also_count_as_body),
        cmocka_unit_test(test_headers_of_filters_are_no_feature),
        cmocka_unit_test(test_same_word_in_another_header_is_another_feature),
        cmocka_unit_test(test_the_body_is_a_group_of_its_own),
        cmocka_unit_test(test_received_gives_hosts_but_no_addresses),
        cmocka_unit_test(test_features_are_bounded),
        cmocka_unit_test(test_script_is_that_of_most_letters),
        cmocka_unit_test(test_near_duplicates_share_shingle_bins),
        cmocka_unit_test(test_text_that_carries_a_list_of_other_keywords_gives_nothing),
        cmocka_unit_test(test_text_about_its_keywords_gives_all),
        cmocka_unit_test(test_remarks_share_features_with_remarks_alone),
        cmocka_unit_test(test_remarks_give_more_of_each_word),
        cmocka_unit_test(test_features_can_be_named),
        cmocka_unit_test(test_every_place_has_words),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
