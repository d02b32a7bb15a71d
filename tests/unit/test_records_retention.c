#include "store/records_retention.h"

#include "store/records_db.h"
#include "store/records_deeds.h"
#include "store/records_page.h"
#include "store/records_shown.h"
#include "store/records_stories.h"
#include "tests/unit/records_file.h"
#include "tests/unit/rounds.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY 86400
#define NOW (1700000000 + 100 * DAY)

static const struct records_limits month = {30 * DAY, 60 * DAY, (int64_t)1 << 40};

static int64_t add(struct fixture *fixture, const char *channel, int64_t age_s)
{
    struct held held = held_of("4ABC");
    int64_t id = 0;
    held.state = HELD_HELD;
    held.channel = channel;
    held.time_s = NOW - age_s;
    good(records_held_add(fixture->records, &held, &id, &fixture->error));
    return id;
}

static void expect_state(struct fixture *fixture, int64_t id, enum held_state state)
{
    struct held *held = get(fixture, id);
    assert_int_equal(held->state, state);
    held_free(held);
}

/* All steps; the sums as one text. */
static const char *drop(struct fixture *fixture, const struct records_limits *limits)
{
    static char text[80];
    int64_t sums[RECORDS_DROPPED] = {0};
    bool more = true;
    while (more)
        good(records_retention_step(fixture->records, limits, NOW, sums, &more, &fixture->error));
    snprintf(text, sizeof text, "%d %d %d %d %d", (int)sums[0], (int)sums[1], (int)sums[2],
             (int)sums[3], (int)sums[4]);
    return text;
}

static void test_what_nobody_decided_about_expires(void **state)
{
    struct fixture *fixture = *state;
    int64_t sums[RECORDS_DROPPED], bytes;
    struct error by_size = {0};
    int64_t mail = add(fixture, "mail", 30 * DAY), item = add(fixture, "feed", 31 * DAY);
    int64_t young = add(fixture, "mail", 29 * DAY);
    good(records_retention_look(fixture->records, &month, NOW, sums, &bytes, &by_size,
                                &fixture->error));
    assert_int_equal(sums[RECORDS_EXPIRED], 2);
    assert_true(bytes > 0);
    expect_state(fixture, mail, HELD_HELD);
    assert_string_equal(drop(fixture, &month), "2 1 0 0 0");
    expect_state(fixture, mail, HELD_DELETE_REQUESTED);
    expect_state(fixture, item, HELD_DELETED);
    expect_state(fixture, young, HELD_HELD);
    struct held *emptied = get(fixture, item);
    assert_int_equal(emptied->item_length, 0);
    held_free(emptied);
    struct records_deed deed;
    bool found;
    good(records_deed_last(fixture->records, mail, NULL, &deed, &found, &fixture->error));
    assert_true(found);
    assert_string_equal(deed.name, RECORDS_EXPIRE);
    assert_int_equal(count_rows(fixture, "audit WHERE who = 'weir' AND what = 'expire'"), 2);
    assert_string_equal(drop(fixture, &month), "0 0 0 0 0");
}

static void test_bytes_of_a_deleted_item_stay_until_they_are_due(void **state)
{
    struct fixture *fixture = *state;
    int64_t item = add(fixture, "feed", 0);
    move(fixture, item, 1u << HELD_HELD, HELD_DELETED);
    good(records_held_set_due(fixture->records, item, NOW + 1, &fixture->error));
    assert_string_equal(drop(fixture, &month), "0 0 0 0 0");
    good(records_held_set_due(fixture->records, item, NOW, &fixture->error));
    assert_string_equal(drop(fixture, &month), "0 1 0 0 0");
}

static void test_settled_entries_go_with_all_that_is_about_them(void **state)
{
    struct fixture *fixture = *state;
    char sql[200];
    int64_t item = add(fixture, "feed", 0), kept = add(fixture, "feed", 0);
    struct judged judged = {.action = "hold", .held_id = item}, now;
    bool found;
    good(records_judged_save(fixture->records, "planet", "guid", &judged, &fixture->error));
    struct records_deed deed = {.held_id = item, .name = "release"};
    good(records_deed_add(fixture->records, &deed, &fixture->error));
    move(fixture, item, 1u << HELD_HELD, HELD_RELEASED);
    move(fixture, kept, 1u << HELD_HELD, HELD_CONFIRMED);
    snprintf(sql, sizeof sql, "UPDATE held SET state_time_s = %d", NOW - 60 * DAY);
    run_sql(fixture, sql);
    assert_string_equal(drop(fixture, &month), "0 0 1 0 0");
    assert_int_equal(count_rows(fixture, "held"), 1);
    assert_int_equal(count_rows(fixture, "deeds"), 0);
    /* What was released is not held again when its entry is gone. */
    good(records_judged_find(fixture->records, "planet", "guid", &now, &found, &fixture->error));
    assert_true(found);
    assert_string_equal(now.action, "accept");
    assert_int_equal(now.held_id, 0);
}

static bool note_feed(void *context, const char *feed)
{
    strcat(context, feed);
    return true;
}

static void show(struct fixture *fixture, unsigned char number, int64_t age_s, size_t bytes)
{
    unsigned char *item = calloc(1, bytes);
    struct shown_item shown = {.document_id = {number},
                               .feed = "planet",
                               .key = "guid",
                               .item = item,
                               .item_length = bytes,
                               .time_s = NOW - age_s};
    good(records_shown_save(fixture->records, &shown, &fixture->error));
    free(item);
}

static void test_what_is_kept_of_shown_items_goes_with_their_links_and_by_size(void **state)
{
    struct fixture *fixture = *state;
    const struct records_limits tight = {30 * DAY, 60 * DAY, 1000000};
    unsigned char first[RECORD_ID_BYTES] = {1}, second[RECORD_ID_BYTES] = {2};
    struct shown_item *item;
    int64_t since_s;
    show(fixture, 1, 30 * DAY, 10);
    show(fixture, 2, 29 * DAY, 10);
    assert_string_equal(drop(fixture, &month), "0 0 0 0 0");
    good(records_shown_find(fixture->records, first, &item, &fixture->error));
    assert_null(item);
    good(records_shown_since(fixture->records, second, &since_s, &fixture->error));
    assert_int_equal(since_s, NOW - 29 * DAY);
    show(fixture, 3, 0, 2000000);
    assert_string_equal(drop(fixture, &tight), "0 0 0 0 0");
    assert_int_equal(count_rows(fixture, "shown"), 0);
}

static void tell_story(struct fixture *fixture, unsigned char number, int64_t age_s)
{
    const struct story story = {.feed = "planet",
                                .item = {number},
                                .way = "",
                                .title = "",
                                .link = "",
                                .first_s = NOW - age_s,
                                .seen_s = NOW - age_s};
    good(records_story_add(fixture->records, &story, NULL, 0, &fixture->error));
}

static void test_stories_go_by_age_and_by_size(void **state)
{
    struct fixture *fixture = *state;
    const struct records_limits tight = {30 * DAY, 60 * DAY, 1000};
    tell_story(fixture, 1, 61 * DAY);
    tell_story(fixture, 2, 59 * DAY);
    assert_string_equal(drop(fixture, &month), "0 0 0 0 0");
    assert_int_equal(count_rows(fixture, "stories"), 1);
    assert_string_equal(drop(fixture, &tight), "0 0 0 0 0");
    assert_int_equal(count_rows(fixture, "stories"), 0);
}

static void test_what_a_reader_said_is_a_change_of_the_feed(void **state)
{
    struct fixture *fixture = *state;
    unsigned char id[RECORD_ID_BYTES] = {1};
    struct shown_item *item;
    char names[20] = "";
    int64_t change = 0;
    show(fixture, 1, 0, 10);
    good(records_held_changes(fixture->records, &change, note_feed, names, &fixture->error));
    assert_string_equal(names, "");
    good(records_shown_set_said(fixture->records, id, 2, &fixture->error));
    good(records_held_changes(fixture->records, &change, note_feed, names, &fixture->error));
    assert_string_equal(names, "planet");
    good(records_shown_find(fixture->records, id, &item, &fixture->error));
    assert_int_equal(item->said, 2);
    free(item);
}

static void test_history_goes_by_age_and_then_by_size(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 0; i < 1000; i++) {
        struct history_entry entry = entry_of((unsigned char)i, "4ABC");
        entry.time_s = NOW - (i < 300 ? 61 : 1) * DAY;
        records_history_add(fixture->records, &entry);
    }
    records_flush(fixture->records);
    assert_string_equal(drop(fixture, &month), "0 0 0 300 0");
    int64_t mail = add(fixture, "mail", DAY), item = add(fixture, "feed", DAY);
    struct records_limits small = {30 * DAY, 60 * DAY, 1};
    int64_t sums[RECORDS_DROPPED] = {0}, bytes;
    struct error by_size = {0};
    good(records_retention_look(fixture->records, &small, NOW, sums, &bytes, &by_size,
                                &fixture->error));
    assert_int_equal(sums[RECORDS_HISTORY], 700);
    assert_int_equal(count_rows(fixture, "history"), 700);
    assert_string_equal(drop(fixture, &small), "1 1 1 700 0");
    expect_state(fixture, mail, HELD_HELD);
    assert_null(records_held_get(fixture->records, item, &fixture->error));
}

static void test_audit_goes_by_age(void **state)
{
    struct fixture *fixture = *state;
    int64_t sums[RECORDS_DROPPED] = {0}, bytes;
    struct error by_size = {0};
    bool more = true;
    char sql[400];
    snprintf(sql, sizeof sql,
             "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
             "INSERT INTO audit (time_s, who, what, subject) SELECT CASE WHEN i <= 700 THEN %d "
             "ELSE %d END, 'root', 'release', 'm1' FROM n",
             NOW - 60 * DAY, NOW - 59 * DAY);
    run_sql(fixture, sql);
    good(records_retention_look(fixture->records, &month, NOW, sums, &bytes, &by_size,
                                &fixture->error));
    assert_int_equal(sums[RECORDS_AUDIT], 700);
    memset(sums, 0, sizeof sums);
    while (more)
        good(records_retention_step(fixture->records, &month, NOW, sums, &more, &fixture->error));
    assert_int_equal(sums[RECORDS_AUDIT], 700);
    assert_int_equal(count_rows(fixture, "audit"), 300);
    run_sql(fixture, "UPDATE audit SET time_s = 0");
    for (more = true; more;)
        good(records_retention_step(fixture->records, &month, NOW, sums, &more, &fixture->error));
    assert_int_equal(count_rows(fixture, "audit WHERE id = 1000"), 1);
    assert_int_equal(count_rows(fixture, "audit"), 1);
}

static void test_audit_gives_way_by_size_before_history(void **state)
{
    struct fixture *fixture = *state;
    struct records_limits limits = {30 * DAY, 60 * DAY, 500000};
    int64_t sums[RECORDS_DROPPED] = {0}, foretold[RECORDS_DROPPED], bytes;
    struct error by_size = {0};
    bool more = true;
    char sql[500];
    struct history_entry entry = entry_of(1, "4ABC");
    entry.time_s = NOW - DAY;
    records_history_add(fixture->records, &entry);
    records_flush(fixture->records);
    snprintf(sql, sizeof sql,
             "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) "
             "INSERT INTO audit (time_s, who, what, subject) SELECT %d, 'recipient bob@box.test', "
             "CASE WHEN i > 1000 THEN 'refused-link-again' ELSE 'release' END, 'm' || i FROM n",
             NOW - DAY);
    run_sql(fixture, sql);
    good(records_retention_look(fixture->records, &limits, NOW, foretold, &bytes, &by_size,
                                &fixture->error));
    while (more)
        good(records_retention_step(fixture->records, &limits, NOW, sums, &more, &fixture->error));
    assert_true(sums[RECORDS_AUDIT] > 1000 && sums[RECORDS_AUDIT] < 5000);
    assert_int_equal(foretold[RECORDS_AUDIT], sums[RECORDS_AUDIT]);
    assert_int_equal(sums[RECORDS_HISTORY], 0);
    assert_int_equal(count_rows(fixture, "audit WHERE what = 'release'"), 1000);
    assert_int_equal(count_rows(fixture, "audit WHERE id = 6000"), 1);
}

static void test_audit_keeps_its_quarter(void **state)
{
    struct fixture *fixture = *state;
    const struct records_limits limits = {30 * DAY, 60 * DAY, 400000};
    char sql[500];
    hold(fixture, "4ABC");
    snprintf(sql, sizeof sql,
             "UPDATE held SET time_s = %d, lesson = zeroblob(500000); WITH RECURSIVE n (i) AS "
             "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) INSERT INTO audit (time_s, "
             "who, what, subject) SELECT %d, 'recipient bob@box.test', CASE WHEN i %% 2 THEN "
             "'refused-link-again' ELSE 'release' END, 'm' || i FROM n",
             NOW - DAY, NOW - DAY);
    run_sql(fixture, sql);
    drop(fixture, &limits);
    run_sql(fixture, "VACUUM");
    int pages = count_rows(fixture, "dbstat WHERE name GLOB 'audit*'"); /* of 4096 bytes */
    assert_in_range(pages, 20, 30);
    assert_int_equal(count_rows(fixture, "audit WHERE id = 6000"), 1);
}

/* Adds `lines` that whoever is refused can have written, with `subject`. */
static void refuse(struct fixture *fixture, int lines, const char *subject)
{
    char sql[600];
    snprintf(sql, sizeof sql,
             "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT "
             "INTO audit (time_s, who, what, subject) SELECT %d, '192.0.2.1', 'refused-path', %s "
             "FROM n",
             lines, NOW - DAY, subject);
    run_sql(fixture, sql);
}

/* Long lines before many short ones, and of letters that are several bytes each. */
static void test_history_does_not_give_way_to_what_was_refused(void **state)
{
    struct fixture *fixture = *state;
    static const char *const subjects[] = {
        "hex(randomblob(250))", "'/' || replace(hex(zeroblob(100)), '0', char(0x10348))"};
    const struct records_limits limits = {30 * DAY, 60 * DAY, 1000000};
    for (unsigned i = 0; i < 300; i++) {
        struct history_entry entry = entry_of((unsigned char)i, "4ABC");
        entry.time_s = NOW - DAY;
        records_history_add(fixture->records, &entry);
    }
    records_flush(fixture->records);
    for (size_t i = 0; i < 2; i++) {
        refuse(fixture, 1500, subjects[i]);
        refuse(fixture, 1000, "'/'");
        drop(fixture, &limits);
        assert_int_equal(count_rows(fixture, "history"), 300);
        assert_true(count_rows(fixture, "audit") > 1000);
    }
}

static void test_size_of_an_older_audit_is_known(void **state)
{
    struct fixture *fixture = *state;
    const struct records_limits limits = {30 * DAY, 60 * DAY, 1000000};
    run_sql(fixture, RECORDS_WITHOUT_AUDIT_SIZE_SQL "PRAGMA user_version = 30");
    records_close(fixture->records);
    refuse(fixture, 1500, "hex(randomblob(250))");
    fixture->records = records_open(fixture->path, &fixture->error);
    good(fixture->records);
    drop(fixture, &limits);
    assert_in_range(count_rows(fixture, "audit"), 150, 300);
}

static int count_call(void *context)
{
    ++*(int *)context;
    return 0;
}

/* How much SQLite does in a step that drops lines for the file's size, in tens of its instructions:
 * while it does, nobody else can write. */
static int work_of_step(struct fixture *fixture, int lines, int *left)
{
    const struct records_limits tight = {30 * DAY, 60 * DAY, 40000};
    int64_t sums[RECORDS_DROPPED] = {0};
    int calls = 0;
    bool more;
    char sql[400];
    snprintf(sql, sizeof sql,
             "DELETE FROM audit; WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
             "WHERE i < %d) INSERT INTO audit (time_s, who, what, subject) SELECT %d, '192.0.2.1', "
             "CASE WHEN i %% 2 THEN 'refused-log-in' ELSE 'release' END, 'm' || i FROM n",
             lines, NOW - DAY);
    run_sql(fixture, sql);
    sqlite3_stmt *statement = records_prepare_text(fixture->records, "SELECT 1", &fixture->error);
    sqlite3 *db = sqlite3_db_handle(statement);
    sqlite3_finalize(statement);
    sqlite3_progress_handler(db, 10, count_call, &calls);
    good(records_retention_step(fixture->records, &tight, NOW, sums, &more, &fixture->error));
    sqlite3_progress_handler(db, 0, NULL, NULL);
    assert_int_equal(sums[RECORDS_AUDIT], 200);
    *left = count_rows(fixture, "audit WHERE what = 'release'");
    return calls;
}

static void test_a_step_over_a_long_audit_is_no_more_work(void **state)
{
    struct fixture *fixture = *state;
    int left, few, many;
    work_of_step(fixture, 3000, &left); /* has the statements prepared */
    few = work_of_step(fixture, 3000, &left);
    assert_int_equal(left, 1500);
    many = work_of_step(fixture, 60000, &left);
    assert_int_equal(left, 30000);
    if (many > few + few / 10)
        fail_msg("%d for 3000 lines, %d for 60000", few, many);
}

static void test_a_look_waits_for_no_writer_and_writes_nothing(void **state)
{
    struct fixture *fixture = *state;
    const struct records_limits small = {30 * DAY, 60 * DAY, 1};
    int64_t sums[RECORDS_DROPPED], bytes;
    struct error by_size = {0};
    for (unsigned i = 0; i < 300; i++) {
        struct history_entry entry = entry_of((unsigned char)i, "4ABC");
        entry.time_s = NOW - DAY;
        records_history_add(fixture->records, &entry);
    }
    records_flush(fixture->records);
    sqlite3 *writer;
    assert_int_equal(sqlite3_open(fixture->path, &writer), SQLITE_OK);
    assert_int_equal(sqlite3_exec(writer, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    good(records_retention_look(fixture->records, &small, NOW, sums, &bytes, &by_size,
                                &fixture->error));
    assert_int_equal(sums[RECORDS_HISTORY], 300);
    sqlite3_close(writer);
    assert_int_equal(count_rows(fixture, "history"), 300);
}

static void test_held_items_make_no_room_for_other_things(void **state)
{
    struct fixture *fixture = *state;
    char *bytes = calloc(1, 30000), sql[200];
    struct held held = held_of("guid");
    int64_t ids[2];
    held.state = HELD_HELD;
    held.channel = "feed";
    held.time_s = NOW;
    held.item = (unsigned char *)bytes;
    held.item_length = 30000;
    for (size_t i = 0; i < 2; i++)
        good(records_held_add(fixture->records, &held, &ids[i], &fixture->error));
    free(bytes);
    snprintf(sql, sizeof sql,
             "INSERT INTO audit (time_s, who, what, subject) VALUES (%d, 'root', "
             "'release', hex(zeroblob(500000)))",
             NOW);
    run_sql(fixture, sql);
    struct records_limits limits = {30 * DAY, 60 * DAY, 100000};
    assert_string_equal(drop(fixture, &limits), "0 0 0 0 0");
    expect_state(fixture, ids[0], HELD_HELD);
    limits.size_bytes = 40000; /* less than the items alone have */
    drop(fixture, &limits);
    assert_null(records_held_get(fixture->records, ids[0], &fixture->error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_records(test_what_nobody_decided_about_expires),
        with_records(test_bytes_of_a_deleted_item_stay_until_they_are_due),
        with_records(test_settled_entries_go_with_all_that_is_about_them),
        with_records(test_history_goes_by_age_and_then_by_size),
        with_sanitizers_only(with_records(test_audit_gives_way_by_size_before_history)),
        with_records(test_audit_keeps_its_quarter),
        with_records(test_history_does_not_give_way_to_what_was_refused),
        with_records(test_size_of_an_older_audit_is_known),
        with_sanitizers_only(with_records(test_a_step_over_a_long_audit_is_no_more_work)),
        with_records(test_a_look_waits_for_no_writer_and_writes_nothing),
        with_records(test_audit_goes_by_age),
        with_records(test_what_is_kept_of_shown_items_goes_with_their_links_and_by_size),
        with_records(test_stories_go_by_age_and_by_size),
        with_records(test_what_a_reader_said_is_a_change_of_the_feed),
        with_records(test_held_items_make_no_room_for_other_things),
    };
    return cmocka_run_group_tests_name("records_retention", tests, NULL, NULL);
}
