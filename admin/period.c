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

static bool read_day(const char *text, int64_t *time_s)
{
    static const char *const forms[] = {"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm parts = {.tm_isdst = -1};
        const char *end = strptime(text, forms[i], &parts);
        if (!end || *end)
            continue;
        parts.tm_isdst = -1;
        *time_s = mktime(&parts);
        return *time_s >= 0;
    }
    return false;
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

bool period_since(const char *text, int64_t now_s, int64_t *since_s)
{
    int64_t seconds;
    *since_s = 0;
    if (!text || read_day(text, since_s) || read_seconds(text, since_s))
        return true;
    if (!read_duration(text, &seconds)) {
        session_usage("--since: \"%s\" is neither a span of time (90m, 24h, 7d, 2w) nor a day"
                      " (2026-11-24)",
                      text);
        return false;
    }
    *since_s = seconds < now_s ? now_s - seconds : 0;
    return true;
}
