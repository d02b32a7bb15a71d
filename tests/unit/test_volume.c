/* What volume.h promises, on every kind of store. */
#include "core/volume.h"

#include "core/metrics.h"
#include "tests/unit/counts_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

struct fixture {
    struct counts_place *place;
    struct counts_store *store;
    struct volume *volume;
    struct error error;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    const struct counts_options options = {.timeout_ms = 10000};
    fixture->place = counts_place_start(*state);
    fixture->store = counts_open(counts_place_url(fixture->place), &options, &fixture->error);
    fixture->volume = volume_new(fixture->store);
    metrics_start(METRICS_MILTER, "test");
    metrics_set(METRIC_VOLUME_DROPPED, 0, 0);
    *state = fixture;
    return fixture->store ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    volume_free(fixture->volume);
    counts_close(fixture->store);
    counts_place_free(fixture->place);
    free(fixture);
    return 0;
}

static void add(struct fixture *fixture, enum identity_type type, const char *value)
{
    struct document *document = document_new(CHANNEL_MAIL);
    document_add_identity(document, type, span_of(value));
    document_add_identity(document, IDENTITY_HELO, SPAN("client"));
    volume_add(fixture->volume, document);
    document_free(document);
}

static uint32_t seen(struct fixture *fixture, enum identity_type type, const char *value)
{
    struct identity identity = {type, span_of(value)};
    struct reputation_counts counts;
    if (!counts_reputation_read(fixture->store, &identity, 1, &counts, &fixture->error))
        fail_msg("%s", fixture->error.message);
    return (counts.seen_milli + 500) / 1000;
}

static void end(struct fixture *fixture)
{
    volume_free(fixture->volume);
    fixture->volume = NULL;
}

static long dropped(void)
{
    size_t length;
    char *text = metrics_text(&length);
    const char *row = strstr(text, "\nweir_volume_dropped_total ");
    assert_non_null(row);
    long count = strtol(strchr(row, ' '), NULL, 10);
    free(text);
    return count;
}

static void test_documents_are_added_up(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 3; i++)
        add(fixture, IDENTITY_LINK_DOMAIN, "one.example");
    add(fixture, IDENTITY_LINK_DOMAIN, "two.example");
    add(fixture, IDENTITY_FROM_DOMAIN, "one.example");
    end(fixture);
    assert_int_equal(seen(fixture, IDENTITY_LINK_DOMAIN, "one.example"), 3);
    assert_int_equal(seen(fixture, IDENTITY_LINK_DOMAIN, "two.example"), 1);
    assert_int_equal(seen(fixture, IDENTITY_FROM_DOMAIN, "one.example"), 1);
    assert_int_equal(seen(fixture, IDENTITY_HELO, "client"), 5);
    assert_int_equal(dropped(), 0);
}

/* Within a second or so; a minute is for busy machines. */
static void test_thread_sends_what_gathered(void **state)
{
    struct fixture *fixture = *state;
    assert_true(volume_start(fixture->volume, &fixture->error));
    for (int round = 1; round <= 2; round++) {
        add(fixture, IDENTITY_LINK_DOMAIN, "one.example");
        for (int i = 0; i < 1200; i++) {
            if (seen(fixture, IDENTITY_LINK_DOMAIN, "one.example") == (uint32_t)round)
                break;
            nanosleep(&(struct timespec){0, 50000000}, NULL);
        }
        assert_int_equal(seen(fixture, IDENTITY_LINK_DOMAIN, "one.example"), round);
    }
}

static void test_what_the_store_does_not_take_is_dropped_and_counted(void **state)
{
    struct fixture *fixture = *state;
    counts_place_go_away(fixture->place);
    add(fixture, IDENTITY_LINK_DOMAIN, "one.example");
    end(fixture);
    assert_int_equal(dropped(), 2);
    counts_place_come_back_empty(fixture->place);
}

static void test_more_than_may_wait_is_dropped_and_counted(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < VOLUME_MOST / 2 + 10; i++)
        add(fixture, IDENTITY_LINK_DOMAIN, "one.example");
    assert_int_equal(dropped(), 20);
    end(fixture);
    assert_int_equal(seen(fixture, IDENTITY_LINK_DOMAIN, "one.example"), VOLUME_MOST / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_each_store(test_documents_are_added_up, set_up, tear_down),
        on_each_store(test_thread_sends_what_gathered, set_up, tear_down),
        on_each_store(test_what_the_store_does_not_take_is_dropped_and_counted, set_up, tear_down),
        on_each_store(test_more_than_may_wait_is_dropped_and_counted, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
