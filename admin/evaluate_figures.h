/* evaluate_figures: how good a filter was, computed from what it said of documents whose labels are
 * known. Pure functions. */
#ifndef WEIR_EVALUATE_FIGURES_H
#define WEIR_EVALUATE_FIGURES_H

#include "store/lesson.h"

#include <stddef.h>
#include <stdint.h>

struct scored {
    double score; /* log-odds of spam */
    enum label label;
};

/* Lowest score first; what the functions below want, where they say so. */
void scored_sort(struct scored *scored, size_t count);

size_t scored_of(const struct scored *scored, size_t count, enum label label);

/* All of these want both labels among `scored`, and give a share from 0 to 1. */

/* 1-ROCA: the chance that a random ham scores above a random spam; equal scores count half.
 * Sorted. */
double scored_roca(const struct scored *sorted, size_t count);

/* The middle 95 % of what scored_roca() gives on `rounds` draws with replacement, as many ham and
 * spam each as there are (Efron and Tibshirani, An Introduction to the Bootstrap, chapter 13). The
 * same for the same seed. Sorted. */
struct interval {
    double low, high;
};
struct interval scored_roca_interval(const struct scored *sorted, size_t count, unsigned rounds,
                                     uint64_t seed);

/* Spam that is missed when the threshold is put so that at most `misjudged` of ham is above it.
 * Sorted. */
double scored_missed(const struct scored *sorted, size_t count, double misjudged);

/* Of the documents of `label`, those whose probability of spam is at least `threshold`. */
double scored_reaching(const struct scored *scored, size_t count, enum label label,
                       double threshold);

/* Expected calibration error: by how much the mean probability and the share of spam differ, in
 * bins of equal width of probability, each bin weighing as much as it holds. */
#define CALIBRATION_BINS 15u
double scored_calibration_error(const struct scored *scored, size_t count);

/* The next number of a sequence that starts with any seed (splitmix64). */
uint64_t random_next(uint64_t *state);

#endif
