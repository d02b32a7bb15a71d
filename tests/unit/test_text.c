#include "core/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <iconv.h>
#include <string.h>

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    text_init();
    arena = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* `bytes` declared as `charset` read as `expected`. */
#define READS(bytes, charset, expected)                                                            \
    do {                                                                                           \
        struct span text_ = text_to_utf8(arena, SPAN(bytes), span_of(charset));                    \
        assert_int_equal(text_.length, sizeof(expected) - 1);                                      \
        assert_memory_equal(text_.data, (expected), sizeof(expected) - 1);                         \
    } while (0)

static void test_utf8_is_given_back_itself(void **state)
{
    (void)state;
    struct span bytes = SPAN("Große 发票 \xF0\x9F\x98\x80, whatever was declared");
    assert_ptr_equal(text_to_utf8(arena, bytes, SPAN("iso-8859-1")).data, bytes.data);
    assert_ptr_equal(text_to_utf8(arena, bytes, (struct span){NULL, 0}).data, bytes.data);
}

static void test_empty_text_stays_empty(void **state)
{
    (void)state;
    assert_int_equal(text_to_utf8(arena, (struct span){NULL, 0}, SPAN("gbk")).length, 0);
}

static void test_declared_charsets_are_read(void **state)
{
    (void)state;
    READS("\xB7\xA2\xC6\xB1", "GB2312", "发票");
    READS("\xE9\x5F\xC6\xB1", "gbk", "開票");
    READS("\xB5\x6F\xB2\xBC", "Big5", "發票");
    READS("\xF0\xD2\xC9\xD7\xC5\xD4", "KOI8-R", "Привет");
    READS("\xCF\xF0\xE8\xE2\xE5\xF2", "windows-1251", "Привет");
    READS("\x93\xFA\x96\x7B", "Shift_JIS", "日本");
    READS("\xC7\xD1\xB1\xDB", "ks_c_5601-1987", "한글");
    READS("\xFF\xFE\x2D\x4E\x41\x00", "utf-16", "中A");
    READS("\x4E\x2D\x00\x41", "utf-16be", "中A");
    READS("na\xEFve \x80 5", "iso-8859-1", "naïve € 5");
}

static void test_seven_bit_charsets_are_read_though_they_are_ascii(void **state)
{
    (void)state;
    READS("\x1B$BF|K\\\x1B(B!", "iso-2022-jp", "日本!");
    READS("Hi +ThY.", "utf-7", "Hi 世.");
    READS("1 plus 1", "utf-7", "1 plus 1");
}

static void test_broken_names_count_as_none(void **state)
{
    (void)state;
    char longest[500];
    memset(longest, 'x', sizeof longest);
    struct span names[] = {SPAN("unknown-8bit"), SPAN("x-user-defined"), SPAN("\"gb2312"),
                           SPAN("gb//TRANSLIT"), SPAN("\0\xFF"),         {longest, sizeof longest},
                           SPAN("us-ascii"),     SPAN("IBM037"),         SPAN("")};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct span text =
            text_to_utf8(arena, SPAN("\xB7\xA2\xC6\xB1 invoice \xB7\xA2\xC6\xB1"), names[i]);
        assert_true(span_equal(text, SPAN("发票 invoice 发票")));
    }
}

static void test_quoted_names_are_understood(void **state)
{
    (void)state;
    READS("\xCF\xF0\xE8\xE2\xE5\xF2", " \"Windows-1251\" ", "Привет");
}

static void test_undeclared_accents_are_windows_1252(void **state)
{
    (void)state;
    READS("\x93t\xE9l\xE9phone\x94 \xE0 l'\xE9t\xE9", "", "“téléphone” à l'été");
}

/* What was written in `charset` is read again though nobody says so. */
/* As text_to_utf8() should read one or two bytes: by iconv alone. */
static void assert_read_as_by_iconv(iconv_t converter, const unsigned char *pair, size_t length)
{
    char expected[16], *in = (char *)pair, *out = expected;
    size_t left = length, room = sizeof expected;
    struct span text = text_to_utf8(arena, (struct span){(const char *)pair, length}, SPAN("gbk"));
    if (iconv(converter, &in, &left, &out, &room) == (size_t)-1 || left) {
        assert_non_null(memmem(text.data, text.length, "\uFFFD", 3));
        iconv(converter, NULL, NULL, NULL, NULL);
        return;
    }
    assert_int_equal(text.length, out - expected);
    assert_memory_equal(text.data, expected, text.length);
}

static void test_every_pair_of_gbk_is_read_as_iconv_reads_it(void **state)
{
    (void)state;
    iconv_t converter = iconv_open("UTF-8", "GB18030");
    assert_true(converter != (iconv_t)-1);
    for (unsigned lead = 0x80; lead <= 0xff; lead++) {
        for (unsigned trail = 0x40; trail <= 0xff; trail++) {
            unsigned char pair[2] = {(unsigned char)lead, (unsigned char)trail};
            if (!text_is_utf8((struct span){(const char *)pair, 2}))
                assert_read_as_by_iconv(converter, pair, sizeof pair);
        }
        arena_reset(arena);
    }
    iconv_close(converter);
}

static void assert_guessed(const char *charset, const char *text)
{
    char bytes[1000], *in = (char *)(uintptr_t)text, *out = bytes;
    size_t in_left = strlen(text), out_left = sizeof bytes;
    iconv_t converter = iconv_open(charset, "UTF-8");
    assert_true(converter != (iconv_t)-1);
    assert_int_equal(iconv(converter, &in, &in_left, &out, &out_left), 0);
    iconv_close(converter);
    struct span read =
        text_to_utf8(arena, (struct span){bytes, sizeof bytes - out_left}, (struct span){NULL, 0});
    if (!span_equal(read, span_of(text)))
        fail_msg("%s: %.*s", charset, SPAN_ARGS(read));
}

static void test_undeclared_cyrillic_is_read(void **state)
{
    (void)state;
    static const char *const charsets[] = {"windows-1251", "KOI8-R", "ISO-8859-5"};
    static const char *const texts[] = {
        "Уважаемые господа! Семинар состоится в Москве 15 октября, звоните нам по телефону.",
        "Вчера мы встретились с Анной в парке и долго говорили о работе.",
        "БУХГАЛТЕРСКИЕ УСЛУГИ НЕДОРОГО",
        "Приглашение на семинар",
        "Скидка 50 % on all products, Москва",
        "Привет"};
    for (size_t i = 0; i < sizeof charsets / sizeof *charsets; i++)
        for (size_t j = 0; j < sizeof texts / sizeof *texts; j++)
            assert_guessed(charsets[i], texts[j]);
}

static void test_undeclared_chinese_is_read(void **state)
{
    (void)state;
    assert_guessed("GB18030", "尊敬的客户您好，我公司可以代开各种发票，价格优惠，欢迎来电联系。");
    assert_guessed("GB18030", "今天下午三点我们在会议室讨论这个项目的进展情况");
    assert_guessed("GB18030", "代开发票");
    assert_guessed("GB18030", "邵筱昕 <liu@mails.example>");
    assert_guessed("GB18030", "☆────────────────────────☆ 标题");
    assert_guessed("BIG5", "親愛的客戶您好，本公司提供各種貸款服務，利率優惠，歡迎來電洽詢。");
    assert_guessed("BIG5", "昨天晚上下了一場大雨，路上有很多積水，孩子們都很高興。");
    assert_guessed("BIG5", "貸款優惠");
}

static void test_undeclared_korean_and_japanese_are_read(void **state)
{
    (void)state;
    assert_guessed("EUC-KR", "안녕하세요. 저희 회사에서 새로운 서비스를 시작하게 되었습니다.");
    assert_guessed("EUC-KR", "[광고] 부동산정보 받아보세요");
    assert_guessed("EUC-KR", "무료회원");
    static const char *const charsets[] = {"CP932", "EUC-JP"};
    for (size_t i = 0; i < 2; i++) {
        assert_guessed(charsets[i], "お客様へのお知らせです。無料で登録できます。");
        assert_guessed(charsets[i], "会議は明日の午後三時から始まります");
        assert_guessed(charsets[i], "クリック");
    }
}

static void test_undeclared_western_text_is_read(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "Où êtes-vous maintenant ? Ça ira déjà mieux après une bonne nuit.",
        "Schöne Grüße aus München, Äpfel und Übung",
        "¿Cómo está usted? El niño comió una piña en el jardín.",
        "Não há nada que possamos fazer até amanhã",
        "Hej på dig! Jag är på väg till Göteborg",
        "It’s a “quoted” text – with a dash and © 2003",
        "DVDs for 49¢ each, £5 or €7",
        "° easy\n° fast\n° cheap",
        "café",
        "Größe"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_guessed("windows-1252", texts[i]);
}

static void test_a_guess_looks_beyond_a_long_start_of_ascii(void **state)
{
    (void)state;
    static char bytes[200000];
    memset(bytes, 'x', sizeof bytes);
    memcpy(bytes + sizeof bytes - 9, " \xCF\xF0\xE8\xE2\xE5\xF2 .", 9);
    struct span read =
        text_to_utf8(arena, (struct span){bytes, sizeof bytes}, (struct span){NULL, 0});
    assert_non_null(memmem(read.data, read.length, "Привет", strlen("Привет")));
}

static void test_undeclared_utf8_with_a_bad_byte_stays_utf8(void **state)
{
    (void)state;
    READS("发票发票发票\xFF发票", "", "发票发票发票\uFFFD发票");
}

static void test_bad_bytes_are_replaced_one_by_one(void **state)
{
    (void)state;
    READS("a\xFF\xC0\x80z", "utf-8", "a\uFFFD\uFFFD\uFFFDz");
    READS("\xB7\xA2\xFF!\xC6\xB1", "gb2312", "发\uFFFD!票");
    READS("\xB7\xA2\xC6", "gb2312", "发\uFFFD");
    READS("\x00\xD8\x2D\x4E", "utf-16le", "\uFFFD中");
}

static void test_nul_is_replaced(void **state)
{
    (void)state;
    READS("a\0b", "",
          "a\uFFFD"
          "b");
    READS("\xB7\xA2\0", "gbk", "发\uFFFD");
    READS("\0\xE9", "iso-8859-1", "\uFFFDé");
}

static void test_garbage_gives_bounded_utf8_in_every_charset(void **state)
{
    (void)state;
    static const char *const names[] = {"",       "utf-8",       "gb18030",    "big5",
                                        "euc-kr", "shift_jis",   "utf-16",     "utf-16be",
                                        "utf-32", "iso-2022-jp", "utf-7",      "koi8-r",
                                        "euc-jp", "iso-2022-cn", "iso-8859-1", "windows-1258"};
    static char bytes[20000];
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        random = random * 1664525 + 1013904223;
        bytes[i] = (char)(random >> 24);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct span text =
            text_to_utf8(arena, (struct span){bytes, sizeof bytes}, span_of(names[i]));
        assert_true(text_is_utf8(text));
        assert_true(text.length <= 4 * sizeof bytes + 32);
    }
}

static void test_ill_formed_utf8_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",         "\xC0\xAF",         "\xC1\x81",         "\xE0\x9F\xBF",
        "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF5\x80\x80\x80", "\xF4\x90\x80\x80",
        "\xE4\xBD",     "abcdefgh\xE4",     "abcdefg\xFFxyz",   "\xC3("};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(text_is_utf8(span_of(bad[i])));
    assert_false(text_is_utf8(SPAN("abcdefghijk\0lmnopqrstuvw")));
    assert_true(text_is_utf8(SPAN("\x7F\xC2\x80\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF")));
}

static void test_what_is_put_is_read_again(void **state)
{
    (void)state;
    for (uint32_t code_point = 0; code_point < 0x110000; code_point += 7) {
        if (code_point >= 0xD800 && code_point < 0xE000)
            continue;
        char text[4];
        size_t length = text_put(text, code_point);
        const char *at = text;
        assert_int_equal(text_next(&at, text + length), code_point);
        assert_ptr_equal(at, text + length);
    }
}

static void test_bad_byte_advances_by_one(void **state)
{
    (void)state;
    const char text[] = "\xE4\xBD!", *at = text;
    assert_int_equal(text_next(&at, text + 3), 0xFFFD);
    assert_ptr_equal(at, text + 1);
    assert_int_equal(text_next(&at, text + 3), 0xFFFD);
    assert_int_equal(text_next(&at, text + 3), '!');
}

static void test_characters_have_their_class_and_script(void **state)
{
    (void)state;
    static const struct {
        uint32_t code_point;
        enum character_class class;
        enum script script;
    } rows[] = {
        {'a', CHARACTER_LETTER, SCRIPT_LATIN},
        {'7', CHARACTER_DIGIT, SCRIPT_NONE},
        {'\n', CHARACTER_SEPARATOR, SCRIPT_NONE},
        {'!', CHARACTER_SYMBOL, SCRIPT_NONE},
        {'$', CHARACTER_ASCII_PUNCTUATION, SCRIPT_NONE},
        {'@', CHARACTER_ASCII_PUNCTUATION, SCRIPT_NONE},
        {0xA0, CHARACTER_SEPARATOR, SCRIPT_NONE},
        {0xAD, CHARACTER_INVISIBLE, SCRIPT_NONE},
        {0xE9, CHARACTER_LETTER, SCRIPT_LATIN},
        {0xD7, CHARACTER_SYMBOL, SCRIPT_NONE},
        {0x301, CHARACTER_LETTER, SCRIPT_NONE},
        {0x3B1, CHARACTER_LETTER, SCRIPT_GREEK},
        {0x436, CHARACTER_LETTER, SCRIPT_CYRILLIC},
        {0x5D0, CHARACTER_LETTER, SCRIPT_HEBREW},
        {0x627, CHARACTER_LETTER, SCRIPT_ARABIC},
        {0x915, CHARACTER_LETTER, SCRIPT_DEVANAGARI},
        {0xE01, CHARACTER_LETTER, SCRIPT_THAI},
        {0x531, CHARACTER_LETTER, SCRIPT_OTHER},
        {0x200D, CHARACTER_INVISIBLE, SCRIPT_NONE},
        {0x202E, CHARACTER_INVISIBLE, SCRIPT_NONE},
        {0x2014, CHARACTER_SEPARATOR, SCRIPT_NONE},
        {0x20AC, CHARACTER_SYMBOL, SCRIPT_NONE},
        {0x2605, CHARACTER_SYMBOL, SCRIPT_NONE},
        {0x26BD, CHARACTER_EMOJI, SCRIPT_NONE},
        {0x3002, CHARACTER_SEPARATOR, SCRIPT_NONE},
        {0x3007, CHARACTER_IDEOGRAPH, SCRIPT_HAN},
        {0x3010, CHARACTER_SYMBOL, SCRIPT_NONE},
        {0x304B, CHARACTER_IDEOGRAPH, SCRIPT_KANA},
        {0x30FB, CHARACTER_SEPARATOR, SCRIPT_NONE},
        {0x4E2D, CHARACTER_IDEOGRAPH, SCRIPT_HAN},
        {0xD55C, CHARACTER_IDEOGRAPH, SCRIPT_HANGUL},
        {0xFF01, CHARACTER_SYMBOL, SCRIPT_NONE},
        {0xFF0C, CHARACTER_ASCII_PUNCTUATION, SCRIPT_NONE},
        {0xFF18, CHARACTER_DIGIT, SCRIPT_NONE},
        {0xFFFD, CHARACTER_SYMBOL, SCRIPT_NONE},
        {0x1D400, CHARACTER_LETTER, SCRIPT_LATIN},
        {0x1D7D9, CHARACTER_DIGIT, SCRIPT_NONE},
        {0x1F600, CHARACTER_EMOJI, SCRIPT_NONE},
        {0x20000, CHARACTER_IDEOGRAPH, SCRIPT_HAN},
        {0xE0101, CHARACTER_INVISIBLE, SCRIPT_NONE},
        {0x10FFFF, CHARACTER_SEPARATOR, SCRIPT_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct character character = text_character(rows[i].code_point);
        if (character.class != rows[i].class || character.script != rows[i].script)
            fail_msg("U+%04X: class %d, script %d", (unsigned)rows[i].code_point, character.class,
                     character.script);
    }
}

static void test_letters_fold(void **state)
{
    (void)state;
    static const uint32_t pairs[][2] = {
        {'A', 'a'},     {'z', 'z'},         {'1', '1'},         {0xC9, 0xE9},   {0x395, 0x3B5},
        {0x3C2, 0x3C3}, {0x416, 0x436},     {0xFF21, 'a'},      {0xFF11, '1'},  {0xFF01, '!'},
        {0x3000, ' '},  {0x4E2D, 0x4E2D},   {0x531, 0x531},     {0x1D400, 'a'}, {0x1D41A, 'a'},
        {0x1D7D9, '1'}, {0x10400, 0x10400}, {0x1F600, 0x1F600},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        assert_int_equal(text_fold(pairs[i][0]), pairs[i][1]);
}

static void test_han_forms_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(text_han_form(0x4E2D), HAN_BOTH);             /* 中 */
    assert_int_equal(text_han_form(0x53D1), HAN_SIMPLIFIED_ONLY);  /* 发 */
    assert_int_equal(text_han_form(0x767C), HAN_TRADITIONAL_ONLY); /* 發 */
    assert_int_equal(text_han_form(0x3400), HAN_NEITHER);
    assert_int_equal(text_han_form('a'), HAN_NEITHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8_is_given_back_itself),
        cmocka_unit_test(test_empty_text_stays_empty),
        cmocka_unit_test(test_declared_charsets_are_read),
        cmocka_unit_test(test_seven_bit_charsets_are_read_though_they_are_ascii),
        cmocka_unit_test(test_broken_names_count_as_none),
        cmocka_unit_test(test_quoted_names_are_understood),
        cmocka_unit_test(test_undeclared_accents_are_windows_1252),
        cmocka_unit_test(test_undeclared_cyrillic_is_read),
        cmocka_unit_test(test_undeclared_chinese_is_read),
        cmocka_unit_test(test_undeclared_korean_and_japanese_are_read),
        cmocka_unit_test(test_undeclared_western_text_is_read),
        cmocka_unit_test(test_every_pair_of_gbk_is_read_as_iconv_reads_it),
        cmocka_unit_test(test_a_guess_looks_beyond_a_long_start_of_ascii),
        cmocka_unit_test(test_undeclared_utf8_with_a_bad_byte_stays_utf8),
        cmocka_unit_test(test_bad_bytes_are_replaced_one_by_one),
        cmocka_unit_test(test_nul_is_replaced),
        cmocka_unit_test(test_garbage_gives_bounded_utf8_in_every_charset),
        cmocka_unit_test(test_ill_formed_utf8_is_refused),
        cmocka_unit_test(test_what_is_put_is_read_again),
        cmocka_unit_test(test_bad_byte_advances_by_one),
        cmocka_unit_test(test_characters_have_their_class_and_script),
        cmocka_unit_test(test_letters_fold),
        cmocka_unit_test(test_han_forms_are_told_apart),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
