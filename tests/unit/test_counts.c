/* What counts.h promises of the log, of snapshots and of threads, of whatever store stands behind
 * it: each test gets an empty one. */
#include "tests/unit/counts_contract.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- the log --- */

struct seen {
    uint64_t version;
    size_t count, most;
    unsigned char last_document[LESSON_ID_BYTES];
};

static bool see(void *context, uint64_t version, const void *data, size_t length)
{
    struct seen *seen = context;
    struct lesson *lesson = lesson_decode(data, length, NULL);
    assert_non_null(lesson);
    assert_int_equal(version, seen->version + 1);
    memcpy(seen->last_document, lesson->document_id, LESSON_ID_BYTES);
    lesson_free(lesson);
    seen->version = version;
    seen->count++;
    return seen->count != seen->most;
}

static enum follow_outcome follow(struct fixture *fixture, struct seen *seen, unsigned wait_ms)
{
    return counts_follow(fixture->store, seen->version, wait_ms, SIZE_MAX, see, seen,
                         &fixture->error);
}

static void test_versions_are_dense_from_one(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 1; i <= 3; i++) {
        struct append_result result = teach(fixture, i, LABEL_SPAM, 0);
        assert_int_equal(result.outcome, APPEND_NEW);
        assert_int_equal(result.version, i);
    }
}

static void test_same_event_twice_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture, 1, LABEL_SPAM, 0);
    teach(fixture, 2, LABEL_SPAM, 0);
    struct append_result again = teach(fixture, 1, LABEL_SPAM, 0);
    assert_int_equal(again.outcome, APPEND_REPEATED);
    assert_int_equal(again.version, 1);
    assert_near(read_one(fixture, &host).spam_milli, 2000);
    struct counts_health health;
    good(counts_health(fixture->store, &health, &fixture->error));
    assert_int_equal(health.version, 2);
}

static void test_same_label_again_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture, 1, LABEL_SPAM, 0);
    struct append_result again = teach(fixture, 1, LABEL_SPAM, 1);
    assert_int_equal(again.outcome, APPEND_SAME_LABEL);
    assert_int_equal(again.version, 1);
    assert_int_equal(read_one(fixture, &host).spam_milli, 1000);
}

/* Else a lesson that changed nothing would, sent again, undo what came after it. */
static void test_same_label_sent_again_after_a_change_of_mind_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture, 1, LABEL_SPAM, 0);
    teach(fixture, 1, LABEL_SPAM, 1);
    assert_int_equal(teach(fixture, 1, LABEL_HAM, 2).outcome, APPEND_CORRECTED);
    assert_int_equal(teach(fixture, 1, LABEL_SPAM, 1).outcome, APPEND_REPEATED);
    assert_int_equal(read_one(fixture, &host).spam_milli, 0);
}

static void test_other_source_may_say_otherwise(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture, 1, LABEL_SPAM, 0);
    struct lesson lesson = lesson_about(1, LABEL_HAM, 0);
    lesson.source = SPAN("user:ann@example.org");
    lesson_set_event_id(&lesson, 0);
    assert_int_equal(append(fixture, &lesson).outcome, APPEND_NEW);
    struct reputation_counts counts = read_one(fixture, &host);
    assert_near(counts.spam_milli, 1000);
    assert_near(counts.ham_milli, 1000);
}

static void test_changed_label_takes_the_earlier_one_back_exactly(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture, 1, LABEL_SPAM, 0);
    struct append_result changed = teach(fixture, 1, LABEL_HAM, 1);
    assert_int_equal(changed.outcome, APPEND_CORRECTED);
    assert_int_equal(changed.version, 2);
    struct reputation_counts counts = read_one(fixture, &host);
    assert_int_equal(counts.spam_milli, 0);
    assert_near(counts.ham_milli, 1000);
}

static struct append_result withdraw(struct fixture *fixture, unsigned document, enum label label,
                                     uint64_t sequence)
{
    struct lesson lesson = lesson_about(document, label, sequence);
    lesson.withdrawn = true;
    lesson_set_event_id(&lesson, sequence);
    return append(fixture, &lesson);
}

static void test_withdrawn_label_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture, 1, LABEL_SPAM, 0);
    struct append_result result = withdraw(fixture, 1, LABEL_SPAM, 1);
    assert_int_equal(result.outcome, APPEND_CORRECTED);
    assert_int_equal(result.version, 2);
    struct reputation_counts counts = read_one(fixture, &host);
    assert_int_equal(counts.spam_milli, 0);
    assert_int_equal(counts.ham_milli, 0);
    assert_int_equal(withdraw(fixture, 1, LABEL_SPAM, 1).outcome, APPEND_REPEATED);
    assert_int_equal(withdraw(fixture, 1, LABEL_SPAM, 2).outcome, APPEND_SAME_LABEL);
    assert_int_equal(teach(fixture, 1, LABEL_SPAM, 3).outcome, APPEND_NEW);
    assert_int_equal(read_one(fixture, &host).spam_milli, 1000);
}

static void test_only_the_label_that_was_given_is_withdrawn(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture, 1, LABEL_SPAM, 0);
    assert_int_equal(withdraw(fixture, 1, LABEL_HAM, 1).outcome, APPEND_SAME_LABEL);
    assert_int_equal(withdraw(fixture, 2, LABEL_SPAM, 2).outcome, APPEND_SAME_LABEL);
    assert_int_equal(read_one(fixture, &host).spam_milli, 1000);
    struct counts_health health;
    good(counts_health(fixture->store, &health, &fixture->error));
    assert_int_equal(health.version, 1);
}

static void test_label_is_taken_back_from_the_identities_it_was_given_to(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture, 1, LABEL_SPAM, 0);
    struct lesson lesson = lesson_about(1, LABEL_HAM, 1);
    lesson.identities = &odd;
    append(fixture, &lesson);
    assert_int_equal(read_one(fixture, &host).spam_milli, 0);
    assert_int_equal(read_one(fixture, &odd).ham_milli, 1000);
}

/* Half a half-life after the first lesson others came; what is left of it is taken back. */
static void test_old_label_is_taken_back_by_what_is_left_of_it(void **state)
{
    struct fixture *fixture = *state;
    int64_t half_life = reputation_table_default.types[host.type].half_life_s, now = time(NULL);
    struct lesson old = lesson_about(1, LABEL_SPAM, 0);
    old.time_s = now - half_life / 2;
    append(fixture, &old);
    for (unsigned i = 2; i < 5; i++)
        teach(fixture, i, LABEL_SPAM, 0);
    assert_near(read_one(fixture, &host).spam_milli, 3707);
    teach(fixture, 1, LABEL_HAM, 1);
    assert_near(read_one(fixture, &host).spam_milli, 3000);
}

static void test_follower_sees_every_entry_in_order(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 1; i <= 600; i++)
        teach(fixture, i, LABEL_SPAM, 0);
    struct seen seen = {.version = 40};
    assert_int_equal(follow(fixture, &seen, 0), FOLLOW_DONE);
    assert_int_equal(seen.count, 560);
    struct lesson last = lesson_about(600, LABEL_SPAM, 0);
    assert_memory_equal(seen.last_document, last.document_id, LESSON_ID_BYTES);
}

static void test_follower_stops_where_it_is_told(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 1; i <= 5; i++)
        teach(fixture, i, LABEL_SPAM, 0);
    struct seen seen = {.most = 2};
    assert_int_equal(follow(fixture, &seen, 0), FOLLOW_DONE);
    assert_int_equal(seen.version, 2);
    seen.most = 0;
    assert_int_equal(counts_follow(fixture->store, 2, 0, 1, see, &seen, &fixture->error),
                     FOLLOW_DONE);
    assert_int_equal(seen.version, 3);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void test_waiting_follower_gives_up_after_its_time(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen = {0};
    int64_t start = now_ms();
    assert_int_equal(follow(fixture, &seen, 700), FOLLOW_DONE); /* longer than an answer may take */
    assert_int_equal(seen.count, 0);
    assert_true(now_ms() - start >= 650);
}

static void *teach_soon(void *context)
{
    nanosleep(&(struct timespec){0, 100000000}, NULL);
    teach(context, 1, LABEL_SPAM, 0);
    return NULL;
}

static void test_waiting_follower_sees_an_entry_at_once(void **state)
{
    struct fixture *fixture = *state;
    pthread_t teacher;
    assert_int_equal(pthread_create(&teacher, NULL, teach_soon, fixture), 0);
    struct seen seen = {0};
    int64_t start = now_ms();
    assert_int_equal(follow(fixture, &seen, 20000), FOLLOW_DONE);
    assert_true(now_ms() - start < 10000);
    assert_int_equal(seen.count, 1);
    pthread_join(teacher, NULL);
}

static void test_follower_ahead_of_the_log_is_sent_to_the_snapshot(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture, 1, LABEL_SPAM, 0);
    struct seen seen = {.version = 2};
    assert_int_equal(follow(fixture, &seen, 0), FOLLOW_TRIMMED);
}

static void test_many_lessons_are_appended_in_order(void **state)
{
    struct fixture *fixture = *state;
    enum { N = 150 };
    static struct lesson lessons[N];
    static const struct lesson *pointers[N];
    static struct append_result results[N];
    for (unsigned i = 0; i < N; i++) {
        lessons[i] = lesson_about(i, LABEL_SPAM, 0);
        pointers[i] = &lessons[i];
    }
    size_t done;
    good(counts_append(fixture->store, pointers, N, results, &done, &fixture->error));
    assert_int_equal(done, N);
    for (unsigned i = 0; i < N; i++)
        assert_int_equal(results[i].version, i + 1);
    assert_near(read_one(fixture, &host).spam_milli, N * 1000);
}

/* --- snapshots, replicas, key, health --- */

static bool save_features(struct fixture *fixture, uint64_t version, uint32_t features,
                          const char *text, bool *stored)
{
    struct snapshot snapshot = {version, features, (unsigned char *)(uintptr_t)text, strlen(text)};
    return counts_snapshot_save(fixture->store, &snapshot, stored, &fixture->error);
}

static bool save(struct fixture *fixture, uint64_t version, const char *text)
{
    bool stored;
    good(save_features(fixture, version, 7, text, &stored));
    return stored;
}

static void test_no_snapshot_has_version_zero(void **state)
{
    struct fixture *fixture = *state;
    struct snapshot snapshot;
    good(counts_snapshot_load(fixture->store, &snapshot, &fixture->error));
    assert_int_equal(snapshot.version, 0);
    snapshot_clear(&snapshot);
}

static void test_only_a_newer_snapshot_is_stored(void **state)
{
    struct fixture *fixture = *state;
    assert_true(save(fixture, 2000, "second"));
    assert_false(save(fixture, 1000, "first"));
    assert_false(save(fixture, 2000, "other"));
    struct snapshot snapshot;
    good(counts_snapshot_load(fixture->store, &snapshot, &fixture->error));
    assert_int_equal(snapshot.version, 2000);
    assert_int_equal(snapshot.feature_version, 7);
    assert_int_equal(snapshot.length, 6);
    assert_memory_equal(snapshot.data, "second", 6);
    snapshot_clear(&snapshot);
}

static void test_snapshot_of_older_features_is_refused(void **state)
{
    struct fixture *fixture = *state;
    bool stored;
    for (unsigned i = 1; i <= 4; i++)
        teach(fixture, i, LABEL_SPAM, 0);
    save(fixture, 2, "new");
    assert_false(save_features(fixture, 4, 6, "old", &stored));
    assert_false(stored);
    assert_int_equal(fixture->error.class, ERROR_INPUT);
    assert_string_equal(fixture->error.message,
                        "the stored one is of a newer weir (feature version 7, this one has 6); "
                        "upgrade this one");
    struct snapshot snapshot;
    good(counts_snapshot_load(fixture->store, &snapshot, &fixture->error));
    assert_int_equal(snapshot.version, 2);
    assert_memory_equal(snapshot.data, "new", 3);
    snapshot_clear(&snapshot);
    struct seen current = {.version = 2};
    assert_int_equal(follow(fixture, &current, 0), FOLLOW_DONE);
    assert_int_equal(current.version, 4);
}

static void test_snapshot_of_newer_features_takes_the_place_of_older(void **state)
{
    struct fixture *fixture = *state;
    bool stored;
    save(fixture, 1000, "old");
    good(save_features(fixture, 2000, 8, "new", &stored));
    assert_true(stored);
}

static void test_large_snapshot_survives(void **state)
{
    struct fixture *fixture = *state;
    struct snapshot saved = {1, 1, malloc(4000000), 4000000}, loaded;
    for (size_t i = 0; i < saved.length; i++)
        saved.data[i] = (unsigned char)(i * i >> 7);
    bool stored;
    good(counts_snapshot_save(fixture->store, &saved, &stored, &fixture->error));
    good(counts_snapshot_load(fixture->store, &loaded, &fixture->error));
    assert_int_equal(loaded.length, saved.length);
    assert_memory_equal(loaded.data, saved.data, saved.length);
    snapshot_clear(&saved);
    snapshot_clear(&loaded);
}

static void test_snapshot_trims_the_log_behind_it_only(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 1; i <= 10; i++)
        teach(fixture, i, LABEL_SPAM, 0);
    save(fixture, 6, "x");
    struct seen late = {.version = 2}, current = {.version = 6};
    assert_int_equal(follow(fixture, &late, 0), FOLLOW_TRIMMED);
    assert_int_equal(follow(fixture, &current, 0), FOLLOW_DONE);
    assert_int_equal(current.version, 10);
}

static void test_log_goes_on_after_it_was_trimmed_to_its_end(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 1; i <= 3; i++)
        teach(fixture, i, LABEL_SPAM, 0);
    save(fixture, 3, "x");
    assert_int_equal(teach(fixture, 4, LABEL_SPAM, 0).version, 4);
    struct seen seen = {.version = 3};
    assert_int_equal(follow(fixture, &seen, 0), FOLLOW_DONE);
    assert_int_equal(seen.version, 4);
}

static void test_slowest_replica_is_the_one_reported_lowest(void **state)
{
    struct fixture *fixture = *state;
    uint64_t slowest = 0;
    good(counts_replica_slowest(fixture->store, &slowest, &fixture->error));
    assert_true(slowest == UINT64_MAX);
    good(counts_replica_report(fixture->store, "gw1", 900, &fixture->error));
    good(counts_replica_report(fixture->store, "gw2", 5000, &fixture->error));
    good(counts_replica_slowest(fixture->store, &slowest, &fixture->error));
    assert_int_equal(slowest, 900);
    good(counts_replica_report(fixture->store, "gw1", 6000, &fixture->error));
    good(counts_replica_slowest(fixture->store, &slowest, &fixture->error));
    assert_int_equal(slowest, 5000);
}

static void test_key_is_made_once(void **state)
{
    struct fixture *fixture = *state;
    unsigned char first[COUNTS_KEY_BYTES], second[COUNTS_KEY_BYTES], none[COUNTS_KEY_BYTES] = {0};
    good(counts_installation_key(fixture->store, NULL, first, &fixture->error));
    good(counts_installation_key(fixture->store, NULL, second, &fixture->error));
    assert_memory_equal(first, second, COUNTS_KEY_BYTES);
    assert_memory_not_equal(first, none, COUNTS_KEY_BYTES);
}

static void test_key_that_is_proposed_serves_a_store_without_one(void **state)
{
    struct fixture *fixture = *state;
    const unsigned char known[COUNTS_KEY_BYTES] = "known from befo";
    unsigned char key[COUNTS_KEY_BYTES];
    good(counts_installation_key(fixture->store, known, key, &fixture->error));
    assert_memory_equal(key, known, COUNTS_KEY_BYTES);
}

static void test_key_that_is_proposed_replaces_none(void **state)
{
    struct fixture *fixture = *state;
    const unsigned char other[COUNTS_KEY_BYTES] = "of another time";
    unsigned char first[COUNTS_KEY_BYTES], second[COUNTS_KEY_BYTES];
    good(counts_installation_key(fixture->store, NULL, first, &fixture->error));
    good(counts_installation_key(fixture->store, other, second, &fixture->error));
    assert_memory_equal(first, second, COUNTS_KEY_BYTES);
}

static void test_health_of_an_empty_store(void **state)
{
    struct fixture *fixture = *state;
    struct counts_health health;
    good(counts_health(fixture->store, &health, &fixture->error));
    assert_int_equal(health.version, 0);
    assert_in_range(health.time_s, time(NULL) - 60, time(NULL) + 60);
    assert_true(health.run_id[0] != '\0');
}

/* --- threads --- */

struct worker {
    struct fixture *fixture;
    unsigned first;
};

static void *work(void *context)
{
    struct worker *worker = context;
    for (unsigned i = 0; i < 25; i++) {
        teach(worker->fixture, worker->first + i, LABEL_SPAM, 0);
        read_one(worker->fixture, &host);
    }
    return NULL;
}

static void test_threads_share_a_store(void **state)
{
    struct fixture *fixture = *state;
    enum { THREADS = 16 }; /* more than the pool has connections */
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){fixture, i * 100};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_near(read_one(fixture, &host).spam_milli, THREADS * 25 * 1000);
    struct seen seen = {0};
    assert_int_equal(follow(fixture, &seen, 0), FOLLOW_DONE);
    assert_int_equal(seen.version, THREADS * 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contract(test_versions_are_dense_from_one),
        contract(test_same_event_twice_changes_nothing),
        contract(test_same_label_again_changes_nothing),
        contract(test_same_label_sent_again_after_a_change_of_mind_changes_nothing),
        contract(test_other_source_may_say_otherwise),
        contract(test_changed_label_takes_the_earlier_one_back_exactly),
        contract(test_withdrawn_label_leaves_nothing),
        contract(test_only_the_label_that_was_given_is_withdrawn),
        contract(test_label_is_taken_back_from_the_identities_it_was_given_to),
        contract(test_old_label_is_taken_back_by_what_is_left_of_it),
        contract(test_follower_sees_every_entry_in_order),
        contract(test_follower_stops_where_it_is_told),
        contract(test_waiting_follower_gives_up_after_its_time),
        contract(test_waiting_follower_sees_an_entry_at_once),
        contract(test_follower_ahead_of_the_log_is_sent_to_the_snapshot),
        contract(test_many_lessons_are_appended_in_order),
        contract(test_no_snapshot_has_version_zero),
        contract(test_only_a_newer_snapshot_is_stored),
        contract(test_snapshot_of_older_features_is_refused),
        contract(test_snapshot_of_newer_features_takes_the_place_of_older),
        contract(test_large_snapshot_survives),
        contract(test_snapshot_trims_the_log_behind_it_only),
        contract(test_log_goes_on_after_it_was_trimmed_to_its_end),
        contract(test_slowest_replica_is_the_one_reported_lowest),
        contract(test_key_is_made_once),
        contract(test_key_that_is_proposed_serves_a_store_without_one),
        contract(test_key_that_is_proposed_replaces_none),
        contract(test_health_of_an_empty_store),
        contract(test_threads_share_a_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
