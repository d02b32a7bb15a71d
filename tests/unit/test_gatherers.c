#include "core/gatherers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

static struct document *mail;
static struct config config;

/* --- gatherers that wait: each reads bytes from a pipe of its own and is done at 'd' --- */

#define FAKES 2

static struct fake {
    int pipe[2];
    int starts, resumes, given_up;
    bool done;
} fakes[FAKES];

static int open_fakes(void **state)
{
    (void)state;
    memset(fakes, 0, sizeof fakes);
    for (size_t i = 0; i < FAKES; i++)
        if (pipe(fakes[i].pipe))
            return -1;
    mail = document_new(CHANNEL_MAIL);
    return 0;
}

static int close_fakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < FAKES; i++) {
        close(fakes[i].pipe[0]);
        close(fakes[i].pipe[1]);
    }
    document_free(mail);
    return 0;
}

static enum gather_state start_fake(struct fake *fake, void **state, int *wait_fd)
{
    fake->starts++;
    *state = fake;
    *wait_fd = fake->pipe[0];
    return GATHER_WAITING;
}

static enum gather_state start_first(struct document *document, const struct config *settings,
                                     void **state, int *wait_fd)
{
    (void)settings, (void)document;
    return start_fake(&fakes[0], state, wait_fd);
}

static enum gather_state start_second(struct document *document, const struct config *settings,
                                      void **state, int *wait_fd)
{
    (void)settings, (void)document;
    return start_fake(&fakes[1], state, wait_fd);
}

static enum gather_state start_done_at_once(struct document *document,
                                            const struct config *settings, void **state,
                                            int *wait_fd)
{
    (void)settings, (void)document, (void)state, (void)wait_fd;
    fakes[0].starts++;
    return GATHER_DONE;
}

static enum gather_state resume_fake(struct document *document, void *state, int *wait_fd)
{
    (void)document, (void)wait_fd;
    struct fake *fake = state;
    char byte = 0;
    fake->resumes++;
    if (read(fake->pipe[0], &byte, 1) == 1 && byte == 'p')
        assert_int_equal(write(fakes[1].pipe[1], "d", 1), 1);
    fake->done = byte == 'd';
    return fake->done ? GATHER_DONE : GATHER_WAITING;
}

static enum gather_state resume_never_done(struct document *document, void *state, int *wait_fd)
{
    (void)document, (void)wait_fd;
    ((struct fake *)state)->resumes++;
    return GATHER_WAITING;
}

static void give_up_fake(struct document *document, void *state)
{
    (void)document;
    ((struct fake *)state)->given_up++;
}

static const struct gatherer first = {"first", CHANNEL_ANY, start_first, resume_fake, give_up_fake};
static const struct gatherer second = {"second", CHANNEL_MAIL, start_second, resume_fake,
                                       give_up_fake};

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void run_rows(const struct gatherer *rows, size_t count, struct document *document,
                     unsigned deadline_ms)
{
    config.gather_deadline_ms = deadline_ms;
    gatherers_run(rows, count, document, &config);
}

static void test_done_at_once_is_not_waited_for(void **state)
{
    (void)state;
    const struct gatherer row = {"at once", CHANNEL_ANY, start_done_at_once, NULL, NULL};
    int64_t before = clock_ms();
    run_rows(&row, 1, mail, 5000);
    assert_int_equal(fakes[0].starts, 1);
    assert_in_range(clock_ms() - before, 0, 2500);
}

static void test_waiting_one_is_resumed_until_done(void **state)
{
    (void)state;
    assert_int_equal(write(fakes[0].pipe[1], "..d", 3), 3);
    run_rows(&first, 1, mail, 5000);
    assert_int_equal(fakes[0].resumes, 3);
    assert_true(fakes[0].done);
    assert_int_equal(fakes[0].given_up, 0);
}

/* The second becomes readable only when the first was resumed, and the first is done only after
 * another byte: neither can be run to its end before the other. */
static void test_waiting_ones_run_side_by_side(void **state)
{
    (void)state;
    const struct gatherer rows[] = {second, first};
    assert_int_equal(write(fakes[0].pipe[1], "pd", 2), 2);
    run_rows(rows, 2, mail, 5000);
    assert_true(fakes[0].done);
    assert_true(fakes[1].done);
}

static void test_who_misses_the_deadline_gives_up(void **state)
{
    (void)state;
    const struct gatherer rows[] = {first, second};
    assert_int_equal(write(fakes[1].pipe[1], "d", 1), 1);
    int64_t before = clock_ms();
    run_rows(rows, 2, mail, 50);
    assert_int_equal(fakes[0].given_up, 1);
    assert_true(fakes[1].done);
    assert_int_equal(fakes[1].given_up, 0);
    assert_in_range(clock_ms() - before, 49, 2000);
}

static void test_always_readable_one_is_stopped_by_the_deadline(void **state)
{
    (void)state;
    const struct gatherer row = {"never", CHANNEL_ANY, start_first, resume_never_done,
                                 give_up_fake};
    assert_int_equal(write(fakes[0].pipe[1], "x", 1), 1);
    run_rows(&row, 1, mail, 30);
    assert_true(fakes[0].resumes > 0);
    assert_int_equal(fakes[0].given_up, 1);
}

static void test_other_channels_gatherers_do_not_start(void **state)
{
    (void)state;
    struct document *item = document_new(CHANNEL_FEED);
    run_rows(&second, 1, item, 1000);
    assert_int_equal(fakes[1].starts, 0);
    document_free(item);
}

#define ON_PIPES(test) cmocka_unit_test_setup_teardown(test, open_fakes, close_fakes)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_PIPES(test_done_at_once_is_not_waited_for),
        ON_PIPES(test_waiting_one_is_resumed_until_done),
        ON_PIPES(test_waiting_ones_run_side_by_side),
        ON_PIPES(test_who_misses_the_deadline_gives_up),
        ON_PIPES(test_always_readable_one_is_stopped_by_the_deadline),
        ON_PIPES(test_other_channels_gatherers_do_not_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
