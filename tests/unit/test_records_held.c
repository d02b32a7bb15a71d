#include "tests/unit/records_file.h"
#include "tests/unit/rounds.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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
    assert_int_equal(held->item_head_length, 6);
    assert_memory_equal(held->item_head, "<rss>\0", 6);
    held_free(held);
}

/* Cut between characters: 165 of them, of three bytes each, and the mark fit. */
static void test_long_subject_and_sender_are_kept_as_their_start(void **state)
{
    struct fixture *fixture = *state;
    char subject[3 * 1000 + 1] = "", sender[RECORDS_TEXT_MOST + 1];
    for (int i = 0; i < 1000; i++)
        memcpy(subject + 3 * i, "票", 3);
    memset(sender, 'x', RECORDS_TEXT_MOST);
    sender[RECORDS_TEXT_MOST] = '\0';
    struct held held = held_of("Q1");
    held.subject = subject;
    held.sender = sender;
    int64_t id;
    good(records_held_add(fixture->records, &held, &id, &fixture->error));
    struct held *kept = get(fixture, id);
    assert_string_equal(kept->sender, sender);
    assert_int_equal(strlen(kept->subject), 3 * 165 + 3);
    assert_memory_equal(kept->subject, subject, 3 * 165);
    assert_string_equal(kept->subject + 3 * 165, "…");
    assert_true(records_is_start(kept->subject));
    assert_false(records_is_start(sender) || records_is_start("…") || records_is_start(""));
    held_free(kept);
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
    bool set;
    good(records_held_set_started(fixture->records, id, HELD_PENDING, 1700000700, &set,
                                  &fixture->error));
    assert_true(set);
    good(records_held_set_started(fixture->records, id, HELD_HELD, 1700000800, &set,
                                  &fixture->error));
    assert_false(set);
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
    assert_string_equal(held->taught_by, "");
    held_free(held);
    good(records_held_set_taught(fixture->records, id, 2, -1.5, "user:ann", &fixture->error));
    held = get(fixture, id);
    assert_int_equal(held->taught, 2);
    assert_true(held->taught_from == -1.5);
    assert_string_equal(held->taught_by, "user:ann");
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
    const unsigned entries = rounds(20, 5);
    pid_t children[4];
    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        if (children[i] != 0)
            continue;
        struct error error = {0};
        struct records *records = records_open(fixture->path, &error);
        bool well = records != NULL, moved;
        for (unsigned k = 0; k < entries && well; k++) {
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
    assert_int_equal(count_rows(fixture, "held WHERE state = 1"), 4 * entries);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_records(test_held_entry_is_kept_whole),
        with_records(test_long_subject_and_sender_are_kept_as_their_start),
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
