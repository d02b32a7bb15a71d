/* What is found must be what a search for one word after the other finds. */
#include "core/word_finder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const words[] = {"paid post", "advertorial", "软文", "post it", "广告合作"};

static size_t find(const char *text)
{
    struct word_finder finder;
    word_finder_init(&finder, words, COUNT(words));
    return word_finder_find(&finder, span_of(text));
}

static void test_a_word_is_found_wherever_it_stands(void **state)
{
    (void)state;
    assert_int_equal(find("paid post"), 0);
    assert_int_equal(find("This is a paid post"), 0);
    assert_int_equal(find("advertorial, as they say"), 1);
    assert_int_equal(find("本文是软文"), 2);
    assert_int_equal(find("see AdVertOrial above"), 1);
}

static void test_the_first_of_the_list_is_told_not_of_the_text(void **state)
{
    (void)state;
    assert_int_equal(find("广告合作 and post it, a paid post"), 0);
    assert_int_equal(find("post it to the advertorial"), 1);
}

static void test_what_is_not_there_is_not_found(void **state)
{
    (void)state;
    static const char *const texts[] = {"",           "p",  "paid",      "paid pos",
                                        "paid  post", "软", "软\xe6\x96"};
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_int_equal(find(texts[i]), COUNT(words));
}

static size_t find_one_by_one(struct span text)
{
    size_t i = 0;
    while (i < COUNT(words) && !span_contains_nocase(text, span_of(words[i])))
        i++;
    return i;
}

/* Texts made of pieces of the words, so that nearly all of them nearly match. */
static void test_texts_of_pieces_are_searched_as_one_by_one(void **state)
{
    (void)state;
    static const char *const pieces[] = {"paid",  " ", "post", "adver", "torial", "软", "文",
                                         "POST ", "i", "t",    "广告",  "合作",   "o",  "x"};
    struct word_finder finder;
    uint32_t random = 1;
    size_t hits = 0;
    word_finder_init(&finder, words, COUNT(words));
    for (size_t i = 0; i < 20000; i++) {
        char text[128];
        size_t length = 0, wanted = i % 12;
        for (size_t j = 0; j < wanted; j++) {
            random = random * 1664525 + 1013904223;
            struct span piece = span_of(pieces[(random >> 16) % COUNT(pieces)]);
            memcpy(text + length, piece.data, piece.length);
            length += piece.length;
        }
        size_t expected = find_one_by_one((struct span){text, length});
        hits += expected < COUNT(words);
        assert_int_equal(word_finder_find(&finder, (struct span){text, length}), expected);
    }
    assert_true(hits > 500 && hits < 15000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_word_is_found_wherever_it_stands),
        cmocka_unit_test(test_the_first_of_the_list_is_told_not_of_the_text),
        cmocka_unit_test(test_what_is_not_there_is_not_found),
        cmocka_unit_test(test_texts_of_pieces_are_searched_as_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
