#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/unit/feed_reading.h"
#include "tests/unit/rounds.h"

#define RSS(items) "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel>" items "</channel></rss>"
#define ATOM(entries) "<feed xmlns=\"http://www.w3.org/2005/Atom\">" entries "</feed>"

static void test_rss_item_has_its_fields(void **state)
{
    (void)state;
    struct feed *feed =
        read_text(RSS("<title>Planet</title><link>http://planet.example/</link>"
                      "<item><title>One</title><link> http://a.example/1 </link><guid>urn:1</guid>"
                      "<description>Short</description><pubDate>Mon, 06 Sep 2021</pubDate>"
                      "<author>ann@a.example (Ann)</author><category>news</category>"
                      "<category>tech</category></item>"));
    assert_int_equal(feed->format, FEED_RSS);
    assert_span(feed->title, "Planet");
    assert_span(feed->link, "http://planet.example/");
    assert_int_equal(feed->item_count, 1);
    struct feed_item *item = &feed->items[0];
    assert_span(item->title, "One");
    assert_span(item->link, "http://a.example/1");
    assert_span(item->guid, "urn:1");
    assert_span(item->summary, "Short");
    assert_false(item->summary_is_html);
    assert_span(item->date, "Mon, 06 Sep 2021");
    assert_int_equal(item->time_s, 1630886400);
    assert_span(item->author, "Ann");
    assert_span(item->author_email, "ann@a.example");
    assert_int_equal(item->category_count, 2);
    assert_span(item->categories[1], "tech");
    assert_false(feed->recovered);
    feed_free(feed);
}

static void test_content_and_creator_come_from_their_modules(void **state)
{
    (void)state;
    struct feed *feed =
        read_text("<rss xmlns:c=\"http://purl.org/rss/1.0/modules/content/\" "
                  "xmlns:d=\"http://purl.org/dc/elements/1.1/\"><channel><item>"
                  "<c:encoded><![CDATA[<p>Whole &amp; long</p>]]></c:encoded>"
                  "<description>&lt;b&gt;Short&lt;/b&gt;</description>"
                  "<d:creator>Ann</d:creator><d:date>2021-09-06</d:date></item></channel></rss>");
    struct feed_item *item = &feed->items[0];
    assert_span(item->content, "<p>Whole &amp; long</p>");
    assert_true(item->content_is_html);
    assert_span(item->summary, "<b>Short</b>");
    assert_true(item->summary_is_html);
    assert_span(item->author, "Ann");
    assert_span(item->date, "2021-09-06");
    feed_free(feed);
}

static void test_module_prefixes_are_understood_undeclared(void **state)
{
    (void)state;
    struct feed *feed = read_text(RSS("<item><content:encoded>Whole</content:encoded>"
                                      "<dc:creator>Ann</dc:creator></item>"));
    assert_span(feed->items[0].content, "Whole");
    assert_span(feed->items[0].author, "Ann");
    assert_true(feed->recovered); /* and the log says so */
    feed_free(feed);
}

static void test_atom_entry_has_its_fields(void **state)
{
    (void)state;
    struct feed *feed = read_text(
        ATOM("<title>Blog</title><link rel=\"self\" href=\"http://b.example/f.xml\"/>"
             "<link href=\"http://b.example/\"/><author><name>Bob</name></author>"
             "<entry><id>tag:1</id><title>One</title><updated>2021-09-06</updated>"
             "<link rel=\"replies\" href=\"http://b.example/r\"/>"
             "<link rel=\"alternate\" href=\"http://b.example/1?a=1&amp;b=2\"/>"
             "<summary>a &lt; b</summary></entry>"
             "<entry><id>tag:2</id><author><name>Ann</name><uri>x</uri></author></entry>"));
    assert_int_equal(feed->format, FEED_ATOM);
    assert_span(feed->self, "http://b.example/f.xml");
    assert_span(feed->link, "http://b.example/");
    assert_int_equal(feed->item_count, 2);
    assert_span(feed->items[0].guid, "tag:1");
    assert_span(feed->items[0].link, "http://b.example/1?a=1&b=2");
    assert_span(feed->items[0].summary, "a < b");
    assert_false(feed->items[0].summary_is_html);
    assert_span(feed->items[0].author, "Bob");
    assert_span(feed->items[1].author, "Ann");
    feed_free(feed);
}

static void test_atom_text_is_what_its_type_says(void **state)
{
    (void)state;
    struct feed *feed =
        read_text(ATOM("<entry><title type=\"html\">&lt;b&gt;T&lt;/b&gt;</title>"
                       "<summary type=\"text\">&lt;b&gt;</summary>"
                       "<content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\">"
                       "<p class=\"x\">1 &lt; 2<br/></p></div></content></entry>"));
    struct feed_item *item = &feed->items[0];
    assert_span(item->title, "<b>T</b>");
    assert_true(item->title_is_html);
    assert_false(item->summary_is_html);
    assert_span(item->content, "<div><p class=\"x\">1 &lt; 2<br></p></div>");
    assert_true(item->content_is_html);
    feed_free(feed);
}

static void test_enclosures_of_both_formats(void **state)
{
    (void)state;
    struct feed *feed =
        read_text(RSS("<item><enclosure url=\"http://a.example/x.mp3\" type=\"audio/mpeg\" "
                      "length=\"1234\"/></item>"));
    assert_int_equal(feed->items[0].enclosure_count, 1);
    assert_span(feed->items[0].enclosures[0].url, "http://a.example/x.mp3");
    assert_int_equal(feed->items[0].enclosures[0].length_bytes, 1234);
    feed_free(feed);
    feed = read_text(ATOM("<entry><link rel=\"enclosure\" href=\"http://a.example/y\" "
                          "type=\"text/plain\"/></entry>"));
    assert_span(feed->items[0].enclosures[0].url, "http://a.example/y");
    assert_span(feed->items[0].enclosures[0].type, "text/plain");
    feed_free(feed);
}

static void test_guid_falls_back_to_link_then_to_a_hash(void **state)
{
    (void)state;
    struct feed *feed =
        read_text(RSS("<item><title>A</title><link>http://a.example/</link></item>"
                      "<item><title>B</title></item><item><title>C</title></item>"));
    assert_span(feed->items[0].guid, "http://a.example/");
    assert_memory_equal(feed->items[1].guid.data, "hash:", 5);
    assert_false(span_equal(feed->items[1].guid, feed->items[2].guid));
    feed_free(feed);
}

static void test_an_element_that_occurs_twice_says_both(void **state)
{
    (void)state;
    struct feed *feed = read_text(
        RSS("<item><title>Fine</title><title>Spam</title><title>and more</title></item>"));
    assert_span(feed->items[0].title, "Fine\nSpam\nand more");
    feed_free(feed);
}

/* What libxml2 drops, readers show. */
static void test_ampersands_that_are_no_references_stay(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"AT&T and B", "AT&T and B"},
        {"&cheap &pills", "&cheap &pills"},
        {"a & b", "a & b"},
        {"a && b", "a && b"},
        {"&cheap;&pills; now", "&cheap;&pills; now"},
        {"x &eacute;&amp;&#65; &", "x \xc3\xa9&A &"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[300];
        snprintf(text, sizeof text, "<rss><channel><item><title>%s</title></item></channel></rss>",
                 rows[i][0]);
        struct feed *feed = read_text(text);
        assert_span(feed->items[0].title, rows[i][1]);
        feed_free(feed);
    }
}

static void test_an_item_is_one_in_its_namespace_and_in_no_other_item(void **state)
{
    (void)state;
    struct feed *feed =
        read_text("<rss xmlns:x=\"urn:x\"><channel><x:item/><image><item/></image>"
                  "<item><description><item>inner</item></description></item></channel></rss>");
    assert_int_equal(feed->item_count, 2);
    assert_int_equal(feed->items[0].start_tag, 5);
    assert_int_equal(feed->items[1].start_tag, 6);
    feed_free(feed);
}

static void test_a_prefixed_atom_feed_is_read(void **state)
{
    (void)state;
    struct feed *feed = read_text("<a:feed xmlns:a=\"http://www.w3.org/2005/Atom\"><a:entry>"
                                  "<a:title>One</a:title></a:entry></a:feed>");
    assert_int_equal(feed->item_count, 1);
    assert_span(feed->items[0].title, "One");
    feed_free(feed);
}

static void test_items_of_rdf_stand_beside_the_channel(void **state)
{
    (void)state;
    struct feed *feed =
        read_text("<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" "
                  "xmlns=\"http://my.netscape.com/rdf/simple/0.9/\"><channel><title>C</title>"
                  "</channel><item><title>One</title></item></rdf:RDF>");
    assert_int_equal(feed->item_count, 1);
    assert_span(feed->items[0].title, "One");
    feed_free(feed);
}

static void test_a_truncated_last_item_does_not_count(void **state)
{
    (void)state;
    struct feed *feed = read_text("<rss><channel><item><title>A</title></item><item><title>B");
    assert_int_equal(feed->item_count, 1);
    assert_true(feed->recovered);
    assert_true(feed->trouble.length > 0);
    feed_free(feed);
}

static void test_what_is_no_feed_is_refused_and_says_why(void **state)
{
    (void)state;
    assert_refused(SPAN(""), "empty");
    assert_refused(SPAN(" \n"), "empty");
    assert_refused(SPAN("<html><body/></html>"), "<html>");
    assert_refused(SPAN("<rss><channel><item><title>A"), "broken off");
    assert_refused(SPAN("\0\0\0\0\0\0"), "not XML");
}

static void test_a_feed_over_the_size_limit_is_refused(void **state)
{
    (void)state;
    char *big = calloc(1, FEED_SIZE_LIMIT + 1);
    assert_non_null(big);
    memset(big, ' ', FEED_SIZE_LIMIT + 1);
    memcpy(big, "<rss/>", 6);
    assert_refused((struct span){big, FEED_SIZE_LIMIT + 1}, "larger than 64 MiB");
    free(big);
}

static void test_entities_that_hold_more_than_text_are_not_expanded(void **state)
{
    (void)state;
    assert_refused(SPAN("<!DOCTYPE rss [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>"
                        "<rss><channel><item><title>&b;</title></item></channel></rss>"),
                   "\"b\"");
    assert_refused(SPAN("<!DOCTYPE rss [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"
                        "<rss><channel><item><title>&x;</title></item></channel></rss>"),
                   "\"x\"");
    assert_refused(SPAN("<!DOCTYPE rss [<!ENTITY x \"&#60;b>y\">]>"
                        "<rss><channel><item><link href=\"&x;\"/></item></channel></rss>"),
                   "\"x\"");
}

static void test_default_attributes_are_refused(void **state)
{
    (void)state;
    assert_refused(SPAN("<!DOCTYPE feed [<!ATTLIST link href CDATA \"http://spam.example/\">]>"
                        "<feed><entry><link/></entry></feed>"),
                   "default attributes");
}

static void test_entities_of_html_are_understood(void **state)
{
    (void)state;
    struct feed *feed =
        read_text("<!DOCTYPE rss [<!ENTITY nbsp \"&#160;\">]><rss><channel><item>"
                  "<title>caf&eacute;&nbsp;&lt;b&gt; &amp;</title></item></channel></rss>");
    assert_span(feed->items[0].title, "caf\u00e9\u00a0<b> &");
    feed_free(feed);
}

static void test_entities_behind_an_error_are_kept(void **state)
{
    (void)state;
    struct feed *feed = read_text(RSS("<item><title>A & B</title>"
                                      "<description>&lt;p&gt;text&lt;/p&gt;</description></item>"));
    assert_true(feed->recovered);
    assert_span(feed->items[0].summary, "<p>text</p>");
    feed_free(feed);
}

static void test_control_characters_do_not_end_a_cdata_section(void **state)
{
    (void)state;
    struct feed *feed = read_text(RSS("<item><description><![CDATA[<p>a\x01"
                                      "b</p>]]></description></item>"));
    assert_span(feed->items[0].summary, "<p>ab</p>");
    assert_true(feed->recovered);
    feed_free(feed);
}

static void test_an_end_tag_closes_the_element_of_its_name(void **state)
{
    (void)state;
    struct feed *feed = read_text(RSS("<item><description>a<br>b<p>c</description></item><item/>"));
    assert_int_equal(feed->item_count, 2);
    assert_span(feed->items[0].summary, "a<br>b<p>c</p>");
    feed_free(feed);
}

/* Lenient readers go on there; and so does libxml2, where a broken start tag kept the root open for
 * it. */
static void test_items_behind_the_root_count(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "<rss><channel><item/><a b </rss>><c><channel><item/></channel>",
        "<rss><channel><item/></channel></rss><rss><channel><item/></channel></rss>",
        "<rss><channel><item/></channel></rss>x</p><item></item><![CDATA[<item/>]]>"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct feed *feed = read_text(rows[i]);
        assert_int_equal(feed->item_count, 2);
        assert_true(feed->recovered);
        feed_free(feed);
    }
}

static void test_utf16_is_read_with_and_without_a_mark(void **state)
{
    (void)state;
    static const char ascii[] = RSS("<item><title>One</title></item>");
    char wide[2 * sizeof ascii + 2] = "\xff\xfe";
    for (size_t i = 0; i < sizeof ascii - 1; i++)
        wide[2 + 2 * i] = ascii[i];
    size_t length = 2 * (sizeof ascii - 1);
    for (int mark = 0; mark < 2; mark++) {
        struct feed *feed = read_bytes((struct span){wide + (mark ? 0 : 2), length + 2u * mark});
        assert_span(feed->items[0].title, "One");
        assert_span(feed->encoding.charset, "UTF-16LE");
        feed_free(feed);
    }
}

static void test_declared_charsets_are_read(void **state)
{
    (void)state;
    struct feed *feed = read_text("<?xml version=\"1.0\" encoding=\"GBK\"?><rss><channel><item>"
                                  "<title>\xb7\xa2\xc6\xb1</title></item></channel></rss>");
    assert_span(feed->items[0].title, "\u53d1\u7968");
    assert_span(feed->encoding.charset, "GBK");
    feed_free(feed);
}

static void test_a_wrong_declaration_is_survived(void **state)
{
    (void)state;
    struct feed *feed = read_text("<?xml version=\"1.0\" encoding=\"utf-8\"?><rss><channel><item>"
                                  "<title>caf\xe9 cr\xe8me</title></item></channel></rss>");
    assert_span(feed->items[0].title, "caf\u00e9 cr\u00e8me");
    assert_true(feed->recovered);
    feed_free(feed);
    feed = read_text("<?xml version=\"1.0\" encoding=\"utf-8\"?><rss><channel><item>"
                     "<title>caf\u00e9 cr\u00e8me \xe9</title></item></channel></rss>");
    assert_span(feed->items[0].title, "caf\u00e9 cr\u00e8me \ufffd");
    assert_true(feed->recovered);
    feed_free(feed);
    feed = read_text("<?xml version=\"1.0\" encoding=\"klingon\"?><rss><channel><item>"
                     "<title>ok</title></item></channel></rss>");
    assert_span(feed->items[0].title, "ok");
    feed_free(feed);
}

static void test_encodings_without_ascii_markup_are_refused(void **state)
{
    (void)state;
    assert_refused(SPAN("<?xml version=\"1.0\" encoding=\"UTF-7\"?><rss/>"), "UTF-7");
    assert_refused(SPAN("<?xml version='1.0' encoding='ISO-2022-JP'?><rss/>"), "ISO-2022-JP");
}

/* A feed with that many attributes in one tag. */
static struct feed *read_attributes_of_tag(size_t count, const char *value, struct error *error)
{
    size_t room = 200 + count * 20, length = 0;
    char *xml = malloc(room);
    assert_non_null(xml);
    length += (size_t)snprintf(xml, room, "<rss><channel><title a='b'>x</title><item");
    for (size_t i = 0; i < count; i++)
        length += (size_t)snprintf(xml + length, room - length, " a%zu=%s", i, value);
    length += (size_t)snprintf(xml + length, room - length, "/></channel></rss>");
    struct feed *feed = feed_read((struct span){xml, length}, (struct span){NULL, 0}, error);
    free(xml);
    return feed;
}

static void test_monstrous_tags_are_refused(void **state)
{
    (void)state;
    static const char *const values[] = {"''", "\"\"", "'>'", "'x\"\"'"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct error error = {.message = ""};
        struct feed *feed = read_attributes_of_tag(5000, values[i], &error);
        assert_non_null(feed);
        assert_int_equal(feed->item_count, 1);
        feed_free(feed);
        assert_null(read_attributes_of_tag(5001, values[i], &error));
        assert_non_null(strstr(error.message, "attributes"));
    }
}

static void test_endless_errors_are_refused(void **state)
{
    (void)state;
    size_t room = 400000, length = strlen("<rss>");
    char *xml = malloc(room);
    assert_non_null(xml);
    memcpy(xml, "<rss>", length);
    for (; length + 2 <= room; length += 2)
        memcpy(xml + length, "& ", 2);
    assert_refused((struct span){xml, length}, "errors");
    free(xml);
}

static void test_document_outlives_its_feed(void **state)
{
    (void)state;
    struct document *document =
        document_of(RSS("<item><title>Two &amp; two</title><link>http://a.example/1</link>"
                        "<guid>urn:1</guid><author>ann</author><category>news</category>"
                        "<description>see www.b.example/x or not</description></item>"),
                    "planet");
    assert_int_equal(document->channel, CHANNEL_FEED);
    assert_span(document->feed, "planet");
    assert_span(document->guid, "urn:1");
    assert_span(document->author, "ann");
    assert_span(document->subject, "Two & two");
    assert_int_equal(document->text_count, 2);
    assert_int_equal(document->texts[0].kind, TEXT_SUBJECT);
    assert_span(document->texts[1].content, "see www.b.example/x or not");
    assert_int_equal(document->link_count, 2);
    assert_span(document->links[0].host, "www.b.example");
    assert_span(document->links[1].host, "a.example");
    assert_int_equal(document->category_count, 1);
    assert_span(document->categories[0], "news");
    document_free(document);
}

static void test_document_reads_html(void **state)
{
    (void)state;
    struct document *document =
        document_of(RSS("<item><title>A &lt;b&gt;bold&lt;/b&gt; one</title><description>"
                        "&lt;p&gt;Go &lt;a href=\"http://b.example/\"&gt;there&lt;/a&gt;&lt;/p&gt;"
                        "</description></item>"),
                    "planet");
    assert_span(document->subject, "A bold one");
    assert_int_equal(document->text_count, 2);
    assert_true(document->texts[1].from_html);
    assert_span(span_trim(document->texts[1].content), "Go there");
    assert_int_equal(document->link_count, 1);
    assert_span(document->links[0].text, "there");
    document_free(document);
}

static void test_document_has_summary_and_content_when_they_differ(void **state)
{
    (void)state;
    struct document *document =
        document_of(ATOM("<entry><summary>short</summary><content>long</content></entry>"), "f");
    assert_int_equal(document->text_count, 2);
    document_free(document);
    document =
        document_of(ATOM("<entry><summary>same</summary><content>same</content></entry>"), "f");
    assert_int_equal(document->text_count, 1);
    document_free(document);
}

static void test_document_has_enclosures_as_parts_and_links(void **state)
{
    (void)state;
    struct document *document =
        document_of(RSS("<item><enclosure url=\"http://a.example/d/x.EXE?1\" "
                        "type=\"Application/X-Thing\" length=\"9\"/></item>"),
                    "f");
    assert_int_equal(document->part_count, 1);
    assert_span(document->parts[0].type, "application/x-thing");
    assert_span(document->parts[0].file_name, "x.EXE");
    assert_span(document->links[0].host, "a.example");
    document_free(document);
}

static void test_document_id_is_of_feed_guid_and_content(void **state)
{
    (void)state;
#define ITEM(guid, title) RSS("<item><guid>" guid "</guid><title>" title "</title></item>")
    static const struct {
        const char *xml, *feed;
        bool same_id, same_content;
    } rows[] = {
        {ITEM("1", "a"), "f", true, true},
        {ITEM("1", "a"), "g", false, true},
        {ITEM("2", "a"), "f", false, true},
        {ITEM("1", "b"), "f", false, false},
    };
    struct document *first = document_of(ITEM("1", "a"), "f");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct document *other = document_of(rows[i].xml, rows[i].feed);
        assert_int_equal(memcmp(first->id, other->id, sizeof other->id) == 0, rows[i].same_id);
        assert_int_equal(memcmp(first->content_hash, other->content_hash, 16) == 0,
                         rows[i].same_content);
        document_free(other);
    }
    document_free(first);
}

static void test_feeds_are_told_from_other_files(void **state)
{
    (void)state;
    assert_true(feed_looks_like(SPAN("<rss/>")));
    assert_true(feed_looks_like(SPAN("\n<?xml version=\"1.0\"?><!-- <html> --><a:feed x=\"y\"")));
    assert_true(feed_looks_like(SPAN("<!DOCTYPE rss><rdf:RDF>")));
    assert_true(feed_looks_like(SPAN("\xff\xfe<\0r\0s\0s\0>\0")));
    assert_true(feed_looks_like(SPAN("<!DOCTYPE rss [<!-- it's --><!ENTITY x '<b>'>]><rss>")));
    assert_false(feed_looks_like(SPAN("<!DOCTYPE html PUBLIC \"<rss>\"><html>")));
    assert_false(feed_looks_like(SPAN("<!DOCTYPE 'rss><rss>")));
    assert_false(feed_looks_like(SPAN("<html><rss/></html>")));
    assert_false(feed_looks_like(SPAN("From: <rss>")));
    assert_false(feed_looks_like(SPAN("")));
    assert_false(feed_looks_like(SPAN("<")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rss_item_has_its_fields),
        cmocka_unit_test(test_content_and_creator_come_from_their_modules),
        cmocka_unit_test(test_module_prefixes_are_understood_undeclared),
        cmocka_unit_test(test_atom_entry_has_its_fields),
        cmocka_unit_test(test_atom_text_is_what_its_type_says),
        cmocka_unit_test(test_enclosures_of_both_formats),
        cmocka_unit_test(test_guid_falls_back_to_link_then_to_a_hash),
        cmocka_unit_test(test_an_element_that_occurs_twice_says_both),
        cmocka_unit_test(test_ampersands_that_are_no_references_stay),
        cmocka_unit_test(test_an_item_is_one_in_its_namespace_and_in_no_other_item),
        cmocka_unit_test(test_a_prefixed_atom_feed_is_read),
        cmocka_unit_test(test_items_of_rdf_stand_beside_the_channel),
        cmocka_unit_test(test_a_truncated_last_item_does_not_count),
        cmocka_unit_test(test_what_is_no_feed_is_refused_and_says_why),
        with_sanitizers_only(cmocka_unit_test(test_a_feed_over_the_size_limit_is_refused)),
        cmocka_unit_test(test_entities_that_hold_more_than_text_are_not_expanded),
        cmocka_unit_test(test_default_attributes_are_refused),
        cmocka_unit_test(test_entities_of_html_are_understood),
        cmocka_unit_test(test_entities_behind_an_error_are_kept),
        cmocka_unit_test(test_control_characters_do_not_end_a_cdata_section),
        cmocka_unit_test(test_an_end_tag_closes_the_element_of_its_name),
        cmocka_unit_test(test_items_behind_the_root_count),
        cmocka_unit_test(test_utf16_is_read_with_and_without_a_mark),
        cmocka_unit_test(test_declared_charsets_are_read),
        cmocka_unit_test(test_a_wrong_declaration_is_survived),
        cmocka_unit_test(test_encodings_without_ascii_markup_are_refused),
        cmocka_unit_test(test_monstrous_tags_are_refused),
        with_sanitizers_only(cmocka_unit_test(test_endless_errors_are_refused)),
        cmocka_unit_test(test_document_outlives_its_feed),
        cmocka_unit_test(test_document_reads_html),
        cmocka_unit_test(test_document_has_summary_and_content_when_they_differ),
        cmocka_unit_test(test_document_has_enclosures_as_parts_and_links),
        cmocka_unit_test(test_document_id_is_of_feed_guid_and_content),
        cmocka_unit_test(test_feeds_are_told_from_other_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
