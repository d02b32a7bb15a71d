#include "journal_records.h"

#include "store/journal_frame.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORDS 7 /* in the files that are cut and damaged */

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
        add_record(fixture, number);
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
        add_record(fixture, (uint32_t)whole);
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
    add_record(fixture, RECORDS);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_journal(test_cut_at_any_byte_every_record_before_it_survives),
        with_journal(test_cut_at_any_byte_the_next_record_stands_behind_the_whole_ones),
        with_journal(test_inverted_byte_costs_its_record_alone),
        with_journal(test_flipped_bit_costs_its_record_alone),
        with_journal(test_byte_that_became_zero_costs_its_record_alone),
        with_journal(test_damage_is_told_with_its_place),
        with_journal(test_zeros_at_the_end_are_nothing),
        with_journal(test_record_inside_a_damaged_one_is_not_taken_for_one),
        with_journal(test_frame_of_any_bytes_gives_them_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
