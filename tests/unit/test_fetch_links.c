#include "feedfilter/fetch_links.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void expect_hub(const char *value, const char *wanted)
{
    struct span found = fetch_links_find(span_of(value), SPAN("hub"));
    assert_int_equal(found.length, strlen(wanted));
    if (found.length)
        assert_memory_equal(found.data, wanted, found.length);
}

static void test_the_link_of_the_relation_is_found(void **state)
{
    (void)state;
    expect_hub("<http://hub.example/>; rel=\"hub\"", "http://hub.example/");
    expect_hub("<http://hub.example/>;rel=hub", "http://hub.example/");
    expect_hub("</a>; rel=next, </b>; title=\"x\"; REL=HUB , </c>; rel=hub", "/b");
    expect_hub("</a>; rel=\"self hub\"", "/a");
    expect_hub("< /a >; rel=hub", "/a");
}

static void test_what_looks_like_it_is_not(void **state)
{
    (void)state;
    expect_hub("</a>; rel=\"github\"", "");
    expect_hub("</a>; rel=next; rel=hub", "");
    expect_hub("</a>; title=\"; rel=hub\"", "");
    expect_hub("</a>; title=\", </x>; rel=hub\"; rel=next", "");
    expect_hub("</a,b;c>; rel=next", "");
    expect_hub("</a,b;c>; rel=hub", "/a,b;c");
}

static void test_broken_ones_are_none(void **state)
{
    (void)state;
    expect_hub("", "");
    expect_hub("rel=hub", "");
    expect_hub("<", "");
    expect_hub("</a", "");
    expect_hub("</a>", "");
    expect_hub("</a>;", "");
    expect_hub("</a>;;;rel=\"", "");
    expect_hub("</a>; rel=\"hub", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_link_of_the_relation_is_found),
        cmocka_unit_test(test_what_looks_like_it_is_not),
        cmocka_unit_test(test_broken_ones_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
