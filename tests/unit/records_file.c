#include "tests/unit/records_file.h"

#include "tests/unit/records_new.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int records_directory(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/weir-records-XXXXXX");
    if (!mkdtemp(fixture->directory))
        return -1;
    snprintf(fixture->path, sizeof fixture->path, "%s/records.db", fixture->directory);
    *state = fixture;
    return 0;
}

int records_set_up(void **state)
{
    if (records_directory(state) != 0)
        return -1;
    struct fixture *fixture = *state;
    fixture->records = records_new(fixture->path, &fixture->error);
    return fixture->records ? 0 : -1;
}

int records_tear_down(void **state)
{
    struct fixture *fixture = *state;
    static const char *const ends[] = {"", "-wal", "-shm"};
    records_close(fixture->records);
    for (size_t i = 0; i < 3; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", fixture->path, ends[i]);
        unlink(name);
    }
    int removed = rmdir(fixture->directory);
    free(fixture);
    return removed;
}

/* It waits for what the records write in a thread of their own. */
static sqlite3 *open_beside(const struct fixture *fixture)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    return db;
}

void run_sql(struct fixture *fixture, const char *sql)
{
    sqlite3 *db = open_beside(fixture);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

int count_rows(struct fixture *fixture, const char *table)
{
    sqlite3 *db = open_beside(fixture);
    sqlite3_stmt *statement;
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int rows = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return rows;
}

struct history_entry entry_of(unsigned char id, const char *reference)
{
    struct history_entry entry = {
        .document_id = {0xab, 0xcd, 0xef, id},
        .time_s = 1700000000,
        .channel = "mail",
        .action = "hold",
        .log_odds = 4.25,
        .sender = "ann@example.org",
        .recipients = "bob@example.net,eve@example.net",
        .subject = "发票 'quoted' \xff",
        .reference = reference,
        .evidence = "[]",
    };
    return entry;
}

struct held held_of(const char *reference)
{
    struct held held = {
        .state = HELD_PENDING,
        .document_id = {1, 2, 3},
        .time_s = 1700000000,
        .channel = "mail",
        .sender = "ann@example.org",
        .recipients = "bob@example.net",
        .subject = "subject",
        .reference = reference,
        .log_odds = 3.5,
        .evidence = "[]",
        .lesson = (const unsigned char *)"le\0sson",
        .lesson_length = 7,
        .item = (const unsigned char *)"<item>\0</item>",
        .item_length = 14,
        .item_head = (const unsigned char *)"<rss>\0",
        .item_head_length = 6,
    };
    return held;
}

int64_t hold(struct fixture *fixture, const char *reference)
{
    struct held held = held_of(reference);
    int64_t id = 0;
    good(records_held_add(fixture->records, &held, &id, &fixture->error));
    assert_true(id > 0);
    return id;
}

struct held *get(struct fixture *fixture, int64_t id)
{
    struct held *held = records_held_get(fixture->records, id, &fixture->error);
    good(held);
    return held;
}

bool move(struct fixture *fixture, int64_t id, unsigned from, enum held_state to)
{
    bool moved;
    good(records_held_move(fixture->records, id, from, to, &moved, &fixture->error));
    return moved;
}
