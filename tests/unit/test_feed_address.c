#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/unit/feed_reading.h"
#include "tests/unit/rounds.h"

#define HOME "http://h.example/blog/feed.xml"
#define ATOM(attributes, entries)                                                                  \
    "<feed xmlns=\"http://www.w3.org/2005/Atom\" " attributes ">" entries "</feed>"
#define RSS(items) "<rss><channel>" items "</channel></rss>"

static struct feed *read_at(const char *address, const char *text)
{
    struct error error = {0};
    struct feed *feed = feed_read(span_of(text), span_of(address), &error);
    if (!feed)
        fail_msg("not read: %s", error.message);
    return feed;
}

static void assert_link(const char *address, const char *text, const char *expected)
{
    struct feed *feed = read_at(address, text);
    assert_span(feed->items[0].link, expected);
    feed_free(feed);
}

static void assert_first_host(const char *address, const char *text, const char *expected)
{
    struct feed *feed = read_at(address, text);
    struct document *document = feed_item_document(feed, &feed->items[0], SPAN("f"));
    assert_true(document->link_count > 0);
    assert_span(document->links[0].host, expected);
    document_free(document);
    feed_free(feed);
}

static enum feed_base needed_base(const char *text)
{
    struct feed *feed = read_at(HOME, text);
    enum feed_base needed = feed->needed_base;
    feed_free(feed);
    return needed;
}

static void test_links_lead_from_the_feeds_address(void **state)
{
    (void)state;
    assert_link(HOME, RSS("<item><link>../1?a</link></item>"), "http://h.example/1?a");
    assert_link(HOME, ATOM("", "<entry><link href=\"1\"/></entry>"), "http://h.example/blog/1");
    assert_link(HOME, RSS("<item><link>//i.example/1</link></item>"), "http://i.example/1");
    assert_link(HOME, RSS("<item><link>https://i.example/../1</link></item>"),
                "https://i.example/../1");
    assert_link(HOME, "{\"items\":[{\"url\":\"/1\"}]}", "http://h.example/1");
}

static void test_bases_nest_from_the_root_inwards(void **state)
{
    (void)state;
    assert_link(HOME, ATOM("xml:base=\"http://b.example/x/\"", "<entry><link href=\"1\"/></entry>"),
                "http://b.example/x/1");
    assert_link(HOME,
                ATOM("xml:base=\"http://b.example/x/\"", "<entry xml:base=\"y/\"><link "
                                                         "xml:base=\"z/\" href=\"1\"/></entry>"),
                "http://b.example/x/y/z/1");
    assert_link(HOME,
                ATOM("", "<entry xml:base=\"http://c.example/\"><title xml:base=\"/no/\"/>"
                         "<link href=\"1\"/></entry>"),
                "http://c.example/1");
    assert_link(HOME, ATOM("xml:base=\"/x/\"", "<entry><link href=\"1\"/></entry>"),
                "http://h.example/x/1");
    assert_link(HOME, RSS("<item xml:base=\"http://c.example/\"><link>1</link></item>"),
                "http://c.example/1");
}

static void test_a_base_alone_is_no_link(void **state)
{
    (void)state;
    struct feed *feed = read_at(
        HOME, ATOM("xml:base=\"http://b.example/\"", "<entry><link href=\"1\"></link></entry>"));
    assert_span(feed->items[0].link, "http://b.example/1");
    assert_int_equal(feed->items[0].other_link_count, 0);
    feed_free(feed);
    assert_link(HOME, RSS("<item xml:base=\"http://c.example/\"><link></link></item>"), "");
}

static void test_a_base_ends_with_its_element(void **state)
{
    (void)state;
    struct feed *feed = read_at(HOME, ATOM("", "<entry xml:base=\"http://c.example/\"/>"
                                               "<entry><link href=\"1\"/></entry>"));
    assert_span(feed->items[1].link, "http://h.example/blog/1");
    feed_free(feed);
}

static void test_without_address_the_feed_says_where_it_is(void **state)
{
    (void)state;
    assert_link("",
                ATOM("", "<entry><link href=\"1\"/></entry>"
                         "<link rel=\"self\" href=\"http://s.example/f\"/>"),
                "http://s.example/1");
    assert_link("", RSS("<link>http://s.example/</link><item><link>1</link></item>"),
                "http://s.example/1");
    assert_link("", "{\"items\":[{\"url\":\"1\"}],\"feed_url\":\"http://s.example/f\"}",
                "http://s.example/1");
    assert_link("", RSS("<item><link>1</link></item>"), "1");
}

static void test_the_feeds_own_links_become_whole(void **state)
{
    (void)state;
    struct feed *feed = read_at(HOME, ATOM("", "<link rel=\"self\" href=\"atom\"/>"
                                               "<link href=\"/\"/>"));
    assert_span(feed->self, "http://h.example/blog/atom");
    assert_span(feed->link, "http://h.example/");
    feed_free(feed);
}

static void test_enclosures_and_other_links_become_whole(void **state)
{
    (void)state;
    struct feed *feed = read_at(HOME, ATOM("", "<entry><link rel=\"enclosure\" href=\"a.mp3\"/>"
                                               "<content src=\"/b\"/>"
                                               "<link rel=\"via\" href=\"c\"/></entry>"));
    assert_span(feed->items[0].enclosures[0].url, "http://h.example/blog/a.mp3");
    assert_span(feed->items[0].enclosures[1].url, "http://h.example/b");
    assert_span(feed->items[0].other_links[0], "http://h.example/blog/c");
    feed_free(feed);
}

static void test_links_in_html_count_to_the_host_they_lead_to(void **state)
{
    (void)state;
    assert_first_host(HOME,
                      RSS("<item><description>&lt;a href=\"/x\"&gt;x&lt;/a&gt;</description>"
                          "</item>"),
                      "h.example");
    assert_first_host(HOME,
                      ATOM("", "<entry xml:base=\"http://c.example/\"><content type=\"html\" "
                               "xml:base=\"d/\">&lt;a href='../x'&gt;x&lt;/a&gt;</content>"
                               "</entry>"),
                      "c.example");
    assert_first_host(HOME, RSS("<item><title>&lt;a href=x&gt;x&lt;/a&gt;</title></item>"),
                      "h.example");
    assert_first_host("https://h.example/feed.json",
                      "{\"items\":[{\"content_html\":\"<a href='x'>x</a>\"}]}", "h.example");
}

static void test_a_base_inside_xhtml_counts(void **state)
{
    (void)state;
    assert_first_host(HOME,
                      ATOM("", "<entry><content type=\"xhtml\"><div "
                               "xmlns=\"http://www.w3.org/1999/xhtml\"><p "
                               "xml:base=\"http://d.example/\"><a href=\"x\">x</a></p></div>"
                               "</content></entry>"),
                      "d.example");
}

static void test_fragments_and_other_schemes_stay(void **state)
{
    (void)state;
    struct feed *feed =
        read_at(HOME, RSS("<item><description>&lt;a href=\"mailto:a@b.example\"&gt;x&lt;/a&gt;"
                          "&lt;a href=\"#x\"&gt;y&lt;/a&gt;</description></item>"));
    struct document *document = feed_item_document(feed, &feed->items[0], SPAN("f"));
    assert_int_equal(document->link_count, 1);
    assert_span(document->links[0].scheme, "mailto");
    document_free(document);
    feed_free(feed);
}

static void test_what_is_relative_needs_a_base(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum feed_base needed;
    } cases[] = {
        {RSS("<item><link>/1</link></item>"), FEED_BASE_HOST},
        {RSS("<item><link>//h.example/1</link></item>"), FEED_BASE_HOST},
        {RSS("<item><link>1</link></item>"), FEED_BASE_DIRECTORY},
        {RSS("<item><link>../1</link></item>"), FEED_BASE_DIRECTORY},
        {RSS("<item><link>?p=1</link></item>"), FEED_BASE_DOCUMENT},
        {RSS("<item><link>/1</link></item><item><link>?p=1</link></item>"), FEED_BASE_DOCUMENT},
        {RSS("<item><enclosure url=\"a.mp3\"/></item>"), FEED_BASE_DIRECTORY},
        {RSS("<item><description>&lt;img SRC = '/i.png'&gt;</description></item>"), FEED_BASE_HOST},
        {RSS("<item><description>&lt;a href=x&gt;&lt;a href=/x&gt;</description></item>"),
         FEED_BASE_DIRECTORY},
        {RSS("<link>/home</link><item><link>http://a.example/</link></item>"), FEED_BASE_HOST},
        {ATOM("xml:base=\"/x/\"", "<entry><link href=\"1\"/></entry>"), FEED_BASE_HOST},
        {ATOM("xml:base=\"/x/\"",
              "<entry><content type=\"html\">&lt;a href=x&gt;</content></entry>"),
         FEED_BASE_HOST},
        {ATOM("", "<icon>/favicon.ico</icon>"), FEED_BASE_HOST},
        {ATOM("", "<entry><content type=\"xhtml\"><div><img src=\"i\"/></div></content></entry>"),
         FEED_BASE_DIRECTORY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (needed_base(cases[i].text) != cases[i].needed)
            fail_msg("%d of %s", needed_base(cases[i].text), cases[i].text);
    }
}

static void test_what_leads_somewhere_anyway_needs_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        RSS("<item><link>http://a.example/</link></item>"),
        RSS("<item><description>&lt;a href=\"#top\"&gt;&lt;a "
            "href='https://a.example/?src=/x'&gt;</description></item>"),
        RSS("<item><description>xsrc=y or 1=2</description></item>"),
        ATOM("xml:base=\"http://b.example/\"", "<icon>i</icon><entry><link href=\"1\"/><content "
                                               "type=\"html\">&lt;a href=x&gt;</content></entry>"),
        "{\"items\":[{\"url\":\"/1\"}]}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (needed_base(texts[i]) != FEED_BASE_NONE)
            fail_msg("%s", texts[i]);
    }
}

static void test_a_long_base_does_not_fill_the_memory(void **state)
{
    (void)state;
    size_t items = 12000, base_length = 8000, length = 0;
    char *text = malloc(base_length + 100 + items * 40);
    assert_non_null(text);
    length += (size_t)sprintf(text, "<rss xml:base=\"http://a.example/");
    memset(text + length, 'x', base_length);
    length += base_length;
    length += (size_t)sprintf(text + length, "/\"><channel>");
    for (size_t i = 0; i < items; i++)
        length += (size_t)sprintf(text + length, "<item><link>y</link></item>");
    sprintf(text + length, "</channel></rss>");
    struct feed *feed = read_at("", text);
    assert_int_equal(feed->item_count, items);
    assert_true(feed->items[0].link.length > base_length);
    assert_span(feed->items[items - 1].link, "y");
    feed_free(feed);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links_lead_from_the_feeds_address),
        cmocka_unit_test(test_bases_nest_from_the_root_inwards),
        cmocka_unit_test(test_a_base_alone_is_no_link),
        cmocka_unit_test(test_a_base_ends_with_its_element),
        cmocka_unit_test(test_without_address_the_feed_says_where_it_is),
        cmocka_unit_test(test_the_feeds_own_links_become_whole),
        cmocka_unit_test(test_enclosures_and_other_links_become_whole),
        cmocka_unit_test(test_links_in_html_count_to_the_host_they_lead_to),
        cmocka_unit_test(test_a_base_inside_xhtml_counts),
        cmocka_unit_test(test_fragments_and_other_schemes_stay),
        cmocka_unit_test(test_what_is_relative_needs_a_base),
        cmocka_unit_test(test_what_leads_somewhere_anyway_needs_none),
        with_sanitizers_only(cmocka_unit_test(test_a_long_base_does_not_fill_the_memory)),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
