#include "core/ridge.h"

#include "core/verdict.h"
#include "store/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MOST 50
#define STEP_LEAST 1e-6
#define STEP_MOST 1.0 /* of any weight at once: Newton's step may overshoot far from the end */

static double sum_of(const struct ridge_data *data, size_t sample, const double *weights)
{
    const double *row = &data->values[sample * data->width];
    double sum = data->offsets[sample];
    for (size_t i = 0; i < data->width; i++)
        sum += row[i] * weights[i];
    return sum;
}

/* Gradient of the log posterior, and its negative second derivatives (lower half). */
static void derive(const struct ridge_data *data, const double *deviations, const double *mean,
                   const double *weights, double *gradient, double *hessian)
{
    size_t n = data->width;
    memset(hessian, 0, n * n * sizeof *hessian);
    for (size_t i = 0; i < n; i++) {
        double precision = 1 / (deviations[i] * deviations[i]);
        gradient[i] = -(weights[i] - mean[i]) * precision;
        hessian[i * n + i] = precision;
    }
    for (size_t sample = 0; sample < data->count; sample++) {
        const double *row = &data->values[sample * n];
        double p = probability_of(sum_of(data, sample, weights));
        double residual = (data->labels[sample] ? 1 : 0) - p;
        for (size_t i = 0; i < n; i++) {
            if (row[i] == 0)
                continue;
            gradient[i] += residual * row[i];
            for (size_t j = 0; j <= i; j++)
                hessian[i * n + j] += p * (1 - p) * row[i] * row[j];
        }
    }
}

/* Solves hessian · x = gradient, in place of the gradient, by Cholesky's decomposition; the prior
 * keeps the matrix positive definite. */
static void solve(size_t n, double *matrix, double *vector)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = matrix[i * n + j];
            for (size_t k = 0; k < j; k++)
                sum -= matrix[i * n + k] * matrix[j * n + k];
            matrix[i * n + j] = i == j ? sqrt(fmax(sum, 1e-12)) : sum / matrix[j * n + j];
        }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++)
            vector[i] -= matrix[i * n + k] * vector[k];
        vector[i] /= matrix[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++)
            vector[i] -= matrix[k * n + i] * vector[k];
        vector[i] /= matrix[i * n + i];
    }
}

void ridge_fit(const struct ridge_data *data, const double *deviations, double *weights)
{
    size_t n = data->width;
    if (!n)
        return;
    double *mean = memory_new(n * sizeof *mean);
    double *gradient = memory_new(n * sizeof *gradient);
    double *hessian = memory_new(n * n * sizeof *hessian);
    memcpy(mean, weights, n * sizeof *mean);
    double longest = INFINITY;
    for (int step = 0; step < STEPS_MOST && longest > STEP_LEAST; step++) {
        derive(data, deviations, mean, weights, gradient, hessian);
        solve(n, hessian, gradient);
        longest = 0;
        for (size_t i = 0; i < n; i++) {
            double move = fmax(-STEP_MOST, fmin(STEP_MOST, gradient[i]));
            weights[i] += move;
            longest = fmax(longest, fabs(move));
        }
    }
    free(hessian);
    free(gradient);
    free(mean);
}
