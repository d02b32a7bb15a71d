#include "feedfilter/story_keys.h"

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

static void expect_link(const char *url, const char *wanted)
{
    struct arena *arena = arena_new();
    struct span link = story_link(arena, span_of(url));
    assert_string_equal(arena_copy(arena, link).data, wanted);
    arena_free(arena);
}

static void test_what_does_not_tell_where_a_link_leads_is_left_out(void **state)
{
    (void)state;
    expect_link("https://www.example.org/a/b/?utm_source=rss&id=7&UTM_Medium=x&fbclid=q",
                "example.org/a/b?id=7");
    expect_link("http://Example.org:80/a#xtor=RSS-1", "example.org/a");
    expect_link("https://example.org:8443/a#part", "example.org:8443/a#part");
    expect_link("https://example.org/?p=12", "example.org?p=12");
    expect_link("https://example.org/a?ref=branch", "example.org/a?ref=branch");
    expect_link("https://ann:b@example.org:81/a", "example.org:81/a");
}

static void test_the_front_of_a_site_is_no_story(void **state)
{
    (void)state;
    expect_link("https://example.org/", "");
    expect_link("https://www.example.org/?utm_source=rss", "");
    expect_link("mailto:ann@example.org", "");
    expect_link("/relative", "");
    expect_link("", "");
}

/* Many parameters are kept in order; a link of more bytes than anybody follows is no story. */
static void test_a_long_link(void **state)
{
    (void)state;
    char url[2200] = "http://example.org/a?", wanted[2200] = "example.org/a";
    for (unsigned i = 0; i < 1000; i++) {
        strcat(url, i % 2 ? "x&" : "&");
        if (i % 2)
            strcat(wanted, i > 1 ? "&x" : "?x");
    }
    expect_link(url, wanted);
    memset(url + strlen(url), 'y', 2049 - strlen(url));
    url[2049] = '\0';
    expect_link(url, "");
}

static struct story_keys keys_of(const char *guid, const char *link, const char *title,
                                 const char *text)
{
    struct feed feed = {.format = FEED_RSS};
    struct feed_item item = {.guid = span_of(guid),
                             .link = span_of(link),
                             .title = span_of(title),
                             .summary = span_of(text)};
    struct story_keys keys;
    feed.items = &item;
    feed.item_count = 1;
    story_keys_of(&keys, &feed, &item, true);
    return keys;
}

/* Whether they have a key of that way in common. */
static bool share(const struct story_keys *a, const struct story_keys *b, enum story_way way)
{
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++)
            if (a->keys[i].value == b->keys[j].value && a->keys[i].way == way &&
                b->keys[j].way == way)
                return true;
    return false;
}

static void test_a_guid_is_one_of_its_site(void **state)
{
    (void)state;
    struct story_keys a = keys_of("17", "https://example.org/a", "One", "");
    struct story_keys same = keys_of("17", "https://example.org/b", " One", "");
    struct story_keys other_site = keys_of("17", "https://example.net/a", "One", "");
    struct story_keys other_title = keys_of("17", "https://example.org/c", "Two", "");
    assert_true(share(&a, &same, STORY_BY_GUID));
    assert_false(share(&a, &other_site, STORY_BY_GUID));
    assert_false(share(&a, &other_title, STORY_BY_GUID));
    struct story_keys url = keys_of("https://example.org/?p=3", "https://x.test/1", "One", "");
    struct story_keys again = keys_of("http://example.org/?p=3", "https://y.test/2", "Two", "");
    assert_true(share(&url, &again, STORY_BY_GUID));
}

static bool titles_alike(const char *a, const char *b)
{
    struct arena *arena = arena_new();
    bool alike = story_titles_alike(arena, span_of(a), span_of(b));
    arena_free(arena);
    return alike;
}

static void test_titles(void **state)
{
    (void)state;
    assert_true(titles_alike("The harbour at night", "  the Harbour, at night! "));
    assert_true(titles_alike("The harbour at night", "Ann: The harbour at night"));
    assert_true(titles_alike("\u6e2f\u53e3\u7684\u591c", "\u6e2f\u53e3\u7684\u591c."));
    assert_false(titles_alike("Comments", "The harbour at night"));
    assert_false(titles_alike("The harbour at night", "Harbour"));
    assert_false(titles_alike("", ""));
    assert_false(titles_alike("!", "?"));
}

/* Sentences that are drawn from `seed`, of which `changed` words are others. */
static void write_text(char *text, unsigned seed, unsigned words, unsigned changed)
{
    uint32_t state = seed * 2654435761u + 1;
    for (unsigned i = 0; i < words; i++) {
        state = state * 1664525u + 1013904223u;
        unsigned word = state >> 16;
        text += sprintf(text, "w%u ", i < changed ? 70000 + i : word);
    }
}

static bool alike(const struct story_keys *a, const struct story_keys *b)
{
    return a->has_text && b->has_text && story_texts_alike(a->text, b->text);
}

static void test_nearly_one_text_is_found_and_another_is_not(void **state)
{
    (void)state;
    unsigned found = 0, wrong = 0;
    for (unsigned seed = 1; seed <= 100; seed++) {
        char text[4000], edited[4000], half[4000], other[4000];
        write_text(text, seed, 300, 0);
        write_text(edited, seed, 300, 2);
        write_text(half, seed, 300, 150);
        write_text(other, seed + 1000, 300, 0);
        struct story_keys a = keys_of("1", "", "A", text), b = keys_of("2", "", "B", edited);
        struct story_keys c = keys_of("3", "", "C", half), d = keys_of("4", "", "D", other);
        found += share(&a, &b, STORY_BY_TEXT) && alike(&a, &b);
        wrong += alike(&a, &c) || alike(&a, &d);
    }
    assert_true(found >= 99);
    assert_int_equal(wrong, 0);
}

static void test_a_short_text_tells_nothing(void **state)
{
    (void)state;
    struct story_keys a = keys_of("1", "", "A", "Only a few words here");
    assert_false(a.has_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_does_not_tell_where_a_link_leads_is_left_out),
        cmocka_unit_test(test_the_front_of_a_site_is_no_story),
        cmocka_unit_test(test_a_long_link),
        cmocka_unit_test(test_a_guid_is_one_of_its_site),
        cmocka_unit_test(test_titles),
        cmocka_unit_test(test_nearly_one_text_is_found_and_another_is_not),
        cmocka_unit_test(test_a_short_text_tells_nothing),
    };
    text_init();
    url_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
