#include "admin/tune_suggest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/tune_words.h"
#include "core/override_list.h"
#include "core/ridge.h"
#include "store/memory.h"

#define SAMPLES_MOST 20000
#define FIRES_LEAST 5 /* documents on which a symbol speaks, before its weight is fitted */

/* How far weights are let go: standard deviations of the prior, of log-odds and of factors. */
#define CHECK_DEVIATION 0.5
#define FACTOR_DEVIATION 0.25
#define WEIGHT_STEP 0.05 /* that is proposed */
#define WEIGHT_LEAST 0.1 /* of a change that is worth proposing */

#define THRESHOLD_LEAST 0.5
#define THRESHOLD_MOST 0.9999
#define THRESHOLD_DIGITS 1e4

/* The places of weights in a tuning. */
#define FIRST TUNING_CHECKS
#define WIDTH (TUNING_HALF_LIVES - TUNING_CHECKS)

struct sample {
    double values[WIDTH]; /* what each weight is multiplied with */
    double offset;
    enum front front;
    bool spam;
};

struct samples {
    struct sample *items;
    size_t count;
    size_t labels[FRONTS][2];
    enum front front; /* being read */
    struct scoring unit;
    struct override_list overrides; /* of now */
    struct arena *arena;
};

/* --- what people judged --- */

/* By verdict.h's order of evidence: one of each symbol at most. */
static void take_evidence(struct sample *sample, const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->evidence_count; i++) {
        const struct evidence *evidence = &verdict->evidence[i];
        size_t place = tuning_find(span_of(evidence->symbol));
        if (place >= FIRST && place < FIRST + WIDTH)
            sample->values[place - FIRST] += evidence->log_odds;
        else
            sample->offset += evidence->log_odds;
    }
}

static bool read_sample(void *context, const struct kept_evidence *evidence)
{
    struct samples *samples = context;
    struct evidence_record record;
    arena_reset(samples->arena);
    if (!evidence->corrected || !evidence_record_decode(evidence->record, samples->arena, &record))
        return true;
    if (samples->count % 256 == 0)
        samples->items =
            memory_resize(samples->items, (samples->count + 256) * sizeof *samples->items);
    struct sample *sample = &samples->items[samples->count++];
    override_list_apply(&samples->overrides, &record);
    struct verdict verdict = evidence_record_verdict(&record, &samples->unit, samples->arena);
    *sample = (struct sample){.front = samples->front, .spam = evidence->label == LABEL_SPAM};
    take_evidence(sample, &verdict);
    samples->labels[samples->front][evidence->label]++;
    return samples->count < SAMPLES_MOST;
}

/* With all weights 1, so that evidence is what a weight is multiplied with. */
static bool read_samples(struct session *session, const struct scoring *now,
                         struct samples *samples, struct error *error)
{
    *samples = (struct samples){.unit = *now, .arena = arena_new()};
    bool good = override_list_read(&samples->overrides, session->store, time(NULL), error);
    for (size_t i = 0; i < CHECKS_MOST; i++)
        samples->unit.checks[i] = 1;
    for (size_t i = 0; i < IDENTITY_TYPES; i++)
        samples->unit.factors[i] = 1;
    samples->unit.content = 1;
    for (int front = 0; front < FRONTS && good; front++) {
        samples->front = (enum front)front;
        good = !session->records[front] ||
               records_evidence_list(session->records[front], read_sample, samples, error);
    }
    override_list_clear(&samples->overrides);
    arena_free(samples->arena);
    return good;
}

/* --- weights --- */

struct fit {
    size_t places[WIDTH]; /* behind FIRST, of those that are fitted */
    double weights[WIDTH], deviations[WIDTH];
    size_t width;
};

/* What the admin asks for stands. */
static bool is_given(const struct tune_change *change, size_t place)
{
    return change->back[place] ||
           (!isnan(change->numbers.numbers[place]) && !change->by_cost[place]);
}

static void choose_places(const struct samples *samples, const struct scoring *now,
                          const struct tune_change *change, struct fit *fit)
{
    for (size_t place = 0; place < WIDTH; place++) {
        size_t fires = 0;
        if (is_given(change, FIRST + place))
            continue;
        for (size_t i = 0; i < samples->count; i++)
            fires += samples->items[i].values[place] != 0;
        double weight = scoring_number(now, FIRST + place);
        if (fires < FIRES_LEAST || weight == 0) /* what the admin switched off stays off */
            continue;
        fit->places[fit->width] = place;
        fit->weights[fit->width] = weight;
        fit->deviations[fit->width++] =
            tuning_kind_of(FIRST + place) == TUNING_CHECK ? CHECK_DEVIATION : FACTOR_DEVIATION;
    }
}

static void fit_weights(const struct samples *samples, const double *now, struct fit *fit)
{
    double *values = memory_new(samples->count * fit->width * sizeof *values);
    double *offsets = memory_new(samples->count * sizeof *offsets);
    bool *labels = memory_new(samples->count * sizeof *labels);
    for (size_t i = 0; i < samples->count; i++) {
        const struct sample *sample = &samples->items[i];
        offsets[i] = sample->offset;
        labels[i] = sample->spam;
        for (size_t place = 0; place < WIDTH; place++)
            offsets[i] += sample->values[place] * now[place];
        for (size_t j = 0; j < fit->width; j++) {
            size_t place = fit->places[j];
            values[i * fit->width + j] = sample->values[place];
            offsets[i] -= sample->values[place] * now[place];
        }
    }
    ridge_fit(&(struct ridge_data){samples->count, fit->width, values, offsets, labels},
              fit->deviations, fit->weights);
    free(labels);
    free(offsets);
    free(values);
}

/* A weight keeps its sign, so that a reason for spam never becomes one for ham. */
static void propose_weights(const struct fit *fit, double *weights, struct tune_change *change)
{
    for (size_t i = 0; i < fit->width; i++) {
        size_t place = fit->places[i];
        double now = weights[place], wanted = fit->weights[i];
        wanted = now > 0 ? fmax(WEIGHT_STEP, wanted) : fmin(-WEIGHT_STEP, wanted);
        wanted = round(wanted / WEIGHT_STEP) * WEIGHT_STEP;
        if (fabs(wanted - now) < WEIGHT_LEAST || !tuning_check(FIRST + place, wanted, NULL))
            continue;
        weights[place] = wanted;
        change->numbers.numbers[FIRST + place] = wanted;
    }
}

/* --- threshold --- */

struct scored {
    double log_odds;
    bool spam;
};

static int by_log_odds(const void *left, const void *right)
{
    const struct scored *a = left, *b = right;
    return (a->log_odds > b->log_odds) - (a->log_odds < b->log_odds);
}

/* Documents in the order of their log-odds, and what a threshold costs that only goes up. */
struct sweep {
    const struct scored *scored;
    size_t count;
    size_t below;       /* how many are not held */
    size_t spam_missed; /* of these */
    size_t ham_held;
};

static struct sweep sweep_begin(struct scored *scored, size_t count)
{
    struct sweep sweep = {.scored = scored, .count = count};
    qsort(scored, count, sizeof *scored, by_log_odds);
    for (size_t i = 0; i < count; i++)
        sweep.ham_held += !scored[i].spam;
    return sweep;
}

static double sweep_cost(struct sweep *sweep, double threshold, double cost)
{
    for (; sweep->below < sweep->count; sweep->below++) {
        const struct scored *next = &sweep->scored[sweep->below];
        if (probability_of(next->log_odds) >= threshold)
            break;
        sweep->spam_missed += next->spam;
        sweep->ham_held -= !next->spam;
    }
    return (double)sweep->spam_missed + cost * (double)sweep->ham_held;
}

/* Halfway between two documents that follow each other, where the mistakes are cheapest; of equal
 * ones that which is nearest to the present one, which stays when none is better. */
static double cheapest(struct scored *scored, size_t count, double now, double cost)
{
    struct sweep sweep = sweep_begin(scored, count), present = sweep;
    double best = now, least = sweep_cost(&present, now, cost);
    for (size_t i = 0; i + 1 < count; i++) {
        if (scored[i].spam == scored[i + 1].spam)
            continue;
        double middle = probability_of((scored[i].log_odds + scored[i + 1].log_odds) / 2);
        middle = round(middle * THRESHOLD_DIGITS) / THRESHOLD_DIGITS;
        if (middle < THRESHOLD_LEAST || middle > THRESHOLD_MOST)
            continue;
        double sum = sweep_cost(&sweep, middle, cost);
        if (sum < least || (sum == least && best != now && fabs(middle - now) < fabs(best - now))) {
            least = sum;
            best = middle;
        }
    }
    return best;
}

static void propose_threshold(const struct samples *samples, enum front front,
                              const double *weights, double hold, struct tune_change *change)
{
    size_t place = (front == FRONT_MAIL ? TUNING_MAIL : TUNING_FEED) + 1, count = 0;
    if (hold >= 1 || is_given(change, place) || samples->labels[front][LABEL_HAM] < SUGGEST_LEAST ||
        samples->labels[front][LABEL_SPAM] < SUGGEST_LEAST)
        return;
    struct scored *scored = memory_new(samples->count * sizeof *scored);
    for (size_t i = 0; i < samples->count; i++) {
        const struct sample *sample = &samples->items[i];
        if (sample->front != front)
            continue;
        double sum = sample->offset;
        for (size_t j = 0; j < WIDTH; j++)
            sum += sample->values[j] * weights[j];
        scored[count++] = (struct scored){sum, sample->spam};
    }
    double best = cheapest(scored, count, hold, hold / (1 - hold));
    if (best != hold)
        change->numbers.numbers[place] = best;
    free(scored);
}

bool tune_suggest(struct session *session, const struct tune_state *state,
                  struct tune_change *change, struct error *error)
{
    struct scoring now;
    struct samples samples;
    struct fit fit = {.width = 0};
    double weights[WIDTH];
    struct tuning asked = state->tuning;
    tune_lay_change(change, &asked);
    scoring_make(&now, session->config, &asked);
    for (size_t place = 0; place < WIDTH; place++)
        weights[place] = scoring_number(&now, FIRST + place);
    bool good = read_samples(session, &now, &samples, error);
    size_t ham = samples.labels[FRONT_MAIL][LABEL_HAM] + samples.labels[FRONT_FEED][LABEL_HAM];
    size_t spam = samples.labels[FRONT_MAIL][LABEL_SPAM] + samples.labels[FRONT_FEED][LABEL_SPAM];
    if (good && (ham < SUGGEST_LEAST || spam < SUGGEST_LEAST))
        good = error_set(error, ERROR_INPUT,
                         "nothing is proposed: people judged %zu ham and %zu spam of what the "
                         "records keep, and %d of each are needed",
                         ham, spam, SUGGEST_LEAST);
    if (good) {
        choose_places(&samples, &now, change, &fit);
        fit_weights(&samples, weights, &fit);
        propose_weights(&fit, weights, change);
        propose_threshold(&samples, FRONT_MAIL, weights, now.mail.hold, change);
        propose_threshold(&samples, FRONT_FEED, weights, now.feed.hold, change);
    }
    free(samples.items);
    return good;
}
