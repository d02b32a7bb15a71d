#include "admin/evaluate_figures.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/memory.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define assert_near(a, b) assert_true(fabs((a) - (b)) < 1e-12)

static const enum label H = LABEL_HAM, S = LABEL_SPAM;

static double roca_of(struct scored *scored, size_t count)
{
    scored_sort(scored, count);
    return scored_roca(scored, count);
}

static void test_told_apart_is_no_error(void **state)
{
    (void)state;
    struct scored scored[] = {{2, S}, {-1, H}, {-3, H}, {5, S}};
    assert_near(roca_of(scored, COUNT(scored)), 0);
}

static void test_the_wrong_way_round_is_all_error(void **state)
{
    (void)state;
    struct scored scored[] = {{2, H}, {-1, S}, {-3, S}};
    assert_near(roca_of(scored, COUNT(scored)), 1);
}

static void test_equal_scores_are_half_an_error(void **state)
{
    (void)state;
    struct scored scored[] = {{0, H}, {0, S}, {0, S}, {0, H}};
    assert_near(roca_of(scored, COUNT(scored)), 0.5);
}

static void test_one_pair_in_six_inverted(void **state)
{
    (void)state;
    struct scored scored[] = {{1, H}, {2, S}, {3, H}, {4, S}, {5, S}};
    assert_near(roca_of(scored, COUNT(scored)), 1.0 / 6);
}

/* Scores of few values, so that many are equal. */
static struct scored *random_scores(size_t count, uint64_t seed)
{
    struct scored *scored = memory_new(count * sizeof *scored);
    for (size_t i = 0; i < count; i++) {
        scored[i].label = random_next(&seed) % 3 ? LABEL_HAM : LABEL_SPAM;
        scored[i].score = (double)(random_next(&seed) % 40) / 4 - 5 + scored[i].label;
    }
    return scored;
}

/* By the definition: pair by pair. */
static void test_roca_is_the_share_of_pairs_inverted(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        size_t count = 20 + seed;
        struct scored *scored = random_scores(count, seed);
        double inverted = 0, pairs = 0;
        for (size_t i = 0; i < count; i++)
            for (size_t j = 0; j < count; j++) {
                if (scored[i].label != LABEL_HAM || scored[j].label != LABEL_SPAM)
                    continue;
                pairs++;
                inverted += scored[i].score > scored[j].score    ? 1
                            : scored[i].score == scored[j].score ? 0.5
                                                                 : 0;
            }
        assert_near(roca_of(scored, count), inverted / pairs);
        free(scored);
    }
}

static void test_missed_allows_the_ham_that_may_be_misjudged(void **state)
{
    (void)state;
    struct scored scored[] = {{1, H}, {2, S}, {3, H}, {4, S}, {5, H}, {6, S}, {7, H}, {8, S}};
    assert_near(scored_missed(scored, COUNT(scored), 0), 0.75);
    assert_near(scored_missed(scored, COUNT(scored), 0.24), 0.75);
    assert_near(scored_missed(scored, COUNT(scored), 0.25), 0.5);
    assert_near(scored_missed(scored, COUNT(scored), 0.5), 0.25);
}

static void test_spam_as_high_as_the_threshold_is_missed(void **state)
{
    (void)state;
    struct scored scored[] = {{1, H}, {3, S}, {3, H}, {3, S}, {4, S}};
    assert_near(scored_missed(scored, COUNT(scored), 0.001), 2.0 / 3);
}

/* By the definition: the best of all thresholds at a ham that let no more ham be above them. */
static void test_missed_agrees_with_a_count_for_each_threshold(void **state)
{
    (void)state;
    static const double allowed[] = {0.001, 0.1, 0.3, 0.9};
    for (uint64_t seed = 1; seed <= 50; seed++) {
        size_t count = 30 + seed;
        struct scored *scored = random_scores(count, seed);
        scored_sort(scored, count);
        size_t ham = scored_of(scored, count, H), spam = scored_of(scored, count, S);
        for (size_t a = 0; a < COUNT(allowed); a++) {
            double best = 1;
            for (size_t t = 0; t < count; t++) {
                size_t above = 0, missed = 0;
                for (size_t i = 0; i < count; i++) {
                    above += scored[i].label == H && scored[i].score > scored[t].score;
                    missed += scored[i].label == S && scored[i].score <= scored[t].score;
                }
                if (scored[t].label == H && (double)above <= allowed[a] * (double)ham &&
                    (double)missed / (double)spam < best)
                    best = (double)missed / (double)spam;
            }
            assert_near(scored_missed(scored, count, allowed[a]), best);
        }
        free(scored);
    }
}

static void test_reaching_counts_one_label_from_the_threshold_on(void **state)
{
    (void)state;
    struct scored scored[] = {{0, H}, {0, S}, {-1, S}, {3, S}, {3, H}, {-2, H}};
    assert_near(scored_reaching(scored, COUNT(scored), S, 0.5), 2.0 / 3);
    assert_near(scored_reaching(scored, COUNT(scored), H, 0.9), 1.0 / 3);
    assert_near(scored_reaching(scored, COUNT(scored), H, 2), 0);
}

static double log_odds(double probability)
{
    return log(probability / (1 - probability));
}

static void test_probabilities_that_mean_what_they_say_are_calibrated(void **state)
{
    (void)state;
    struct scored scored[] = {{log_odds(0.25), H}, {log_odds(0.25), H}, {log_odds(0.25), S},
                              {log_odds(0.25), H}, {log_odds(0.75), S}, {log_odds(0.75), S},
                              {log_odds(0.75), S}, {log_odds(0.75), H}};
    assert_near(scored_calibration_error(scored, COUNT(scored)), 0);
}

static void test_calibration_error_is_weighed_by_bin(void **state)
{
    (void)state;
    struct scored scored[] = {
        {log_odds(0.9), H}, {log_odds(0.5), S}, {log_odds(0.5), H}, {log_odds(0.5), H}};
    assert_near(scored_calibration_error(scored, COUNT(scored)), (0.9 + 0.5) / 4);
}

static void test_certainty_has_a_bin(void **state)
{
    (void)state;
    struct scored scored[] = {{1000, S}, {-1000, H}, {1000, H}, {-1000, S}};
    assert_near(scored_calibration_error(scored, COUNT(scored)), 0.5);
}

static void test_interval_is_the_same_for_the_same_seed(void **state)
{
    (void)state;
    struct scored *scored = random_scores(300, 7);
    scored_sort(scored, 300);
    struct interval a = scored_roca_interval(scored, 300, 100, 5);
    struct interval b = scored_roca_interval(scored, 300, 100, 5);
    struct interval c = scored_roca_interval(scored, 300, 100, 6);
    assert_true(a.low == b.low && a.high == b.high);
    assert_true(a.low != c.low || a.high != c.high);
    free(scored);
}

static void test_interval_of_a_sure_thing_is_a_point(void **state)
{
    (void)state;
    struct scored scored[] = {{-2, H}, {-1, H}, {1, S}, {2, S}, {3, S}};
    struct interval interval = scored_roca_interval(scored, COUNT(scored), 50, 1);
    assert_true(interval.low == 0 && interval.high == 0);
}

/* The normal approximation of Hanley and McNeil (1982) says about how wide it has to be. */
static void test_interval_is_as_wide_as_theory_says(void **state)
{
    (void)state;
    size_t count = 2000;
    struct scored *scored = random_scores(count, 11);
    scored_sort(scored, count);
    double area = 1 - scored_roca(scored, count);
    double ham = (double)scored_of(scored, count, H), spam = (double)count - ham;
    double q1 = area / (2 - area), q2 = 2 * area * area / (1 + area);
    double width = 2 * 1.96 *
                   sqrt((area * (1 - area) + (spam - 1) * (q1 - area * area) +
                         (ham - 1) * (q2 - area * area)) /
                        (ham * spam));
    struct interval interval = scored_roca_interval(scored, count, 1000, 3);
    assert_true(interval.low < 1 - area && 1 - area < interval.high);
    assert_true(fabs((interval.high - interval.low) / width - 1) < 0.2);
    free(scored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_told_apart_is_no_error),
        cmocka_unit_test(test_the_wrong_way_round_is_all_error),
        cmocka_unit_test(test_equal_scores_are_half_an_error),
        cmocka_unit_test(test_one_pair_in_six_inverted),
        cmocka_unit_test(test_roca_is_the_share_of_pairs_inverted),
        cmocka_unit_test(test_missed_allows_the_ham_that_may_be_misjudged),
        cmocka_unit_test(test_spam_as_high_as_the_threshold_is_missed),
        cmocka_unit_test(test_missed_agrees_with_a_count_for_each_threshold),
        cmocka_unit_test(test_reaching_counts_one_label_from_the_threshold_on),
        cmocka_unit_test(test_probabilities_that_mean_what_they_say_are_calibrated),
        cmocka_unit_test(test_calibration_error_is_weighed_by_bin),
        cmocka_unit_test(test_certainty_has_a_bin),
        cmocka_unit_test(test_interval_is_the_same_for_the_same_seed),
        cmocka_unit_test(test_interval_of_a_sure_thing_is_a_point),
        cmocka_unit_test(test_interval_is_as_wide_as_theory_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
