#include "admin/period.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/session.h"

#define LONGEST_S (100LL * 366 * 86400)

static bool read_duration(const char *text, int64_t *seconds)
{
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
    char *end;
    errno = 0;
    long long number = *text >= '0' && *text <= '9' ? strtoll(text, &end, 10) : -1;
    if (number < 0 || errno || !*end || end[1])
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (*end != units[i].letter || number > LONGEST_S / units[i].seconds)
            continue;
        *seconds = number * units[i].seconds;
        return true;
    }
    return false;
}

static bool read_day(const char *text, struct tm *parts)
{
    static const char *const forms[] = {"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        *parts = (struct tm){.tm_isdst = -1};
        const char *end = strptime(text, forms[i], parts);
        parts->tm_isdst = -1;
        if (end && !*end)
            return true;
    }
    return false;
}

/* mktime() takes the 30th of February for the 2nd of March. */
static bool is_in_calendar(const struct tm *day)
{
    struct tm same = {.tm_year = day->tm_year, .tm_mon = day->tm_mon, .tm_mday = day->tm_mday};
    timegm(&same);
    return same.tm_mon == day->tm_mon && same.tm_mday == day->tm_mday;
}

static bool take_day(struct tm *day, const char *text, int64_t *since_s, struct error *error)
{
    if (!is_in_calendar(day))
        return error_set(error, ERROR_INPUT, "there is no day %.*s", (int)strcspn(text, " "), text);
    time_t time_s = mktime(day);
    *since_s = time_s > 0 ? time_s : 0;
    return true;
}

static bool read_seconds(const char *text, int64_t *time_s)
{
    char *end;
    errno = 0;
    if (text[0] != '@' || text[1] < '0' || text[1] > '9')
        return false;
    *time_s = strtoll(text + 1, &end, 10);
    return !*end && !errno;
}

bool period_read(const char *text, int64_t now_s, int64_t *since_s, struct error *error)
{
    int64_t seconds;
    struct tm day;
    *since_s = 0;
    if (text && read_day(text, &day))
        return take_day(&day, text, since_s, error);
    if (!text || read_seconds(text, since_s))
        return true;
    if (!read_duration(text, &seconds))
        return error_set(error, ERROR_INPUT,
                         "\"%.60s\" is neither a span of time (90m, 24h, 7d, 2w) nor a day"
                         " (2026-11-24)",
                         text);
    *since_s = seconds < now_s ? now_s - seconds : 0;
    return true;
}

bool period_since(const char *text, int64_t now_s, int64_t *since_s)
{
    struct error error = {0};
    if (period_read(text, now_s, since_s, &error))
        return true;
    session_usage("--since: %s", error.message);
    return false;
}
