#include "core/checks.h"
#include "core/explain.h"
#include "core/reputation.h"
#include "core/token_words.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

static const struct evidence_token tokens[] = {{{"\"\xff\x00 中\"", 8}, 0.4104}};
static struct evidence evidence[] = {
    {.symbol = "LINK_FARM", .log_odds = 2.1, .detail = {"41 anchors, \"92 %\" of the text", 30}},
    {.symbol = "CONTENT", .log_odds = 1.3004, .tokens = tokens, .token_count = 1},
    {.symbol = "STORE_DOWN"},
};
static const struct verdict verdict = {3.4004, 0.967705, ACTION_HOLD, evidence, 3, NULL};

static int make_arena(void **state)
{
    *state = arena_new();
    return 0;
}

static int drop_arena(void **state)
{
    arena_free(*state);
    return 0;
}

static void test_json_holds_action_numbers_and_terms_in_order(void **state)
{
    struct span json = explain_verdict_json(*state, &verdict);
    const char *expected = "{\"action\":\"hold\",\"p\":0.967705,\"log_odds\":3.4,\"terms\":["
                           "{\"symbol\":\"LINK_FARM\",\"log_odds\":2.1,"
                           "\"detail\":\"41 anchors, \\\"92 %\\\" of the text\"},"
                           "{\"symbol\":\"CONTENT\",\"log_odds\":1.3,\"tokens\":["
                           "{\"text\":\"\\\"\xef\xbf\xbd\xef\xbf\xbd 中\\\"\",\"log_odds\":0.41}]},"
                           "{\"symbol\":\"STORE_DOWN\",\"log_odds\":0}]}";
    assert_string_equal(json.data, expected);
    assert_int_equal(json.length, strlen(expected));
}

static const char *text_of(void **state, const char *terms)
{
    struct span json = arena_printf(
        *state, "{\"action\":\"hold\",\"p\":0.9,\"log_odds\":2.197,\"terms\":[%s]}", terms);
    const char *text = explain_verdict_text(*state, json).data;
    assert_non_null(text);
    assert_memory_equal(text, "hold  p=0.900  log-odds +2.20\n", 30);
    return text + 30;
}

#define TERM(symbol, log_odds, detail)                                                             \
    "{\"symbol\":\"" symbol "\",\"log_odds\":" log_odds ",\"detail\":\"" detail "\"}"

static void test_text_tells_every_term(void **state)
{
    struct span text = explain_verdict_text(*state, explain_verdict_json(*state, &verdict));
    assert_string_equal(text.data, "hold  p=0.968  log-odds +3.40\n"
                                   " +2.10  checks\n"
                                   "    +2.10  a list of keywords or links as link farms have "
                                   "them: 41 anchors, \"92 %\" of the text  [LINK_FARM]\n"
                                   " +1.30  content\n"
                                   "    +0.41  \"\xef\xbf\xbd\xef\xbf\xbd 中\"\n"
                                   "    +0.89  all others together  [CONTENT]\n"
                                   " +0.00  notes\n"
                                   "    +0.00  [STORE_DOWN]\n");
}

static void test_groups_and_reasons_stand_strongest_first(void **state)
{
    const char *text = text_of(
        state, "{\"symbol\":\"CONTENT\",\"log_odds\":-1.5,\"tokens\":["
               "{\"text\":\"small\",\"log_odds\":0.2},{\"text\":\"large\",\"log_odds\":-0.4}]}"
               "," TERM("FROM_MISSING", "0.7", "") "," TERM("DATE_MISSING", "1.1", "") "," TERM(
                   "REPUTATION_LINK_HOST", "0.5",
                   "a.example: 2 spam, 0 ham") "," TERM("REPUTATION_FROM_DOMAIN", "-0.6",
                                                        "example.org: 0 spam, 3 "
                                                        "ham") "," TERM("FORMERLY_"
                                                                        "RELEASED",
                                                                        "-2",
                                                                        "an admin "
                                                                        "released "
                                                                        "this "
                                                                        "item"));
    assert_string_equal(text, " -1.50  content\n"
                              "    -0.40  large\n"
                              "    +0.20  small\n"
                              "    -1.30  all others together  [CONTENT]\n"
                              " -0.20  checks\n"
                              "    -2.00  an admin released this item  [FORMERLY_RELEASED]\n"
                              "    +1.10  there is no Date  [DATE_MISSING]\n"
                              "    +0.70  there is no From  [FROM_MISSING]\n"
                              " -0.10  reputation\n"
                              "    -0.60  sender's domain example.org: 0 spam, 3 ham  "
                              "[REPUTATION_FROM_DOMAIN]\n"
                              "    +0.50  host of a link a.example: 2 spam, 0 ham  "
                              "[REPUTATION_LINK_HOST]\n");
}

/* 0.004 are shown as 0.00 twice, and 0.01 of them may not be missing from the sum. */
static void test_what_is_shown_adds_up(void **state)
{
    const char *text = text_of(
        state, "{\"symbol\":\"CONTENT\",\"log_odds\":0.013,\"tokens\":["
               "{\"text\":\"a\",\"log_odds\":0.004},{\"text\":\"b\",\"log_odds\":-0.004}]}," TERM(
                   "DATE_MISSING", "0.004", "") "," TERM("FROM_MISSING", "0.004", ""));
    assert_string_equal(text, " +0.01  content\n"
                              "    +0.00  a\n"
                              "    +0.00  b\n"
                              "    +0.01  all others together  [CONTENT]\n"
                              " +0.00  checks\n"
                              "    +0.00  there is no Date  [DATE_MISSING]\n"
                              "    +0.00  there is no From  [FROM_MISSING]\n");
}

static void test_the_head_is_the_sum_of_what_is_shown(void **state)
{
    struct evidence terms[] = {{.symbol = "CONTENT", .log_odds = 1.014},
                               {.symbol = "DATE_MISSING", .log_odds = 1.014},
                               {.symbol = "REPUTATION_LINK_HOST", .log_odds = 1.014}};
    struct verdict three = {.log_odds = 3.042,
                            .probability = 0.954,
                            .action = ACTION_HOLD,
                            .evidence = terms,
                            .evidence_count = 3};
    struct span text = explain_verdict_text(*state, explain_verdict_json(*state, &three));
    assert_non_null(strstr(text.data, "log-odds +3.03\n"));
}

static void test_a_cold_script_is_told_with_the_content(void **state)
{
    assert_string_equal(
        text_of(state, "{\"symbol\":\"CONTENT\",\"log_odds\":2.197}," TERM(
                           "DATE_MISSING", "0.5", "") "," TERM("CONTENT_COLD", "0", "few lessons")),
        " +2.20  content\n"
        "    +2.20  all of it together  [CONTENT]\n"
        "           few lessons  [CONTENT_COLD]\n"
        " +0.50  checks\n"
        "    +0.50  there is no Date  [DATE_MISSING]\n");
}

static void test_unknown_content_is_told(void **state)
{
    const char *text = "        nothing is known of such content yet; \"weirctl learn spam FILE\", "
                       "or ham, teaches it\n";
    assert_string_equal(text_of(state, ""), text);
    assert_non_null(strstr(text_of(state, TERM("DATE_MISSING", "0.5", "")), text));
}

static void test_content_without_tokens_is_one_line(void **state)
{
    assert_string_equal(text_of(state, "{\"symbol\":\"CONTENT\",\"log_odds\":2.197}"),
                        " +2.20  content\n"
                        "    +2.20  all of it together  [CONTENT]\n");
}

static void test_records_of_earlier_versions_tell_what_they_know(void **state)
{
    assert_string_equal(
        text_of(state, TERM("CONTENT", "1.4", "发票 +0.41, subject:free +0.33") "," TERM(
                           "A_CHECK_THAT_WAS", "0.8", "41 anchors")),
        " +1.40  content\n"
        "    +1.40  发票 +0.41, subject:free +0.33  [CONTENT]\n"
        " +0.80  checks\n"
        "    +0.80  41 anchors  [A_CHECK_THAT_WAS]\n");
}

static void test_text_carries_no_control_characters(void **state)
{
    const struct evidence_token forged[] = {{SPAN("\"a\xe2\x80\xae\n +9.00  b\""), 0.5}};
    struct evidence terms[] = {
        {.symbol = "LINK_FARM", .log_odds = 1, .detail = SPAN("x\x1b[2J\n\xc2\x9b y")},
        {.symbol = "CONTENT", .log_odds = 0.5, .tokens = forged, .token_count = 1}};
    struct verdict one = {1, 0.73, ACTION_ACCEPT, terms, 2, NULL};
    struct span text = explain_verdict_text(*state, explain_verdict_json(*state, &one));
    assert_non_null(strstr(text.data, ": x?[2J ? y  [LINK_FARM]\n"));
    assert_non_null(strstr(text.data, "\"a?  +9.00  b\"\n"));
}

static void test_every_check_and_reputation_has_words(void **state)
{
    size_t count;
    const struct check *checks = checks_all(&count);
    for (size_t i = 0; i < count; i++) {
        struct evidence term = {.symbol = checks[i].symbol, .log_odds = 1};
        struct verdict one = {1, 0.73, ACTION_ACCEPT, &term, 1, NULL};
        struct span text = explain_verdict_text(*state, explain_verdict_json(*state, &one));
        if (!strstr(
                text.data,
                arena_printf(*state, "+1.00  %s  [%s]\n", checks[i].words, checks[i].symbol).data))
            fail_msg("%s", text.data);
    }
    for (int type = 0; type < IDENTITY_TYPES; type++) {
        const char *symbol = reputation_symbol((enum identity_type)type);
        const char *words = reputation_words(span_of(symbol));
        assert_true(words && *words);
    }
    assert_null(reputation_words(SPAN("CONTENT")));
}

static void test_tokens_say_where_they_stand(void **state)
{
    static const struct {
        const char *place, *text, *words;
    } rows[] = {
        {"", "免费", "\"免费\""},
        {"", "click\r\n\t here", "\"click here\""},
        {"subject:", "free", "subject: \"free\""},
        {"host:", "pills.example", "link host: pills.example"},
        {"x-mailer", "The Bat", "header X-Mailer: \"The Bat\""},
        {"host", "pills.example", "header Host: \"pills.example\""},
        {"ho:", "date, x-mailer", "order of headers: Date, X-Mailer"},
        {"midshape:", "9.aA", "shape of the Message-ID: 9.aA"},
        {"disguised:", "𝐅𝐫𝐞𝐞", "letters in disguise: \"𝐅𝐫𝐞𝐞\""},
        {"spaced:", "v.i.a.g.r.a", "letters spaced out: \"v.i.a.g.r.a\""},
        {"size:", "a", "size of a part: less than 1 bytes"},
        {"size:", "q", "size of a part: less than 64 kB"},
        {"size:", "{", "size of a part: less than 64 MB"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct feature_name name = {.place = span_of(rows[i].place), .text = span_of(rows[i].text)};
        struct span words = token_words(*state, &name);
        if (!span_equal(words, span_of(rows[i].words)))
            fail_msg("%.*s is not %s", SPAN_ARGS(words), rows[i].words);
    }
}

static void test_what_is_no_verdict_gives_no_text(void **state)
{
    assert_null(explain_verdict_text(*state, SPAN("")).data);
    assert_null(explain_verdict_text(*state, SPAN("{\"action\":\"hold\"}")).data);
    assert_null(explain_verdict_text(*state, (struct span){NULL, 0}).data);
}

static void assert_reasons(void **state, struct span json, const char *expected)
{
    struct json_writer writer = {0};
    json_put_open(&writer, NULL, '{');
    explain_reasons_member(&writer, json);
    json_put_close(&writer, '}');
    assert_string_equal(arena_copy(*state, (struct span){writer.data, writer.length}).data,
                        expected);
    json_writer_free(&writer);
}

static void test_reasons_are_told_as_json_too(void **state)
{
    assert_reasons(
        state, explain_verdict_json(*state, &verdict),
        "{\"reasons\":[{\"name\":\"checks\",\"log_odds\":2.1,\"reasons\":[{\"words\":\"a list of "
        "keywords or links as link farms have them: 41 anchors, \\\"92 %\\\" of the text\","
        "\"log_odds\":2.1,\"symbol\":\"LINK_FARM\"}]},"
        "{\"name\":\"content\",\"log_odds\":1.3,\"reasons\":["
        "{\"words\":\"\\\"\xef\xbf\xbd\xef\xbf\xbd 中\\\"\",\"log_odds\":0.41},"
        "{\"words\":\"all others together\",\"log_odds\":0.89,\"symbol\":\"CONTENT\"}]},"
        "{\"name\":\"notes\",\"log_odds\":0,\"reasons\":["
        "{\"words\":\"\",\"log_odds\":0,\"symbol\":\"STORE_DOWN\"}]}]}");
    assert_reasons(state, SPAN("[]"), "{\"reasons\":[]}");
}

static void test_short_form_has_the_largest_terms_that_weigh(void **state)
{
    assert_string_equal(explain_short(*state, &verdict, 8).data, "LINK_FARM(2.1) CONTENT(1.3)");
    assert_string_equal(explain_short(*state, &verdict, 1).data, "LINK_FARM(2.1)");
    struct verdict none = {0, 0.5, ACTION_ACCEPT, NULL, 0, NULL};
    assert_string_equal(explain_short(*state, &none, 8).data, "");
}

static void number(struct json_writer *writer, double value, unsigned decimals)
{
    json_put_number(writer, NULL, value, decimals);
}

static void test_numbers_are_rounded_and_bounded(void **state)
{
    (void)state;
    struct json_writer writer = {0};
    json_put_open(&writer, NULL, '[');
    number(&writer, 0.0004, 3);
    number(&writer, -0.0004, 3);
    number(&writer, -12.0996, 3);
    number(&writer, 0.9999996, 6);
    number(&writer, 7.05, 2);
    number(&writer, NAN, 2);
    number(&writer, -INFINITY, 2);
    json_put_integer(&writer, NULL, INT64_MIN);
    json_put_close(&writer, ']');
    const char *expected = "[0,0,-12.1,1,7.05,0,-1000000000,-9223372036854775808]";
    assert_true(span_equal((struct span){writer.data, writer.length}, span_of(expected)));
    json_writer_free(&writer);
}

static void test_any_bytes_give_json_that_reads_back(void **state)
{
    (void)state;
    char bytes[512];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 37 + i / 256);
    struct json_writer writer = {0};
    json_put_open(&writer, NULL, '{');
    json_put_string(&writer, "bytes", (struct span){bytes, sizeof bytes});
    json_put_bool(&writer, "all", true);
    json_put_close(&writer, '}');
    json_error_t why;
    json_t *read = json_loadb(writer.data, writer.length, 0, &why);
    assert_non_null(read);
    assert_true(json_is_true(json_object_get(read, "all")));
    json_decref(read);
    json_writer_free(&writer);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_arena, drop_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_json_holds_action_numbers_and_terms_in_order),
        TEST(test_text_tells_every_term),
        TEST(test_groups_and_reasons_stand_strongest_first),
        TEST(test_what_is_shown_adds_up),
        TEST(test_the_head_is_the_sum_of_what_is_shown),
        TEST(test_a_cold_script_is_told_with_the_content),
        TEST(test_unknown_content_is_told),
        TEST(test_content_without_tokens_is_one_line),
        TEST(test_records_of_earlier_versions_tell_what_they_know),
        TEST(test_every_check_and_reputation_has_words),
        TEST(test_tokens_say_where_they_stand),
        TEST(test_text_carries_no_control_characters),
        TEST(test_what_is_no_verdict_gives_no_text),
        TEST(test_reasons_are_told_as_json_too),
        TEST(test_short_form_has_the_largest_terms_that_weigh),
        cmocka_unit_test(test_numbers_are_rounded_and_bounded),
        cmocka_unit_test(test_any_bytes_give_json_that_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
