/* Decorated letters, paid and hidden links, comments that are written for their links, and lists of
 * keywords under somebody else's text. */
#include "core/checks.h"
#include "core/feed.h"
#include "core/html.h"
#include "core/text.h"
#include "core/url.h"
#include "tests/unit/checking.h"
#include "tests/unit/farm_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* An item of a feed with that title, with that link and HTML. */
static struct document *item(const char *feed_title, const char *link, const char *html)
{
    struct feed feed = {.format = FEED_RSS, .title = span_of(feed_title)};
    struct feed_item item = {.title = SPAN("A day at the lock"),
                             .link = span_of(link),
                             .content = span_of(html),
                             .content_is_html = true};
    return feed_item_document(&feed, &item, SPAN("feed"));
}

static struct document *article(const char *html)
{
    return item("The lock keeper", "https://lock.example/1", html);
}

/* --- LETTERS_DECORATED --- */

static void test_words_in_decorated_letters_fire(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "main di 𝐀𝐋𝐄𝐗𝐈𝐒𝟏𝟕 pasti menang",
        "𝑩 0 𝑺 𝑺 𝑾 𝑫 gacor",
        "join Ⓒⓐⓢⓘⓝⓞ now",
        "visit ＣＡＳＩＮＯ today",
        "ᴘʟᴀʏ ᴛʜᴇ ꜱʟᴏᴛs and win",
        "🅲🅰🆂🅸🅽🅾 bonus",
        "c̶a̶s̶i̶n̶o̶ bonus, w̷i̷n̷",
        "c͓̽a͓̽s͓̽i͓̽n͓̽o͓̽ ȩ̷̛͝v̸̧̛͠ẽ̸̡͝r̷̛̛͝ÿ̸̡̛w̸̛͝h̷̛͝e̸̛͝r̷̛͝e̸̛͝",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        if (run(check_letters_decorated, with_body(texts[i])) < 0.3)
            fail_msg("silent on %s", texts[i]);
}

static void test_letters_of_sciences_and_alphabets_are_quiet(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "Let 𝑥 be in ℝ and 𝑓 : 𝑥 ↦ 𝑥² + 𝑦, then 𝑎 𝑏 = 𝑏 𝑎.",
        "株式会社ＡＢＣＤ商事のＵＳＢメモリ",
        "项目Ａｌｐｈａ，第１２期",
        "Tiếng Việt có nhiều dấu: ế, ộ, ữ, ặ.",
        "Step ① of ②, note ⓐ and item ⓑ.",
        "Μια μέρα στη θάλασσα; naïve café in Zürich, Ångström",
        "Pha\xcc\xa3m Va\xcc\x86n \xc4\x90\xc3\xb4\xcc\x80ng",
        "Press 1\xe2\x83\xa3 2\xe2\x83\xa3 3\xe2\x83\xa3 4\xe2\x83\xa3 to go on",
        "𝐀 and 𝐁",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        if (run(check_letters_decorated, with_body(texts[i])) != 0)
            fail_msg("fires on %s", texts[i]);
}

/* --- LINKS_HIDDEN --- */

#define HIDDEN_LINKS                                                                               \
    "<a href='http://pills.example/'>pills</a> <a href='http://casino.example/'>casino</a> "       \
    "<a href='http://loans.example/'>loans</a> <a href='http://watches.example/'>watches</a>"

static void test_links_that_nobody_sees_fire(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "<p>The lock opened late.</p><div style='display:none'>" HIDDEN_LINKS "</div>",
        "<p>The lock opened late.</p><div style='position:absolute;left:-9999px'>" HIDDEN_LINKS
        "</div>",
        "<p>The lock opened late.</p><span style='font-size:0'>" HIDDEN_LINKS "</span>",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        if (run(check_links_hidden, article(texts[i])) < 0.9)
            fail_msg("silent on %s", texts[i]);
}

static void test_links_that_are_seen_or_lead_home_are_quiet(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "<p>The lock opened late.</p><div>" HIDDEN_LINKS "</div>",
        "<p>Late.</p><div style='display:none'><a href='https://lock.example/2'>next</a>"
        "<a href='https://www.lock.example/3'>last</a><a href='/4'>first</a></div>",
        "<p>Late.</p><div style='display:none'><a href='https://share.example/?u=1'>share</a>"
        "<a href='https://share.example/?u=2'>send</a></div>",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        if (run(check_links_hidden, article(texts[i])) != 0)
            fail_msg("fires on %s", texts[i]);
}

/* --- SPONSORED --- */

static void test_paid_posts_fire(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "<p>Shoes: <a rel='nofollow sponsored' href='https://shoes.example/'>here</a></p>",
        "<p><a href='https://www.amazon.de/dp/B01?tag=lock-21'>this lamp</a> and "
        "<a href='https://www.awin1.com/cread.php?awinmid=1'>that</a></p>",
        "<p>This is a sponsored post by a maker of lamps.</p>",
        "<p>本文为广告，与本站立场无关。</p>",
        "<p><a href='https://s.click.taobao.com/t?e=1'>购买</a></p>",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        if (run(check_sponsored, article(texts[i])) < 0.15)
            fail_msg("silent on %s", texts[i]);
}

static void test_shops_and_talk_of_money_are_quiet(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "<p><a href='https://www.amazon.de/dp/B01'>the book</a>, "
        "<a rel='nofollow' href='https://shoes.example/?tag=red'>shoes</a></p>",
        "<p>The regatta was sponsored by the harbour; affiliates of the club paid for it.</p>",
        "<p>广告业今年增长，赞助商众多。</p>",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        if (run(check_sponsored, article(texts[i])) != 0)
            fail_msg("fires on %s", texts[i]);
}

/* --- COMMENT_LINKS --- */

#define COMMENTS "Comments on: A day at the lock"

static void test_comments_written_for_their_links_fire(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "<p>Great post! <a href='http://casino.example/'>online casino</a></p>",
        "<p>See <a href='http://a.example/'>a</a> <a href='http://b.example/'>b</a> "
        "<a href='http://c.example/'>c</a></p>",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_true(run(check_comment_links, item(COMMENTS, "https://lock.example/1/", texts[i])) >
                    0.5);
        assert_true(run(check_comment_links,
                        item("Lock", "https://lock.example/1/#comment-77", texts[i])) > 0.5);
    }
}

static void test_comments_with_a_reference_and_articles_are_quiet(void **state)
{
    (void)state;
    assert_true(
        run(check_comment_links, item(COMMENTS, "https://lock.example/1/",
                                      "<p>The timetable is at <a href='https://port.example/t'>"
                                      "https://port.example/t</a>.</p>")) == 0);
    assert_true(run(check_comment_links,
                    item(COMMENTS, "https://lock.example/1/",
                         "<p>Great post, I was there: <a href='/2'>my answer</a></p>")) == 0);
    assert_true(run(check_comment_links,
                    article("<p>Great post by <a href='http://a.example/'>Ann</a>, see also "
                            "<a href='http://b.example/'>Bob</a></p>")) == 0);
}

/* --- FARM_UNRELATED --- */

static void test_keywords_under_a_text_about_something_else_fire(void **state)
{
    (void)state;
    assert_true(run(check_farm_unrelated, with_body(ABOUT_LOCKS "\n\n" FARM)) > 0.9);
}

/* Chinese says in a third of the bytes what English does. */
static void test_keywords_under_a_short_text_fire(void **state)
{
    (void)state;
    assert_true(run(check_farm_unrelated,
                    with_body("今天早上闸门晚开了一个小时，因为夜里结了冰。船在下游"
                              "的码头等着，管理员端着热茶走来走去。\n\n" FARM)) > 0.9);
}

/* The first and the last stand in one line with the others, but not with the text around them. */
static void test_a_list_begins_and_ends_within_its_line(void **state)
{
    (void)state;
    assert_true(run(check_farm_unrelated,
                    with_body(ABOUT_LOCKS
                              "\n\n" FARM
                              "\nThe keeper will be at the lock again on Sunday morning, and so "
                              "will we, with a camera and more of the tea.\n")) > 0.9);
}

/* What somebody adds for finding, in words that their text does not need. */
static void test_a_few_labels_are_quiet(void **state)
{
    (void)state;
    static const char *const labels[] = {
        "soup | vegan soup | winter soup | soup recipes | vegan recipes | lentil soup | easy "
        "recipes | winter recipes | easy soup | red lentil recipes | vegan winter | easy vegan",
        "Linux x64 | Linux arm64 | macOS x64 | macOS arm64 | Windows x64 | Windows arm64 | FreeBSD "
        "x64 | FreeBSD arm64 | OpenBSD x64 | OpenBSD arm64 | NetBSD x64 | NetBSD arm64",
        "Under 7 boys | Under 7 girls | Under 8 boys | Under 8 girls | Under 9 boys | Under 9 "
        "girls "
        "| Under 10 boys | Under 10 girls | Under 11 boys | Under 11 girls | Under 12 boys | Under "
        "12 girls | Under 13 boys | Under 13 girls",
        "Faculty of Law | Law library | Faculty of Arts | Arts library | Faculty of Medicine | "
        "Medicine library | Faculty of Music | Music library | School of Law | School of Arts | "
        "School of Music | School of Medicine | Law office | Arts office | Music office | Medicine "
        "office | Law staff | Arts staff | Music staff | Medicine staff | Law events | Arts "
        "events"};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        char text[1000];
        snprintf(text, sizeof text,
                 ABOUT_LOCKS "\n\n"
                             "%s",
                 labels[i]);
        if (run(check_farm_unrelated, with_body(text)) != 0)
            fail_msg("something for %s", labels[i]);
    }
}

static struct document *with_farm_under(const char *title)
{
    struct document *document = with_body(ABOUT_LOCKS "\n\n" FARM);
    document->subject = span_of(title);
    return document;
}

static void test_keywords_of_the_title_are_quiet_unless_it_is_of_keywords(void **state)
{
    (void)state;
    assert_true(run(check_farm_unrelated,
                    with_farm_under("Casino night: free poker, slots and a bonus game online")) ==
                0);
    assert_true(run(check_farm_unrelated,
                    with_farm_under("casino online-free poker slots-casino bonus-poker for free")) >
                0.9);
}

static void test_keywords_of_the_text_or_alone_are_quiet(void **state)
{
    (void)state;
    assert_true(run(check_farm_unrelated, with_body(FARM)) == 0);
    assert_true(
        run(check_farm_unrelated,
            with_body("A review of every casino in the port: where the poker table is free, which "
                      "slots pay a bonus, and how the online games of each casino compare with "
                      "those in the house. We lost ten euros and slept badly, so you need not; "
                      "here is what we would look at again next year.\n\n" FARM)) == 0);
    assert_true(
        run(check_farm_unrelated,
            with_body(ABOUT_LOCKS
                      "\n\n"
                      "Home | Archive | Diary | Gardening | Letters | Recipes | Weather | Contact "
                      "| Events | Members | Library | Privacy | Imprint | Search")) == 0);
}

static int set_up(void **state)
{
    (void)state;
    text_init();
    url_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_in_decorated_letters_fire),
        cmocka_unit_test(test_letters_of_sciences_and_alphabets_are_quiet),
        cmocka_unit_test(test_links_that_nobody_sees_fire),
        cmocka_unit_test(test_links_that_are_seen_or_lead_home_are_quiet),
        cmocka_unit_test(test_paid_posts_fire),
        cmocka_unit_test(test_shops_and_talk_of_money_are_quiet),
        cmocka_unit_test(test_comments_written_for_their_links_fire),
        cmocka_unit_test(test_comments_with_a_reference_and_articles_are_quiet),
        cmocka_unit_test(test_keywords_under_a_text_about_something_else_fire),
        cmocka_unit_test(test_keywords_under_a_short_text_fire),
        cmocka_unit_test(test_a_list_begins_and_ends_within_its_line),
        cmocka_unit_test(test_a_few_labels_are_quiet),
        cmocka_unit_test(test_keywords_of_the_title_are_quiet_unless_it_is_of_keywords),
        cmocka_unit_test(test_keywords_of_the_text_or_alone_are_quiet),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
