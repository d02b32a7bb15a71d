#include "feedfilter/feed_rewrite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "feed_editing.h"

#define ATOM "xmlns='http://www.w3.org/2005/Atom'"
#define ITUNES "xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'"
#define OWN "http://gw.test/f/planet?a=1&b=2"
#define UPSTREAM "https://me:secret@up.test:8443/blog/feed.xml?key=k#f"

static const char *links_of(const char *xml, enum feed_base needed)
{
    struct edited_feed *feed = edited_feed(span_of(xml));
    feed_rewrite_links(&feed->edits, feed->bytes, &feed->ranges, SPAN(OWN), SPAN(UPSTREAM), needed);
    return edited_bytes(feed).data;
}

static const char *based_on(const char *upstream, enum feed_base needed)
{
    struct edited_feed *feed = edited_feed(SPAN("<rss version='2.0'><channel/></rss>"));
    feed_rewrite_links(&feed->edits, feed->bytes, &feed->ranges, SPAN(OWN), span_of(upstream),
                       needed);
    return edited_bytes(feed).data;
}

static struct span tagged(struct span bytes, enum feed_format format)
{
    struct edited_feed *feed = edited_feed(bytes);
    bool tag[8];
    assert_true(feed->ranges.count > 0 && feed->ranges.count <= 8);
    memset(tag, true, sizeof tag);
    feed_rewrite_tags(&feed->edits, bytes, &feed->ranges, format, tag);
    return edited_bytes(feed);
}

/* An RSS item with `inside`, tagged: what became of the inside, behind the category. */
static const char *tagged_item(const char *inside)
{
    char xml[1024];
    snprintf(xml, sizeof xml, "<rss><channel><item>%s</item></channel></rss>", inside);
    struct span out = tagged(span_of(xml), FEED_RSS);
    struct span start = SPAN("<rss><channel><item>"), end = SPAN("</item></channel></rss>");
    char *text = (char *)out.data + start.length;
    text[out.length - start.length - end.length] = '\0';
    return text;
}

static void test_rel_self_becomes_our_address_in_its_own_quotes(void **state)
{
    (void)state;
    assert_string_equal(
        links_of("<feed " ATOM "><link href='http://up.test/' rel=\"self\"/></feed>",
                 FEED_BASE_NONE),
        "<feed " ATOM "><link href='http://gw.test/f/planet?a=1&amp;b=2' rel=\"self\"/></feed>");
}

static void test_what_leads_elsewhere_goes_whole(void **state)
{
    (void)state;
    assert_string_equal(links_of("<rss xmlns:a='http://www.w3.org/2005/Atom' " ITUNES "><channel>"
                                 "<a:link rel='hub' href='http://hub.test/'/>\n"
                                 "<a:link rel='next' href='?page=2'></a:link>"
                                 "<a:link rel='prev-archive' href='?page=2'/>"
                                 "<itunes:new-feed-url>http://up.test/</itunes:new-feed-url>"
                                 "</channel></rss>",
                                 FEED_BASE_NONE),
                        "<rss xmlns:a='http://www.w3.org/2005/Atom' " ITUNES "><channel>\n"
                        "</channel></rss>");
}

static void test_a_link_without_an_end_tag_leads_to_us(void **state)
{
    (void)state;
    assert_string_equal(
        links_of("<rss><channel><link rel='hub' href='http://hub.test/'><item/></channel></rss>",
                 FEED_BASE_NONE),
        "<rss><channel><link rel='hub' href='http://gw.test/f/planet?a=1&amp;b=2'><item/>"
        "</channel></rss>");
}

static void test_a_new_feed_url_without_an_end_tag_stays(void **state)
{
    (void)state;
    const char *xml = "<rss " ITUNES "><channel><itunes:new-feed-url>http://up.test/"
                      "<item><title>a</title></item></channel></rss>";
    assert_string_equal(links_of(xml, FEED_BASE_NONE), xml);
}

static void test_the_namespace_of_atom_may_have_any_scheme(void **state)
{
    (void)state;
    assert_string_equal(links_of("<rss xmlns:a='//www.w3.org/2005/Atom'><channel>"
                                 "<a:link rel='hub' href='http://hub.test/'/></channel></rss>",
                                 FEED_BASE_NONE),
                        "<rss xmlns:a='//www.w3.org/2005/Atom'><channel></channel></rss>");
}

static void test_references_in_relations_are_read(void **state)
{
    (void)state;
    assert_string_equal(
        links_of("<feed " ATOM "><link rel='&#115;elf' href='http://up.test/'/>"
                 "<link rel='&#x68;ub' href='http://hub.test/'/></feed>",
                 FEED_BASE_NONE),
        "<feed " ATOM "><link rel='&#115;elf' href='http://gw.test/f/planet?a=1&amp;b=2'/></feed>");
}

static void test_the_cloud_of_rss_goes(void **state)
{
    (void)state;
    assert_string_equal(links_of("<rss><channel><cloud domain='c.test' port='80' path='/' "
                                 "registerProcedure='' protocol='http-post'/><x:cloud "
                                 "xmlns:x='urn:x'/></channel></rss>",
                                 FEED_BASE_NONE),
                        "<rss><channel><x:cloud xmlns:x='urn:x'/></channel></rss>");
}

static void test_a_relative_base_of_the_channel_leads_on_from_upstream(void **state)
{
    (void)state;
    assert_string_equal(
        links_of("<rss><channel xml:base='x/'><item/></channel></rss>", FEED_BASE_DIRECTORY),
        "<rss><channel xml:base='https://up.test:8443/blog/x/'><item/></channel>"
        "</rss>");
    assert_string_equal(
        links_of("<rss xml:base='y/'><channel xml:base='x/'><item/></channel></rss>",
                 FEED_BASE_DIRECTORY),
        "<rss xml:base='https://up.test:8443/blog/y/'><channel "
        "xml:base='https://up.test:8443/blog/y/x/'><item/></channel></rss>");
}

static void test_links_of_items_and_to_the_site_stay(void **state)
{
    (void)state;
    const char *xml = "<feed " ATOM "><link href='http://up.test/'/><entry>"
                      "<link rel='self' href='http://up.test/1'/></entry></feed>";
    assert_string_equal(links_of(xml, FEED_BASE_NONE), xml);
}

static void test_relative_references_get_the_upstream_directory_as_base(void **state)
{
    (void)state;
    assert_string_equal(links_of("<rss version='2.0'><channel/></rss>", FEED_BASE_DIRECTORY),
                        "<rss xml:base=\"https://up.test:8443/blog/\" version='2.0'>"
                        "<channel/></rss>");
}

static void test_a_root_with_a_base_keeps_it(void **state)
{
    (void)state;
    const char *xml = "<feed " ATOM " xml:base='http://else.test/'/>";
    assert_string_equal(links_of(xml, FEED_BASE_DIRECTORY), xml);
}

static void test_a_relative_base_leads_on_from_upstream(void **state)
{
    (void)state;
    assert_string_equal(links_of("<feed " ATOM " xml:base=''/>", FEED_BASE_DIRECTORY),
                        "<feed " ATOM " xml:base='https://up.test:8443/blog/'/>");
    assert_string_equal(links_of("<feed " ATOM " xml:base = \"../a\"/>", FEED_BASE_DIRECTORY),
                        "<feed " ATOM " xml:base = \"https://up.test:8443/a\"/>");
}

static void test_a_root_without_attributes_gets_a_base(void **state)
{
    (void)state;
    assert_string_equal(links_of("<rss><channel/></rss>", FEED_BASE_DIRECTORY),
                        "<rss xml:base=\"https://up.test:8443/blog/\"><channel/></rss>");
}

static void test_the_base_says_no_more_of_upstream_than_is_needed(void **state)
{
    (void)state;
    static const char *const rows[][4] = {
        {"http://up.test", "http://up.test/", "http://up.test/", "http://up.test/"},
        {"http://up.test?feed=/rss2/", "http://up.test/", "http://up.test/", "http://up.test/"},
        {"http://u:p@s@up.test/a/b/?c=/d", "http://up.test/", "http://up.test/a/b/",
         "http://up.test/a/b/"},
        {"http://up.test/key/feed.php?b#c", "http://up.test/", "http://up.test/key/",
         "http://up.test/key/feed.php"},
        {"http://up.test/a@b/c", "http://up.test/", "http://up.test/a@b/", "http://up.test/a@b/c"},
        {"http://up.test/a&b/", "http://up.test/", "http://up.test/a&amp;b/",
         "http://up.test/a&amp;b/"},
        {"http://up.test/\xc3\xa9\"/", "http://up.test/", "http://up.test/%C3%A9&quot;/",
         "http://up.test/%C3%A9&quot;/"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (enum feed_base needed = FEED_BASE_HOST; needed <= FEED_BASE_DOCUMENT; needed++) {
            char expected[256];
            snprintf(expected, sizeof expected,
                     "<rss xml:base=\"%s\" version='2.0'><channel/></rss>", rows[i][needed]);
            assert_string_equal(based_on(rows[i][0], needed), expected);
        }
    }
}

static void test_an_upstream_that_is_no_url_gives_no_base(void **state)
{
    (void)state;
    assert_string_equal(based_on("", FEED_BASE_DOCUMENT), "<rss version='2.0'><channel/></rss>");
    assert_string_equal(based_on("feed.xml", FEED_BASE_HOST),
                        "<rss version='2.0'><channel/></rss>");
}

#define JSON_START "{\"version\":\"https://jsonfeed.org/version/1.1\""

static void test_the_json_twins_point_at_us_or_go(void **state)
{
    (void)state;
    assert_string_equal(links_of(JSON_START ", \"feed_url\" : \"http:\\/\\/up.test\", "
                                            "\"next_url\":\"http://up.test/2\", "
                                            "\"items\":[], \"hubs\":[{\"type\":\"WebSub\","
                                            "\"url\":\"http://hub.test/\"}]}",
                                 FEED_BASE_DIRECTORY),
                        JSON_START ", \"feed_url\" : \"" OWN "\", \"items\":[]}");
}

static void test_an_address_is_escaped_for_json(void **state)
{
    (void)state;
    struct edited_feed *feed = edited_feed(SPAN(JSON_START ",\"feed_url\":\"\",\"items\":[]}"));
    feed_rewrite_links(&feed->edits, feed->bytes, &feed->ranges, SPAN("http://gw.test/\"\\\n"),
                       SPAN(UPSTREAM), FEED_BASE_NONE);
    assert_string_equal(edited_bytes(feed).data,
                        JSON_START ",\"feed_url\":\"http://gw.test/%22%5C%0A\",\"items\":[]}");
}

static void test_wide_units_are_kept(void **state)
{
    (void)state;
    struct span bytes = in_encoding(SPAN("<feed " ATOM "><title>\xc3\xa9</title>"
                                         "<link rel='self' href='/'/></feed>"),
                                    "UTF-16LE");
    struct edited_feed *feed = edited_feed(bytes);
    feed_rewrite_links(&feed->edits, bytes, &feed->ranges, SPAN(OWN), SPAN(UPSTREAM),
                       FEED_BASE_DIRECTORY);
    struct feed *again = read_again(edited_bytes(feed));
    assert_int_equal(again->self.length, sizeof OWN - 1);
    assert_memory_equal(again->self.data, OWN, sizeof OWN - 1);
}

static void test_the_mark_stands_in_front_of_the_title(void **state)
{
    (void)state;
    assert_string_equal(tagged_item("<title>A &amp; B</title>"),
                        "<category>spam</category><title>[spam] A &amp; B</title>");
}

static void test_the_mark_stands_where_the_title_is_text(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"\n  A ", "\n  [spam] A "},
        {"<![CDATA[A]]>", "<![CDATA[[spam] A]]>"},
        {" <![CDATA[ \n]]> <![CDATA[ A]]>", " <![CDATA[ \n]]> <![CDATA[ [spam] A]]>"},
        {"<!-- <b> --><?x <b>?>A", "<!-- <b> --><?x <b>?>[spam] A"},
        {"&lt;b>A&lt;/b>", "[spam] &lt;b>A&lt;/b>"},
        {"<div class='>'><b>A</b></div>", "<div class='>'><b>[spam] A</b></div>"},
        {"<div><img/> A</div>", "<div><img/> [spam] A</div>"},
        {"<div></div>", "<div>[spam] </div>"},
        {"", "[spam] "},
        {"<![CDATA[]]>", "<![CDATA[]]>[spam] "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char inside[128], expected[192];
        snprintf(inside, sizeof inside, "<title>%s</title>", rows[i][0]);
        snprintf(expected, sizeof expected, "<category>spam</category><title>%s</title>",
                 rows[i][1]);
        assert_string_equal(tagged_item(inside), expected);
    }
}

static void test_a_title_is_added_where_there_is_none(void **state)
{
    (void)state;
    assert_string_equal(tagged_item("<link>x</link>"),
                        "<title>[spam]</title><category>spam</category><link>x</link>");
}

static void test_an_empty_title_is_filled(void **state)
{
    (void)state;
    assert_string_equal(tagged_item("<title/><link>x</link>"),
                        "<category>spam</category><title>[spam]</title><link>x</link>");
    struct span out = tagged(SPAN("<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry>"
                                  "<a:title type='text' /></a:entry></a:feed>"),
                             FEED_ATOM);
    assert_non_null(strstr(out.data, "<a:title type='text' >[spam]</a:title></a:entry>"));
}

static void test_a_foreign_title_is_not_the_items(void **state)
{
    (void)state;
    assert_string_equal(tagged_item("<m:title xmlns:m='http://search.yahoo.com/mrss/'>A</m:title>"),
                        "<title>[spam]</title><category>spam</category>"
                        "<m:title xmlns:m='http://search.yahoo.com/mrss/'>A</m:title>");
}

static void test_an_item_that_has_no_inside_stays(void **state)
{
    (void)state;
    struct span xml = SPAN("<rss><channel><item/></channel></rss>");
    assert_string_equal(tagged(xml, FEED_RSS).data, xml.data);
}

static void test_only_what_is_to_be_tagged_is_marked(void **state)
{
    (void)state;
    struct edited_feed *feed = edited_feed(SPAN("<rss><channel><item><title>a</title></item>"
                                                "<item><title>b</title></item></channel></rss>"));
    feed_rewrite_tags(&feed->edits, feed->bytes, &feed->ranges, FEED_RSS, (bool[]){false, true});
    assert_string_equal(edited_bytes(feed).data,
                        "<rss><channel><item><title>a</title></item>"
                        "<item><category>spam</category><title>[spam] b</title></item>"
                        "</channel></rss>");
}

static void test_an_entry_gets_the_category_of_atom_in_its_own_prefix(void **state)
{
    (void)state;
    assert_string_equal(
        tagged(SPAN("<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry ></a:entry></a:feed>"),
               FEED_ATOM)
            .data,
        "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry ><a:title>[spam]</a:title>"
        "<a:category term=\"spam\"/></a:entry></a:feed>");
}

static void test_a_start_tag_that_another_ends_gives_no_prefix(void **state)
{
    (void)state;
    struct span out = tagged(SPAN("<rss><channel><item<dc:creator>x</dc:creator><title>A</title>"
                                  "</item></channel></rss>"),
                             FEED_RSS);
    assert_null(strstr(out.data, "<item<dc:title"));
    assert_null(strstr(out.data, "<item<dc:category"));
    assert_non_null(strstr(out.data, "<category>spam</category>"));
}

/* A JSON item with `members`, tagged: what became of it. */
static const char *tagged_json(const char *members)
{
    char json[512];
    snprintf(json, sizeof json, JSON_START ",\"items\":[{%s}]}", members);
    struct span out = tagged(span_of(json), FEED_JSON);
    struct span start = SPAN(JSON_START ",\"items\":[");
    char *text = (char *)out.data + start.length;
    text[out.length - start.length - 2] = '\0';
    return text;
}

static void test_a_json_item_is_marked_in_its_title_and_tags(void **state)
{
    (void)state;
    assert_string_equal(tagged_json("\"title\":\"A\", \"tags\":[ \"b\"]"),
                        "{\"title\":\"[spam] A\", \"tags\":[\"spam\", \"b\"]}");
    assert_string_equal(tagged_json("\"tags\":[ ],\"title\":\"\""),
                        "{\"tags\":[\"spam\" ],\"title\":\"[spam] \"}");
}

static void test_a_json_item_gets_the_title_and_tags_that_it_lacks(void **state)
{
    (void)state;
    assert_string_equal(tagged_json("\"id\":\"1\""),
                        "{\"title\":\"[spam]\",\"tags\":[\"spam\"],\"id\":\"1\"}");
    assert_string_equal(tagged_json("\"title\":\"A\""),
                        "{\"tags\":[\"spam\"],\"title\":\"[spam] A\"}");
    assert_string_equal(tagged_json("\"tags\":[]"), "{\"title\":\"[spam]\",\"tags\":[\"spam\"]}");
    assert_string_equal(tagged_json(" "), "{\"title\":\"[spam]\",\"tags\":[\"spam\"] }");
}

/* Each format's smallest feed with one item. */
static const struct {
    enum feed_format format;
    const char *text;
} formats[] = {
    {FEED_RSS, "<rss version='0.91'><channel><item><title>\xc3\xa9</title></item></channel></rss>"},
    {FEED_RSS, "<rss version='0.92'><channel><item><title>\xc3\xa9</title></item></channel></rss>"},
    {FEED_RSS, "<rss version='2.0'><channel><item><title>\xc3\xa9</title></item></channel></rss>"},
    {FEED_RDF, "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
               "xmlns='http://purl.org/rss/1.0/'><channel rdf:about='/'><title>t</title></channel>"
               "<item rdf:about='/1'><title>\xc3\xa9</title></item></rdf:RDF>"},
    {FEED_ATOM, "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><entry>"
                "<title>\xc3\xa9</title></entry></feed>"},
    {FEED_ATOM, "<feed " ATOM "><entry><title type='xhtml'><div "
                "xmlns='http://www.w3.org/1999/xhtml'>\xc3\xa9</div></title></entry></feed>"},
    {FEED_JSON, "{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{\"id\":\"1\","
                "\"title\":\"\xc3\xa9\"}]}"},
    {FEED_JSON, JSON_START ",\"items\":[{\"id\":\"1\",\"title\":\"\xc3\xa9\"}]}"},
};

static void test_marks_are_read_as_title_and_category_in_each_format_and_encoding(void **state)
{
    (void)state;
    static const char *const encodings[] = {"UTF-8", "UTF-16", "ISO-8859-1", "GBK"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        for (size_t j = 0; j < sizeof encodings / sizeof *encodings; j++) {
            char xml[1024];
            bool json = formats[i].format == FEED_JSON;
            if (json && j > 0)
                continue;
            snprintf(xml, sizeof xml, "<?xml version='1.0' encoding='%s'?>%s", encodings[j],
                     formats[i].text);
            struct span bytes = in_encoding(span_of(json ? formats[i].text : xml), encodings[j]);
            const struct feed *feed = read_again(tagged(bytes, formats[i].format));
            assert_int_equal(feed->item_count, 1);
            place_of(feed->items[0].title, "[spam] \xc3\xa9");
            assert_int_equal(feed->items[0].category_count, 1);
            assert_true(span_equal(feed->items[0].categories[0], SPAN("spam")));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, feed_editing_set_up, feed_editing_tear_down)
        TEST(test_rel_self_becomes_our_address_in_its_own_quotes),
        TEST(test_what_leads_elsewhere_goes_whole),
        TEST(test_a_link_without_an_end_tag_leads_to_us),
        TEST(test_a_new_feed_url_without_an_end_tag_stays),
        TEST(test_the_namespace_of_atom_may_have_any_scheme),
        TEST(test_references_in_relations_are_read),
        TEST(test_the_cloud_of_rss_goes),
        TEST(test_a_relative_base_of_the_channel_leads_on_from_upstream),
        TEST(test_links_of_items_and_to_the_site_stay),
        TEST(test_relative_references_get_the_upstream_directory_as_base),
        TEST(test_a_root_with_a_base_keeps_it),
        TEST(test_a_relative_base_leads_on_from_upstream),
        TEST(test_a_root_without_attributes_gets_a_base),
        TEST(test_the_base_says_no_more_of_upstream_than_is_needed),
        TEST(test_an_upstream_that_is_no_url_gives_no_base),
        TEST(test_the_json_twins_point_at_us_or_go),
        TEST(test_an_address_is_escaped_for_json),
        TEST(test_wide_units_are_kept),
        TEST(test_the_mark_stands_in_front_of_the_title),
        TEST(test_the_mark_stands_where_the_title_is_text),
        TEST(test_a_title_is_added_where_there_is_none),
        TEST(test_an_empty_title_is_filled),
        TEST(test_a_foreign_title_is_not_the_items),
        TEST(test_an_item_that_has_no_inside_stays),
        TEST(test_only_what_is_to_be_tagged_is_marked),
        TEST(test_an_entry_gets_the_category_of_atom_in_its_own_prefix),
        TEST(test_a_start_tag_that_another_ends_gives_no_prefix),
        TEST(test_a_json_item_is_marked_in_its_title_and_tags),
        TEST(test_a_json_item_gets_the_title_and_tags_that_it_lacks),
        TEST(test_marks_are_read_as_title_and_category_in_each_format_and_encoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
