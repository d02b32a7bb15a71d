#include "store/records.h"

#include <pthread.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

struct fixture {
    char directory[64], path[96];
    struct records *records;
    struct error error;
};

#define good(call)                                                                                 \
    do {                                                                                           \
        if (!(call))                                                                               \
            fail_msg("%s", fixture->error.message);                                                \
    } while (0)

static int make_directory(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/weir-records-XXXXXX");
    if (!mkdtemp(fixture->directory))
        return -1;
    snprintf(fixture->path, sizeof fixture->path, "%s/records.db", fixture->directory);
    *state = fixture;
    return 0;
}

static int set_up(void **state)
{
    if (make_directory(state) != 0)
        return -1;
    struct fixture *fixture = *state;
    fixture->records = records_open(fixture->path, &fixture->error);
    return fixture->records ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    static const char *const ends[] = {"", "-wal", "-shm"};
    records_close(fixture->records);
    for (size_t i = 0; i < 3; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", fixture->path, ends[i]);
        unlink(name);
    }
    int removed = rmdir(fixture->directory);
    free(fixture);
    return removed;
}

static void run_sql(struct fixture *fixture, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

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

/* --- history --- */

static struct history_entry entry_of(unsigned char id, const char *reference)
{
    struct history_entry entry = {
        .document_id = {0xab, 0xcd, 0xef, id},
        .time_s = 1700000000,
        .channel = "mail",
        .action = "hold",
        .log_odds = 4.25,
        .sender = "ann@example.org",
        .recipients = "bob@example.net,eve@example.net",
        .subject = "发票 'quoted' \xff",
        .reference = reference,
        .evidence = "[]",
    };
    return entry;
}

static void test_entry_is_found_by_reference(void **state)
{
    struct fixture *fixture = *state;
    struct history_entry entry = entry_of(1, "4XyzQueue");
    records_history_add(fixture->records, &entry);
    records_flush(fixture->records);
    struct history_entry *found =
        records_history_find(fixture->records, "4XyzQueue", &fixture->error);
    good(found);
    assert_memory_equal(found->document_id, entry.document_id, RECORD_ID_BYTES);
    assert_int_equal(found->time_s, entry.time_s);
    assert_string_equal(found->channel, "mail");
    assert_string_equal(found->action, "hold");
    assert_true(found->log_odds == 4.25);
    assert_string_equal(found->sender, entry.sender);
    assert_string_equal(found->recipients, entry.recipients);
    assert_string_equal(found->subject, entry.subject);
    assert_string_equal(found->evidence, "[]");
    history_entry_free(found);
}

static void test_entry_is_found_by_the_first_digits_of_its_id(void **state)
{
    struct fixture *fixture = *state;
    struct history_entry entry = entry_of(0x12, "Q1"), other = entry_of(0x34, "Q2");
    records_history_add(fixture->records, &entry);
    records_history_add(fixture->records, &other);
    records_flush(fixture->records);
    static const char *const ids[] = {"abcdef1", "ABCDEF12", "abcdef12000000000000000000000000"};
    for (size_t i = 0; i < 3; i++) {
        struct history_entry *found =
            records_history_find(fixture->records, ids[i], &fixture->error);
        good(found);
        assert_string_equal(found->reference, "Q1");
        history_entry_free(found);
    }
}

static void test_ambiguous_id_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    struct history_entry entry = entry_of(0x12, "Q1"), other = entry_of(0x34, "Q2");
    records_history_add(fixture->records, &entry);
    records_history_add(fixture->records, &other);
    records_flush(fixture->records);
    assert_null(records_history_find(fixture->records, "abcdef", &fixture->error));
    assert_int_equal(fixture->error.class, ERROR_INPUT);
    assert_non_null(strstr(fixture->error.message, "more than one"));
}

static void test_unknown_short_and_odd_ids_are_not_found(void **state)
{
    struct fixture *fixture = *state;
    struct history_entry entry = entry_of(1, "Q1");
    records_history_add(fixture->records, &entry);
    records_flush(fixture->records);
    static const char *const ids[] = {"",         "abcde", "abcdef99",
                                      "abcdefxx", "%",     "abcdef010000000000000000000000000000"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct error error = {0};
        assert_null(records_history_find(fixture->records, ids[i], &error));
        assert_int_equal(error.class, ERROR_INPUT);
    }
}

static void test_newest_entry_of_a_document_is_found(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 3; i++) {
        struct history_entry entry = entry_of(1, "Q1");
        entry.log_odds = i;
        records_history_add(fixture->records, &entry);
    }
    records_flush(fixture->records);
    static const char *const ids[] = {"Q1", "abcdef01"};
    for (size_t i = 0; i < 2; i++) {
        struct history_entry *found =
            records_history_find(fixture->records, ids[i], &fixture->error);
        good(found);
        assert_true(found->log_odds == 2);
        history_entry_free(found);
    }
}

static void test_history_is_written_without_a_flush(void **state)
{
    struct fixture *fixture = *state;
    struct history_entry entry = entry_of(1, "Q1"), *found = NULL;
    records_history_add(fixture->records, &entry);
    for (int i = 0; i < 500 && !found; i++) {
        nanosleep(&(struct timespec){0, 10000000}, NULL);
        found = records_history_find(fixture->records, "Q1", &fixture->error);
    }
    assert_non_null(found);
    history_entry_free(found);
}

static void test_closing_writes_what_is_queued(void **state)
{
    struct fixture *fixture = *state;
    struct history_entry entry = entry_of(1, "Q1");
    records_history_add(fixture->records, &entry);
    records_close(fixture->records);
    fixture->records = records_open(fixture->path, &fixture->error);
    good(fixture->records);
    struct history_entry *found = records_history_find(fixture->records, "Q1", &fixture->error);
    good(found);
    history_entry_free(found);
}

static void *add_many(void *context)
{
    for (int i = 0; i < 500; i++) {
        struct history_entry entry = entry_of(1, "Q1");
        records_history_add(context, &entry);
        if (i % 100 == 0)
            records_flush(context);
    }
    return NULL;
}

static int count_rows(struct fixture *fixture, const char *table)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int rows = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return rows;
}

static void test_threads_add_to_one_history(void **state)
{
    struct fixture *fixture = *state;
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, fixture->records), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    records_flush(fixture->records);
    assert_int_equal(count_rows(fixture, "history"), 2000);
    assert_false(records_take_error(fixture->records, &fixture->error));
}

static void test_lost_history_is_told_once_for_each_spell(void **state)
{
    struct fixture *fixture = *state;
    struct history_entry entry = entry_of(1, "Q1");
    run_sql(fixture, "ALTER TABLE history RENAME TO away");
    for (int i = 0; i < 2; i++) {
        records_history_add(fixture->records, &entry);
        records_flush(fixture->records);
    }
    assert_true(records_take_error(fixture->records, &fixture->error));
    assert_non_null(strstr(fixture->error.message, "2 entries of history were lost"));
    assert_non_null(strstr(fixture->error.message, fixture->path));
    assert_false(records_take_error(fixture->records, &fixture->error));

    run_sql(fixture, "ALTER TABLE away RENAME TO history");
    records_history_add(fixture->records, &entry);
    records_flush(fixture->records);
    assert_false(records_take_error(fixture->records, &fixture->error));
    run_sql(fixture, "ALTER TABLE history RENAME TO away");
    records_history_add(fixture->records, &entry);
    records_flush(fixture->records);
    assert_true(records_take_error(fixture->records, &fixture->error));
}

/* --- held --- */

static struct held held_of(const char *reference)
{
    struct held held = {
        .state = HELD_PENDING,
        .document_id = {1, 2, 3},
        .time_s = 1700000000,
        .channel = "mail",
        .sender = "ann@example.org",
        .recipients = "bob@example.net",
        .subject = "subject",
        .reference = reference,
        .log_odds = 3.5,
        .evidence = "[]",
        .lesson = (const unsigned char *)"le\0sson",
        .lesson_length = 7,
        .item = (const unsigned char *)"<item>\0</item>",
        .item_length = 14,
    };
    return held;
}

static int64_t hold(struct fixture *fixture, const char *reference)
{
    struct held held = held_of(reference);
    int64_t id = 0;
    good(records_held_add(fixture->records, &held, &id, &fixture->error));
    assert_true(id > 0);
    return id;
}

static struct held *get(struct fixture *fixture, int64_t id)
{
    struct held *held = records_held_get(fixture->records, id, &fixture->error);
    good(held);
    return held;
}

static bool move(struct fixture *fixture, int64_t id, unsigned from, enum held_state to)
{
    bool moved;
    good(records_held_move(fixture->records, id, from, to, &moved, &fixture->error));
    return moved;
}

static void test_held_entry_is_kept_whole(void **state)
{
    struct fixture *fixture = *state;
    struct held *held = get(fixture, hold(fixture, "4XyzQueue"));
    assert_int_equal(held->state, HELD_PENDING);
    assert_int_equal(held->document_id[2], 3);
    assert_int_equal(held->time_s, 1700000000);
    assert_in_range(held->state_time_s, time(NULL) - 60, time(NULL) + 1);
    assert_int_equal(held->missing_since_s, 0);
    assert_string_equal(held->channel, "mail");
    assert_string_equal(held->sender, "ann@example.org");
    assert_string_equal(held->recipients, "bob@example.net");
    assert_string_equal(held->subject, "subject");
    assert_string_equal(held->reference, "4XyzQueue");
    assert_string_equal(held->requeued_as, "");
    assert_true(held->log_odds == 3.5);
    assert_int_equal(held->lesson_length, 7);
    assert_memory_equal(held->lesson, "le\0sson", 7);
    assert_int_equal(held->item_length, 14);
    assert_memory_equal(held->item, "<item>\0</item>", 14);
    held_free(held);
}

static void test_unknown_held_id_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    assert_null(records_held_get(fixture->records, 7, &fixture->error));
    assert_int_equal(fixture->error.class, ERROR_INPUT);
}

static void test_entry_cannot_begin_released(void **state)
{
    struct fixture *fixture = *state;
    struct held held = held_of("Q1");
    held.state = HELD_RELEASED;
    int64_t id;
    assert_false(records_held_add(fixture->records, &held, &id, &fixture->error));
}

static void test_release_asked_twice_moves_once(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = hold(fixture, "Q1");
    unsigned from = 1u << HELD_PENDING | 1u << HELD_HELD;
    assert_true(move(fixture, id, from, HELD_RELEASE_REQUESTED));
    assert_false(move(fixture, id, from, HELD_RELEASE_REQUESTED));
    assert_false(move(fixture, id + 1, from, HELD_RELEASE_REQUESTED));
    struct held *held = get(fixture, id);
    assert_int_equal(held->state, HELD_RELEASE_REQUESTED);
    held_free(held);
}

static void test_state_before_a_move_is_kept(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = hold(fixture, "Q1");
    assert_true(move(fixture, id, 1u << HELD_PENDING, HELD_CONFIRMED));
    assert_true(move(fixture, id, 1u << HELD_CONFIRMED, HELD_DELETE_REQUESTED));
    struct held *held = get(fixture, id);
    assert_int_equal(held->former_state, HELD_CONFIRMED);
    held_free(held);
}

static void test_missing_and_started_times_and_requeued_id_are_kept(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = hold(fixture, "Q1");
    good(records_held_set_missing(fixture->records, id, 1700000600, &fixture->error));
    good(records_held_set_started(fixture->records, id, 1700000700, &fixture->error));
    good(records_held_set_requeued_as(fixture->records, id, "4New", &fixture->error));
    struct held *held = get(fixture, id);
    assert_int_equal(held->missing_since_s, 1700000600);
    assert_int_equal(held->started_s, 1700000700);
    assert_string_equal(held->requeued_as, "4New");
    held_free(held);
}

static void test_what_was_taught_is_kept(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = hold(fixture, "Q1");
    struct held *held = get(fixture, id);
    assert_int_equal(held->taught, 0);
    held_free(held);
    good(records_held_set_taught(fixture->records, id, 2, &fixture->error));
    held = get(fixture, id);
    assert_int_equal(held->taught, 2);
    held_free(held);
}

static void test_newest_entry_of_a_reference_is_found(void **state)
{
    struct fixture *fixture = *state;
    int64_t found;
    hold(fixture, "Q1");
    int64_t second = hold(fixture, "Q1"), other = hold(fixture, "Q2");
    good(records_held_find(fixture->records, "Q1", &found, &fixture->error));
    assert_int_equal(found, second);
    good(records_held_set_requeued_as(fixture->records, other, "Q1", &fixture->error));
    good(records_held_find(fixture->records, "Q1", &found, &fixture->error));
    assert_int_equal(found, other);
    good(records_held_find(fixture->records, "Q3", &found, &fixture->error));
    assert_int_equal(found, 0);
}

struct visited {
    struct fixture *fixture;
    char references[64];
    size_t stop_after, count;
    bool release;
};

static bool visit(void *context, const struct held *held)
{
    struct visited *visited = context;
    strcat(visited->references, held->reference);
    assert_int_equal(held->item_length, 0);
    assert_int_equal(held->lesson_length, 7);
    if (visited->release)
        assert_true(move(visited->fixture, held->id, 1u << held->state, HELD_RELEASED));
    return ++visited->count != visited->stop_after;
}

static void test_list_is_oldest_first_and_by_state(void **state)
{
    struct fixture *fixture = *state;
    hold(fixture, "a");
    int64_t released = hold(fixture, "b");
    hold(fixture, "c");
    int64_t confirmed = hold(fixture, "d");
    move(fixture, released, 1u << HELD_PENDING, HELD_RELEASED);
    move(fixture, confirmed, 1u << HELD_PENDING, HELD_CONFIRMED);
    struct visited visited = {0};
    good(records_held_list(fixture->records, 1u << HELD_PENDING | 1u << HELD_CONFIRMED, visit,
                           &visited, &fixture->error));
    assert_string_equal(visited.references, "acd");
}

static void test_visitor_may_change_what_it_visits_and_stop(void **state)
{
    struct fixture *fixture = *state;
    hold(fixture, "a");
    hold(fixture, "b");
    hold(fixture, "c");
    struct visited visited = {.fixture = fixture, .release = true, .stop_after = 2};
    good(records_held_list(fixture->records, 1u << HELD_PENDING, visit, &visited, &fixture->error));
    assert_string_equal(visited.references, "ab");
    struct visited rest = {0};
    good(records_held_list(fixture->records, 1u << HELD_PENDING, visit, &rest, &fixture->error));
    assert_string_equal(rest.references, "c");
}

static void test_every_state_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < HELD_STATES; i++) {
        enum held_state same;
        assert_true(held_state_from_name(held_state_name((enum held_state)i), &same));
        assert_int_equal(same, i);
    }
    enum held_state none;
    assert_false(held_state_from_name("quarantined", &none));
}

/* Several processes hold and release in one file at the same time, as milter and weirctl do. */
static void test_processes_share_one_file(void **state)
{
    struct fixture *fixture = *state;
    records_close(fixture->records);
    fixture->records = NULL;
    pid_t children[4];
    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        if (children[i] != 0)
            continue;
        struct error error = {0};
        struct records *records = records_open(fixture->path, &error);
        bool well = records != NULL, moved;
        for (int k = 0; k < 20 && well; k++) {
            struct held held = held_of("Q");
            int64_t id;
            well = records_held_add(records, &held, &id, &error) &&
                   records_held_move(records, id, 1u << HELD_PENDING, HELD_HELD, &moved, &error) &&
                   moved;
        }
        if (!well)
            fprintf(stderr, "%s\n", error.message);
        records_close(records);
        _exit(well ? 0 : 1);
    }
    for (int i = 0; i < 4; i++) {
        int status;
        waitpid(children[i], &status, 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(count_rows(fixture, "held WHERE state = 1"), 80);
}

/* In another process, at each byte from `orders`: opens the file, looks for the held entry 1, and
 * closes it; `answers` gets 'y' or 'n'. */
static void look_when_told(const char *path, int orders, int answers)
{
    char order;
    while (read(orders, &order, 1) == 1) {
        struct error error = {0};
        struct records *records = records_open(path, &error);
        struct held *held = records ? records_held_get(records, 1, &error) : NULL;
        bool written = records && records_audit(records, "root", "look", "m1", &error);
        const char *answer = held && written ? "y" : "n";
        held_free(held);
        records_close(records);
        if (write(answers, answer, 1) != 1)
            break;
    }
    _exit(0);
}

static char look_elsewhere(int orders, int answers)
{
    char answer = '?';
    assert_int_equal(write(orders, "l", 1), 1);
    assert_int_equal(read(answers, &answer, 1), 1);
    return answer;
}

/* The history has a connection of its own, opened late. Closing anything then must not cost the
 * first one its lock: another process would take its -wal away, and what it holds would be lost. */
static void test_held_entry_outlives_other_processes(void **state)
{
    struct fixture *fixture = *state;
    struct history_entry entry = entry_of(1, "Q1");
    int orders[2], answers[2];
    /* The other process begins without SQLite's idea of our locks. */
    records_close(fixture->records);
    assert_int_equal(pipe(orders), 0);
    assert_int_equal(pipe(answers), 0);
    pid_t child = fork();
    if (child == 0) {
        close(orders[1]);
        look_when_told(fixture->path, orders[0], answers[1]);
    }
    fixture->records = records_open(fixture->path, &fixture->error);
    good(fixture->records);
    records_history_add(fixture->records, &entry);
    records_flush(fixture->records);
    assert_int_equal(look_elsewhere(orders[1], answers[0]), 'n');
    hold(fixture, "4XyzQueue");
    assert_int_equal(look_elsewhere(orders[1], answers[0]), 'y');
    close(orders[1]);
    waitpid(child, NULL, 0);
    close(orders[0]);
    close(answers[0]);
    close(answers[1]);
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

static void test_audit_is_kept(void **state)
{
    struct fixture *fixture = *state;
    good(records_audit(fixture->records, "root", "release", "m12", &fixture->error));
    assert_int_equal(count_rows(fixture, "audit WHERE who = 'root' AND what = 'release' AND "
                                         "subject = 'm12'"),
                     1);
}

#define without_records(test) cmocka_unit_test_setup_teardown(test, make_directory, tear_down)
#define with_records(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_records(test_file_is_for_its_group_only),
        without_records(test_missing_directory_is_named),
        without_records(test_file_that_is_no_database_is_refused_and_kept),
        without_records(test_file_of_a_newer_weir_is_refused),
        without_records(test_new_file_can_be_opened_by_many_at_once),
        with_records(test_entry_is_found_by_reference),
        with_records(test_entry_is_found_by_the_first_digits_of_its_id),
        with_records(test_ambiguous_id_is_an_error),
        with_records(test_unknown_short_and_odd_ids_are_not_found),
        with_records(test_newest_entry_of_a_document_is_found),
        with_records(test_history_is_written_without_a_flush),
        with_records(test_closing_writes_what_is_queued),
        with_records(test_threads_add_to_one_history),
        with_records(test_lost_history_is_told_once_for_each_spell),
        with_records(test_held_entry_is_kept_whole),
        with_records(test_unknown_held_id_is_an_error),
        with_records(test_entry_cannot_begin_released),
        with_records(test_release_asked_twice_moves_once),
        with_records(test_state_before_a_move_is_kept),
        with_records(test_missing_and_started_times_and_requeued_id_are_kept),
        with_records(test_what_was_taught_is_kept),
        with_records(test_newest_entry_of_a_reference_is_found),
        with_records(test_list_is_oldest_first_and_by_state),
        with_records(test_visitor_may_change_what_it_visits_and_stop),
        cmocka_unit_test(test_every_state_has_a_name),
        with_records(test_processes_share_one_file),
        with_records(test_held_entry_outlives_other_processes),
        with_records(test_judged_item_is_found_by_feed_and_guid),
        with_records(test_judged_item_tells_the_state_of_what_is_held),
        with_records(test_judging_again_replaces),
        with_records(test_transaction_keeps_all),
        with_records(test_failed_transaction_keeps_nothing),
        with_records(test_audit_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
