/* rules.h: what a text of rules says of documents, and what cannot be such a text. */
#include "core/rules.h"

#include "core/features.h"
#include "core/mail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct document *document;

static int set_up(void **state)
{
    (void)state;
    mail_init();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    document_free(document);
    document = NULL;
    return 0;
}

static const char mail[] = "From: \"Ann's Shop\" <ann@news.shop.example>\n"
                           "Subject: =?utf-8?q?Caf=C3=A9_CASINO-Bonus!?=\n"
                           "Date: Thu, 01 Jan 2026 10:00:00 +0000\n"
                           "X-Mailer: Bulk Mailer 2.0\n"
                           "MIME-Version: 1.0\n"
                           "Content-Type: multipart/mixed; boundary=b\n\n"
                           "--b\nContent-Type: text/html; charset=utf-8\n\n"
                           "<p>Win free&nbsp; money, \xe5\x9c\xa8\xe7\xba\xbf\xe8\xb5\x8c"
                           "\xe5\x9c\xba\xe7\xbd\x91 at <a href=\"https://a.pills.example/buy-now"
                           "\">here</a></p>\n"
                           "--b\nContent-Type: application/zip; name=invoice.tar.gz\n"
                           "Content-Disposition: attachment; filename=invoice.tar.gz\n\nxx\n"
                           "--b--\n";

static void read_mail(const char *message)
{
    static struct span recipients[2];
    document_free(document);
    document = mail_read(span_of(message), false);
    recipients[0] = SPAN("Bob@Box.example");
    recipients[1] = SPAN("eva@box.example");
    document->envelope = (struct envelope){.sender = SPAN("bounce@lists.example"),
                                           .recipients = recipients,
                                           .recipient_count = 1,
                                           .known = true};
    features_extract(document);
}

/* One condition of a rule that holds. */
static bool holds(const char *condition)
{
    char text[2000];
    struct error error = {0};
    struct rules_said said;
    snprintf(text, sizeof text, "rule \"r\" { %s\n action = hold }", condition);
    struct rules *rules = rules_read(span_of(text), "rules", &error);
    if (!rules)
        fail_msg("%s", error.message);
    rules_match(rules, document, 0, &said);
    bool matches = said.decides != NULL;
    assert_int_equal(matches, said.count == 1);
    rules_release(rules);
    return matches;
}

static void test_words_are_whole_and_folded(void **state)
{
    (void)state;
    read_mail(mail);
    assert_true(holds("title = casino"));
    assert_true(holds("subject = \"Casino bonus\""));
    assert_true(holds("title = \"CAFE\xcc\x81\"")); /* composed or not */
    assert_true(holds("title = \"\xef\xbd\x83\xef\xbd\x81\xef\xbd\x93\xef\xbd\x89\xef\xbd\x8e"
                      "\xef\xbd\x8f\"")); /* full width */
    assert_true(holds("title = {lottery, casino}"));
    assert_true(holds("content = 'FREE MONEY'"));
    assert_true(holds("content = \"\xe8\xb5\x8c\xe5\x9c\xba\"")); /* no blanks in Chinese */
    assert_true(holds("text = casino") && holds("text = win"));
    assert_false(holds("title = casin"));
    assert_false(holds("title = \"bonus casino\""));
    assert_false(holds("title = win") || holds("content = casino"));
    assert_false(holds("content = \"free money now\""));
}

static void test_invisible_characters_hide_no_word(void **state)
{
    (void)state;
    read_mail("Subject: cas\xe2\x80\x8bino ca\xc2\xadsino2\n\n");
    assert_true(holds("title = casino") && holds("title = casino2"));
}

static void test_regular_expressions(void **state)
{
    (void)state;
    read_mail(mail);
    assert_true(holds("title = \"/casino/i\"") && holds("title = '/CASINO\\b/'"));
    assert_true(holds("title = \"/\\bCASINO-B\\w+!$/\"")); /* backslashes stay, in both quotes */
    assert_true(holds("content = '/\\p{Han}{5}/'"));
    assert_true(holds("link = '/\\/buy-\\w+$/'") && holds("link = \"/shop|pills/\""));
    assert_true(holds("title = '/caf(?:\xc3\xa9|e)/i'") && holds("title = '/CAF\xc3\x89/i'"));
    assert_false(holds("title = '/casino/'") || holds("title = '/^CASINO/'"));
}

static void test_who_wrote(void **state)
{
    (void)state;
    read_mail(mail);
    assert_true(holds("sender = ann@News.shop.example") && holds("sender = shop.example"));
    assert_true(holds("sender = \"@shop.example\"") && holds("sender = lists.example"));
    assert_true(holds("author = \"ann's shop\"") && holds("sender = '/^bounce@/'"));
    assert_false(holds("sender = op.example") || holds("sender = ann@shop.example"));
    assert_false(holds("sender = news.shop.example.org"));
}

static void test_links_attachments_and_headers(void **state)
{
    (void)state;
    read_mail(mail);
    assert_true(holds("link = pills.example") && holds("link = \"a.pills.example/buy\""));
    assert_false(holds("link = ills.example") || holds("link = example.pills"));
    assert_true(holds("attachment = .gz") && holds("attachment = \"*.tar.gz\""));
    assert_true(holds("enclosure = \"application/zip\"") &&
                holds("attachment = \"application/*\""));
    assert_true(holds("attachment = invoice") && holds("attachment = '/^inv.*gz$/'"));
    assert_false(holds("attachment = .zip") || holds("attachment = \"image/*\""));
    assert_true(holds("header = X-Mailer") && holds("header = \"x-mailer: bulk\""));
    assert_true(holds("header = \"X-Mailer: /^Bulk.*2\\.0$/\""));
    assert_false(holds("header = X-Other") || holds("header = \"Subject: bulk\""));
    assert_false(holds("category = casino"));
}

static void test_language_and_script(void **state)
{
    (void)state;
    read_mail("Subject: x\nContent-Type: text/plain; charset=utf-8\n\n"
              "\xe5\x9c\xa8\xe7\xba\xbf\xe8\xb5\x8c\xe5\x9c\xba\xe7\xbd\x91\xe7\xab\x99\n");
    assert_true(holds("script = han") && holds("language = zh") && holds("language = zh-Hans"));
    assert_false(holds("script = {latin, kana}") || holds("language = {ja, zh-hant}"));
    read_mail("Subject: x\nContent-Type: text/plain; charset=utf-8\n\n"
              "\xe3\x81\x93\xe3\x82\x8c\xe3\x81\xaf\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\n");
    assert_true(holds("language = ja"));
    assert_false(holds("language = zh"));
    read_mail("Subject: Hallo\nContent-Language: de-AT, en\n\nWie geht es\n");
    assert_true(holds("language = de") && holds("language = DE-at") && holds("language = en"));
    assert_true(holds("script = Latin"));
    assert_false(holds("language = fr"));
}

static void read_dated(int64_t age_s, bool feed)
{
    static char message[200]; /* the document lives on in it */
    char date[100];
    time_t then = time(NULL) - age_s;
    struct tm parts;
    gmtime_r(&then, &parts);
    strftime(date, sizeof date, feed ? "%Y-%m-%dT%H:%M:%SZ" : "%a, %d %b %Y %H:%M:%S +0000",
             &parts);
    snprintf(message, sizeof message, "Subject: x\nDate: %s\n\n", date);
    read_mail(feed ? "Subject: x\n\n" : message);
    if (feed)
        document->date = arena_copy(document->arena, span_of(date));
}

static void test_age(void **state)
{
    (void)state;
    for (int feed = 0; feed < 2; feed++) {
        read_dated(10 * 86400, feed);
        assert_true(holds("older-than = 9d") && holds("newer-than = 11d"));
        assert_true(holds("older-than = 9d newer-than = 11d"));
        assert_false(holds("older-than = 11d") || holds("newer-than = 9d"));
    }
    read_mail("Subject: x\n\n");
    assert_false(holds("older-than = 1d") || holds("newer-than = 1d"));
}

static void test_conditions_are_anded_and_negated(void **state)
{
    (void)state;
    read_mail(mail);
    assert_true(holds("title = casino  sender = shop.example  attachment = .gz"));
    assert_false(holds("title = casino  sender = other.example"));
    assert_true(holds("title = casino  not-sender = other.example"));
    assert_false(holds("title = casino  not-sender = {other.example, shop.example}"));
    assert_true(holds("not-title = '/^casino/'") && holds("not-header = X-Other"));
    assert_false(holds("not-title = '/casino/i'"));
}

static void test_scopes(void **state)
{
    (void)state;
    read_mail(mail);
    assert_true(holds("recipient = bob@box.example") && holds("recipient = box.example"));
    assert_false(holds("recipient = eva@box.example") || holds("on = feeds title = casino"));
    assert_true(holds("on = {mail, feeds} title = casino") && holds("on = mail title = casino"));
    assert_false(holds("feed = planet"));
    document->channel = CHANNEL_FEED;
    document->feed = SPAN("planet");
    assert_true(holds("feed = {other, planet}") && holds("on = feeds title = casino"));
    assert_false(holds("feed = Planet") || holds("recipient = bob@box.example"));
}

/* --- ordering --- */

static struct rules *read_rules(const char *text)
{
    struct error error = {0};
    struct rules *rules = rules_read(span_of(text), "rules", &error);
    if (!rules)
        fail_msg("%s", error.message);
    return rules;
}

static const char *decider(const char *text)
{
    static char name[RULE_NAME_MAX + 1];
    struct rules_said said;
    struct rules *rules = read_rules(text);
    rules_match(rules, document, 0, &said);
    snprintf(name, sizeof name, "%s", said.decides ? said.decides->name : "");
    rules_release(rules);
    return name;
}

#define HOLD "rule \"hold\" { title = casino action = hold }\n"
#define KEEP "rule \"keep\" { sender = shop.example action = keep }\n"
#define TAG "rule \"tag\" { sender = shop.example action = tag }\n"
#define OWN_HOLD "rule \"own hold\" { recipient = bob@box.example action = hold }\n"
#define OWN_TAG "rule \"own tag\" { recipient = box.example action = tag }\n"

static void test_keep_beats_hold_and_a_person_beats_all(void **state)
{
    (void)state;
    read_mail(mail);
    assert_string_equal(decider(HOLD KEEP), "keep");
    assert_string_equal(decider(TAG HOLD), "hold");
    assert_string_equal(decider(TAG), "tag");
    assert_string_equal(decider(KEEP OWN_HOLD), "own hold");
    assert_string_equal(decider(KEEP OWN_TAG), "own tag");
    assert_string_equal(decider(KEEP OWN_TAG OWN_HOLD), "own hold");
    assert_string_equal(decider("rule \"dry\" { title = casino action = hold dry = true }"), "");
    assert_string_equal(decider("rule \"w\" { title = casino weight = 2.5 }"), "");
}

static void test_of_several_recipients_all_must_be_kept_for(void **state)
{
    (void)state;
    read_mail(mail);
    document->envelope.recipient_count = 2;
    assert_string_equal(decider("rule \"k\" { recipient = bob@box.example action = keep }"), "");
    assert_string_equal(decider("rule \"k\" { recipient = box.example action = keep }"), "k");
    assert_string_equal(decider("rule \"h\" { recipient = bob@box.example action = hold }"), "h");
}

static void test_what_matches_is_told_with_its_reasons(void **state)
{
    (void)state;
    struct rules_said said;
    struct rules *rules =
        read_rules(HOLD KEEP "rule \"w\" { text = {a, win} link = pills.example weight = 1.5 }\n"
                             "rule \"none\" { title = lottery action = hold }\n"
                             "rule \"dry\" { title = '/bonus/i' action = hold dry = true }\n");
    read_mail(mail);
    rules_match(rules, document, 0, &said);
    assert_int_equal(said.count, 4);
    assert_string_equal(said.matches[0].rule->name, "hold");
    assert_memory_equal(said.matches[0].why.data, "title: casino", said.matches[0].why.length);
    assert_memory_equal(said.matches[2].why.data, "text: win; link: pills.example",
                        said.matches[2].why.length);
    assert_true(said.matches[2].rule->log_odds == 1.5);
    rules_count_matches(&said, document);
    assert_int_equal(rules_at(rules, 4)->matched, 1);
    struct rules *later = read_rules("rule \"dry\" { title = bonus action = hold }");
    rules_count_on(later, rules);
    assert_int_equal(rules_at(later, 0)->matched, 1);
    assert_int_not_equal(rules_version(later), rules_version(rules));
    rules_release(rules);
    rules_release(later);
}

/* --- what is not known --- */

static enum rule_answer answer_of(const char *text, unsigned unknown)
{
    struct rules_said said;
    struct rules *rules = read_rules(text);
    rules_match(rules, document, unknown, &said);
    enum rule_answer answer = said.count ? said.matches[0].answer : (enum rule_answer)99;
    rules_release(rules);
    return answer;
}

static void test_what_is_not_known_cannot_be_told(void **state)
{
    (void)state;
    unsigned no_body = 1u << RULE_CONTENT | 1u << RULE_TEXT | 1u << RULE_AGE;
    read_mail("Subject: casino\n\n");
    assert_int_equal(answer_of("rule \"r\" { content = x action = hold }", no_body), RULE_UNKNOWN);
    assert_int_equal(answer_of("rule \"r\" { not-content = x action = hold }", no_body),
                     RULE_UNKNOWN);
    assert_int_equal(answer_of("rule \"r\" { text = casino action = hold }", no_body),
                     RULE_MATCHES);
    assert_int_equal(answer_of("rule \"r\" { older-than = 1d action = hold }", no_body),
                     RULE_UNKNOWN);
    assert_int_equal(answer_of("rule \"r\" { title = other content = x action = hold }", no_body),
                     99);
}

/* --- hostile --- */

static void test_an_expression_that_explodes_did_not_finish(void **state)
{
    (void)state;
    static char message[300000];
    size_t head = (size_t)snprintf(message, sizeof message, "Subject: x\n\n");
    memset(message + head, 'a', sizeof message - head - 1);
    read_mail(message);
    const char *const exploding[] = {"/(a+)+[0-9]/", "/(a|aa)+[0-9]/", "/(a?){40}a{40}[0-9]/",
                                     "/(.*)(.*)(.*)(.*)[0-9]/s"};
    for (size_t i = 0; i < sizeof exploding / sizeof *exploding; i++) {
        char text[200];
        snprintf(text, sizeof text,
                 "rule \"boom\" { content = '%s' action = hold }\n"
                 "rule \"not boom\" { not-content = '%s' action = hold }\n"
                 "rule \"calm\" { title = x action = tag }",
                 exploding[i], exploding[i]);
        struct rules_said said;
        struct rules *rules = read_rules(text);
        rules_match(rules, document, 0, &said);
        assert_int_equal(said.count, 3);
        assert_int_equal(said.matches[0].answer, RULE_UNFINISHED);
        assert_int_equal(said.matches[1].answer, RULE_UNFINISHED);
        assert_string_equal(said.decides->name, "calm");
        rules_count_matches(&said, document);
        assert_int_equal(rules_at(rules, 0)->unfinished, 1);
        rules_release(rules);
    }
}

/* What takes little and finds nothing has an end, however long the text. */
static void test_a_long_text_is_read_to_the_end(void **state)
{
    (void)state;
    static char message[200000];
    size_t head = (size_t)snprintf(message, sizeof message, "Subject: x\n\n");
    memset(message + head, 'a', sizeof message - head - 1);
    memcpy(message + sizeof message - 8, " end 42", 8);
    read_mail(message);
    assert_true(holds("content = '/end \\d\\d\\n?$/'") && holds("content = '/ end/'"));
    assert_true(holds("content = end") && !holds("content = '/e nd/'"));
}

/* --- texts that are none --- */

static const char *refused(const char *text)
{
    static struct error error;
    error = (struct error){0};
    struct rules *rules = rules_read(span_of(text), "F", &error);
    assert_null(rules);
    assert_int_equal(error.class, ERROR_INPUT);
    assert_null(strchr(error.message, '\n'));
    return error.message;
}

#define REFUSED(text, expected) assert_string_equal(refused(text), expected)

static void test_what_cannot_be_a_rule_is_named_with_its_line(void **state)
{
    (void)state;
    REFUSED("rule \"a\" {\n titel = x\n action = hold }", "F:2: rule: no such option 'titel'");
    REFUSED("rule \"a\" { title = x\n action = drop }",
            "F:2: rule \"a\".action: \"drop\" is none of keep, hold, tag, weight");
    REFUSED("rule \"a\" { title = x }",
            "F:1: rule \"a\": has no action: action = keep, hold or tag, or weight = a number");
    REFUSED("\nrule \"a\" { action = hold }",
            "F:2: rule \"a\": has no condition, and would match everything");
    REFUSED("rule \"a\" { title = x action = hold weight = 2 }",
            "F:1: rule \"a\": has an action and a weight: take one");
    REFUSED("rule \"a\" { title = x weight = 99 }",
            "F:1: rule \"a\".weight: 99 is out of range (-20 to 20)");
    REFUSED("rule \"a\" { title = {}\n action = hold }", "F:1: a list of nothing; take it out");
    REFUSED("rule \"a\" { title = x\n title = y\n action = hold }",
            "F:2: title is given twice; of several values one is a list: {…}");
    REFUSED("rule \"a\" { title = \"\" action = hold }", "F:1: rule \"a\".title: a value is empty");
    REFUSED("rule \"a\" { title = \"$$$\" action = hold }",
            "F:1: rule \"a\".title: \"$$$\" has no letter or digit in it; write a regular "
            "expression: /…/");
    REFUSED("rule \"a\" { recipient = bob action = keep }",
            "F:1: rule \"a\".recipient: \"bob\" is neither an address nor a domain");
    REFUSED("rule \"a\" { feed = x recipient = b@c.example action = keep }",
            "F:1: rule \"a\": is for a feed and for a recipient: no document has both");
    REFUSED("rule \"a\" { on = mail feed = x action = keep }",
            "F:1: rule \"a\": is for a feed, and on mail");
    REFUSED("rule \"a\" { on = web title = x action = keep }",
            "F:1: rule \"a\".on: \"web\" is neither mail nor feeds");
    REFUSED("rule \"a\" { older-than = 3 weeks action = keep }",
            "F:1: rule \"a\".older-than: \"3\" is not an age: a number and s, m, h, d or y, as in "
            "30d");
    REFUSED("rule \"a\" { older-than = 3d newer-than = 2d action = keep }",
            "F:1: rule \"a\": is for what is older and newer than that: there is no such document");
    REFUSED("rule \"a\" { script = klingon action = keep }",
            "F:1: rule \"a\".script: \"klingon\" is none of latin, han, kana, hangul, cyrillic, "
            "greek, arabic, hebrew, thai, devanagari, other, none");
    REFUSED("rule \"\" { title = x action = keep }",
            "F:1: rule \"\": a name has 1 to 64 bytes, all of which can be seen");
    assert_non_null(strstr(refused("rule \"a\" { title = x action = hold }\n"
                                   "rule \"a\" { title = y action = hold }"),
                           "F:2: "));
    assert_non_null(strstr(refused("rule { title = x action = hold }"), "F:1: "));
    assert_non_null(strstr(refused("include(\"/etc/passwd\")"), "F:1: "));
}

static void test_bad_expressions_are_named_with_their_place(void **state)
{
    (void)state;
    REFUSED("rule \"a\" {\n\n title = {x, '/a(b/'} action = hold }",
            "F:3: rule \"a\".title: the regular expression is wrong at its character 4: missing "
            "closing parenthesis");
    REFUSED("rule \"a\" { title = '/abc' action = hold }",
            "F:1: rule \"a\".title: \"/abc\" starts as a regular expression, /…/, and does not "
            "end");
    REFUSED("rule \"a\" { title = '//' action = hold }",
            "F:1: rule \"a\".title: the regular expression is empty");
    REFUSED("rule \"a\" { title = '/x/q' action = hold }",
            "F:1: rule \"a\".title: a regular expression is /…/ with any of i, m, s, x behind it, "
            "not \"q\"");
    REFUSED("rule \"a\" { title = /x/ action = hold }",
            "F:1: a regular expression stands in quotes: '/…/'");
    REFUSED("rule \"a\" { header = '/x/' action = hold }",
            "F:1: rule \"a\".header: \"/x/\" names no header, as \"X-Mailer\" or \"X-Mailer: "
            "word\" do");
}

static void test_texts_that_are_not_whole(void **state)
{
    (void)state;
    REFUSED("rule \"a\" {\n title = x\n", "F:3: a '{' that is never closed");
    REFUSED("rule \"a\n\" { title = x }", "F:1: a quote that does not end on its line");
    REFUSED("\n/* rule", "F:2: a comment that is never closed");
    REFUSED("rule \"a\" { title = ${HOME} action = hold }",
            "F:1: '$' and '\\' stand in quotes only");
    REFUSED("\nrule \"\xff\" { title = x action = hold }", "F:2: is no UTF-8 text");
    assert_non_null(strstr(refused("}"), "F:1: "));
    assert_non_null(strstr(refused("rule \"a\" { title = }"), "F:1: "));
}

static void test_bounds(void **state)
{
    (void)state;
    static char text[RULES_TEXT_MAX + 2];
    memset(text, ' ', RULES_TEXT_MAX + 1);
    REFUSED(text, "F: is larger than 256 KiB");
    size_t at = 0;
    for (int i = 0; i <= RULES_MAX; i++)
        at += (size_t)snprintf(text + at, sizeof text - at,
                               "rule \"%d\" { title = x weight = 1 }\n", i);
    REFUSED(text, "F:2001: rule: more than 2000 rules");
    at = (size_t)snprintf(text, sizeof text, "rule \"a\" { action = hold title = {'/x/'");
    for (int i = 0; i < RULES_REGEX_MAX; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, ",'/%d/'", i);
    snprintf(text + at, sizeof text - at, "} }");
    REFUSED(text, "F: rule \"a\": more than 1000 regular expressions in all rules");
}

static void test_comments_and_an_empty_text_are_fine(void **state)
{
    (void)state;
    struct rules *rules = read_rules("# a\n// b\n/* c\n */ rule \"a\" { # d\n"
                                     "title = \"x # y\" action = hold }");
    assert_int_equal(rules_count(rules), 1);
    assert_string_equal(rules_at(rules, 0)->name, "a");
    rules_release(rules);
    rules = read_rules("");
    assert_int_equal(rules_count(rules), 0);
    assert_int_equal(rules_version(rules), 0);
    rules_release(rules);
    assert_int_equal(rules_count(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_words_are_whole_and_folded, tear_down),
        cmocka_unit_test_teardown(test_invisible_characters_hide_no_word, tear_down),
        cmocka_unit_test_teardown(test_regular_expressions, tear_down),
        cmocka_unit_test_teardown(test_who_wrote, tear_down),
        cmocka_unit_test_teardown(test_links_attachments_and_headers, tear_down),
        cmocka_unit_test_teardown(test_language_and_script, tear_down),
        cmocka_unit_test_teardown(test_age, tear_down),
        cmocka_unit_test_teardown(test_conditions_are_anded_and_negated, tear_down),
        cmocka_unit_test_teardown(test_scopes, tear_down),
        cmocka_unit_test_teardown(test_keep_beats_hold_and_a_person_beats_all, tear_down),
        cmocka_unit_test_teardown(test_of_several_recipients_all_must_be_kept_for, tear_down),
        cmocka_unit_test_teardown(test_what_matches_is_told_with_its_reasons, tear_down),
        cmocka_unit_test_teardown(test_what_is_not_known_cannot_be_told, tear_down),
        cmocka_unit_test_teardown(test_an_expression_that_explodes_did_not_finish, tear_down),
        cmocka_unit_test_teardown(test_a_long_text_is_read_to_the_end, tear_down),
        cmocka_unit_test(test_what_cannot_be_a_rule_is_named_with_its_line),
        cmocka_unit_test(test_bad_expressions_are_named_with_their_place),
        cmocka_unit_test(test_texts_that_are_not_whole),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_comments_and_an_empty_text_are_fine),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
