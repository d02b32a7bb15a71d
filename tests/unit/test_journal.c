#include "store/journal.h"

#include "store/journal_frame.h"
#include "store/memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define LIMIT (1u << 20)
#define WINDOW_S 600
#define RECORDS 7 /* in the files that are cut and damaged */
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

static int set_up(void **state)
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

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    journal_free(fixture->journal);
    unlink(fixture->path);
    unlink(fixture->sent_path);
    int removed = rmdir(fixture->directory);
    free(fixture);
    return removed;
}

static void replace_journal(struct fixture *fixture, size_t limit_bytes, unsigned window_s)
{
    journal_free(fixture->journal);
    fixture->journal = journal_new(fixture->path, limit_bytes, window_s);
}

/* --- numbered records: zero bytes, long runs without any, and hashes among them --- */

struct numbered {
    struct lesson lesson;
    struct identity identities[2];
    uint32_t slots[3];
    uint64_t hashes[2];
    char long_value[IDENTITY_VALUE_MAX];
};

static struct journal_record numbered_record(uint32_t number, struct numbered *storage)
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

static void add(struct fixture *fixture, uint32_t number)
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

typedef bool next_record(struct journal_session *session, struct journal_record *record,
                         bool *found, struct error *error);

struct numbers {
    size_t count;
    uint32_t of[RECORDS_MOST];
};

static void read_numbers(struct fixture *fixture, struct journal_session *session,
                         next_record *next, struct numbers *numbers)
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

static struct journal_session *begin(struct fixture *fixture)
{
    struct journal_session *session = journal_begin(fixture->journal, 0, &fixture->error);
    good(session);
    return session;
}

static void read_waiting(struct fixture *fixture, struct numbers *numbers)
{
    struct journal_session *session = begin(fixture);
    read_numbers(fixture, session, journal_next_waiting, numbers);
    journal_end(session);
}

static void assert_numbers(const struct numbers *numbers, uint32_t first, size_t count)
{
    assert_int_equal(numbers->count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(numbers->of[i], first + i);
}

static size_t damaged_in(struct fixture *fixture)
{
    struct journal_state look;
    good(journal_look(fixture->journal, &look, &fixture->error));
    return look.damaged;
}

/* --- what waits --- */

static void test_lessons_come_back_as_they_were_given_in_order(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    for (uint32_t number = 0; number < 300; number++)
        add(fixture, number);
    read_waiting(fixture, &numbers);
    assert_numbers(&numbers, 0, 300);
    assert_int_equal(damaged_in(fixture), 0);
}

static void test_what_was_not_cleared_waits_on(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    add(fixture, 1);
    read_waiting(fixture, &numbers);
    read_waiting(fixture, &numbers);
    assert_numbers(&numbers, 1, 1);
    assert_true(journal_is_busy(fixture->journal));
}

static void test_cleared_journal_is_empty(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct journal_state look;
    bool emptied;
    add(fixture, 1);
    struct journal_session *session = begin(fixture);
    read_numbers(fixture, session, journal_next_waiting, &numbers);
    good(journal_clear(session, &emptied, &look, &fixture->error));
    journal_end(session);
    assert_true(emptied);
    good(journal_look(fixture->journal, &look, &fixture->error));
    assert_int_equal(look.size_bytes, 0);
}

static void test_lesson_added_while_others_are_sent_is_not_cleared_with_them(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct journal_state look;
    bool emptied;
    add(fixture, 1);
    struct journal_session *session = begin(fixture);
    read_numbers(fixture, session, journal_next_waiting, &numbers);
    add(fixture, 2);
    good(journal_clear(session, &emptied, &look, &fixture->error));
    assert_false(emptied);
    read_numbers(fixture, session, journal_next_waiting, &numbers);
    journal_end(session);
    assert_numbers(&numbers, 2, 1);
}

static void test_full_journal_refuses_and_keeps_all_it_has(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct numbered storage;
    uint32_t taken = 0;
    replace_journal(fixture, 4000, WINDOW_S);
    struct journal_record record = numbered_record(0, &storage);
    while (journal_add(fixture->journal, &record, 1, &fixture->error))
        record = numbered_record(++taken, &storage);
    assert_true(taken > 5);
    assert_int_equal(fixture->error.class, ERROR_SYSTEM);
    assert_non_null(strstr(fixture->error.message, "is full"));
    read_waiting(fixture, &numbers);
    assert_numbers(&numbers, 0, taken);
}

/* As when the disk is full. */
static void test_write_that_fails_leaves_the_journal_as_it_was(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct stat before, after;
    struct numbered storage;
    struct journal_record record = numbered_record(1, &storage);
    struct rlimit usual, low;
    add(fixture, 0);
    assert_int_equal(stat(fixture->path, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
    low = (struct rlimit){(rlim_t)before.st_size + 20, usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    bool added = journal_add(fixture->journal, &record, 1, &fixture->error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
    assert_false(added);
    assert_int_equal(stat(fixture->path, &after), 0);
    assert_int_equal(after.st_size, before.st_size);
    read_waiting(fixture, &numbers);
    assert_numbers(&numbers, 0, 1);
}

static void test_processes_may_add_at_once(void **state)
{
    enum { PROCESSES = 4, EACH = 50 };
    struct fixture *fixture = *state;
    bool seen[PROCESSES * EACH] = {false};
    struct numbers numbers;
    for (uint32_t process = 0; process < PROCESSES; process++) {
        if (fork() == 0) {
            struct numbered storage;
            bool added = true;
            for (uint32_t i = 0; added && i < EACH; i++) {
                struct journal_record record = numbered_record(process * EACH + i, &storage);
                added = journal_add(fixture->journal, &record, 1, &fixture->error);
            }
            _exit(!added);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    read_waiting(fixture, &numbers);
    assert_int_equal(numbers.count, PROCESSES * EACH);
    for (size_t i = 0; i < numbers.count; i++) {
        assert_false(seen[numbers.of[i]]);
        seen[numbers.of[i]] = true;
    }
}

static void test_group_may_write_and_others_may_not_read(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    mode_t before = umask(077);
    add(fixture, 1);
    umask(before);
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0660);
}

static void test_root_gives_the_journal_to_the_owner_of_its_directory(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chown(fixture->directory, 12345, 23456), 0);
    add(fixture, 1);
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_uid, 12345);
    assert_int_equal(status.st_gid, 23456);
}

static void test_link_in_place_of_the_journal_is_not_followed(void **state)
{
    struct fixture *fixture = *state;
    struct numbered storage;
    struct journal_record record = numbered_record(1, &storage);
    assert_int_equal(symlink("/dev/null", fixture->path), 0);
    assert_false(journal_add(fixture->journal, &record, 1, &fixture->error));
}

/* --- damage --- */

struct image {
    unsigned char bytes[16384];
    size_t length;
    size_t ends[RECORDS]; /* where each record's frame ends */
};

static void write_file(const struct fixture *fixture, const unsigned char *bytes, size_t length)
{
    int fd = open(fixture->path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, length, 0), length);
    assert_int_equal(ftruncate(fd, (off_t)length), 0);
    close(fd);
}

/* A journal of RECORDS records, as it stands on the disk. */
static void make_image(struct fixture *fixture, struct image *image)
{
    struct stat status;
    for (uint32_t number = 0; number < RECORDS; number++) {
        add(fixture, number);
        assert_int_equal(stat(fixture->path, &status), 0);
        image->ends[number] = (size_t)status.st_size;
    }
    FILE *file = fopen(fixture->path, "r");
    assert_non_null(file);
    image->length = fread(image->bytes, 1, sizeof image->bytes, file);
    fclose(file);
    assert_int_equal(image->length, image->ends[RECORDS - 1]);
}

static void test_cut_at_any_byte_every_record_before_it_survives(void **state)
{
    struct fixture *fixture = *state;
    struct image image;
    struct numbers numbers;
    make_image(fixture, &image);
    for (size_t cut = 0; cut <= image.length; cut++) {
        size_t whole = 0;
        while (whole < RECORDS && image.ends[whole] <= cut)
            whole++;
        write_file(fixture, image.bytes, cut);
        read_waiting(fixture, &numbers);
        assert_numbers(&numbers, 0, whole);
        assert_int_equal(damaged_in(fixture), 0);
    }
}

static void test_cut_at_any_byte_the_next_record_stands_behind_the_whole_ones(void **state)
{
    struct fixture *fixture = *state;
    struct image image;
    struct numbers numbers;
    make_image(fixture, &image);
    for (size_t cut = 0; cut <= image.length; cut += 13) {
        size_t whole = 0;
        while (whole < RECORDS && image.ends[whole] <= cut)
            whole++;
        write_file(fixture, image.bytes, cut);
        add(fixture, (uint32_t)whole);
        read_waiting(fixture, &numbers);
        assert_numbers(&numbers, 0, whole + 1);
        assert_int_equal(damaged_in(fixture), 0);
    }
}

/* What `change` makes of any one byte costs at most the record it is in, and invents none. */
static void check_damage(struct fixture *fixture, unsigned char (*change)(unsigned char byte))
{
    struct image image;
    struct numbers numbers;
    make_image(fixture, &image);
    for (size_t at = 0, hit = 0; at < image.length; at++) {
        unsigned char before = image.bytes[at];
        if (at >= image.ends[hit])
            hit++;
        image.bytes[at] = change(before);
        write_file(fixture, image.bytes, image.length);
        read_waiting(fixture, &numbers);
        bool last_is_open = at + 1 == image.length; /* its end is missing: a torn tail */
        size_t lost = image.bytes[at] != before;
        assert_int_equal(numbers.count, RECORDS - lost);
        for (size_t i = 0; i < numbers.count; i++)
            assert_int_equal(numbers.of[i], i + (lost && i >= hit));
        if (lost && !last_is_open)
            assert_true(damaged_in(fixture) > 0);
        image.bytes[at] = before;
    }
}

static unsigned char inverted(unsigned char byte)
{
    return (unsigned char)~byte;
}

static unsigned char with_another_bit(unsigned char byte)
{
    return byte ^ 1;
}

static unsigned char zero(unsigned char byte)
{
    (void)byte;
    return 0;
}

static void test_inverted_byte_costs_its_record_alone(void **state)
{
    check_damage(*state, inverted);
}

static void test_flipped_bit_costs_its_record_alone(void **state)
{
    check_damage(*state, with_another_bit);
}

static void test_byte_that_became_zero_costs_its_record_alone(void **state)
{
    check_damage(*state, zero);
}

static void test_damage_is_told_with_its_place(void **state)
{
    struct fixture *fixture = *state;
    struct image image;
    struct journal_state look;
    make_image(fixture, &image);
    image.bytes[image.ends[1] + 20] ^= 4;
    image.bytes[image.ends[3] + 20] ^= 4;
    write_file(fixture, image.bytes, image.length);
    good(journal_look(fixture->journal, &look, &fixture->error));
    assert_int_equal(look.damaged, 2);
    assert_in_range(look.damaged_at, image.ends[1], image.ends[1] + 1);
    assert_int_equal(look.waiting, RECORDS - 2);
}

/* After a crash some file systems show zeros where data was to come. */
static void test_zeros_at_the_end_are_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct image image;
    struct numbers numbers;
    make_image(fixture, &image);
    memset(image.bytes + image.length, 0, 500);
    write_file(fixture, image.bytes, image.length + 500);
    add(fixture, RECORDS);
    read_waiting(fixture, &numbers);
    assert_numbers(&numbers, 0, RECORDS + 1);
    assert_int_equal(damaged_in(fixture), 0);
}

/* A stranger's text that is itself a record, in a record whose first bytes are lost. */
static void test_record_inside_a_damaged_one_is_not_taken_for_one(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct numbered storage;
    char forged[IDENTITY_VALUE_MAX];
    struct lesson small = {.source = SPAN("")};
    struct journal_record record = {.lesson = &small};
    good(journal_add(fixture->journal, &record, 1, &fixture->error));
    int fd = open(fixture->path, O_RDWR);
    ssize_t length = read(fd, forged, sizeof forged);
    assert_in_range(length, 60, sizeof forged - 1);
    assert_int_equal(ftruncate(fd, 0), 0);

    record = numbered_record(1, &storage);
    storage.identities[1].value = (struct span){forged, (size_t)length};
    good(journal_add(fixture->journal, &record, 1, &fixture->error));
    assert_int_equal(pwrite(fd, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, 0), 8);
    close(fd);
    read_waiting(fixture, &numbers);
    assert_int_equal(numbers.count, 0);
    assert_int_equal(damaged_in(fixture), 1);
}

static void test_frame_of_any_bytes_gives_them_back(void **state)
{
    (void)state;
    unsigned char bytes[1100], frame[1200];
    srandom(1);
    for (size_t length = 0; length < sizeof bytes; length++) {
        for (size_t i = 0; i < length; i++)
            bytes[i] = random() % 300 ? (unsigned char)(random() % 255 + 1) : 0;
        size_t size = journal_frame_write(frame, (struct span){(const char *)bytes, length});
        struct span record;
        assert_true(size <= journal_frame_bound(length));
        assert_null(memchr(frame + 1, 0, size - 2));
        assert_true(frame[0] == 0 && frame[size - 1] == 0);
        assert_true(journal_frame_read(frame + 1, size - 2, &record));
        assert_int_equal(record.length, length);
        if (length)
            assert_memory_equal(record.data, bytes, length);
    }
}

/* --- what was sent --- */

static const unsigned char some_key[COUNTS_KEY_BYTES] = {1, 2, 3, 0, 5};

static void set_epoch(struct fixture *fixture, struct journal_session *session, const char *run_id)
{
    good(journal_set_epoch(session, run_id, some_key, &fixture->error));
}

static void keep(struct fixture *fixture, struct journal_session *session, uint32_t number)
{
    struct numbered storage;
    struct journal_record record = numbered_record(number, &storage);
    good(journal_keep(session, &record, 1, &fixture->error));
}

static void test_sent_lessons_come_back_in_order(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct journal_session *session = begin(fixture);
    set_epoch(fixture, session, "run");
    keep(fixture, session, 1);
    keep(fixture, session, 2);
    journal_end(session);
    session = begin(fixture);
    keep(fixture, session, 3);
    read_numbers(fixture, session, journal_next_sent, &numbers);
    journal_end(session);
    assert_numbers(&numbers, 1, 3);
}

static void test_lessons_sent_before_the_window_are_gone(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct stat before, after;
    replace_journal(fixture, LIMIT, 3);
    struct journal_session *session = begin(fixture);
    set_epoch(fixture, session, "run");
    for (uint32_t number = 0; number < 20; number++)
        keep(fixture, session, number);
    stat(fixture->sent_path, &before);
    assert_true(journal_is_busy(fixture->journal));
    nanosleep(&(struct timespec){7, 0}, NULL);
    assert_false(journal_is_busy(fixture->journal));
    keep(fixture, session, 20);
    stat(fixture->sent_path, &after);
    read_numbers(fixture, session, journal_next_sent, &numbers);
    journal_end(session);
    assert_numbers(&numbers, 20, 1);
    assert_true(after.st_size < before.st_size);
}

/* They were sent to it again, and may be lost by it, too. */
static void test_window_begins_anew_with_another_run_of_the_store(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    replace_journal(fixture, LIMIT, 5);
    struct journal_session *session = begin(fixture);
    set_epoch(fixture, session, "one run");
    keep(fixture, session, 7);
    nanosleep(&(struct timespec){3, 0}, NULL);
    set_epoch(fixture, session, "another run");
    nanosleep(&(struct timespec){3, 0}, NULL);
    read_numbers(fixture, session, journal_next_sent, &numbers);
    journal_end(session);
    assert_numbers(&numbers, 7, 1);
}

static void test_of_too_many_sent_lessons_the_newest_are_kept(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct stat status;
    replace_journal(fixture, 8000, WINDOW_S);
    struct journal_session *session = begin(fixture);
    set_epoch(fixture, session, "run");
    for (uint32_t number = 0; number < 200; number++)
        keep(fixture, session, number);
    read_numbers(fixture, session, journal_next_sent, &numbers);
    assert_string_equal(journal_epoch(session)->run_id, "run");
    journal_end(session);
    assert_int_equal(stat(fixture->sent_path, &status), 0);
    assert_true(status.st_size <= 8000);
    assert_true(numbers.count >= 10);
    assert_numbers(&numbers, 200 - (uint32_t)numbers.count, numbers.count);
}

static void test_epoch_is_unknown_until_it_is_set(void **state)
{
    struct journal_session *session = begin(*state);
    assert_int_equal(journal_epoch(session)->time_s, 0);
    assert_string_equal(journal_epoch(session)->run_id, "");
    journal_end(session);
}

static void test_epoch_lasts_until_another_is_set(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct journal_session *session = begin(fixture);
    set_epoch(fixture, session, "one run of forty letters, as they have");
    keep(fixture, session, 1);
    set_epoch(fixture, session, "another");
    journal_end(session);
    session = begin(fixture);
    assert_string_equal(journal_epoch(session)->run_id, "another");
    assert_memory_equal(journal_epoch(session)->key, some_key, sizeof some_key);
    read_numbers(fixture, session, journal_next_sent, &numbers);
    journal_end(session);
    assert_numbers(&numbers, 1, 1);
}

static void test_damaged_epoch_is_an_unknown_one_and_costs_no_lesson(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct journal_session *session = begin(fixture);
    set_epoch(fixture, session, "run");
    keep(fixture, session, 1);
    journal_end(session);
    int fd = open(fixture->sent_path, O_WRONLY);
    assert_int_equal(pwrite(fd, "\x99", 1, 30), 1);
    close(fd);
    session = begin(fixture);
    assert_string_equal(journal_epoch(session)->run_id, "");
    set_epoch(fixture, session, "next");
    read_numbers(fixture, session, journal_next_sent, &numbers);
    journal_end(session);
    assert_numbers(&numbers, 1, 1);
}

static void test_one_session_at_a_time(void **state)
{
    struct fixture *fixture = *state;
    struct journal_session *session = begin(fixture);
    assert_null(journal_begin(fixture->journal, 50, &fixture->error));
    journal_end(session);
    journal_end(begin(fixture));
}

static void test_journal_that_was_never_used_is_at_rest(void **state)
{
    struct fixture *fixture = *state;
    struct journal_state look;
    assert_false(journal_is_busy(fixture->journal));
    good(journal_look(fixture->journal, &look, &fixture->error));
    assert_int_equal(look.waiting, 0);
    assert_int_equal(access(fixture->path, F_OK), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lessons_come_back_as_they_were_given_in_order),
        TEST(test_what_was_not_cleared_waits_on),
        TEST(test_cleared_journal_is_empty),
        TEST(test_lesson_added_while_others_are_sent_is_not_cleared_with_them),
        TEST(test_full_journal_refuses_and_keeps_all_it_has),
        TEST(test_write_that_fails_leaves_the_journal_as_it_was),
        TEST(test_processes_may_add_at_once),
        TEST(test_group_may_write_and_others_may_not_read),
        TEST(test_root_gives_the_journal_to_the_owner_of_its_directory),
        TEST(test_link_in_place_of_the_journal_is_not_followed),
        TEST(test_cut_at_any_byte_every_record_before_it_survives),
        TEST(test_cut_at_any_byte_the_next_record_stands_behind_the_whole_ones),
        TEST(test_inverted_byte_costs_its_record_alone),
        TEST(test_flipped_bit_costs_its_record_alone),
        TEST(test_byte_that_became_zero_costs_its_record_alone),
        TEST(test_damage_is_told_with_its_place),
        TEST(test_zeros_at_the_end_are_nothing),
        TEST(test_record_inside_a_damaged_one_is_not_taken_for_one),
        TEST(test_frame_of_any_bytes_gives_them_back),
        TEST(test_sent_lessons_come_back_in_order),
        TEST(test_lessons_sent_before_the_window_are_gone),
        TEST(test_window_begins_anew_with_another_run_of_the_store),
        TEST(test_of_too_many_sent_lessons_the_newest_are_kept),
        TEST(test_epoch_is_unknown_until_it_is_set),
        TEST(test_epoch_lasts_until_another_is_set),
        TEST(test_damaged_epoch_is_an_unknown_one_and_costs_no_lesson),
        TEST(test_one_session_at_a_time),
        TEST(test_journal_that_was_never_used_is_at_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
