/* beta: the Beta distribution, of which reputations have the posterior. */
#ifndef WEIR_BETA_H
#define WEIR_BETA_H

/* I_x(a, b), the regularised incomplete beta function: the probability of at most `x`. By the
 * continued fraction of the NIST Digital Library of Mathematical Functions, 8.17.22, evaluated with
 * Lentz's method (Press et al., Numerical Recipes, 6.4). `a` and `b` are above 0. */
double beta_cumulative(double a, double b, double x);

/* The x with beta_cumulative(a, b, x) = p, within 1e-9; by bisection. */
double beta_quantile(double a, double b, double p);

#endif
