#include "feedfilter/put_back.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "feed_editing.h"
#include "feedfilter/feed_cut.h"

#define ATOM "http://www.w3.org/2005/Atom"
#define DC "http://purl.org/dc/elements/1.1/"
#define CONTENT "http://purl.org/rss/1.0/modules/content/"

/* Puts the first item of `from` back into `into`. */
static bool put_first(struct span from, struct edited_feed *into, struct error *error)
{
    struct edited_feed *former = edited_feed(from);
    const struct feed_range *item = &former->ranges.ranges[0];
    struct feed *feed = read_again(into->bytes);
    assert_true(former->ranges.count > 0);
    return put_back(&into->edits, into->bytes, &into->ranges, feed,
                    item_head(former->edits.arena, from, &former->encoding, &former->ranges, item),
                    (struct span){from.data + item->start, item->end - item->start}, error);
}

static struct span moved(struct span from, struct span into)
{
    struct error error = {0};
    struct edited_feed *feed = edited_feed(into);
    if (!put_first(from, feed, &error))
        fail_msg("%s", error.message);
    return edited_bytes(feed);
}

static const char *moved_text(const char *from, const char *into)
{
    return moved(span_of(from), span_of(into)).data;
}

static void assert_refused(const char *from, const char *into)
{
    struct error error = {0};
    struct edited_feed *feed = edited_feed(span_of(into));
    assert_false(put_first(span_of(from), feed, &error));
    assert_int_equal(error.class, ERROR_INPUT);
    assert_int_equal(feed->edits.count, 0);
}

/* `xml` behind a declaration, in the encoding that it names. */
static struct span declared_in(const char *xml, const char *encoding)
{
    char text[2048];
    snprintf(text, sizeof text, "<?xml version='1.0' encoding='%s'?>%s", encoding, xml);
    return in_encoding(span_of(text), encoding);
}

static void test_a_head_and_an_item_are_read_as_a_feed(void **state)
{
    (void)state;
    static const char *const encodings[] = {"UTF-8", "UTF-16", "UTF-16BE", "ISO-8859-1", "GBK"};
    for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
        struct span bytes = declared_in("<!-- x --><rss version='2.0' xmlns:dc='" DC "'>\n<channel>"
                                        "<title>t</title><item><title>\xc3\xa9</title>"
                                        "<dc:creator>c</dc:creator></item></channel></rss>",
                                        encodings[i]);
        struct edited_feed *feed = edited_feed(bytes);
        struct span head = item_head(feed->edits.arena, bytes, &feed->encoding, &feed->ranges,
                                     feed->ranges.ranges);
        char alone[1024];
        size_t length = feed->ranges.ranges[0].end - feed->ranges.ranges[0].start;
        memcpy(alone, head.data, head.length);
        memcpy(alone + head.length, bytes.data + feed->ranges.ranges[0].start, length);
        struct error error = {0};
        struct feed *read =
            feed_read((struct span){alone, head.length + length}, (struct span){NULL, 0}, &error);
        assert_non_null(read);
        assert_int_equal(read->item_count, 1);
        assert_true(span_equal(read->items[0].title, SPAN("\xc3\xa9")));
        assert_true(span_equal(read->items[0].author, SPAN("c")));
        feed_free(read);
    }
}

static void test_an_item_goes_in_front_as_it_stood(void **state)
{
    (void)state;
    assert_string_equal(
        moved_text(
            "<rss version='2.0'><channel><item ><title>a&amp;</title></item ></channel></rss>",
            "<rss version='2.0'><channel><title>t</title>\n<item/></channel></rss>"),
        "<rss version='2.0'><channel><title>t</title>\n<item ><title>a&amp;</title></item ><item/>"
        "</channel></rss>");
}

static void test_an_item_goes_into_a_feed_that_has_none(void **state)
{
    (void)state;
    assert_string_equal(
        moved_text("<rss><channel><item><guid>1</guid></item></channel></rss>",
                   "<rss><channel><title>t</title></channel></rss>"),
        "<rss><channel><title>t</title><item><guid>1</guid></item></channel></rss>");
}

static void test_items_put_back_keep_their_order(void **state)
{
    (void)state;
    struct error error = {0};
    struct edited_feed *feed = edited_feed(SPAN("<rss><channel><item>3</item></channel></rss>"));
    assert_true(put_first(SPAN("<rss><channel><item>1</item></channel></rss>"), feed, &error));
    assert_true(put_first(SPAN("<rss><channel><item>2</item></channel></rss>"), feed, &error));
    assert_string_equal(edited_bytes(feed).data,
                        "<rss><channel><item>1</item><item>2</item><item>3</item></channel></rss>");
}

static void test_an_item_takes_the_namespaces_along_that_it_uses_and_would_lack(void **state)
{
    (void)state;
    assert_string_equal(
        moved_text("<rss xmlns:dc='" DC "' xmlns:c='" CONTENT "' xmlns:same='urn:x' "
                   "xmlns:unused='urn:y'><channel xmlns:a=\"" ATOM "\"><item><dc:creator/>"
                   "<c:encoded same:x=''/><a:link/></item></channel></rss>",
                   "<rss xmlns:same='urn:x' xmlns:c='urn:other'><channel></channel></rss>"),
        "<rss xmlns:same='urn:x' xmlns:c='urn:other'><channel>"
        "<item xmlns:dc='" DC "' xmlns:c='" CONTENT "' xmlns:a=\"" ATOM "\"><dc:creator/>"
        "<c:encoded same:x=''/><a:link/></item></channel></rss>");
}

static void test_what_the_item_declares_itself_stays(void **state)
{
    (void)state;
    assert_string_equal(moved_text("<rss xmlns:x='urn:1'><channel><item xmlns:x='urn:2'><x:y/>"
                                   "</item></channel></rss>",
                                   "<rss><channel></channel></rss>"),
                        "<rss><channel><item xmlns:x='urn:2'><x:y/></item></channel></rss>");
}

static void test_an_entry_keeps_its_vocabulary_under_another_prefix(void **state)
{
    (void)state;
    struct span out = moved(SPAN("<feed xmlns='" ATOM "'><entry><title>a</title></entry></feed>"),
                            SPAN("<a:feed xmlns:a='" ATOM "'><a:entry/></a:feed>"));
    assert_string_equal(out.data, "<a:feed xmlns:a='" ATOM "'><entry xmlns='" ATOM "'>"
                                  "<title>a</title></entry><a:entry/></a:feed>");
    assert_int_equal(read_again(out)->item_count, 2);
}

static void test_an_item_without_namespace_stays_so(void **state)
{
    (void)state;
    struct span out =
        moved(SPAN("<rss><channel><item><title>a</title></item></channel></rss>"),
              SPAN("<rss xmlns='http://backend.userland.com/rss2'><channel></channel></rss>"));
    assert_string_equal(out.data, "<rss xmlns='http://backend.userland.com/rss2'><channel>"
                                  "<item xmlns=\"\"><title>a</title></item></channel></rss>");
    assert_true(span_equal(read_again(out)->items[0].title, SPAN("a")));
}

/* A root of two megabytes would be kept with every item. */
static void test_the_head_of_a_long_root_is_short(void **state)
{
    (void)state;
    static const char *const encodings[] = {"UTF-8", "UTF-16LE"};
    size_t most = 2 << 20, length = 0;
    char *xml = malloc(most + 1000);
    length += (size_t)sprintf(xml, "<rss a='1' xmlns:dc='" DC "' xml:lang='de'");
    while (length < most)
        length += (size_t)sprintf(xml + length, " a%zu='%0200d'", length, 0);
    sprintf(xml + length, " xmlns:late='urn:late'><channel><item><dc:date>x</dc:date></item>"
                          "</channel></rss>");
    for (size_t i = 0; i < 2; i++) {
        struct span bytes = in_encoding(span_of(xml), encodings[i]);
        struct edited_feed *feed = edited_feed(bytes);
        struct span head = item_head(feed->edits.arena, bytes, &feed->encoding, &feed->ranges,
                                     feed->ranges.ranges);
        assert_true(head.length < 20000);
        struct span into = in_encoding(SPAN("<rss><channel></channel></rss>"), encodings[i]);
        struct feed *again = read_again(moved(bytes, into));
        assert_int_equal(again->item_count, 1);
        assert_true(span_equal(again->items[0].date, SPAN("x")));
    }
    free(xml);
}

static void test_an_item_of_rss_1_0_is_mentioned_in_front_of_others(void **state)
{
    (void)state;
    const char *start = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
                        "xmlns='http://purl.org/rss/1.0/'><channel><items><rdf:Seq>";
    const char *li = "<rdf:li rdf:resource=\"urn:%s\" />";
    const char *item = "<item rdf:about='urn:%s'><title>t</title></item>";
    char from[800], into[800], both[1200], text[2][200], name[2][200];
    for (size_t i = 0; i < 2; i++) {
        snprintf(name[i], sizeof name[i], li, i ? "b" : "a");
        snprintf(text[i], sizeof text[i], item, i ? "b" : "a");
    }
    const char *middle = "</rdf:Seq></items></channel>", *end = "</rdf:RDF>";
    snprintf(from, sizeof from, "%s%s%s%s%s", start, name[0], middle, text[0], end);
    snprintf(into, sizeof into, "%s%s%s%s%s", start, name[1], middle, text[1], end);
    snprintf(both, sizeof both, "%s%s%s%s%s%s%s", start, name[0], name[1], middle, text[0], text[1],
             end);
    assert_string_equal(moved_text(from, into), both);
}

static void test_base_and_language_come_along(void **state)
{
    (void)state;
    assert_string_equal(moved_text("<feed xmlns='" ATOM
                                   "' xml:base='http://a.test/' xml:lang='de'><entry/></feed>",
                                   "<feed xmlns='" ATOM "' xml:lang='en'></feed>"),
                        "<feed xmlns='" ATOM "' xml:lang='en'>"
                        "<entry xml:base='http://a.test/' xml:lang='de'/></feed>");
}

static void test_the_innermost_absolute_base_comes_along(void **state)
{
    (void)state;
    assert_string_equal(moved_text("<rss xml:base='http://a.test/'><channel xml:base='b/'><item/>"
                                   "</channel></rss>",
                                   "<rss><channel></channel></rss>"),
                        "<rss><channel><item xml:base='http://a.test/'/></channel></rss>");
}

static void test_a_feed_of_another_format_is_refused(void **state)
{
    (void)state;
    const char *rss = "<rss><channel><item/></channel></rss>";
    const char *atom = "<feed xmlns='" ATOM "'><entry/></feed>";
    const char *atom03 = "<feed xmlns='http://purl.org/atom/ns#'><entry/></feed>";
    const char *json =
        "{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{\"id\":\"1\"}]}";
    assert_refused(rss, atom);
    assert_refused(atom, rss);
    assert_refused(atom03, atom);
    assert_refused(rss, json);
    assert_refused(json, rss);
    assert_refused(rss, "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
                        "<channel/></rdf:RDF>");
}

static void test_a_feed_without_a_place_for_items_is_refused(void **state)
{
    (void)state;
    assert_refused("<rss><channel><item/></channel></rss>", "<rss><title>t</title></rss>");
}

static void test_an_item_that_is_not_well_formed_is_refused(void **state)
{
    (void)state;
    assert_refused("<rss><channel><item><b>a</item></channel></rss>",
                   "<rss><channel></channel></rss>");
    assert_refused("<rss><channel><item>A&B; & C</item></channel></rss>",
                   "<rss><channel></channel></rss>");
}

static void test_an_item_that_is_not_well_formed_goes_into_a_feed_that_is_not_either(void **state)
{
    (void)state;
    struct error error = {0};
    struct edited_feed *into = edited_feed(SPAN("<rss><channel><title>c & d</title></channel>"));
    struct feed feed = {.format = FEED_RSS, .recovered = true};
    assert_true(put_back(&into->edits, into->bytes, &into->ranges, &feed, SPAN("<rss><channel>"),
                         SPAN("<item><b>a & b</item>"), &error));
    assert_string_equal(edited_bytes(into).data, "<rss><channel><title>c & d</title>"
                                                 "<item><b>a & b</item></channel>");
}

static void test_entities_of_html_become_character_references(void **state)
{
    (void)state;
    assert_string_equal(moved_text("<rss><channel><item a='&eacute;'>&nbsp;&amp;<![CDATA[&nbsp;]]>"
                                   "</item></channel></rss>",
                                   "<rss><channel></channel></rss>"),
                        "<rss><channel><item a='&#233;'>&#160;&amp;<![CDATA[&nbsp;]]></item>"
                        "</channel></rss>");
}

static void test_the_bytes_stay_where_the_encodings_agree(void **state)
{
    (void)state;
    static const char *const encodings[] = {"UTF-8", "UTF-16LE", "ISO-8859-1", "GBK", "Shift_JIS"};
    for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
        bool kana = i == 4;
        const char *item = kana ? "<item><title>\xe3\x83\xbd\xe3\x82\xbd</title></item>"
                                : "<item><title>\xc3\xa9</title></item>";
        char from[256], into[256], expected[512];
        snprintf(from, sizeof from, "<rss><channel>%s</channel></rss>", item);
        snprintf(into, sizeof into, "<rss><channel>%s<item>2</item></channel></rss>",
                 kana ? "\xe3\x82\xbd" : "\xc3\xa9");
        snprintf(expected, sizeof expected, "<rss><channel>%s%s<item>2</item></channel></rss>",
                 kana ? "\xe3\x82\xbd" : "\xc3\xa9", item);
        struct span out = moved(declared_in(from, encodings[i]), declared_in(into, encodings[i]));
        assert_true(span_equal(out, declared_in(expected, encodings[i])));
    }
}

static void test_an_item_is_read_the_same_in_any_other_encoding(void **state)
{
    (void)state;
    static const char *const encodings[] = {"UTF-8",      "UTF-16", "UTF-16BE", "UTF-32LE",
                                            "ISO-8859-1", "GBK",    "Shift_JIS"};
    size_t count = sizeof encodings / sizeof *encodings;
    for (size_t i = 0; i < count * count; i++) {
        bool latin = i / count == 4; /* each encoding has one of the two words */
        const char *word =
            latin ? "caf\xc3\xa9 <b> & \xc3\xa9]" : "\xe4\xb8\xad <b> & \xe4\xb8\xad]";
        const char *escaped = latin ? "caf\xc3\xa9 &lt;b> &amp; \xc3\xa9]"
                                    : "\xe4\xb8\xad &lt;b> &amp; \xe4\xb8\xad]";
        char xml[512];
        snprintf(xml, sizeof xml,
                 "<rss><channel><item><title>%s</title><description><![CDATA[%s]]></description>"
                 "<enclosure url='http://a.test/%.3s'/></item></channel></rss>",
                 escaped, word, word);
        struct span from = declared_in(xml, encodings[i / count]);
        struct span into =
            declared_in("<rss><channel><title>t</title></channel></rss>", encodings[i % count]);
        struct feed *before = read_again(from), *after = read_again(moved(from, into));
        assert_int_equal(after->item_count, 1);
        assert_true(span_equal(after->items[0].title, before->items[0].title));
        assert_true(span_equal(after->items[0].summary, before->items[0].summary));
        assert_true(
            span_equal(after->items[0].enclosures[0].url, before->items[0].enclosures[0].url));
    }
}

static void test_a_name_that_the_encoding_may_lack_is_refused(void **state)
{
    (void)state;
    struct error error = {0};
    struct edited_feed *feed =
        edited_feed(declared_in("<rss><channel>\xc3\xa9</channel></rss>", "ISO-8859-1"));
    assert_false(put_first(SPAN("<rss><channel><item><\xe4\xb8\xad/></item></channel></rss>"), feed,
                           &error));
    assert_int_equal(error.class, ERROR_INPUT);
}

static void test_an_item_in_broken_utf8_does_not_break_the_feed(void **state)
{
    (void)state;
    struct error error = {0};
    struct span from = SPAN("<rss><channel><item><title>caf\xe9</title></item></channel></rss>");
    struct span into = SPAN("<rss><channel><title>\xc3\xa9</title></channel></rss>");
    struct edited_feed *feed = edited_feed(into);
    assert_true(put_first(from, feed, &error));
    struct feed *read = read_again(edited_bytes(feed));
    assert_true(span_equal(read->items[0].title, SPAN("caf\xc3\xa9")));
}

/* A JSON feed of `items`. */
static struct span json_feed(const char *items)
{
    char text[512];
    snprintf(text, sizeof text,
             "{\"version\":\"https://jsonfeed.org/version/1\",\"title\":\"t\",\"items\":[%s]}",
             items);
    return in_encoding(span_of(text), "UTF-8");
}

/* The items of a JSON feed of `items` after those whose `cut` is true went and those of the feeds
 * `first` and, unless NULL, `second` came back. */
static void assert_json_items(const char *items, const bool *cut, const char *first,
                              const char *second, const char *expected)
{
    struct error error = {0};
    struct edited_feed *feed = edited_feed(json_feed(items));
    feed_cut(&feed->edits, &feed->ranges, cut);
    assert_true(put_first(json_feed(first), feed, &error));
    assert_true(!second || put_first(json_feed(second), feed, &error));
    struct span out = edited_bytes(feed);
    assert_string_equal(out.data, json_feed(expected).data);
}

static void test_a_json_item_comes_with_its_comma(void **state)
{
    (void)state;
    assert_json_items("{\"id\":\"2\"}", (bool[]){false}, "{\"id\":\"1\"}", NULL,
                      "{\"id\":\"1\"},{\"id\":\"2\"}");
    assert_json_items("{\"id\":\"3\"},{\"id\":\"4\"}", (bool[]){true, false}, "{\"id\":\"1\"}",
                      "{\"id\":\"2\"}", "{\"id\":\"1\"},{\"id\":\"2\"},{\"id\":\"4\"}");
}

static void test_a_json_item_alone_has_no_comma(void **state)
{
    (void)state;
    assert_json_items("{\"id\":\"3\"}", (bool[]){true}, "{\"id\":\"1\"}", NULL, "{\"id\":\"1\"}");
    assert_json_items("{\"id\":\"3\"},{\"id\":\"4\"}", (bool[]){true, true}, "{\"id\":\"1\"}",
                      "{\"id\":\"2\"}", "{\"id\":\"1\"},{\"id\":\"2\"}");
    /* Readers take the last of two lists. */
    assert_json_items("{\"id\":\"3\"}],\"items\":[{\"id\":\"4\"}", (bool[]){false, true},
                      "{\"id\":\"1\"}", NULL, "{\"id\":\"3\"}],\"items\":[{\"id\":\"1\"}");
    assert_json_items("", NULL, "{\"id\":\"1\"}", "{\"id\":\"2\"}",
                      "{\"id\":\"1\"},{\"id\":\"2\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, feed_editing_set_up, feed_editing_tear_down)
        TEST(test_a_head_and_an_item_are_read_as_a_feed),
        TEST(test_an_item_goes_in_front_as_it_stood),
        TEST(test_an_item_goes_into_a_feed_that_has_none),
        TEST(test_items_put_back_keep_their_order),
        TEST(test_an_item_takes_the_namespaces_along_that_it_uses_and_would_lack),
        TEST(test_what_the_item_declares_itself_stays),
        TEST(test_an_entry_keeps_its_vocabulary_under_another_prefix),
        TEST(test_an_item_without_namespace_stays_so),
        TEST(test_the_head_of_a_long_root_is_short),
        TEST(test_an_item_of_rss_1_0_is_mentioned_in_front_of_others),
        TEST(test_base_and_language_come_along),
        TEST(test_the_innermost_absolute_base_comes_along),
        TEST(test_a_feed_of_another_format_is_refused),
        TEST(test_a_feed_without_a_place_for_items_is_refused),
        TEST(test_an_item_that_is_not_well_formed_is_refused),
        TEST(test_an_item_that_is_not_well_formed_goes_into_a_feed_that_is_not_either),
        TEST(test_entities_of_html_become_character_references),
        TEST(test_the_bytes_stay_where_the_encodings_agree),
        TEST(test_an_item_is_read_the_same_in_any_other_encoding),
        TEST(test_a_name_that_the_encoding_may_lack_is_refused),
        TEST(test_an_item_in_broken_utf8_does_not_break_the_feed),
        TEST(test_a_json_item_comes_with_its_comma),
        TEST(test_a_json_item_alone_has_no_comma),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
