/* journal_records: a journal of its own for each test, and records that are told by their number:
 * with zero bytes, long runs without any, and hashes among them. */
#ifndef WEIR_TEST_JOURNAL_RECORDS_H
#define WEIR_TEST_JOURNAL_RECORDS_H

#include "store/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* What the journal is opened with. */
#define LIMIT (1u << 20)
#define WINDOW_S 600
#define RECORDS_MOST 2000

struct fixture {
    char directory[64], path[96], sent_path[104];
    struct journal *journal;
    struct error error;
};

#define good(call)                                                                                 \
    do {                                                                                           \
        if (!(call))                                                                               \
            fail_msg("%s", fixture->error.message);                                                \
    } while (0)

int journal_set_up(void **state);
int journal_tear_down(void **state);
#define with_journal(test) cmocka_unit_test_setup_teardown(test, journal_set_up, journal_tear_down)

/* The same file, opened anew. */
void replace_journal(struct fixture *fixture, size_t limit_bytes, unsigned window_s);

/* What a record consists of. */
struct numbered {
    struct lesson lesson;
    struct identity identities[2];
    uint32_t slots[3];
    uint64_t hashes[2];
    char long_value[IDENTITY_VALUE_MAX];
};

struct journal_record numbered_record(uint32_t number, struct numbered *storage);
void add_record(struct fixture *fixture, uint32_t number);

typedef bool next_record(struct journal_session *session, struct journal_record *record,
                         bool *found, struct error *error);

struct numbers {
    size_t count;
    uint32_t of[RECORDS_MOST];
};

/* Each record must be exactly the one of its number. */
void read_numbers(struct fixture *fixture, struct journal_session *session, next_record *next,
                  struct numbers *numbers);
struct journal_session *begin_session(struct fixture *fixture);
void read_waiting(struct fixture *fixture, struct numbers *numbers);
void assert_numbers(const struct numbers *numbers, uint32_t first, size_t count);
size_t damaged_in(struct fixture *fixture);

#endif
