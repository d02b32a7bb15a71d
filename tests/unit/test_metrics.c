#include "core/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static bool text_has(const char *line)
{
    size_t length;
    char *text = metrics_text(&length);
    bool found = strstr(text, line) != NULL && strlen(text) == length;
    free(text);
    return found;
}

static void test_a_counter_counts_under_its_labels(void **state)
{
    (void)state;
    metrics_start(METRICS_MILTER, "1.2");
    metrics_add(METRIC_DOCUMENTS, metrics_documents_cell("mail", "hold (observed)"), 2);
    metrics_add(METRIC_DOCUMENTS, metrics_documents_cell("feed", "accept"), 3);
    assert_true(text_has("weir_documents_total{channel=\"mail\",action=\"hold\"} 2\n"));
    assert_true(text_has("weir_documents_total{channel=\"feed\",action=\"accept\"} 3\n"));
    assert_true(text_has("weir_documents_total{channel=\"mail\",action=\"accept\"} 0\n"));
}

static void test_an_unforeseen_status_is_counted_as_other(void **state)
{
    (void)state;
    metrics_start(METRICS_FEEDFILTER, "1.2");
    metrics_add(METRIC_RESPONSES, metrics_response_cell(200), 1);
    metrics_add(METRIC_RESPONSES, metrics_response_cell(418), 1);
    assert_true(text_has("weir_http_responses_total{code=\"200\"} 1\n"));
    assert_true(text_has("weir_http_responses_total{code=\"other\"} 1\n"));
}

static void test_buckets_of_a_histogram_add_up(void **state)
{
    (void)state;
    metrics_start(METRICS_MILTER, "1.2");
    metrics_observe(METRIC_JUDGING, 0, 0.0005);
    metrics_observe(METRIC_JUDGING, 0, 0.002);
    metrics_observe(METRIC_JUDGING, 0, 7);
    assert_true(text_has("weir_judging_seconds_bucket{le=\"0.0005\"} 1\n"));
    assert_true(text_has("weir_judging_seconds_bucket{le=\"1\"} 2\n"));
    assert_true(text_has("weir_judging_seconds_bucket{le=\"+Inf\"} 3\n"));
    assert_true(text_has("weir_judging_seconds_sum 7.002500000\n"));
    assert_true(text_has("weir_judging_seconds_count 3\n"));
}

static void test_a_gauge_is_what_was_set_last(void **state)
{
    (void)state;
    metrics_start(METRICS_MILTER, "1.2");
    metrics_set(METRIC_COUNTS_UP, 0, 1);
    metrics_set(METRIC_COUNTS_UP, 0, 0);
    assert_true(text_has("weir_counts_up 0\n"));
}

static void test_a_program_shows_its_own_rows_only(void **state)
{
    (void)state;
    metrics_start(METRICS_RELEASE, "1.2");
    assert_false(text_has("weir_documents_total"));
    assert_true(text_has("weir_build_info{program=\"weir-release\",version=\"1.2\"} 1\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_counter_counts_under_its_labels),
        cmocka_unit_test(test_an_unforeseen_status_is_counted_as_other),
        cmocka_unit_test(test_buckets_of_a_histogram_add_up),
        cmocka_unit_test(test_a_gauge_is_what_was_set_last),
        cmocka_unit_test(test_a_program_shows_its_own_rows_only),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
