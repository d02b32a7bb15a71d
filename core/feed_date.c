#include "core/feed_date.h"

#include <string.h>
#include <strings.h>

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

/* How names of months start, in lower case where that is ASCII; longer ones before those that they
 * start with. */
static const struct {
    const char *start;
    unsigned month;
} months[] = {
    {"jan", 1},  {"ene", 1},  {"gen", 1},  {"янв", 1},  {"Янв", 1},  {"Ιαν", 1},  {"ian", 1},
    {"feb", 2},  {"fev", 2},  {"fév", 2},  {"фев", 2},  {"Фев", 2},  {"Φεβ", 2},  {"mar", 3},
    {"mär", 3},  {"mrt", 3},  {"már", 3},  {"мар", 3},  {"Мар", 3},  {"Μάρ", 3},  {"Μαρ", 3},
    {"apr", 4},  {"avr", 4},  {"abr", 4},  {"ápr", 4},  {"апр", 4},  {"Апр", 4},  {"Απρ", 4},
    {"may", 5},  {"mai", 5},  {"mag", 5},  {"mei", 5},  {"maj", 5},  {"máj", 5},  {"май", 5},
    {"мая", 5},  {"Май", 5},  {"Μάι", 5},  {"Μαϊ", 5},  {"Μάϊ", 5},  {"juin", 6}, {"jun", 6},
    {"giu", 6},  {"jún", 6},  {"июн", 6},  {"Июн", 6},  {"Ιούν", 6}, {"Ιον", 6},  {"juil", 7},
    {"jul", 7},  {"lug", 7},  {"júl", 7},  {"июл", 7},  {"Июл", 7},  {"Ιούλ", 7}, {"Ιολ", 7},
    {"aug", 8},  {"ago", 8},  {"aoû", 8},  {"aou", 8},  {"авг", 8},  {"Авг", 8},  {"Αύγ", 8},
    {"Αυγ", 8},  {"sep", 9},  {"set", 9},  {"sze", 9},  {"сен", 9},  {"Сен", 9},  {"Σεπ", 9},
    {"oct", 10}, {"okt", 10}, {"out", 10}, {"ott", 10}, {"окт", 10}, {"Окт", 10}, {"Οκτ", 10},
    {"nov", 11}, {"ноя", 11}, {"Ноя", 11}, {"Νοέ", 11}, {"Νοε", 11}, {"dec", 12}, {"dez", 12},
    {"dic", 12}, {"déc", 12}, {"дек", 12}, {"Дек", 12}, {"Δεκ", 12},
};

/* RFC 822, 5.1, and others that are in use; in minutes. */
static const struct {
    const char *name;
    int minutes;
} zones[] = {
    {"z", 0},      {"ut", 0},     {"utc", 0},    {"gmt", 0},    {"wet", 0},     {"est", -300},
    {"edt", -240}, {"cst", -360}, {"cdt", -300}, {"mst", -420}, {"mdt", -360},  {"pst", -480},
    {"pdt", -420}, {"ast", -240}, {"adt", -180}, {"hst", -600}, {"akst", -540}, {"akdt", -480},
    {"cet", 60},   {"cest", 120}, {"met", 60},   {"mest", 120}, {"mez", 60},    {"mesz", 120},
    {"bst", 60},   {"west", 60},  {"eet", 120},  {"eest", 180}, {"msk", 180},   {"msd", 240},
    {"ist", 330},  {"sgt", 480},  {"hkt", 480},  {"jst", 540},  {"kst", 540},   {"aest", 600},
    {"aedt", 660}, {"acst", 570}, {"awst", 480}, {"nzst", 720}, {"nzdt", 780},
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

static bool word_starts(const char *word, size_t length, const char *start)
{
    size_t wanted = strlen(start);
    return length >= wanted && strncasecmp(word, start, wanted) == 0;
}

static bool word_is(const char *word, size_t length, const char *what)
{
    return length == strlen(what) && strncasecmp(word, what, length) == 0;
}

/* The word is no date's when it is none of these; such are passed over, names of days among them.
 */
static void take_word(struct reading *reading)
{
    const char *word = reading->at;
    while (reading->at < reading->end && is_letter(*reading->at))
        reading->at++;
    size_t length = (size_t)(reading->at - word);
    for (size_t i = 0; i < sizeof months / sizeof *months; i++)
        if (word_starts(word, length, months[i].start)) {
            reading->month = months[i].month;
            return;
        }
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
        if (reading->has_time && !reading->has_zone && word_is(word, length, zones[i].name)) {
            reading->has_zone = true;
            reading->zone_s = zones[i].minutes * 60;
            return;
        }
    bool korean = word_is(word, length, "오후") || word_is(word, length, "오전") ||
                  word_is(word, length, "년");
    reading->is_pm |= word_is(word, length, "pm") || word_is(word, length, "오후") ||
                      word_is(word, length, "下午") || word_is(word, length, "午後");
    reading->is_am |= word_is(word, length, "am") || word_is(word, length, "오전") ||
                      word_is(word, length, "上午") || word_is(word, length, "午前");
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
