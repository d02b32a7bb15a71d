#include "core/outbox.h"

#include "core/features.h"
#include "core/learn.h"
#include "core/log.h"
#include "core/rehearsal.h"
#include "store/memory.h"
#include "tests/unit/redis_server.h"
#include "tests/unit/rounds.h"
#include "tests/unit/teaching.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define LIMIT (4u << 20)

/* A Redis that loses nothing when it is killed. */
struct fixture {
    struct redis_server *server;
    struct counts_store *store;
    char directory[64], path[96], sent_path[104];
    struct journal *journal;
    struct replica *replica;
    struct learner *learner;
    struct error error;
};

#define good(call)                                                                                 \
    do {                                                                                           \
        if (!(call))                                                                               \
            fail_msg("%s", fixture->error.message);                                                \
    } while (0)

/* A learner of its own, as another process would be. */
static void use_learner(struct fixture *fixture, const char *source)
{
    learner_free(fixture->learner);
    fixture->learner = learner_new(fixture->store, fixture->replica, source, TRUST_OPERATOR);
    learner_use_journal(fixture->learner, fixture->journal);
}

static int set_up(void **state)
{
    static const char *const keeps_all[] = {"--appendonly", "yes", "--appendfsync", "always", NULL};
    struct fixture *fixture = memory_new(sizeof *fixture);
    fixture->server = redis_server_start(keeps_all);
    fixture->store = counts_open(redis_server_url(fixture->server), NULL, &fixture->error);
    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/weir-outbox-XXXXXX");
    if (!fixture->store || !mkdtemp(fixture->directory))
        return -1;
    snprintf(fixture->path, sizeof fixture->path, "%s/mail.journal", fixture->directory);
    snprintf(fixture->sent_path, sizeof fixture->sent_path, "%s.sent", fixture->path);
    fixture->journal = journal_new(fixture->path, LIMIT, 600);
    fixture->replica = replica_new(fixture->store, NULL);
    use_learner(fixture, "operator");
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    learner_free(fixture->learner);
    replica_free(fixture->replica);
    journal_free(fixture->journal);
    counts_close(fixture->store);
    redis_server_free(fixture->server);
    unlink(fixture->path);
    unlink(fixture->sent_path);
    int removed = rmdir(fixture->directory);
    free(fixture);
    return removed;
}

/* --- what happens to the store --- */

static void go_away(struct fixture *fixture)
{
    redis_server_kill(fixture->server);
}

static void wait_until_up(struct fixture *fixture)
{
    struct counts_health health;
    for (int i = 0; i < 500; i++) {
        if (counts_health(fixture->store, &health, &fixture->error))
            return;
        nanosleep(&(struct timespec){0, 20000000}, NULL);
    }
    fail_msg("%s", fixture->error.message);
}

static void come_back(struct fixture *fixture)
{
    redis_server_restart(fixture->server);
    wait_until_up(fixture);
}

/* Comes back with nothing of what it had. */
static void come_back_empty(struct fixture *fixture)
{
    redis_server_restart(fixture->server);
    free(redis_server_cli(fixture->server, "FLUSHALL"));
    redis_server_restart(fixture->server);
    wait_until_up(fixture);
}

static uint64_t version_of(struct fixture *fixture)
{
    struct counts_health health;
    good(counts_health(fixture->store, &health, &fixture->error));
    return health.version;
}

/* --- teaching --- */

static void teach(struct fixture *fixture, uint64_t first, uint64_t last)
{
    for (uint64_t number = first; number <= last; number++) {
        uint32_t slots[TEACHING_SLOTS];
        struct lesson lesson = teaching_lesson(number, slots);
        good(learner_add(fixture->learner, &lesson, lesson.label, &fixture->error));
    }
}

static struct learn_sums finish(struct fixture *fixture)
{
    struct learn_sums sums;
    good(learner_finish(fixture->learner, &sums, &fixture->error));
    return sums;
}

static struct outbox_sums drain(struct fixture *fixture)
{
    struct outbox *outbox = outbox_new(fixture->store, fixture->journal, NULL);
    struct outbox_sums sums;
    good(outbox_drain(outbox, &sums, &fixture->error));
    outbox_free(outbox);
    return sums;
}

static size_t waiting(struct fixture *fixture)
{
    struct journal_state state;
    good(journal_look(fixture->journal, &state, &fixture->error));
    return state.waiting;
}

/* The store's log holds the lessons 1 to `last`, once each, in this order. */
static void assert_taught(struct fixture *fixture, uint64_t last)
{
    struct replica *fresh = replica_new(fixture->store, NULL);
    struct model *expected = teaching_model(last);
    good(replica_catch_up(fresh, &fixture->error));
    assert_int_equal(model_version(replica_model(fresh)), last);
    assert_true(model_digest(replica_model(fresh)) == model_digest(expected));
    model_free(expected);
    replica_free(fresh);
}

/* --- outages --- */

static void test_lessons_of_an_outage_end_as_if_taught_live(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture, 1, 100);
    finish(fixture);
    go_away(fixture);
    teach(fixture, 101, 600);
    assert_int_equal(finish(fixture).journalled, 500);
    come_back(fixture);
    assert_int_equal(drain(fixture).drained, 500);
    assert_int_equal(waiting(fixture), 0);
    assert_taught(fixture, 600);
}

static uint64_t digest_of(struct fixture *fixture)
{
    struct replica *fresh = replica_new(fixture->store, NULL);
    good(replica_catch_up(fresh, &fixture->error));
    uint64_t digest = model_digest(replica_model(fresh));
    replica_free(fresh);
    return digest;
}

/* Lessons that are known beyond doubt go without slots, which shows in what is rehearsed. */
static void test_lessons_that_are_known_are_told_by_what_was_known_before_them(void **state)
{
    enum { MANY = 2 * REHEARSAL_KEPT + 200, MORE = MANY + 300 };
    struct fixture *fixture = *state;
    teach(fixture, 1, MANY);
    finish(fixture);
    teach(fixture, MANY + 1, MORE);
    finish(fixture);
    uint64_t live = digest_of(fixture);
    struct model *with_all_slots = teaching_model(MORE);
    assert_true(model_digest(with_all_slots) != live);
    model_free(with_all_slots);

    come_back_empty(fixture);
    unlink(fixture->sent_path);
    replica_free(fixture->replica);
    fixture->replica = replica_new(fixture->store, NULL);
    use_learner(fixture, "operator");
    teach(fixture, 1, MANY);
    finish(fixture);
    go_away(fixture);
    teach(fixture, MANY + 1, MORE);
    assert_int_equal(finish(fixture).journalled, MORE - MANY);
    come_back(fixture);
    drain(fixture);
    assert_int_equal(version_of(fixture), MORE);
    assert_true(digest_of(fixture) == live);
}

static void test_journalled_lessons_are_on_the_disk_before_it_is_said(void **state)
{
    struct fixture *fixture = *state;
    go_away(fixture);
    teach(fixture, 1, 10);
    finish(fixture);
    assert_int_equal(waiting(fixture), 10);
    assert_non_null(strstr(learner_trouble(fixture->learner), "redis"));
}

/* As after a crash between the store's answer and the end of the journal's work. */
static void test_lessons_sent_twice_are_applied_once(void **state)
{
    struct fixture *fixture = *state;
    char copy_command[256];
    go_away(fixture);
    teach(fixture, 1, 500);
    finish(fixture);
    snprintf(copy_command, sizeof copy_command, "cp %s %s.copy", fixture->path, fixture->path);
    assert_int_equal(system(copy_command), 0);
    come_back(fixture);
    drain(fixture);
    snprintf(copy_command, sizeof copy_command, "mv %s.copy %s", fixture->path, fixture->path);
    assert_int_equal(system(copy_command), 0);
    assert_int_equal(drain(fixture).drained, 500);
    assert_taught(fixture, 500);
}

static void test_new_lessons_come_after_those_that_wait(void **state)
{
    struct fixture *fixture = *state;
    go_away(fixture);
    teach(fixture, 1, 150);
    finish(fixture);
    come_back(fixture);
    use_learner(fixture, "operator");
    teach(fixture, 151, 200);
    struct learn_sums sums = finish(fixture);
    assert_int_equal(sums.taught, 50);
    assert_int_equal(sums.journalled, 0);
    assert_taught(fixture, 200);
}

static void test_store_that_fails_in_the_middle_gets_the_rest_later(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture, 1, 100); /* the first group is sent, the others not yet */
    go_away(fixture);
    teach(fixture, 101, 300);
    struct learn_sums sums = finish(fixture);
    assert_int_equal(sums.taught, 64);
    assert_int_equal(sums.journalled, 236);
    come_back(fixture);
    drain(fixture);
    assert_taught(fixture, 300);
}

static void test_silent_store_is_an_outage(void **state)
{
    struct fixture *fixture = *state;
    redis_server_pause(fixture->server);
    teach(fixture, 1, 10);
    assert_int_equal(finish(fixture).journalled, 10);
    redis_server_resume(fixture->server);
    wait_until_up(fixture);
    drain(fixture);
    assert_taught(fixture, 10);
}

static void test_store_that_is_full_is_an_outage(void **state)
{
    struct fixture *fixture = *state;
    free(redis_server_cli(fixture->server, "CONFIG SET maxmemory 1"));
    teach(fixture, 1, 10);
    assert_int_equal(finish(fixture).journalled, 10);
    free(redis_server_cli(fixture->server, "CONFIG SET maxmemory 0"));
    drain(fixture);
    assert_taught(fixture, 10);
}

static void test_with_store_away_and_journal_full_lessons_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct learn_sums sums;
    journal_free(fixture->journal);
    fixture->journal = journal_new(fixture->path, 1024, 600);
    use_learner(fixture, "operator");
    go_away(fixture);
    teach(fixture, 1, 20);
    assert_false(learner_finish(fixture->learner, &sums, &fixture->error));
    assert_int_equal(fixture->error.class, ERROR_NETWORK);
    assert_non_null(strstr(fixture->error.message, "20 lessons were not taught"));
    assert_non_null(strstr(fixture->error.message, "is full"));
}

static void test_damaged_lesson_costs_no_other(void **state)
{
    struct fixture *fixture = *state;
    go_away(fixture);
    teach(fixture, 1, 20);
    finish(fixture);
    FILE *file = fopen(fixture->path, "r+");
    fseek(file, 30, SEEK_SET);
    fputc('x', file);
    fclose(file);
    come_back(fixture);
    assert_int_equal(drain(fixture).drained, 19);
    assert_int_equal(waiting(fixture), 0);
    assert_int_equal(version_of(fixture), 19);
}

static void test_draining_across_a_thousand_writes_its_snapshot(void **state)
{
    struct fixture *fixture = *state;
    struct snapshot snapshot;
    go_away(fixture);
    teach(fixture, 1, SNAPSHOT_EVERY + 30);
    finish(fixture);
    come_back(fixture);
    drain(fixture);
    good(counts_snapshot_load(fixture->store, &snapshot, &fixture->error));
    assert_true(snapshot.version >= SNAPSHOT_EVERY);
    snapshot_clear(&snapshot);
}

/* --- slots --- */

static bool keep_slots(void *context, uint64_t version, const void *data, size_t length)
{
    (void)version;
    struct lesson **last = context;
    lesson_free(*last);
    *last = lesson_decode(data, length, NULL);
    return true;
}

static struct lesson *newest_lesson(struct fixture *fixture)
{
    struct lesson *lesson = NULL;
    assert_int_equal(counts_follow(fixture->store, version_of(fixture) - 1, 0, 1, keep_slots,
                                   &lesson, &fixture->error),
                     FOLLOW_DONE);
    return lesson;
}

static void test_slots_are_made_when_the_key_is_known(void **state)
{
    struct fixture *fixture = *state;
    const uint64_t hashes[] = {3, 1ull << 40, UINT64_MAX - 5};
    uint32_t unused[TEACHING_SLOTS], expected[3];
    struct lesson lesson = teaching_lesson(1, unused);
    unsigned char key[COUNTS_KEY_BYTES];
    lesson.slot_count = 0;
    go_away(fixture);
    good(learner_add_features(fixture->learner, &lesson, hashes, 3, LABEL_SPAM, &fixture->error));
    assert_int_equal(finish(fixture).journalled, 1);
    come_back(fixture);
    drain(fixture);
    good(counts_installation_key(fixture->store, NULL, key, &fixture->error));
    size_t count = model_slots(key, hashes, 3, expected);
    struct lesson *sent = newest_lesson(fixture);
    assert_int_equal(sent->slot_count, count);
    assert_memory_equal(sent->slots, expected, count * sizeof *expected);
    lesson_free(sent);
}

static void test_slots_of_another_key_are_left_out(void **state)
{
    struct fixture *fixture = *state;
    good(replica_catch_up(fixture->replica, &fixture->error));
    go_away(fixture);
    teach(fixture, 1, 1);
    finish(fixture);
    unlink(fixture->sent_path); /* nobody here knows the key */
    redis_server_restart(fixture->server);
    free(redis_server_cli(fixture->server, "FLUSHALL"));
    wait_until_up(fixture);
    drain(fixture);
    struct lesson *sent = newest_lesson(fixture);
    assert_int_equal(sent->slot_count, 0);
    lesson_free(sent);
}

/* --- the re-send window --- */

static void test_store_that_came_back_empty_is_sent_the_window_again(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture, 1, 300);
    finish(fixture);
    come_back_empty(fixture);
    assert_int_equal(drain(fixture).resent, 300);
    assert_taught(fixture, 300);
}

static void test_store_that_came_back_empty_keeps_the_key(void **state)
{
    struct fixture *fixture = *state;
    unsigned char before[COUNTS_KEY_BYTES], after[COUNTS_KEY_BYTES];
    good(counts_installation_key(fixture->store, NULL, before, &fixture->error));
    teach(fixture, 1, 5);
    finish(fixture);
    come_back_empty(fixture);
    drain(fixture);
    good(counts_installation_key(fixture->store, NULL, after, &fixture->error));
    assert_memory_equal(before, after, sizeof before);
}

static void test_window_is_sent_before_what_waits(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture, 1, 100);
    finish(fixture);
    go_away(fixture);
    teach(fixture, 101, 200);
    finish(fixture);
    come_back_empty(fixture);
    drain(fixture);
    assert_taught(fixture, 200);
}

static void test_store_that_lost_nothing_is_changed_by_nothing(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture, 1, 300);
    finish(fixture);
    go_away(fixture);
    come_back(fixture);
    assert_int_equal(drain(fixture).resent, 300);
    assert_int_equal(drain(fixture).resent, 0);
    assert_taught(fixture, 300);
}

/* It may have taken over what another one had, which was not all. */
static void test_store_that_was_another_ones_replica_is_sent_the_window_again(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture, 1, 100);
    finish(fixture);
    free(redis_server_cli(fixture->server, "REPLICAOF 127.0.0.1 1"));
    teach(fixture, 101, 150);
    assert_int_equal(finish(fixture).journalled, 50);
    free(redis_server_cli(fixture->server, "REPLICAOF NO ONE"));
    struct outbox_sums sums = drain(fixture);
    assert_int_equal(sums.resent, 100);
    assert_int_equal(sums.drained, 50);
    assert_taught(fixture, 150);
}

static void test_drained_lessons_are_in_the_window(void **state)
{
    struct fixture *fixture = *state;
    go_away(fixture);
    teach(fixture, 1, 100);
    finish(fixture);
    come_back(fixture);
    drain(fixture);
    come_back_empty(fixture);
    come_back_empty(fixture);
    drain(fixture);
    assert_taught(fixture, 100);
}

/* --- the thread --- */

static void test_thread_drains_when_the_store_is_back(void **state)
{
    struct fixture *fixture = *state;
    go_away(fixture);
    struct outbox *outbox = outbox_new(fixture->store, fixture->journal, NULL);
    good(outbox_start(outbox, &fixture->error));
    teach(fixture, 1, 100);
    finish(fixture);
    come_back(fixture);
    for (int i = 0; i < 1000 && waiting(fixture); i++)
        nanosleep(&(struct timespec){0, 20000000}, NULL);
    outbox_free(outbox);
    assert_taught(fixture, 100);
}

static void test_two_that_drain_at_once_send_each_lesson_once(void **state)
{
    struct fixture *fixture = *state;
    go_away(fixture);
    teach(fixture, 1, 400);
    finish(fixture);
    come_back(fixture);
    struct outbox *one = outbox_new(fixture->store, fixture->journal, NULL);
    struct outbox *two = outbox_new(fixture->store, fixture->journal, NULL);
    good(outbox_start(one, &fixture->error));
    good(outbox_start(two, &fixture->error));
    teach(fixture, 401, 500);
    finish(fixture);
    outbox_free(one);
    outbox_free(two);
    assert_taught(fixture, 500);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    log_open("test_outbox", true);
    const struct CMUnitTest tests[] = {
        TEST(test_lessons_of_an_outage_end_as_if_taught_live),
        with_sanitizers_only(
            TEST(test_lessons_that_are_known_are_told_by_what_was_known_before_them)),
        TEST(test_journalled_lessons_are_on_the_disk_before_it_is_said),
        TEST(test_lessons_sent_twice_are_applied_once),
        TEST(test_new_lessons_come_after_those_that_wait),
        TEST(test_store_that_fails_in_the_middle_gets_the_rest_later),
        TEST(test_silent_store_is_an_outage),
        TEST(test_store_that_is_full_is_an_outage),
        TEST(test_with_store_away_and_journal_full_lessons_are_refused),
        TEST(test_damaged_lesson_costs_no_other),
        TEST(test_draining_across_a_thousand_writes_its_snapshot),
        TEST(test_slots_are_made_when_the_key_is_known),
        TEST(test_slots_of_another_key_are_left_out),
        TEST(test_store_that_came_back_empty_is_sent_the_window_again),
        TEST(test_store_that_came_back_empty_keeps_the_key),
        TEST(test_window_is_sent_before_what_waits),
        TEST(test_store_that_lost_nothing_is_changed_by_nothing),
        TEST(test_store_that_was_another_ones_replica_is_sent_the_window_again),
        TEST(test_drained_lessons_are_in_the_window),
        TEST(test_thread_drains_when_the_store_is_back),
        TEST(test_two_that_drain_at_once_send_each_lesson_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
