#include "core/authentication.h"
#include "core/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
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

static struct authentication whole(const char *value)
{
    struct authentication found;
    if (!authentication_read(arena, span_of(value), &found))
        fail_msg("refused: %s", value);
    assert_true(found.known);
    return found;
}

static void assert_span(struct span span, const char *text)
{
    assert_int_equal(span.length, strlen(text));
    assert_memory_equal(span.data ? span.data : "", text, span.length);
}

static void test_what_opendkim_and_opendmarc_write_is_read(void **state)
{
    (void)state;
    struct authentication found =
        whole("mx.example.org;\r\n\tdkim=pass (2048-bit key; unprotected) header.d=Example.COM "
              "header.i=@example.com header.a=rsa-sha256 header.s=s1 header.b=Abc+/1=");
    assert_int_equal(found.dkim, AUTHENTICATION_PASS);
    assert_int_equal(found.signature_count, 1);
    assert_span(found.signatures[0].domain, "example.com");
    assert_int_equal(found.spf, AUTHENTICATION_ABSENT);
    found = whole("mx.example.org; dmarc=pass (p=reject dis=none) header.from=example.com");
    assert_int_equal(found.dmarc, AUTHENTICATION_PASS);
    assert_span(found.dmarc_domain, "example.com");
    found = whole("mx.example.org; spf=pass smtp.mailfrom=ann@example.com");
    assert_int_equal(found.spf, AUTHENTICATION_PASS);
    assert_span(found.spf_domain, "example.com");
}

static void test_several_methods_and_signatures_in_one_header(void **state)
{
    (void)state;
    struct authentication found = whole(
        "mx.example.org 1; spf=softfail (mx.example.org: domain of transitioning a@b.example does "
        "not designate 192.0.2.1 as permitted sender) smtp.mailfrom=a@b.example "
        "smtp.helo=mail.b.example; dkim=fail reason=\"signature; did not verify\" "
        "header.d=b.example; dkim=pass header.d=c.example; dkim=none; arc=none (no signatures); "
        "dmarc=fail (p=none) header.from=b.example policy.dmarc=none;");
    assert_int_equal(found.spf, AUTHENTICATION_FAIL);
    assert_int_equal(found.dkim, AUTHENTICATION_PASS);
    assert_int_equal(found.dmarc, AUTHENTICATION_FAIL);
    assert_int_equal(found.signature_count, 3);
    assert_int_equal(found.signatures[0].result, AUTHENTICATION_FAIL);
    assert_span(found.signatures[0].domain, "b.example");
    assert_int_equal(found.signatures[1].result, AUTHENTICATION_PASS);
    assert_span(found.signatures[1].domain, "c.example");
    assert_span(found.signatures[2].domain, "");
}

/* RFC 8601 appendix B. */
static void test_the_examples_of_the_standard_are_read(void **state)
{
    (void)state;
    struct authentication found = whole("example.org 1; none");
    assert_int_equal(found.dkim, AUTHENTICATION_ABSENT);
    found = whole("example.com;\r\n spf=pass smtp.mailfrom=example.net");
    assert_span(found.spf_domain, "example.net");
    found =
        whole("example.com;\r\n auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n spf=pass "
              "smtp.mailfrom=example.net");
    assert_int_equal(found.spf, AUTHENTICATION_PASS);
    found = whole("example.com;\r\n iprev=pass policy.iprev=192.0.2.200");
    assert_int_equal(found.spf, AUTHENTICATION_ABSENT);
    found =
        whole("foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = "
              "(wait for it) fail\r\n policy (A dot can go here) . (like that) expired\r\n (this "
              "surprised me) = (as I wasn't expecting it) 1362471462");
    assert_int_equal(found.dkim, AUTHENTICATION_FAIL);
    found = whole("example.com;\r\n dkim=pass reason=\"good signature\"\r\n "
                  "header.i=@mail-router.example.net;\r\n dkim=fail reason=\"bad signature\"\r\n "
                  "header.i=@newyork.example.com");
    assert_int_equal(found.signature_count, 2);
    assert_span(found.signatures[0].domain, "mail-router.example.net");
}

static void test_results_have_their_classes(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum authentication_result result;
    } rows[] = {
        {"pass", AUTHENTICATION_PASS},           {"PASS", AUTHENTICATION_PASS},
        {"fail", AUTHENTICATION_FAIL},           {"softfail", AUTHENTICATION_FAIL},
        {"none", AUTHENTICATION_NONE},           {"neutral", AUTHENTICATION_NONE},
        {"permerror", AUTHENTICATION_NONE},      {"policy", AUTHENTICATION_NONE},
        {"temperror", AUTHENTICATION_TEMPERROR}, {"passed", AUTHENTICATION_NONE},
        {"bestguesspass", AUTHENTICATION_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *value = arena_printf(arena, "a; spf=%s; dkim=%s header.d=x.example; dmarc=%s",
                                         rows[i].word, rows[i].word, rows[i].word)
                                .data;
        struct authentication found = whole(value);
        assert_int_equal(found.spf, rows[i].result);
        assert_int_equal(found.dkim, rows[i].result);
        assert_int_equal(found.dmarc, rows[i].result);
    }
}

static void test_quoting_hides_nothing_and_adds_nothing(void **state)
{
    (void)state;
    struct authentication found =
        whole("\"mx.example.org\"; spf=fail smtp.mailfrom=\"a; dmarc=pass "
              "header.from=bank.example\"@evil.example (dmarc=pass; (dkim=pass) \\) ; dkim=pass)");
    assert_int_equal(found.spf, AUTHENTICATION_FAIL);
    assert_span(found.spf_domain, "evil.example");
    assert_int_equal(found.dmarc, AUTHENTICATION_ABSENT);
    assert_int_equal(found.dkim, AUTHENTICATION_ABSENT);
    /* The address is what stands behind the last '@', however it looks. */
    found = whole("a; spf=pass smtp.mailfrom=\"ann@bank.example\"@evil.example");
    assert_span(found.spf_domain, "evil.example");
}

static void test_what_is_not_whole_says_nothing(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "",
        " ",
        ";",
        "; dkim=pass header.d=a.example",
        "mx.example.org",
        "mx.example.org;",
        "mx.example.org dkim=pass",
        "mx.example.org 2; dkim=pass header.d=a.example",
        "mx.example.org 1 1; dkim=pass",
        "mx.example.org; dkim",
        "mx.example.org; dkim=",
        "mx.example.org; dkim pass",
        "mx.example.org; =pass",
        "mx.example.org; dkim=pass header.d",
        "mx.example.org; dkim=pass header=a.example",
        "mx.example.org; dkim=pass header.=a.example",
        "mx.example.org; dkim=pass .d=a.example",
        "mx.example.org; dkim=pass header.d=",
        "mx.example.org; dkim=pass header.d=\"a.example",
        "mx.example.org; dkim=pass(x)header.d=a.example (open",
        "mx.example.org; dkim=pass header.d=a.example (open \\)",
        "mx.example.org; dkim=pass header.d=a.example)",
        "mx.example.org; dkim=pass; none",
        "mx.example.org;; dkim=pass",
        "mx.example.org; dkim=pass header.d=a.example b",
        "(comment only",
        "mx.example.org; dkim=pass, spf=pass",
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct authentication found;
        if (authentication_read(arena, span_of(broken[i]), &found))
            fail_msg("accepted: %s", broken[i]);
        assert_false(found.known);
        assert_int_equal(found.dkim, AUTHENTICATION_ABSENT);
        assert_int_equal(found.signature_count, 0);
    }
}

static void test_another_version_of_a_method_is_not_understood(void **state)
{
    (void)state;
    struct authentication found = whole("a; dkim/2=pass header.d=a.example; spf/1=pass");
    assert_int_equal(found.dkim, AUTHENTICATION_ABSENT);
    assert_int_equal(found.spf, AUTHENTICATION_PASS);
}

static void test_hostile_sizes_are_bounded(void **state)
{
    (void)state;
    struct authentication found;
    size_t size = 20000;
    char *text = arena_text(arena, size);
    memset(text, '(', size);
    memcpy(text, "a; ", 3);
    assert_false(authentication_read(arena, (struct span){text, 15000}, &found));
    memset(text, ' ', size);
    memcpy(text, "a; dkim=pass", 12);
    assert_true(authentication_read(arena, (struct span){text, 16384}, &found));
    assert_false(authentication_read(arena, (struct span){text, 16385}, &found));
    size_t length = (size_t)snprintf(text, size, "a");
    for (int i = 0; i < 400; i++)
        length +=
            (size_t)snprintf(text + length, size - length, "; dkim=pass header.d=d%d.example", i);
    assert_true(authentication_read(arena, (struct span){text, length}, &found));
    assert_int_equal(found.signature_count, SIGNATURES_MAX);
    assert_false(authentication_read(arena, (struct span){"a; dkim=pass\0b", 14}, &found));
}

static void test_the_authserv_id_is_told_whatever_follows(void **state)
{
    (void)state;
    assert_span(authentication_authserv_id(arena, SPAN(" (hi) MX.example.org ; ((")),
                "MX.example.org");
    assert_span(authentication_authserv_id(arena, SPAN("\"mx\\.example.org\" 7 broken")),
                "mx.example.org");
    assert_span(authentication_authserv_id(arena, SPAN("mx(x)")), "mx");
    assert_span(authentication_authserv_id(arena, SPAN("; dkim=pass")), "");
    assert_span(authentication_authserv_id(arena, SPAN("(")), "");
    assert_span(authentication_authserv_id(arena, (struct span){NULL, 0}), "");
}

/* Each milter puts its header on top; below them may stand a forged one. */
static void test_the_topmost_that_speaks_of_a_method_is_the_only_one(void **state)
{
    (void)state;
    struct authentication sum = {.known = false},
                          dmarc = whole("a; dmarc=fail header.from=b.example"),
                          dkim = whole("a; dkim=none"),
                          forged = whole("a; dkim=pass header.d=b.example; dmarc=pass "
                                         "header.from=b.example; spf=pass smtp.mailfrom=b.example");
    authentication_add(&sum, &dmarc);
    authentication_add(&sum, &dkim);
    authentication_add(&sum, &forged);
    assert_int_equal(sum.dmarc, AUTHENTICATION_FAIL);
    assert_int_equal(sum.dkim, AUTHENTICATION_NONE);
    assert_int_equal(sum.signatures[0].result, AUTHENTICATION_NONE);
    assert_int_equal(sum.spf, AUTHENTICATION_PASS); /* nobody above had looked at it */
}

static void test_alignment_is_relaxed(void **state)
{
    (void)state;
    static const struct {
        const char *value, *from;
        bool aligned;
    } rows[] = {
        {"a; dmarc=pass header.from=example.org", "example.org", true},
        {"a; dmarc=pass header.from=news.example.org", "example.org", true},
        {"a; dmarc=pass header.from=evil.example", "example.org", false},
        {"a; dmarc=pass", "example.org", false},
        {"a; dkim=pass header.d=mail.example.co.uk", "news.example.co.uk", true},
        {"a; dkim=pass header.d=other.co.uk", "example.co.uk", false},
        {"a; dkim=pass header.d=co.uk", "example.co.uk", false},
        {"a; dkim=fail header.d=example.org", "example.org", false},
        {"a; dkim=fail header.d=example.org; dkim=pass header.d=list.example", "example.org",
         false},
        {"a; dkim=pass header.d=list.example; dkim=pass header.d=example.org", "example.org", true},
        {"a; dkim=pass", "example.org", false},
        {"a; spf=pass smtp.mailfrom=b@bounce.example.org", "example.org", true},
        {"a; spf=pass smtp.helo=example.org", "example.org", false},
        {"a; spf=pass smtp.mailfrom=evil.example", "example.org", false},
        {"a; spf=softfail smtp.mailfrom=example.org", "example.org", false},
        {"a; dkim=temperror header.d=example.org", "example.org", false},
        {"a; dkim=pass header.d=x.example.org; dmarc=fail header.from=example.org", "example.org",
         false},
        {"a; dkim=pass header.d=example.org", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct authentication found = whole(rows[i].value);
        if (authentication_aligned(&found, span_of(rows[i].from)) != rows[i].aligned)
            fail_msg("%s and From %s", rows[i].value, rows[i].from);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_opendkim_and_opendmarc_write_is_read),
        cmocka_unit_test(test_several_methods_and_signatures_in_one_header),
        cmocka_unit_test(test_the_examples_of_the_standard_are_read),
        cmocka_unit_test(test_results_have_their_classes),
        cmocka_unit_test(test_quoting_hides_nothing_and_adds_nothing),
        cmocka_unit_test(test_what_is_not_whole_says_nothing),
        cmocka_unit_test(test_another_version_of_a_method_is_not_understood),
        cmocka_unit_test(test_hostile_sizes_are_bounded),
        cmocka_unit_test(test_the_authserv_id_is_told_whatever_follows),
        cmocka_unit_test(test_the_topmost_that_speaks_of_a_method_is_the_only_one),
        cmocka_unit_test(test_alignment_is_relaxed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
