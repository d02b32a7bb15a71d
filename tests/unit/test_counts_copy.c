/* What counts_copy.h promises, from each kind of store to each. */
#include "store/counts_copy.h"

#include <setjmp.h>
#include <signal.h>
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

#include "store/counts_ops.h"
#include "tests/unit/counts_place.h"

struct direction {
    const struct counts_place_kind *from, *to;
};
static const struct direction directions[] = {
    {&counts_place_redis, &counts_place_sqlite},
    {&counts_place_sqlite, &counts_place_redis},
    {&counts_place_sqlite, &counts_place_sqlite},
    {&counts_place_redis, &counts_place_redis},
};

struct fixture {
    struct counts_place *places[2];
    struct counts_store *from, *to;
    struct counts_sums sums;
    struct error error;
};

#define good(call)                                                                                 \
    do {                                                                                           \
        if (!(call))                                                                               \
            fail_msg("%s", fixture->error.message);                                                \
    } while (0)

static const struct counts_options patient = {.timeout_ms = 20000};

static int set_up(void **state)
{
    const struct direction *direction = *state;
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->places[0] = counts_place_start(direction->from);
    fixture->places[1] = counts_place_start(direction->to);
    fixture->from = counts_open(counts_place_url(fixture->places[0]), &patient, &fixture->error);
    fixture->to = counts_open(counts_place_url(fixture->places[1]), &patient, &fixture->error);
    *state = fixture;
    return fixture->from && fixture->to ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    counts_close(fixture->from);
    counts_close(fixture->to);
    counts_place_free(fixture->places[0]);
    counts_place_free(fixture->places[1]);
    free(fixture);
    return 0;
}

static const struct identity host = {IDENTITY_LINK_HOST, {"spam.example", 12}};
static const struct identity odd = {IDENTITY_AUTHOR, {"a\0b *?[x]\\\n:\xff", 13}};
static const struct identity never_seen = {IDENTITY_FEED, {"pinned", 6}};
static const struct identity both[] = {{IDENTITY_LINK_HOST, {"spam.example", 12}},
                                       {IDENTITY_AUTHOR, {"a\0b *?[x]\\\n:\xff", 13}}};

static struct append_result send(struct fixture *fixture, struct counts_store *store,
                                 uint32_t document, enum label label, uint64_t sequence,
                                 bool withdrawn)
{
    struct lesson lesson = {
        .label = label,
        .withdrawn = withdrawn,
        .trust = TRUST_OPERATOR,
        .source = SPAN("user:a:b"),
        .time_s = 1790000000 + document * 86400,
        .identities = both,
        .identity_count = 1 + document % 2,
    };
    memcpy(lesson.document_id, &document, sizeof document);
    lesson_set_event_id(&lesson, sequence);
    struct append_result result;
    size_t done;
    good(counts_append(store, &(const struct lesson *){&lesson}, 1, &result, &done,
                       &fixture->error));
    return result;
}

static struct append_result teach(struct fixture *fixture, struct counts_store *store,
                                  uint32_t document, enum label label, uint64_t sequence)
{
    return send(fixture, store, document, label, sequence, false);
}

static void assert_same_settings(struct fixture *fixture)
{
    struct counts_settings ours, theirs;
    good(counts_settings_load(fixture->from, &ours, &fixture->error));
    good(counts_settings_load(fixture->to, &theirs, &fixture->error));
    assert_int_equal(theirs.version, 2);
    assert_string_equal(ours.text, theirs.text);
    counts_settings_clear(&ours);
    counts_settings_clear(&theirs);
}

static void assert_same_counts(struct fixture *fixture)
{
    const struct identity asked[] = {host, odd, never_seen};
    struct reputation_counts ours[3], theirs[3];
    good(counts_reputation_read(fixture->from, asked, 3, ours, &fixture->error));
    good(counts_reputation_read(fixture->to, asked, 3, theirs, &fixture->error));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ours[i].ham_milli, theirs[i].ham_milli);
        assert_int_equal(ours[i].spam_milli, theirs[i].spam_milli);
        assert_int_equal(ours[i].time_s, theirs[i].time_s);
        assert_int_equal(ours[i].seen_milli, theirs[i].seen_milli);
        assert_int_equal(ours[i].first_s, theirs[i].first_s);
        assert_int_equal(ours[i].override, theirs[i].override);
        assert_int_equal(ours[i].override_centi, theirs[i].override_centi);
        assert_int_equal(ours[i].override_until_s, theirs[i].override_until_s);
    }
}

static void fill(struct fixture *fixture)
{
    unsigned char key[COUNTS_KEY_BYTES];
    good(counts_installation_key(fixture->from, NULL, key, &fixture->error));
    for (uint32_t i = 0; i < 40; i++)
        teach(fixture, fixture->from, i, i % 3 ? LABEL_SPAM : LABEL_HAM, 0);
    teach(fixture, fixture->from, 5, LABEL_HAM, 1);
    const uint32_t documents = 7;
    good(counts_reputation_seen(fixture->from, &odd, &documents, 1, &fixture->error));
    bool saved;
    good(counts_settings_save(fixture->from, 0, SPAN("{}"), &saved, &fixture->error));
    good(counts_settings_save(fixture->from, 1, SPAN("{\"weights\":{}}"), &saved, &fixture->error));
    good(counts_reputation_override(fixture->from, &never_seen, OVERRIDE_PIN, -300, 0,
                                    &fixture->error));
    good(counts_reputation_override(fixture->from, &odd, OVERRIDE_SET, 1234, time(NULL) + 9999,
                                    &fixture->error));
    struct snapshot snapshot = {30, 7, (unsigned char *)"model\0data", 10};
    bool stored;
    good(counts_snapshot_save(fixture->from, &snapshot, &stored, &fixture->error));
}

static void copy(struct fixture *fixture)
{
    good(counts_copy(fixture->from, fixture->to, &fixture->sums, &fixture->error));
}

static void test_copy_has_the_same_counts_and_overrides(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    copy(fixture);
    assert_same_counts(fixture);
    assert_true(counts_seen_since(fixture->from) > 0);
    assert_int_equal(counts_seen_since(fixture->to), counts_seen_since(fixture->from));
    assert_same_settings(fixture);
}

static void test_copy_is_counted(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    copy(fixture);
    assert_int_equal(fixture->sums.version, 41);
    assert_int_equal(fixture->sums.items[COUNTS_ITEM_KEY], 1);
    assert_int_equal(fixture->sums.items[COUNTS_ITEM_SNAPSHOT], 1);
    assert_int_equal(fixture->sums.items[COUNTS_ITEM_LESSON], 12); /* 30 to 41 */
    assert_int_equal(fixture->sums.items[COUNTS_ITEM_EVENT], 41);
    assert_int_equal(fixture->sums.items[COUNTS_ITEM_LABEL], 40);
    assert_int_equal(fixture->sums.items[COUNTS_ITEM_REPUTATION], 3);
}

static void test_copy_has_key_snapshot_and_log(void **state)
{
    struct fixture *fixture = *state;
    unsigned char ours[COUNTS_KEY_BYTES], theirs[COUNTS_KEY_BYTES];
    struct snapshot snapshot;
    struct counts_health health;
    fill(fixture);
    copy(fixture);
    good(counts_installation_key(fixture->from, NULL, ours, &fixture->error));
    good(counts_installation_key(fixture->to, NULL, theirs, &fixture->error));
    assert_memory_equal(ours, theirs, COUNTS_KEY_BYTES);
    good(counts_snapshot_load(fixture->to, &snapshot, &fixture->error));
    assert_int_equal(snapshot.version, 30);
    assert_int_equal(snapshot.feature_version, 7);
    assert_int_equal(snapshot.length, 10);
    assert_memory_equal(snapshot.data, "model\0data", 10);
    snapshot_clear(&snapshot);
    good(counts_health(fixture->to, &health, &fixture->error));
    assert_int_equal(health.version, 41);
}

struct digest {
    uint64_t version, sum;
};

static bool add_up(void *context, uint64_t version, const void *data, size_t length)
{
    struct digest *digest = context;
    digest->version = version;
    for (size_t i = 0; i < length; i++)
        digest->sum = digest->sum * 31 + ((const unsigned char *)data)[i];
    return true;
}

static void test_copy_can_be_followed_from_the_snapshot(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    copy(fixture);
    struct digest ours = {0}, theirs = {0};
    assert_int_equal(counts_follow(fixture->from, 30, 0, SIZE_MAX, add_up, &ours, &fixture->error),
                     FOLLOW_DONE);
    assert_int_equal(counts_follow(fixture->to, 30, 0, SIZE_MAX, add_up, &theirs, &fixture->error),
                     FOLLOW_DONE);
    assert_int_equal(ours.version, 41);
    assert_memory_equal(&ours, &theirs, sizeof ours);
    assert_int_equal(counts_follow(fixture->to, 5, 0, SIZE_MAX, add_up, &theirs, &fixture->error),
                     FOLLOW_TRIMMED);
}

static void test_copy_knows_events_and_labels(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    copy(fixture);
    struct append_result again = teach(fixture, fixture->to, 7, LABEL_SPAM, 0);
    assert_int_equal(again.outcome, APPEND_REPEATED);
    assert_int_equal(again.version, 8);
    assert_int_equal(teach(fixture, fixture->to, 7, LABEL_SPAM, 1).outcome, APPEND_SAME_LABEL);
    struct append_result corrected = teach(fixture, fixture->to, 7, LABEL_HAM, 2);
    assert_int_equal(corrected.outcome, APPEND_CORRECTED);
    assert_int_equal(corrected.version, 42);
    teach(fixture, fixture->from, 7, LABEL_SPAM, 1);
    teach(fixture, fixture->from, 7, LABEL_HAM, 2);
    assert_same_counts(fixture);
}

static void say(struct fixture *fixture, struct counts_store *store, const char *source,
                uint32_t document, enum label label)
{
    struct lesson lesson = {.label = label,
                            .trust = strcmp(source, "operator") ? TRUST_USER : TRUST_OPERATOR,
                            .source = span_of(source),
                            .time_s = time(NULL),
                            .identities = both,
                            .identity_count = 2};
    memcpy(lesson.document_id, &document, sizeof document);
    lesson_set_event_id(&lesson, 0);
    struct append_result result;
    size_t done;
    good(counts_append(store, &(const struct lesson *){&lesson}, 1, &result, &done,
                       &fixture->error));
}

static void assert_spam(struct fixture *fixture, uint32_t milli)
{
    for (size_t i = 0; i < 2; i++) {
        struct reputation_counts counts;
        good(counts_reputation_read(fixture->to, &both[i], 1, &counts, &fixture->error));
        assert_in_range(counts.spam_milli, milli - 5, milli + 5);
    }
}

/* Eve may add a whole lesson, two thirds of one, and no more: half of the share, since the operator
 * has agreed with nothing of hers yet. */
static void test_copy_knows_how_much_a_limited_lesson_added(void **state)
{
    struct fixture *fixture = *state;
    struct reputation_table table = reputation_table_default;
    table.source_share = 0.5;
    counts_use_table(fixture->from, &table);
    for (uint32_t i = 1; i <= 5; i++)
        say(fixture, fixture->from, "operator", i, LABEL_SPAM);
    for (uint32_t i = 6; i <= 8; i++)
        say(fixture, fixture->from, "user:eve", i, LABEL_SPAM);
    copy(fixture);
    assert_spam(fixture, 6667);
    say(fixture, fixture->to, "user:eve", 8, LABEL_HAM);
    assert_spam(fixture, 6667);
    say(fixture, fixture->to, "user:eve", 7, LABEL_HAM);
    assert_spam(fixture, 6000);
    say(fixture, fixture->to, "user:eve", 6, LABEL_HAM);
    assert_spam(fixture, 5000);
}

static void test_copy_replaces_what_was_there(void **state)
{
    struct fixture *fixture = *state;
    struct counts_health before, after;
    fill(fixture);
    for (uint32_t i = 1000; i < 1100; i++)
        teach(fixture, fixture->to, i, LABEL_HAM, 0);
    good(counts_health(fixture->to, &before, &fixture->error));
    copy(fixture);
    good(counts_health(fixture->to, &after, &fixture->error));
    assert_int_equal(after.version, 41);
    assert_string_not_equal(before.run_id, after.run_id); /* replicas must not go on */
    assert_same_counts(fixture);
    assert_int_equal(teach(fixture, fixture->to, 1000, LABEL_HAM, 0).outcome, APPEND_NEW);
}

static void test_store_without_lessons_and_overrides_is_empty(void **state)
{
    struct fixture *fixture = *state;
    bool empty;
    unsigned char key[COUNTS_KEY_BYTES];
    good(counts_is_empty(fixture->from, &empty, &fixture->error));
    assert_true(empty);
    good(counts_installation_key(fixture->from, NULL, key, &fixture->error));
    const uint32_t documents = 7;
    good(counts_reputation_seen(fixture->from, &odd, &documents, 1, &fixture->error));
    good(counts_is_empty(fixture->from, &empty, &fixture->error));
    assert_true(empty);
    good(counts_reputation_override(fixture->from, &host, OVERRIDE_PIN, 1, 0, &fixture->error));
    good(counts_is_empty(fixture->from, &empty, &fixture->error));
    assert_false(empty);
}

static void test_source_that_is_away_is_named(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture, fixture->to, 1, LABEL_HAM, 0);
    counts_place_go_away(fixture->places[0]);
    assert_false(counts_copy(fixture->from, fixture->to, &fixture->sums, &fixture->error));
    assert_int_equal(fixture->error.class, ERROR_NETWORK);
    assert_non_null(strstr(fixture->error.message, "/tmp/weir-"));
}

/* --- while lessons are taught --- */

static pid_t fork_teacher(struct fixture *fixture, int tell)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    struct error error = {0};
    struct counts_store *store =
        counts_open(counts_place_url(fixture->places[0]), &patient, &error);
    for (uint32_t i = 1; store; i++) {
        struct lesson lesson = {.label = LABEL_SPAM,
                                .trust = TRUST_OPERATOR,
                                .source = SPAN("operator"),
                                .time_s = 1790000000,
                                .identities = both,
                                .identity_count = 2};
        struct append_result result;
        size_t done;
        memcpy(lesson.document_id, &i, sizeof i);
        lesson_set_event_id(&lesson, 0);
        /* Refused for a moment, it is sent again. */
        while (!counts_append(store, &(const struct lesson *){&lesson}, 1, &result, &done, &error))
            if (error.class != ERROR_NETWORK)
                _exit(1);
        if (write(tell, "x", 1) != 1)
            break;
        usleep(500 + 20 * i); /* a copy that takes long is not outrun */
    }
    fprintf(stderr, "%s\n", error.message);
    _exit(1);
}

static bool count_one(void *context, uint64_t version, const void *data, size_t length)
{
    (void)data, (void)length;
    assert_int_equal(version, *(uint64_t *)context + 1);
    *(uint64_t *)context = version;
    return true;
}

/* Whatever moment the copy is of: it has each lesson of its log in its counts and no other. */
static void assert_consistent(struct fixture *fixture, struct counts_store *store)
{
    uint64_t version = 0;
    assert_int_equal(counts_follow(store, 0, 0, SIZE_MAX, count_one, &version, &fixture->error),
                     FOLLOW_DONE);
    struct reputation_counts counts[2];
    good(counts_reputation_read(store, both, 2, counts, &fixture->error));
    assert_int_equal(counts[0].spam_milli, version * 1000);
    assert_int_equal(counts[1].spam_milli, version * 1000);
    assert_true(version >= 50);
}

static void test_copy_is_of_one_moment_while_lessons_are_taught(void **state)
{
    struct fixture *fixture = *state;
    int ends[2];
    char told[50];
    assert_int_equal(pipe(ends), 0);
    pid_t teacher = fork_teacher(fixture, ends[1]);
    for (size_t got = 0; got < sizeof told;)
        got += (size_t)read(ends[0], told, sizeof told - got);
    for (int i = 0; i < 3; i++) {
        copy(fixture);
        assert_consistent(fixture, fixture->to);
    }
    kill(teacher, SIGKILL);
    waitpid(teacher, NULL, 0);
    close(ends[0]);
    close(ends[1]);
}

/* Between labels, which come first, and the end of the log. */
struct withdrawing {
    struct fixture *fixture;
    counts_put_item *put;
    void *context;
    bool done;
};

static bool withdraw_and_put(void *context, const struct counts_item *item, struct error *error)
{
    struct withdrawing *withdrawing = context;
    if (item->kind == COUNTS_ITEM_LESSON && !withdrawing->done) {
        withdrawing->done = true;
        send(withdrawing->fixture, withdrawing->fixture->from, 7, LABEL_SPAM, 9, true);
    }
    return withdrawing->put(withdrawing->context, item, error);
}

static bool fill_while_withdrawing(void *context, counts_put_item *put, void *put_context,
                                   struct error *error)
{
    struct withdrawing *withdrawing = context;
    struct counts_store *from = withdrawing->fixture->from;
    withdrawing->put = put;
    withdrawing->context = put_context;
    return from->ops->export_items(from, withdraw_and_put, withdrawing, error);
}

static void test_copy_has_no_label_that_was_withdrawn_meanwhile(void **state)
{
    struct fixture *fixture = *state;
    struct withdrawing withdrawing = {.fixture = fixture};
    struct counts_health ours, theirs;
    fill(fixture);
    good(fixture->to->ops->import_items(fixture->to, fill_while_withdrawing, &withdrawing,
                                        &fixture->error));
    good(counts_health(fixture->from, &ours, &fixture->error));
    good(counts_health(fixture->to, &theirs, &fixture->error));
    /* A SQLite file gives what was in it when it began. */
    bool has_it = theirs.version == ours.version;
    assert_int_equal(teach(fixture, fixture->to, 7, LABEL_SPAM, 10).outcome,
                     has_it ? APPEND_NEW : APPEND_SAME_LABEL);
}

static void test_backup_is_of_one_moment_and_can_be_copied_back(void **state)
{
    struct fixture *fixture = *state;
    int ends[2];
    char told[50], path[64], url[80];
    struct stat status;
    snprintf(path, sizeof path, "/tmp/weir-backup-%d.db", (int)getpid());
    snprintf(url, sizeof url, "sqlite://%s", path);
    assert_int_equal(pipe(ends), 0);
    pid_t teacher = fork_teacher(fixture, ends[1]);
    for (size_t got = 0; got < sizeof told;)
        got += (size_t)read(ends[0], told, sizeof told - got);
    good(counts_backup(fixture->from, path, &fixture->error));
    good(counts_backup(fixture->from, path, &fixture->error)); /* replaces it */
    kill(teacher, SIGKILL);
    waitpid(teacher, NULL, 0);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    struct counts_store *backup = counts_open(url, &patient, &fixture->error);
    good(counts_copy(backup, fixture->to, &fixture->sums, &fixture->error));
    counts_close(backup);
    assert_consistent(fixture, fixture->to);
    unlink(path);
}

static void test_backup_overwrites_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    char path[64];
    snprintf(path, sizeof path, "/tmp/weir-backup-%d.txt", (int)getpid());
    FILE *file = fopen(path, "w");
    fputs("a letter that somebody wrote\n", file);
    fclose(file);
    assert_false(counts_backup(fixture->from, path, &fixture->error));
    assert_int_equal(fixture->error.class, ERROR_INPUT);
    assert_false(counts_backup(fixture->from, "/tmp", &fixture->error));
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 29);
    unlink(path);
}

#define ROW(test, n, words)                                                                        \
    {                                                                                              \
#test words, test, set_up, tear_down, (void *)(uintptr_t)&directions[n]                    \
    }
#define IN_ALL_DIRECTIONS(test)                                                                    \
    ROW(test, 0, " from Redis to SQLite"), ROW(test, 1, " from SQLite to Redis"),                  \
        ROW(test, 2, " from SQLite to SQLite"), ROW(test, 3, " from Redis to Redis")

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ALL_DIRECTIONS(test_copy_has_the_same_counts_and_overrides),
        IN_ALL_DIRECTIONS(test_copy_is_counted),
        IN_ALL_DIRECTIONS(test_copy_has_key_snapshot_and_log),
        IN_ALL_DIRECTIONS(test_copy_can_be_followed_from_the_snapshot),
        IN_ALL_DIRECTIONS(test_copy_knows_events_and_labels),
        IN_ALL_DIRECTIONS(test_copy_knows_how_much_a_limited_lesson_added),
        IN_ALL_DIRECTIONS(test_copy_replaces_what_was_there),
        IN_ALL_DIRECTIONS(test_store_without_lessons_and_overrides_is_empty),
        IN_ALL_DIRECTIONS(test_source_that_is_away_is_named),
        IN_ALL_DIRECTIONS(test_copy_is_of_one_moment_while_lessons_are_taught),
        IN_ALL_DIRECTIONS(test_copy_has_no_label_that_was_withdrawn_meanwhile),
        IN_ALL_DIRECTIONS(test_backup_is_of_one_moment_and_can_be_copied_back),
        IN_ALL_DIRECTIONS(test_backup_overwrites_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
