#include "core/tuning.h"

#include "core/config.h"
#include "core/reputation.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DAY_S 86400.0

static const char *const thresholds[] = {"tag", "hold", "reject"};

void tuning_clear(struct tuning *tuning)
{
    for (size_t i = 0; i < TUNING_NUMBERS; i++)
        tuning->numbers[i] = NAN;
}

bool tuning_is_clear(const struct tuning *tuning)
{
    for (size_t i = 0; i < TUNING_NUMBERS; i++)
        if (!isnan(tuning->numbers[i]))
            return false;
    return true;
}

bool tuning_is_equal(const struct tuning *a, const struct tuning *b)
{
    for (size_t i = 0; i < TUNING_NUMBERS; i++)
        if (a->numbers[i] != b->numbers[i] && !(isnan(a->numbers[i]) && isnan(b->numbers[i])))
            return false;
    return true;
}

/* --- names --- */

enum tuning_kind tuning_kind_of(size_t place)
{
    static const struct {
        size_t end;
        enum tuning_kind kind;
    } parts[] = {
        {TUNING_CHECKS, TUNING_THRESHOLD},    {TUNING_CONTENT, TUNING_CHECK},
        {TUNING_HALF_LIVES, TUNING_FACTOR},   {TUNING_BASE_RATES, TUNING_HALF_LIFE},
        {TUNING_STRENGTHS, TUNING_BASE_RATE}, {TUNING_NUMBERS, TUNING_STRENGTH},
    };
    size_t part = 0;
    while (place >= parts[part].end)
        part++;
    return parts[part].kind;
}

static void name_of_type(size_t type, const char *what, char name[TUNING_NAME_SIZE])
{
    snprintf(name, TUNING_NAME_SIZE, "%s.%s", identity_type_name((enum identity_type)type), what);
}

bool tuning_name(size_t place, char name[TUNING_NAME_SIZE])
{
    size_t rows;
    const struct check *checks = checks_all(&rows);
    switch (tuning_kind_of(place)) {
    case TUNING_THRESHOLD:
        snprintf(name, TUNING_NAME_SIZE, "%s.%s", place < TUNING_FEED ? "mail" : "feed",
                 thresholds[place % TUNING_FEED]);
        return true;
    case TUNING_CHECK:
        if (place - TUNING_CHECKS >= rows)
            return false;
        snprintf(name, TUNING_NAME_SIZE, "%s", checks[place - TUNING_CHECKS].symbol);
        return true;
    case TUNING_FACTOR:
        snprintf(name, TUNING_NAME_SIZE, "%s",
                 place == TUNING_CONTENT
                     ? CONTENT_SYMBOL
                     : reputation_symbol((enum identity_type)(place - TUNING_REPUTATIONS)));
        return true;
    case TUNING_HALF_LIFE:
        name_of_type(place - TUNING_HALF_LIVES, "half-life", name);
        return true;
    case TUNING_BASE_RATE:
        name_of_type(place - TUNING_BASE_RATES, "base-rate", name);
        return true;
    case TUNING_STRENGTH:
        name_of_type(place - TUNING_STRENGTHS, "strength", name);
        return true;
    }
    return false;
}

size_t tuning_find(struct span name)
{
    char other[TUNING_NAME_SIZE];
    for (size_t place = 0; place < TUNING_NUMBERS; place++)
        if (tuning_name(place, other) && span_equal(name, span_of(other)))
            return place;
    return TUNING_NUMBERS;
}

/* --- values --- */

static const struct {
    double least, most;
    const char *words;
} ranges[] = {
    [TUNING_THRESHOLD] = {0, 1, "is not a probability (0 to 1), and not \"never\""},
    [TUNING_CHECK] = {-20, 20, "is not a weight in log-odds (-20 to 20)"},
    [TUNING_FACTOR] = {0, 10, "is not a factor (0 to 10)"},
    [TUNING_HALF_LIFE] = {3600, 3650 * DAY_S, "is not a half-life (1h to 3650d)"},
    [TUNING_BASE_RATE] = {0.01, 0.99, "is not a base rate (0.01 to 0.99)"},
    [TUNING_STRENGTH] = {0.1, 10000, "is not a strength in lessons (0.1 to 10000)"},
};

bool tuning_check(size_t place, double number, struct error *error)
{
    enum tuning_kind kind = tuning_kind_of(place);
    char name[TUNING_NAME_SIZE] = "";
    if ((number >= ranges[kind].least && number <= ranges[kind].most) ||
        (kind == TUNING_THRESHOLD && number == THRESHOLD_NEVER))
        return true;
    tuning_name(place, name);
    bool days = kind == TUNING_HALF_LIFE; /* as it is given, not in seconds */
    return error_set(error, ERROR_INPUT, "%s: %g%s %s", name, days ? number / DAY_S : number,
                     days ? "d" : "", ranges[kind].words);
}

/* --- JSON --- */

json_t *tuning_to_json(const struct tuning *tuning)
{
    json_t *value = json_object();
    char name[TUNING_NAME_SIZE];
    for (size_t place = 0; place < TUNING_NUMBERS; place++)
        if (!isnan(tuning->numbers[place]) && tuning_name(place, name))
            json_object_set_new(value, name, json_real(tuning->numbers[place]));
    return value;
}

bool tuning_from_json(const json_t *value, struct tuning *tuning, struct error *error)
{
    const char *name;
    json_t *number;
    tuning_clear(tuning);
    if (!json_is_object(value))
        return error_set(error, ERROR_INPUT, "tuning: is no object of names and numbers");
    json_object_foreach((json_t *)(uintptr_t)value, name, number)
    {
        size_t place = tuning_find(span_of(name));
        if (place == TUNING_NUMBERS)
            return error_set(error, ERROR_INPUT, "%.60s: nothing to tune has this name", name);
        if (!json_is_number(number))
            return error_set(error, ERROR_INPUT, "%.60s: is no number", name);
        if (!tuning_check(place, json_number_value(number), error))
            return false;
        tuning->numbers[place] = json_number_value(number);
    }
    return true;
}

static json_t *parse(struct span text, struct error *error)
{
    json_error_t why;
    if (!text.length)
        return json_pack("{s:{}, s:[]}", "tuning", "changes");
    json_t *whole = json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, &why);
    if (!whole)
        error_set(error, ERROR_INPUT, "the settings are no JSON: %s", why.text);
    return whole;
}

bool tuning_read(struct span text, struct tuning *tuning, json_t **whole, struct error *error)
{
    *whole = parse(text, error);
    bool good = *whole != NULL;
    if (good && !json_is_array(json_object_get(*whole, "changes")))
        good = error_set(error, ERROR_INPUT, "changes: is no array");
    if (good && tuning_from_json(json_object_get(*whole, "tuning"), tuning, error))
        return true;
    tuning_clear(tuning);
    json_decref(*whole);
    *whole = NULL;
    return false;
}

struct span tuning_rules_text(const json_t *whole)
{
    const json_t *text = json_object_get(json_object_get(whole, "rules"), "text");
    return (struct span){json_is_string(text) ? json_string_value(text) : "",
                         json_string_length(text)};
}

double tuning_threshold_of_cost(double cost)
{
    return cost / (cost + 1);
}
