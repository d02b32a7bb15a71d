#include "store/records_search.h"
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
    good(records_history_senders(fixture->records, "mail", 0, false, 5, note_sender, text,
                                 &fixture->error));
    assert_string_equal(text, "b@bad.example 1/2 c@new.example 0/1 ");
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
    good(records_held_set_taught(fixture->records, id, 2, &fixture->error));
    good(records_held_sums(fixture->records, 0, note_held, text, &fixture->error));
    assert_non_null(strstr(text, "confirmed/2 1 "));
    assert_non_null(strstr(text, "/0 1 "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_records(test_no_filter_finds_all_newest_first),
        with_records(test_an_action_is_found_though_only_observed),
        with_records(test_filters_have_to_agree),
        with_records(test_a_percent_sign_means_itself),
        with_records(test_what_comes_after_an_id_is_in_the_order_of_adding),
        with_records(test_verdicts_are_counted_since_a_time),
        with_records(test_senders_are_ordered_by_what_was_not_accepted),
        with_records(test_held_entries_are_counted_by_state_and_lesson),
    };
    return cmocka_run_group_tests_name("records_search", tests, NULL, NULL);
}
