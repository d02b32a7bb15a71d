#include "core/beta.h"

#include "core/reputation_posterior.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define assert_near(value, expected, least) assert_true(fabs((value) - (expected)) <= (least))

/* Values known in closed form: I_x(1, b) = 1 - (1-x)^b, I_x(a, 1) = x^a, I_x(1/2, 1/2) is the
 * arcsine law, I_x(2, 3) a polynomial. */
static void test_cumulative_is_that_of_closed_forms(void **state)
{
    (void)state;
    for (double x = 0.01; x < 1; x += 0.07) {
        assert_near(beta_cumulative(1, 7.5, x), 1 - pow(1 - x, 7.5), 1e-11);
        assert_near(beta_cumulative(0.3, 1, x), pow(x, 0.3), 1e-11);
        assert_near(beta_cumulative(0.5, 0.5, x), 2 / M_PI * asin(sqrt(x)), 1e-11);
        assert_near(beta_cumulative(2, 3, x), x * x * (6 - 8 * x + 3 * x * x), 1e-11);
    }
}

static void test_cumulative_holds_at_the_ends_and_for_large_counts(void **state)
{
    (void)state;
    assert_near(beta_cumulative(2, 3, 0), 0, 0);
    assert_near(beta_cumulative(2, 3, 1), 1, 0);
    assert_near(beta_cumulative(50000, 50000, 0.5), 0.5, 1e-9);
    /* symmetry */
    assert_near(beta_cumulative(3000, 40, 0.99), 1 - beta_cumulative(40, 3000, 0.01), 1e-9);
}

static void test_quantiles_undo_cumulative(void **state)
{
    (void)state;
    static const double cases[][3] = {{1, 1, 0.05},     {0.54, 1.26, 0.05}, {12.5, 1.3, 0.95},
                                      {900, 2.5, 0.05}, {0.1, 4, 0.95},     {4e6, 1e6, 0.5}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double *c = cases[i];
        double x = beta_quantile(c[0], c[1], c[2]);
        assert_true(x > 0 && x < 1);
        assert_near(beta_cumulative(c[0], c[1], x), c[2], 1e-6);
    }
    assert_near(beta_quantile(1, 1, 0.05), 0.05, 1e-9);
    assert_near(beta_quantile(1, 2, 0.95), 1 - sqrt(0.05), 1e-9);
    assert_near(beta_quantile(3, 1, 0.05), cbrt(0.05), 1e-9);
}

static void test_a_posterior_narrows_with_lessons_and_widens_with_time(void **state)
{
    (void)state;
    const struct reputation_table *table = &reputation_table_default;
    struct reputation_counts none = {0}, few = {.spam_milli = 3000}, many = {.spam_milli = 300000};
    struct reputation_posterior nothing =
        reputation_posterior(table, IDENTITY_LINK_DOMAIN, &none, 0);
    struct reputation_posterior three = reputation_posterior(table, IDENTITY_LINK_DOMAIN, &few, 0);
    struct reputation_posterior hundreds =
        reputation_posterior(table, IDENTITY_LINK_DOMAIN, &many, 0);
    struct reputation_posterior later =
        reputation_posterior(table, IDENTITY_LINK_DOMAIN, &many,
                             20 * (int64_t)table->types[IDENTITY_LINK_DOMAIN].half_life_s);
    double base_rate = table->types[IDENTITY_LINK_DOMAIN].base_rate;
    assert_near(nothing.mean, base_rate, 1e-12);
    assert_true(nothing.low < base_rate && nothing.high > base_rate);
    assert_true(three.mean > nothing.mean && three.low > nothing.low);
    assert_true(hundreds.low > 0.97 && hundreds.high - hundreds.low < three.high - three.low);
    assert_near(later.mean, base_rate, 0.001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cumulative_is_that_of_closed_forms),
        cmocka_unit_test(test_cumulative_holds_at_the_ends_and_for_large_counts),
        cmocka_unit_test(test_quantiles_undo_cumulative),
        cmocka_unit_test(test_a_posterior_narrows_with_lessons_and_widens_with_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
