/* ridge: logistic regression drawn towards weights that are known already: the maximum a posteriori
 * under a Gaussian prior around them (Hastie et al., The Elements of Statistical Learning, 4.4), by
 * Newton's method. For tens of weights and thousands of samples. */
#ifndef WEIR_RIDGE_H
#define WEIR_RIDGE_H

#include <stdbool.h>
#include <stddef.h>

struct ridge_data {
    size_t count;          /* of samples */
    size_t width;          /* of weights */
    const double *values;  /* a row of `width` for each sample */
    const double *offsets; /* of each sample: log-odds that no weight is for */
    const bool *labels;    /* of each sample: spam */
};

/* Changes `weights`, which begin as the prior's mean, to those that fit best; deviations[i] is the
 * prior's for weight i, above 0. */
void ridge_fit(const struct ridge_data *data, const double *deviations, double *weights);

#endif
