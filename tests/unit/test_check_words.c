#include "core/checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/text.h"
#include "tests/unit/checking.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void all_quiet(check_function *check, const char *const *bodies, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (run(check, with_body(bodies[i])) > 0)
            fail_msg("fires on: %s", bodies[i]);
    }
}

/* --- MIXED_SCRIPTS --- */

static void test_cyrillic_letters_in_latin_words_fire(void **state)
{
    (void)state;
    double one = run(check_mixed_scripts, with_body("Log in to p\u0430ypal now"));
    assert_true(one > 0.2 && one < 0.6);
    assert_true(run(check_mixed_scripts,
                    with_body("Your \u0410pple acc\u043eunt is l\u043ecked, v\u0435rify")) == 1);
    assert_true(run(check_mixed_scripts, with_title("\u039fnline casin\u03bf")) > 0.2);
}

static void test_latin_letters_in_russian_words_fire(void **state)
{
    (void)state;
    assert_true(run(check_mixed_scripts, with_body("Пoлучите приз")) > 0.2);
}

static void test_words_that_people_write_are_quiet(void **state)
{
    (void)state;
    static const char *const good[] = {
        "Wi-Fi в офисе не работает",
        "IT-отдел купил iPhoneы для SMSок",
        "Купил iPhoneа, MacBookа и iPadа, а в PDFе всё есть",
        "Гледао сам на YouTubeу и Facebookу",
        "В 2026 году HTML5 и CSS",
        "a film of 30 \u00b5m and 5 k\u03a9",
        "the \u03b1-helix and the \u0394t of 3 s",
        "Привет from Москва",
        "Ελληνικά and English words",
        "large \u03bdmax, where \u03bdmax and \u03bdmax,0 are as in the paper on \u03bdmax",
    };
    all_quiet(check_mixed_scripts, good, COUNT(good));
}

/* --- WORD_SPLIT --- */

static void test_invisible_characters_within_words_fire(void **state)
{
    (void)state;
    double two = run(check_word_split, with_body("buy V\u200biag\u200bra here"));
    assert_true(two > 0.2 && two < 0.8);
    assert_true(run(check_word_split, with_body("skete\u200br lagi tiap ha\u200bri")) > 0.2);
    assert_true(run(check_word_split,
                    with_body("c\u200cheap me\u2060ds wit\ufeffhout pre\u200dscription")) == 1);
}

/* Anything that is drawn as nothing splits words as well. */
static void test_all_invisible_characters_split(void **state)
{
    (void)state;
    static const char *const invisible[] = {"\u034f", "\u061c", "\u200e", "\u202a",
                                            "\u2063", "\u2069", "\ufe0f", "\U000e0041"};
    for (size_t i = 0; i < COUNT(invisible); i++) {
        char body[100];
        snprintf(body, sizeof body, "buy V%siag%sr%sa here", invisible[i], invisible[i],
                 invisible[i]);
        if (run(check_word_split, with_body(body)) < 0.5)
            fail_msg("quiet on: %s", body);
    }
}

static void test_soft_hyphens_around_single_letters_fire(void **state)
{
    (void)state;
    assert_true(run(check_word_split, with_body("V\u00adi\u00ada\u00adg\u00adr\u00ada")) > 0.2);
}

static void test_invisible_characters_that_typography_needs_are_quiet(void **state)
{
    (void)state;
    static const char *const good[] = {
        "Do\u00adnau\u00addampf\u00adschiff und E\u00adlek\u00adtri\u00adker",
        "\ufeffA letter that starts with a byte order mark",
        "a line may break/\u200bhere or\u200b here",
        "می\u200cخواهم",
        "क्\u200dष",
        "👩\u200d👧 waves",
        "Adob\u200b\u200be, a word that was copied from elsewhere",
        "Auf\u200clage, Schaf\u200cfell und Tief\u200cgang im Hof\u200claden",
        "String\u200bBuilder and Array\u200bList\u200bIterator",
        "❤\ufe0f love ❤\ufe0f",
    };
    all_quiet(check_word_split, good, COUNT(good));
}

/* --- PHRASES_REPEATED --- */

static const char article[] =
    "The gauge at the old pier reads three centimetres high, and has done so since the storm in "
    "February. We compared it with the tide tables of the harbour office on nine days, in fair "
    "weather and foul, and the difference was the same each time. The reason is simple: a stone "
    "was moved when the pier was mended, and the zero mark went up with it. Whoever has written "
    "down heights since then may take three centimetres off and be right. A new mark will be set "
    "in spring, once the divers are back from the lock, and this page will say so on that day.";

static struct document *repeated(const char *sentence, size_t times)
{
    static char body[8192];
    size_t length = 0;
    for (size_t i = 0; i < times; i++)
        length += (size_t)snprintf(body + length, sizeof body - length, "%s", sentence);
    return with_body(body);
}

static void test_one_sentence_again_and_again_fires(void **state)
{
    (void)state;
    assert_true(run(check_phrases_repeated,
                    repeated("Cheap pills without prescription, order today and save. ", 30)) >
                0.9);
    assert_true(run(check_phrases_repeated, repeated("代开发票请联系我们的客服电话。", 20)) > 0.9);
}

static void test_an_article_is_quiet(void **state)
{
    (void)state;
    assert_true(run(check_phrases_repeated, with_body(article)) == 0);
}

/* Rows that differ in their figures are no refrain; one figure in a refrain changes nothing. */
static void test_a_table_of_figures_is_quiet(void **state)
{
    (void)state;
    static char body[8192];
    size_t length = 0;
    for (int i = 0; i < 40; i++)
        length += (size_t)snprintf(body + length, sizeof body - length,
                                   "%d. Mooring fee per night, berth %d: EUR %d.50, VAT 19 %%\n", i,
                                   3 * i + 7, 20 + i * i % 17);
    assert_true(run(check_phrases_repeated, with_body(body)) == 0);
    assert_true(run(check_phrases_repeated,
                    repeated("Cheap pills for 99 dollars, order today and save. ", 30)) > 0.9);
}

static void test_a_letter_quoted_twice_is_quiet(void **state)
{
    (void)state;
    assert_true(run(check_phrases_repeated, repeated(article, 2)) == 0);
}

static void test_a_short_refrain_is_quiet(void **state)
{
    (void)state;
    assert_true(run(check_phrases_repeated, repeated("Row, row, row your boat. ", 4)) == 0);
}

static int set_up(void **state)
{
    (void)state;
    text_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cyrillic_letters_in_latin_words_fire),
        cmocka_unit_test(test_latin_letters_in_russian_words_fire),
        cmocka_unit_test(test_words_that_people_write_are_quiet),
        cmocka_unit_test(test_invisible_characters_within_words_fire),
        cmocka_unit_test(test_all_invisible_characters_split),
        cmocka_unit_test(test_soft_hyphens_around_single_letters_fire),
        cmocka_unit_test(test_invisible_characters_that_typography_needs_are_quiet),
        cmocka_unit_test(test_one_sentence_again_and_again_fires),
        cmocka_unit_test(test_an_article_is_quiet),
        cmocka_unit_test(test_a_table_of_figures_is_quiet),
        cmocka_unit_test(test_a_letter_quoted_twice_is_quiet),
        cmocka_unit_test(test_a_short_refrain_is_quiet),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
