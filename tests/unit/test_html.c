#include "core/html.h"
#include "core/text.h"
#include "core/url.h"
#include "tests/unit/rounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

static struct document *document;

static int set_up(void **state)
{
    (void)state;
    text_init();
    url_init();
    document = document_new(CHANNEL_MAIL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    document_free(document);
    return 0;
}

static struct span read_text(const char *html)
{
    html_read(document, span_of(html));
    return document->text_count ? document->texts[0].content : SPAN("");
}

#define SAYS(actual, expected)                                                                     \
    do {                                                                                           \
        struct span span_ = (actual);                                                              \
        if (!span_equal(span_, SPAN(expected)))                                                    \
            fail_msg("\"%.*s\" instead of \"%s\"", SPAN_ARGS(span_), (expected));                  \
    } while (0)

static bool has_structure(enum structure_kind kind, const char *name)
{
    for (size_t i = 0; i < document->structure_count; i++)
        if (document->structures[i].kind == kind &&
            span_equal(document->structures[i].name, span_of(name)))
            return true;
    return false;
}

static void test_text_is_what_a_reader_sees(void **state)
{
    (void)state;
    SAYS(read_text("<html><head><title>no</title><style>p{a:b}</style></head><body>\n"
                   "<h1>One  t<b>w</b>o&nbsp;&amp; \n three</h1><!-- no --><p>four<br>five"
                   "<script>if (a<b) no</script><textarea>no</textarea><table><tr><td>six"
                   "<td>seven<tr><td>eight</table></body></html>"),
         "One two & three\nfour\nfive\nsix\tseven\neight");
    assert_int_equal(document->texts[0].kind, TEXT_BODY);
    assert_true(document->texts[0].from_html);
}

static void test_what_stands_behind_the_end_is_read(void **state)
{
    (void)state;
    SAYS(read_text("<html><body><p>one</p></body></html>two<p>three"
                   "<a href='http://a.example/b'>four</a></html></html>five"),
         "one\ntwo\nthreefour\nfive");
    assert_int_equal(document->link_count, 1);
}

static void test_entities_and_utf8_come_through(void **state)
{
    (void)state;
    SAYS(read_text("<meta charset=iso-8859-1>Stra\xC3\x9F"
                   "e &euro;5 &#20013;&#x6587; 发票 \xF0\x9F\x98\x80"),
         "Straße €5 中文 发票 \xF0\x9F\x98\x80");
}

static void test_declared_charset_stops_nothing(void **state)
{
    (void)state;
    SAYS(read_text("<html><head><meta http-equiv=Content-Type content=\"text/html; "
                   "charset=us-ascii\"></head><body>前 \uFFFD \x01后</body>"),
         "前 \uFFFD 后");
}

static void test_plain_text_is_read_as_it_is(void **state)
{
    (void)state;
    SAYS(read_text("no tags here, 1 < 2"), "no tags here, 1 < 2");
    assert_int_equal(document->html.visible, 14);
}

static void test_links_have_their_text(void **state)
{
    (void)state;
    read_text("<a href='http://example.com/?a=1&amp;b=2'> Our <b>big</b>\n<div>offer</div> "
              "<img src=x.gif alt='now!'></a> and <a href=#top>top</a><a name=x>y</a>");
    assert_int_equal(document->link_count, 1);
    SAYS(document->links[0].url, "http://example.com/?a=1&b=2");
    SAYS(document->links[0].host, "example.com");
    SAYS(document->links[0].text, "Our big offer now!");
    assert_true(document->links[0].from_html);
}

static void test_areas_and_forms_are_links(void **state)
{
    (void)state;
    read_text("<map><area href=http://a.example/ alt='left half'></map>"
              "<form action=http://b.example/login><input></form>");
    assert_int_equal(document->link_count, 2);
    SAYS(document->links[0].text, "left half");
    SAYS(document->links[1].host, "b.example");
}

static void test_link_in_a_link_counts_too(void **state)
{
    (void)state;
    read_text("<a href=http://a.example/>one <table><td><a href=http://b.example/>two</table>");
    assert_int_equal(document->link_count, 2);
    SAYS(document->links[0].text, "one");
    SAYS(document->links[1].text, "two");
}

static void test_link_text_is_bounded(void **state)
{
    (void)state;
    char html[3000] = "<a href=http://example.com/>";
    for (int i = 0; i < 600; i++)
        strcat(html, "发");
    read_text(html);
    assert_int_equal(document->links[0].text.length, 498);
}

static void test_links_are_bounded(void **state)
{
    (void)state;
    static char html[200000];
    char *at = html;
    for (int i = 0; i < 5000; i++)
        at = stpcpy(at, "<a href=http://example.com/>x</a>");
    read_text(html);
    assert_int_equal(document->link_count, 1000);
}

static void test_shape_counts_code_points(void **state)
{
    (void)state;
    read_text("<p>看 abc</p><a href=http://example.com/>链接</a><p hidden>不见 了</p>");
    assert_int_equal(document->html.visible, 6);
    assert_int_equal(document->html.inside_links, 2);
    assert_int_equal(document->html.hidden, 3);
    SAYS(document->html.hidden_sample, "不见 了");
}

static void test_shape_sums_over_parts(void **state)
{
    (void)state;
    read_text("<p>abc<p hidden>first</p>");
    read_text("<p>de<p hidden>a longer one</p>");
    assert_int_equal(document->html.visible, 5);
    assert_int_equal(document->html.hidden, 15);
    SAYS(document->html.hidden_sample, "a longer one");
    assert_int_equal(document->text_count, 2);
}

static void test_hidden_text_is_kept_out(void **state)
{
    (void)state;
    static const char *const ways[] = {
        "<div style='display:none'>X</div>",
        "<div style='color:red;DISPLAY : None !important'>X</div>",
        "<div style='/**/display:/* */none'>X</div>",
        "<div style='display:none'><p><b>X</b></p></div>",
        "<div style='visibility:hidden'>X</div>",
        "<span style='font-size:0'>X</span>",
        "<span style='font-size:1px'>X</span>",
        "<span style='font-size:0.0em'><b style='font-size:2em'>X</b></span>",
        "<div style='opacity:0'>X</div>",
        "<div hidden>X</div>",
        "<p style='text-indent:-9999px'>X</p>",
        "<p style='position:absolute;left:-5000px'>X</p>",
        "<p style='margin-left:-9999px'>X</p>",
        "<p style='max-height:0;overflow:hidden'>X</p>",
        "<font color=white>X</font>",
        "<font color=#fffffe>X</font>",
        "<table bgcolor=#000000><td><font color=black>X</font></table>",
        "<div style='background-color:rgb(10,20,30)'><p style='color:#0a141e'>X</p></div>",
        "<div style='background:#123'><p style='color:#112233'>X</p></div>",
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct document *one = document_new(CHANNEL_MAIL);
        html_read(one, span_of(ways[i]));
        if (one->text_count || one->html.hidden != 1)
            fail_msg("seen: %s", ways[i]);
        document_free(one);
    }
}

static void test_seen_text_is_not_hidden(void **state)
{
    (void)state;
    static const char *const ways[] = {
        "<td style='font-size:0px'><span style='font-size:14px'>X</span></td>",
        "<div style='visibility:hidden'><p style='visibility:visible'>X</p></div>",
        "<table bgcolor=black><td><font color=white>X</font></table>",
        "<table background=night.gif><td><font color=white>X</font></table>",
        "<td style='background:url(night.gif)'><font color=#fff>X</font></td>",
        "<style>td{background:black}</style><td><font color=white>X</font></td>",
        "<div style='background:#fff'><a href=x>X</a></div>",
        "<body bgcolor=black text=white>X</body>",
        "<p style='font-size:2px'>X</p>",
        "<p style='font-size:small;display:block;opacity:.9;left:-20px'>X</p>",
        "<p style='color:transparent;background:nonsense'>X</p>",
        "<p style='display'>X</p><p style=':none;;:'></p>",
        "<font color=white><font color=red>X</font></font>",
        "<p style='background:white;color:rgba(255,255,255,0.5)'>X</p>",
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct document *one = document_new(CHANNEL_MAIL);
        html_read(one, span_of(ways[i]));
        if (one->html.visible != 1 || one->html.hidden)
            fail_msg("not seen: %s", ways[i]);
        document_free(one);
    }
}

static void test_padding_of_preheaders_is_not_counted(void **state)
{
    (void)state;
    read_text("<div style='display:none'>News&zwnj;&nbsp;&zwnj;&nbsp;&#847;&#8203;&nbsp;</div>");
    assert_int_equal(document->html.hidden, 4);
}

static void test_structures_are_tags_and_short_attributes(void **state)
{
    (void)state;
    read_text("<TABLE Width=600><tr><td ALIGN=Center title='a value that is longer than short "
              "ones are'>x</table>");
    assert_true(has_structure(STRUCTURE_TAG, "table"));
    assert_true(has_structure(STRUCTURE_ATTRIBUTE, "table width=600"));
    assert_true(has_structure(STRUCTURE_ATTRIBUTE, "td align=center"));
    assert_false(has_structure(STRUCTURE_ATTRIBUTE, "td title=a value that is longer than short "
                                                    "ones are"));
}

static void test_attributes_may_lack_values(void **state)
{
    (void)state;
    SAYS(read_text("<p style class><img alt><a href>x</a><font color>y</font>"), "xy");
    assert_int_equal(document->link_count, 0);
    assert_true(has_structure(STRUCTURE_ATTRIBUTE, "p class="));
}

static void test_structures_come_once_and_are_bounded(void **state)
{
    (void)state;
    static char html[400000];
    char *at = html;
    for (int i = 0; i < 5000; i++)
        at += sprintf(at, "<p><b width=%d></b>", i);
    read_text(html);
    assert_int_equal(document->structure_count, 1000);
    size_t paragraphs = 0;
    for (size_t i = 0; i < document->structure_count; i++)
        paragraphs += span_equal(document->structures[i].name, SPAN("p"));
    assert_int_equal(paragraphs, 1);
}

/* `piece` again and again, up to so many bytes, and over them. */
static struct span repeated(const char *piece, size_t bytes, const char *last)
{
    size_t length = strlen(piece), count = bytes / length;
    char *html = arena_text(document->arena, count * length + strlen(last));
    for (size_t i = 0; i < count; i++)
        memcpy(html + i * length, piece, length);
    memcpy(html + count * length, last, strlen(last));
    return (struct span){html, count * length + strlen(last)};
}

static void test_only_the_first_two_mebibytes_are_looked_at(void **state)
{
    (void)state;
    html_read(document, repeated("12345678", 2u << 20, "unseen"));
    assert_true(document->truncated);
    assert_int_equal(document->html.visible, 2u << 20);
}

static void test_text_deep_down_is_still_read(void **state)
{
    (void)state;
    char html[20000] = "", *at = html;
    for (int i = 0; i < 1000; i++)
        at = stpcpy(at, "<div><i>");
    at = stpcpy(at, "deep <a href=http://example.com/>link</a>");
    for (int i = 0; i < 700; i++)
        at = stpcpy(at, "</i></div>");
    stpcpy(at, "<p>after</p>");
    SAYS(read_text(html), "deep link\nafter");
    assert_int_equal(document->link_count, 1);
    SAYS(document->links[0].text, "link");
}

static void test_hidden_stays_hidden_deep_down(void **state)
{
    (void)state;
    char html[20000] = "<div hidden>", *at = html + strlen(html);
    for (int i = 0; i < 1000; i++)
        at = stpcpy(at, "<div>");
    stpcpy(at, "unseen");
    SAYS(read_text(html), "");
    assert_int_equal(document->html.hidden, 6);
}

static void test_values_are_what_the_parser_takes_for_one(void **state)
{
    (void)state;
    html_read(document, SPAN("<p><font color = \"r=\"ed\">a text that is long enough</font>"
                             "<td width=40% width=50%><td title='a width=60'>"));
    SAYS(document->texts[0].content, "a text that is long enough");
    assert_true(has_structure(STRUCTURE_ATTRIBUTE, "font color=r="));
    assert_true(has_structure(STRUCTURE_ATTRIBUTE, "font ed="));
    assert_true(has_structure(STRUCTURE_ATTRIBUTE, "td width=40%"));
    assert_false(has_structure(STRUCTURE_ATTRIBUTE, "td width=50%"));
    assert_true(has_structure(STRUCTURE_ATTRIBUTE, "td title=a width=60"));
}

static void test_known_names_are_known_after_many_unknown_ones(void **state)
{
    (void)state;
    static char html[100000];
    char *at = html;
    for (int i = 0; i < 5000; i++)
        at += sprintf(at, "<q%dx>", i);
    stpcpy(at, "<a href=http://example.com/>here</a><div style='display:none'>unseen</div>");
    SAYS(read_text(html), "here");
    assert_int_equal(document->link_count, 1);
    assert_int_equal(document->html.hidden, 6);
}

static void test_crafted_input_takes_no_minutes(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "<b>",    "</i>",        "<a ",       "<a b=\"",  "<!--",   "&",   "<",       "<p>x",
        "</div>", "<table><td>", "<![CDATA[", "<style>p", "&zeta;", "<?x", "<dl><dt>"};
    clock_t start = clock();
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        html_read(document, repeated(pieces[i], rounds(2u << 20, 1u << 17), ""));
    /* Half a second each, and ten times that for sanitizers and slow machines. */
    assert_true(clock() - start < (clock_t)(sizeof pieces / sizeof *pieces) * 5 * CLOCKS_PER_SEC);
}

static void test_many_attributes_take_no_minutes(void **state)
{
    (void)state;
    char *html = arena_text(document->arena, 2u << 20), *at = html;
    at = stpcpy(at, "<a ");
    for (int i = 0; at < html + (2u << 20) - 32; i++)
        at += sprintf(at, "x%x ", (unsigned)i);
    clock_t start = clock();
    html_read(document, (struct span){html, (size_t)(at - html)});
    assert_true(clock() - start < 10 * CLOCKS_PER_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
        TEST(test_text_is_what_a_reader_sees),
        TEST(test_what_stands_behind_the_end_is_read),
        TEST(test_entities_and_utf8_come_through),
        TEST(test_declared_charset_stops_nothing),
        TEST(test_plain_text_is_read_as_it_is),
        TEST(test_links_have_their_text),
        TEST(test_areas_and_forms_are_links),
        TEST(test_link_in_a_link_counts_too),
        TEST(test_link_text_is_bounded),
        TEST(test_links_are_bounded),
        TEST(test_shape_counts_code_points),
        TEST(test_shape_sums_over_parts),
        TEST(test_hidden_text_is_kept_out),
        TEST(test_seen_text_is_not_hidden),
        TEST(test_padding_of_preheaders_is_not_counted),
        TEST(test_structures_are_tags_and_short_attributes),
        TEST(test_attributes_may_lack_values),
        TEST(test_structures_come_once_and_are_bounded),
        TEST(test_only_the_first_two_mebibytes_are_looked_at),
        TEST(test_text_deep_down_is_still_read),
        TEST(test_hidden_stays_hidden_deep_down),
        TEST(test_values_are_what_the_parser_takes_for_one),
        TEST(test_known_names_are_known_after_many_unknown_ones),
        TEST(test_crafted_input_takes_no_minutes),
        with_sanitizers_only(TEST(test_many_attributes_take_no_minutes)),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
