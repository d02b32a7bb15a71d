#include "core/learn.h"

#include "core/rehearsal.h"

#include "core/log.h"
#include "tests/unit/teaching.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "tests/unit/counts_place.h"
#include "tests/unit/rounds.h"

struct fixture {
    struct counts_place *place;
    struct counts_store *store;
    struct replica *replica;
    struct learner *learner;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct error error = {0};
    fixture->place = counts_place_start(*state);
    fixture->store = counts_open(counts_place_url(fixture->place), NULL, &error);
    assert_non_null(fixture->store);
    fixture->replica = replica_new(fixture->store, NULL);
    assert_true(replica_catch_up(fixture->replica, &error));
    fixture->learner = learner_new(fixture->store, fixture->replica, "operator", TRUST_OPERATOR);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    learner_free(fixture->learner);
    replica_free(fixture->replica);
    counts_close(fixture->store);
    counts_place_free(fixture->place);
    free(fixture);
    return 0;
}

static void teach(struct learner *learner, uint64_t first, uint64_t last)
{
    for (uint64_t number = first; number <= last; number++) {
        uint32_t slots[TEACHING_SLOTS];
        struct error error = {0};
        struct lesson lesson = teaching_lesson(number, slots);
        if (!learner_add(learner, &lesson, lesson.label, &error))
            fail_msg("%s", error.message);
    }
}

static struct learn_sums finish(struct learner *learner)
{
    struct learn_sums sums;
    struct error error = {0};
    if (!learner_finish(learner, &sums, &error))
        fail_msg("%s", error.message);
    return sums;
}

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static uint64_t version_of(struct counts_store *store)
{
    struct counts_health health;
    struct error error = {0};
    assert_true(counts_health(store, &health, &error));
    return health.version;
}

static void test_taught_lessons_are_in_the_log_and_the_replica(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture->learner, 1, 150);
    struct learn_sums sums = finish(fixture->learner);
    assert_int_equal(sums.taught, 150);
    assert_int_equal(sums.repeated + sums.corrected, 0);
    assert_int_equal(version_of(fixture->store), 150);
    assert_int_equal(model_version(replica_model(fixture->replica)), 150);
}

static void test_same_label_again_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture->learner, 1, 10);
    teach(fixture->learner, 1, 10);
    struct learn_sums sums = finish(fixture->learner);
    assert_int_equal(sums.taught, 10);
    assert_int_equal(sums.repeated, 10);
    assert_int_equal(version_of(fixture->store), 10);
}

static void test_other_label_is_a_correction(void **state)
{
    struct fixture *fixture = *state;
    uint32_t slots[TEACHING_SLOTS];
    struct error error = {0};
    struct lesson lesson = teaching_lesson(1, slots);
    assert_true(learner_add(fixture->learner, &lesson, LABEL_SPAM, &error));
    finish(fixture->learner);
    assert_true(learner_add(fixture->learner, &lesson, LABEL_HAM, &error));
    struct learn_sums sums = finish(fixture->learner);
    assert_int_equal(sums.taught, 1);
    assert_int_equal(sums.corrected, 1);
    assert_true(model_log_odds(replica_model(fixture->replica), slots, TEACHING_SLOTS) < 0);
}

static bool keep_last_slot_count(void *context, uint64_t version, const void *data, size_t length)
{
    (void)version;
    struct lesson *lesson = lesson_decode(data, length, NULL);
    assert_non_null(lesson);
    *(size_t *)context = lesson->slot_count;
    lesson_free(lesson);
    return true;
}

/* One more spam mail that says what `count` did before it; ham says something else. */
static void teach_alike(struct fixture *fixture, enum label label, uint64_t first, uint64_t count)
{
    uint32_t slots[TEACHING_SLOTS];
    struct error error = {0};
    for (uint64_t number = first; number < first + count; number++) {
        struct lesson lesson = teaching_lesson(label == LABEL_SPAM ? 1 : 2, slots);
        memcpy(lesson.document_id, &number, sizeof number);
        assert_true(learner_add(fixture->learner, &lesson, label, &error));
    }
    finish(fixture->learner);
}

static size_t newest_slot_count(struct fixture *fixture)
{
    struct error error = {0};
    size_t count = 0;
    uint64_t before = version_of(fixture->store) - 1;
    assert_int_equal(
        counts_follow(fixture->store, before, 0, 10, keep_last_slot_count, &count, &error),
        FOLLOW_DONE);
    return count;
}

static void test_lesson_known_beyond_doubt_travels_without_slots(void **state)
{
    struct fixture *fixture = *state;
    teach_alike(fixture, LABEL_SPAM, 1, REHEARSAL_KEPT);
    assert_int_equal(newest_slot_count(fixture), TEACHING_SLOTS);
    teach_alike(fixture, LABEL_HAM, 10000, REHEARSAL_KEPT);
    teach_alike(fixture, LABEL_SPAM, 20000, 1);
    assert_int_equal(newest_slot_count(fixture), 0);
    assert_int_equal(model_lessons(replica_model(fixture->replica), SCRIPT_LATIN, LABEL_SPAM),
                     REHEARSAL_KEPT + 1);
}

static void test_crossing_a_thousand_writes_its_snapshot(void **state)
{
    struct fixture *fixture = *state;
    struct snapshot snapshot;
    struct error error = {0};
    teach(fixture->learner, 1, SNAPSHOT_EVERY + 30);
    finish(fixture->learner);
    assert_true(counts_snapshot_load(fixture->store, &snapshot, &error));
    assert_int_equal(snapshot.version, SNAPSHOT_EVERY);
    assert_int_equal(model_version(replica_model(fixture->replica)), SNAPSHOT_EVERY + 30);
    snapshot_clear(&snapshot);
}

static void test_two_gateways_taught_in_turn_end_bit_identical(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    struct replica *other_replica = replica_new(fixture->store, NULL);
    assert_true(replica_catch_up(other_replica, &error));
    struct learner *other = learner_new(fixture->store, other_replica, "user:ann", TRUST_USER);
    unsigned lessons = rounds(1200, 240);
    for (uint64_t number = 1; number <= lessons; number += 30) {
        teach(fixture->learner, number, number + 19);
        teach(other, number + 10, number + 29);
    }
    finish(fixture->learner);
    finish(other);
    assert_true(replica_catch_up(fixture->replica, &error));
    assert_int_equal(model_version(replica_model(other_replica)), version_of(fixture->store));
    assert_true(model_digest(replica_model(fixture->replica)) ==
                model_digest(replica_model(other_replica)));
    learner_free(other);
    replica_free(other_replica);
}

static void test_store_away_keeps_the_lessons_for_another_try(void **state)
{
    struct fixture *fixture = *state;
    struct learn_sums sums;
    struct error error = {0};
    counts_place_go_away(fixture->place);
    teach(fixture->learner, 1, 10);
    assert_false(learner_finish(fixture->learner, &sums, &error));
    assert_int_equal(error.class, ERROR_NETWORK);
    assert_non_null(strstr(error.message, "10 lessons were not taught"));
    counts_place_come_back_empty(fixture->place);
    sums = finish(fixture->learner);
    assert_int_equal(sums.taught, 10);
    assert_int_equal(version_of(fixture->store), 10);
}

/* A gateway that lives, and whose replica stays at 0 until the log is past 5,000, and 300 ms
 * longer. What fails because the store is busy is tried again: in this thread nothing may fail a
 * test. */
static void *be_slow(void *context)
{
    static uint64_t seen;
    struct counts_store *store = context;
    struct counts_health health = {0};
    struct error error = {0};
    while (!counts_health(store, &health, &error) || health.version <= 5000) {
        counts_replica_report(store, "slow", 0, &error);
        sleep_ms(5);
    }
    sleep_ms(300);
    while (!counts_health(store, &health, &error))
        sleep_ms(5);
    seen = health.version;
    counts_replica_report(store, "slow", UINT32_MAX, &error);
    return &seen;
}

static void test_bulk_learning_waits_for_a_slow_replica(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    pthread_t thread;
    void *seen;
    assert_true(counts_replica_report(fixture->store, "slow", 0, &error));
    assert_int_equal(pthread_create(&thread, NULL, be_slow, fixture->store), 0);
    teach(fixture->learner, 1, 6000);
    finish(fixture->learner);
    pthread_join(thread, &seen);
    assert_in_range(*(uint64_t *)seen, 5001, 5200);
    assert_int_equal(version_of(fixture->store), 6000);
}

#define TEST(name) on_each_store(name, set_up, tear_down)

int main(void)
{
    log_open("test_learn", true);
    const struct CMUnitTest tests[] = {
        TEST(test_taught_lessons_are_in_the_log_and_the_replica),
        TEST(test_same_label_again_changes_nothing),
        TEST(test_other_label_is_a_correction),
        TEST(test_lesson_known_beyond_doubt_travels_without_slots),
        TEST(test_crossing_a_thousand_writes_its_snapshot),
        TEST(test_two_gateways_taught_in_turn_end_bit_identical),
        TEST(test_store_away_keeps_the_lessons_for_another_try),
        with_sanitizers_only(
            on_store(test_bulk_learning_waits_for_a_slow_replica, redis, set_up, tear_down)),
        with_sanitizers_only(
            on_store(test_bulk_learning_waits_for_a_slow_replica, sqlite, set_up, tear_down)),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
