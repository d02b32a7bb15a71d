#include "store/records_evidence.h"

#include "tests/unit/records_file.h"

#include <stdio.h>
#include <string.h>

static void judge(struct fixture *fixture, unsigned char id, const char *record)
{
    struct history_entry entry = entry_of(id, "Q");
    entry.record = record;
    entry.record_length = record ? strlen(record) : 0;
    records_history_add(fixture->records, &entry);
    records_flush(fixture->records);
}

static bool tell(void *context, const struct kept_evidence *evidence)
{
    char *text = context;
    snprintf(text + strlen(text), 200 - strlen(text), "%d:%.*s%s ", (int)evidence->history_id,
             SPAN_ARGS(evidence->record),
             !evidence->corrected            ? ""
             : evidence->label == LABEL_SPAM ? "=spam"
                                             : "=ham");
    return strlen(text) < 100;
}

static const char *kept(struct fixture *fixture)
{
    static char text[200];
    text[0] = '\0';
    good(records_evidence_list(fixture->records, tell, text, &fixture->error));
    return text;
}

static const unsigned char *id_of(unsigned char id)
{
    static struct history_entry entry;
    entry = entry_of(id, "Q");
    return entry.document_id;
}

static void test_evidence_comes_newest_first(void **state)
{
    struct fixture *fixture = *state;
    judge(fixture, 1, "first");
    judge(fixture, 2, NULL);
    judge(fixture, 3, "third");
    assert_string_equal(kept(fixture), "3:third 1:first ");
    struct history_entry *entry = records_history_get(fixture->records, 3, &fixture->error);
    good(entry);
    assert_string_equal(entry->reference, "Q");
    history_entry_free(entry);
    assert_null(records_history_get(fixture->records, 99, &fixture->error));
}

static void test_only_the_newest_verdicts_keep_their_evidence(void **state)
{
    struct fixture *fixture = *state;
    records_keep_evidence(fixture->records, 2);
    judge(fixture, 1, "a");
    judge(fixture, 2, "b");
    judge(fixture, 3, "c");
    assert_string_equal(kept(fixture), "3:c 2:b ");
    assert_int_equal(count_rows(fixture, "history"), 3);
    records_keep_evidence(fixture->records, 0);
    judge(fixture, 4, "d");
    assert_string_equal(kept(fixture), "");
}

static void test_evidence_goes_with_its_verdict(void **state)
{
    struct fixture *fixture = *state;
    judge(fixture, 1, "a");
    judge(fixture, 2, "b");
    judge(fixture, 2, "c");
    for (unsigned char id = 1; id <= 2; id++)
        good(records_correct(fixture->records, id_of(id), LABEL_HAM, "ann", "learn",
                             &fixture->error));
    run_sql(fixture, "DELETE FROM history WHERE id <= 2");
    assert_string_equal(kept(fixture), "3:c=ham ");
    assert_int_equal(count_rows(fixture, "correction"), 1);
}

static void test_last_word_of_a_person_counts(void **state)
{
    struct fixture *fixture = *state;
    judge(fixture, 1, "a");
    judge(fixture, 2, "b");
    good(
        records_correct(fixture->records, id_of(1), LABEL_SPAM, "ann", "confirm", &fixture->error));
    good(records_correct(fixture->records, id_of(2), LABEL_SPAM, "ann", "learn", &fixture->error));
    assert_string_equal(kept(fixture), "2:b=spam 1:a=spam ");
    good(records_correct(fixture->records, id_of(1), LABEL_HAM, "bob", "release", &fixture->error));
    assert_string_equal(kept(fixture), "2:b=spam 1:a=ham ");
    good(records_uncorrect(fixture->records, id_of(1), "confirm", &fixture->error));
    assert_string_equal(kept(fixture), "2:b=spam 1:a=ham ");
    good(records_uncorrect(fixture->records, id_of(1), "release", &fixture->error));
    assert_string_equal(kept(fixture), "2:b=spam 1:a ");
}

static void test_history_knows_its_documents(void **state)
{
    struct fixture *fixture = *state;
    bool known = false;
    judge(fixture, 1, NULL);
    good(records_history_knows(fixture->records, id_of(1), &known, &fixture->error));
    assert_true(known);
    good(records_history_knows(fixture->records, id_of(2), &known, &fixture->error));
    assert_false(known);
}

static void test_older_file_is_taken_over(void **state)
{
    struct fixture *fixture = *state;
    judge(fixture, 1, "a");
    records_close(fixture->records);
    run_sql(fixture, RECORDS_WITHOUT_FEEDS_SQL
            "DROP TRIGGER history_evidence_removed; DROP TABLE evidence; "
            "DROP TABLE correction; DROP TRIGGER held_sums_added; "
            "DROP TRIGGER held_sums_moved; DROP TRIGGER held_sums_removed; "
            "DROP TABLE held_sums; ALTER TABLE judged DROP COLUMN rules; "
            "ALTER TABLE judged DROP COLUMN rules_said; PRAGMA user_version = 8");
    fixture->records = records_open(fixture->path, &fixture->error);
    good(fixture->records);
    assert_string_equal(kept(fixture), "");
    judge(fixture, 2, "b");
    assert_string_equal(kept(fixture), "2:b ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_records(test_evidence_comes_newest_first),
        with_records(test_only_the_newest_verdicts_keep_their_evidence),
        with_records(test_evidence_goes_with_its_verdict),
        with_records(test_last_word_of_a_person_counts),
        with_records(test_history_knows_its_documents),
        with_records(test_older_file_is_taken_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
