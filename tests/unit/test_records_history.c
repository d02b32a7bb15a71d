#include "tests/unit/records_file.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_records(test_entry_is_found_by_reference),
        with_records(test_entry_is_found_by_the_first_digits_of_its_id),
        with_records(test_ambiguous_id_is_an_error),
        with_records(test_unknown_short_and_odd_ids_are_not_found),
        with_records(test_newest_entry_of_a_document_is_found),
        with_records(test_history_is_written_without_a_flush),
        with_records(test_closing_writes_what_is_queued),
        with_records(test_threads_add_to_one_history),
        with_records(test_lost_history_is_told_once_for_each_spell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
