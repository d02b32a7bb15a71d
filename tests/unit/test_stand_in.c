/* What is replaced, and that it comes back. */
#include "core/stand_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define LONG_TEXT "a text that is long enough"
#define FIRST "\xf3\xb0\x80\x80"
#define SECOND "\xf3\xb0\x80\x81"

/* The shorter markup is `expected`. */
static void is_made(const char *markup, enum stand_in_markup kind, const char *expected)
{
    struct stand_ins stand_ins;
    struct span shorter = stand_ins_make(&stand_ins, span_of(markup), kind);
    if (!span_equal(shorter, span_of(expected)))
        fail_msg("%s became %.*s", markup, SPAN_ARGS(shorter));
    stand_ins_clear(&stand_ins);
}

static void test_long_texts_and_values_of_html_are_replaced(void **state)
{
    (void)state;
    is_made("<p> " LONG_TEXT "<b>short</b>", STAND_IN_HTML, "<p> " FIRST "<b>short</b>");
    is_made("<a href=\"" LONG_TEXT "\">" LONG_TEXT "</a>", STAND_IN_HTML,
            "<a href=\"" FIRST "\">" SECOND "</a>");
    is_made(LONG_TEXT "&nbsp;" LONG_TEXT, STAND_IN_HTML, FIRST "&nbsp;" SECOND);
    is_made("<td width=40% class='x y' id=1>some text</td>", STAND_IN_HTML,
            "<td width=" FIRST " class='" SECOND "' id=1>some text</td>");
}

static void test_texts_of_xml_are_replaced_with_their_references(void **state)
{
    (void)state;
    is_made("<x>" LONG_TEXT " &lt;br&gt; &#8217;s</x>", STAND_IN_XML, "<x>" FIRST "</x>");
    is_made("<x><![CDATA[<b>" LONG_TEXT "]]></x>", STAND_IN_XML, "<x><![CDATA[" FIRST "]]></x>");
}

static void test_what_a_parser_would_change_or_refuse_stays(void **state)
{
    (void)state;
    static const char *const xml[] = {
        "<x>" LONG_TEXT " ]]> </x>",        "<x>" LONG_TEXT "\r\nor not</x>",
        "<x>" LONG_TEXT "\xef\xbf\xbe</x>", "<!-- " LONG_TEXT " > -->",
        "<x y=\"" LONG_TEXT "\"/>",         "<x>" LONG_TEXT FIRST "</x>"};
    for (size_t i = 0; i < sizeof xml / sizeof *xml; i++)
        is_made(xml[i], STAND_IN_XML, xml[i]);
    is_made("<a title=\"" LONG_TEXT " <b>\">short</a>", STAND_IN_HTML,
            "<a title=\"" LONG_TEXT " <b>\">short</a>");
}

/* What the parser gives as text becomes this again. */
static void reads(struct stand_ins *stand_ins, const char *text, const char *expected)
{
    char out[400];
    size_t length = 0;
    const char *at = text, *end = text + strlen(text);
    struct span piece;
    while (stand_in_next(stand_ins, &at, end, &piece)) {
        memcpy(out + length, piece.data, piece.length);
        length += piece.length;
    }
    out[length] = '\0';
    assert_string_equal(out, expected);
}

static void test_texts_come_back(void **state)
{
    (void)state;
    struct stand_ins stand_ins;
    stand_ins_make(&stand_ins, SPAN("<x>&amp; " LONG_TEXT "</x><y>" LONG_TEXT "</y>"),
                   STAND_IN_XML);
    reads(&stand_ins, "before " FIRST, "before & " LONG_TEXT);
    assert_false(stand_ins_came_back(&stand_ins));
    reads(&stand_ins, SECOND " behind", LONG_TEXT " behind");
    assert_true(stand_ins_came_back(&stand_ins));
    stand_ins_clear(&stand_ins);
}

#define THIRD "\xf3\xb0\x80\x82"

/* Whether stand-ins for `markup`, of which the parser gave only `given`, are taken to have come
 * back. */
static bool come_back(const char *markup, const char *given)
{
    struct stand_ins stand_ins;
    stand_ins_make(&stand_ins, span_of(markup), STAND_IN_HTML);
    const char *at = given, *end = at + strlen(given);
    struct span piece;
    while (stand_in_next(&stand_ins, &at, end, &piece))
        continue;
    bool came_back = stand_ins_came_back(&stand_ins);
    stand_ins_clear(&stand_ins);
    return came_back;
}

static void test_dropped_values_that_mean_nothing_need_not_come_back(void **state)
{
    (void)state;
    assert_true(come_back("<p id=one id=two>" LONG_TEXT, FIRST THIRD));
    assert_true(come_back("<p id=one>" LONG_TEXT "<p id=two>", FIRST SECOND));
    assert_false(come_back("<p id=one id='t o'>" LONG_TEXT, FIRST THIRD));
    assert_false(come_back("<p id=one id=two>" LONG_TEXT, FIRST SECOND));
}

static void test_one_where_a_name_should_be_is_told(void **state)
{
    (void)state;
    struct stand_ins stand_ins;
    stand_ins_make(&stand_ins, SPAN("<font color = \"r=\"ed\">" LONG_TEXT), STAND_IN_HTML);
    stand_ins_no_name_at(&stand_ins, "\" size");
    reads(&stand_ins, SECOND, LONG_TEXT);
    assert_true(stand_ins_came_back(&stand_ins));
    stand_ins_no_name_at(&stand_ins, FIRST "\">");
    assert_false(stand_ins_came_back(&stand_ins));
    stand_ins_clear(&stand_ins);
}

static void test_one_that_comes_twice_or_late_is_told(void **state)
{
    (void)state;
    static const char *const wrong[] = {SECOND FIRST, FIRST FIRST, SECOND, FIRST SECOND FIRST};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct stand_ins stand_ins;
        const char *at = wrong[i], *end = at + strlen(at);
        struct span piece;
        stand_ins_make(&stand_ins, SPAN(LONG_TEXT "<br>" LONG_TEXT), STAND_IN_HTML);
        while (stand_in_next(&stand_ins, &at, end, &piece))
            continue;
        assert_false(stand_ins_came_back(&stand_ins));
        stand_ins_clear(&stand_ins);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_texts_and_values_of_html_are_replaced),
        cmocka_unit_test(test_texts_of_xml_are_replaced_with_their_references),
        cmocka_unit_test(test_what_a_parser_would_change_or_refuse_stays),
        cmocka_unit_test(test_texts_come_back),
        cmocka_unit_test(test_dropped_values_that_mean_nothing_need_not_come_back),
        cmocka_unit_test(test_one_where_a_name_should_be_is_told),
        cmocka_unit_test(test_one_that_comes_twice_or_late_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
