#include "core/text.h"
#include "core/url.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    text_init();
    url_init();
    arena = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct link parsed(const char *url)
{
    struct link link = {.url = span_of(url), .from_html = true};
    assert_true(url_parse(arena, &link));
    return link;
}

#define SAYS(actual, expected)                                                                     \
    do {                                                                                           \
        struct span span_ = (actual);                                                              \
        if (!span_equal(span_, SPAN(expected)))                                                    \
            fail_msg("\"%.*s\" instead of \"%s\"", SPAN_ARGS(span_), (expected));                  \
    } while (0)

static void test_url_is_taken_apart(void **state)
{
    (void)state;
    struct link link = parsed("HTTPS://ann:secret@Shop.Example.co.uk:8443/a/b?c=d#e");
    SAYS(link.scheme, "https");
    SAYS(link.host, "shop.example.co.uk");
    SAYS(link.domain, "example.co.uk");
    SAYS(link.path, "/a/b?c=d#e");
    assert_true(link.has_user);
    assert_true(link.has_port);
    assert_false(link.host_is_address);
}

static void test_user_and_password_are_taken_off(void **state)
{
    (void)state;
    SAYS(url_without_user(arena, SPAN("https://ann:secret@h.example:1/a@b?c@d")),
         "https://h.example:1/a@b?c@d");
    SAYS(url_without_user(arena, SPAN("http://a@b@h.example")), "http://h.example");
    SAYS(url_without_user(arena, SPAN("//ann@h.example/")), "//h.example/");
    SAYS(url_without_user(arena, SPAN("https://h.example/~ann@x")), "https://h.example/~ann@x");
    SAYS(url_without_user(arena, SPAN("planet")), "planet");
    SAYS(url_without_user(arena, SPAN("")), "");
}

static void test_usual_port_is_none(void **state)
{
    (void)state;
    assert_false(parsed("http://example.com:80/").has_port);
    assert_false(parsed("https://example.com:/").has_port);
    assert_true(parsed("https://example.com:80/").has_port);
}

static void test_what_browsers_forgive_is_forgiven(void **state)
{
    (void)state;
    SAYS(parsed(" \t http:\\\\exa\nmple.com\\x").host, "example.com");
    SAYS(parsed("http:example.com").host, "example.com");
    SAYS(parsed("https:////example.com/").host, "example.com");
    SAYS(parsed("http://ex%61mple%2Ecom/").host, "example.com");
    SAYS(parsed("http://example.com./").host, "example.com");
    SAYS(parsed("//example.com/x").host, "example.com");
    SAYS(parsed("http://good.example@evil.example/").host, "evil.example");
    SAYS(parsed("http://a@b@evil.example\\@good.example/").host, "evil.example");
}

static void test_numeric_hosts_become_addresses(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "http://192.0.2.235/",   "http://3221226219/",  "http://0xC00002EB/",
        "http://0300.0.2.0353/", "http://192.0.747/",   "http://%31%39%32.0.2.235/",
        "http://192.0.2.235./",  "http://0xc0.0.0x2eb",
    };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct link link = parsed(urls[i]);
        assert_true(link.host_is_address);
        SAYS(link.host, "192.0.2.235");
        SAYS(link.domain, "192.0.2.235");
    }
}

static void test_ipv6_hosts_lose_their_brackets(void **state)
{
    (void)state;
    struct link link = parsed("http://[2001:DB8:0::1]:8080/x");
    assert_true(link.host_is_address);
    assert_true(link.has_port);
    SAYS(link.host, "2001:db8::1");
}

static void test_international_hosts_become_ascii(void **state)
{
    (void)state;
    SAYS(parsed("http://www.食狮.com.cn/").host, "www.xn--85x722f.com.cn");
    SAYS(parsed("http://www.食狮.com.cn/").domain, "xn--85x722f.com.cn");
    SAYS(parsed("http://B%C3%BCcher.example/").host, "xn--bcher-kva.example");
    SAYS(parsed("http://ｅｘａｍｐｌｅ。com/").host, "example.com");
    SAYS(parsed("http://exa\u00ADmple.com/").host, "example.com");
}

static void test_hosts_that_only_browsers_allow_become_ascii_too(void **state)
{
    (void)state;
    SAYS(parsed("http://☃.example/").host, "xn--n3h.example");
    SAYS(parsed("http://I❤️.Example.WS/").host, "xn--i-7iq.example.ws");
    SAYS(parsed("http://💩.la/").host, "xn--ls8h.la");
    SAYS(parsed("http://x☃bücher☃.example/").domain, "xn--xbcher-4ya4496ega.example");
}

static void test_what_leads_nowhere_is_no_url(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "",
        "  ",
        "#top",
        "javascript:alert(1)",
        " JavaScript:x",
        "java\nscript:x",
        "data:text/html,x",
        "cid:part1@example",
        "http://",
        "http:///",
        "http://exa mple.com/",
        "http://a..b/",
        "http://.example.com/",
        "http://256.1.1.1/",
        "http://1.2.3.4.5/",
        "http://0x1ffffffff/",
        "http://[::1/",
        "http://[1:2]/",
        "http://example.com:99999/",
        "http://example.com:x/",
        "http://[unsubscribe]/",
        "http://%FF%FE/",
        "http://a\uFFFD☃/",
        "http://☃ ☃/",
        "http://<host>/",
    };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct link link = {.url = span_of(urls[i]), .from_html = true};
        if (url_parse(arena, &link))
            fail_msg("\"%s\" leads to \"%.*s\"", urls[i], SPAN_ARGS(link.host));
    }
}

static void test_mailto_and_relative_references_have_no_host(void **state)
{
    (void)state;
    static const char *const urls[] = {"mailto:ann@example.com",
                                       "/path",
                                       "page.html?x=http://a.b/",
                                       "?q",
                                       "tel:+1",
                                       "index.php",
                                       "../up"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        SAYS(parsed(urls[i]).host, "");
    SAYS(parsed("MailTo:ann@example.com").scheme, "mailto");
    SAYS(parsed("/path").scheme, "");
    SAYS(parsed("/path").path, "/path");
}

static void test_bare_names_lead_somewhere_in_plain_text(void **state)
{
    (void)state;
    struct link link = {.url = SPAN("Example.com:8080/x")};
    assert_true(url_parse(arena, &link));
    SAYS(link.host, "example.com");
    SAYS(link.path, "/x");
    SAYS(parsed("www.example.com/x").host, "www.example.com");
}

static void test_overlong_hosts_are_refused(void **state)
{
    (void)state;
    static char url[100000] = "http://";
    for (size_t i = 7; i < sizeof url - 1; i++)
        url[i] = i % 20 ? 'a' : '.';
    struct link link = {.url = span_of(url)};
    assert_false(url_parse(arena, &link));
    url[7 + 255] = '/';
    assert_true(url_parse(arena, &link));
    assert_int_equal(link.host.length, 255);
}

static void test_garbage_is_survived(void **state)
{
    (void)state;
    static const char pieces[] = "http:/\\@[]%.?#0x19\xE4\xBD\xA0\xFF \n-ws:";
    uint32_t random = 7;
    for (int round = 0; round < 20000; round++) {
        char url[40] = "http://";
        size_t length = round % 2 ? 7 : 0;
        while (length < sizeof url) {
            random = random * 1664525 + 1013904223;
            url[length++] = pieces[(random >> 16) % (sizeof pieces - 1)];
        }
        struct link link = {.url = {url, length}, .from_html = round % 3 == 0};
        if (url_parse(arena, &link))
            assert_true(link.host.length <= 255 && link.domain.length <= link.host.length);
        const char *at = url;
        struct span found;
        while (url_find_in_text(&at, url + length, &found))
            assert_true(found.length && found.data + found.length <= url + length);
    }
    arena_reset(arena);
}

static void test_registrable_domain_follows_the_list(void **state)
{
    (void)state;
    for (int again = 0; again < 2; again++) {
        SAYS(url_registrable_domain(SPAN("a.b.example.com")), "example.com");
        SAYS(url_registrable_domain(SPAN("a.b.example.com.cn")), "example.com.cn");
        SAYS(url_registrable_domain(SPAN("ann.blogspot.com")), "ann.blogspot.com");
        SAYS(url_registrable_domain(SPAN("Mail.Example.CO.UK")), "Example.CO.UK");
        SAYS(url_registrable_domain(SPAN("co.uk")), "co.uk");
        SAYS(url_registrable_domain(SPAN("localhost")), "localhost");
        SAYS(url_registrable_domain(SPAN("192.0.2.1")), "192.0.2.1");
        SAYS(url_registrable_domain(SPAN("2001:db8::192.0.2.1")), "2001:db8::192.0.2.1");
        SAYS(url_registrable_domain(SPAN("")), "");
    }
}

static void *look_up_many(void *unused)
{
    (void)unused;
    bool *right = calloc(1, sizeof *right);
    *right = true;
    for (unsigned i = 0; i < 40000; i++) {
        char host[64];
        snprintf(host, sizeof host, "h%u.d%u.example%u.co.uk", i % 7, i % 11, i % 3000);
        char domain[64];
        snprintf(domain, sizeof domain, "example%u.co.uk", i % 3000);
        *right &= span_equal(url_registrable_domain(span_of(host)), span_of(domain));
    }
    return right;
}

static void test_registrable_domain_is_right_in_threads(void **state)
{
    (void)state;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, look_up_many, NULL), 0);
    for (int i = 0; i < 4; i++) {
        void *right;
        pthread_join(threads[i], &right);
        assert_true(*(bool *)right);
        free(right);
    }
}

/* All that is found in `text`, each followed by a blank. */
static struct span found_in(const char *text)
{
    static char all[4096];
    size_t length = 0;
    const char *at = text, *end = text + strlen(text);
    struct span url;
    while (url_find_in_text(&at, end, &url))
        length += (size_t)snprintf(all + length, sizeof all - length, "%.*s ", SPAN_ARGS(url));
    return (struct span){all, length};
}

static void test_addresses_are_found_in_text(void **state)
{
    (void)state;
    SAYS(found_in("See http://example.com/a, (or HTTPS://example.org/b_(c)) and www.example.net."),
         "http://example.com/a HTTPS://example.org/b_(c) www.example.net ");
    SAYS(found_in("go to example.com/offer now; ftp://ftp.example.com!"),
         "example.com/offer ftp://ftp.example.com ");
    SAYS(found_in("<a href=\"http://example.com/x\">"), "http://example.com/x ");
    SAYS(found_in("[site](http://example.com/x)[more](http://example.com/y)"),
         "http://example.com/x http://example.com/y ");
    SAYS(found_in("http://user:word@example.com:8080/?a=b&c#d"),
         "http://user:word@example.com:8080/?a=b&c#d ");
}

static void test_chinese_text_ends_an_address(void **state)
{
    (void)state;
    SAYS(found_in("请访问http://example.com/x点击，或www.example.com.cn。谢谢"),
         "http://example.com/x www.example.com.cn ");
    SAYS(found_in("http://example.com我们"), "http://example.com ");
    SAYS(found_in("http://例子.中国/"), "http://例子.中国/ ");
    SAYS(found_in("★http://☃.example.com★★"), "http://☃.example.com ");
}

static void test_what_only_looks_like_an_address_is_left(void **state)
{
    (void)state;
    SAYS(found_in("ann@example.com/home, e.g./or, v1.2/3, file.html/x, ://x, http://, http:// a, "
                  "www. www.x and so on... 10.5/6 README.txt a.b.c"),
         "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_url_is_taken_apart),
        cmocka_unit_test(test_user_and_password_are_taken_off),
        cmocka_unit_test(test_usual_port_is_none),
        cmocka_unit_test(test_what_browsers_forgive_is_forgiven),
        cmocka_unit_test(test_numeric_hosts_become_addresses),
        cmocka_unit_test(test_ipv6_hosts_lose_their_brackets),
        cmocka_unit_test(test_international_hosts_become_ascii),
        cmocka_unit_test(test_hosts_that_only_browsers_allow_become_ascii_too),
        cmocka_unit_test(test_what_leads_nowhere_is_no_url),
        cmocka_unit_test(test_mailto_and_relative_references_have_no_host),
        cmocka_unit_test(test_bare_names_lead_somewhere_in_plain_text),
        cmocka_unit_test(test_overlong_hosts_are_refused),
        cmocka_unit_test(test_garbage_is_survived),
        cmocka_unit_test(test_registrable_domain_follows_the_list),
        cmocka_unit_test(test_registrable_domain_is_right_in_threads),
        cmocka_unit_test(test_addresses_are_found_in_text),
        cmocka_unit_test(test_chinese_text_ends_an_address),
        cmocka_unit_test(test_what_only_looks_like_an_address_is_left),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
