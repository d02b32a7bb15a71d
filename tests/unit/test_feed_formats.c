/* What the formats of XML and their modules say, format by format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/unit/feed_reading.h"

#define RSS(items)                                                                                 \
    "<rss xmlns:media=\"http://search.yahoo.com/mrss/\" "                                          \
    "xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\"><channel>" items                  \
    "</channel></rss>"
#define RDF(namespace, items)                                                                         \
    "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"" namespace "\" "     \
                                                                                            "xmln"    \
                                                                                            "s:"      \
                                                                                            "dc="     \
                                                                                            "\"ht"    \
                                                                                            "tp:/"    \
                                                                                            "/pur"    \
                                                                                            "l."      \
                                                                                            "org/"    \
                                                                                            "dc/"     \
                                                                                            "elem"    \
                                                                                            "ents"    \
                                                                                            "/1."     \
                                                                                            "1/"      \
                                                                                            "\" "     \
                                                                                            "xmln"    \
                                                                                            "s:"      \
                                                                                            "sy="     \
                                                                                            "\"ht"    \
                                                                                            "tp:/"    \
                                                                                            "/pur"    \
                                                                                            "l."      \
                                                                                            "org/"    \
                                                                                            "rss/"    \
                                                                                            "1.0/"    \
                                                                                            "modu"    \
                                                                                            "les/"    \
                                                                                            "synd"    \
                                                                                            "icat"    \
                                                                                            "ion/"    \
                                                                                            "\""      \
                                                                                            ">" items \
                                                                                            "</"      \
                                                                                            "rdf:"    \
                                                                                            "RDF>"
#define ATOM03(entries)                                                                            \
    "<feed version=\"0.3\" xmlns=\"http://purl.org/atom/ns#\">" entries "</feed>"
#define ATOM(entries) "<feed xmlns=\"http://www.w3.org/2005/Atom\">" entries "</feed>"

static void test_rss_090(void **state)
{
    (void)state;
    struct feed *feed = read_text(RDF("http://my.netscape.com/rdf/simple/0.9/",
                                      "<channel><title>C</title><link>http://c.example/</link>"
                                      "</channel><image><title>no</title></image>"
                                      "<item><title>One</title><link>http://c.example/1</link>"
                                      "</item>"));
    assert_int_equal(feed->format, FEED_RDF);
    assert_span(feed->title, "C");
    assert_span(feed->link, "http://c.example/");
    assert_span(feed->items[0].title, "One");
    assert_span(feed->items[0].guid, "http://c.example/1");
    feed_free(feed);
}

static void test_rss_10(void **state)
{
    (void)state;
    struct feed *feed =
        read_text(RDF("http://purl.org/rss/1.0/",
                      "<channel rdf:about=\"http://c.example/rss\"><title>C</title></channel>"
                      "<item rdf:about=\"http://c.example/#1\"><title>One</title>"
                      "<link>http://c.example/1</link><description>d</description>"
                      "<dc:creator>Ann</dc:creator><dc:subject>news</dc:subject>"
                      "<dc:date>2004-01-02</dc:date></item>"
                      "<item rdf:about=\"http://c.example/2\"/>"));
    struct feed_item *item = &feed->items[0];
    assert_int_equal(feed->format, FEED_RDF);
    assert_span(item->guid, "http://c.example/#1");
    assert_span(item->link, "http://c.example/1");
    assert_span(item->summary, "d");
    assert_span(item->author, "Ann");
    assert_span(item->date, "2004-01-02");
    assert_span(item->categories[0], "news");
    assert_span(feed->items[1].link, "http://c.example/2");
    feed_free(feed);
}

static void test_rss_091_has_items_beside_or_in_the_channel(void **state)
{
    (void)state;
    struct feed *feed = read_text("<rss version=\"0.91\"><channel><title>C</title>"
                                  "<item><title>in</title></item></channel>"
                                  "<item><title>beside</title></item></rss>");
    assert_int_equal(feed->format, FEED_RSS);
    assert_int_equal(feed->item_count, 2);
    assert_span(feed->items[1].title, "beside");
    feed_free(feed);
}

static void test_a_guid_that_is_a_permalink_is_the_link_where_there_is_no_other(void **state)
{
    (void)state;
    struct feed *feed = read_text(
        RSS("<item><guid>http://a.example/1</guid></item>"
            "<item><guid isPermaLink=\"false\">http://a.example/2</guid></item>"
            "<item><guid isPermaLink=\"true\">urn:3</guid></item>"
            "<item><guid>http://a.example/4</guid><link>http://b.example/</link></item>"));
    assert_span(feed->items[0].link, "http://a.example/1");
    assert_int_equal(feed->items[1].link.length, 0);
    assert_int_equal(feed->items[2].link.length, 0);
    assert_span(feed->items[3].link, "http://b.example/");
    feed_free(feed);
}

static void test_two_links_are_both_counted(void **state)
{
    (void)state;
    struct feed *feed = read_text(RSS("<item><link>http://a.example/</link>"
                                      "<link>http://b.example/</link></item>"));
    assert_span(feed->items[0].link, "http://a.example/");
    assert_int_equal(feed->items[0].other_link_count, 1);
    assert_span(feed->items[0].other_links[0], "http://b.example/");
    feed_free(feed);
}

static void test_media_content_is_an_enclosure_at_any_depth(void **state)
{
    (void)state;
    struct feed *feed = read_text(
        RSS("<item><media:content url=\"http://a.example/1\" type=\"video/mp4\" fileSize=\"12\"/>"
            "<media:group><media:content url=\"http://a.example/2\"><media:title>T</media:title>"
            "</media:content><media:description>Whole text</media:description>"
            "<media:keywords>a, b</media:keywords></media:group></item>"));
    struct feed_item *item = &feed->items[0];
    assert_int_equal(item->enclosure_count, 2);
    assert_span(item->enclosures[0].url, "http://a.example/1");
    assert_span(item->enclosures[0].type, "video/mp4");
    assert_int_equal(item->enclosures[0].length_bytes, 12);
    assert_span(item->enclosures[1].url, "http://a.example/2");
    assert_span(item->title, "T");
    assert_span(item->summary, "Whole text");
    assert_int_equal(item->category_count, 2);
    assert_span(item->categories[1], "b");
    feed_free(feed);
}

static void test_an_enclosure_said_twice_is_one(void **state)
{
    (void)state;
    struct feed *feed = read_text(RSS("<item><enclosure url=\"http://a.example/1\"/>"
                                      "<media:content url=\"http://a.example/1\"/></item>"));
    assert_int_equal(feed->items[0].enclosure_count, 1);
    feed_free(feed);
}

static void test_podcasts_say_it_in_their_own_words(void **state)
{
    (void)state;
    struct feed *feed =
        read_text(RSS("<item><itunes:author>Ann</itunes:author><itunes:title>T</itunes:title>"
                      "<itunes:summary>S</itunes:summary><itunes:keywords>a,b,,c</itunes:keywords>"
                      "</item>"));
    assert_span(feed->items[0].author, "Ann");
    assert_span(feed->items[0].title, "T");
    assert_span(feed->items[0].summary, "S");
    assert_int_equal(feed->items[0].category_count, 3);
    feed_free(feed);
}

static void test_names_of_elements_and_modules_are_read_in_any_case(void **state)
{
    (void)state;
    struct feed *feed = read_text("<rss xmlns:i=\"http://www.itunes.com/DTDs/Podcast-1.0.dtd\">"
                                  "<channel><item><TITLE>T</TITLE><i:author>Ann</i:author>"
                                  "</item></channel></rss>");
    assert_span(feed->items[0].title, "T");
    assert_span(feed->items[0].author, "Ann");
    feed_free(feed);
}

static void test_feeds_in_capitals_are_read(void **state)
{
    (void)state;
    struct feed *feed = read_text(
        "<RSS VERSION=\"2.0\"><CHANNEL><TITLE>C</TITLE><LINK>http://c.example/</LINK><ITEM>"
        "<TITLE>T</TITLE><LINK>http://c.example/1</LINK><GUID ISPERMALINK=\"false\">1</GUID>"
        "<PUBDATE>Sat, 07 Sep 2002 00:00:01 GMT</PUBDATE><DESCRIPTION>D</DESCRIPTION>"
        "<ENCLOSURE URL=\"http://c.example/a\" TYPE=\"audio/mpeg\"/></ITEM></CHANNEL></RSS>");
    struct feed_item *item = &feed->items[0];
    assert_int_equal(feed->format, FEED_RSS);
    assert_false(feed->recovered);
    assert_span(feed->title, "C");
    assert_span(feed->link, "http://c.example/");
    assert_int_equal(feed->item_count, 1);
    assert_span(item->title, "T");
    assert_span(item->link, "http://c.example/1");
    assert_span(item->guid, "1");
    assert_span(item->summary, "D");
    assert_int_equal(item->time_s, 1031356801);
    assert_span(item->enclosures[0].url, "http://c.example/a");
    feed_free(feed);
    feed = read_text("<Feed xmlns=\"http://www.w3.org/2005/Atom\"><Title>C</Title><Entry><Id>1</Id>"
                     "<Title>T</Title><Link Rel=\"alternate\" Href=\"http://c.example/1\"/>"
                     "<Author><Name>Ann</Name></Author></Entry></Feed>");
    assert_int_equal(feed->format, FEED_ATOM);
    assert_span(feed->title, "C");
    assert_int_equal(feed->item_count, 1);
    assert_span(feed->items[0].link, "http://c.example/1");
    assert_span(feed->items[0].author, "Ann");
    feed_free(feed);
}

static void test_items_of_any_case_are_items(void **state)
{
    (void)state;
    struct feed *feed =
        read_text("<rss><channel><Item><title>1</title></Item><iTEM><title>2</title></iTEM>"
                  "<ITEM><title>3</title></item><item><title>4</TITLE></item></channel></RSS>");
    assert_int_equal(feed->item_count, 4);
    for (size_t i = 0; i < feed->item_count; i++)
        assert_span(feed->items[i].title, ((const char *const[]){"1", "2", "3", "4"})[i]);
    feed_free(feed);
}

/* Readers who insist on XML know none but that. */
static void test_an_attribute_as_the_standard_writes_it_counts(void **state)
{
    (void)state;
    struct feed *feed = read_text("<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry>"
                                  "<link HREF=\"http://a.example/\" href=\"http://b.example/\"/>"
                                  "</entry></feed>");
    assert_span(feed->items[0].link, "http://b.example/");
    feed_free(feed);
}

static void test_atom_03(void **state)
{
    (void)state;
    struct feed *feed = read_text(
        ATOM03("<title>C</title><link rel=\"alternate\" href=\"http://c.example/\"/><entry>"
               "<id>tag:1</id><title>One</title><link rel=\"alternate\" "
               "href=\"http://c.example/1\"/><issued>2004</issued><modified>2005</modified>"
               "<author><name>Ann</name></author><summary type=\"text/plain\">1 &lt; 2</summary>"
               "<content type=\"text/html\" mode=\"escaped\">&lt;p&gt;x&lt;/p&gt;</content>"
               "</entry>"));
    struct feed_item *item = &feed->items[0];
    assert_int_equal(feed->format, FEED_ATOM);
    assert_span(feed->link, "http://c.example/");
    assert_span(item->guid, "tag:1");
    assert_span(item->link, "http://c.example/1");
    assert_span(item->date, "2004");
    assert_span(item->author, "Ann");
    assert_false(item->summary_is_html);
    assert_span(item->content, "<p>x</p>");
    assert_true(item->content_is_html);
    feed_free(feed);
}

static void test_atom_03_markup_may_stand_unescaped(void **state)
{
    (void)state;
    struct feed *feed = read_text(
        ATOM03("<entry><content type=\"application/xhtml+xml\" mode=\"xml\"><div "
               "xmlns=\"http://www.w3.org/1999/xhtml\">a &amp; <b>b</b></div></content></entry>"));
    assert_span(feed->items[0].content, "<div>a &amp; <b>b</b></div>");
    assert_true(feed->items[0].content_is_html);
    feed_free(feed);
}

static void test_base64_is_read_where_it_holds_text(void **state)
{
    (void)state;
    struct feed *feed =
        read_text(ATOM03("<entry><content type=\"text/html\" mode=\"base64\">\nPGI+\nYm9s "
                         "ZDwvYj4=\n</content></entry>"));
    assert_span(feed->items[0].content, "<b>bold</b>");
    assert_true(feed->items[0].content_is_html);
    feed_free(feed);
    feed = read_text(ATOM("<entry><content type=\"image/gif\">R0lGODlhgICA</content></entry>"));
    assert_span(feed->items[0].content, "R0lGODlhgICA");
    feed_free(feed);
    feed = read_text(ATOM("<entry><content type=\"text/markdown\">PGI+</content></entry>"));
    assert_span(feed->items[0].content, "PGI+");
    feed_free(feed);
}

static void test_atom_categories_have_terms_and_labels(void **state)
{
    (void)state;
    struct feed *feed = read_text(ATOM("<entry><category term=\"t\" label=\"Label\"/></entry>"));
    assert_int_equal(feed->items[0].category_count, 2);
    assert_span(feed->items[0].categories[1], "Label");
    feed_free(feed);
}

static void test_what_a_source_says_of_itself_is_not_the_entrys(void **state)
{
    (void)state;
    struct feed *feed = read_text(ATOM("<entry><title>E</title><source><title>S</title>"
                                       "<link href=\"http://s.example/\"/></source></entry>"));
    assert_span(feed->items[0].title, "E");
    assert_int_equal(feed->items[0].link.length, 0);
    feed_free(feed);
}

static unsigned poll_of(const char *text)
{
    struct feed *feed = read_text(text);
    unsigned poll_s = feed->poll_s;
    feed_free(feed);
    return poll_s;
}

static void test_a_ttl_is_in_minutes(void **state)
{
    (void)state;
    assert_int_equal(poll_of(RSS("<ttl>90</ttl>")), 5400);
    assert_int_equal(poll_of(RSS("<ttl>soon</ttl>")), 0);
    assert_int_equal(poll_of(RSS("<ttl>-5</ttl>")), 0);
    assert_int_equal(poll_of(RSS("<item><ttl>90</ttl></item>")), 0);
    assert_int_equal(poll_of(RSS("")), 0);
}

#define SYNDICATED(elements) RDF("http://purl.org/rss/1.0/", "<channel>" elements "</channel>")

static void test_the_syndication_module_says_times_a_period(void **state)
{
    (void)state;
    assert_int_equal(poll_of(SYNDICATED("<sy:updatePeriod>hourly</sy:updatePeriod>"
                                        "<sy:updateFrequency>2</sy:updateFrequency>")),
                     1800);
    assert_int_equal(poll_of(SYNDICATED("<sy:updatePeriod> Weekly </sy:updatePeriod>")), 604800);
    assert_int_equal(poll_of(SYNDICATED("<sy:updateFrequency>4</sy:updateFrequency>")), 21600);
    assert_int_equal(poll_of(SYNDICATED("<sy:updatePeriod>often</sy:updatePeriod>"
                                        "<sy:updateFrequency>0</sy:updateFrequency>")),
                     0);
}

static void test_skipped_hours_and_days_are_known(void **state)
{
    (void)state;
    struct feed *feed = read_text(
        RSS("<skipHours><hour>0</hour><hour> 7 </hour><hour>24</hour><hour>25</hour></skipHours>"
            "<skipDays><day>Saturday</day>\n<day>sunday</day><day>Someday</day></skipDays>"));
    assert_int_equal(feed->skip_hours, 1u | 1u << 7);
    assert_int_equal(feed->skip_days, 1u | 1u << 6);
    feed_free(feed);
}

static void test_the_hub_is_known(void **state)
{
    (void)state;
    struct feed *feed = read_text(ATOM("<link rel=\"hub\" href=\"http://hub.example/\"/>"
                                       "<link rel=\"hub\" href=\"http://second.example/\"/>"));
    assert_span(feed->hub, "http://hub.example/");
    feed_free(feed);
}

static void test_polls_are_at_least_once_a_year(void **state)
{
    (void)state;
    assert_int_equal(poll_of(RSS("<ttl>99999999999999999999</ttl>")), 31536000);
    assert_int_equal(poll_of(RSS("<ttl>10000000</ttl>")), 31536000);
    assert_int_equal(poll_of(RSS("<ttl>525600</ttl>")), 31536000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rss_090),
        cmocka_unit_test(test_rss_10),
        cmocka_unit_test(test_rss_091_has_items_beside_or_in_the_channel),
        cmocka_unit_test(test_a_guid_that_is_a_permalink_is_the_link_where_there_is_no_other),
        cmocka_unit_test(test_two_links_are_both_counted),
        cmocka_unit_test(test_media_content_is_an_enclosure_at_any_depth),
        cmocka_unit_test(test_an_enclosure_said_twice_is_one),
        cmocka_unit_test(test_podcasts_say_it_in_their_own_words),
        cmocka_unit_test(test_names_of_elements_and_modules_are_read_in_any_case),
        cmocka_unit_test(test_feeds_in_capitals_are_read),
        cmocka_unit_test(test_items_of_any_case_are_items),
        cmocka_unit_test(test_an_attribute_as_the_standard_writes_it_counts),
        cmocka_unit_test(test_atom_03),
        cmocka_unit_test(test_atom_03_markup_may_stand_unescaped),
        cmocka_unit_test(test_base64_is_read_where_it_holds_text),
        cmocka_unit_test(test_atom_categories_have_terms_and_labels),
        cmocka_unit_test(test_what_a_source_says_of_itself_is_not_the_entrys),
        cmocka_unit_test(test_a_ttl_is_in_minutes),
        cmocka_unit_test(test_the_syndication_module_says_times_a_period),
        cmocka_unit_test(test_skipped_hours_and_days_are_known),
        cmocka_unit_test(test_the_hub_is_known),
        cmocka_unit_test(test_polls_are_at_least_once_a_year),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
