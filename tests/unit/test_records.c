#include "tests/unit/records_file.h"
#include "tests/unit/rounds.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* --- the file --- */

static void test_file_is_for_its_group_only(void **state)
{
    struct fixture *fixture = *state;
    struct stat file;
    assert_int_equal(stat(fixture->path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0660);
    char wal[128];
    snprintf(wal, sizeof wal, "%s-wal", fixture->path);
    assert_int_equal(stat(wal, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0660);
}

static void test_missing_directory_is_named(void **state)
{
    struct fixture *fixture = *state;
    assert_null(records_open("/nonexistent/weir/mail.db", &fixture->error));
    assert_int_equal(fixture->error.class, ERROR_SYSTEM);
    assert_non_null(strstr(fixture->error.message, "/nonexistent/weir/mail.db: No such file"));
    assert_non_null(strstr(fixture->error.message, "directory must exist"));
}

static void test_file_that_is_no_database_is_refused_and_kept(void **state)
{
    struct fixture *fixture = *state;
    FILE *file = fopen(fixture->path, "w");
    for (int i = 0; i < 200; i++)
        fputs("not a database at all\n", file);
    fclose(file);
    assert_null(records_open(fixture->path, &fixture->error));
    assert_non_null(strstr(fixture->error.message, "file is not a database; move it away"));
    struct stat kept;
    assert_int_equal(stat(fixture->path, &kept), 0);
    assert_int_equal(kept.st_size, 200 * 22);
}

static void test_file_of_a_newer_weir_is_refused(void **state)
{
    struct fixture *fixture = *state;
    run_sql(fixture, "PRAGMA user_version = 99");
    assert_null(records_open(fixture->path, &fixture->error));
    assert_non_null(strstr(fixture->error.message, "newer weir (schema 99"));
}

static void *open_at_once(void *context)
{
    struct error error = {0};
    struct records *records = records_open(context, &error);
    if (!records)
        fprintf(stderr, "%s\n", error.message);
    records_close(records);
    return records;
}

static void test_new_file_can_be_opened_by_many_at_once(void **state)
{
    struct fixture *fixture = *state;
    pthread_t threads[8];
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_at_once, fixture->path), 0);
    for (size_t i = 0; i < 8; i++) {
        void *opened;
        pthread_join(threads[i], &opened);
        assert_non_null(opened);
    }
}

/* A former version's file with as much history as is ever kept of what moved verdicts: nobody waits
 * while its explanations are read. */
static void test_old_file_is_opened_without_reading_its_explanations(void **state)
{
    struct fixture *fixture = *state;
    records_close(fixture->records);
    fixture->records = NULL;
    unsigned rows = rounds(100000, 300);
    char sql[640];
    snprintf(sql, sizeof sql,
             "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %u) "
             "INSERT INTO history SELECT i, randomblob(16), i, 'mail', 'accept', 1, 'ann', 'bob', "
             "'s', 'Q' || i, '{\"terms\":[{\"symbol\":\"REPUTATION_AUTHOR\",\"log_odds\":1,"
             "\"detail\":\"ann' || i || ': 2 spam, 0 ham\"},{\"symbol\":\"REPUTATION_IP\","
             "\"log_odds\":1,\"detail\":\"192.0.2.' || i || ': 2 spam, 0 ham\"}]}' FROM n;",
             rows);
    run_sql(fixture, RECORDS_FORMER_SQL);
    run_sql(fixture, sql);
    fixture->records = records_open(fixture->path, &fixture->error);
    good(fixture->records);
    assert_int_equal(count_rows(fixture, "history_identity"), 0);
    assert_int_equal(count_rows(fixture, "history"), rows);
}

struct upgrade {
    const char *path;
    pthread_barrier_t locked;
};

/* Longer than a running process waits for another one. */
static void *keep_locked(void *context)
{
    struct upgrade *upgrade = context;
    sqlite3 *db;
    bool good = sqlite3_open(upgrade->path, &db) == SQLITE_OK &&
                sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;
    pthread_barrier_wait(&upgrade->locked);
    nanosleep(&(struct timespec){6, 0}, NULL);
    good = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK && good;
    sqlite3_close(db);
    return good ? upgrade : NULL;
}

static void test_start_waits_for_who_upgrades_the_file(void **state)
{
    struct fixture *fixture = *state;
    struct upgrade upgrade = {.path = fixture->path};
    pthread_t thread;
    void *kept;
    records_close(fixture->records);
    fixture->records = NULL;
    run_sql(fixture, RECORDS_FORMER_SQL);
    pthread_barrier_init(&upgrade.locked, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, keep_locked, &upgrade), 0);
    pthread_barrier_wait(&upgrade.locked);
    fixture->records = records_open(fixture->path, &fixture->error);
    pthread_join(thread, &kept);
    pthread_barrier_destroy(&upgrade.locked);
    assert_non_null(kept);
    good(fixture->records);
}

/* --- judged --- */

static struct judged judge(struct fixture *fixture, const char *guid, int64_t held_id)
{
    struct judged judged = {
        .content_hash = {9, 8, 7},
        .action = held_id ? "hold" : "accept",
        .log_odds = -1.5,
        .time_s = 1700000000,
        .held_id = held_id,
    };
    good(records_judged_save(fixture->records, "planet", guid, &judged, &fixture->error));
    return judged;
}

static bool find(struct fixture *fixture, const char *feed, const char *guid, struct judged *judged)
{
    bool found;
    good(records_judged_find(fixture->records, feed, guid, judged, &found, &fixture->error));
    return found;
}

static void test_judged_item_is_found_by_feed_and_guid(void **state)
{
    struct fixture *fixture = *state;
    struct judged saved = judge(fixture, "guid-1", 0), found;
    assert_false(find(fixture, "planet", "guid-2", &found));
    assert_false(find(fixture, "other", "guid-1", &found));
    assert_true(find(fixture, "planet", "guid-1", &found));
    assert_memory_equal(found.content_hash, saved.content_hash, RECORD_ID_BYTES);
    assert_string_equal(found.action, "accept");
    assert_true(found.log_odds == -1.5);
    assert_int_equal(found.time_s, 1700000000);
    assert_int_equal(found.held_id, 0);
    assert_int_equal(found.held_state, HELD_HELD);
}

static void test_judged_item_tells_the_state_of_what_is_held(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = hold(fixture, "guid-1");
    judge(fixture, "guid-1", id);
    move(fixture, id, 1u << HELD_PENDING, HELD_RELEASED);
    struct judged found;
    assert_true(find(fixture, "planet", "guid-1", &found));
    assert_int_equal(found.held_id, id);
    assert_int_equal(found.held_state, HELD_RELEASED);
}

static void test_judging_again_replaces(void **state)
{
    struct fixture *fixture = *state;
    judge(fixture, "guid-1", hold(fixture, "guid-1"));
    judge(fixture, "guid-1", 0);
    struct judged found;
    assert_true(find(fixture, "planet", "guid-1", &found));
    assert_string_equal(found.action, "accept");
    assert_int_equal(found.held_id, 0);
}

/* --- transactions, audit --- */

static bool judge_two(void *context, struct error *error)
{
    struct fixture *fixture = context;
    (void)error;
    judge(fixture, "guid-1", 0);
    judge(fixture, "guid-2", hold(fixture, "guid-2"));
    return true;
}

static bool judge_two_and_fail(void *context, struct error *error)
{
    judge_two(context, error);
    return error_set(error, ERROR_INPUT, "changed my mind");
}

static void test_transaction_keeps_all(void **state)
{
    struct fixture *fixture = *state;
    good(records_transaction(fixture->records, judge_two, fixture, &fixture->error));
    struct judged found;
    assert_true(find(fixture, "planet", "guid-1", &found));
    assert_true(find(fixture, "planet", "guid-2", &found));
}

static void test_failed_transaction_keeps_nothing(void **state)
{
    struct fixture *fixture = *state;
    assert_false(
        records_transaction(fixture->records, judge_two_and_fail, fixture, &fixture->error));
    assert_string_equal(fixture->error.message, "changed my mind");
    struct judged found;
    assert_false(find(fixture, "planet", "guid-1", &found));
    assert_int_equal(count_rows(fixture, "held"), 0);
    good(records_transaction(fixture->records, judge_two, fixture, &fixture->error));
}

struct reading {
    struct fixture *fixture;
    struct records *other;
    bool found;
};

static bool read_while_another_writes(void *context, struct error *error)
{
    struct reading *reading = context;
    struct judged judged = {.action = "accept"}, found;
    bool good = records_judged_find(reading->fixture->records, "planet", "guid-1", &found,
                                    &reading->found, error);
    good = good && records_judged_save(reading->other, "planet", "guid-1", &judged, error);
    return good && records_judged_find(reading->fixture->records, "planet", "guid-1", &found,
                                       &reading->found, error);
}

static void test_reading_sees_one_state_and_keeps_nobody_from_writing(void **state)
{
    struct fixture *fixture = *state;
    struct reading reading = {fixture, records_open(fixture->path, &fixture->error), true};
    struct judged found;
    good(reading.other);
    good(records_reading(fixture->records, read_while_another_writes, &reading, &fixture->error));
    records_close(reading.other);
    assert_false(reading.found);
    assert_true(find(fixture, "planet", "guid-1", &found));
}

static void test_audit_is_kept(void **state)
{
    struct fixture *fixture = *state;
    good(records_audit(fixture->records, "root", "release", "m12", &fixture->error));
    assert_int_equal(count_rows(fixture, "audit WHERE who = 'root' AND what = 'release' AND "
                                         "subject = 'm12'"),
                     1);
}

static void note_deed(void *context, const struct audit_entry *entry)
{
    char *seen = context;
    snprintf(seen + strlen(seen), 100 - strlen(seen), "%s %s;", entry->who, entry->what);
    assert_true(entry->time_s > 0);
}

static void test_audit_of_one_thing_is_told_in_order(void **state)
{
    struct fixture *fixture = *state;
    char seen[100] = "";
    good(records_audit(fixture->records, "ann", "confirm", "m12", &fixture->error));
    good(records_audit(fixture->records, "eve", "release", "m1", &fixture->error));
    good(records_audit(fixture->records, "bob", "delete", "m12", &fixture->error));
    good(records_audit_of(fixture->records, "m12", note_deed, seen, &fixture->error));
    assert_string_equal(seen, "ann confirm;bob delete;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_records(test_file_is_for_its_group_only),
        without_records(test_missing_directory_is_named),
        without_records(test_file_that_is_no_database_is_refused_and_kept),
        without_records(test_file_of_a_newer_weir_is_refused),
        without_records(test_new_file_can_be_opened_by_many_at_once),
        with_records(test_old_file_is_opened_without_reading_its_explanations),
        with_records(test_start_waits_for_who_upgrades_the_file),
        with_records(test_judged_item_is_found_by_feed_and_guid),
        with_records(test_judged_item_tells_the_state_of_what_is_held),
        with_records(test_judging_again_replaces),
        with_records(test_transaction_keeps_all),
        with_records(test_failed_transaction_keeps_nothing),
        with_records(test_reading_sees_one_state_and_keeps_nobody_from_writing),
        with_records(test_audit_is_kept),
        with_records(test_audit_of_one_thing_is_told_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
