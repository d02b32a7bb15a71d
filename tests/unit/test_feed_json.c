#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "tests/unit/feed_reading.h"

#define JSON_FEED(items)                                                                           \
    "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"Blog\","                        \
    "\"home_page_url\":\"http://b.example/\",\"feed_url\":\"http://b.example/feed.json\","         \
    "\"items\":[" items "]}"

/* The only item of a feed, `members` being what it says. */
#define ONE(members) read_text(JSON_FEED("{" members "}"))

static void test_a_feed_says_what_it_is(void **state)
{
    (void)state;
    struct feed *feed = read_text(JSON_FEED(""));
    assert_int_equal(feed->format, FEED_JSON);
    assert_span(feed->title, "Blog");
    assert_span(feed->link, "http://b.example/");
    assert_span(feed->self, "http://b.example/feed.json");
    assert_int_equal(feed->item_count, 0);
    assert_false(feed->recovered);
    feed_free(feed);
}

static void test_an_item_has_its_fields(void **state)
{
    (void)state;
    struct feed *feed =
        ONE("\"id\":\"urn:1\",\"url\":\"http://b.example/1\",\"title\":\"One\","
            "\"content_html\":\"<p>Long</p>\",\"summary\":\"Short\",\"language\":\"en\","
            "\"date_published\":\"2021-09-06T10:00:00Z\",\"date_modified\":\"2022\","
            "\"tags\":[\"news\",\"tech\"],\"_ext\":{\"items\":[{}]}");
    assert_int_equal(feed->item_count, 1);
    struct feed_item *item = &feed->items[0];
    assert_span(item->guid, "urn:1");
    assert_span(item->link, "http://b.example/1");
    assert_span(item->title, "One");
    assert_span(item->content, "<p>Long</p>");
    assert_true(item->content_is_html);
    assert_span(item->summary, "Short");
    assert_false(item->summary_is_html);
    assert_span(item->date, "2021-09-06T10:00:00Z");
    assert_int_equal(item->category_count, 2);
    assert_span(item->categories[1], "tech");
    assert_int_equal(item->start_tag, 1);
    feed_free(feed);
}

static void test_ids_may_be_numbers_of_any_size(void **state)
{
    (void)state;
    struct feed *feed = ONE("\"id\":123456789012345678901234567890");
    assert_span(feed->items[0].guid, "123456789012345678901234567890");
    feed_free(feed);
}

static void test_an_item_without_id_is_known_by_its_link_or_what_it_says(void **state)
{
    (void)state;
    struct feed *feed = read_text(JSON_FEED("{\"url\":\"http://b.example/1\"},{\"title\":\"x\"}"));
    assert_span(feed->items[0].guid, "http://b.example/1");
    assert_memory_equal(feed->items[1].guid.data, "hash:", 5);
    feed_free(feed);
}

static void test_html_and_plain_content_are_both_judged(void **state)
{
    (void)state;
    struct feed *feed = ONE("\"content_text\":\"a < b plain\",\"content_html\":\"<p>marked</p>\"");
    assert_span(feed->items[0].content, "<p>marked</p>");
    assert_span(feed->items[0].plain, "a < b plain");
    struct document *document = feed_item_document(feed, &feed->items[0], SPAN("f"));
    assert_int_equal(document->text_count, 2);
    assert_span(document->texts[1].content, "a < b plain");
    document_free(document);
    feed_free(feed);
}

static void test_plain_content_alone_is_the_content(void **state)
{
    (void)state;
    struct feed *feed = ONE("\"content_text\":\"1 <b> 2\"");
    assert_span(feed->items[0].content, "1 <b> 2");
    assert_false(feed->items[0].content_is_html);
    assert_int_equal(feed->items[0].plain.length, 0);
    feed_free(feed);
}

static void test_external_url_is_the_link_where_there_is_no_other(void **state)
{
    (void)state;
    struct feed *feed = read_text(JSON_FEED("{\"external_url\":\"http://c.example/\"},"
                                            "{\"external_url\":\"http://c.example/\","
                                            "\"url\":\"http://b.example/2\"}"));
    assert_span(feed->items[0].link, "http://c.example/");
    assert_int_equal(feed->items[0].other_link_count, 0);
    assert_span(feed->items[1].link, "http://b.example/2");
    assert_span(feed->items[1].other_links[0], "http://c.example/");
    feed_free(feed);
}

static void test_images_and_other_links_are_links_of_the_document(void **state)
{
    (void)state;
    struct feed *feed = ONE("\"image\":\"http://i.example/\",\"banner_image\":\"http://j.example/\""
                            ",\"external_url\":\"http://k.example/\",\"url\":\"http://b.example/\""
                            ",\"author\":{\"url\":\"http://l.example/\"}");
    struct document *document = feed_item_document(feed, &feed->items[0], SPAN("f"));
    static const char *const hosts[] = {"b.example", "i.example", "j.example", "l.example",
                                        "k.example"};
    assert_int_equal(document->link_count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_span(document->links[i].host, hosts[i]);
    document_free(document);
    feed_free(feed);
}

static void test_authors_of_both_versions(void **state)
{
    (void)state;
    struct feed *feed =
        read_text("{\"items\":[{\"author\":{\"name\":\"Ann\",\"url\":\"http://a.example/\"}},"
                  "{\"authors\":[{\"name\":\"Ann\"},{\"name\":\"Bob\"}]},{\"title\":\"none\"}],"
                  "\"authors\":[{\"name\":\"Cay\"}]}");
    assert_span(feed->items[0].author, "Ann");
    assert_span(feed->items[1].author, "Ann, Bob");
    assert_span(feed->items[2].author, "Cay");
    feed_free(feed);
}

static void test_attachments_are_enclosures_and_their_titles_are_judged(void **state)
{
    (void)state;
    struct feed *feed = ONE("\"attachments\":[{\"url\":\"http://b.example/x.mp3\",\"mime_type\":"
                            "\"audio/mpeg\",\"size_in_bytes\":1234,\"title\":\"Part one\"},{}]");
    assert_int_equal(feed->items[0].enclosure_count, 1);
    struct feed_enclosure *enclosure = &feed->items[0].enclosures[0];
    assert_span(enclosure->url, "http://b.example/x.mp3");
    assert_span(enclosure->type, "audio/mpeg");
    assert_int_equal(enclosure->length_bytes, 1234);
    struct document *document = feed_item_document(feed, &feed->items[0], SPAN("f"));
    assert_int_equal(document->part_count, 1);
    assert_span(document->texts[0].content, "Part one");
    document_free(document);
    feed_free(feed);
}

static void test_elements_that_are_no_objects_are_counted_but_no_items(void **state)
{
    (void)state;
    struct feed *feed = read_text(JSON_FEED("null,{\"id\":\"a\"},[{}],\"x\",{\"id\":\"b\"}"));
    assert_int_equal(feed->item_count, 2);
    assert_int_equal(feed->items[0].start_tag, 2);
    assert_int_equal(feed->items[1].start_tag, 5);
    feed_free(feed);
}

static void test_members_that_occur_twice_say_both(void **state)
{
    (void)state;
    struct feed *feed = ONE("\"title\":\"Fine\",\"title\":\"Spam\",\"\\u0074itle\":\"and more\"");
    assert_span(feed->items[0].title, "Fine\nSpam\nand more");
    feed_free(feed);
    feed = read_text("{\"items\":[{\"id\":\"a\"}],\"items\":[{\"id\":\"b\"}]}");
    assert_int_equal(feed->item_count, 2);
    assert_int_equal(feed->items[1].start_tag, 2);
    feed_free(feed);
}

/* Seconds if it is read once per title, minutes else. */
static void test_ever_more_titles_take_no_longer_each(void **state)
{
    (void)state;
    size_t titles = 200000, length = 0;
    char *text = malloc(40 * titles);
    assert_non_null(text);
    length += (size_t)sprintf(text, "{\"items\":[{");
    for (size_t i = 0; i < titles; i++)
        length += (size_t)sprintf(text + length, "\"title\":\"a\",\"title\":\"b\",");
    sprintf(text + length, "\"id\":2}]}");
    clock_t start = clock();
    struct feed *feed = read_text(text);
    assert_true(clock() - start < 20 * CLOCKS_PER_SEC);
    assert_int_equal(feed->items[0].title.length, 4 * titles - 1);
    feed_free(feed);
    free(text);
}

static void test_values_of_other_types_do_no_harm(void **state)
{
    (void)state;
    struct feed *feed = ONE("\"id\":{},\"title\":[],\"tags\":\"one\",\"authors\":\"Ann\","
                            "\"attachments\":7,\"summary\":null,\"url\":true");
    assert_int_equal(feed->items[0].title.length, 0);
    assert_int_equal(feed->items[0].link.length, 0);
    assert_span(feed->items[0].categories[0], "one");
    assert_span(feed->items[0].author, "Ann");
    feed_free(feed);
}

static void test_titles_cut_in_an_emoji_are_read(void **state)
{
    (void)state;
    struct feed *feed = ONE("\"title\":\"Win \\ud83d\"");
    assert_span(feed->items[0].title, "Win \ufffd");
    feed_free(feed);
}

static void test_bytes_that_are_no_utf8_are_read_as_browsers_do(void **state)
{
    (void)state;
    struct feed *feed = ONE("\"title\":\"caf\xe9 cr\xe8me\"");
    assert_span(feed->items[0].title, "caf\ufffd cr\ufffdme");
    assert_true(feed->recovered);
    feed_free(feed);
}

static void test_a_mark_and_utf16_are_read(void **state)
{
    (void)state;
    static const char ascii[] = "{\"items\":[{\"title\":\"One\"}]}";
    char wide[2 * sizeof ascii + 2] = "\xff\xfe";
    for (size_t i = 0; i < sizeof ascii - 1; i++)
        wide[2 + 2 * i] = ascii[i];
    struct feed *feed = read_text("\xef\xbb\xbf{\"items\":[{\"title\":\"One\"}]}");
    assert_span(feed->items[0].title, "One");
    feed_free(feed);
    for (size_t mark = 0; mark <= 2; mark += 2) {
        feed = read_bytes((struct span){wide + 2 - mark, 2 * (sizeof ascii - 1) + mark});
        assert_span(feed->items[0].title, "One");
        feed_free(feed);
    }
}

static void test_what_follows_the_feed_is_left_alone(void **state)
{
    (void)state;
    struct feed *feed = read_text(JSON_FEED("{\"id\":\"a\"}") "\nrubbish");
    assert_int_equal(feed->item_count, 1);
    assert_true(feed->recovered);
    assert_span(feed->trouble, "line 1: something follows the feed's end");
    feed_free(feed);
}

static void test_what_is_no_feed_is_refused_and_says_why(void **state)
{
    (void)state;
    assert_refused(SPAN("{\"version\":\"https://jsonfeed.org/version/1\"}"), "no list");
    assert_refused(SPAN("{\"items\":{}}"), "no list");
    assert_refused(SPAN("{\"items\":[{\"id\":\"a\"},\n{\"id\":"), "line 2");
    assert_refused(SPAN("{"), "broken off");
    assert_refused(SPAN("[{\"items\":[]}]"), "not XML");
}

static void test_depth_is_bounded(void **state)
{
    (void)state;
    char text[2100] = "{\"items\":[{\"a\":";
    memset(text + strlen(text), '[', 2000);
    assert_refused(span_of(text), "nested too deeply");
}

static void test_json_feeds_are_told_from_other_json(void **state)
{
    (void)state;
    assert_true(feed_looks_like(SPAN(JSON_FEED(""))));
    assert_true(feed_looks_like(SPAN("\n{\"version\":\"https:\\/\\/jsonfeed.org\\/version\\/1\"")));
    assert_true(feed_looks_like(SPAN("{\"title\":\"x\",\"items\":[{\"title\":\"broken o")));
    assert_false(feed_looks_like(SPAN("{\"version\":\"1.2\",\"name\":\"a package\"}")));
    assert_false(feed_looks_like(SPAN("{\"a\":{\"items\":[]}}")));
    assert_false(feed_looks_like(SPAN("[]")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_feed_says_what_it_is),
        cmocka_unit_test(test_an_item_has_its_fields),
        cmocka_unit_test(test_ids_may_be_numbers_of_any_size),
        cmocka_unit_test(test_an_item_without_id_is_known_by_its_link_or_what_it_says),
        cmocka_unit_test(test_html_and_plain_content_are_both_judged),
        cmocka_unit_test(test_plain_content_alone_is_the_content),
        cmocka_unit_test(test_external_url_is_the_link_where_there_is_no_other),
        cmocka_unit_test(test_images_and_other_links_are_links_of_the_document),
        cmocka_unit_test(test_authors_of_both_versions),
        cmocka_unit_test(test_attachments_are_enclosures_and_their_titles_are_judged),
        cmocka_unit_test(test_elements_that_are_no_objects_are_counted_but_no_items),
        cmocka_unit_test(test_members_that_occur_twice_say_both),
        cmocka_unit_test(test_ever_more_titles_take_no_longer_each),
        cmocka_unit_test(test_values_of_other_types_do_no_harm),
        cmocka_unit_test(test_titles_cut_in_an_emoji_are_read),
        cmocka_unit_test(test_bytes_that_are_no_utf8_are_read_as_browsers_do),
        cmocka_unit_test(test_a_mark_and_utf16_are_read),
        cmocka_unit_test(test_what_follows_the_feed_is_left_alone),
        cmocka_unit_test(test_what_is_no_feed_is_refused_and_says_why),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_json_feeds_are_told_from_other_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
