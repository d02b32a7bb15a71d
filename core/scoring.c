#include "core/scoring.h"

#include "core/reputation.h"

#include <math.h>

/* Where a number of the tuning goes. */
static double *place_of(struct scoring *scoring, size_t place)
{
    struct thresholds *thresholds = place < TUNING_FEED ? &scoring->mail : &scoring->feed;
    double *const values[] = {&thresholds->tag, &thresholds->hold, &thresholds->reject};
    switch (tuning_kind_of(place)) {
    case TUNING_THRESHOLD:
        return values[place % TUNING_FEED];
    case TUNING_CHECK:
        return &scoring->checks[place - TUNING_CHECKS];
    case TUNING_FACTOR:
        return place == TUNING_CONTENT ? &scoring->content
                                       : &scoring->factors[place - TUNING_REPUTATIONS];
    case TUNING_BASE_RATE:
        return &scoring->reputations.types[place - TUNING_BASE_RATES].base_rate;
    case TUNING_STRENGTH:
        return &scoring->reputations.types[place - TUNING_STRENGTHS].strength;
    case TUNING_HALF_LIFE:
        break; /* is a whole number */
    }
    return NULL;
}

double scoring_number(const struct scoring *scoring, size_t place)
{
    const double *number = place_of((struct scoring *)(uintptr_t)scoring, place);
    return number ? *number : scoring->reputations.types[place - TUNING_HALF_LIVES].half_life_s;
}

static void put_number(struct scoring *scoring, size_t place, double number)
{
    double *at = place_of(scoring, place);
    if (at)
        *at = number;
    else
        scoring->reputations.types[place - TUNING_HALF_LIVES].half_life_s = (uint32_t)number;
}

void scoring_make(struct scoring *scoring, const struct config *config, const struct tuning *tuning)
{
    *scoring = (struct scoring){
        .mail = config->thresholds,
        .feed = config->thresholds,
        .content = 1,
        .reputations = config->reputations,
    };
    for (size_t i = 0; i < config->checks.count; i++)
        scoring->checks[i] = config->checks.weights[i];
    for (size_t i = 0; i < IDENTITY_TYPES; i++)
        scoring->factors[i] = 1;
    for (size_t place = 0; tuning && place < TUNING_NUMBERS; place++)
        if (!isnan(tuning->numbers[place]))
            put_number(scoring, place, tuning->numbers[place]);
}

const struct thresholds *scoring_thresholds(const struct scoring *scoring, enum channel channel)
{
    return channel == CHANNEL_FEED ? &scoring->feed : &scoring->mail;
}

double scoring_reputation_factor(const struct scoring *scoring, const char *symbol)
{
    for (int type = 0; type < IDENTITY_TYPES; type++)
        if (symbol == reputation_symbol((enum identity_type)type))
            return scoring->factors[type];
    return 1;
}
