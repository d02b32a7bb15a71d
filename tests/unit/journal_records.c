#include "journal_records.h"

#include "store/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int journal_set_up(void **state)
{
    struct fixture *fixture = memory_new(sizeof *fixture);
    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/weir-journal-XXXXXX");
    if (!mkdtemp(fixture->directory))
        return -1;
    snprintf(fixture->path, sizeof fixture->path, "%s/mail.journal", fixture->directory);
    snprintf(fixture->sent_path, sizeof fixture->sent_path, "%s.sent", fixture->path);
    fixture->journal = journal_new(fixture->path, LIMIT, WINDOW_S);
    *state = fixture;
    return 0;
}

int journal_tear_down(void **state)
{
    struct fixture *fixture = *state;
    journal_free(fixture->journal);
    unlink(fixture->path);
    unlink(fixture->sent_path);
    int removed = rmdir(fixture->directory);
    free(fixture);
    return removed;
}

void replace_journal(struct fixture *fixture, size_t limit_bytes, unsigned window_s)
{
    journal_free(fixture->journal);
    fixture->journal = journal_new(fixture->path, limit_bytes, window_s);
}

struct journal_record numbered_record(uint32_t number, struct numbered *storage)
{
    memset(storage->long_value, 'a' + (int)(number % 26), sizeof storage->long_value);
    storage->identities[0] = (struct identity){IDENTITY_IP, SPAN("192.0.2.1")};
    storage->identities[1] = (struct identity){
        IDENTITY_AUTHOR, {storage->long_value, number % 3 ? number % 20 : IDENTITY_VALUE_MAX}};
    bool hashes = number % 2;
    for (uint32_t i = 0; i < 3; i++)
        storage->slots[i] = number + 1000 * i;
    storage->hashes[0] = number;
    storage->hashes[1] = UINT64_MAX - number;
    storage->lesson = (struct lesson){.label = number % 5 ? LABEL_SPAM : LABEL_HAM,
                                      .source = SPAN("operator"),
                                      .time_s = 1700000000 + number,
                                      .feature_version = 1,
                                      .slots = storage->slots,
                                      .slot_count = hashes ? 0 : 3,
                                      .identities = storage->identities,
                                      .identity_count = 2};
    memcpy(storage->lesson.document_id, &number, sizeof number);
    lesson_set_event_id(&storage->lesson, number);
    return (struct journal_record){.key_mark = 77 + number,
                                   .lesson = &storage->lesson,
                                   .hashes = storage->hashes,
                                   .hash_count = hashes ? 2 : 0};
}

void add_record(struct fixture *fixture, uint32_t number)
{
    struct numbered storage;
    struct journal_record record = numbered_record(number, &storage);
    good(journal_add(fixture->journal, &record, 1, &fixture->error));
}

static bool same_lesson(const struct lesson *a, const struct lesson *b)
{
    size_t a_length, b_length;
    unsigned char *a_bytes = lesson_encode(a, &a_length), *b_bytes = lesson_encode(b, &b_length);
    bool same = a_length == b_length && memcmp(a_bytes, b_bytes, a_length) == 0;
    free(a_bytes);
    free(b_bytes);
    return same;
}

/* The number of the record, which must be exactly that one. */
static uint32_t number_of(const struct journal_record *record)
{
    struct numbered storage;
    uint32_t number;
    memcpy(&number, record->lesson->document_id, sizeof number);
    struct journal_record expected = numbered_record(number, &storage);
    assert_true(same_lesson(record->lesson, expected.lesson));
    assert_int_equal(record->key_mark, expected.key_mark);
    assert_int_equal(record->hash_count, expected.hash_count);
    if (record->hash_count)
        assert_memory_equal(record->hashes, expected.hashes, 8 * record->hash_count);
    return number;
}

void read_numbers(struct fixture *fixture, struct journal_session *session, next_record *next,
                  struct numbers *numbers)
{
    bool found = true;
    for (numbers->count = 0; found;) {
        struct journal_record record;
        good(next(session, &record, &found, &fixture->error));
        if (!found)
            break;
        assert_true(numbers->count < RECORDS_MOST);
        numbers->of[numbers->count++] = number_of(&record);
        journal_record_clear(&record);
    }
}

struct journal_session *begin_session(struct fixture *fixture)
{
    struct journal_session *session = journal_begin(fixture->journal, 0, &fixture->error);
    good(session);
    return session;
}

void read_waiting(struct fixture *fixture, struct numbers *numbers)
{
    struct journal_session *session = begin_session(fixture);
    read_numbers(fixture, session, journal_next_waiting, numbers);
    journal_end(session);
}

void assert_numbers(const struct numbers *numbers, uint32_t first, size_t count)
{
    assert_int_equal(numbers->count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(numbers->of[i], first + i);
}

size_t damaged_in(struct fixture *fixture)
{
    struct journal_state look;
    good(journal_look(fixture->journal, &look, &fixture->error));
    return look.damaged;
}
