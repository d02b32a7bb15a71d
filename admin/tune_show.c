#include "admin/tune_show.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "admin/tune.h"
#include "core/reputation.h"

/* A number, and what it would be otherwise. */
struct shown {
    size_t place;
    char name[TUNING_NAME_SIZE];
    double number;
    bool tuned, in_file;
    char text[TUNE_TEXT_SIZE], configured[TUNE_TEXT_SIZE];
};

static void look_at_all(const struct config *config, const struct tuning *tuning,
                        void (*visit)(void *context, const struct shown *shown), void *context)
{
    struct config *defaults = config_defaults();
    struct scoring now, base, shipped;
    scoring_make(&now, config, tuning);
    scoring_make(&base, config, NULL);
    scoring_make(&shipped, defaults, NULL);
    config_release(defaults);
    for (size_t place = 0; place < TUNING_NUMBERS; place++) {
        struct shown shown = {.place = place,
                              .number = scoring_number(&now, place),
                              .tuned = !isnan(tuning->numbers[place])};
        if (!tuning_name(place, shown.name))
            continue;
        shown.in_file = scoring_number(&base, place) != scoring_number(&shipped, place);
        tune_number_text(place, shown.number, shown.text);
        tune_number_text(place, scoring_number(&base, place), shown.configured);
        visit(context, &shown);
    }
}

static void print_shown(void *context, const struct shown *shown)
{
    const bool *all = context;
    if (!*all && !shown->tuned && !shown->in_file && shown->place >= TUNING_CHECKS)
        return;
    if (shown->tuned)
        printf("%-30s %-8s tuned (configured: %s)\n", shown->name, shown->text, shown->configured);
    else
        printf("%-30s %-8s %s\n", shown->name, shown->text,
               shown->in_file ? "configuration file" : "default");
}

void tune_show_numbers(const struct config *config, const struct tuning *tuning, bool all)
{
    look_at_all(config, tuning, print_shown, &all);
}

static void put_shown(void *context, const struct shown *shown)
{
    struct json_writer *json = context;
    char of[TUNING_NAME_SIZE];
    const char *kind = tune_change_name(shown->place, of);
    int row = checks_find(shown->name);
    json_put_open(json, NULL, '{');
    json_put_string(json, "name", span_of(shown->name));
    json_put_string(json, "kind", span_of(kind));
    json_put_string(json, "of", span_of(of));
    json_put_number(json, "number", shown->number, 6);
    json_put_string(json, "text", span_of(shown->text));
    json_put_string(json, "configured", span_of(shown->configured));
    json_put_string(json, "from",
                    span_of(shown->tuned     ? "tuned"
                            : shown->in_file ? "file"
                                             : "default"));
    if (row >= 0)
        json_put_string(json, "words", span_of(checks_all(&(size_t){0})[row].words));
    json_put_close(json, '}');
}

void tune_show_put(struct json_writer *json, const struct config *config,
                   const struct tuning *tuning)
{
    json_put_open(json, "numbers", '[');
    look_at_all(config, tuning, put_shown, json);
    json_put_close(json, ']');
}

static bool has_part(size_t place, const char *name, const char *channel, const char *evidence)
{
    char quoted[TUNING_NAME_SIZE + 2];
    enum tuning_kind kind = tuning_kind_of(place);
    if (kind == TUNING_THRESHOLD)
        return strncmp(name, channel, strlen(channel)) == 0;
    if (kind == TUNING_CHECK || kind == TUNING_FACTOR) {
        snprintf(quoted, sizeof quoted, "\"%s\"", name);
        return strstr(evidence, quoted) != NULL;
    }
    size_t type = (place - TUNING_HALF_LIVES) % IDENTITY_TYPES;
    snprintf(quoted, sizeof quoted, "\"%s\"", reputation_symbol((enum identity_type)type));
    return strstr(evidence, quoted) != NULL;
}

void tune_show_part(const struct config *config, const struct tuning *tuning, const char *channel,
                    const char *evidence)
{
    struct scoring base;
    bool any = false;
    scoring_make(&base, config, NULL);
    for (size_t place = 0; place < TUNING_NUMBERS; place++) {
        char name[TUNING_NAME_SIZE], text[TUNE_TEXT_SIZE], former[TUNE_TEXT_SIZE];
        if (isnan(tuning->numbers[place]) || !tuning_name(place, name) ||
            !has_part(place, name, channel, evidence))
            continue;
        printf("%s%s %s (configured: %s)", any ? ", " : "tuned now: ", name,
               tune_number_text(place, tuning->numbers[place], text),
               tune_number_text(place, scoring_number(&base, place), former));
        any = true;
    }
    if (any)
        putchar('\n');
}
