#include "core/first_seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define NOW 1700000000
#define HOUR 3600
#define SINCE (NOW - FIRST_SEEN_AFTER_S)

/* How new a document is that links to domains of which that is known, and comes from one never
 * seen. */
static double strength(const struct reputation_counts *links, size_t n, int64_t since_s,
                       const char *detail)
{
    static const char *const names[] = {"one.example", "two.example"};
    struct reputation_counts counts[3] = {{0}};
    struct document *document = document_new(CHANNEL_MAIL);
    document_add_identity(document, IDENTITY_FROM_DOMAIN, SPAN("new.example"));
    for (size_t i = 0; i < n; i++) {
        document_add_identity(document, IDENTITY_LINK_DOMAIN, span_of(names[i]));
        counts[1 + i] = links[i];
    }
    first_seen_note(document, counts, since_s, NOW);
    double found = document->first_seen;
    if (detail)
        assert_true(span_equal(document->first_seen_detail, span_of(detail)));
    document_free(document);
    return found;
}

static const struct reputation_counts never = {0};

static struct reputation_counts seen(int64_t ago_s)
{
    return (struct reputation_counts){.seen_milli = 1000, .time_s = NOW, .first_s = NOW - ago_s};
}

static void assert_about(double value, double expected)
{
    assert_true(value > expected - 0.01 && value < expected + 0.01);
}

static void test_what_was_never_seen_is_new(void **state)
{
    (void)state;
    assert_about(strength(&never, 1, SINCE, "one.example, never seen before"), 1);
}

static void test_newness_fades_within_a_day(void **state)
{
    (void)state;
    struct reputation_counts counts = seen(240);
    assert_about(strength(&counts, 1, SINCE, "one.example, first seen 4 minutes ago"), 1);
    counts = seen(12 * HOUR + HOUR / 2);
    assert_about(strength(&counts, 1, SINCE, "one.example, first seen 12 hours ago"), 0.5);
    counts = seen(24 * HOUR);
    assert_about(strength(&counts, 1, SINCE, NULL), 0);
}

static void test_one_known_link_is_enough(void **state)
{
    (void)state;
    struct reputation_counts both[2] = {never, seen(30 * 24 * HOUR)};
    assert_about(strength(both, 2, SINCE, NULL), 0);
    both[1] = seen(12 * HOUR + HOUR / 2);
    assert_about(strength(both, 2, SINCE, "two.example, first seen 12 hours ago"), 0.5);
}

static void test_what_somebody_taught_is_not_new(void **state)
{
    (void)state;
    struct reputation_counts counts = seen(60);
    counts.ham_milli = 1;
    assert_about(strength(&counts, 1, SINCE, NULL), 0);
}

static void test_what_is_older_than_the_counting_is_not_new(void **state)
{
    (void)state;
    struct reputation_counts counts = seen(60);
    counts.first_s = 0;
    assert_about(strength(&counts, 1, SINCE, NULL), 0);
}

/* Else what an admin pins would be judged otherwise than a replay foretold. */
static void test_override_changes_nothing(void **state)
{
    (void)state;
    struct reputation_counts counts = seen(0);
    counts.seen_milli = 0;
    counts.override = OVERRIDE_PIN;
    assert_about(strength(&counts, 1, SINCE, NULL), 1);
}

static void test_young_store_knows_nobody(void **state)
{
    (void)state;
    assert_about(strength(&never, 1, SINCE + 1, NULL), 0);
    assert_about(strength(&never, 1, 0, NULL), 0);
}

static void test_document_without_links_is_not_new(void **state)
{
    (void)state;
    assert_about(strength(NULL, 0, SINCE, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_never_seen_is_new),
        cmocka_unit_test(test_newness_fades_within_a_day),
        cmocka_unit_test(test_one_known_link_is_enough),
        cmocka_unit_test(test_what_somebody_taught_is_not_new),
        cmocka_unit_test(test_what_is_older_than_the_counting_is_not_new),
        cmocka_unit_test(test_override_changes_nothing),
        cmocka_unit_test(test_young_store_knows_nobody),
        cmocka_unit_test(test_document_without_links_is_not_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
