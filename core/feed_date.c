#include "core/feed_date.h"

#define DAY_S 86400
#define HOUR_S 3600
#define NUMBERS_MAX 4u
#define TEXT_MAX 100u
#define KOREA_S (9 * HOUR_S)

/* What was found so far in a date that is read from left to right. */
struct reading {
    const char *at, *end;
    struct number {
        unsigned value, digits;
    } numbers[NUMBERS_MAX]; /* of the day: neither of the time nor of the zone */
    unsigned number_count;
    unsigned month; /* by its name; 0: not named */
    char separator; /* behind the first number */
    bool has_time, has_zone, is_pm, is_am;
    unsigned hour, minute, second;
    int zone_s; /* east of UTC */
};

/* How names of months start, in lower case where that is ASCII; those that most dates have come
 * first, and of others longer ones before those that they start with. 0: a day, not a month. */
static const struct {
    struct span start;
    unsigned month;
} months[] = {
    {SPAN_OF("mon"), 0},  {SPAN_OF("tue"), 0},  {SPAN_OF("wed"), 0},  {SPAN_OF("thu"), 0},
    {SPAN_OF("fri"), 0},  {SPAN_OF("sat"), 0},  {SPAN_OF("sun"), 0},  {SPAN_OF("jan"), 1},
    {SPAN_OF("feb"), 2},  {SPAN_OF("mar"), 3},  {SPAN_OF("apr"), 4},  {SPAN_OF("may"), 5},
    {SPAN_OF("jun"), 6},  {SPAN_OF("jul"), 7},  {SPAN_OF("aug"), 8},  {SPAN_OF("sep"), 9},
    {SPAN_OF("oct"), 10}, {SPAN_OF("nov"), 11}, {SPAN_OF("dec"), 12}, {SPAN_OF("ene"), 1},
    {SPAN_OF("gen"), 1},  {SPAN_OF("янв"), 1},  {SPAN_OF("Янв"), 1},  {SPAN_OF("Ιαν"), 1},
    {SPAN_OF("ian"), 1},  {SPAN_OF("fev"), 2},  {SPAN_OF("fév"), 2},  {SPAN_OF("фев"), 2},
    {SPAN_OF("Фев"), 2},  {SPAN_OF("Φεβ"), 2},  {SPAN_OF("mär"), 3},  {SPAN_OF("mrt"), 3},
    {SPAN_OF("már"), 3},  {SPAN_OF("мар"), 3},  {SPAN_OF("Мар"), 3},  {SPAN_OF("Μάρ"), 3},
    {SPAN_OF("Μαρ"), 3},  {SPAN_OF("avr"), 4},  {SPAN_OF("abr"), 4},  {SPAN_OF("ápr"), 4},
    {SPAN_OF("апр"), 4},  {SPAN_OF("Апр"), 4},  {SPAN_OF("Απρ"), 4},  {SPAN_OF("mai"), 5},
    {SPAN_OF("mag"), 5},  {SPAN_OF("mei"), 5},  {SPAN_OF("maj"), 5},  {SPAN_OF("máj"), 5},
    {SPAN_OF("май"), 5},  {SPAN_OF("мая"), 5},  {SPAN_OF("Май"), 5},  {SPAN_OF("Μάι"), 5},
    {SPAN_OF("Μαϊ"), 5},  {SPAN_OF("Μάϊ"), 5},  {SPAN_OF("juin"), 6}, {SPAN_OF("giu"), 6},
    {SPAN_OF("jún"), 6},  {SPAN_OF("июн"), 6},  {SPAN_OF("Июн"), 6},  {SPAN_OF("Ιούν"), 6},
    {SPAN_OF("Ιον"), 6},  {SPAN_OF("juil"), 7}, {SPAN_OF("lug"), 7},  {SPAN_OF("júl"), 7},
    {SPAN_OF("июл"), 7},  {SPAN_OF("Июл"), 7},  {SPAN_OF("Ιούλ"), 7}, {SPAN_OF("Ιολ"), 7},
    {SPAN_OF("ago"), 8},  {SPAN_OF("aoû"), 8},  {SPAN_OF("aou"), 8},  {SPAN_OF("авг"), 8},
    {SPAN_OF("Авг"), 8},  {SPAN_OF("Αύγ"), 8},  {SPAN_OF("Αυγ"), 8},  {SPAN_OF("set"), 9},
    {SPAN_OF("sze"), 9},  {SPAN_OF("сен"), 9},  {SPAN_OF("Сен"), 9},  {SPAN_OF("Σεπ"), 9},
    {SPAN_OF("okt"), 10}, {SPAN_OF("out"), 10}, {SPAN_OF("ott"), 10}, {SPAN_OF("окт"), 10},
    {SPAN_OF("Окт"), 10}, {SPAN_OF("Οκτ"), 10}, {SPAN_OF("ноя"), 11}, {SPAN_OF("Ноя"), 11},
    {SPAN_OF("Νοέ"), 11}, {SPAN_OF("Νοε"), 11}, {SPAN_OF("dez"), 12}, {SPAN_OF("dic"), 12},
    {SPAN_OF("déc"), 12}, {SPAN_OF("дек"), 12}, {SPAN_OF("Дек"), 12}, {SPAN_OF("Δεκ"), 12},
};

/* RFC 822, 5.1, and others that are in use; in minutes. */
static const struct {
    struct span name;
    int minutes;
} zones[] = {
    {SPAN_OF("z"), 0},      {SPAN_OF("ut"), 0},      {SPAN_OF("utc"), 0},
    {SPAN_OF("gmt"), 0},    {SPAN_OF("wet"), 0},     {SPAN_OF("est"), -300},
    {SPAN_OF("edt"), -240}, {SPAN_OF("cst"), -360},  {SPAN_OF("cdt"), -300},
    {SPAN_OF("mst"), -420}, {SPAN_OF("mdt"), -360},  {SPAN_OF("pst"), -480},
    {SPAN_OF("pdt"), -420}, {SPAN_OF("ast"), -240},  {SPAN_OF("adt"), -180},
    {SPAN_OF("hst"), -600}, {SPAN_OF("akst"), -540}, {SPAN_OF("akdt"), -480},
    {SPAN_OF("cet"), 60},   {SPAN_OF("cest"), 120},  {SPAN_OF("met"), 60},
    {SPAN_OF("mest"), 120}, {SPAN_OF("mez"), 60},    {SPAN_OF("mesz"), 120},
    {SPAN_OF("bst"), 60},   {SPAN_OF("west"), 60},   {SPAN_OF("eet"), 120},
    {SPAN_OF("eest"), 180}, {SPAN_OF("msk"), 180},   {SPAN_OF("msd"), 240},
    {SPAN_OF("ist"), 330},  {SPAN_OF("sgt"), 480},   {SPAN_OF("hkt"), 480},
    {SPAN_OF("jst"), 540},  {SPAN_OF("kst"), 540},   {SPAN_OF("aest"), 600},
    {SPAN_OF("aedt"), 660}, {SPAN_OF("acst"), 570},  {SPAN_OF("awst"), 480},
    {SPAN_OF("nzst"), 720}, {SPAN_OF("nzdt"), 780},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static struct number read_number(struct reading *reading)
{
    struct number number = {0, 0};
    while (reading->at < reading->end && is_digit(*reading->at) && number.digits < 9) {
        number.value = number.value * 10 + (unsigned)(*reading->at++ - '0');
        number.digits++;
    }
    return number;
}

static bool passes(struct reading *reading, char c)
{
    if (reading->at == reading->end || *reading->at != c)
        return false;
    reading->at++;
    return true;
}

/* Behind the hour and its ':'. */
static bool read_time(struct reading *reading, unsigned hour)
{
    struct number minute = read_number(reading);
    if (reading->has_time || !minute.digits)
        return false;
    reading->has_time = true;
    reading->hour = hour;
    reading->minute = minute.value;
    if (passes(reading, ':'))
        reading->second = read_number(reading).value;
    if (passes(reading, '.') || passes(reading, ','))
        read_number(reading);
    return true;
}

/* Behind the sign: "0100", "01:00", "1". */
static void read_zone(struct reading *reading, int sign)
{
    struct number hours = read_number(reading);
    unsigned minutes = 0;
    if (hours.digits > 2) {
        minutes = hours.value % 100;
        hours.value /= 100;
    } else if (passes(reading, ':')) {
        minutes = read_number(reading).value;
    }
    reading->has_zone = true;
    reading->zone_s = sign * (int)(hours.value % 100 * HOUR_S + minutes % 60 * 60);
}

/* "20031231", "20031231T101455" and "2003335". */
static bool split_compact(struct reading *reading, struct number number)
{
    struct number *parts = reading->numbers;
    if (reading->number_count || number.digits < 7 || number.digits > 8)
        return false;
    bool ordinal = number.digits == 7;
    unsigned rest = ordinal ? 1000 : 10000;
    parts[0] = (struct number){number.value / rest, 4};
    parts[1] = ordinal ? (struct number){number.value % rest, 3}
                       : (struct number){number.value % rest / 100, 2};
    parts[2] = (struct number){number.value % 100, 2};
    reading->number_count = ordinal ? 2 : 3;
    reading->separator = '-';
    return true;
}

/* False when the date cannot be one. */
static bool take_number(struct reading *reading)
{
    struct number number = read_number(reading);
    if (number.digits <= 2 && passes(reading, ':'))
        return read_time(reading, number.value);
    if (number.digits == 6 && reading->number_count == 3 && !reading->has_time) {
        reading->has_time = true;
        reading->hour = number.value / 10000;
        reading->minute = number.value / 100 % 100;
        reading->second = number.value % 100;
        return true;
    }
    if (split_compact(reading, number))
        return true;
    if (reading->number_count == NUMBERS_MAX || number.digits > 4)
        return false;
    if (!reading->number_count && reading->at < reading->end)
        reading->separator = *reading->at;
    reading->numbers[reading->number_count++] = number;
    return true;
}

static bool take_zone(struct reading *reading, struct span word)
{
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
        if (span_equal_nocase(word, zones[i].name)) {
            reading->has_zone = true;
            reading->zone_s = zones[i].minutes * 60;
            return true;
        }
    return false;
}

static bool take_month(struct reading *reading, struct span word)
{
    for (size_t i = 0; i < sizeof months / sizeof *months; i++)
        if (span_starts_nocase(word, months[i].start)) {
            if (months[i].month)
                reading->month = months[i].month;
            return true;
        }
    return false;
}

/* The word is no date's when it is none of these; such are passed over, names of days among them.
 */
static void take_word(struct reading *reading)
{
    struct span word = {reading->at, 0};
    while (reading->at < reading->end && is_letter(*reading->at))
        reading->at++;
    word.length = (size_t)(reading->at - word.data);
    if ((reading->has_time && !reading->has_zone && take_zone(reading, word)) ||
        take_month(reading, word))
        return;
    bool korean = span_equal_nocase(word, SPAN("오후")) || span_equal_nocase(word, SPAN("오전")) ||
                  span_equal_nocase(word, SPAN("년"));
    reading->is_pm |=
        span_equal_nocase(word, SPAN("pm")) || span_equal_nocase(word, SPAN("오후")) ||
        span_equal_nocase(word, SPAN("下午")) || span_equal_nocase(word, SPAN("午後"));
    reading->is_am |=
        span_equal_nocase(word, SPAN("am")) || span_equal_nocase(word, SPAN("오전")) ||
        span_equal_nocase(word, SPAN("上午")) || span_equal_nocase(word, SPAN("午前"));
    if (korean && !reading->has_zone)
        reading->zone_s = KOREA_S;
}

static bool scan(struct reading *reading)
{
    while (reading->at < reading->end) {
        char c = *reading->at;
        bool before_digit = reading->at + 1 < reading->end && is_digit(reading->at[1]);
        if (is_digit(c)) {
            if (!take_number(reading))
                return false;
        } else if (is_letter(c)) {
            take_word(reading);
        } else {
            reading->at++;
            if (reading->has_time && before_digit && (c == '+' || c == '-'))
                read_zone(reading, c == '+' ? 1 : -1);
        }
    }
    return true;
}

/* RFC 5322, 4.3. */
static unsigned whole_year(struct number year)
{
    if (year.digits > 3)
        return year.value;
    return year.digits == 3 || year.value >= 50 ? 1900 + year.value : 2000 + year.value;
}

/* Which number is what. `*day` is the day of the year when `*month` is 0. */
static bool find_day(const struct reading *reading, unsigned *year, unsigned *month, unsigned *day)
{
    const struct number *n = reading->numbers;
    unsigned count = reading->number_count;
    bool year_first = count && (n[0].digits == 4 || n[0].value > 31);
    *month = reading->month;
    *day = 1;
    if (!count || count > 3)
        return false;
    if (year_first) {
        *year = whole_year(n[0]);
        *day = count > 1 && (*month || n[1].digits == 3) ? n[1].value : count == 3 ? n[2].value : 1;
        if (!*month && !(count == 2 && n[1].digits == 3))
            *month = count > 1 ? n[1].value : 1;
        return *month || count == 2;
    }
    if (*month) {
        *year = whole_year(n[count - 1]);
        *day = count > 1 ? n[0].value : 1;
        return count == 2 || (count == 1 && n[0].digits == 4);
    }
    if (count != 3)
        return false;
    bool day_first = reading->separator == '.' || n[0].value > 12;
    *year = whole_year(n[2]);
    *month = n[day_first ? 1 : 0].value;
    *day = n[day_first ? 0 : 1].value;
    return true;
}

static bool is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_in(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year) ? 1u : 0u);
}

/* Days since 1970 of the first day of the year, Gregorian. */
static int64_t days_before(unsigned year)
{
    int64_t past = (int64_t)year - 1;
    return past * 365 + past / 4 - past / 100 + past / 400 - 719162;
}

static bool is_good(const struct reading *reading, unsigned year, unsigned month, unsigned day)
{
    unsigned most = month == 0 ? 365u + is_leap(year) : month <= 12 ? days_in(year, month) : 0;
    return year >= 1 && year <= 9999 && day >= 1 && day <= most && reading->hour <= 24 &&
           reading->minute < 60 && reading->second <= 60;
}

bool feed_date_read(struct span text, int64_t *time_s)
{
    struct reading reading = {.at = text.data, .end = text.data + text.length};
    unsigned year, month, day;
    if (!text.length || text.length > TEXT_MAX || !scan(&reading) ||
        !find_day(&reading, &year, &month, &day) || !is_good(&reading, year, month, day))
        return false;
    if (reading.is_pm && reading.hour < 12)
        reading.hour += 12;
    if (reading.is_am && reading.hour == 12)
        reading.hour = 0;
    int64_t days = days_before(year) + day - 1;
    for (unsigned i = 1; i < month; i++)
        days += days_in(year, i);
    *time_s = days * DAY_S + (int64_t)reading.hour * HOUR_S + (int64_t)reading.minute * 60 +
              reading.second - reading.zone_s;
    return true;
}
