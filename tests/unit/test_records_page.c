#include "store/records_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/records_file.h"
#include "tests/unit/rounds.h"

static char seen[400];

static bool note(void *context, const struct held *held)
{
    (void)context;
    assert_int_equal(held->item_length, 0);
    snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s%lld", *seen ? " " : "",
             (long long)held->id);
    return true;
}

/* The ids on the page. */
static const char *page(struct fixture *fixture, struct held_filter filter)
{
    *seen = '\0';
    good(records_held_page(fixture->records, &filter, note, NULL, &fixture->error));
    return seen;
}

static int64_t hold_with(struct fixture *fixture, const char *sender, const char *subject)
{
    struct held held = held_of("4ABC");
    int64_t id;
    held.sender = sender;
    held.subject = subject;
    good(records_held_add(fixture->records, &held, &id, &fixture->error));
    return id;
}

static const char *found(struct fixture *fixture, const char *text)
{
    return page(fixture, (struct held_filter){.states = RECORDS_OPEN, .text = text, .most = 10});
}

static void test_pages_go_on_where_the_last_one_ended(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 5; i++)
        hold(fixture, "4ABC");
    assert_string_equal(
        page(fixture, (struct held_filter){.states = RECORDS_OPEN, .before_id = 0, .most = 2}),
        "5 4");
    assert_string_equal(
        page(fixture, (struct held_filter){.states = RECORDS_OPEN, .before_id = 4, .most = 2}),
        "3 2");
    assert_string_equal(
        page(fixture, (struct held_filter){.states = RECORDS_OPEN, .before_id = 2, .most = 2}),
        "1");
    assert_string_equal(
        page(fixture, (struct held_filter){.states = RECORDS_OPEN, .before_id = 1, .most = 2}), "");
}

static void test_only_asked_states_are_on_it(void **state)
{
    struct fixture *fixture = *state;
    int64_t count = 0;
    hold(fixture, "1");
    hold(fixture, "2");
    hold(fixture, "3");
    assert_true(move(fixture, 2, RECORDS_OPEN, HELD_CONFIRMED));
    assert_string_equal(
        page(fixture, (struct held_filter){.states = RECORDS_OPEN, .before_id = 0, .most = 9}),
        "3 1");
    assert_string_equal(
        page(fixture,
             (struct held_filter){.states = 1u << HELD_CONFIRMED, .before_id = 0, .most = 9}),
        "2");
    good(records_held_open(fixture->records, &count, &fixture->error));
    assert_int_equal(count, 2);
    run_sql(fixture, "DELETE FROM held WHERE id < 3");
    good(records_held_open(fixture->records, &count, &fixture->error));
    assert_int_equal(count, 1);
}

static void test_any_part_of_a_text_is_found_in_any_script(void **state)
{
    struct fixture *fixture = *state;
    hold_with(fixture, "ann@Shop.test", "Cheap WATCHES for you");
    hold_with(fixture, "planet", "代开发票请联系客服");
    hold_with(fixture, "eve@box.test", "Получите приз 100%_\\ \"now\"");
    assert_string_equal(found(fixture, "watch"), "1");
    assert_string_equal(found(fixture, "SHOP.te"), "1");
    assert_string_equal(found(fixture, "发票请联"), "2");
    assert_string_equal(found(fixture, "发票"), "2");
    assert_string_equal(found(fixture, "票"), "2");
    assert_string_equal(found(fixture, "ПРИЗ"), "3");
    assert_string_equal(found(fixture, "100%_\\"), "3");
    assert_string_equal(found(fixture, "\"now\""), "3");
    assert_string_equal(found(fixture, "%"), "3");
    assert_string_equal(found(fixture, "test"), "3 1");
    assert_string_equal(found(fixture, "nothing like it"), "");
    assert_string_equal(found(fixture, "AND OR NOT *"), "");
}

static int64_t hold_entry(struct fixture *fixture, int64_t time_s, double log_odds,
                          const char *evidence)
{
    struct held held = held_of("4ABC");
    int64_t id;
    held.time_s = time_s;
    held.log_odds = log_odds;
    held.evidence = evidence;
    good(records_held_add(fixture->records, &held, &id, &fixture->error));
    return id;
}

static const char *all(struct fixture *fixture, struct held_filter filter)
{
    filter.states = RECORDS_ALL;
    filter.most = 10;
    const char *text = page(fixture, filter);
    int64_t count = -1, entries = 0;
    good(records_held_count(fixture->records, &filter, &count, &fixture->error));
    for (const char *at = text; *at; at++)
        entries += at == text || *at == ' ';
    assert_int_equal(count, entries);
    return text;
}

static void test_senders_and_recipients_are_found_in_their_own_columns(void **state)
{
    struct fixture *fixture = *state;
    hold_with(fixture, "ann@shop.test", "bob@example.net");
    hold_with(fixture, "bob@example.net", "no");
    hold_with(fixture, "b@", "no");
    assert_string_equal(all(fixture, (struct held_filter){.sender = "BOB@exam"}), "2");
    assert_string_equal(all(fixture, (struct held_filter){.sender = "b@"}), "3 2");
    assert_string_equal(all(fixture, (struct held_filter){.recipient = "bob@"}), "3 2 1");
    assert_string_equal(all(fixture, (struct held_filter){.recipient = "shop"}), "");
    assert_string_equal(
        all(fixture, (struct held_filter){.recipient = "bob@", .sender = "shop", .text = "exam"}),
        "1");
    assert_string_equal(all(fixture, (struct held_filter){.feed = "b@"}), "3");
    assert_string_equal(all(fixture, (struct held_filter){.feed = "b@", .sender = "ann"}), "");
}

static void test_symbols_are_those_of_the_evidence(void **state)
{
    struct fixture *fixture = *state;
    hold_entry(fixture, 1, 1, "{\"terms\":[{\"symbol\":\"LINK_FARM\"},{\"symbol\":\"CONTENT\"}]}");
    hold_entry(fixture, 2, 1,
               "{\"terms\":[{\"symbol\":\"LINK_FARM\"},{\"symbol\":\"LINK_FARM\"}]}");
    hold_entry(fixture, 3, 1, "{\"terms\":[{\"symbol\"");
    assert_string_equal(all(fixture, (struct held_filter){.symbol = "LINK_FARM"}), "2 1");
    assert_string_equal(all(fixture, (struct held_filter){.symbol = "CONTENT"}), "1");
    run_sql(fixture, "UPDATE held SET evidence = '{\"terms\":[{\"symbol\":\"CONTENT\"}]}' WHERE id "
                     "= 2; DELETE FROM held WHERE id = 1;");
    assert_string_equal(all(fixture, (struct held_filter){.symbol = "LINK_FARM"}), "");
    assert_string_equal(all(fixture, (struct held_filter){.symbol = "CONTENT"}), "2");
    assert_int_equal(count_rows(fixture, "held_symbol"), 1);
}

static void test_scores_are_within_what_is_asked(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 1; i <= 4; i++)
        hold_entry(fixture, i, i, "{}");
    assert_string_equal(all(fixture, (struct held_filter){.at_least = true, .least = 3}), "4 3");
    assert_string_equal(all(fixture, (struct held_filter){.at_most = true, .most_log_odds = 2}),
                        "2 1");
    assert_string_equal(all(fixture,
                            (struct held_filter){
                                .at_least = true, .least = 2, .at_most = true, .most_log_odds = 3}),
                        "3 2");
}

static void test_age_holds_though_the_clock_went_back(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t times[] = {100, 200, 200, 150, 300, 120, 400};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        hold_entry(fixture, times[i], 1, "{}");
    assert_string_equal(all(fixture, (struct held_filter){.since_s = 200}), "7 5 3 2");
    assert_string_equal(all(fixture, (struct held_filter){.since_s = 150}), "7 5 4 3 2");
    assert_string_equal(all(fixture, (struct held_filter){.until_s = 200}), "6 4 1");
    assert_string_equal(all(fixture, (struct held_filter){.since_s = 120, .until_s = 300}),
                        "6 4 3 2");
    assert_string_equal(all(fixture, (struct held_filter){.since_s = 401}), "");
    assert_string_equal(all(fixture, (struct held_filter){.until_s = 100}), "");
}

static void test_late_entries_are_found_when_those_before_them_are_gone(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t times[] = {100, 50, 20, 40};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        hold_entry(fixture, times[i], 1, "{}");
    run_sql(fixture, "DELETE FROM held WHERE id = 1");
    assert_string_equal(all(fixture, (struct held_filter){.since_s = 40}), "4 2");
    assert_string_equal(all(fixture, (struct held_filter){.since_s = 45}), "2");
    assert_string_equal(all(fixture, (struct held_filter){.since_s = 60}), "");
    hold_entry(fixture, 200, 1, "{}");
    assert_string_equal(all(fixture, (struct held_filter){.since_s = 45}), "5 2");
}

/* More entries than are rare agree with each filter alone. */
static void test_what_is_common_is_found_in_order_too(void **state)
{
    struct fixture *fixture = *state;
    run_sql(fixture,
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
            "INSERT INTO held (state, document_id, time_s, state_time_s, channel, sender, "
            "recipients, subject, reference, log_odds, evidence) SELECT i % 2, randomblob(16), i, "
            "i, 'mail', 'planet', 'bob@example.net', 'an offer', 'Q', i % 2, "
            "'{\"terms\":[{\"symbol\":\"LINK_FARM\"}]}' FROM n;");
    struct held_filter filters[] = {{.text = "offer"},    {.sender = "planet"},
                                    {.recipient = "bob"}, {.feed = "planet"},
                                    {.text = "of"},       {.symbol = "LINK_FARM"},
                                    {.at_least = true},   {.since_s = 1},
                                    {.until_s = 5000},    {0}};
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        struct held_filter filter = filters[i];
        int64_t count = 0;
        filter.most = 3;
        filter.before_id = 2990;
        filter.states = RECORDS_OPEN;
        assert_string_equal(page(fixture, filter), "2989 2988 2987");
        filter.states = 1u << HELD_PENDING;
        assert_string_equal(page(fixture, filter), "2988 2986 2984");
        filter.before_id = 0;
        good(records_held_count(fixture->records, &filter, &count, &fixture->error));
        assert_int_equal(count, 1500);
    }
}

/* So many that the index is asked for the rare part of a text, and for the texts of what a symbol
 * finds not at all. "K" stands for the Kelvin sign too, in the index's eyes. */
static void test_a_text_with_a_rare_part_is_found_whole(void **state)
{
    struct fixture *fixture = *state;
    run_sql(
        fixture,
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 21000) "
        "INSERT INTO held (state, document_id, time_s, state_time_s, channel, sender, "
        "recipients, subject, reference, log_odds, evidence) SELECT 1, randomblob(16), i, "
        "i, 'mail', 'Sender' || i || '@shop.test', 'user' || i || '@box.test', iif(i / 3000 % 2, "
        "'Дешёвые Часы', char(0x212a) || 'een \"offer\"') || '!' || i, 'Q', 1, iif(i % 3000, "
        "'{}', '{\"terms\":[{\"symbol\":\"LINK_FARM\"}]}') FROM n;");
    assert_string_equal(all(fixture, (struct held_filter){.sender = "sENDER12345@shop"}), "12345");
    assert_string_equal(all(fixture, (struct held_filter){.sender = "12345@box"}), "");
    assert_string_equal(all(fixture, (struct held_filter){.recipient = "12345@box"}), "12345");
    assert_string_equal(all(fixture, (struct held_filter){.recipient = "Sender12345"}), "");
    assert_string_equal(all(fixture, (struct held_filter){.text = "часы!15345"}), "15345");
    assert_string_equal(all(fixture, (struct held_filter){.text = "часы 15345"}), "");
    assert_string_equal(all(fixture, (struct held_filter){.text = "keen \"OFFER\"!12346"}),
                        "12346");
    assert_string_equal(all(fixture, (struct held_filter){.text = "test12345"}), "");
    assert_string_equal(all(fixture, (struct held_filter){.symbol = "LINK_FARM",
                                                          .text = "KEEN \"off",
                                                          .sender = "SHOP.test",
                                                          .recipient = "000@box"}),
                        "18000 12000 6000");
    assert_string_equal(
        all(fixture, (struct held_filter){.symbol = "LINK_FARM", .text = "ДЕШЁВЫЕ ЧАСЫ"}),
        "21000 15000 9000 3000");
}

static void test_what_was_held_before_the_index_is_found(void **state)
{
    struct fixture *fixture = *state;
    hold_with(fixture, "ann@shop.test", "Cheap watches");
    hold_entry(fixture, 5, 1, "{\"terms\":[{\"symbol\":\"LINK_FARM\"}]}");
    records_close(fixture->records);
    run_sql(fixture, RECORDS_FORMER_SQL
            "DROP TRIGGER held_text_added; DROP TRIGGER held_text_removed; DROP TABLE "
            "held_text; DROP INDEX held_open; DROP INDEX audit_subject; PRAGMA user_version = 3;");
    fixture->records = records_open(fixture->path, &fixture->error);
    good(fixture->records);
    assert_string_equal(found(fixture, "watches"), "1");
    assert_string_equal(all(fixture, (struct held_filter){.symbol = "LINK_FARM"}), "2");
    assert_string_equal(all(fixture, (struct held_filter){.until_s = 6}), "2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_records(test_pages_go_on_where_the_last_one_ended),
        with_records(test_only_asked_states_are_on_it),
        with_records(test_any_part_of_a_text_is_found_in_any_script),
        with_records(test_senders_and_recipients_are_found_in_their_own_columns),
        with_records(test_symbols_are_those_of_the_evidence),
        with_records(test_scores_are_within_what_is_asked),
        with_records(test_age_holds_though_the_clock_went_back),
        with_records(test_late_entries_are_found_when_those_before_them_are_gone),
        with_records(test_what_is_common_is_found_in_order_too),
        with_sanitizers_only(with_records(test_a_text_with_a_rare_part_is_found_whole)),
        with_records(test_what_was_held_before_the_index_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
