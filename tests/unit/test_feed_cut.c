#include "feedfilter/feed_cut.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

/* `xml` less the items whose place in `cut` holds 'x' is `expected`. */
static void assert_cut(struct span feed, const char *cut, struct span expected)
{
    struct error error = {0};
    struct arena *arena = arena_new();
    struct feed_encoding encoding;
    struct feed_ranges found;
    bool gone[16] = {false};
    size_t count, length = 0;
    assert_true(feed_encoding_find(feed, (struct span){NULL, 0}, &encoding, &error));
    assert_true(feed_lex(arena, feed, &encoding, &found, &error));
    assert_int_equal(found.count, strlen(cut));
    for (size_t i = 0; i < found.count; i++)
        gone[i] = cut[i] == 'x';
    struct feed_edits edits = {.arena = arena, .encoding = &encoding};
    feed_cut(&edits, &found, gone);
    struct span *kept = feed_edits_apply(&edits, feed, &count);
    char *out = arena_text(arena, feed.length);
    for (size_t i = 0; i < count; i++) {
        memcpy(out + length, kept[i].data, kept[i].length);
        length += kept[i].length;
    }
    if (!span_equal((struct span){out, length}, expected))
        fail_msg("\"%.*s\" is not \"%.*s\"", (int)length, out, SPAN_ARGS(expected));
    arena_free(arena);
}

#define ASSERT_CUT(feed, cut, expected) assert_cut(SPAN(feed), cut, SPAN(expected))
#define RSS(items) "<rss><channel> " items " </channel></rss>"

static void test_nothing_cut_is_the_whole(void **state)
{
    (void)state;
    ASSERT_CUT(RSS("<item/>"), ".", RSS("<item/>"));
    ASSERT_CUT(RSS(""), "", RSS(""));
}

static void test_an_item_goes_and_the_blanks_around_it_stay(void **state)
{
    (void)state;
    ASSERT_CUT(RSS("<item>1</item> <item>2</item>\n<item>3</item>"), "x..",
               RSS(" <item>2</item>\n<item>3</item>"));
    ASSERT_CUT(RSS("<item>1</item> <item>2</item>\n<item>3</item>"), ".x.",
               RSS("<item>1</item> \n<item>3</item>"));
}

static void test_neighbours_go_together(void **state)
{
    (void)state;
    ASSERT_CUT(RSS("<item/><item>2</item>"), "xx", RSS(""));
}

#define RDF_HEAD                                                                                   \
    "<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><channel><items><r:Seq>"
#define RDF(mentions, items) RDF_HEAD mentions "</r:Seq></items></channel>" items "</r:RDF>"

static void test_the_mention_of_an_item_goes_with_it(void **state)
{
    (void)state;
    ASSERT_CUT(RDF("<r:li r:resource='a'/> <r:li r:resource='b'/>",
                   "<item r:about='a'/><item r:about='b'/>"),
               ".x", RDF("<r:li r:resource='a'/> ", "<item r:about='a'/>"));
}

static void test_a_mention_of_what_stays_stays(void **state)
{
    (void)state;
    ASSERT_CUT(RDF("<r:li r:resource='a'/>", "<item r:about='a'>1</item><item r:about='a'/>"), ".x",
               RDF("<r:li r:resource='a'/>", "<item r:about='a'>1</item>"));
}

static void test_names_are_compared_by_what_they_say(void **state)
{
    (void)state;
    ASSERT_CUT(RDF("<r:li r:resource=' ?a=1&amp;b=&#x263a;'/><r:li r:resource='?a=1&#38;amp;b='/>"
                   "<r:li r:resource='?a=1&b=\xe2\x98\xba'/>",
                   "<item r:about=\"?a=1&#38;b=\xe2\x98\xba\"/>"),
               "x", RDF("<r:li r:resource='?a=1&#38;amp;b='/>", ""));
}

static void test_mentions_are_found_in_wide_units(void **state)
{
    (void)state;
    static const char xml[] = RDF("<r:li r:resource='&#97;'/>", "<item r:about='a'/>");
    static const char expected[] = RDF("", "");
    char wide[2 * sizeof xml] = {0}, wide_expected[2 * sizeof expected] = {0};
    for (size_t i = 0; i < sizeof xml - 1; i++)
        wide[2 * i] = xml[i];
    for (size_t i = 0; i < sizeof expected - 1; i++)
        wide_expected[2 * i] = expected[i];
    assert_cut((struct span){wide, 2 * (sizeof xml - 1)}, "x",
               (struct span){wide_expected, 2 * (sizeof expected - 1)});
}

#define JSON(items) "{\"items\":[" items "]}"

static void test_a_json_item_goes_with_one_comma(void **state)
{
    (void)state;
    ASSERT_CUT(JSON(" {\"a\":1} , {\"b\":2} ,{} "), ".x.", JSON(" {\"a\":1}  ,{} "));
    ASSERT_CUT(JSON(" {\"a\":1} , {\"b\":2} ,{} "), "x..", JSON("  {\"b\":2} ,{} "));
    ASSERT_CUT(JSON(" {\"a\":1} , {\"b\":2} ,{} "), "..x", JSON(" {\"a\":1} , {\"b\":2}  "));
}

static void test_no_comma_is_left_over_whichever_json_items_go(void **state)
{
    (void)state;
    ASSERT_CUT(JSON("{},{},{}"), "xx.", JSON("{}"));
    ASSERT_CUT(JSON("{},{},{}"), ".xx", JSON("{}"));
    ASSERT_CUT(JSON("{},{},{}"), "x.x", JSON("{}"));
    ASSERT_CUT(JSON("{},{},{}"), "xxx", JSON(""));
    ASSERT_CUT(JSON("1,{},2,{},{}"), "xxx", JSON("1,2"));
    ASSERT_CUT(JSON("{},1,{}"), "xx", JSON("1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_cut_is_the_whole),
        cmocka_unit_test(test_an_item_goes_and_the_blanks_around_it_stay),
        cmocka_unit_test(test_neighbours_go_together),
        cmocka_unit_test(test_the_mention_of_an_item_goes_with_it),
        cmocka_unit_test(test_a_mention_of_what_stays_stays),
        cmocka_unit_test(test_names_are_compared_by_what_they_say),
        cmocka_unit_test(test_mentions_are_found_in_wide_units),
        cmocka_unit_test(test_a_json_item_goes_with_one_comma),
        cmocka_unit_test(test_no_comma_is_left_over_whichever_json_items_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
