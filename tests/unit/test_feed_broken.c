#include "tests/unit/feed_reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/span_buffer.h"

#define RSS(items) "<rss version=\"2.0\"><channel>" items "</channel></rss>"
#define TITLE(text) RSS("<item><title>" text "</title></item>")

static struct feed *read_served(const char *text, const char *content_type)
{
    struct error error = {0};
    struct span none = {NULL, 0};
    struct feed *feed =
        feed_read_served(span_of(text), none, feed_encoding_served(content_type), &error);
    if (!feed)
        fail_msg("not read: %s", error.message);
    return feed;
}

static void expect_title(const char *text, const char *content_type, const char *title)
{
    struct feed *feed = read_served(text, content_type);
    assert_int_equal(feed->item_count, 1);
    assert_span(feed->items[0].title, title);
    feed_free(feed);
}

static void test_a_content_type_names_its_charset(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"text/xml; charset=GBK", "GBK"},
        {"text/xml;charset=\"GBK\"", "GBK"},
        {"text/xml; boundary=x; Charset=GBK ; a=b", "GBK"},
        {"text/xml", ""},
        {"text/xml; charset=", ""},
        {"text/xml; xcharset=GBK", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_span(feed_encoding_served(rows[i][0]), rows[i][1]);
    assert_span(feed_encoding_served(NULL), "");
}

static void test_what_http_says_outranks_the_declaration(void **state)
{
    (void)state;
    expect_title(TITLE("\xb7\xa2\xc6\xb1"), "text/xml; charset=GBK", "\u53d1\u7968");
    expect_title("<?xml version='1.0' encoding='iso-8859-1'?>" TITLE("\xb7\xa2\xc6\xb1"),
                 "text/xml; charset=gb2312", "\u53d1\u7968");
    expect_title("<?xml version='1.0' encoding='koi8-r'?>" TITLE("\xc4\xc1"),
                 "text/xml; charset=us-ascii", "\u0434\u0430");
    expect_title("<?xml version='1.0' encoding='koi8-r'?>" TITLE("\xc4\xc1"),
                 "text/xml; charset=bogus", "\u0434\u0430");
    expect_title("<?xml version='1.0' encoding='koi8-r'?>" TITLE("\xc4\xc1"),
                 "text/xml; charset=utf-16", "\u0434\u0430");
    expect_title(TITLE("caf\u00e9"), "text/xml; charset=iso-8859-1", "caf\u00e9");
    expect_title("\xef\xbb\xbf" TITLE("caf\u00e9"), "text/xml; charset=GBK", "caf\u00e9");
}

static void test_what_nobody_declared_is_named(void **state)
{
    (void)state;
    struct feed *feed = read_text(TITLE("\xd0\xcf\xcc\xc9\xd4\xc9\xcb\xc1 \xc9 "
                                        "\xcf\xc2\xdd\xc5\xd3\xd4\xd7\xcf"));
    assert_span(feed->encoding.charset, "KOI8-U");
    assert_true(feed->recovered);
    assert_span(feed->items[0].title, "\u043f\u043e\u043b\u0438\u0442\u0438\u043a\u0430 \u0438 "
                                      "\u043e\u0431\u0449\u0435\u0441\u0442\u0432\u043e");
    feed_free(feed);
}

static void test_controls_of_windows_1252_are_what_was_meant(void **state)
{
    (void)state;
    expect_title(TITLE("don&#146;t \xc2\x80 \xc2\xa9"), NULL, "don\u2019t \u20ac \u00a9");
}

static void test_entities_of_plain_text_are_expanded(void **state)
{
    (void)state;
    struct feed *feed =
        read_text("<!DOCTYPE rss [<!ENTITY me \"Ann 'A'\"><!ENTITY me \"Bob\">]>" RSS(
            "<item><title>by &me;</title>"
            "<enclosure url='http://a.example/&me;/x'/></item>"));
    assert_span(feed->items[0].title, "by Ann 'A'");
    assert_span(feed->items[0].enclosures[0].url, "http://a.example/Ann 'A'/x");
    feed_free(feed);
}

static void test_expanded_entities_are_bounded(void **state)
{
    (void)state;
    struct span_buffer text = {0};
    span_buffer_printf(&text, "<!DOCTYPE rss [<!ENTITY a \"%0900d\">]><rss><channel><item><title>",
                       0);
    for (int i = 0; i < 2000; i++)
        span_buffer_text(&text, "&a;");
    span_buffer_text(&text, "</title></item></channel></rss>");
    assert_refused(span_buffer_span(&text), "\"a\"");
    span_buffer_free(&text);
}

static void test_references_in_attributes_are_what_readers_see(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"?a=1&b=2&amp;c=3", "?a=1&b=2&c=3"},
        {"&eacute;&nosuch;&#233;&#xe9;&#Xe9;", "\u00e9&nosuch;\u00e9\u00e9\u00e9"},
        {"?a&", "?a&"},
        {"?a=&#zz;&#;&1;", "?a=&#zz;&#;&1;"},
        {"?a=&quot;&lt;&apos;", "?a=\"<'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span_buffer text = {0}, wanted = {0};
        span_buffer_printf(&text,
                           RSS("<!-- &x --><item><title><![CDATA[a&b]]></title>"
                               "<enclosure url=\"http://a.example/%s\"/></item>"),
                           rows[i][0]);
        span_buffer_printf(&wanted, "http://a.example/%s", rows[i][1]);
        struct feed *feed = read_text(text.data);
        assert_span(feed->items[0].enclosures[0].url, wanted.data);
        assert_span(feed->items[0].title, "a&b");
        assert_int_equal(feed->items[0].start_tag, 3);
        feed_free(feed);
        span_buffer_free(&text);
        span_buffer_free(&wanted);
    }
}

static void test_a_base_that_is_none_is_passed_over(void **state)
{
    (void)state;
    struct feed *feed =
        read_text("<feed xmlns='http://www.w3.org/2005/Atom' xml:base='http://a.example/b/'>"
                  "<entry xml:base='javascript:alert(1)'><link href='c'/></entry></feed>");
    assert_span(feed->items[0].link, "http://a.example/b/c");
    feed_free(feed);
}

static void test_authors_are_names_and_addresses(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"ann@a.example (Ann)", "Ann", "ann@a.example"},
        {"Ann (ann@a.example)", "Ann", "ann@a.example"},
        {"Ann &lt;ann+x@a.example&gt;", "Ann", "ann+x@a.example"},
        {"ann@a.example", "ann@a.example", "ann@a.example"},
        {"Ann (of A)", "Ann (of A)", ""},
        {"(ann@a.example)", "ann@a.example", "ann@a.example"},
        {"a@b@c", "a@b@c", ""},
        {"@ann", "@ann", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span_buffer text = {0};
        span_buffer_printf(&text, RSS("<item><author>%s</author></item>"), rows[i][0]);
        struct feed *feed = read_text(text.data);
        assert_span(feed->items[0].author, rows[i][1]);
        assert_span(feed->items[0].author_email, rows[i][2]);
        feed_free(feed);
        span_buffer_free(&text);
    }
}

static void test_several_authors_are_listed(void **state)
{
    (void)state;
    struct feed *feed = read_text(
        "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:dc='http://purl.org/dc/elements/1.1/'>"
        "<author><name>Cay</name></author>"
        "<entry><dc:creator>Dan</dc:creator><author><name>Ann</name><email>a@b.example</email>"
        "</author><author><name>Bob</name></author><dc:creator>Eve</dc:creator></entry>"
        "<entry><title>x</title></entry></feed>");
    assert_span(feed->items[0].author, "Ann, Bob");
    assert_span(feed->items[0].author_email, "a@b.example");
    assert_span(feed->items[1].author, "Cay");
    feed_free(feed);
    feed = read_text(RSS("<managingEditor>ed@a.example (Ed)</managingEditor><item/>"));
    assert_span(feed->author, "Ed");
    assert_span(feed->items[0].author, "");
    feed_free(feed);
}

static void test_a_date_that_is_none_gives_way(void **state)
{
    (void)state;
    struct feed *feed =
        read_text(RSS("<lastBuildDate>Sat, 07 Sep 2002 00:00:01 GMT</lastBuildDate>"
                      "<item><pubDate>soon</pubDate><dc:date>2003-12-31T10:14:55Z</dc:date></item>"
                      "<item><pubDate>soon</pubDate></item>"));
    assert_int_equal(feed->time_s, 1031356801);
    assert_span(feed->items[0].date, "2003-12-31T10:14:55Z");
    assert_int_equal(feed->items[0].time_s, 1072865695);
    assert_span(feed->items[1].date, "soon");
    assert_int_equal(feed->items[1].time_s, 0);
    feed_free(feed);
}

static void test_the_text_of_atoms_links_is_read(void **state)
{
    (void)state;
    struct feed *feed = read_text("<feed xmlns='http://www.w3.org/2005/Atom'><entry>"
                                  "<link rel='enclosure'>http://a.example/e</link>"
                                  "<link rel='alternate'>http://a.example/1</link></entry></feed>");
    assert_span(feed->items[0].link, "http://a.example/1");
    assert_int_equal(feed->items[0].other_link_count, 1);
    feed_free(feed);
}

static void test_control_characters_split_no_words(void **state)
{
    (void)state;
    expect_title(TITLE("Cas\x01ino \x1b"
                       "bonus\x0c"
                       "now"),
                 NULL, "Casino bonus now");
    expect_title(TITLE("Cas\x01\x02\x03\x04\x05\x06\x07\x08\x0e\x0f"
                       "ino"),
                 NULL, "Casino");
    expect_title(TITLE("<![CDATA[Cas\x01ino]]>"), NULL, "Casino");
}

/* One that has `row` in its only item but for one behind it, whose title is "next". */
static struct feed *read_row(const char *row)
{
    struct span_buffer text = {0};
    span_buffer_printf(&text, "<rss version=\"2.0\"><channel><item>%s</item>", row);
    span_buffer_printf(&text, "<item><title>next</title></item></channel></rss>");
    struct feed *feed = read_bytes(span_buffer_span(&text));
    span_buffer_free(&text);
    assert_int_equal(feed->item_count, 2);
    assert_span(feed->items[1].title, "next");
    return feed;
}

/* Whatever stands around them, they make no markup of what is none in the bytes. */
static void test_control_characters_hide_no_item(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "<description><![CDATA[a ]]\x01> <b>c</b>]]></description>",
        "<description>a <\x01/description> c</description>",
        "<description>a <\x01![CDATA[ c</description>",
        "<!-- a -\x01-> <b/> --><description>c</description>",
        "<?a ?\x01> <b/> ?><description>c</description>",
        "<b\x01c>a</b\x01c><description>c</description>",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct feed *feed = read_row(rows[i]);
        struct span summary = feed->items[0].summary;
        if (!summary.length || !memchr(summary.data, 'c', summary.length))
            fail_msg("%s hides something", rows[i]);
        feed_free(feed);
    }
}

/* Whatever one item has wrong, its title is read, and so is the item behind it. */
static void test_broken_tags_hide_nothing(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "<enclosure url='a.mp3' length=5 type='audio/mpeg'/><title>T</title>",
        "<enclosure url='a.mp3'type='audio/mpeg'/><title>T</title>",
        "<enclosure url='a.mp3 type='audio/mpeg'/><title>T</title>",
        "<enclosure url='?a=2<3'/><title>T</title>",
        "<title lang=en'>T</title>",
        "<guid isPermaLink=false>1</guid><title>T</title>",
        "<description>d</p></description><title>T</title>",
        "<description>d</description></description><title>T</title>",
        "<title>T</title><description><i><b>d",
        "</p></p></p></p></p></p></p></p></p></p></p></p></p></p></p></p></p></p></p><title>T</"
        "title>",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct feed *feed = read_row(rows[i]);
        struct span title = feed->items[0].title;
        assert_true(title.length && title.data[title.length - 1] == 'T');
        feed_free(feed);
    }
}

/* libxml2 says only the name behind the prefix of an end tag, where the innermost has a prefix. */
static void test_end_tags_with_prefixes_close_their_own(void **state)
{
    (void)state;
    struct feed *feed = read_text("<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry>"
                                  "<a:title>one</a:title><m:g></a:entry><a:entry>"
                                  "<a:title>two</a:title></a:entry></a:feed>");
    assert_int_equal(feed->item_count, 2);
    assert_span(feed->items[1].title, "two");
    feed_free(feed);
    feed = read_text(RSS("<item><m:g></x:item><title>one</title></m:g><guid>1</guid></item>"
                         "<item><title>two</title></item>"));
    assert_int_equal(feed->item_count, 2);
    assert_span(feed->items[0].guid, "1");
    assert_span(feed->items[1].title, "two");
    feed_free(feed);
}

/* What only looks like the end of an empty element hides no text. */
static void test_broken_tags_hide_no_text(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "<description x=5 y=\"/>\">spam</description>",
        "<description x=http://a.example/>spam</description>",
        "<description <br/>spam</description>",
        "<description x=\"a<b/>\">spam</description>",
        "<description x='a' y='/>'z>spam</description>",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct feed *feed = read_row(rows[i]);
        struct span summary = feed->items[0].summary;
        if (!summary.length || !memmem(summary.data, summary.length, "spam", 4))
            fail_msg("%s hides its text", rows[i]);
        feed_free(feed);
    }
}

static void test_a_root_may_end_before_what_is_in_it(void **state)
{
    (void)state;
    static const char *const rows[] = {"</rss>", "</rss></", "</rss></channel></item></rss><item>"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span_buffer text = {0};
        span_buffer_printf(&text, "<rss version=\"2.0\"><channel><item><title>T</title></item>%s",
                           rows[i]);
        struct feed *feed = read_bytes(span_buffer_span(&text));
        assert_int_equal(feed->item_count, 1);
        feed_free(feed);
        span_buffer_free(&text);
    }
}

static void test_channels_of_cdf_are_read(void **state)
{
    (void)state;
    static const char text[] =
        "<CHANNEL HREF=\"http://a.example/\" BASE=\"http://a.example/b/\">"
        "<TITLE>A</TITLE><ITEM HREF=\"1\" LASTMOD=\"2004-04-06T23:05:43-05:00\">"
        "<TITLE>One</TITLE><ABSTRACT>Short</ABSTRACT></ITEM><item/></CHANNEL>";
    struct feed *feed = read_text(text);
    assert_true(feed_looks_like(SPAN(text)));
    assert_span(feed->title, "A");
    assert_span(feed->link, "http://a.example/");
    assert_int_equal(feed->item_count, 2);
    assert_span(feed->items[0].title, "One");
    assert_span(feed->items[0].summary, "Short");
    assert_span(feed->items[0].link, "http://a.example/b/1");
    assert_int_equal(feed->items[0].time_s, 1081310743);
    feed_free(feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_content_type_names_its_charset),
        cmocka_unit_test(test_what_http_says_outranks_the_declaration),
        cmocka_unit_test(test_what_nobody_declared_is_named),
        cmocka_unit_test(test_controls_of_windows_1252_are_what_was_meant),
        cmocka_unit_test(test_entities_of_plain_text_are_expanded),
        cmocka_unit_test(test_expanded_entities_are_bounded),
        cmocka_unit_test(test_references_in_attributes_are_what_readers_see),
        cmocka_unit_test(test_a_base_that_is_none_is_passed_over),
        cmocka_unit_test(test_authors_are_names_and_addresses),
        cmocka_unit_test(test_several_authors_are_listed),
        cmocka_unit_test(test_a_date_that_is_none_gives_way),
        cmocka_unit_test(test_the_text_of_atoms_links_is_read),
        cmocka_unit_test(test_control_characters_split_no_words),
        cmocka_unit_test(test_control_characters_hide_no_item),
        cmocka_unit_test(test_broken_tags_hide_nothing),
        cmocka_unit_test(test_end_tags_with_prefixes_close_their_own),
        cmocka_unit_test(test_broken_tags_hide_no_text),
        cmocka_unit_test(test_a_root_may_end_before_what_is_in_it),
        cmocka_unit_test(test_channels_of_cdf_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
