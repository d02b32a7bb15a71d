#include "core/replica.h"

#include "core/features.h"
#include "core/log.h"
#include "tests/unit/teaching.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/unit/counts_place.h"
#include "tests/unit/rounds.h"

struct fixture {
    struct counts_place *place;
    struct counts_store *store;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct error error = {0};
    fixture->place = counts_place_start(*state);
    fixture->store = counts_open(counts_place_url(fixture->place), NULL, &error);
    assert_non_null(fixture->store);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    counts_close(fixture->store);
    counts_place_free(fixture->place);
    free(fixture);
    return 0;
}

static void catch_up(struct replica *replica)
{
    struct error error = {0};
    if (!replica_catch_up(replica, &error))
        fail_msg("%s", error.message);
}

static uint64_t version_of(const struct replica *replica)
{
    return model_version(replica_model(replica));
}

static void assert_taught(const struct replica *replica, uint64_t last)
{
    struct model *expected = teaching_model(last);
    assert_int_equal(version_of(replica), last);
    assert_true(model_digest(replica_model(replica)) == model_digest(expected));
    model_free(expected);
}

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* Waits at most 10 s. */
static void assert_soon(bool (*holds)(void *context), void *context)
{
    for (int i = 0; i < 1000; i++) {
        if (holds(context))
            return;
        sleep_ms(10);
    }
    fail_msg("it did not come true within 10 s");
}

struct expected_version {
    struct replica *replica;
    uint64_t version;
};

static bool has_version(void *context)
{
    const struct expected_version *expected = context;
    return version_of(expected->replica) == expected->version;
}

static bool store_is_up(void *context)
{
    return replica_store_up(context);
}

static bool store_is_away(void *context)
{
    return !replica_store_up(context);
}

static void test_fresh_replica_is_not_ready(void **state)
{
    struct fixture *fixture = *state;
    struct replica *replica = replica_new(fixture->store, NULL);
    assert_false(replica_ready(replica));
    assert_false(replica_store_up(replica));
    replica_free(replica);
}

static void test_catching_up_applies_the_whole_log(void **state)
{
    struct fixture *fixture = *state;
    struct replica *replica = replica_new(fixture->store, NULL);
    teaching_append(fixture->store, 1, 300);
    catch_up(replica);
    assert_true(replica_ready(replica));
    assert_true(replica_store_up(replica));
    assert_taught(replica, 300);
    replica_free(replica);
}

static void test_snapshot_is_of_exactly_the_version_asked_for(void **state)
{
    struct fixture *fixture = *state;
    struct replica *replica = replica_new(fixture->store, NULL);
    struct model *expected = teaching_model(7), *stored = model_new();
    struct snapshot snapshot;
    struct error error = {0};
    teaching_append(fixture->store, 1, 10);
    assert_true(replica_snapshot_at(replica, 7, &error));
    assert_true(counts_snapshot_load(fixture->store, &snapshot, &error));
    assert_int_equal(snapshot.version, 7);
    assert_true(model_load(stored, &snapshot, &error));
    assert_true(model_digest(stored) == model_digest(expected));
    catch_up(replica);
    assert_taught(replica, 10);
    snapshot_clear(&snapshot);
    model_free(expected);
    model_free(stored);
    replica_free(replica);
}

static void test_snapshot_past_the_end_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    struct replica *replica = replica_new(fixture->store, NULL);
    struct error error = {0};
    teaching_append(fixture->store, 1, 3);
    assert_false(replica_snapshot_at(replica, 4, &error));
    assert_int_equal(error.class, ERROR_INPUT);
    replica_free(replica);
}

static void test_late_starter_is_bit_identical_from_the_snapshot(void **state)
{
    struct fixture *fixture = *state;
    struct replica *early = replica_new(fixture->store, NULL);
    struct replica *late = replica_new(fixture->store, NULL);
    struct error error = {0};
    const uint64_t lessons = rounds(1500, 150);
    teaching_append(fixture->store, 1, lessons);
    assert_true(replica_snapshot_at(early, lessons / 5 * 4, &error));
    catch_up(early);
    catch_up(late);
    assert_taught(early, lessons);
    assert_taught(late, lessons);
    replica_free(early);
    replica_free(late);
}

static void test_replica_behind_a_trimmed_log_loads_the_snapshot(void **state)
{
    struct fixture *fixture = *state;
    struct replica *behind = replica_new(fixture->store, NULL);
    struct replica *writer = replica_new(fixture->store, NULL);
    struct error error = {0};
    teaching_append(fixture->store, 1, 5);
    catch_up(behind);
    teaching_append(fixture->store, 6, 700);
    assert_true(replica_snapshot_at(writer, 600, &error));
    catch_up(behind);
    assert_taught(behind, 700);
    replica_free(behind);
    replica_free(writer);
}

static void test_snapshot_of_other_features_is_learned_from_anew(void **state)
{
    struct fixture *fixture = *state;
    struct replica *replica = replica_new(fixture->store, NULL);
    struct model *empty = model_new();
    struct error error = {0};
    bool stored;
    teaching_append(fixture->store, 1, 5);
    struct snapshot snapshot = {.version = 5,
                                .feature_version = FEATURE_VERSION + 1,
                                .data = (unsigned char *)strdup("other"),
                                .length = 5};
    assert_true(counts_snapshot_save(fixture->store, &snapshot, &stored, &error));
    catch_up(replica);
    model_skip(empty, 5);
    assert_true(model_digest(replica_model(replica)) == model_digest(empty));
    snapshot_clear(&snapshot);
    model_free(empty);
    replica_free(replica);
}

static void test_thread_follows_what_others_append(void **state)
{
    struct fixture *fixture = *state;
    struct replica *replica = replica_new(fixture->store, NULL);
    struct error error = {0};
    assert_true(replica_start(replica, &error));
    assert_soon(store_is_up, replica);
    for (uint64_t last = 100; last <= 300; last += 100) {
        teaching_append(fixture->store, last - 99, last);
        assert_soon(has_version, &(struct expected_version){replica, last});
    }
    assert_taught(replica, 300);
    replica_free(replica);
}

static bool is_reported(void *context)
{
    uint64_t slowest;
    struct error error = {0};
    assert_true(counts_replica_slowest(context, &slowest, &error));
    return slowest == 40;
}

static void test_thread_reports_how_far_it_is(void **state)
{
    struct fixture *fixture = *state;
    struct replica *replica = replica_new(fixture->store, "gateway-a");
    struct error error = {0};
    teaching_append(fixture->store, 1, 40);
    assert_true(replica_start(replica, &error));
    assert_soon(is_reported, fixture->store);
    replica_free(replica);
}

static void test_store_away_leaves_the_model_as_it_was(void **state)
{
    struct fixture *fixture = *state;
    struct replica *replica = replica_new(fixture->store, NULL);
    struct error error = {0};
    teaching_append(fixture->store, 1, 60);
    assert_true(replica_start(replica, &error));
    assert_soon(has_version, &(struct expected_version){replica, 60});
    counts_place_go_away(fixture->place);
    assert_soon(store_is_away, replica);
    assert_true(replica_ready(replica));
    assert_taught(replica, 60);
    replica_free(replica);
}

static void test_emptied_store_is_scored_without_until_it_is_taught(void **state)
{
    struct fixture *fixture = *state;
    struct replica *replica = replica_new(fixture->store, NULL);
    struct error error = {0};
    unsigned char key[COUNTS_KEY_BYTES];
    teaching_append(fixture->store, 1, 60);
    assert_true(replica_start(replica, &error));
    assert_soon(has_version, &(struct expected_version){replica, 60});
    memcpy(key, replica_key(replica), sizeof key);
    counts_place_go_away(fixture->place);
    assert_soon(store_is_away, replica);
    counts_place_come_back_empty(fixture->place);
    assert_soon(store_is_up, replica);
    sleep_ms(1200);
    assert_taught(replica, 60);
    assert_memory_equal(replica_key(replica), key, sizeof key);
    teaching_append(fixture->store, 1, 2);
    assert_soon(has_version, &(struct expected_version){replica, 2});
    assert_taught(replica, 2);
    replica_free(replica);
}

static void test_emptied_store_is_given_the_key_it_had(void **state)
{
    struct fixture *fixture = *state;
    struct replica *replica = replica_new(fixture->store, NULL);
    struct error error = {0};
    unsigned char key[COUNTS_KEY_BYTES];
    catch_up(replica);
    counts_place_go_away(fixture->place);
    counts_place_come_back_empty(fixture->place);
    for (int i = 0; i < 100 && !replica_catch_up(replica, &error); i++)
        sleep_ms(50);
    assert_true(counts_installation_key(fixture->store, NULL, key, &error));
    assert_memory_equal(replica_key(replica), key, sizeof key);
    replica_free(replica);
}

/* As after a crash that lost the end of the log, with other lessons in its place. */
static void test_log_with_another_past_is_read_again(void **state)
{
    struct fixture *fixture = *state;
    struct replica *replica = replica_new(fixture->store, NULL);
    teaching_append(fixture->store, 500, 560);
    catch_up(replica);
    counts_place_go_away(fixture->place);
    counts_place_come_back_empty(fixture->place);
    struct error error = {0};
    for (int i = 0; i < 100 && !replica_catch_up(replica, &error); i++)
        sleep_ms(50);
    teaching_append(fixture->store, 1, 80);
    catch_up(replica);
    assert_taught(replica, 80);
    replica_free(replica);
}

/* Teaches in a process of its own; its exit code is 0 when all lessons were taken. */
static pid_t fork_teacher(struct fixture *fixture, uint64_t first, uint64_t last)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    const struct counts_options options = {.timeout_ms = 20000};
    struct error error = {0};
    struct counts_store *store = counts_open(counts_place_url(fixture->place), &options, &error);
    bool fine = store != NULL;
    for (uint64_t number = first; fine && number <= last; number++) {
        uint32_t slots[TEACHING_SLOTS];
        struct append_result result;
        size_t done;
        struct lesson lesson = teaching_lesson(number, slots);
        fine = counts_append(store, &(const struct lesson *){&lesson}, 1, &result, &done, &error);
    }
    if (!fine)
        fprintf(stderr, "%s\n", error.message);
    counts_close(store);
    _exit(!fine);
}

static void test_replicas_of_what_several_processes_teach_are_bit_identical(void **state)
{
    struct fixture *fixture = *state;
    enum { TEACHERS = 4 };
    const uint64_t lessons = rounds(150, 30);
    pid_t teachers[TEACHERS];
    struct error error = {0};
    for (uint64_t i = 0; i < TEACHERS; i++)
        teachers[i] = fork_teacher(fixture, i * lessons + 1, (i + 1) * lessons);
    struct replica *during = replica_new(fixture->store, NULL);
    assert_true(replica_start(during, &error));
    for (int i = 0; i < TEACHERS; i++) {
        int status;
        assert_int_equal(waitpid(teachers[i], &status, 0), teachers[i]);
        assert_int_equal(status, 0);
    }
    assert_soon(has_version, &(struct expected_version){during, TEACHERS * lessons});
    struct replica *after = replica_new(fixture->store, NULL);
    catch_up(after);
    assert_int_equal(version_of(after), TEACHERS * lessons);
    assert_true(model_digest(replica_model(during)) == model_digest(replica_model(after)));
    replica_free(during);
    replica_free(after);
}

static void test_stopping_takes_less_than_a_second(void **state)
{
    struct fixture *fixture = *state;
    struct replica *replica = replica_new(fixture->store, NULL);
    struct error error = {0};
    struct timespec before, after;
    assert_true(replica_start(replica, &error));
    assert_soon(store_is_up, replica);
    clock_gettime(CLOCK_MONOTONIC, &before);
    replica_free(replica);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_true((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 <
                1000);
}

#define TEST(name) on_each_store(name, set_up, tear_down)

int main(void)
{
    log_open("test_replica", true);
    const struct CMUnitTest tests[] = {
        TEST(test_fresh_replica_is_not_ready),
        TEST(test_catching_up_applies_the_whole_log),
        TEST(test_snapshot_is_of_exactly_the_version_asked_for),
        TEST(test_snapshot_past_the_end_is_an_error),
        TEST(test_late_starter_is_bit_identical_from_the_snapshot),
        TEST(test_replica_behind_a_trimmed_log_loads_the_snapshot),
        TEST(test_snapshot_of_other_features_is_learned_from_anew),
        TEST(test_thread_follows_what_others_append),
        TEST(test_thread_reports_how_far_it_is),
        TEST(test_store_away_leaves_the_model_as_it_was),
        TEST(test_emptied_store_is_scored_without_until_it_is_taught),
        TEST(test_emptied_store_is_given_the_key_it_had),
        TEST(test_log_with_another_past_is_read_again),
        TEST(test_replicas_of_what_several_processes_teach_are_bit_identical),
        TEST(test_stopping_takes_less_than_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
