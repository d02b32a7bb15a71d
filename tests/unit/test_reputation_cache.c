#include "core/reputation_cache.h"

#include "tests/unit/redis_server.h"
#include "tests/unit/teaching.h"

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
    struct redis_server *server;
    struct counts_store *store;
    struct reputation_cache *cache;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct error error = {0};
    fixture->server = redis_server_start(NULL);
    fixture->store = counts_open(redis_server_url(fixture->server), NULL, &error);
    assert_non_null(fixture->store);
    fixture->cache = reputation_cache_new();
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    reputation_cache_free(fixture->cache);
    counts_close(fixture->store);
    redis_server_free(fixture->server);
    free(fixture);
    return 0;
}

static const struct identity evil = {IDENTITY_LINK_DOMAIN, {"evil.example", 12}};

/* One spam lesson about evil.example. */
static void teach(struct counts_store *store, uint64_t number)
{
    uint32_t slots[TEACHING_SLOTS];
    struct lesson lesson = teaching_lesson(number, slots);
    const struct lesson *group = &lesson;
    struct append_result result;
    size_t done;
    struct error error = {0};
    lesson.label = LABEL_SPAM;
    lesson.identities = &evil;
    lesson.identity_count = 1;
    assert_true(counts_append(store, &group, 1, &result, &done, &error));
}

static uint32_t spam_milli(struct fixture *fixture, uint64_t version, bool fine)
{
    struct reputation_counts counts;
    struct error error = {0};
    assert_int_equal(
        reputation_cache_read(fixture->cache, fixture->store, version, &evil, 1, &counts, &error),
        fine);
    return counts.spam_milli;
}

static void test_first_read_asks_the_store(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture->store, 1);
    assert_in_range(spam_milli(fixture, 1, true), 990, 1000);
}

static void test_read_again_at_once_spares_the_store(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(spam_milli(fixture, 0, true), 0);
    teach(fixture->store, 1);
    assert_int_equal(spam_milli(fixture, 0, true), 0);
}

static void test_new_version_of_the_log_makes_answers_stale(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(spam_milli(fixture, 0, true), 0);
    teach(fixture->store, 1);
    assert_in_range(spam_milli(fixture, 1, true), 990, 1000);
}

static void test_answers_get_stale_with_time(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(spam_milli(fixture, 0, true), 0);
    teach(fixture->store, 1);
    nanosleep(&(struct timespec){REPUTATION_CACHE_VALID_MS / 1000, 100000000}, NULL);
    assert_in_range(spam_milli(fixture, 0, true), 990, 1000);
}

static void test_store_away_gives_what_was_last_read(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture->store, 1);
    assert_in_range(spam_milli(fixture, 1, true), 990, 1000);
    redis_server_kill(fixture->server);
    assert_in_range(spam_milli(fixture, 2, false), 990, 1000);
}

static void test_store_away_and_never_read_is_neutral(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture->store, 1);
    redis_server_kill(fixture->server);
    assert_int_equal(spam_milli(fixture, 1, false), 0);
}

static void test_types_are_told_apart(void **state)
{
    struct fixture *fixture = *state;
    struct identity both[2] = {evil, evil};
    struct reputation_counts counts[2];
    struct error error = {0};
    both[0].type = IDENTITY_HELO;
    teach(fixture->store, 1);
    assert_true(reputation_cache_read(fixture->cache, fixture->store, 1, both, 2, counts, &error));
    assert_true(reputation_cache_read(fixture->cache, fixture->store, 1, both, 2, counts, &error));
    assert_int_equal(counts[0].spam_milli, 0);
    assert_in_range(counts[1].spam_milli, 990, 1000);
}

static void test_more_than_it_holds_is_answered_rightly(void **state)
{
    struct fixture *fixture = *state;
    enum { MANY = 6000 };
    struct identity *identities = calloc(MANY, sizeof *identities);
    struct reputation_counts *counts = calloc(MANY, sizeof *counts);
    char(*names)[16] = calloc(MANY, sizeof *names);
    struct error error = {0};
    teach(fixture->store, 1);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "d%zu.example", i);
        identities[i] = (struct identity){IDENTITY_LINK_DOMAIN, span_of(names[i])};
    }
    identities[MANY / 2] = evil;
    for (int round = 0; round < 2; round++) {
        assert_true(reputation_cache_read(fixture->cache, fixture->store, 1, identities, MANY,
                                          counts, &error));
        for (size_t i = 0; i < MANY; i++)
            assert_int_equal(counts[i].spam_milli > 0, i == MANY / 2);
    }
    free(names);
    free(counts);
    free(identities);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_first_read_asks_the_store),
        TEST(test_read_again_at_once_spares_the_store),
        TEST(test_new_version_of_the_log_makes_answers_stale),
        TEST(test_answers_get_stale_with_time),
        TEST(test_store_away_gives_what_was_last_read),
        TEST(test_store_away_and_never_read_is_neutral),
        TEST(test_types_are_told_apart),
        TEST(test_more_than_it_holds_is_answered_rightly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
