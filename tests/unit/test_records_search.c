#include "store/records_search.h"
#include "store/records_series.h"
#include "tests/unit/records_file.h"

#include <stdio.h>
#include <string.h>

static void add(struct fixture *fixture, unsigned char id, const char *channel, const char *action,
                int64_t time_s, const char *sender, const char *subject)
{
    struct history_entry entry = entry_of(id, "Q");
    entry.channel = channel;
    entry.action = action;
    entry.time_s = time_s;
    entry.sender = sender;
    entry.recipients = "ann@example.org,bob@example.org";
    entry.subject = subject;
    records_history_add(fixture->records, &entry);
}

static void fill(struct fixture *fixture)
{
    add(fixture, 1, "mail", "accept", 100, "a@good.example", "first");
    add(fixture, 2, "mail", "hold (observed)", 300, "b@bad.example", "100% Win");
    add(fixture, 3, "mail", "hold", 200, "b@bad.example", "1000 wins");
    add(fixture, 4, "feed", "accept", 400, "planet", "An item");
    records_flush(fixture->records);
}

/* The times of what is found, in order: "300 200 ". */
static const char *found(struct fixture *fixture, const struct history_filter *filter)
{
    static char text[200];
    struct records_search *search = records_search_new(fixture->records, filter, &fixture->error);
    struct history_entry *entry;
    text[0] = '\0';
    good(search);
    for (;;) {
        good(records_search_next(search, &entry, NULL, &fixture->error));
        if (!entry)
            break;
        snprintf(text + strlen(text), sizeof text - strlen(text), "%d ", (int)entry->time_s);
        history_entry_free(entry);
    }
    records_search_free(search);
    return text;
}

static void test_no_filter_finds_all_newest_first(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    assert_string_equal(found(fixture, &(struct history_filter){0}), "400 300 200 100 ");
}

static void test_an_action_is_found_though_only_observed(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    assert_string_equal(found(fixture, &(struct history_filter){.action = "hold"}), "300 200 ");
}

static void test_filters_have_to_agree(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    struct history_filter filter = {.channel = "mail",
                                    .sender = "BAD.example",
                                    .recipient = "bob@",
                                    .subject = "win",
                                    .since_s = 201};
    assert_string_equal(found(fixture, &filter), "300 ");
}

static void test_a_percent_sign_means_itself(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    assert_string_equal(found(fixture, &(struct history_filter){.subject = "100%"}), "300 ");
}

static void test_what_comes_after_an_id_is_in_the_order_of_adding(void **state)
{
    struct fixture *fixture = *state;
    int64_t last = 0;
    good(records_history_last(fixture->records, &last, &fixture->error));
    assert_int_equal(last, 0);
    fill(fixture);
    assert_string_equal(found(fixture, &(struct history_filter){.after_id = 1}), "300 200 400 ");
    good(records_history_last(fixture->records, &last, &fixture->error));
    assert_int_equal(last, 4);
}

static void note_sum(void *context, const char *channel, const char *action, int64_t count)
{
    char *text = context;
    snprintf(text + strlen(text), 200 - strlen(text), "%s/%s %d ", channel, action, (int)count);
}

static void test_verdicts_are_counted_since_a_time(void **state)
{
    struct fixture *fixture = *state;
    char text[200] = "";
    fill(fixture);
    good(records_history_sums(fixture->records, 200, note_sum, text, &fixture->error));
    assert_string_equal(text, "feed/accept 1 mail/hold 1 mail/hold (observed) 1 ");
}

static void test_verdicts_are_counted_from_within_a_quarter(void **state)
{
    struct fixture *fixture = *state;
    char text[200] = "";
    const int64_t times_s[] = {1799, 1800, 1950, 2699, 2700, 90000};
    for (size_t i = 0; i < sizeof times_s / sizeof *times_s; i++)
        add(fixture, (unsigned char)i, "mail", "hold", times_s[i], "a@x.example", "one");
    records_flush(fixture->records);
    good(records_history_sums(fixture->records, 1950, note_sum, text, &fixture->error));
    good(records_history_sums(fixture->records, 1800, note_sum, text, &fixture->error));
    run_sql(fixture, "DELETE FROM history WHERE time_s > 1950");
    good(records_history_sums(fixture->records, 0, note_sum, text, &fixture->error));
    assert_string_equal(text, "mail/hold 4 mail/hold 5 mail/hold 3 ");
}

static void note_span(void *context, size_t span, const char *channel, const char *action,
                      int64_t count)
{
    char *text = context;
    snprintf(text + strlen(text), 200 - strlen(text), "%d:%s/%s %d ", (int)span, channel, action,
             (int)count);
}

static void note_held_span(void *context, size_t span, enum held_state state, int64_t count)
{
    char *text = context;
    snprintf(text + strlen(text), 200 - strlen(text), "%d:%s %d ", (int)span,
             held_state_name(state), (int)count);
}

static const struct records_spans hours = {.since_s = 1700000100, .width_s = 3600, .count = 2};

static const char *series(struct fixture *fixture)
{
    static char text[200];
    text[0] = '\0';
    good(records_series_verdicts(fixture->records, &hours, note_span, text, &fixture->error));
    good(records_series_held(fixture->records, &hours, note_held_span, text, &fixture->error));
    return text;
}

static void test_what_is_over_time_is_counted_also_of_an_older_file(void **state)
{
    struct fixture *fixture = *state;
    const int64_t since_s = hours.since_s, ends_s = since_s + 7200;
    const int64_t times_s[] = {since_s - 1, since_s, since_s + 3599, since_s + 3600, ends_s};
    for (size_t i = 0; i < sizeof times_s / sizeof *times_s; i++)
        add(fixture, (unsigned char)i, "mail", "hold", times_s[i], "a@x.example", "one");
    records_flush(fixture->records);
    struct held held = held_of("Q1");
    int64_t id;
    held.time_s = since_s + 3600;
    good(records_held_add(fixture->records, &held, &id, &fixture->error));
    good(records_held_add(fixture->records, &held, &id, &fixture->error));
    good(move(fixture, id, 1u << HELD_PENDING, HELD_HELD));
    const char *expected = "0:mail/hold 2 1:mail/hold 1 1:pending 1 1:held 1 ";
    assert_string_equal(series(fixture), expected);
    records_close(fixture->records);
    run_sql(fixture, RECORDS_WITHOUT_QUARTERS_SQL "PRAGMA user_version = 13;");
    fixture->records = records_open(fixture->path, &fixture->error);
    good(fixture->records);
    assert_string_equal(series(fixture), expected);
    run_sql(fixture, "DELETE FROM held WHERE state = 0; DELETE FROM history WHERE time_s % 2 = 0");
    assert_string_equal(series(fixture), "0:mail/hold 1 1:held 1 ");
}

static void note_sender(void *context, const char *sender, int64_t ham, int64_t spam)
{
    char *text = context;
    snprintf(text + strlen(text), 200 - strlen(text), "%s %d/%d ", sender, (int)ham, (int)spam);
}

static void test_senders_are_ordered_by_what_was_not_accepted(void **state)
{
    struct fixture *fixture = *state;
    char text[200] = "";
    fill(fixture);
    add(fixture, 5, "mail", "tag", 100, "c@new.example", "x");
    add(fixture, 6, "mail", "accept", 100, "b@bad.example", "x");
    records_flush(fixture->records);
    good(records_history_groups(fixture->records, HISTORY_BY_SENDER, "mail", 0, false, 5,
                                note_sender, text, &fixture->error));
    assert_string_equal(text, "b@bad.example 1/2 c@new.example 0/1 ");
    *text = '\0';
    add(fixture, 7, "mail", "reject", 100, "Odd@name@New.example", "x");
    add(fixture, 8, "mail", "reject", 100, "", "x");
    records_flush(fixture->records);
    good(records_history_groups(fixture->records, HISTORY_BY_DOMAIN, "mail", 0, false, 5,
                                note_sender, text, &fixture->error));
    assert_string_equal(text, "new.example 0/2 bad.example 1/2  0/1 ");
}

static void note_held(void *context, enum held_state held_state, int taught, int64_t count)
{
    char *text = context;
    snprintf(text + strlen(text), 200 - strlen(text), "%s/%d %d ", held_state_name(held_state),
             taught, (int)count);
}

static void test_held_entries_are_counted_by_state_and_lesson(void **state)
{
    struct fixture *fixture = *state;
    char text[200] = "";
    hold(fixture, "Q1");
    int64_t id = hold(fixture, "Q2");
    assert_true(move(fixture, id, 1u << HELD_HELD | 1u << HELD_PENDING, HELD_CONFIRMED));
    good(records_held_set_taught(fixture->records, id, 2, 0, "", &fixture->error));
    good(records_held_sums(fixture->records, 0, note_held, text, &fixture->error));
    assert_non_null(strstr(text, "confirmed/2 1 "));
    assert_non_null(strstr(text, "/0 1 "));
}

#define EVIDENCE(symbol, detail)                                                                   \
    "{\"terms\":[{\"symbol\":\"" symbol "\",\"log_odds\":1.5,\"detail\":\"" detail "\"},"          \
    "{\"symbol\":\"CONTENT\",\"log_odds\":2}]}"

static void note_moved(void *context, const struct moved_verdict *verdict)
{
    char *text = context;
    sprintf(text + strlen(text), "%d:%s:%.1f:%s ", (int)verdict->entry->time_s,
            verdict->entry->action, verdict->log_odds,
            verdict->held ? held_state_name(verdict->state) : "-");
}

static const char *moved(struct fixture *fixture, const char *symbol, const char *value,
                         size_t most)
{
    static char text[400];
    text[0] = '\0';
    good(records_history_moved(fixture->records, symbol, span_of(value), most, note_moved, text,
                               &fixture->error));
    return text;
}

static void judge_with(struct fixture *fixture, int64_t time_s, const char *action,
                       const char *evidence)
{
    struct history_entry entry = entry_of((unsigned char)time_s, "Q");
    entry.time_s = time_s;
    entry.action = action;
    entry.evidence = evidence;
    records_history_add(fixture->records, &entry);
}

static void test_verdicts_are_found_by_the_identities_that_moved_them(void **state)
{
    struct fixture *fixture = *state;
    struct held held = held_of("Q");
    int64_t id;
    judge_with(fixture, 1, "hold", EVIDENCE("REPUTATION_AUTHOR", "a: b: 2 spam, 0 ham"));
    judge_with(fixture, 2, "hold", EVIDENCE("REPUTATION_LINK_DOMAIN", "a: b: 2 spam, 0 ham"));
    judge_with(fixture, 3, "accept", EVIDENCE("REPUTATION_AUTHOR", "a: b: pinned by the admin"));
    judge_with(fixture, 4, "accept", EVIDENCE("LINK_FARM", "a: b: 2"));
    judge_with(fixture, 5, "accept", "[]");
    judge_with(fixture, 6, "accept", "no JSON");
    records_flush(fixture->records);
    memcpy(held.document_id, entry_of(1, "Q").document_id, sizeof held.document_id);
    good(records_held_add(fixture->records, &held, &id, &fixture->error));
    assert_int_equal(count_rows(fixture, "history"), 6);
    assert_string_equal(moved(fixture, "REPUTATION_AUTHOR", "a: b", 9),
                        "3:accept:1.5:- 1:hold:1.5:pending ");
    assert_string_equal(moved(fixture, "REPUTATION_AUTHOR", "a: b", 1), "3:accept:1.5:- ");
    assert_string_equal(moved(fixture, "REPUTATION_LINK_DOMAIN", "a: b", 9), "2:hold:1.5:- ");
    assert_string_equal(moved(fixture, "LINK_FARM", "a: b", 9), "");
    run_sql(fixture, "DELETE FROM history WHERE time_s < 3");
    assert_int_equal(count_rows(fixture, "history_identity"), 1);
}

static void test_new_verdicts_of_an_older_file_are_found(void **state)
{
    struct fixture *fixture = *state;
    judge_with(fixture, 1, "hold", EVIDENCE("REPUTATION_AUTHOR", "ann: 2 spam, 0 ham"));
    records_flush(fixture->records);
    records_close(fixture->records);
    run_sql(fixture, RECORDS_FORMER_SQL);
    fixture->records = records_open(fixture->path, &fixture->error);
    good(fixture->records);
    judge_with(fixture, 2, "hold", EVIDENCE("REPUTATION_AUTHOR", "ann: 2 spam, 0 ham"));
    records_flush(fixture->records);
    assert_string_equal(moved(fixture, "REPUTATION_AUTHOR", "ann", 9), "2:hold:1.5:- ");
}

static void test_only_so_many_verdicts_are_found_by_identity(void **state)
{
    struct fixture *fixture = *state;
    judge_with(fixture, 1, "hold", EVIDENCE("REPUTATION_AUTHOR", "ann: 2 spam, 0 ham"));
    records_flush(fixture->records);
    run_sql(fixture, "INSERT INTO history SELECT id + 99999, document_id, 2, channel, action, "
                     "log_odds, sender, recipients, subject, reference, evidence FROM history");
    assert_int_equal(count_rows(fixture, "history_identity"), 2);
    judge_with(fixture, 3, "hold", "{}");
    records_flush(fixture->records);
    assert_string_equal(moved(fixture, "REPUTATION_AUTHOR", "ann", 9), "2:hold:1.5:- ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_records(test_verdicts_are_found_by_the_identities_that_moved_them),
        with_records(test_new_verdicts_of_an_older_file_are_found),
        with_records(test_only_so_many_verdicts_are_found_by_identity),
        with_records(test_no_filter_finds_all_newest_first),
        with_records(test_an_action_is_found_though_only_observed),
        with_records(test_filters_have_to_agree),
        with_records(test_a_percent_sign_means_itself),
        with_records(test_what_comes_after_an_id_is_in_the_order_of_adding),
        with_records(test_verdicts_are_counted_since_a_time),
        with_records(test_verdicts_are_counted_from_within_a_quarter),
        with_records(test_what_is_over_time_is_counted_also_of_an_older_file),
        with_records(test_senders_are_ordered_by_what_was_not_accepted),
        with_records(test_held_entries_are_counted_by_state_and_lesson),
    };
    return cmocka_run_group_tests_name("records_search", tests, NULL, NULL);
}
