#include "core/text_guess.h"

#include <iconv.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define SAMPLE_BYTES (16u * 1024)
#define SAMPLE_HIGH 2000u

/* Costs are tenths of a bit: 10 log2 of how rare something is. ASCII costs nothing; where it is the
 * second half of a character, what it would cost as a letter is taken off. */
enum {
    COST_ASCII = 50,
    COST_INVALID = 250,
    COST_CONTROL = 200,
    COST_SYMBOL = 130, /* a sign that texts hardly have */
    COST_BESIDE_OTHER_SCRIPT = 60,
    COST_LETTER_ALONE = 15,   /* in its word */
    COST_CAPITAL_FIRST = 12,  /* of a word */
    COST_CAPITAL_AGAIN = 3,   /* in a word of capitals */
    COST_CAPITAL_INSIDE = 80, /* after a small letter */
    COST_SMALL_AFTER_CAPITALS = 60,
    COST_ACCENTS_TOGETHER = 40
};

/* What a text may have cost so far: no charset is read to the end once what is left of the sample
 * cannot but make it dearer than another. `now` grows by `step`, the least that a byte beyond ASCII
 * costs in the charset, with each of them. */
struct bound {
    long now;
    int step;
};

static bool is_ascii_letter(unsigned char byte)
{
    return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

/* How many signs of typography stand in the same places of all windows charsets. */
static int windows_sign(unsigned char byte)
{
    switch (byte) {
    case 0x85: /* … ‘ ’ “ ” • – — « » nbsp */
    case 0x91:
    case 0x92:
    case 0x93:
    case 0x94:
    case 0x95:
    case 0x96:
    case 0x97:
    case 0xA0:
    case 0xAB:
    case 0xBB:
        return 60;
    case 0xA9: /* © ® ° · */
    case 0xAE:
    case 0xB0:
    case 0xB7:
        return 70;
    default:
        return COST_SYMBOL;
    }
}

/* --- Latin --- */

/* 0xC0 to 0xDF and 0xE0 to 0xFF of windows-1252. */
static const uint8_t latin_capitals[32] = {70, 70, 80, 75, 65, 70,  75, 65,  70,  60, 80,
                                           90, 90, 70, 80, 90, 110, 75, 90,  75,  80, 80,
                                           65, 90, 70, 90, 80, 80,  65, 110, 110, 50};
static const uint8_t latin_small[32] = {45, 40, 55, 45, 40, 50,  55, 45, 40,  25, 50,
                                        65, 70, 42, 60, 60, 100, 48, 55, 40,  55, 60,
                                        40, 90, 55, 60, 65, 60,  40, 90, 110, 90};

/* An accent stands among letters without one; a text of accents alone is in another charset. */
static long cost_latin(const unsigned char *at, size_t length, struct bound bound)
{
    long cost = 0;
    size_t high = 0;
    for (size_t i = 0; i < length && high < SAMPLE_HIGH && cost < bound.now; i++) {
        unsigned char byte = at[i], before = i ? at[i - 1] : ' ';
        if (byte < 0x80)
            continue;
        high++;
        bound.now += bound.step;
        bool letter = byte >= 0xC0 && byte != 0xD7 && byte != 0xF7;
        if (byte >= 0xC0)
            cost += (byte < 0xE0 ? latin_capitals : latin_small)[byte & 0x1F];
        else if (byte == 0x81 || byte == 0x8D || byte == 0x8F || byte == 0x90 || byte == 0x9D)
            cost += COST_CONTROL;
        else
            cost += byte == 0x80 || byte == 0xA2 || byte == 0xA3 ? 80 : windows_sign(byte);
        if (!letter)
            continue;
        bool capital = byte < 0xDF;
        cost += before >= 0xC0 ? COST_ACCENTS_TOGETHER : 0;
        if (capital && before >= 'a' && before <= 'z')
            cost += COST_CAPITAL_INSIDE;
    }
    return cost < bound.now ? cost : LONG_MAX;
}

/* --- Cyrillic --- */

/* а to я in Russian; ё, and the letters of Ukrainian and Serbian, cost CYRILLIC_OTHER. */
static const uint8_t russian[32] = {36, 60, 45, 59, 51,  36, 67, 59, 38, 64, 48,
                                    45, 50, 39, 32, 52,  44, 42, 40, 53, 86, 67,
                                    77, 61, 71, 81, 113, 57, 58, 83, 73, 56};
#define CYRILLIC_OTHER 110

/* KOI8 has the small letters first, in the order of the Latin ones that sound alike. */
static const uint8_t koi8[32] = {30, 0,  1,  22, 4,  5,  20, 3, 21, 8,  9, 10, 11, 12, 13, 14,
                                 15, 31, 16, 17, 18, 19, 6,  2, 28, 27, 7, 24, 29, 25, 23, 26};

struct letter {
    int cost;
    bool letter, capital;
};

static struct letter windows_1251(unsigned char byte)
{
    if (byte >= 0xC0)
        return (struct letter){russian[byte & 0x1F], true, byte < 0xE0};
    static const char capitals[] = "\xA1\xA3\xA5\xA8\xAA\xAF\xB2\xBD",
                      small[] = "\xA2\xB3\xB4\xB8\xBA\xBC\xBE\xBF";
    if (strchr(capitals, byte))
        return (struct letter){CYRILLIC_OTHER, true, true};
    if (strchr(small, byte))
        return (struct letter){CYRILLIC_OTHER, true, false};
    return (struct letter){byte == 0x98   ? COST_CONTROL
                           : byte == 0xB9 ? 70 /* № */
                                          : windows_sign(byte),
                           false, false};
}

static struct letter koi8_u(unsigned char byte)
{
    if (byte >= 0xC0)
        return (struct letter){russian[koi8[byte & 0x1F]], true, byte >= 0xE0};
    static const char small[] = "\xA3\xA4\xA6\xA7\xAD", capitals[] = "\xB3\xB4\xB6\xB7\xBD";
    if (strchr(small, byte) || strchr(capitals, byte))
        return (struct letter){CYRILLIC_OTHER, true, byte >= 0xB0};
    return (struct letter){byte == 0x9A || byte == 0x95 ? 70 : COST_SYMBOL, false, false};
}

static struct letter iso_8859_5(unsigned char byte)
{
    if (byte >= 0xB0 && byte < 0xF0)
        return (struct letter){russian[(byte - 0xB0) & 0x1F], true, byte < 0xD0};
    if (byte < 0xA0)
        return (struct letter){COST_CONTROL, false, false};
    if (byte == 0xA0 || byte == 0xAD || byte == 0xF0 || byte == 0xFD)
        return (struct letter){70, false, false};
    return (struct letter){CYRILLIC_OTHER, true, byte < 0xB0};
}

/* Capitals begin words or fill them. */
static int cost_of_case(bool capital, size_t in_word, bool last_capital)
{
    if (capital)
        return !in_word       ? COST_CAPITAL_FIRST
               : last_capital ? COST_CAPITAL_AGAIN
                              : COST_CAPITAL_INSIDE;
    return in_word > 1 && last_capital ? COST_SMALL_AFTER_CAPITALS : 0;
}

static long cost_cyrillic(const unsigned char *at, size_t length, const struct letter letters[256],
                          struct bound bound)
{
    long cost = 0;
    size_t high = 0, in_word = 0;
    bool last_capital = false, after_ascii = false;
    for (size_t i = 0; i < length && high < SAMPLE_HIGH && cost < bound.now; i++) {
        struct letter letter = letters[at[i]];
        bool ascii_letter = is_ascii_letter(at[i]);
        high += at[i] >> 7;
        bound.now += at[i] >> 7 ? bound.step : 0;
        cost += letter.cost;
        if (letter.letter) {
            cost += after_ascii ? COST_BESIDE_OTHER_SCRIPT : 0;
            cost += cost_of_case(letter.capital, in_word, last_capital);
            last_capital = letter.capital;
        } else if (in_word) {
            cost += in_word == 1 ? COST_LETTER_ALONE : 0;
            cost += ascii_letter ? COST_BESIDE_OTHER_SCRIPT : 0;
        }
        in_word = letter.letter ? in_word + 1 : 0;
        after_ascii = ascii_letter;
    }
    return cost < bound.now ? cost : LONG_MAX;
}

/* ASCII costs nothing. */
static struct letter letters_1251[256], letters_koi8[256], letters_8859_5[256];

static void make_letters(void)
{
    for (unsigned byte = 0x80; byte < 0x100; byte++) {
        letters_1251[byte] = windows_1251((unsigned char)byte);
        letters_koi8[byte] = koi8_u((unsigned char)byte);
        letters_8859_5[byte] = iso_8859_5((unsigned char)byte);
    }
}

static long cost_windows_1251(const unsigned char *at, size_t length, struct bound bound)
{
    return cost_cyrillic(at, length, letters_1251, bound);
}

static long cost_koi8(const unsigned char *at, size_t length, struct bound bound)
{
    return cost_cyrillic(at, length, letters_koi8, bound);
}

static long cost_iso_8859_5(const unsigned char *at, size_t length, struct bound bound)
{
    return cost_cyrillic(at, length, letters_8859_5, bound);
}

/* --- two bytes a character --- */

enum double_byte { GB, BIG5, KOREAN, SHIFT_JIS, EUC_JP, DOUBLE_BYTES };

/* What a text of each language is full of, beside kana. */
static const struct {
    const char *charset, *characters;
} frequent_in[DOUBLE_BYTES] = {
    [GB] = {"GB18030",
            "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下"
            "自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部"
            "其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又"
            "关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯"
            "月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入"
            "几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管"
            "期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像"
            "请票费价格您网免优惠服务客户邮联系欢迎让品"},
    [BIG5] = {"BIG5-HKSCS",
              "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下"
              "自之年過發後作裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部"
              "其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情明性知全三又"
              "關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯"
              "月話合回特代內信表化老給世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入"
              "幾口認條平系氣題活爾更別打女變四神總何電數安少報才結反受目太量再感建務做接必場件計管"
              "期市直德資命山金指克許統區保至隊形社便空決治展馬科司五基眼書非則聽白卻界達光放強即像"
              "請票費價格您網免優惠服務客戶郵聯繫歡迎讓品"},
    [KOREAN] =
        {"CP949",
         "이다는을에의하가고지은로를한기사도대어자들나인있시해서아정일그리부것수보전게라적제만장"
         "과스원상년세주여구면으오성동국경관위유까공안마중생실내트신우조모비선건니러습저화소요할"
         "된무분바드미했후당물개연진재회문영거간말금입방치교었래등산르야와합통업때점살름였데없행"
         "용계단체반감남심속력출식려강준님천음번령않법호권명료또피파본레운같더던작학메송광담카"
         "녕십까프타포티크터테토"},
    [SHIFT_JIS] =
        {"CP932",
         "日一国人年大十二本中長出三時行見月後前生五間上東四今金九入学高円子外八六下来気小七"
         "山話女北午百書先名川千水半男西電校語土木聞食車何南万毎白天母火右読友左休父雨会社内"
         "事自者地発場業方手力問代明動京目通言理体田主題意不作用度強公持野以思家世多正安院心"
         "界教文元重近考画海売知道集別物使品計死特私始朝運終台広住無真有口少町料工建空急止送"
         "切転研足究楽起着店病質待試族銀早映親験英医仕去味写字答夜音注帰古歌買悪図週室便部件"
         "最新様信様方法報情関連絡登録無料価格商品販売利当定期限合様記対全保"},
    [EUC_JP] = {"EUC-JP", NULL /* as SHIFT_JIS */},
};

/* A bit for each pair of bytes. */
static unsigned char frequent[DOUBLE_BYTES][0x10000 / 8];

static void mark_frequent_of(enum double_byte charset)
{
    const char *characters =
        frequent_in[charset == EUC_JP ? (unsigned)SHIFT_JIS : charset].characters;
    iconv_t converter = iconv_open(frequent_in[charset].charset, "UTF-8");
    if (converter == (iconv_t)-1)
        return;
    for (size_t left = strlen(characters); left >= 3; characters += 3, left -= 3) {
        unsigned char pair[4];
        char *in = (char *)characters, *out = (char *)pair;
        size_t in_left = 3, out_left = sizeof pair;
        if (iconv(converter, &in, &in_left, &out, &out_left) != (size_t)-1 &&
            out_left == sizeof pair - 2) {
            unsigned code = (unsigned)pair[0] << 8 | pair[1];
            frequent[charset][code / 8] |= (unsigned char)(1u << code % 8);
        }
    }
    iconv_close(converter);
}

static void make_tables(void)
{
    make_letters();
    for (unsigned charset = 0; charset < DOUBLE_BYTES; charset++)
        mark_frequent_of((enum double_byte)charset);
}

static bool is_frequent(enum double_byte charset, unsigned code)
{
    return frequent[charset][code / 8] >> code % 8 & 1;
}

static bool between(unsigned value, unsigned first, unsigned last)
{
    return value >= first && value <= last;
}

/* The cost of the character that begins at `at`, which has `left` bytes, and its length. Level 1
 * of each standard is what is used, level 2 what names and old texts need besides. */
static int cost_gb(const unsigned char *at, size_t left, size_t *length)
{
    unsigned lead = at[0], trail = left > 1 ? at[1] : 0;
    if (!between(lead, 0x81, 0xFE) || !between(trail, 0x40, 0xFE) || trail == 0x7F)
        return COST_INVALID;
    *length = 2;
    if (trail < 0xA1 || between(lead, 0x81, 0xA0)) /* what GBK added */
        return 215;
    if (is_frequent(GB, lead << 8 | trail))
        return 90;
    if (between(lead, 0xB0, 0xD7))
        return 126;
    if (between(lead, 0xD8, 0xF7))
        return 168;
    if (lead == 0xA1 || lead == 0xA3)
        return 90;
    if (lead == 0xA2 || lead == 0xA6 || lead == 0xA9) /* numbers and frames */
        return 120;
    return lead < 0xAA ? 190 : COST_INVALID;
}

static int cost_big5(const unsigned char *at, size_t left, size_t *length)
{
    unsigned lead = at[0], trail = left > 1 ? at[1] : 0;
    if (!between(lead, 0x87, 0xFE) || !(between(trail, 0x40, 0x7E) || between(trail, 0xA1, 0xFE)))
        return COST_INVALID;
    *length = 2;
    unsigned code = lead << 8 | trail;
    if (is_frequent(BIG5, code))
        return 90;
    if (between(code, 0xA440, 0xC67E))
        return 136;
    if (between(code, 0xC940, 0xF9D5))
        return 195;
    return between(lead, 0xA1, 0xA2) ? 95 : lead == 0xA3 ? 170 : 225;
}

static int cost_korean(const unsigned char *at, size_t left, size_t *length)
{
    unsigned lead = at[0], trail = left > 1 ? at[1] : 0;
    if (!between(lead, 0x81, 0xFE) || !between(trail, 0x41, 0xFE))
        return COST_INVALID;
    *length = 2;
    if (trail < 0xA1 || lead < 0xA1) /* the syllables that CP949 added */
        return 205;
    if (is_frequent(KOREAN, lead << 8 | trail))
        return 79;
    if (between(lead, 0xB0, 0xC8))
        return 131;
    return lead == 0xA1 || lead == 0xA3 ? 125 : between(lead, 0xCA, 0xFD) ? 190 : 210;
}

/* By row and cell of JIS X 0208, from 1 on, which both Japanese charsets number alike. */
static int cost_japanese(enum double_byte charset, unsigned code, unsigned row, unsigned cell)
{
    if (row == 4)
        return cell <= 83 ? 68 : COST_INVALID;
    if (row == 5)
        return cell <= 86 ? 95 : COST_INVALID;
    if (is_frequent(charset, code))
        return 100;
    if (between(row, 16, 47))
        return 145;
    if (between(row, 48, 84))
        return 195;
    return row == 1 ? 90 : row == 3 ? 130 : between(row, 2, 13) ? 190 : COST_INVALID;
}

static int cost_shift_jis(const unsigned char *at, size_t left, size_t *length)
{
    unsigned lead = at[0], trail = left > 1 ? at[1] : 0;
    if (between(lead, 0xA1, 0xDF)) /* narrow katakana */
        return 140;
    if (!(between(lead, 0x81, 0x9F) || between(lead, 0xE0, 0xFC)) || !between(trail, 0x40, 0xFC) ||
        trail == 0x7F)
        return COST_INVALID;
    *length = 2;
    unsigned index = trail - 0x40 - (trail > 0x7F);
    unsigned row = 2 * (lead - (lead < 0xE0 ? 0x81 : 0xC1)) + 1 + index / 94;
    return cost_japanese(SHIFT_JIS, lead << 8 | trail, row, index % 94 + 1);
}

static int cost_euc_jp(const unsigned char *at, size_t left, size_t *length)
{
    unsigned lead = at[0], trail = left > 1 ? at[1] : 0;
    if (!(lead == 0x8E || between(lead, 0xA1, 0xFE)) || !between(trail, 0xA1, 0xFE))
        return COST_INVALID;
    *length = 2;
    return lead == 0x8E ? 200 : cost_japanese(EUC_JP, lead << 8 | trail, lead - 0xA0, trail - 0xA0);
}

static long cost_double_byte(const unsigned char *at, size_t length,
                             int (*read)(const unsigned char *, size_t, size_t *),
                             struct bound bound)
{
    long cost = 0;
    size_t high = 0, step, read_high;
    for (size_t i = 0; i < length && high < SAMPLE_HIGH && cost < bound.now; i += step) {
        step = 1;
        if (at[i] < 0x80)
            continue;
        cost += read(at + i, length - i, &step);
        bool ascii_trail = step == 2 && at[i + 1] < 0x80;
        cost -= ascii_trail ? COST_ASCII : 0;
        read_high = ascii_trail ? 1 : step;
        high += read_high;
        bound.now += (long)read_high * bound.step;
    }
    return cost < bound.now ? cost : LONG_MAX;
}

/* --- all of them --- */

/* In the order in which one is taken of those that cost the same. `head_start` is how much likelier
 * a charset is before anything was read. */
static const struct candidate {
    const char *charset;
    int head_start, least; /* that a byte beyond ASCII costs */
    long (*single)(const unsigned char *at, size_t length, struct bound bound);
    int (*pair)(const unsigned char *at, size_t left, size_t *length);
} candidates[] = {
    {"CP1252", 40, 25, cost_latin, NULL},         {"GB18030", 30, 45, NULL, cost_gb},
    {"CP1251", 20, 32, cost_windows_1251, NULL},  {"BIG5-HKSCS", 10, 40, NULL, cost_big5},
    {"KOI8-U", 10, 32, cost_koi8, NULL},          {"CP949", 10, 39, NULL, cost_korean},
    {"CP932", 10, 18, NULL, cost_shift_jis},      {"EUC-JP", 0, 34, NULL, cost_euc_jp},
    {"ISO-8859-5", 0, 32, cost_iso_8859_5, NULL},
};
#define CANDIDATES (sizeof candidates / sizeof *candidates)
#define READ_FIRST (candidates + 1) /* what most such mail is in: it bounds all others soonest */

struct sample {
    unsigned char bytes[SAMPLE_BYTES];
    size_t length;
    int high; /* bytes beyond ASCII that are looked at */
};

/* Lines and rows of one sign, single or double, say no more than three of it. NUL ends texts. */
static void take_sample(struct span bytes, struct sample *sample)
{
    const unsigned char *at = (const unsigned char *)bytes.data;
    unsigned char *taken = sample->bytes;
    size_t i = 0, length = 0;
    unsigned high = 0;
    while (i < bytes.length && at[i] < 0x80)
        i++;
    i -= i ? 1 : 0; /* the letter before it tells something */
    while (i < bytes.length && at[i] && length < SAMPLE_BYTES) {
        if (bytes.length - i > 1 && length >= 4 && !memcmp(taken + length - 2, at + i, 2) &&
            !memcmp(taken + length - 4, at + i, 2)) {
            i += 2;
            continue;
        }
        high += at[i] >> 7;
        taken[length++] = at[i++];
    }
    sample->length = length;
    sample->high = high < SAMPLE_HIGH ? (int)high : (int)SAMPLE_HIGH;
}

/* LONG_MAX: `enough` or more. */
static long cost_of(const struct candidate *candidate, const struct sample *sample, long enough)
{
    struct bound bound = {enough - (long)sample->high * candidate->least, candidate->least};
    long cost = candidate->single
                    ? candidate->single(sample->bytes, sample->length, bound)
                    : cost_double_byte(sample->bytes, sample->length, candidate->pair, bound);
    return cost < enough ? cost : LONG_MAX;
}

const char *text_guess_charset(struct span bytes)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_tables);
    struct sample sample;
    take_sample(bytes, &sample);
    const struct candidate *best = READ_FIRST;
    long least = cost_of(best, &sample, LONG_MAX / 2) - best->head_start;
    for (const struct candidate *candidate = candidates; candidate < candidates + CANDIDATES;
         candidate++) {
        long enough = least + candidate->head_start + (candidate < best);
        long cost = candidate == READ_FIRST ? LONG_MAX : cost_of(candidate, &sample, enough);
        if (cost == LONG_MAX)
            continue;
        best = candidate;
        least = cost - candidate->head_start;
    }
    return best->charset;
}
