#include "feedfilter/held_feed.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <stdio.h>
#include <string.h>

#include "core/feed.h"
#include "core/text.h"
#include "core/url.h"
#include "tests/unit/records_file.h"
#include "tests/unit/rounds.h"

static const char evidence[] =
    "{\"action\":\"hold\",\"p\":0.987,\"log_odds\":4.3,\"terms\":["
    "{\"symbol\":\"LINK_FARM\",\"log_odds\":3.1,\"detail\":\"12 links to <b>one</b> host\"},"
    "{\"symbol\":\"CONTENT\",\"log_odds\":1.2}]}";

#define HEAD "<rss xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel>"
#define ITEM                                                                                       \
    "<item><guid>theirs</guid><title>Win &lt;b&gt;now&lt;/b&gt;</title>"                           \
    "<link>http://spam.test/?a=1&amp;b=2</link><dc:creator>Eve</dc:creator>"                       \
    "<description>&lt;p&gt;Click &lt;a href=\"http://spam.test/\"&gt;here&lt;/a&gt;&lt;/p&gt;"     \
    "&lt;script&gt;evil()&lt;/script&gt;</description></item>"

static int64_t hold_bytes(struct fixture *fixture, const char *feed, struct span head,
                          struct span item, const char *title)
{
    struct held held = {
        .state = HELD_HELD,
        .time_s = 1700000000,
        .channel = "feed",
        .sender = feed,
        .recipients = "",
        .subject = title,
        .reference = "theirs",
        .log_odds = 4.3,
        .evidence = evidence,
        .item = (const unsigned char *)item.data,
        .item_length = item.length,
        .item_head = (const unsigned char *)head.data,
        .item_head_length = head.length,
    };
    int64_t id = 0;
    good(records_held_add(fixture->records, &held, &id, &fixture->error));
    return id;
}

static int64_t hold_item(struct fixture *fixture, const char *feed)
{
    return hold_bytes(fixture, feed, SPAN(HEAD), SPAN(ITEM), "Win now");
}

/* The feed of what is held of "planet", parsed strictly. */
struct page {
    struct arena *arena;
    struct span bytes;
    size_t count;
    time_t changed;
    xmlDocPtr document;
    xmlXPathContextPtr paths;
};

static struct page page_of(struct fixture *fixture)
{
    struct page page = {.arena = arena_new()};
    page.bytes = held_feed(page.arena, fixture->records, SPAN("gw.example"), SPAN("planet"),
                           "http://127.0.0.1:8092/q/planet?a&b", NULL, NULL, &page.count,
                           &page.changed, &fixture->error);
    good(page.bytes.data);
    page.document = xmlReadMemory(page.bytes.data, (int)page.bytes.length, "held", NULL, 0);
    if (!page.document)
        fail_msg("not well-formed: %.*s", SPAN_ARGS(page.bytes));
    page.paths = xmlXPathNewContext(page.document);
    xmlXPathRegisterNs(page.paths, BAD_CAST "a", BAD_CAST "http://www.w3.org/2005/Atom");
    return page;
}

static void page_clear(struct page *page)
{
    xmlXPathFreeContext(page->paths);
    xmlFreeDoc(page->document);
    arena_free(page->arena);
}

static const char *value(const struct page *page, const char *path)
{
    xmlXPathObjectPtr object = xmlXPathEval(BAD_CAST path, page->paths);
    assert_non_null(object);
    xmlChar *text = xmlXPathCastToString(object);
    const char *copy = arena_copy(page->arena, span_of((const char *)text)).data;
    xmlFree(text);
    xmlXPathFreeObject(object);
    return copy;
}

static void assert_says(const struct page *page, const char *path, const char *text)
{
    const char *said = value(page, path);
    if (!strstr(said, text))
        fail_msg("\"%s\" is not in \"%s\"", text, said);
}

#define CONTENT "/a:feed/a:entry[1]/a:content"

static void test_feed_is_atom_of_its_own_name(void **state)
{
    struct fixture *fixture = *state;
    struct page page = page_of(fixture);
    assert_string_equal(value(&page, "/a:feed/a:title"), "planet: held by weir");
    assert_string_equal(value(&page, "/a:feed/a:id"), "weir:gw.example-held-planet");
    assert_string_equal(value(&page, "/a:feed/a:link[@rel='self']/@href"),
                        "http://127.0.0.1:8092/q/planet?a&b");
    assert_string_equal(value(&page, "/a:feed/a:updated"), "1970-01-01T00:00:00Z");
    assert_int_equal(page.count, 0);
    assert_int_equal(page.changed, 0);
    page_clear(&page);
}

static void test_entry_has_an_id_of_ours_and_the_words_of_the_item(void **state)
{
    struct fixture *fixture = *state;
    hold_item(fixture, "planet");
    struct page page = page_of(fixture);
    assert_string_equal(value(&page, "//a:entry/a:id"), "weir:gw.example-f1");
    assert_string_equal(value(&page, "//a:entry/a:title"), "Win now");
    assert_string_equal(value(&page, "//a:entry/a:updated"), "2023-11-14T22:13:20Z");
    assert_string_equal(value(&page, "//a:entry/a:author/a:name"), "Eve");
    assert_string_equal(value(&page, "//a:entry/a:category/@term"), "held");
    page_clear(&page);
}

static void test_content_says_why_and_how_to_release(void **state)
{
    struct fixture *fixture = *state;
    hold_item(fixture, "planet");
    struct page page = page_of(fixture);
    assert_string_equal(value(&page, CONTENT "/@type"), "text");
    assert_says(&page, CONTENT, "probability of 98.7 % (log-odds +4.3)");
    assert_says(&page, CONTENT,
                "because of\n +3.10  checks\n    +3.10  a list of keywords or links as link farms "
                "have them: 12 links to <b>one</b> host  [LINK_FARM]\n +1.20  content\n");
    assert_says(&page, CONTENT, "weirctl held release f1\n");
    page_clear(&page);
}

static void test_markup_and_link_of_the_item_are_not_live(void **state)
{
    struct fixture *fixture = *state;
    hold_item(fixture, "planet");
    struct page page = page_of(fixture);
    assert_says(&page, CONTENT, "Link: http://spam.test/?a=1&b=2\n");
    assert_says(&page, CONTENT, "Click here");
    assert_null(strstr(value(&page, CONTENT), "evil"));
    assert_string_equal(value(&page, "count(//a:entry//*[not(self::a:*)])"), "0");
    assert_string_equal(value(&page, "count(//a:entry/a:link)"), "0");
    assert_string_equal(value(&page, "count(" CONTENT "/*)"), "0");
    page_clear(&page);
}

static void test_what_is_held_last_comes_first(void **state)
{
    struct fixture *fixture = *state;
    hold_item(fixture, "planet");
    hold_item(fixture, "moon");
    hold_item(fixture, "planet");
    struct page page = page_of(fixture);
    assert_int_equal(page.count, 2);
    assert_string_equal(value(&page, "//a:entry[1]/a:id"), "weir:gw.example-f3");
    assert_string_equal(value(&page, "//a:entry[2]/a:id"), "weir:gw.example-f1");
    page_clear(&page);
}

static void test_released_item_goes_and_is_a_change(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = hold_item(fixture, "planet");
    run_sql(fixture, "UPDATE held SET state_time_s = 1000");
    struct page before = page_of(fixture);
    move(fixture, id, 1u << HELD_HELD, HELD_RELEASED);
    struct page after = page_of(fixture);
    assert_int_equal(before.changed, 1000);
    assert_true(after.changed > before.changed);
    assert_int_equal(after.count, 0);
    page_clear(&before);
    page_clear(&after);
}

static void test_no_more_than_a_reader_reads(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < HELD_FEED_MAX + 5; i++)
        hold_item(fixture, "planet");
    struct page page = page_of(fixture);
    assert_int_equal(page.count, HELD_FEED_MAX);
    assert_string_equal(value(&page, "//a:entry[1]/a:id"), "weir:gw.example-f205");
    assert_string_equal(value(&page, "//a:entry[201]/a:title"), "5 more are held");
    assert_says(&page, "//a:entry[201]/a:content", "weirctl held list --feed planet");
    assert_says(&page, "/a:feed/a:subtitle", "5 more are held");
    page_clear(&page);
}

static void test_nothing_is_said_of_more_where_all_are_listed(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < HELD_FEED_MAX; i++)
        hold_item(fixture, "planet");
    hold_item(fixture, "moon");
    struct page page = page_of(fixture);
    assert_string_equal(value(&page, "count(//a:entry)"), "200");
    assert_string_equal(value(&page, "/a:feed/a:subtitle"), "");
    page_clear(&page);
}

static void test_any_bytes_make_a_well_formed_feed(void **state)
{
    struct fixture *fixture = *state;
    static const char bad[] = "<item><title>\xff\xfe\0\x01 ]]></title><description>\xed\xa0\x80"
                              "\x0b &nbsp; \xef\xbf\xbf &#1; &amp;#1;</description></item>";
    hold_bytes(fixture, "planet", SPAN(HEAD), (struct span){bad, sizeof bad - 1},
               "\x01\x1b[2J \xff ]]> & <b>");
    hold_bytes(fixture, "planet", SPAN(""), (struct span){bad, sizeof bad - 1}, "");
    hold_bytes(fixture, "planet", SPAN(HEAD), SPAN("no item \xff\x02 <<<"), "none");
    hold_bytes(fixture, "planet", SPAN(HEAD), SPAN(""), "empty");
    struct page page = page_of(fixture);
    assert_int_equal(page.count, 4);
    assert_string_equal(value(&page, "count(//a:entry)"), "4");
    assert_true(text_is_utf8(page.bytes));
    page_clear(&page);
}

static void test_bytes_that_cannot_be_read_are_shown(void **state)
{
    struct fixture *fixture = *state;
    hold_bytes(fixture, "planet", SPAN(HEAD), SPAN("neither <nor"), "none");
    struct page page = page_of(fixture);
    assert_says(&page, CONTENT, "neither <nor");
    page_clear(&page);
}

static void test_item_without_its_head_is_read(void **state)
{
    struct fixture *fixture = *state;
    hold_bytes(fixture, "planet", SPAN(""),
               SPAN("<entry><id>i</id><title>t</title><content>In Atom</content></entry>"), "t");
    struct page page = page_of(fixture);
    assert_says(&page, CONTENT, "In Atom");
    page_clear(&page);
}

static void test_long_items_are_cut_between_characters(void **state)
{
    struct fixture *fixture = *state;
    struct arena *arena = arena_new();
    char *long_text = arena_text(arena, 30000);
    for (size_t i = 0; i < 30000; i += 3)
        memcpy(long_text + i, "发", 3);
    struct span item =
        arena_printf(arena, "<item><description>%.*s</description></item>", 30000, long_text);
    hold_bytes(fixture, "planet", SPAN(HEAD), item, "long");
    struct page page = page_of(fixture);
    assert_true(page.bytes.length < 12000);
    assert_says(&page, CONTENT, "发\n…");
    assert_null(strstr(value(&page, CONTENT), "\xef\xbf\xbd"));
    page_clear(&page);
    arena_free(arena);
}

static void test_long_fields_are_cut_too(void **state)
{
    struct fixture *fixture = *state;
    struct arena *arena = arena_new();
    char text[3001] = "";
    for (size_t i = 0; i + 1 < sizeof text; i += 3)
        memcpy(text + i, "发", 4);
    struct span item = arena_printf(
        arena, "<item><title>t</title><author>%s</author><link>/%s</link></item>", text, text);
    hold_bytes(fixture, "planet", SPAN(HEAD), item, text);
    struct page page = page_of(fixture);
    assert_int_equal(strlen(value(&page, "//a:entry/a:title")), 498);
    assert_int_equal(strlen(value(&page, "//a:entry/a:author/a:name")), 498);
    assert_true(page.bytes.length < 5000);
    page_clear(&page);
    arena_free(arena);
}

static void test_same_records_give_the_same_bytes(void **state)
{
    struct fixture *fixture = *state;
    hold_item(fixture, "planet");
    struct page first = page_of(fixture), second = page_of(fixture);
    assert_true(span_equal(first.bytes, second.bytes));
    page_clear(&first);
    page_clear(&second);
}

int main(void)
{
    text_init();
    url_init();
    const struct CMUnitTest tests[] = {
        with_records(test_feed_is_atom_of_its_own_name),
        with_records(test_entry_has_an_id_of_ours_and_the_words_of_the_item),
        with_records(test_content_says_why_and_how_to_release),
        with_records(test_markup_and_link_of_the_item_are_not_live),
        with_records(test_what_is_held_last_comes_first),
        with_records(test_released_item_goes_and_is_a_change),
        with_sanitizers_only(with_records(test_no_more_than_a_reader_reads)),
        with_sanitizers_only(with_records(test_nothing_is_said_of_more_where_all_are_listed)),
        with_records(test_any_bytes_make_a_well_formed_feed),
        with_records(test_bytes_that_cannot_be_read_are_shown),
        with_records(test_item_without_its_head_is_read),
        with_records(test_long_items_are_cut_between_characters),
        with_records(test_long_fields_are_cut_too),
        with_records(test_same_records_give_the_same_bytes),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    xmlCleanupParser();
    return failed;
}
