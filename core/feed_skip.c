#include "core/feed_skip.h"

#include <stdbool.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

uint32_t feed_skip_hours(struct span text)
{
    uint32_t hours = 0;
    for (size_t i = 0; i < text.length;) {
        unsigned hour = 0;
        bool number = is_digit(text.data[i]);
        for (; i < text.length && is_digit(text.data[i]); i++)
            hour = hour < 100 ? hour * 10 + (unsigned)(text.data[i] - '0') : hour;
        if (number && hour <= 24)
            hours |= 1u << hour % 24;
        else if (!number)
            i++;
    }
    return hours;
}

uint8_t feed_skip_days(struct span text)
{
    static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
    uint8_t bits = 0;
    for (unsigned day = 0; day < sizeof days / sizeof *days; day++)
        for (size_t i = 0; i < text.length; i++)
            if (span_starts_nocase((struct span){text.data + i, text.length - i},
                                   span_of(days[day])))
                bits |= (uint8_t)(1u << day);
    return bits;
}
