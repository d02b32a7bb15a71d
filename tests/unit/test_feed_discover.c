#include "feedfilter/feed_discover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/text.h"
#include "core/url.h"
#include "store/memory.h"
#include "tests/unit/rounds.h"

#define HERE "https://site.example/blog/"
#define RSS "<link rel=\"alternate\" type=\"application/rss+xml\" href="
#define PAGE(head) "<!DOCTYPE html><html><head><title>t</title>" head "</head><body>b</body></html>"

static char *found_in(const char *html)
{
    char *found;
    assert_true(feed_discover(span_of(html), SPAN(""), SPAN(HERE), &found));
    return found;
}

static void expect(const char *html, const char *wanted)
{
    char *found = found_in(html);
    if (wanted) {
        assert_non_null(found);
        assert_string_equal(found, wanted);
    } else {
        assert_null(found);
    }
    free(found);
}

/* `count` times `part`, between `start` and `end`. */
static char *repeated(const char *start, const char *part, size_t count, const char *end)
{
    size_t length = strlen(part);
    char *text = memory_checked(malloc(strlen(start) + count * length + strlen(end) + 1));
    char *at = stpcpy(text, start);
    for (size_t i = 0; i < count; i++, at += length)
        memcpy(at, part, length);
    strcpy(at, end);
    return text;
}

static void test_the_first_feed_that_a_page_names(void **state)
{
    (void)state;
    expect(PAGE(RSS "'/feed'>" RSS "'/other'>"), "https://site.example/feed");
    expect(PAGE("<LINK HREF=feed.atom TYPE='Application/Atom+XML; charset=utf-8' "
                "REL='home ALTERNATE'>"),
           "https://site.example/blog/feed.atom");
    expect(PAGE("<link rel=alternate type=application/feed+json href='//cdn.example/f.json'/>"),
           "https://cdn.example/f.json");
    expect(PAGE("<link rel=alternate type=application/rdf+xml href='?rdf&amp;x=1#top'>"),
           "https://site.example/blog/?rdf&x=1");
    expect(PAGE(RSS "'http://ann:secret@site.example/f'>"), "http://site.example/f");
    expect("<?xml version='1.0'?>\n<html xmlns='http://www.w3.org/1999/xhtml'><head>" RSS
           "'f'/></head></html>",
           HERE "f");
    expect("<br /><b>Warning</b>: x<html>" RSS "'f'>", HERE "f");
    expect("<link rel=alternate type=application/rss+xml href=f><p>no head", HERE "f");
}

static void test_types_of_xml_as_such_and_the_relation_feed_name_feeds_too(void **state)
{
    (void)state;
    expect(PAGE("<link rel=alternate type=text/xml title=RSS href=/f>"), "https://site.example/f");
    expect(PAGE("<link rel=alternate type='application/xml; charset=utf-8' href=/f>"),
           "https://site.example/f");
    expect(PAGE("<link rel=feed href=/f>"), "https://site.example/f");
    expect(PAGE("<link rel='Feed alternate' type=application/json href=/f>"),
           "https://site.example/f");
    expect(PAGE("<link rel=feed type=application/atom+xml href=/f>"), "https://site.example/f");
}

static void test_types_of_feeds_go_before_others(void **state)
{
    (void)state;
    expect(PAGE("<link rel=alternate type=text/xml href=/map><link rel=feed href=/x>" RSS "/f>"),
           "https://site.example/f");
    expect(PAGE("<link rel=alternate type=text/xml href=/f>" RSS "/comments/feed/>"),
           "https://site.example/f");
    char *many =
        repeated("<html><head>", "<link rel=alternate type=text/xml href=/map>", 100, RSS "/f>");
    expect(many, "https://site.example/f");
    free(many);
}

static void test_what_names_no_feed(void **state)
{
    (void)state;
    expect(PAGE(""), NULL);
    expect(PAGE("<link rel=alternate hreflang=de href=/de>"), NULL);
    expect(PAGE("<link rel='alternate stylesheet' type=text/css href=x.css>"), NULL);
    expect(PAGE("<link rel=alternate type=application/json href=/wp-json/1>"), NULL);
    expect(PAGE("<link rel=feed type=text/html href=/h>"), NULL);
    expect(PAGE("<link rel=alternate type=text/xml+oembed href=/o>"), NULL);
    expect(PAGE("<link rel=alternate href=/f>"), NULL);
    expect(PAGE("<link rel=alternates type=application/rss+xml href=/f>"), NULL);
    expect(PAGE("<!-- " RSS "'/f'> -->"), NULL);
    expect(PAGE("<script>'" RSS "/f>'</script>"), NULL);
    expect(PAGE(RSS "''>"), NULL);
    expect(PAGE(RSS "'file:///etc/passwd'>" RSS "'javascript:alert(1)'>" RSS "'ftp://x/f'>"), NULL);
}

static void test_the_page_itself_is_no_feed(void **state)
{
    (void)state;
    expect(PAGE(RSS "'" HERE "'>" RSS "'#a'>" RSS "'../blog/'>" RSS "'feed'>"), HERE "feed");
    expect(PAGE(RSS "'" HERE "'>"), NULL);
}

static void test_feeds_of_comments_are_passed_over(void **state)
{
    (void)state;
    expect(PAGE(RSS "'/comments/feed/'>" RSS "'/feed/'>"), "https://site.example/feed/");
    expect(PAGE(RSS "'/c' title='Site &raquo; Comments Feed'>" RSS "'/f' title='Site'>"),
           "https://site.example/f");
    expect(PAGE(RSS "'/c' title='Лента комментариев'>" RSS "'/f'>"), "https://site.example/f");
    expect(PAGE(RSS "'/?feed=comments-rss2'>"), NULL);
}

static void test_references_start_from_the_first_base(void **state)
{
    (void)state;
    expect(PAGE(RSS "'f'><base target=_top><base href='https://cdn.example/a/'><base href='/z/'>"),
           "https://cdn.example/a/f");
    expect(PAGE("<base href='../x/'>" RSS "'f'>"), "https://site.example/x/f");
    expect(PAGE("<base href='file:///etc/'>" RSS "'passwd'>"), NULL);
}

static void test_what_is_no_page(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "<",
                                        "plain",
                                        "{\"a\":\"<html>\"}",
                                        "<svg/>",
                                        "<?xml version='1.0'?><opml><head>" RSS
                                        "'/f'/></head></opml>",
                                        "<!-- <html> --><urlset><url>" RSS "'/f'/></url></urlset>",
                                        "\x7f"
                                        "ELF"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *found;
        assert_false(feed_discover(span_of(texts[i]), SPAN(""), SPAN(HERE), &found));
        assert_null(found);
    }
}

static void test_only_the_beginning_of_a_page_is_looked_at(void **state)
{
    (void)state;
    char *near = repeated("<html><head>", "<meta name=a content=b>", 1000, RSS "'/f'>");
    char *far = repeated("<html><head>", "<meta name=a content=b>", 20000, RSS "'/f'>");
    char *deep = repeated("<html><body>", "<div>", 1000, RSS "'/f'>");
    expect(near, "https://site.example/f");
    expect(far, NULL);
    expect(deep, NULL);
    free(near);
    free(far);
    free(deep);
}

/* Each of them takes time that grows with the square of its length in libxml2 as it comes. */
static void test_pages_made_to_take_long_end(void **state)
{
    (void)state;
    char *attributes = memory_checked(malloc(2u << 20)), *at = stpcpy(attributes, "<html><b");
    for (unsigned i = 0; at < attributes + (1u << 20); i++)
        at += sprintf(at, " a%u", i);
    strcpy(at, ">" RSS "'/f'>");
    expect(attributes, NULL);
    free(attributes);
    char *opened = repeated("<html><body>", "<p><b></i>", 100000, RSS "'/f'>");
    free(found_in(opened));
    free(opened);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_feed_that_a_page_names),
        cmocka_unit_test(test_types_of_xml_as_such_and_the_relation_feed_name_feeds_too),
        cmocka_unit_test(test_types_of_feeds_go_before_others),
        cmocka_unit_test(test_what_names_no_feed),
        cmocka_unit_test(test_the_page_itself_is_no_feed),
        cmocka_unit_test(test_feeds_of_comments_are_passed_over),
        cmocka_unit_test(test_references_start_from_the_first_base),
        cmocka_unit_test(test_what_is_no_page),
        cmocka_unit_test(test_only_the_beginning_of_a_page_is_looked_at),
        with_sanitizers_only(cmocka_unit_test(test_pages_made_to_take_long_end)),
    };
    text_init();
    url_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
