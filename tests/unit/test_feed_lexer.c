#include "feedfilter/feed_lexer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/feed.h"

/* Lexes `bytes` and expects the items that `expected` lists, each as its exact bytes, NULL last. */
static void assert_items(struct span bytes, const struct span *expected)
{
    struct error error = {0};
    struct arena *arena = arena_new();
    struct feed_encoding encoding;
    struct feed_ranges found;
    assert_true(feed_encoding_find(bytes, &encoding, &error));
    if (!feed_lex(arena, bytes, &encoding, &found, &error))
        fail_msg("not lexed: %s", error.message);
    size_t i = 0;
    for (; i < found.count && expected[i].data; i++) {
        struct feed_range range = found.ranges[i];
        assert_int_equal(range.end - range.start, expected[i].length);
        assert_memory_equal(bytes.data + range.start, expected[i].data, expected[i].length);
    }
    assert_int_equal(found.count, i);
    assert_null(expected[i].data);
    arena_free(arena);
}

#define ASSERT_ITEMS(xml, ...) assert_items(SPAN(xml), (struct span[]){__VA_ARGS__{NULL, 0}})

static void assert_refused(struct span bytes, const char *part_of_message)
{
    struct error error = {0};
    struct arena *arena = arena_new();
    struct feed_encoding encoding;
    struct feed_ranges found;
    assert_true(feed_encoding_find(bytes, &encoding, &error));
    assert_false(feed_lex(arena, bytes, &encoding, &found, &error));
    assert_int_equal(error.class, ERROR_INPUT);
    if (!strstr(error.message, part_of_message))
        fail_msg("\"%s\" is not in \"%s\"", part_of_message, error.message);
    arena_free(arena);
}

static void test_items_from_first_byte_to_last(void **state)
{
    (void)state;
    ASSERT_ITEMS("<?xml version='1.0'?>\n<rss><channel>\n <item a='>'>1</item >\n<item/></channel>"
                 "</rss>",
                 SPAN("<item a='>'>1</item >"), SPAN("<item/>"), );
    ASSERT_ITEMS("<feed><entry>1</entry> <title>x</title><entry>2</entry></feed>",
                 SPAN("<entry>1</entry>"), SPAN("<entry>2</entry>"), );
}

static void test_markup_in_text_is_no_markup(void **state)
{
    (void)state;
    ASSERT_ITEMS("<!DOCTYPE rss [<!ENTITY a \"<rss>\"> <!-- <item> ]> --> <?pi ]> ?>]>"
                 "<rss><!-- <item> --><channel><?x <item> ?><item><![CDATA[</item><item>]]>"
                 "</item></channel></rss>",
                 SPAN("<item><![CDATA[</item><item>]]></item>"), );
    ASSERT_ITEMS("<rss><channel><item>a < b, 2 <3, </ item>, <!x>, <?></item></channel></rss>",
                 SPAN("<item>a < b, 2 <3, </ item>, <!x>, <?></item>"), );
}

static void test_nested_items_are_counted_not_found(void **state)
{
    (void)state;
    ASSERT_ITEMS("<rss><channel><item><item>x</item><x><item/></x></item></channel></rss>",
                 SPAN("<item><item>x</item><x><item/></x></item>"), );
}

static void test_items_of_other_namespaces_are_none(void **state)
{
    (void)state;
    ASSERT_ITEMS("<rss xmlns:x='urn:x'><channel><x:item/><item xmlns='urn:x'/><item/></channel>"
                 "</rss>",
                 SPAN("<item/>"), );
    ASSERT_ITEMS("<a:feed xmlns:a='urn:a' xmlns:b='urn:a'><a:entry/><b:entry/><entry/></a:feed>",
                 SPAN("<a:entry/>"), SPAN("<b:entry/>"), );
}

static void test_a_binding_ends_with_its_element(void **state)
{
    (void)state;
    ASSERT_ITEMS("<rss><channel><x xmlns='urn:x'></x><item/></channel></rss>", SPAN("<item/>"), );
}

static void test_unclosed_elements_inside_do_not_matter(void **state)
{
    (void)state;
    ASSERT_ITEMS("<rss><channel><item>a<br>b<p></i></item><item></item></channel></rss>",
                 SPAN("<item>a<br>b<p></i></item>"), SPAN("<item></item>"), );
}

static void test_broken_start_tags_are_survived(void **state)
{
    (void)state;
    ASSERT_ITEMS("<rss><channel><item><a href=x>y</a><b c=\"d\"e=\"f\"><i j='<k>'></item>"
                 "</channel></rss>",
                 SPAN("<item><a href=x>y</a><b c=\"d\"e=\"f\"><i j='<k>'></item>"), );
}

static void test_an_item_that_the_input_breaks_off_in_does_not_count(void **state)
{
    (void)state;
    ASSERT_ITEMS("<rss><channel><item>1</item><item>2", SPAN("<item>1</item>"), );
    ASSERT_ITEMS("<rss><channel><item>1</item><item a='", SPAN("<item>1</item>"), );
    ASSERT_ITEMS("<rss><channel><item>1</item><item><![CDATA[</item></channel></rss>",
                 SPAN("<item>1</item>"), );
}

static void test_an_item_without_its_end_tag_is_refused(void **state)
{
    (void)state;
    assert_refused(SPAN("<rss><channel><item>1<item>2</item></channel></rss>"), "end tag");
}

static void test_what_is_no_feed_is_refused(void **state)
{
    (void)state;
    assert_refused(SPAN("<html/>"), "root");
    assert_refused(SPAN("plain words"), "no element");
}

static void test_endless_nesting_is_refused(void **state)
{
    (void)state;
    char xml[4 + 3 * 600 + 1] = "<rss";
    memcpy(xml, "<rss>", 5);
    for (int i = 0; i < 590; i++)
        memcpy(xml + 5 + 3 * i, "<a>", 3);
    assert_refused((struct span){xml, 5 + 3 * 590}, "nested");
}

/* The same feed in units of two and four bytes gives ranges that are two and four times as far. */
static void test_wide_units_are_scaled(void **state)
{
    (void)state;
    static const char narrow[] = "<rss><channel> <item>x\x95</item></channel></rss>";
    static const char item[] = "<item>x\x95</item>";
    for (size_t unit = 2; unit <= 4; unit += 2)
        for (size_t big = 0; big < 2; big++) {
            char bytes[4 * sizeof narrow] = {0}, expected[4 * sizeof item] = {0};
            size_t at = big ? unit - 1 : 0;
            for (size_t i = 0; i < sizeof narrow - 1; i++)
                bytes[unit * i + at] = narrow[i];
            for (size_t i = 0; i < sizeof item - 1; i++)
                expected[unit * i + at] = item[i];
            assert_items((struct span){bytes, unit * (sizeof narrow - 1)},
                         (struct span[]){{expected, unit * (sizeof item - 1)}, {NULL, 0}});
        }
}

static void test_second_bytes_of_double_byte_characters_are_no_markup(void **state)
{
    (void)state;
    ASSERT_ITEMS("<?xml version='1.0' encoding='gbk'?><rss><channel>"
                 "<item><![CDATA[\x81\x5d]></item>]]></item></channel></rss>",
                 SPAN("<item><![CDATA[\x81\x5d]></item>]]></item>"), );
}

static void test_start_tags_are_numbered_as_the_parser_numbers_them(void **state)
{
    (void)state;
    static const char xml[] = "<rss><channel><title/><item><b>x</b></item><item><i x=y>a < b"
                              "<br/></item><item/></channel></rss>";
    struct error error = {0};
    struct arena *arena = arena_new();
    struct feed_encoding encoding;
    struct feed_ranges found;
    struct feed *feed = feed_read(SPAN(xml), (struct span){NULL, 0}, &error);
    assert_non_null(feed);
    assert_true(feed_encoding_find(SPAN(xml), &encoding, &error));
    assert_true(feed_lex(arena, SPAN(xml), &encoding, &found, &error));
    assert_int_equal(found.count, feed->item_count);
    for (size_t i = 0; i < found.count; i++)
        assert_int_equal(found.ranges[i].start_tag, feed->items[i].start_tag);
    feed_free(feed);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_items_from_first_byte_to_last),
        cmocka_unit_test(test_markup_in_text_is_no_markup),
        cmocka_unit_test(test_nested_items_are_counted_not_found),
        cmocka_unit_test(test_items_of_other_namespaces_are_none),
        cmocka_unit_test(test_a_binding_ends_with_its_element),
        cmocka_unit_test(test_unclosed_elements_inside_do_not_matter),
        cmocka_unit_test(test_broken_start_tags_are_survived),
        cmocka_unit_test(test_an_item_that_the_input_breaks_off_in_does_not_count),
        cmocka_unit_test(test_an_item_without_its_end_tag_is_refused),
        cmocka_unit_test(test_what_is_no_feed_is_refused),
        cmocka_unit_test(test_endless_nesting_is_refused),
        cmocka_unit_test(test_wide_units_are_scaled),
        cmocka_unit_test(test_second_bytes_of_double_byte_characters_are_no_markup),
        cmocka_unit_test(test_start_tags_are_numbered_as_the_parser_numbers_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
