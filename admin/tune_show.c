#include "admin/tune_show.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "admin/tune.h"
#include "core/reputation.h"

void tune_show_numbers(const struct config *config, const struct tuning *tuning, bool all)
{
    struct config *defaults = config_defaults();
    struct scoring now, base, shipped;
    scoring_make(&now, config, tuning);
    scoring_make(&base, config, NULL);
    scoring_make(&shipped, defaults, NULL);
    config_release(defaults);
    for (size_t place = 0; place < TUNING_NUMBERS; place++) {
        char name[TUNING_NAME_SIZE], text[TUNE_TEXT_SIZE], former[TUNE_TEXT_SIZE];
        bool tuned = !isnan(tuning->numbers[place]);
        bool set = scoring_number(&base, place) != scoring_number(&shipped, place);
        if (!tuning_name(place, name) || (!all && !tuned && !set && place >= TUNING_CHECKS))
            continue;
        tune_number_text(place, scoring_number(&now, place), text);
        tune_number_text(place, scoring_number(&base, place), former);
        if (tuned)
            printf("%-30s %-8s tuned (configured: %s)\n", name, text, former);
        else
            printf("%-30s %-8s %s\n", name, text, set ? "configuration file" : "default");
    }
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
