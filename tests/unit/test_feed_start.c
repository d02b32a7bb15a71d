#include "tests/unit/feed_reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/span_buffer.h"

/* What servers say before a feed. */
static const char *const junk[] = {
    "Warning: date(): x in /a/b.php on line 3\n",
    "<br />\n<b>Warning</b>:  x in <b>/a/b.php</b> on line <b>3</b><br />\n",
    "<!-- cached -->\n\n",
    "\n\xef\xbb\xbf",
    "\xef\xbb\xbf\xef\xbb\xbf",
    "<p>if (a < b) we use <rss>, not <feed></p><pre>it's \"x</pre>",
    "<font size='1'><table class='e'><tr><th>Notice: x</th></tr></table></font>",
    "<?php echo 'a'; ?>x"};

static void test_what_a_server_says_before_a_feed_is_passed_over(void **state)
{
    (void)state;
    static const char *const feeds[] = {
        "<?xml version='1.0' encoding='koi8-r'?><rss><channel><title>\xc4\xc1</title>"
        "<item><title>\xc4\xc1</title></item></channel></rss>",
        "<?xml version='1.0' encoding='koi8-r'?><!-- <item> --><!DOCTYPE rss [<!ENTITY x \"'>\">]>"
        "<rss> <!-- y --><?z?><channel><item><title>\xc4\xc1</title></item></channel></rss>"};
    for (size_t i = 0; i < 2 * sizeof junk / sizeof *junk; i++) {
        bool marked = memcmp(junk[i / 2], "\xef", 1) == 0; /* and so it is to be UTF-8 */
        struct span_buffer text = {0};
        span_buffer_text(&text, junk[i / 2]);
        span_buffer_text(&text, feeds[i % 2]);
        struct feed *feed = read_bytes(span_buffer_span(&text));
        assert_true(feed_looks_like(span_buffer_span(&text)));
        assert_int_equal(feed->item_count, 1);
        if (!marked)
            assert_span(feed->items[0].title, "\u0434\u0430");
        assert_true(feed->recovered);
        feed_free(feed);
        span_buffer_free(&text);
    }
    struct feed *feed = read_text("x<RDF:RDF xmlns:RDF='r'><item/></RDF:RDF>");
    assert_int_equal(feed->item_count, 1);
    assert_span(feed->trouble, "something stands before its start");
    feed_free(feed);
}

static void test_pages_and_other_xml_are_no_feeds_for_what_is_in_them(void **state)
{
    (void)state;
#define FEED "<?xml version='1.0'?><rss><channel><item/></channel></rss>"
    static const char *const texts[] = {
        "<html><body><pre>" FEED,
        "<br/><b>Warning</b>: x<!doctype HTML>" FEED,
        "<p>x</p><script>var a = '" FEED "';</script>",
        "<title>t</title>" FEED,
        "<b>x</b><style>" FEED,
        "<p>Our <rss> feed, <code><feed></code>: <feed><b>x</b></feed> &lt;rss>&lt;channel></p>",
        "<!-- <br/>" FEED,
        "<feeds><feed><title/></feed></feeds>",
        "<?xml version='1.0'?><opml><body><outline/>" FEED "</body></opml>",
        "<x:list><rss><channel/></rss></x:list>",
        "words, and <rss/>",
        "words, and <rss>"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (feed_looks_like(span_of(texts[i])))
            fail_msg("taken for a feed: %s", texts[i]);
    struct span_buffer far = {0};
    for (size_t i = 0; i < 65536; i++)
        span_buffer_text(&far, "x");
    span_buffer_text(&far, FEED);
    assert_false(feed_looks_like(span_buffer_span(&far)));
    span_buffer_free(&far);
#undef FEED
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_server_says_before_a_feed_is_passed_over),
        cmocka_unit_test(test_pages_and_other_xml_are_no_feeds_for_what_is_in_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
