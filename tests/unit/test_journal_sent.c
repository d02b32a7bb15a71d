#include "journal_records.h"

#include "store/memory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const unsigned char some_key[COUNTS_KEY_BYTES] = {1, 2, 3, 0, 5};

static void set_epoch(struct fixture *fixture, struct journal_session *session, const char *run_id)
{
    good(journal_set_epoch(session, run_id, some_key, &fixture->error));
}

static void keep(struct fixture *fixture, struct journal_session *session, uint32_t number)
{
    struct numbered storage;
    struct journal_record record = numbered_record(number, &storage);
    good(journal_keep(session, &record, 1, &fixture->error));
}

static void test_sent_lessons_come_back_in_order(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct journal_session *session = begin_session(fixture);
    set_epoch(fixture, session, "run");
    keep(fixture, session, 1);
    keep(fixture, session, 2);
    journal_end(session);
    session = begin_session(fixture);
    keep(fixture, session, 3);
    read_numbers(fixture, session, journal_next_sent, &numbers);
    journal_end(session);
    assert_numbers(&numbers, 1, 3);
}

static void test_lessons_sent_before_the_window_are_gone(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct stat before, after;
    replace_journal(fixture, LIMIT, 3);
    struct journal_session *session = begin_session(fixture);
    set_epoch(fixture, session, "run");
    for (uint32_t number = 0; number < 20; number++)
        keep(fixture, session, number);
    stat(fixture->sent_path, &before);
    assert_true(journal_is_busy(fixture->journal));
    nanosleep(&(struct timespec){7, 0}, NULL);
    assert_false(journal_is_busy(fixture->journal));
    keep(fixture, session, 20);
    stat(fixture->sent_path, &after);
    read_numbers(fixture, session, journal_next_sent, &numbers);
    journal_end(session);
    assert_numbers(&numbers, 20, 1);
    assert_true(after.st_size < before.st_size);
}

/* They were sent to it again, and may be lost by it, too. */
static void test_window_begins_anew_with_another_run_of_the_store(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    replace_journal(fixture, LIMIT, 5);
    struct journal_session *session = begin_session(fixture);
    set_epoch(fixture, session, "one run");
    keep(fixture, session, 7);
    nanosleep(&(struct timespec){3, 0}, NULL);
    set_epoch(fixture, session, "another run");
    nanosleep(&(struct timespec){3, 0}, NULL);
    read_numbers(fixture, session, journal_next_sent, &numbers);
    journal_end(session);
    assert_numbers(&numbers, 7, 1);
}

static void test_of_too_many_sent_lessons_the_newest_are_kept(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct stat status;
    replace_journal(fixture, 8000, WINDOW_S);
    struct journal_session *session = begin_session(fixture);
    set_epoch(fixture, session, "run");
    for (uint32_t number = 0; number < 200; number++)
        keep(fixture, session, number);
    read_numbers(fixture, session, journal_next_sent, &numbers);
    assert_string_equal(journal_epoch(session)->run_id, "run");
    journal_end(session);
    assert_int_equal(stat(fixture->sent_path, &status), 0);
    assert_true(status.st_size <= 8000);
    assert_true(numbers.count >= 10);
    assert_numbers(&numbers, 200 - (uint32_t)numbers.count, numbers.count);
}

static void test_epoch_is_unknown_until_it_is_set(void **state)
{
    struct journal_session *session = begin_session(*state);
    assert_int_equal(journal_epoch(session)->time_s, 0);
    assert_string_equal(journal_epoch(session)->run_id, "");
    journal_end(session);
}

static void test_epoch_lasts_until_another_is_set(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct journal_session *session = begin_session(fixture);
    set_epoch(fixture, session, "one run of forty letters, as they have");
    keep(fixture, session, 1);
    set_epoch(fixture, session, "another");
    journal_end(session);
    session = begin_session(fixture);
    assert_string_equal(journal_epoch(session)->run_id, "another");
    assert_memory_equal(journal_epoch(session)->key, some_key, sizeof some_key);
    read_numbers(fixture, session, journal_next_sent, &numbers);
    journal_end(session);
    assert_numbers(&numbers, 1, 1);
}

static void test_damaged_epoch_is_an_unknown_one_and_costs_no_lesson(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct journal_session *session = begin_session(fixture);
    set_epoch(fixture, session, "run");
    keep(fixture, session, 1);
    journal_end(session);
    int fd = open(fixture->sent_path, O_WRONLY);
    assert_int_equal(pwrite(fd, "\x99", 1, 30), 1);
    close(fd);
    session = begin_session(fixture);
    assert_string_equal(journal_epoch(session)->run_id, "");
    set_epoch(fixture, session, "next");
    read_numbers(fixture, session, journal_next_sent, &numbers);
    journal_end(session);
    assert_numbers(&numbers, 1, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_journal(test_sent_lessons_come_back_in_order),
        with_journal(test_lessons_sent_before_the_window_are_gone),
        with_journal(test_window_begins_anew_with_another_run_of_the_store),
        with_journal(test_of_too_many_sent_lessons_the_newest_are_kept),
        with_journal(test_epoch_is_unknown_until_it_is_set),
        with_journal(test_epoch_lasts_until_another_is_set),
        with_journal(test_damaged_epoch_is_an_unknown_one_and_costs_no_lesson),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
