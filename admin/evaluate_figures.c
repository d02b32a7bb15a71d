#include "admin/evaluate_figures.h"

#include <math.h>
#include <stdlib.h>

#include "core/verdict.h"
#include "store/memory.h"

static int compare_scores(const void *left, const void *right)
{
    const struct scored *a = left, *b = right;
    return (a->score > b->score) - (a->score < b->score);
}

void scored_sort(struct scored *scored, size_t count)
{
    if (count)
        qsort(scored, count, sizeof *scored, compare_scores);
}

size_t scored_of(const struct scored *scored, size_t count, enum label label)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += scored[i].label == label;
    return found;
}

/* Each document counting as often as `times` says; NULL: once. */
static double roca_of(const struct scored *sorted, size_t count, const uint32_t *times)
{
    double inverted = 0, spam_below = 0, ham = 0;
    for (size_t i = 0; i < count;) {
        double ham_here = 0, spam_here = 0;
        double score = sorted[i].score;
        for (; i < count && sorted[i].score == score; i++)
            *(sorted[i].label == LABEL_SPAM ? &spam_here : &ham_here) += times ? times[i] : 1;
        inverted += ham_here * (spam_below + spam_here / 2);
        spam_below += spam_here;
        ham += ham_here;
    }
    return inverted / ham / spam_below;
}

double scored_roca(const struct scored *sorted, size_t count)
{
    return roca_of(sorted, count, NULL);
}

uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int compare_numbers(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

struct interval scored_roca_interval(const struct scored *sorted, size_t count, unsigned rounds,
                                     uint64_t seed)
{
    size_t *places = memory_new(count * sizeof *places), ends[2] = {0, count};
    uint32_t *times = memory_new(count * sizeof *times);
    double *drawn = memory_new(rounds * sizeof *drawn);
    for (size_t i = 0; i < count; i++) /* ham from the front, spam from the back */
        places[sorted[i].label == LABEL_SPAM ? --ends[1] : ends[0]++] = i;
    for (unsigned round = 0; round < rounds; round++) {
        memset(times, 0, count * sizeof *times);
        for (size_t i = 0; i < ends[0]; i++)
            times[places[random_next(&seed) % ends[0]]]++;
        for (size_t i = ends[0]; i < count; i++)
            times[places[ends[0] + random_next(&seed) % (count - ends[0])]]++;
        drawn[round] = roca_of(sorted, count, times);
    }
    qsort(drawn, rounds, sizeof *drawn, compare_numbers);
    struct interval interval = {drawn[(size_t)(0.025 * (rounds - 1))],
                                drawn[(size_t)ceil(0.975 * (rounds - 1))]};
    free(drawn);
    free(times);
    free(places);
    return interval;
}

double scored_missed(const struct scored *sorted, size_t count, double misjudged)
{
    size_t ham = scored_of(sorted, count, LABEL_HAM), spam = count - ham;
    size_t above = (size_t)(misjudged * (double)ham);
    size_t at = count, missed = 0;
    for (size_t seen = 0; seen <= above && at > 0;)
        seen += sorted[--at].label == LABEL_HAM;
    double threshold = sorted[at].score;
    for (size_t i = 0; i < count && sorted[i].score <= threshold; i++)
        missed += sorted[i].label == LABEL_SPAM;
    return (double)missed / (double)spam;
}

double scored_reaching(const struct scored *scored, size_t count, enum label label,
                       double threshold)
{
    size_t reaching = 0;
    for (size_t i = 0; i < count; i++)
        reaching += scored[i].label == label && probability_of(scored[i].score) >= threshold;
    return (double)reaching / (double)scored_of(scored, count, label);
}

double scored_calibration_error(const struct scored *scored, size_t count)
{
    double excess[CALIBRATION_BINS] = {0}, error = 0;
    for (size_t i = 0; i < count; i++) {
        double probability = probability_of(scored[i].score);
        unsigned bin = (unsigned)(probability * CALIBRATION_BINS);
        bin = bin < CALIBRATION_BINS ? bin : CALIBRATION_BINS - 1;
        excess[bin] += probability - (scored[i].label == LABEL_SPAM);
    }
    for (unsigned bin = 0; bin < CALIBRATION_BINS; bin++)
        error += fabs(excess[bin]);
    return error / (double)count;
}
