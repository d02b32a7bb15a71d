#include "core/text.h"

#include <iconv.h>
#include <utf8proc.h>

struct character text_characters[0x10000];
uint16_t text_folds[0x10000];

struct range {
    uint32_t first, last;
    enum script script;
};

/* Where scripts lie (Unicode's Scripts.txt by blocks); utf8proc does not say. What is a letter and
 * in none of them is SCRIPT_OTHER. Ascending. */
static const struct range scripts[] = {
    {0x0041, 0x024F, SCRIPT_LATIN},      {0x0250, 0x02AF, SCRIPT_LATIN},
    {0x0370, 0x03FF, SCRIPT_GREEK},      {0x0400, 0x052F, SCRIPT_CYRILLIC},
    {0x0590, 0x05FF, SCRIPT_HEBREW},     {0x0600, 0x06FF, SCRIPT_ARABIC},
    {0x0750, 0x077F, SCRIPT_ARABIC},     {0x0870, 0x08FF, SCRIPT_ARABIC},
    {0x0900, 0x097F, SCRIPT_DEVANAGARI}, {0x0E00, 0x0E7F, SCRIPT_THAI},
    {0x1100, 0x11FF, SCRIPT_HANGUL},     {0x1C80, 0x1C8F, SCRIPT_CYRILLIC},
    {0x1D00, 0x1DBF, SCRIPT_LATIN},      {0x1E00, 0x1EFF, SCRIPT_LATIN},
    {0x1F00, 0x1FFF, SCRIPT_GREEK},      {0x212A, 0x212B, SCRIPT_LATIN},
    {0x2C60, 0x2C7F, SCRIPT_LATIN},      {0x2DE0, 0x2DFF, SCRIPT_CYRILLIC},
    {0x2E80, 0x2FDF, SCRIPT_HAN},        {0x3005, 0x3007, SCRIPT_HAN},
    {0x3021, 0x3029, SCRIPT_HAN},        {0x3038, 0x303B, SCRIPT_HAN},
    {0x3041, 0x30FF, SCRIPT_KANA},       {0x3100, 0x312F, SCRIPT_HAN},
    {0x3131, 0x318E, SCRIPT_HANGUL},     {0x31A0, 0x31BF, SCRIPT_HAN},
    {0x31F0, 0x31FF, SCRIPT_KANA},       {0x3400, 0x4DBF, SCRIPT_HAN},
    {0x4E00, 0x9FFF, SCRIPT_HAN},        {0xA640, 0xA69F, SCRIPT_CYRILLIC},
    {0xA720, 0xA7FF, SCRIPT_LATIN},      {0xA8E0, 0xA8FF, SCRIPT_DEVANAGARI},
    {0xA960, 0xA97F, SCRIPT_HANGUL},     {0xAB30, 0xAB64, SCRIPT_LATIN},
    {0xAC00, 0xD7FF, SCRIPT_HANGUL},     {0xF900, 0xFAFF, SCRIPT_HAN},
    {0xFB00, 0xFB06, SCRIPT_LATIN},      {0xFB1D, 0xFB4F, SCRIPT_HEBREW},
    {0xFB50, 0xFDFF, SCRIPT_ARABIC},     {0xFE70, 0xFEFC, SCRIPT_ARABIC},
    {0xFF21, 0xFF5A, SCRIPT_LATIN},      {0xFF66, 0xFF9F, SCRIPT_KANA},
    {0xFFA0, 0xFFDC, SCRIPT_HANGUL},     {0x1AFF0, 0x1B16F, SCRIPT_KANA},
    {0x1D400, 0x1D6A5, SCRIPT_LATIN},    {0x1D6A8, 0x1D7CB, SCRIPT_GREEK},
    {0x20000, 0x3FFFF, SCRIPT_HAN},
};

/* Characters of the BMP that are shown as pictures (Emoji_Presentation of Unicode's emoji-data),
 * and the heart. Stars and arrows are not among them: they are symbols. */
static const struct range emoji[] = {
    {0x231A, 0x231B, 0}, {0x23E9, 0x23EC, 0}, {0x23F0, 0x23F0, 0},   {0x23F3, 0x23F3, 0},
    {0x25FD, 0x25FE, 0}, {0x2614, 0x2615, 0}, {0x2648, 0x2653, 0},   {0x267F, 0x267F, 0},
    {0x2693, 0x2693, 0}, {0x26A1, 0x26A1, 0}, {0x26AA, 0x26AB, 0},   {0x26BD, 0x26BE, 0},
    {0x26C4, 0x26C5, 0}, {0x26CE, 0x26CE, 0}, {0x26D4, 0x26D4, 0},   {0x26EA, 0x26EA, 0},
    {0x26F2, 0x26F3, 0}, {0x26F5, 0x26F5, 0}, {0x26FA, 0x26FA, 0},   {0x26FD, 0x26FD, 0},
    {0x2705, 0x2705, 0}, {0x270A, 0x270B, 0}, {0x2728, 0x2728, 0},   {0x274C, 0x274C, 0},
    {0x274E, 0x274E, 0}, {0x2753, 0x2755, 0}, {0x2757, 0x2757, 0},   {0x2764, 0x2764, 0},
    {0x2795, 0x2797, 0}, {0x27B0, 0x27B0, 0}, {0x27BF, 0x27BF, 0},   {0x2B1B, 0x2B1C, 0},
    {0x2B50, 0x2B50, 0}, {0x2B55, 0x2B55, 0}, {0x1F000, 0x1FAFF, 0},
};

/* Default_Ignorable_Code_Point, and the bidirectional controls: drawn as nothing, so words can be
 * cut with them unseen. */
static const struct range invisible[] = {
    {0x00AD, 0x00AD, 0}, {0x034F, 0x034F, 0},   {0x061C, 0x061C, 0}, {0x115F, 0x1160, 0},
    {0x17B4, 0x17B5, 0}, {0x180B, 0x180F, 0},   {0x200B, 0x200F, 0}, {0x202A, 0x202E, 0},
    {0x2060, 0x206F, 0}, {0x3164, 0x3164, 0},   {0xFE00, 0xFE0F, 0}, {0xFEFF, 0xFEFF, 0},
    {0xFFA0, 0xFFA0, 0}, {0xE0000, 0xE0FFF, 0},
};

#define ROWS(table) (table), sizeof(table) / sizeof *(table)

/* The row that holds `code_point`, or NULL. *at is where the search starts and where it ended: who
 * asks for ascending code points passes over each table once. */
static const struct range *range_find(const struct range *ranges, size_t count, size_t *at,
                                      uint32_t code_point)
{
    while (*at < count && code_point > ranges[*at].last)
        ++*at;
    return *at < count && code_point >= ranges[*at].first ? &ranges[*at] : NULL;
}

/* Where the searches in the three tables stand. */
struct place {
    size_t invisible, emoji, script;
};

static struct character ascii_character(uint32_t code_point)
{
    if ((code_point | 0x20) >= 'a' && (code_point | 0x20) <= 'z')
        return (struct character){CHARACTER_LETTER, SCRIPT_LATIN};
    if (code_point >= '0' && code_point <= '9')
        return (struct character){CHARACTER_DIGIT, SCRIPT_NONE};
    if (code_point <= ' ' || code_point == 0x7F)
        return (struct character){CHARACTER_SEPARATOR, SCRIPT_NONE};
    if (strchr("!%#*", (int)code_point))
        return (struct character){CHARACTER_SYMBOL, SCRIPT_NONE};
    return (struct character){CHARACTER_ASCII_PUNCTUATION, SCRIPT_NONE};
}

/* What is not named is CHARACTER_SEPARATOR. */
static const uint8_t class_of_category[] = {
    [UTF8PROC_CATEGORY_LU] = CHARACTER_LETTER,
    [UTF8PROC_CATEGORY_LL] = CHARACTER_LETTER,
    [UTF8PROC_CATEGORY_LT] = CHARACTER_LETTER,
    [UTF8PROC_CATEGORY_LM] = CHARACTER_LETTER,
    [UTF8PROC_CATEGORY_LO] = CHARACTER_LETTER,
    [UTF8PROC_CATEGORY_MN] = CHARACTER_LETTER,
    [UTF8PROC_CATEGORY_MC] = CHARACTER_LETTER,
    [UTF8PROC_CATEGORY_ME] = CHARACTER_LETTER,
    [UTF8PROC_CATEGORY_ND] = CHARACTER_DIGIT,
    [UTF8PROC_CATEGORY_NL] = CHARACTER_SYMBOL,
    [UTF8PROC_CATEGORY_NO] = CHARACTER_SYMBOL,
    /* Brackets such as U+3010 are ornaments of Chinese subjects. */
    [UTF8PROC_CATEGORY_PS] = CHARACTER_SYMBOL,
    [UTF8PROC_CATEGORY_PE] = CHARACTER_SYMBOL,
    [UTF8PROC_CATEGORY_SM] = CHARACTER_SYMBOL,
    [UTF8PROC_CATEGORY_SC] = CHARACTER_SYMBOL,
    [UTF8PROC_CATEGORY_SK] = CHARACTER_SYMBOL,
    [UTF8PROC_CATEGORY_SO] = CHARACTER_SYMBOL,
    [UTF8PROC_CATEGORY_CO] = CHARACTER_SYMBOL,
};

static struct character character_of(uint32_t code_point, struct place *place)
{
    if (code_point < 0x80)
        return ascii_character(code_point);
    if (code_point >= 0xFF01 && code_point <= 0xFF5E)
        return ascii_character(code_point - 0xFF01 + '!');
    if (range_find(ROWS(invisible), &place->invisible, code_point))
        return (struct character){CHARACTER_INVISIBLE, SCRIPT_NONE};
    if (code_point >= 0x1F130 && code_point < 0x1F18A && (code_point - 0x1F130) % 32 < 26)
        return (struct character){CHARACTER_LETTER, SCRIPT_LATIN};
    if (range_find(ROWS(emoji), &place->emoji, code_point))
        return (struct character){CHARACTER_EMOJI, SCRIPT_NONE};
    const struct range *range = range_find(ROWS(scripts), &place->script, code_point);
    enum script script = range ? range->script : SCRIPT_OTHER;
    /* utf8proc may be older than the last ideographs; radicals, which look like the ideographs they
     * stand for, and U+3007 are no letters to Unicode. */
    if (script == SCRIPT_HAN)
        return (struct character){CHARACTER_IDEOGRAPH, SCRIPT_HAN};
    if (code_point >= 0xAC00 && code_point <= 0xD7A3) /* the syllables; letters all */
        return (struct character){CHARACTER_IDEOGRAPH, SCRIPT_HANGUL};
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code_point);
    enum character_class class =
        category < sizeof class_of_category ? class_of_category[category] : CHARACTER_SEPARATOR;
    if (class != CHARACTER_LETTER)
        return (struct character){class, SCRIPT_NONE};
    if (script == SCRIPT_KANA || script == SCRIPT_HANGUL)
        return (struct character){CHARACTER_IDEOGRAPH, script};
    bool mark = category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
    return (struct character){class, mark && !range ? SCRIPT_NONE : script};
}

struct character text_character_beyond_bmp(uint32_t code_point)
{
    struct place place = {0, 0, 0};
    return character_of(code_point, &place);
}

uint32_t text_fold_beyond_bmp(uint32_t code_point)
{
    /* Thirteen alphabets of 26 large and 26 small letters (Mathematical Alphanumeric Symbols). */
    if (code_point >= 0x1D400 && code_point < 0x1D6A4)
        return 'a' + (code_point - 0x1D400) % 26;
    if (code_point >= 0x1D7CE && code_point < 0x1D800)
        return '0' + (code_point - 0x1D7CE) % 10;
    /* Capitals in squares and circles, white and black, in rows of 32. */
    if (code_point >= 0x1F130 && code_point < 0x1F18A && (code_point - 0x1F130) % 32 < 26)
        return 'a' + (code_point - 0x1F130) % 32;
    return code_point;
}

static uint16_t fold_of(uint32_t code_point, enum script script)
{
    if (code_point == 0x3000)
        return ' ';
    if (code_point >= 0xFF01 && code_point <= 0xFF5E)
        return fold_of(code_point - 0xFF01 + '!', script);
    if (code_point == 0x03C2) /* final sigma */
        return 0x03C3;
    if (script != SCRIPT_LATIN && script != SCRIPT_GREEK && script != SCRIPT_CYRILLIC)
        return (uint16_t)code_point;
    return (uint16_t)utf8proc_tolower((utf8proc_int32_t)code_point);
}

/* glibc unloads the code of a charset some time after its last converter was closed, and loading it
 * again takes longer than reading a message. */
static void keep_charsets_loaded(void)
{
    static const char *const charsets[] = {"GB18030", "GBK", "BIG5-HKSCS"};
    static iconv_t held[sizeof charsets / sizeof charsets[0]];
    if (held[0])
        return;
    for (size_t i = 0; i < sizeof charsets / sizeof charsets[0]; i++)
        held[i] = iconv_open("UTF-8", charsets[i]);
}

uint8_t text_han_forms[TEXT_HAN_LAST - TEXT_HAN_FIRST + 1];

/* Marks every Han character that `charset` has in the rows from `first` to `last`. */
static void mark_repertoire(const char *charset, unsigned first, unsigned last, unsigned char mark)
{
    iconv_t converter = iconv_open("UTF-16LE", charset);
    if (converter == (iconv_t)-1)
        return;
    for (unsigned lead = first; lead <= last; lead++) {
        unsigned char row[2 * 0xFF], units[4 * sizeof row];
        char *in = (char *)row, *out = (char *)units;
        size_t in_left = 0, out_left = sizeof units;
        for (unsigned trail = 0x40; trail < 0xFF; trail++) {
            if (trail == 0x7F) /* up to 0xA0 nothing is a second byte */
                trail = 0xA1;
            row[in_left++] = (unsigned char)lead;
            row[in_left++] = (unsigned char)trail;
        }
        while (in_left && iconv(converter, &in, &in_left, &out, &out_left) == (size_t)-1) {
            size_t bad = in_left < 2 ? in_left : 2;
            in += bad, in_left -= bad;
        }
        for (unsigned char *unit = units; unit + 1 < (unsigned char *)out; unit += 2) {
            unsigned code_point = unit[0] | (unsigned)unit[1] << 8;
            if (code_point >= TEXT_HAN_FIRST && code_point <= TEXT_HAN_LAST)
                text_han_forms[code_point - TEXT_HAN_FIRST] |= mark;
        }
    }
    iconv_close(converter);
}

/* What both have becomes HAN_BOTH. */
static void mark_repertoires(void)
{
    mark_repertoire("EUC-CN", 0xB0, 0xF7, HAN_SIMPLIFIED_ONLY);
    mark_repertoire("BIG5", 0xA4, 0xF9, HAN_TRADITIONAL_ONLY);
}

void text_init(void)
{
    keep_charsets_loaded();
    if (text_characters['a'].class == CHARACTER_LETTER)
        return;
    struct place place = {0, 0, 0};
    for (uint32_t code_point = 0; code_point < 0x10000; code_point++) {
        text_characters[code_point] = character_of(code_point, &place);
        text_folds[code_point] = fold_of(code_point, text_characters[code_point].script);
    }
    mark_repertoires();
}
