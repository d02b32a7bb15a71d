/* What the feed server asks of the records: the held items of one feed, and what changed. */
#include "tests/unit/records_file.h"
#include "tests/unit/rounds.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "store/records_stories.h"

static int64_t hold_item(struct fixture *fixture, const char *feed, const char *guid)
{
    struct held held = held_of(guid);
    held.state = HELD_HELD;
    held.channel = "feed";
    held.sender = feed;
    int64_t id = 0;
    good(records_held_add(fixture->records, &held, &id, &fixture->error));
    return id;
}

struct visited {
    char text[64];
    size_t stop_after, count;
};

static bool note_item(void *context, const struct held *held)
{
    struct visited *visited = context;
    strcat(visited->text, held->reference);
    assert_int_equal(held->item_length, 14);
    assert_int_equal(held->item_head_length, 6);
    return ++visited->count != visited->stop_after;
}

static bool note_name(void *context, const char *feed)
{
    struct visited *visited = context;
    strcat(strcat(visited->text, feed), " ");
    return ++visited->count != visited->stop_after;
}

static void items_of(struct fixture *fixture, const char *feed, unsigned states, int64_t since_s,
                     struct visited *visited)
{
    good(records_held_of_feed(fixture->records, feed, states, since_s, note_item, visited,
                              &fixture->error));
}

static void changes(struct fixture *fixture, int64_t *change, struct visited *visited)
{
    *visited = (struct visited){.stop_after = visited->stop_after};
    good(records_held_changes(fixture->records, change, note_name, visited, &fixture->error));
}

static void set_state_time(struct fixture *fixture, int64_t id, int64_t time_s)
{
    char sql[128];
    snprintf(sql, sizeof sql, "UPDATE held SET state_time_s = %lld WHERE id = %lld",
             (long long)time_s, (long long)id);
    run_sql(fixture, sql);
}

static void test_items_of_a_feed_are_its_own_with_their_bytes(void **state)
{
    struct fixture *fixture = *state;
    struct visited visited = {0};
    hold_item(fixture, "planet", "a");
    hold_item(fixture, "moon", "b");
    hold(fixture, "mail"); /* from ann@example.org */
    items_of(fixture, "planet", 1u << HELD_HELD, 0, &visited);
    assert_string_equal(visited.text, "a");
    items_of(fixture, "ann@example.org", 1u << HELD_PENDING, 0, &visited);
    assert_string_equal(visited.text, "a");
}

static void test_items_of_a_feed_are_latest_first_since_then(void **state)
{
    struct fixture *fixture = *state;
    struct visited visited = {0};
    set_state_time(fixture, hold_item(fixture, "planet", "a"), 2000);
    set_state_time(fixture, hold_item(fixture, "planet", "b"), 999);
    set_state_time(fixture, hold_item(fixture, "planet", "c"), 3000);
    set_state_time(fixture, hold_item(fixture, "planet", "d"), 2000);
    set_state_time(fixture, hold_item(fixture, "planet", "e"), 1000);
    items_of(fixture, "planet", 1u << HELD_HELD, 1000, &visited);
    assert_string_equal(visited.text, "cdae");
}

static void test_items_of_a_feed_are_those_in_the_states(void **state)
{
    struct fixture *fixture = *state;
    struct visited visited = {0};
    hold_item(fixture, "planet", "a");
    move(fixture, hold_item(fixture, "planet", "b"), 1u << HELD_HELD, HELD_RELEASED);
    move(fixture, hold_item(fixture, "planet", "c"), 1u << HELD_HELD, HELD_CONFIRMED);
    items_of(fixture, "planet", 1u << HELD_RELEASED, time(NULL) - 60, &visited);
    assert_string_equal(visited.text, "b");
}

static void test_visitor_of_a_feed_may_stop(void **state)
{
    struct fixture *fixture = *state;
    struct visited visited = {.stop_after = 1};
    hold_item(fixture, "planet", "a");
    hold_item(fixture, "planet", "b");
    items_of(fixture, "planet", 1u << HELD_HELD, 0, &visited);
    assert_string_equal(visited.text, "b");
}

static void test_changes_name_each_feed_once(void **state)
{
    struct fixture *fixture = *state;
    struct visited visited = {0};
    int64_t change = 0;
    hold_item(fixture, "planet", "a");
    hold_item(fixture, "planet", "b");
    hold_item(fixture, "moon", "c");
    hold(fixture, "mail");
    changes(fixture, &change, &visited);
    assert_string_equal(visited.text, "moon planet ");
    changes(fixture, &change, &visited);
    assert_string_equal(visited.text, "");
}

static void test_release_is_a_change(void **state)
{
    struct fixture *fixture = *state;
    struct visited visited = {0};
    int64_t change = 0, first = hold_item(fixture, "planet", "a");
    hold_item(fixture, "moon", "b");
    changes(fixture, &change, &visited);
    move(fixture, first, 1u << HELD_HELD, HELD_RELEASED);
    changes(fixture, &change, &visited);
    assert_string_equal(visited.text, "planet ");
}

static void test_what_was_taught_is_no_change(void **state)
{
    struct fixture *fixture = *state;
    struct visited visited = {0};
    int64_t change = 0, first = hold_item(fixture, "planet", "a");
    changes(fixture, &change, &visited);
    good(records_held_set_taught(fixture->records, first, 1, 0, "", &fixture->error));
    changes(fixture, &change, &visited);
    assert_string_equal(visited.text, "");
}

static void test_removed_entries_hide_no_later_change(void **state)
{
    struct fixture *fixture = *state;
    struct visited visited = {0};
    int64_t change = 0;
    hold_item(fixture, "planet", "a");
    hold_item(fixture, "planet", "b");
    changes(fixture, &change, &visited);
    run_sql(fixture, "DELETE FROM held");
    hold_item(fixture, "moon", "c");
    changes(fixture, &change, &visited);
    assert_string_equal(visited.text, "moon ");
}

static void test_visitor_that_stops_sees_the_changes_again(void **state)
{
    struct fixture *fixture = *state;
    struct visited visited = {.stop_after = 1};
    int64_t change = 0;
    hold_item(fixture, "planet", "a");
    hold_item(fixture, "moon", "b");
    changes(fixture, &change, &visited);
    assert_string_equal(visited.text, "moon ");
    visited.stop_after = 0;
    changes(fixture, &change, &visited);
    assert_string_equal(visited.text, "moon planet ");
}

/* --- files of older versions --- */

/* As version 1 made and filled them. */
static const char version_1[] =
    "CREATE TABLE history (id INTEGER PRIMARY KEY, document_id BLOB NOT NULL, time_s INTEGER NOT "
    "NULL, channel TEXT NOT NULL, action TEXT NOT NULL, log_odds REAL NOT NULL, sender TEXT NOT "
    "NULL, recipients TEXT NOT NULL, subject TEXT NOT NULL, reference TEXT NOT NULL, evidence "
    "TEXT NOT NULL);"
    "CREATE INDEX history_document ON history (document_id);"
    "CREATE INDEX history_reference ON history (reference);"
    "CREATE INDEX history_time ON history (time_s);"
    "CREATE TABLE held (id INTEGER PRIMARY KEY AUTOINCREMENT, state INTEGER NOT NULL, document_id "
    "BLOB NOT NULL, time_s INTEGER NOT NULL, state_time_s INTEGER NOT NULL, former_state INTEGER "
    "NOT NULL DEFAULT 0, missing_since_s INTEGER NOT NULL DEFAULT 0, started_s INTEGER NOT NULL "
    "DEFAULT 0, channel TEXT NOT NULL, sender TEXT NOT NULL, recipients TEXT NOT "
    "NULL, subject TEXT NOT NULL, reference TEXT NOT NULL, requeued_as TEXT NOT NULL DEFAULT '', "
    "log_odds REAL NOT NULL, evidence TEXT NOT NULL, lesson BLOB, item BLOB, taught "
    "INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX held_state ON held (state);"
    "CREATE INDEX held_reference ON held (reference);"
    "CREATE INDEX held_requeued_as ON held (requeued_as);"
    "CREATE TABLE judged (feed TEXT NOT NULL, guid TEXT NOT NULL, content_hash BLOB NOT NULL, "
    "action TEXT NOT NULL, log_odds REAL NOT NULL, time_s INTEGER NOT NULL, held_id INTEGER NOT "
    "NULL, PRIMARY KEY (feed, guid)) WITHOUT ROWID;"
    "CREATE TABLE audit (id INTEGER PRIMARY KEY, time_s INTEGER NOT NULL, who TEXT NOT NULL, what "
    "TEXT NOT NULL, subject TEXT NOT NULL);"
    "PRAGMA user_version = 1;"
    "INSERT INTO held (state, document_id, time_s, state_time_s, channel, sender, recipients, "
    "subject, reference, log_odds, evidence, lesson, item) VALUES (1, "
    "x'000102030405060708090a0b0c0d0e0f', 100, 200, 'feed', 'planet', '', 'title', 'guid', 4.5, "
    "'[]', x'0102', '<item/>');"
    "INSERT INTO held (state, document_id, time_s, state_time_s, channel, sender, recipients, "
    "subject, reference, log_odds, evidence) VALUES (3, x'000102030405060708090a0b0c0d0e0f', 100, "
    "200, 'feed', 'moon', '', 'title', 'other', 4.5, '[]');"
    "INSERT INTO judged VALUES ('planet', 'guid', x'000102030405060708090a0b0c0d0e0f', 'hold', "
    "4.5, 100, 1);"
    "INSERT INTO history (document_id, time_s, channel, action, log_odds, sender, recipients, "
    "subject, reference, evidence) VALUES (x'000102030405060708090a0b0c0d0e0f', 100, 'feed', "
    "'hold', 4.5, 'planet', '', 'title', 'guid', '[]');"
    "INSERT INTO audit (time_s, who, what, subject) VALUES (1, 'root', 'release', 'f2');";

static void open_version_1(struct fixture *fixture)
{
    run_sql(fixture, version_1);
    fixture->records = records_open(fixture->path, &fixture->error);
    good(fixture->records);
}

static void test_version_1_keeps_what_is_held(void **state)
{
    struct fixture *fixture = *state;
    open_version_1(fixture);
    struct held *held = get(fixture, 1);
    assert_int_equal(held->state, HELD_HELD);
    assert_int_equal(held->state_time_s, 200);
    assert_string_equal(held->reference, "guid");
    assert_int_equal(held->lesson_length, 2);
    assert_int_equal(held->item_length, 7);
    assert_memory_equal(held->item, "<item/>", 7);
    assert_int_equal(held->item_head_length, 0);
    held_free(held);
}

static void test_version_1_keeps_what_was_judged_and_done(void **state)
{
    struct fixture *fixture = *state;
    struct judged judged;
    bool found;
    open_version_1(fixture);
    good(records_judged_find(fixture->records, "planet", "guid", &judged, &found, &fixture->error));
    assert_true(found);
    assert_int_equal(judged.held_id, 1);
    assert_int_equal(count_rows(fixture, "history"), 1);
    assert_int_equal(count_rows(fixture, "audit"), 1);
}

static void test_version_1_has_changes_from_then_on(void **state)
{
    struct fixture *fixture = *state;
    struct visited visited = {0};
    int64_t change = 0;
    open_version_1(fixture);
    changes(fixture, &change, &visited);
    assert_string_equal(visited.text, "moon planet ");
    move(fixture, 1, 1u << HELD_HELD, HELD_RELEASED);
    changes(fixture, &change, &visited);
    assert_string_equal(visited.text, "planet ");
}

static void test_version_1_is_made_into_ours_once(void **state)
{
    struct fixture *fixture = *state;
    open_version_1(fixture);
    records_close(fixture->records);
    fixture->records = records_open(fixture->path, &fixture->error);
    good(fixture->records);
    int64_t id = hold_item(fixture, "planet", "new");
    assert_int_equal(id, 3);
}

static void add_story(struct fixture *fixture, const char *feed, int64_t twin, int64_t seen_s)
{
    struct error error = {0};
    const int64_t key = 5;
    struct story story = {.feed = feed, .twin = twin, .way = "link", .seen_s = seen_s};
    assert_true(records_story_add(fixture->records, &story, &key, twin ? 0 : 1, &error));
}

static struct story *story_of(struct fixture *fixture, const char *feed)
{
    struct error error = {0};
    struct story *story =
        records_story_of_item(fixture->records, feed, (const unsigned char[16]){0}, &error);
    assert_int_equal(error.class, ERROR_NONE);
    return story;
}

static void test_stories_that_no_feed_lists_any_more_go_with_their_keys(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    const int64_t now_s = 2000000000;
    int64_t ids[4];
    size_t count;
    add_story(fixture, "old", 0, now_s - STORIES_KEPT_S - 1);
    add_story(fixture, "new", 0, now_s - STORIES_KEPT_S + 1);
    assert_true(records_stories_with_key(fixture->records, 5, ids, 4, &count, &error));
    assert_int_equal(count, 2);
    assert_true(records_stories_prune(fixture->records, now_s, &error));
    assert_null(story_of(fixture, "old"));
    struct story *kept = story_of(fixture, "new");
    assert_non_null(kept);
    assert_true(records_stories_with_key(fixture->records, 5, ids, 4, &count, &error));
    assert_int_equal(count, 1);
    assert_int_equal(ids[0], kept->id);
    story_free(kept);
}

static void test_stories_are_of_one_feed_with_its_readers(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    struct story_feed feeds[] = {
        {"same", 1, true}, {"off", 2, true}, {"moved", 3, true}, {"gone", 4, true}};
    assert_true(records_stories_keep(fixture->records, feeds, 4, 100, &error));
    for (size_t i = 0; i < 4; i++)
        add_story(fixture, feeds[i].name, i == 3 ? 0 : 7, 1);
    add_story(fixture, "unknown", 0, 1);
    assert_int_equal(count_rows(fixture, "stories"), 5);
    feeds[1].wanted = false;
    feeds[2].mark = 5;
    assert_true(records_stories_keep(fixture->records, feeds, 3, 200, &error));
    struct story *same = story_of(fixture, "same");
    assert_non_null(same);
    story_free(same);
    assert_int_equal(count_rows(fixture, "stories"), 1);
    assert_int_equal(count_rows(fixture, "story_feeds"), 3);
    assert_true(records_stories_keep(fixture->records, NULL, 0, 300, &error));
    assert_int_equal(count_rows(fixture, "stories"), 0);
    assert_int_equal(count_rows(fixture, "story_feeds"), 0);
}

static int64_t since(struct fixture *fixture, const char *feed)
{
    struct error error = {0};
    int64_t since_s;
    assert_true(records_stories_since(fixture->records, feed, &since_s, &error));
    return since_s;
}

static void test_since_when_stories_are_looked_at(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    struct story_feed feeds[] = {{"on", 1, true}, {"off", 2, false}};
    assert_true(records_stories_keep(fixture->records, feeds, 2, 100, &error));
    feeds[0].mark = 3; /* other readers */
    feeds[1].wanted = true;
    assert_true(records_stories_keep(fixture->records, feeds, 2, 200, &error));
    assert_int_equal(since(fixture, "on"), 100);
    assert_int_equal(since(fixture, "off"), 200);
    assert_int_equal(since(fixture, "unknown"), 0);
    feeds[1].wanted = false;
    assert_true(records_stories_keep(fixture->records, feeds, 2, 300, &error));
    assert_int_equal(since(fixture, "off"), 0);
    feeds[1].wanted = true;
    assert_true(records_stories_keep(fixture->records, feeds, 2, 400, &error));
    assert_int_equal(since(fixture, "off"), 400);
    assert_int_equal(since(fixture, "on"), 100);
}

static void test_of_too_many_stories_those_go_that_were_not_listed_for_longest(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    const int64_t now_s = 2000000000;
    run_sql(fixture, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
                     "200000) INSERT INTO stories (feed, item, twin, way, title, link, text, "
                     "first_s, seen_s) SELECT 'many', i, 0, '', '', '', x'', 0, 1999999999 FROM n");
    assert_true(records_stories_prune(fixture->records, now_s, &error));
    assert_int_equal(count_rows(fixture, "stories"), STORIES_MOST);
    add_story(fixture, "first", 0, now_s - 86400);
    add_story(fixture, "last", 0, now_s);
    assert_true(records_stories_prune(fixture->records, now_s, &error));
    assert_int_equal(count_rows(fixture, "stories"), STORIES_MOST);
    assert_null(story_of(fixture, "first"));
    struct story *last = story_of(fixture, "last");
    assert_non_null(last);
    story_free(last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_records(test_items_of_a_feed_are_its_own_with_their_bytes),
        with_records(test_items_of_a_feed_are_latest_first_since_then),
        with_records(test_items_of_a_feed_are_those_in_the_states),
        with_records(test_visitor_of_a_feed_may_stop),
        with_records(test_changes_name_each_feed_once),
        with_records(test_release_is_a_change),
        with_records(test_what_was_taught_is_no_change),
        with_records(test_removed_entries_hide_no_later_change),
        with_records(test_visitor_that_stops_sees_the_changes_again),
        with_records(test_stories_that_no_feed_lists_any_more_go_with_their_keys),
        with_records(test_stories_are_of_one_feed_with_its_readers),
        with_records(test_since_when_stories_are_looked_at),
        with_sanitizers_only(
            with_records(test_of_too_many_stories_those_go_that_were_not_listed_for_longest)),
        without_records(test_version_1_keeps_what_is_held),
        without_records(test_version_1_keeps_what_was_judged_and_done),
        without_records(test_version_1_has_changes_from_then_on),
        without_records(test_version_1_is_made_into_ours_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
