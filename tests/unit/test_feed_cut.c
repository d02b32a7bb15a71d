#include "feedfilter/feed_cut.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static const char xml[] = "<rss> [1] [2][3] </rss>";
static struct feed_range ranges[] = {{6, 9, 1}, {10, 13, 2}, {13, 16, 3}};
static const struct feed_ranges items = {ranges, 3};

static void assert_cut(const bool *cut, const char *expected)
{
    struct span kept[4];
    char out[sizeof xml] = "";
    size_t length = 0, count = feed_cut(SPAN(xml), &items, cut, kept);
    for (size_t i = 0; i < count; i++) {
        assert_true(kept[i].length > 0);
        memcpy(out + length, kept[i].data, kept[i].length);
        length += kept[i].length;
    }
    out[length] = '\0';
    assert_string_equal(out, expected);
}

static void test_nothing_cut_is_the_whole_in_one_stretch(void **state)
{
    (void)state;
    struct span kept[4];
    assert_int_equal(feed_cut(SPAN(xml), &items, (bool[]){false, false, false}, kept), 1);
    assert_ptr_equal(kept[0].data, xml);
    assert_int_equal(kept[0].length, sizeof xml - 1);
}

static void test_an_item_goes_and_the_blanks_around_it_stay(void **state)
{
    (void)state;
    assert_cut((bool[]){true, false, false}, "<rss>  [2][3] </rss>");
    assert_cut((bool[]){false, true, false}, "<rss> [1] [3] </rss>");
}

static void test_neighbours_go_together(void **state)
{
    (void)state;
    assert_cut((bool[]){false, true, true}, "<rss> [1]  </rss>");
    assert_cut((bool[]){true, true, true}, "<rss>   </rss>");
}

static void test_a_feed_without_items_stays_whole(void **state)
{
    (void)state;
    const struct feed_ranges none = {NULL, 0};
    struct span kept[1];
    assert_int_equal(feed_cut(SPAN("<rss/>"), &none, NULL, kept), 1);
    assert_int_equal(feed_cut(SPAN(""), &none, NULL, kept), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_cut_is_the_whole_in_one_stretch),
        cmocka_unit_test(test_an_item_goes_and_the_blanks_around_it_stay),
        cmocka_unit_test(test_neighbours_go_together),
        cmocka_unit_test(test_a_feed_without_items_stays_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
