#include "core/explain.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

static struct evidence evidence[] = {
    {"LINK_FARM", 2.1, {"41 anchors, \"92 %\" of the text", 30}},
    {"CONTENT", 1.3004, {"\xff\x00 中", 6}},
    {"STORE_DOWN", 0, {NULL, 0}},
};
static const struct verdict verdict = {3.4004, 0.967705, ACTION_HOLD, evidence, 3};

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
    const char *expected =
        "{\"action\":\"hold\",\"p\":0.967705,\"log_odds\":3.4,\"terms\":["
        "{\"symbol\":\"LINK_FARM\",\"log_odds\":2.1,"
        "\"detail\":\"41 anchors, \\\"92 %\\\" of the text\"},"
        "{\"symbol\":\"CONTENT\",\"log_odds\":1.3,\"detail\":\"\xef\xbf\xbd\xef\xbf\xbd 中\"},"
        "{\"symbol\":\"STORE_DOWN\",\"log_odds\":0}]}";
    assert_string_equal(json.data, expected);
    assert_int_equal(json.length, strlen(expected));
}

static void test_text_tells_every_term(void **state)
{
    struct span text = explain_verdict_text(*state, explain_verdict_json(*state, &verdict));
    assert_string_equal(text.data,
                        "hold  p=0.968  log-odds +3.4\n"
                        "   +2.1  LINK_FARM                 41 anchors, \"92 %\" of the "
                        "text\n"
                        "   +1.3  CONTENT                   \xef\xbf\xbd\xef\xbf\xbd 中\n"
                        "   +0.0  STORE_DOWN\n");
}

static void test_text_carries_no_control_characters(void **state)
{
    struct evidence terms[] = {{"A", 1, SPAN("x\x1b[2J\n\xc2\x9b y")}};
    struct verdict one = {1, 0.73, ACTION_ACCEPT, terms, 1};
    struct span text = explain_verdict_text(*state, explain_verdict_json(*state, &one));
    assert_non_null(strstr(text.data, "x?[2J ? y\n"));
}

static void test_what_is_no_verdict_gives_no_text(void **state)
{
    assert_null(explain_verdict_text(*state, SPAN("")).data);
    assert_null(explain_verdict_text(*state, SPAN("{\"action\":\"hold\"}")).data);
    assert_null(explain_verdict_text(*state, (struct span){NULL, 0}).data);
}

static void test_short_form_has_the_largest_terms_that_weigh(void **state)
{
    assert_string_equal(explain_short(*state, &verdict, 8).data, "LINK_FARM(2.1) CONTENT(1.3)");
    assert_string_equal(explain_short(*state, &verdict, 1).data, "LINK_FARM(2.1)");
    struct verdict none = {0, 0.5, ACTION_ACCEPT, NULL, 0};
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
        TEST(test_text_carries_no_control_characters),
        TEST(test_what_is_no_verdict_gives_no_text),
        TEST(test_short_form_has_the_largest_terms_that_weigh),
        cmocka_unit_test(test_numbers_are_rounded_and_bounded),
        cmocka_unit_test(test_any_bytes_give_json_that_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
