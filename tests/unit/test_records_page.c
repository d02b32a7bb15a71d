#include "store/records_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/records_file.h"

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
    return page(fixture, (struct held_filter){RECORDS_OPEN, text, 0, 10});
}

static void test_pages_go_on_where_the_last_one_ended(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 5; i++)
        hold(fixture, "4ABC");
    assert_string_equal(page(fixture, (struct held_filter){RECORDS_OPEN, NULL, 0, 2}), "5 4");
    assert_string_equal(page(fixture, (struct held_filter){RECORDS_OPEN, NULL, 4, 2}), "3 2");
    assert_string_equal(page(fixture, (struct held_filter){RECORDS_OPEN, NULL, 2, 2}), "1");
    assert_string_equal(page(fixture, (struct held_filter){RECORDS_OPEN, NULL, 1, 2}), "");
}

static void test_only_asked_states_are_on_it(void **state)
{
    struct fixture *fixture = *state;
    int64_t count = 0;
    hold(fixture, "1");
    hold(fixture, "2");
    hold(fixture, "3");
    assert_true(move(fixture, 2, RECORDS_OPEN, HELD_CONFIRMED));
    assert_string_equal(page(fixture, (struct held_filter){RECORDS_OPEN, NULL, 0, 9}), "3 1");
    assert_string_equal(page(fixture, (struct held_filter){1u << HELD_CONFIRMED, NULL, 0, 9}), "2");
    good(records_held_open(fixture->records, &count, &fixture->error));
    assert_int_equal(count, 2);
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

static void test_what_was_held_before_the_index_is_found(void **state)
{
    struct fixture *fixture = *state;
    hold_with(fixture, "ann@shop.test", "Cheap watches");
    records_close(fixture->records);
    run_sql(fixture,
            "DROP TRIGGER held_text_added; DROP TRIGGER held_text_removed; DROP TABLE "
            "held_text; DROP INDEX held_open; DROP INDEX audit_subject; PRAGMA user_version = 3;");
    fixture->records = records_open(fixture->path, &fixture->error);
    good(fixture->records);
    assert_string_equal(found(fixture, "watches"), "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_records(test_pages_go_on_where_the_last_one_ended),
        with_records(test_only_asked_states_are_on_it),
        with_records(test_any_part_of_a_text_is_found_in_any_script),
        with_records(test_what_was_held_before_the_index_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
