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

static void learn(struct fixture *fixture, unsigned char id, enum label label, const char *source)
{
    good(records_learned(fixture->records, id_of(id), label, source, "ann", "learn",
                         &fixture->error));
}

/* "spam after 3": what was last learned of a document, and the latest deed then. */
static const char *learned(struct fixture *fixture, const unsigned char *id, const char *source)
{
    static char text[64];
    struct records_learned last;
    bool found;
    good(records_learned_last(fixture->records, id, source, &last, &found, &fixture->error));
    snprintf(text, sizeof text, "%s after %d",
             !found                     ? "nothing"
             : last.label == LABEL_SPAM ? "spam"
                                        : "ham",
             found ? (int)last.deed : 0);
    return text;
}

static void test_of_each_source_the_last_that_it_taught_is_known(void **state)
{
    struct fixture *fixture = *state;
    judge(fixture, 1, "a");
    learn(fixture, 1, LABEL_HAM, "");
    learn(fixture, 1, LABEL_SPAM, "");
    learn(fixture, 1, LABEL_HAM, "user:bea");
    assert_string_equal(kept(fixture), "1:a=ham ");
    assert_string_equal(learned(fixture, id_of(1), ""), "spam after 0");
    assert_string_equal(learned(fixture, id_of(1), "user:bea"), "ham after 0");
    assert_string_equal(learned(fixture, id_of(1), "user:cy"), "nothing after 0");
    assert_string_equal(learned(fixture, id_of(1), NULL), "ham after 0");
    learn(fixture, 1, LABEL_SPAM, "");
    assert_string_equal(learned(fixture, id_of(1), NULL), "spam after 0");
    good(records_correct(fixture->records, id_of(1), LABEL_HAM, "bob", "release", &fixture->error));
    good(records_correct_as_learned(fixture->records, id_of(1), &fixture->error));
    assert_string_equal(kept(fixture), "1:a=spam ");
}

static void test_what_was_learned_is_kept_as_long_as_its_document(void **state)
{
    struct fixture *fixture = *state;
    struct held held = held_of("Q1");
    int64_t id;
    judge(fixture, 1, "a");
    learn(fixture, 1, LABEL_SPAM, "");
    learn(fixture, 9, LABEL_SPAM, "");
    assert_int_equal(count_rows(fixture, "learned"), 1);
    memcpy(held.document_id, id_of(1), RECORD_ID_BYTES);
    good(records_held_add(fixture->records, &held, &id, &fixture->error));
    run_sql(fixture, "DELETE FROM history");
    assert_string_equal(learned(fixture, id_of(1), ""), "spam after 0");
    learn(fixture, 1, LABEL_HAM, "");
    assert_string_equal(learned(fixture, id_of(1), ""), "ham after 0");
    assert_int_equal(count_rows(fixture, "correction"),
                     1); /* for a verdict that is still to come */
    run_sql(fixture, "DELETE FROM held");
    assert_int_equal(count_rows(fixture, "learned"), 0);
    assert_int_equal(count_rows(fixture, "correction"), 0);
}

static void test_what_was_learned_before_is_taken_over(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned char id = 1; id <= 4; id++)
        judge(fixture, id, "a");
    int64_t held = hold(fixture, "Q1");
    run_sql(
        fixture, RECORDS_WITHOUT_AUDIT_SIZE_SQL
        "DROP TRIGGER learned_with_history; DROP TRIGGER learned_with_held; DROP TABLE "
        "learned; PRAGMA user_version = 29; UPDATE held SET evidence = '{\"terms\":[{\"symbol\":"
        "\"IMAGE_ONLY\",\"log_odds\":1},{\"symbol\":\"CONTENT\",\"log_odds\":2.5}]}';"
        "INSERT INTO deeds (id, held_id, name, from_state, to_state, taught_before, time_s) "
        "VALUES (7, 1, 'confirm', 1, 4, 0, 0)");
    records_close(fixture->records);
    fixture->records = NULL;
    run_sql(fixture,
            "INSERT INTO correction SELECT document_id, 1, CASE id WHEN 2 THEN 'user:bea' WHEN 3 "
            "THEN 'reader of kit' ELSE 'root' END, CASE id WHEN 3 THEN 'spam' WHEN 4 THEN "
            "'confirm' ELSE 'learn' END, 5 FROM history");
    fixture->records = records_open(fixture->path, &fixture->error);
    good(fixture->records);
    assert_string_equal(learned(fixture, id_of(1), ""), "spam after 7");
    assert_string_equal(learned(fixture, id_of(2), "user:bea"), "spam after 7");
    assert_string_equal(learned(fixture, id_of(3), "user:feed/kit"), "spam after 7");
    assert_string_equal(learned(fixture, id_of(4), NULL), "nothing after 0");
    struct held *now = get(fixture, held);
    assert_true(now->taught_from == 2.5);
    held_free(now);
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
        with_records(test_of_each_source_the_last_that_it_taught_is_known),
        with_records(test_what_was_learned_is_kept_as_long_as_its_document),
        with_records(test_what_was_learned_before_is_taken_over),
        with_records(test_older_file_is_taken_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
