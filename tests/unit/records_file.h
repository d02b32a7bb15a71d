/* records_file: a records file of its own for each test, and entries to put into it. */
#ifndef WEIR_TEST_RECORDS_FILE_H
#define WEIR_TEST_RECORDS_FILE_H

#include "store/records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct fixture {
    char directory[64], path[96];
    struct records *records; /* closed by the tear-down; NULL is fine */
    struct error error;
};

#define good(call)                                                                                 \
    do {                                                                                           \
        if (!(call))                                                                               \
            fail_msg("%s", fixture->error.message);                                                \
    } while (0)

/* A directory without a file; with one, open. */
int records_directory(void **state);
int records_set_up(void **state);
int records_tear_down(void **state);
#define without_records(test)                                                                      \
    cmocka_unit_test_setup_teardown(test, records_directory, records_tear_down)
#define with_records(test) cmocka_unit_test_setup_teardown(test, records_set_up, records_tear_down)

/* Past the records, on the file itself. */
void run_sql(struct fixture *fixture, const char *sql);
int count_rows(struct fixture *fixture, const char *table);

/* Takes a file back behind what came before it, how much the audit trail takes. */
#define RECORDS_WITHOUT_AUDIT_SIZE_SQL                                                             \
    "ALTER TABLE story_feeds DROP COLUMN since_s; "                                                \
    "DROP TRIGGER correction_with_held; "                                                          \
    "DROP TRIGGER audit_size_added; DROP TRIGGER audit_size_changed; DROP TRIGGER "                \
    "audit_size_removed; DROP TABLE audit_size; "

/* The same of the sums of quarters of hours. */
#define RECORDS_WITHOUT_QUARTERS_SQL                                                               \
    RECORDS_WITHOUT_AUDIT_SIZE_SQL                                                                 \
    "DROP TRIGGER learned_with_history; DROP TRIGGER learned_with_held; DROP TABLE learned; "      \
    "DROP INDEX audit_refused; DROP INDEX held_document; ALTER TABLE deeds DROP COLUMN source; "   \
    "ALTER TABLE deeds DROP "                                                                      \
    "COLUMN said_before; "                                                                         \
    "ALTER TABLE held DROP COLUMN taught_from; ALTER TABLE held DROP COLUMN taught_by; "           \
    "ALTER TABLE deeds DROP COLUMN taught_from_before; "                                           \
    "ALTER TABLE deeds DROP COLUMN taught_by_before; "                                             \
    "DROP TABLE story_feeds; DROP TABLE shown_feeds; DROP TABLE shown; DROP TABLE feed_profiles; " \
    "DROP TABLE stories; DROP TABLE story_keys; "                                                  \
    "DROP TRIGGER history_quarters_added; DROP TRIGGER history_quarters_removed; DROP TABLE "      \
    "history_quarters; DROP TRIGGER held_quarters_added; DROP TRIGGER held_quarters_moved; DROP "  \
    "TRIGGER held_quarters_removed; DROP TABLE held_quarters; "

/* Takes a file back behind what came before them, feeds that are subscribed to while weir runs. */
#define RECORDS_WITHOUT_FEEDS_SQL                                                                  \
    RECORDS_WITHOUT_QUARTERS_SQL                                                                   \
    "DROP TABLE feeds; DROP TABLE readers; DROP TABLE feed_states; DROP TABLE feed_changes; "

/* Makes a file of version 5 of today's: takes away what later steps of records_db.c added. */
#define RECORDS_FORMER_SQL                                                                         \
    RECORDS_WITHOUT_FEEDS_SQL                                                                      \
    "ALTER TABLE judged DROP COLUMN rules; ALTER TABLE judged DROP COLUMN rules_said; "            \
    "DROP TRIGGER held_sums_added; DROP TRIGGER held_sums_moved; DROP TRIGGER held_sums_removed; " \
    "DROP TABLE held_sums; "                                                                       \
    "DROP TRIGGER held_removed; DROP TABLE told; DROP TABLE link_uses; DROP TABLE person_lists; "  \
    "DROP INDEX judged_held; "                                                                     \
    "DROP TRIGGER history_evidence_removed; DROP TABLE evidence; DROP TABLE correction; "          \
    "DROP INDEX held_due; ALTER TABLE held DROP COLUMN due_s; DROP TABLE deeds; "                  \
    "DROP TRIGGER held_symbol_added; DROP TRIGGER held_symbol_changed; DROP TRIGGER "              \
    "held_symbol_removed; DROP TABLE held_symbol; DROP TRIGGER held_late_added; DROP TRIGGER "     \
    "held_late_removed; DROP TABLE held_late; DROP INDEX held_of_sender; DROP INDEX held_score; "  \
    "DROP TRIGGER history_identity_added; DROP TRIGGER history_identity_removed; DROP TABLE "      \
    "history_identity; PRAGMA user_version = 5;"

struct history_entry entry_of(unsigned char id, const char *reference);
struct held held_of(const char *reference);

/* Adds held_of(reference); the rest is what records.h has, and fails the test if it fails. */
int64_t hold(struct fixture *fixture, const char *reference);
struct held *get(struct fixture *fixture, int64_t id);
bool move(struct fixture *fixture, int64_t id, unsigned from, enum held_state to);

#endif
