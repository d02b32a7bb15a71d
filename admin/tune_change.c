#include "admin/tune.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/identity_text.h"
#include "core/config.h"
#include "core/document.h"

#define LOG_ODDS_MAX 20.0
#define COST_MAX 1e6

void tune_change_begin(struct tune_change *change)
{
    *change = (struct tune_change){.pin_count = 0};
    tuning_clear(&change->numbers);
}

const char *tune_number_text(size_t place, double number, char text[TUNE_TEXT_SIZE])
{
    enum tuning_kind kind = tuning_kind_of(place);
    if (kind == TUNING_THRESHOLD && number > 1)
        snprintf(text, TUNE_TEXT_SIZE, "never");
    else if ((kind == TUNING_CHECK || kind == TUNING_FACTOR) && number == 0)
        snprintf(text, TUNE_TEXT_SIZE, "off");
    else if (kind == TUNING_HALF_LIFE && fmod(number, 86400) == 0)
        snprintf(text, TUNE_TEXT_SIZE, "%.0fd", number / 86400);
    else if (kind == TUNING_HALF_LIFE)
        snprintf(text, TUNE_TEXT_SIZE, "%gh", round(number / 36) / 100);
    else
        snprintf(text, TUNE_TEXT_SIZE, "%.6g", number);
    return text;
}

/* --- numbers in words --- */

static bool read_number(const char *text, double *number)
{
    char *end;
    *number = strtod(text, &end);
    return end != text && !*end && isfinite(*number);
}

static bool read_threshold(const char *text, double *number)
{
    if (!strcmp(text, "never")) {
        *number = THRESHOLD_NEVER;
        return true;
    }
    return read_number(text, number) && *number <= 1;
}

static bool read_cost(const char *text, double *number)
{
    if (!read_number(text, number) || *number <= 0 || *number > COST_MAX)
        return false;
    *number = tuning_threshold_of_cost(*number);
    return true;
}

static bool read_half_life(const char *text, double *number)
{
    char *end;
    *number = strtod(text, &end);
    if (end == text || (*end != 'd' && *end != 'h') || end[1])
        return false;
    *number *= *end == 'd' ? 86400 : 3600;
    return isfinite(*number);
}

static const struct kind {
    const char *name;
    const char *behind; /* what stands behind the name that is written: "….half-life" */
    bool (*read)(const char *text, double *number);
    const char *wants;
} kinds[] = {
    {"threshold", "", read_threshold, "a probability (0 to 1), or never"},
    {"cost", "", read_cost, "a number above 0 and up to 1000000"},
    {"weight", "", read_number, "a number"},
    {"disable", "", NULL, NULL},
    {"half-life", ".half-life", read_half_life, "a number of days or hours, as 30d or 12h"},
    {"base-rate", ".base-rate", read_number, "a number"},
    {"strength", ".strength", read_number, "a number"},
    {"reset", "", NULL, NULL},
};

static bool fits(const struct kind *kind, size_t place)
{
    enum tuning_kind is = tuning_kind_of(place);
    bool threshold = !strcmp(kind->name, "threshold") || !strcmp(kind->name, "cost");
    bool weight = !strcmp(kind->name, "weight") || !strcmp(kind->name, "disable");
    return (!threshold || is == TUNING_THRESHOLD) &&
           (!weight || is == TUNING_CHECK || is == TUNING_FACTOR);
}

static bool set(struct tune_change *change, const struct kind *kind, const char *name,
                double number, struct error *error)
{
    char whole[2 * TUNING_NAME_SIZE];
    snprintf(whole, sizeof whole, "%.*s%s", TUNING_NAME_SIZE, name, kind->behind);
    size_t place = tuning_find(span_of(whole));
    if (place == TUNING_NUMBERS || !fits(kind, place))
        return false;
    if (!strcmp(kind->name, "reset")) {
        change->back[place] = true;
        change->numbers.numbers[place] = NAN;
        return true;
    }
    if (!tuning_check(place, number, error))
        return false;
    change->back[place] = false;
    change->by_cost[place] = !strcmp(kind->name, "cost");
    change->numbers.numbers[place] = number;
    return true;
}

/* Of both fronts, when none is named. */
static bool set_both(struct tune_change *change, const struct kind *kind, const char *name,
                     double number, struct error *error)
{
    static const char *const fronts[] = {"mail", "feed"};
    for (size_t i = 0; i < 2; i++) {
        char whole[TUNING_NAME_SIZE];
        snprintf(whole, sizeof whole, "%s.%.20s", fronts[i], name);
        if (!set(change, kind, whole, number, error))
            return false;
    }
    return true;
}

/* --- pins --- */

/* Of one that is pinned twice the last one counts. */
static struct tune_pin *pin_of(struct tune_change *change, const struct identity *identity,
                               struct error *error)
{
    for (size_t i = 0; i < change->pin_count; i++) {
        const struct identity *other = &change->pins[i].identity;
        if (other->type == identity->type && span_equal(other->value, identity->value))
            return &change->pins[i];
    }
    if (change->pin_count < TUNE_PINS_MAX)
        return &change->pins[change->pin_count++];
    error_set(error, ERROR_INPUT, "at most %d at once", TUNE_PINS_MAX);
    return NULL;
}

static bool add_pin(struct tune_change *change, const struct config *config, const char *text,
                    struct error *error)
{
    const char *blank = strchr(text, ' '), *equals = strrchr(text, '=');
    double log_odds;
    if (!blank || !equals || equals < blank || !read_number(equals + 1, &log_odds) ||
        fabs(log_odds) > LOG_ODDS_MAX)
        return error_set(error, ERROR_INPUT,
                         "pin: \"%.100s\" is no TYPE VALUE=LOG-ODDS with log-odds from -20 to 20",
                         text);
    struct document *scratch = document_new(CHANNEL_MAIL);
    struct span type = {text, (size_t)(blank - text)},
                value = {blank + 1, (size_t)(equals - blank) - 1};
    struct identity identity;
    bool good = identity_text_read(
        config, IDENTITY_RULED, arena_printf(scratch->arena, "%.*s", SPAN_ARGS(type)).data,
        arena_printf(scratch->arena, "%.*s", SPAN_ARGS(value)).data, scratch, &identity, error);
    json_t *utf8 = good ? json_stringn(identity.value.data, identity.value.length) : NULL;
    if (good && !utf8)
        good = error_set(error, ERROR_INPUT, "the value is not UTF-8");
    json_decref(utf8);
    struct tune_pin *pin = good ? pin_of(change, &identity, error) : NULL;
    if (pin) {
        memcpy(pin->text, identity.value.data, identity.value.length);
        pin->identity = (struct identity){identity.type, {pin->text, identity.value.length}};
        pin->centi = (int32_t)lround(log_odds * 100);
    } else {
        error_prefix(error, "pin");
    }
    document_free(scratch);
    return pin != NULL;
}

/* --- all of them --- */

const char *tune_change_name(size_t place, char name[TUNING_NAME_SIZE])
{
    static const char *const names[] = {
        [TUNING_THRESHOLD] = "threshold", [TUNING_CHECK] = "weight",
        [TUNING_FACTOR] = "weight",       [TUNING_HALF_LIFE] = "half-life",
        [TUNING_BASE_RATE] = "base-rate", [TUNING_STRENGTH] = "strength"};
    enum tuning_kind kind = tuning_kind_of(place);
    tuning_name(place, name);
    if (kind >= TUNING_HALF_LIFE)
        name[strcspn(name, ".")] = '\0';
    return names[kind];
}

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kinds[i].name, name))
            return &kinds[i];
    return NULL;
}

bool tune_change_add(struct tune_change *change, const struct config *config, const char *name,
                     const char *text, struct error *error)
{
    if (!strcmp(name, "pin"))
        return add_pin(change, config, text, error);
    const struct kind *kind = find_kind(name);
    const char *equals = strchr(text, '=');
    double number = 0;
    if (!kind)
        return error_set(error, ERROR_INPUT, "%.60s: nothing like that can be tuned", name);
    if (kind->read && !equals)
        return error_set(error, ERROR_INPUT, "%s: \"%.100s\" is no NAME=VALUE", name, text);
    if (kind->read && !kind->read(equals + 1, &number))
        return error_set(error, ERROR_INPUT, "%s %.*s: \"%.60s\" is not %s", name,
                         (int)(equals - text < 60 ? equals - text : 60), text, equals + 1,
                         kind->wants);
    char what[TUNING_NAME_SIZE];
    snprintf(what, sizeof what, "%.*s",
             (int)(kind->read && equals - text < 60 ? equals - text : 60), text);
    struct error refusal = {0};
    if (set(change, kind, what, number, &refusal) ||
        (!refusal.class && fits(kind, TUNING_MAIL) &&
         set_both(change, kind, what, number, &refusal)))
        return true;
    if (refusal.class == ERROR_NONE)
        error_set(&refusal, ERROR_INPUT,
                  "%s: there is no \"%s\"; weirctl tune show --all lists "
                  "what there is",
                  name, what);
    if (error)
        *error = refusal;
    return false;
}
