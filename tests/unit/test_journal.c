#include "journal_records.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_lessons_come_back_as_they_were_given_in_order(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    for (uint32_t number = 0; number < 300; number++)
        add_record(fixture, number);
    read_waiting(fixture, &numbers);
    assert_numbers(&numbers, 0, 300);
    assert_int_equal(damaged_in(fixture), 0);
}

static void test_what_was_not_cleared_waits_on(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    add_record(fixture, 1);
    read_waiting(fixture, &numbers);
    read_waiting(fixture, &numbers);
    assert_numbers(&numbers, 1, 1);
    assert_true(journal_is_busy(fixture->journal));
}

static void test_cleared_journal_is_empty(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct journal_state look;
    bool emptied;
    add_record(fixture, 1);
    struct journal_session *session = begin_session(fixture);
    read_numbers(fixture, session, journal_next_waiting, &numbers);
    good(journal_clear(session, &emptied, &look, &fixture->error));
    journal_end(session);
    assert_true(emptied);
    good(journal_look(fixture->journal, &look, &fixture->error));
    assert_int_equal(look.size_bytes, 0);
}

static void test_lesson_added_while_others_are_sent_is_not_cleared_with_them(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct journal_state look;
    bool emptied;
    add_record(fixture, 1);
    struct journal_session *session = begin_session(fixture);
    read_numbers(fixture, session, journal_next_waiting, &numbers);
    add_record(fixture, 2);
    good(journal_clear(session, &emptied, &look, &fixture->error));
    assert_false(emptied);
    read_numbers(fixture, session, journal_next_waiting, &numbers);
    journal_end(session);
    assert_numbers(&numbers, 2, 1);
}

static void test_full_journal_refuses_and_keeps_all_it_has(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct numbered storage;
    uint32_t taken = 0;
    replace_journal(fixture, 4000, WINDOW_S);
    struct journal_record record = numbered_record(0, &storage);
    while (journal_add(fixture->journal, &record, 1, &fixture->error))
        record = numbered_record(++taken, &storage);
    assert_true(taken > 5);
    assert_int_equal(fixture->error.class, ERROR_SYSTEM);
    assert_non_null(strstr(fixture->error.message, "is full"));
    read_waiting(fixture, &numbers);
    assert_numbers(&numbers, 0, taken);
}

/* As when the disk is full. */
static void test_write_that_fails_leaves_the_journal_as_it_was(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct stat before, after;
    struct numbered storage;
    struct journal_record record = numbered_record(1, &storage);
    struct rlimit usual, low;
    add_record(fixture, 0);
    assert_int_equal(stat(fixture->path, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
    low = (struct rlimit){(rlim_t)before.st_size + 20, usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    bool added = journal_add(fixture->journal, &record, 1, &fixture->error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
    assert_false(added);
    assert_int_equal(stat(fixture->path, &after), 0);
    assert_int_equal(after.st_size, before.st_size);
    read_waiting(fixture, &numbers);
    assert_numbers(&numbers, 0, 1);
}

static void test_processes_may_add_at_once(void **state)
{
    enum { PROCESSES = 4, EACH = 50 };
    struct fixture *fixture = *state;
    bool seen[PROCESSES * EACH] = {false};
    struct numbers numbers;
    for (uint32_t process = 0; process < PROCESSES; process++) {
        if (fork() == 0) {
            struct numbered storage;
            bool added = true;
            for (uint32_t i = 0; added && i < EACH; i++) {
                struct journal_record record = numbered_record(process * EACH + i, &storage);
                added = journal_add(fixture->journal, &record, 1, &fixture->error);
            }
            _exit(!added);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    read_waiting(fixture, &numbers);
    assert_int_equal(numbers.count, PROCESSES * EACH);
    for (size_t i = 0; i < numbers.count; i++) {
        assert_false(seen[numbers.of[i]]);
        seen[numbers.of[i]] = true;
    }
}

static void test_group_may_write_and_others_may_not_read(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    mode_t before = umask(077);
    add_record(fixture, 1);
    umask(before);
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0660);
}

static void test_root_gives_the_journal_to_the_owner_of_its_directory(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chown(fixture->directory, 12345, 23456), 0);
    add_record(fixture, 1);
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_uid, 12345);
    assert_int_equal(status.st_gid, 23456);
}

static void test_link_in_place_of_the_journal_is_not_followed(void **state)
{
    struct fixture *fixture = *state;
    struct numbered storage;
    struct journal_record record = numbered_record(1, &storage);
    assert_int_equal(symlink("/dev/null", fixture->path), 0);
    assert_false(journal_add(fixture->journal, &record, 1, &fixture->error));
}

static void test_one_session_at_a_time(void **state)
{
    struct fixture *fixture = *state;
    struct journal_session *session = begin_session(fixture);
    assert_null(journal_begin(fixture->journal, 50, &fixture->error));
    journal_end(session);
    journal_end(begin_session(fixture));
}

static void test_journal_that_was_never_used_is_at_rest(void **state)
{
    struct fixture *fixture = *state;
    struct journal_state look;
    assert_false(journal_is_busy(fixture->journal));
    good(journal_look(fixture->journal, &look, &fixture->error));
    assert_int_equal(look.waiting, 0);
    assert_int_equal(access(fixture->path, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_journal(test_lessons_come_back_as_they_were_given_in_order),
        with_journal(test_what_was_not_cleared_waits_on),
        with_journal(test_cleared_journal_is_empty),
        with_journal(test_lesson_added_while_others_are_sent_is_not_cleared_with_them),
        with_journal(test_full_journal_refuses_and_keeps_all_it_has),
        with_journal(test_write_that_fails_leaves_the_journal_as_it_was),
        with_journal(test_processes_may_add_at_once),
        with_journal(test_group_may_write_and_others_may_not_read),
        with_journal(test_root_gives_the_journal_to_the_owner_of_its_directory),
        with_journal(test_link_in_place_of_the_journal_is_not_followed),
        with_journal(test_one_session_at_a_time),
        with_journal(test_journal_that_was_never_used_is_at_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
