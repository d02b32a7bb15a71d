/* What is particular to the counts store in a SQLite file: its numbers are those of Redis, several
 * processes write it and are killed while they do, and what may be wrong with a file. */
#include "store/counts.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
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

#include "tests/unit/counts_place.h"
#include "tests/unit/rounds.h"

#define TIMEOUT_MS 300

struct fixture {
    struct counts_place *place;
    const char *path;
    struct counts_store *store;
    struct error error;
};

#define good(call)                                                                                 \
    do {                                                                                           \
        if (!(call))                                                                               \
            fail_msg("%s", fixture->error.message);                                                \
    } while (0)

static const struct counts_options patient = {.timeout_ms = 20000}, hasty = {TIMEOUT_MS, 0, NULL};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->place = counts_place_start(&counts_place_sqlite);
    fixture->path = counts_place_url(fixture->place) + strlen("sqlite://");
    fixture->store = counts_open(counts_place_url(fixture->place), &hasty, &fixture->error);
    *state = fixture;
    return fixture->store ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    counts_close(fixture->store);
    counts_place_free(fixture->place);
    free(fixture);
    return 0;
}

static const struct identity host = {IDENTITY_LINK_HOST, {"spam.example", 12}};

static struct lesson lesson_about(uint32_t document, enum label label, uint64_t sequence)
{
    struct lesson lesson = {
        .label = label,
        .trust = TRUST_OPERATOR,
        .source = SPAN("operator"),
        .time_s = time(NULL),
        .identities = &host,
        .identity_count = 1,
    };
    memcpy(lesson.document_id, &document, sizeof document);
    lesson_set_event_id(&lesson, sequence);
    return lesson;
}

static bool append(struct counts_store *store, const struct lesson *lesson,
                   struct append_result *result, struct error *error)
{
    size_t done;
    return counts_append(store, &lesson, 1, result, &done, error);
}

static bool teach(struct counts_store *store, uint32_t document, struct error *error)
{
    struct append_result result;
    struct lesson lesson = lesson_about(document, LABEL_SPAM, 0);
    return append(store, &lesson, &result, error);
}

static struct reputation_counts read_one(struct fixture *fixture, const struct identity *identity)
{
    struct reputation_counts counts;
    good(counts_reputation_read(fixture->store, identity, 1, &counts, &fixture->error));
    return counts;
}

/* The first column of the first row; past the store, on the file itself. */
static int64_t sql(struct fixture *fixture, const char *text)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &statement, NULL), SQLITE_OK);
    int64_t value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return value;
}

static bool count_entry(void *context, uint64_t version, const void *data, size_t length)
{
    (void)data, (void)length;
    uint64_t *last = context;
    assert_int_equal(version, *last + 1);
    *last = version;
    return true;
}

static uint64_t follow_all(struct fixture *fixture)
{
    uint64_t last = 0;
    if (counts_follow(fixture->store, 0, 0, SIZE_MAX, count_entry, &last, &fixture->error) !=
        FOLLOW_DONE)
        fail_msg("%s", fixture->error.message);
    return last;
}

/* --- the same numbers --- */

#define YEAR_S ((int64_t)365 * 86400)
enum { NAMES = 12 };
static char names[NAMES][16];
static struct identity identities[NAMES];

static void name_identities(void)
{
    for (int i = 0; i < NAMES; i++) {
        int length = snprintf(names[i], sizeof names[i], "h%d.example", i);
        identities[i] =
            (struct identity){(enum identity_type)(i % IDENTITY_TYPES), {names[i], (size_t)length}};
    }
}

static uint32_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 16);
}

/* One lesson; the year goes on from each to the next, not without disorder. Many are changes of
 * mind, or say the same again. */
static struct lesson random_lesson(uint64_t *state, struct identity chosen[NAMES], int64_t time_s)
{
    struct lesson lesson =
        lesson_about(next_random(state) % 700, next_random(state) % 2 ? LABEL_SPAM : LABEL_HAM,
                     next_random(state) % 3);
    lesson.time_s = time_s - next_random(state) % (next_random(state) % 8 ? 3600 : 40 * 86400);
    lesson.identity_count = 1 + next_random(state) % 6;
    for (size_t i = 0; i < lesson.identity_count; i++)
        chosen[i] = identities[next_random(state) % NAMES];
    lesson.identities = chosen;
    /* Some are of users, whose shares are limited as far as the operator agrees with them. */
    if (next_random(state) % 3 == 0) {
        static const char *const users[] = {"user:ann", "user:bob", "user:eve"};
        lesson.source = span_of(users[next_random(state) % 3]);
        lesson.trust = TRUST_USER;
    }
    return lesson;
}

static void assert_same_counts(struct fixture *fixture, struct counts_store *redis)
{
    struct reputation_counts ours[NAMES], theirs[NAMES];
    good(counts_reputation_read(fixture->store, identities, NAMES, ours, &fixture->error));
    good(counts_reputation_read(redis, identities, NAMES, theirs, &fixture->error));
    for (int i = 0; i < NAMES; i++) {
        assert_int_equal(ours[i].ham_milli, theirs[i].ham_milli);
        assert_int_equal(ours[i].spam_milli, theirs[i].spam_milli);
        assert_int_equal(ours[i].time_s, theirs[i].time_s);
        assert_int_equal(ours[i].first_s, theirs[i].first_s);
        assert_int_equal(ours[i].override, theirs[i].override);
        assert_int_equal(ours[i].override_centi, theirs[i].override_centi);
        assert_int_equal(ours[i].override_until_s, theirs[i].override_until_s);
    }
}

/* At each store's own second. */
static void see_in_both(struct fixture *fixture, struct counts_store *redis)
{
    uint32_t documents[NAMES];
    struct reputation_counts ours[NAMES], theirs[NAMES];
    int64_t begin_s = time(NULL);
    for (uint32_t i = 0; i < NAMES; i++)
        documents[i] = 1 + 100 * i;
    good(counts_reputation_seen(fixture->store, identities, documents, NAMES, &fixture->error));
    good(counts_reputation_seen(redis, identities, documents, NAMES, &fixture->error));
    int64_t took_s = time(NULL) - begin_s;
    good(counts_reputation_read(fixture->store, identities, NAMES, ours, &fixture->error));
    good(counts_reputation_read(redis, identities, NAMES, theirs, &fixture->error));
    for (int i = 0; i < NAMES; i++) {
        assert_in_range(theirs[i].time_s, ours[i].time_s, ours[i].time_s + took_s);
        assert_in_range(theirs[i].seen_milli, ours[i].seen_milli - 1 - took_s,
                        ours[i].seen_milli + 1 + took_s);
        assert_in_range(theirs[i].ham_milli + 1, ours[i].ham_milli, ours[i].ham_milli + 2);
        assert_in_range(theirs[i].spam_milli + 1, ours[i].spam_milli, ours[i].spam_milli + 2);
        assert_int_equal(theirs[i].first_s, ours[i].first_s);
    }
}

static void test_same_lessons_leave_the_counts_that_redis_has(void **state)
{
    struct fixture *fixture = *state;
    struct counts_place *place = counts_place_start(&counts_place_redis);
    struct counts_store *redis = counts_open(counts_place_url(place), &patient, &fixture->error);
    uint64_t random_state = 88172645463325252u;
    int lessons = (int)rounds(2000, 300);
    int64_t now_s = time(NULL);
    name_identities();
    for (int i = 0; i < lessons; i++) {
        struct identity chosen[NAMES];
        struct append_result ours, theirs;
        struct lesson lesson =
            random_lesson(&random_state, chosen, now_s - (lessons - i) * YEAR_S / lessons);
        good(append(fixture->store, &lesson, &ours, &fixture->error));
        good(append(redis, &lesson, &theirs, &fixture->error));
        assert_int_equal(ours.outcome, theirs.outcome);
        assert_int_equal(ours.version, theirs.version);
        /* Of one never seen the counts begin at each store's own second. */
        const struct identity *overridden = &identities[next_random(&random_state) % NAMES];
        enum override_kind kind = (enum override_kind)(next_random(&random_state) % 3);
        int32_t centi = (int32_t)(next_random(&random_state) % 1000) - 500;
        if (i % 10 == 0 && read_one(fixture, overridden).time_s) {
            good(counts_reputation_override(fixture->store, overridden, kind, centi, now_s + 1000,
                                            &fixture->error));
            good(counts_reputation_override(redis, overridden, kind, centi, now_s + 1000,
                                            &fixture->error));
        }
        if (i % 50 == 0)
            assert_same_counts(fixture, redis);
    }
    assert_same_counts(fixture, redis);
    see_in_both(fixture, redis);
    counts_close(redis);
    counts_place_free(place);
}

/* --- several processes --- */

static pid_t fork_writer(const char *url, uint32_t first, uint32_t count, uint32_t group)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    struct error error = {0};
    struct counts_store *store = counts_open(url, &patient, &error);
    bool fine = store != NULL;
    for (uint32_t i = 0; fine && i < count; i += group) {
        struct lesson lessons[64];
        const struct lesson *pointers[64];
        struct append_result results[64];
        size_t done;
        for (uint32_t j = 0; j < group; j++) {
            lessons[j] = lesson_about(first + i + j, LABEL_SPAM, 0);
            pointers[j] = &lessons[j];
        }
        fine = counts_append(store, pointers, group, results, &done, &error);
    }
    if (!fine)
        fprintf(stderr, "%s\n", error.message);
    counts_close(store);
    _exit(!fine);
}

static void test_processes_append_at_once(void **state)
{
    struct fixture *fixture = *state;
    enum { WRITERS = 5, EACH = 200 };
    pid_t writers[WRITERS];
    /* Two of them teach the same lessons; nobody has made the file yet. */
    for (uint32_t i = 0; i < WRITERS; i++)
        writers[i] = fork_writer(counts_place_url(fixture->place), i % (WRITERS - 1) * EACH, EACH,
                                 i % 2 ? 1 : 20);
    for (int i = 0; i < WRITERS; i++) {
        int status;
        assert_int_equal(waitpid(writers[i], &status, 0), writers[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(follow_all(fixture), (WRITERS - 1) * EACH);
    assert_in_range(read_one(fixture, &host).spam_milli, (WRITERS - 1) * EACH * 1000 - 500,
                    (WRITERS - 1) * EACH * 1000 + 500);
}

/* Appends one lesson after the other, and tells of each that was answered, until it is killed. */
static pid_t fork_talker(const char *url, uint32_t first, int tell)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    struct error error = {0};
    struct counts_store *store = counts_open(url, &patient, &error);
    for (uint32_t i = first; store && teach(store, i, &error); i++)
        if (write(tell, &i, sizeof i) != sizeof i)
            break;
    fprintf(stderr, "%s\n", error.message);
    _exit(1);
}

static void test_killed_writer_loses_nothing_it_was_answered(void **state)
{
    struct fixture *fixture = *state;
    uint32_t told = 0, first = 0;
    int kills = (int)rounds(20, 4);
    for (int round = 0; round < kills; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t pid = fork_talker(counts_place_url(fixture->place), first, ends[1]);
        close(ends[1]);
        for (uint32_t document; told < first + 5 && read(ends[0], &document, sizeof document) > 0;)
            told = document + 1;
        nanosleep(&(struct timespec){0, (long)(round * 531) % 5000 * 1000}, NULL);
        kill(pid, SIGKILL);
        for (uint32_t document; read(ends[0], &document, sizeof document) > 0;)
            told = document + 1;
        waitpid(pid, NULL, 0);
        close(ends[0]);

        uint64_t newest = follow_all(fixture);
        assert_in_range(newest, told, told + 1); /* one may be written and not yet told of */
        assert_in_range(read_one(fixture, &host).spam_milli, newest * 1000 - 500,
                        newest * 1000 + 500);
        first = told = (uint32_t)newest;
    }
    assert_int_equal(sql(fixture, "SELECT count(*) FROM event"), told);
    assert_int_equal(sql(fixture, "SELECT count(*) FROM label"), told);
}

static void test_store_locked_by_another_is_away_after_the_timeout(void **state)
{
    struct fixture *fixture = *state;
    good(teach(fixture->store, 1, &fixture->error));
    sqlite3 *db;
    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    assert_false(teach(fixture->store, 2, &fixture->error));
    clock_gettime(CLOCK_MONOTONIC, &end);
    assert_in_range((end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000,
                    TIMEOUT_MS - 20, 4 * TIMEOUT_MS);
    assert_int_equal(fixture->error.class, ERROR_NETWORK);
    assert_non_null(strstr(fixture->error.message, "database is locked; another process"));
    read_one(fixture, &host); /* readers do not wait */
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    good(teach(fixture->store, 2, &fixture->error));
}

/* --- what has an end --- */

static void test_what_has_expired_counts_for_nothing(void **state)
{
    struct fixture *fixture = *state;
    good(teach(fixture->store, 1, &fixture->error));
    sql(fixture, "UPDATE event SET expires_s = 1");
    sql(fixture, "UPDATE label SET expires_s = 1");
    sql(fixture, "UPDATE reputation SET expires_s = 1");
    struct append_result result;
    struct lesson lesson = lesson_about(1, LABEL_SPAM, 0);
    good(append(fixture->store, &lesson, &result, &fixture->error));
    assert_int_equal(result.outcome, APPEND_NEW);
    assert_int_equal(read_one(fixture, &host).spam_milli, 1000);
}

static void test_what_has_expired_is_removed_by_later_lessons(void **state)
{
    struct fixture *fixture = *state;
    for (uint32_t i = 0; i < 100; i++) {
        char name[16];
        struct identity identity = {IDENTITY_LINK_HOST, {name, 0}};
        identity.value.length = (size_t)snprintf(name, sizeof name, "h%u.example", i);
        struct lesson lesson = lesson_about(i, LABEL_SPAM, 0);
        lesson.identities = &identity;
        lesson.trust = TRUST_USER;
        struct append_result result;
        good(append(fixture->store, &lesson, &result, &fixture->error));
    }
    good(counts_reputation_override(fixture->store, &host, OVERRIDE_PIN, 1, 0, &fixture->error));
    sql(fixture, "UPDATE event SET expires_s = 1");
    sql(fixture, "UPDATE label SET expires_s = 1");
    assert_int_equal(sql(fixture, "SELECT count(*) FROM contribution"), 100);
    sql(fixture, "UPDATE contribution SET expires_s = 1");
    sql(fixture, "UPDATE reputation SET expires_s = 1 WHERE expires_s IS NOT NULL");
    for (uint32_t i = 100; i < 160; i++)
        good(teach(fixture->store, i, &fixture->error));
    assert_int_equal(sql(fixture, "SELECT count(*) FROM event"), 60);
    assert_int_equal(sql(fixture, "SELECT count(*) FROM label"), 60);
    assert_int_equal(sql(fixture, "SELECT count(*) FROM reputation"), 1);
    assert_int_equal(sql(fixture, "SELECT count(*) FROM contribution"), 0);
    assert_int_equal(read_one(fixture, &host).override, OVERRIDE_PIN);
}

/* --- the file --- */

static void test_file_is_for_user_and_group(void **state)
{
    struct fixture *fixture = *state;
    mode_t before = umask(077);
    good(teach(fixture->store, 1, &fixture->error));
    umask(before);
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char name[128];
        struct stat status;
        snprintf(name, sizeof name, "%s%s", fixture->path, ends[i]);
        assert_int_equal(stat(name, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0660);
    }
}

static void assert_refused(struct fixture *fixture, enum error_class class, const char *reason)
{
    struct counts_health health;
    char expected[512];
    assert_false(counts_health(fixture->store, &health, &fixture->error));
    snprintf(expected, sizeof expected, "%s: %s", fixture->path, reason);
    assert_string_equal(fixture->error.message, expected);
    assert_int_equal(fixture->error.class, class);
}

static void test_missing_directory_is_named_and_the_store_is_away(void **state)
{
    struct fixture *fixture = *state;
    counts_place_go_away(fixture->place);
    assert_refused(fixture, ERROR_NETWORK,
                   "No such file or directory; the directory must exist and let this user write");
}

static void test_file_that_is_no_database_is_named(void **state)
{
    struct fixture *fixture = *state;
    FILE *file = fopen(fixture->path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("no database\n", file);
    assert_int_equal(fclose(file), 0);
    assert_refused(fixture, ERROR_INPUT,
                   "file is not a database; move it away and a new one will be made, or restore a "
                   "copy");
}

static void test_database_of_somebody_else_is_left_alone(void **state)
{
    struct fixture *fixture = *state;
    sql(fixture, "CREATE TABLE history (id INTEGER)");
    assert_refused(fixture, ERROR_SYSTEM,
                   "is a database, but no counts store of weir's; name another file");
}

static void test_file_of_a_newer_weir_is_refused(void **state)
{
    struct fixture *fixture = *state;
    good(teach(fixture->store, 1, &fixture->error));
    counts_close(fixture->store);
    sql(fixture, "PRAGMA user_version = 99");
    fixture->store = counts_open(counts_place_url(fixture->place), &hasty, &fixture->error);
    assert_refused(fixture, ERROR_SYSTEM,
                   "was made by a newer weir (schema 99, this one knows 5); install that one, or "
                   "move the file away and a new one will be made");
}

/* What a user taught before there was a limit is taken back whole. */
static void test_older_file_is_taken_over(void **state)
{
    struct fixture *fixture = *state;
    good(teach(fixture->store, 1, &fixture->error));
    good(teach(fixture->store, 2, &fixture->error));
    counts_close(fixture->store);
    sql(fixture, "DROP TABLE contribution");
    sql(fixture, "ALTER TABLE label DROP COLUMN amounts");
    sql(fixture, "ALTER TABLE reputation DROP COLUMN seen_milli");
    sql(fixture, "ALTER TABLE reputation DROP COLUMN first_s");
    sql(fixture, "DROP TABLE seen");
    sql(fixture, "DROP TABLE word");
    sql(fixture, "DROP TABLE trust");
    sql(fixture, "PRAGMA user_version = 2");
    fixture->store = counts_open(counts_place_url(fixture->place), &patient, &fixture->error);
    struct lesson lesson = lesson_about(1, LABEL_HAM, 1);
    lesson.trust = TRUST_USER;
    struct append_result result;
    good(append(fixture->store, &lesson, &result, &fixture->error));
    assert_int_equal(result.outcome, APPEND_CORRECTED);
    assert_in_range(read_one(fixture, &host).spam_milli, 999, 1001);
    assert_in_range(read_one(fixture, &host).ham_milli, 999, 1001);
    assert_int_equal(read_one(fixture, &host).first_s, 0); /* nobody knows */
    uint32_t documents = 2;
    good(counts_reputation_seen(fixture->store, &host, &documents, 1, &fixture->error));
    assert_in_range(read_one(fixture, &host).seen_milli, 1999, 2001);
    assert_int_equal(read_one(fixture, &host).first_s, 0);
}

/* Lessons and a pin outlive what was only seen; nothing is known of who is new after a gap. */
static void test_what_was_only_seen_expires_after_two_weeks(void **state)
{
    struct fixture *fixture = *state;
    const struct identity seen[] = {
        {IDENTITY_IP, SPAN("192.0.2.1")}, {IDENTITY_ATTACHMENT, SPAN("00112233")}, host};
    const uint32_t documents[] = {1, 1, 1};
    good(teach(fixture->store, 1, &fixture->error));
    good(counts_reputation_seen(fixture->store, seen, documents, 3, &fixture->error));
    read_one(fixture, &host);
    assert_true(counts_seen_since(fixture->store) > 0);
    sql(fixture, "UPDATE reputation SET expires_s = expires_s - 3 * 86400");
    assert_int_equal(read_one(fixture, &seen[1]).seen_milli, 0);
    assert_true(read_one(fixture, &seen[0]).seen_milli > 0);
    sql(fixture, "UPDATE reputation SET expires_s = expires_s - 12 * 86400");
    sql(fixture, "UPDATE seen SET last_s = last_s - 15 * 86400");
    assert_int_equal(read_one(fixture, &seen[0]).seen_milli, 0);
    assert_int_equal(counts_seen_since(fixture->store), 0);
    assert_true(read_one(fixture, &host).spam_milli > 0);
    good(counts_reputation_seen(fixture->store, &host, documents, 1, &fixture->error));
    assert_int_equal(sql(fixture, "SELECT count(*) FROM reputation"), 1);
}

static void test_file_that_this_user_may_not_write_is_named(void **state)
{
    struct fixture *fixture = *state;
    if (geteuid() != 0)
        skip();
    good(teach(fixture->store, 1, &fixture->error));
    counts_close(fixture->store);
    assert_int_equal(seteuid(65534), 0);
    fixture->store = counts_open(counts_place_url(fixture->place), &hasty, &fixture->error);
    struct counts_health health;
    bool answered = counts_health(fixture->store, &health, &fixture->error);
    assert_int_equal(seteuid(0), 0);
    assert_false(answered);
    assert_int_equal(fixture->error.class, ERROR_NETWORK);
    assert_non_null(strstr(fixture->error.message,
                           "Permission denied; run as root, or let this user write the file"));
}

static void test_relative_path_is_refused_at_once(void **state)
{
    struct fixture *fixture = *state;
    assert_null(counts_open("sqlite://counts.db", NULL, &fixture->error));
    assert_int_equal(fixture->error.class, ERROR_INPUT);
    assert_string_equal(fixture->error.message,
                        "sqlite://counts.db: names no file; say sqlite:///absolute/path/counts.db");
    assert_null(counts_open("sqlite://", NULL, &fixture->error));
    assert_null(counts_open("sqlite:///var/lib/", NULL, &fixture->error));
}

static void test_another_file_in_its_place_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    struct counts_health before, after;
    good(teach(fixture->store, 1, &fixture->error));
    good(counts_health(fixture->store, &before, &fixture->error));
    counts_place_go_away(fixture->place);
    counts_place_come_back_empty(fixture->place);
    good(teach(fixture->store, 2, &fixture->error));
    good(counts_health(fixture->store, &after, &fixture->error));
    assert_int_equal(after.version, 1);
    assert_string_not_equal(before.run_id, after.run_id);
    assert_int_equal(sql(fixture, "SELECT count(*) FROM log"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_same_lessons_leave_the_counts_that_redis_has),
        TEST(test_processes_append_at_once),
        TEST(test_killed_writer_loses_nothing_it_was_answered),
        TEST(test_store_locked_by_another_is_away_after_the_timeout),
        TEST(test_what_has_expired_counts_for_nothing),
        TEST(test_what_has_expired_is_removed_by_later_lessons),
        TEST(test_file_is_for_user_and_group),
        TEST(test_missing_directory_is_named_and_the_store_is_away),
        TEST(test_file_that_is_no_database_is_named),
        TEST(test_database_of_somebody_else_is_left_alone),
        TEST(test_file_of_a_newer_weir_is_refused),
        TEST(test_older_file_is_taken_over),
        TEST(test_what_was_only_seen_expires_after_two_weeks),
        TEST(test_file_that_this_user_may_not_write_is_named),
        TEST(test_relative_path_is_refused_at_once),
        TEST(test_another_file_in_its_place_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
