#include "feedfilter/feed_lexer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/feed.h"

static struct feed_ranges lex(struct arena *arena, struct span bytes)
{
    struct error error = {0};
    struct feed_encoding encoding;
    struct feed_ranges found;
    assert_true(feed_encoding_find(bytes, (struct span){NULL, 0}, &encoding, &error));
    if (!feed_lex(arena, bytes, &encoding, &found, &error))
        fail_msg("not lexed: %s", error.message);
    return found;
}

static void assert_bytes(struct span found, struct span expected)
{
    if (!span_equal(found, expected))
        fail_msg("\"%.*s\" is not \"%.*s\"", SPAN_ARGS(found), SPAN_ARGS(expected));
}

/* The stretch of `xml` is `expected`; NULL: it is nowhere. */
static void assert_stretch(const char *xml, struct feed_stretch stretch, const char *expected)
{
    if (!expected) {
        assert_true(stretch.start == FEED_NOWHERE);
        return;
    }
    assert_true(stretch.start <= stretch.end && stretch.end <= strlen(xml));
    assert_bytes((struct span){xml + stretch.start, stretch.end - stretch.start},
                 span_of(expected));
}

/* `at` is where `xml` goes on with `expected`; NULL: nowhere. */
static void assert_at(const char *xml, size_t at, const char *expected)
{
    if (!expected)
        assert_true(at == FEED_NOWHERE);
    else
        assert_stretch(xml, (struct feed_stretch){at, at + strlen(expected)}, expected);
}

/* Lexes `bytes` and expects the items that `expected` lists, each as its exact bytes, NULL last. */
static void assert_items(struct span bytes, const struct span *expected)
{
    struct arena *arena = arena_new();
    struct feed_ranges found = lex(arena, bytes);
    size_t i = 0;
    for (; i < found.count && expected[i].data; i++) {
        struct feed_range range = found.ranges[i];
        assert_bytes((struct span){bytes.data + range.start, range.end - range.start}, expected[i]);
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
    assert_true(feed_encoding_find(bytes, (struct span){NULL, 0}, &encoding, &error));
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

static void test_half_width_kana_lead_no_second_byte(void **state)
{
    (void)state;
    ASSERT_ITEMS("<?xml version='1.0' encoding='Shift_JIS'?><rss><channel>"
                 "<item><![CDATA[\xb1\xdd]]></item><item><![CDATA[\x83\x5d]]></item>"
                 "</channel></rss>",
                 SPAN("<item><![CDATA[\xb1\xdd]]></item>"),
                 SPAN("<item><![CDATA[\x83\x5d]]></item>"), );
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
    assert_true(feed_encoding_find(SPAN(xml), (struct span){NULL, 0}, &encoding, &error));
    assert_true(feed_lex(arena, SPAN(xml), &encoding, &found, &error));
    assert_int_equal(found.count, feed->item_count);
    for (size_t i = 0; i < found.count; i++)
        assert_int_equal(found.ranges[i].start_tag, feed->items[i].start_tag);
    feed_free(feed);
    arena_free(arena);
}

static void assert_titles(const char *xml, const char *const *expected, size_t count)
{
    struct arena *arena = arena_new();
    struct feed_ranges found = lex(arena, span_of(xml));
    assert_int_equal(found.count, count);
    for (size_t i = 0; i < count; i++)
        assert_stretch(xml, found.ranges[i].title, expected[i]);
    arena_free(arena);
}

static void test_an_item_s_title_is_its_first_own_one(void **state)
{
    (void)state;
    const char *const in_rss[] = {"<![CDATA[a < b]]> c", NULL, NULL, "", "x"};
    assert_titles("<rss xmlns:media='urn:m'><channel><title>feed</title>"
                  "<item><media:title>m</media:title><x:title>u</x:title><i><title>n</title></i>"
                  "<title a='>'><![CDATA[a < b]]> c</title ><title>second</title></item>"
                  "<item><title xmlns='urn:x'>t</title></item><item><title/></item>"
                  "<item><title></title></item><item><title>x</item></channel></rss>",
                  in_rss, 5);
    const char *const in_atom[] = {"one", "two"};
    assert_titles("<a:feed xmlns:a='http://www.w3.org/2005/Atom' xmlns:b='http://www.w3.org/2005/"
                  "Atom'><a:title/><a:entry><title>no</title><a:title>one</a:title></a:entry>"
                  "<a:entry><b:title>two</b:title></a:entry></a:feed>",
                  in_atom, 2);
}

static void test_children_can_be_put_behind_an_item_s_start_tag(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    static const char xml[] = "<rss><channel><item a='>' >1</item><item/><item b=c>2</item>"
                              "</channel></rss>";
    struct feed_ranges found = lex(arena, SPAN(xml));
    assert_int_equal(found.count, 3);
    assert_at(xml, found.ranges[0].inside, "1</item>");
    assert_at(xml, found.ranges[1].inside, NULL);
    assert_at(xml, found.ranges[2].inside, "2</item>");
    arena_free(arena);
}

#define RDF "xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'"

static void test_the_table_of_contents_of_rss_1_0_is_found(void **state)
{
    (void)state;
    static const char xml[] =
        "<r:RDF " RDF " xmlns='http://purl.org/rss/1.0/'><channel r:about='c'>"
        "<items><r:Seq><r:li r:resource='urn:a&amp;b'/>\n<r:li resource=\"urn:c\" ></r:li>"
        "<li r:resource='urn:d'/><r:li/></r:Seq></items><r:li r:resource='urn:e'/></channel>"
        "<item r:about='urn:a&amp;b'/><item about='urn:c'><items><r:Seq><r:li r:resource='f'/>"
        "</r:Seq></items></item><item x:about='g'/></r:RDF>";
    struct arena *arena = arena_new();
    struct feed_ranges found = lex(arena, SPAN(xml));
    assert_int_equal(found.mention_count, 2);
    assert_stretch(xml, found.mentions[0].whole, "<r:li r:resource='urn:a&amp;b'/>");
    assert_stretch(xml, found.mentions[1].whole, "<r:li resource=\"urn:c\" ></r:li>");
    assert_bytes(found.mentions[0].resource, SPAN("urn:a&amp;b"));
    assert_bytes(found.mentions[1].resource, SPAN("urn:c"));
    assert_int_equal(found.count, 3);
    assert_bytes(found.ranges[0].about, SPAN("urn:a&amp;b"));
    assert_bytes(found.ranges[1].about, SPAN("urn:c"));
    assert_int_equal(found.ranges[2].about.length, 0);
    arena_free(arena);
}

struct expected_link {
    enum feed_link_kind kind;
    const char *whole, *value;
};

static void assert_links(const char *xml, const struct expected_link *expected, size_t count)
{
    struct arena *arena = arena_new();
    struct feed_ranges found = lex(arena, span_of(xml));
    assert_int_equal(found.link_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(found.links[i].kind, expected[i].kind);
        assert_stretch(xml, found.links[i].whole, expected[i].whole);
        assert_stretch(xml, found.links[i].value, expected[i].value);
    }
    arena_free(arena);
}

#define ASSERT_LINKS(xml, ...)                                                                     \
    assert_links(xml, (struct expected_link[]){__VA_ARGS__},                                       \
                 sizeof((struct expected_link[]){__VA_ARGS__}) / sizeof(struct expected_link))

static void test_links_of_a_feed_are_found_by_namespace(void **state)
{
    (void)state;
    ASSERT_LINKS("<rss xmlns:z='http://www.w3.org/2005/Atom' xmlns:o='urn:o'><channel>"
                 "<link>http://site</link><z:link href='s' rel='self'/><z:link rel='alternate' "
                 "href='a'/><o:link rel='self' href='no'/><atom:link rel='HUB' href=\"h\"></atom:"
                 "link><item><z:link rel='self' href='i'/></item><image><z:link rel='self' "
                 "href='i'/></image><z:link rel='next'/></channel></rss>",
                 {FEED_LINK_SELF, "<z:link href='s' rel='self'/>", "s"},
                 {FEED_LINK_HUB, "<atom:link rel='HUB' href=\"h\"></atom:link>", "h"},
                 {FEED_LINK_PAGE, "<z:link rel='next'/>", NULL});
    ASSERT_LINKS("<feed xmlns='http://www.w3.org/2005/Atom'><link rel='prev-archive' href='p'/>"
                 "<entry><link rel='self' href='e'/></entry><link rel='http://www.iana.org/"
                 "assignments/relation/self' href=''/></feed>",
                 {FEED_LINK_PAGE, "<link rel='prev-archive' href='p'/>", "p"},
                 {FEED_LINK_SELF,
                  "<link rel='http://www.iana.org/assignments/relation/self' href=''/>", ""});
}

static void test_a_new_feed_url_is_found_with_its_text(void **state)
{
    (void)state;
    ASSERT_LINKS(
        "<rss xmlns:i='http://www.itunes.com/DTDs/Podcast-1.0.dtd'><channel>"
        "<i:new-feed-url> http://x </i:new-feed-url></channel></rss>",
        {FEED_LINK_NEW_FEED_URL, "<i:new-feed-url> http://x </i:new-feed-url>", " http://x "});
}

static void test_a_link_without_an_end_tag_is_nothing_whole(void **state)
{
    (void)state;
    ASSERT_LINKS("<rss><channel><link rel='self' href='s'></channel></rss>",
                 {FEED_LINK_SELF, "", "s"});
}

static void test_a_nul_in_a_relation_ends(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct feed_ranges found =
        lex(arena, SPAN("<rss><channel><link rel='\0 self' href='s'/></channel></rss>"));
    assert_int_equal(found.link_count, 1);
    arena_free(arena);
}

static void assert_head(const char *xml, const char *declaration, const char *root_tag,
                        const char *channel_tag, const char *front)
{
    struct arena *arena = arena_new();
    struct feed_ranges found = lex(arena, span_of(xml));
    assert_stretch(xml, found.declaration, declaration);
    assert_stretch(xml, found.root_tag, root_tag);
    assert_stretch(xml, found.channel_tag, channel_tag);
    assert_at(xml, found.front, front);
    arena_free(arena);
}

static void test_the_head_is_what_an_item_needs_around_it(void **state)
{
    (void)state;
    assert_head(" <?xml version='1.0'?><?x y?><rss v='>'><channel a='b'><item>1</item></channel>"
                "</rss>",
                "<?xml version='1.0'?>", "<rss v='>'>", "<channel a='b'>", "<item>1</item>");
    assert_head("<r:RDF " RDF "><channel><title/></channel><item/></r:RDF>", "", "<r:RDF " RDF ">",
                "", "<item/>");
    assert_head("<feed><title/><entry/></feed>", "", "<feed>", "", "<entry/>");
}

static void test_no_front_is_behind_the_end(void **state)
{
    (void)state;
    assert_head("<rss><channel></channel></rss><item/>", "", "<rss>", "<channel>",
                "</channel></rss><item/>");
    assert_head("<rss></rss><feed><entry/></feed>", "", "<rss>", "", NULL);
    assert_head("<rss/><channel><item/></channel>", "", "<rss/>", "", NULL);
    assert_head("<feed></feed><feed><entry/></feed>", "", "<feed>", "", "</feed><feed><entry/>");
}

static void test_a_feed_without_items_has_a_front_too(void **state)
{
    (void)state;
    assert_head("<rss><channel><title/></channel></rss>", "", "<rss>", "<channel>", "</channel>");
    assert_head("<feed><title/></feed>", "", "<feed>", "", "</feed>");
    assert_head("<feed/>", "", "<feed/>", "", NULL);
    assert_head("<rss><channel><title>", "", "<rss>", "", NULL);
}

#define JSON_ITEM "{\"title\":\"a \\\"b\\\" \",\"tags\" : [ \"x\" ],\"z\":[{},\"]}\"]}"

static void test_items_of_a_json_feed_are_its_objects(void **state)
{
    (void)state;
    static const char json[] =
        " {\"author\":{\"items\":[{}]},\"items\" : [ " JSON_ITEM " , 3,\n{ }]}";
    struct arena *arena = arena_new();
    struct feed_ranges found = lex(arena, SPAN(json));
    assert_true(found.json);
    assert_int_equal(found.count, 2);
    assert_stretch(json, (struct feed_stretch){found.ranges[0].start, found.ranges[0].end},
                   JSON_ITEM);
    assert_int_equal(found.ranges[0].start_tag, 1);
    assert_stretch(json, found.ranges[0].title, "a \\\"b\\\" ");
    assert_stretch(json, found.ranges[0].tags, " \"x\" ");
    assert_at(json, found.ranges[0].inside, "\"title\"");
    assert_true(found.ranges[0].comma_before == FEED_NOWHERE);
    assert_at(json, found.ranges[0].comma_after, ", 3");
    assert_int_equal(found.ranges[1].start_tag, 3);
    assert_stretch(json, found.ranges[1].title, NULL);
    assert_stretch(json, found.ranges[1].tags, NULL);
    assert_at(json, found.ranges[1].comma_before, ",\n{ }");
    assert_true(found.ranges[1].comma_after == FEED_NOWHERE);
    assert_at(json, found.front, " " JSON_ITEM);
    arena_free(arena);
}

static void test_links_of_a_json_feed_are_its_members(void **state)
{
    (void)state;
    ASSERT_LINKS("{\"hubs\":[{\"url\":1}] ,\"next_url\":\"n\", \"feed_url\" : \"s\\/\",\"items\":"
                 "[{\"feed_url\":\"i\"}], \"next\\u005furl\":3 }",
                 {FEED_LINK_HUB, "\"hubs\":[{\"url\":1}] ,", NULL},
                 {FEED_LINK_PAGE, "\"next_url\":\"n\",", "n"},
                 {FEED_LINK_SELF, ", \"feed_url\" : \"s\\/\"", "s\\/"},
                 {FEED_LINK_PAGE, ", \"next\\u005furl\":3", NULL});
}

/* As the reader counts, which sees them all. */
static void test_elements_are_counted_over_all_lists_of_items(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct feed_ranges found = lex(arena, SPAN("{\"items\":[{},{}],\"items\":[{}]}"));
    assert_int_equal(found.count, 3);
    assert_int_equal(found.ranges[2].start_tag, 3);
    assert_true(found.ranges[2].comma_before == FEED_NOWHERE);
    arena_free(arena);
}

static void test_what_is_no_json_feed_is_refused(void **state)
{
    (void)state;
    assert_refused(SPAN("{\"items\":{}}"), "list of items");
    assert_refused(SPAN("{\"items\":[{}"), "not JSON");
}

static void test_a_json_feed_in_wide_units_is_scaled(void **state)
{
    (void)state;
    static const char json[] = "\xff{\"items\":[{\"title\":\"t\"}]}";
    char wide[2 * sizeof json] = {0};
    for (size_t i = 0; i < sizeof json - 1; i++)
        wide[2 * i] = json[i];
    wide[1] = '\xfe';
    struct arena *arena = arena_new();
    struct feed_ranges found = lex(arena, (struct span){wide, 2 * (sizeof json - 1)});
    assert_int_equal(found.count, 1);
    assert_int_equal(found.ranges[0].start, 2 * 11);
    assert_int_equal(found.ranges[0].end, 2 * 24);
    arena_free(arena);
}

static bool has_base(const char *xml)
{
    struct arena *arena = arena_new();
    bool has = lex(arena, span_of(xml)).root_has_base;
    arena_free(arena);
    return has;
}

static void test_a_base_on_root_or_channel_is_seen(void **state)
{
    (void)state;
    assert_true(has_base("<feed xml:base='http://x/'><entry/></feed>"));
    assert_true(has_base("<rss><channel xml:base='http://x/'><item/></channel></rss>"));
    assert_false(has_base("<rss><channel><item xml:base='http://x/'/></channel></rss>"));
}

static void test_the_layout_is_scaled_in_wide_units(void **state)
{
    (void)state;
    static const char xml[] = "<?xml version='1.0'?><rss><channel><link rel='self' href='s'/>"
                              "<item><title>t</title></item></channel></rss>";
    char wide[2 * sizeof xml] = {0};
    for (size_t i = 0; i < sizeof xml - 1; i++)
        wide[2 * i] = xml[i];
    struct arena *arena = arena_new();
    struct feed_ranges narrow_found = lex(arena, SPAN(xml));
    struct feed_ranges found = lex(arena, (struct span){wide, 2 * (sizeof xml - 1)});
    assert_int_equal(found.front, 2 * narrow_found.front);
    assert_int_equal(found.declaration.end, 2 * narrow_found.declaration.end);
    assert_int_equal(found.links[0].value.start, 2 * narrow_found.links[0].value.start);
    assert_int_equal(found.ranges[0].title.end, 2 * narrow_found.ranges[0].title.end);
    assert_int_equal(found.ranges[0].inside, 2 * narrow_found.ranges[0].inside);
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
        cmocka_unit_test(test_half_width_kana_lead_no_second_byte),
        cmocka_unit_test(test_second_bytes_of_double_byte_characters_are_no_markup),
        cmocka_unit_test(test_start_tags_are_numbered_as_the_parser_numbers_them),
        cmocka_unit_test(test_an_item_s_title_is_its_first_own_one),
        cmocka_unit_test(test_children_can_be_put_behind_an_item_s_start_tag),
        cmocka_unit_test(test_the_table_of_contents_of_rss_1_0_is_found),
        cmocka_unit_test(test_links_of_a_feed_are_found_by_namespace),
        cmocka_unit_test(test_a_new_feed_url_is_found_with_its_text),
        cmocka_unit_test(test_a_link_without_an_end_tag_is_nothing_whole),
        cmocka_unit_test(test_a_nul_in_a_relation_ends),
        cmocka_unit_test(test_the_head_is_what_an_item_needs_around_it),
        cmocka_unit_test(test_no_front_is_behind_the_end),
        cmocka_unit_test(test_a_feed_without_items_has_a_front_too),
        cmocka_unit_test(test_items_of_a_json_feed_are_its_objects),
        cmocka_unit_test(test_links_of_a_json_feed_are_its_members),
        cmocka_unit_test(test_elements_are_counted_over_all_lists_of_items),
        cmocka_unit_test(test_what_is_no_json_feed_is_refused),
        cmocka_unit_test(test_a_json_feed_in_wide_units_is_scaled),
        cmocka_unit_test(test_a_base_on_root_or_channel_is_seen),
        cmocka_unit_test(test_the_layout_is_scaled_in_wide_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
