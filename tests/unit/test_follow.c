#include "milter/follow.h"

#include "core/log.h"
#include "store/memory.h"
#include "tests/unit/records_new.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#define BIT(state) (1u << (state))

/* The other end of the socket pair, in a thread: answers every look alike, and every request.
 * Without an answer to give it goes away, as weir-hold does when it is killed. */
struct fake_hold {
    int fd;
    pthread_t thread;
    const char *to_look, *to_request; /* changed only between two passes */
    char asked[2048];                 /* the lines that came */
};

struct fixture {
    char directory[64], path[96];
    struct config config;
    struct follower follower;
    struct fake_hold hold;
    struct error error;
};

static void *serve(void *context)
{
    struct fake_hold *hold = context;
    char line[256];
    for (ssize_t got; (got = recv(hold->fd, line, sizeof line - 1, 0)) > 0;) {
        line[got] = '\0';
        strcat(hold->asked, line);
        const char *answer = strncmp(line, "look ", 5) == 0 ? hold->to_look : hold->to_request;
        if (!answer)
            break;
        send(hold->fd, answer, strlen(answer), MSG_NOSIGNAL);
    }
    close(hold->fd);
    return NULL;
}

static void start_hold(struct fixture *fixture)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    fixture->follower.hold = ends[0];
    fixture->hold.fd = ends[1];
    assert_int_equal(pthread_create(&fixture->hold.thread, NULL, serve, &fixture->hold), 0);
}

static void stop_hold(struct fixture *fixture)
{
    shutdown(fixture->follower.hold, SHUT_RDWR);
    pthread_join(fixture->hold.thread, NULL);
    close(fixture->follower.hold);
}

static int set_up(void **state)
{
    struct fixture *fixture = memory_new(sizeof *fixture);
    *state = fixture;
    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/weir-follow-XXXXXX");
    if (!mkdtemp(fixture->directory))
        return -1;
    snprintf(fixture->path, sizeof fixture->path, "%s/records.db", fixture->directory);
    fixture->config.release.requeue_after_s = 86400;
    fixture->config.release.gone_after_s = 600;
    fixture->follower.config = &fixture->config;
    fixture->follower.records = records_new(fixture->path, &fixture->error);
    start_hold(fixture);
    return fixture->follower.records ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    static const char *const ends[] = {"", "-wal", "-shm"};
    stop_hold(fixture);
    records_close(fixture->follower.records);
    for (size_t i = 0; i < 3; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", fixture->path, ends[i]);
        unlink(name);
    }
    int removed = rmdir(fixture->directory);
    free(fixture);
    return removed;
}

static void move(struct fixture *fixture, int64_t id, enum held_state from, enum held_state to)
{
    bool moved;
    assert_true(
        records_held_move(fixture->follower.records, id, BIT(from), to, &moved, &fixture->error));
    assert_true(moved);
}

/* A message that was held as `state`, and then asked about. */
static int64_t requested(struct fixture *fixture, enum held_state state, enum held_state request)
{
    struct held held = {.state = HELD_PENDING,
                        .document_id = {0xab, 0xcd},
                        .time_s = time(NULL),
                        .channel = "mail",
                        .reference = "4jYytS2sjWz1bpTN",
                        .evidence = "{}"};
    int64_t id;
    assert_true(records_held_add(fixture->follower.records, &held, &id, &fixture->error));
    if (state != HELD_PENDING)
        move(fixture, id, HELD_PENDING, state);
    move(fixture, id, state, request);
    return id;
}

static bool pass(struct fixture *fixture, const char *to_look, const char *to_request)
{
    fixture->hold.asked[0] = '\0';
    fixture->hold.to_look = to_look;
    fixture->hold.to_request = to_request;
    return follow(&fixture->follower, &fixture->error);
}

static void assert_state(struct fixture *fixture, int64_t id, enum held_state state)
{
    struct held *held = records_held_get(fixture->follower.records, id, &fixture->error);
    assert_non_null(held);
    enum held_state is = held->state;
    held_free(held);
    assert_string_equal(held_state_name(is), held_state_name(state));
}

static void test_message_not_yet_in_hold_is_not_taken_for_released(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = requested(fixture, HELD_PENDING, HELD_RELEASE_REQUESTED);
    assert_true(pass(fixture, "missing\n", "missing\n"));
    assert_true(pass(fixture, "missing\n", "missing\n"));
    assert_state(fixture, id, HELD_RELEASE_REQUESTED);
    assert_true(pass(fixture, "ok\n", "ok\n"));
    assert_state(fixture, id, HELD_RELEASED);
}

static void test_message_not_yet_in_hold_is_not_taken_for_deleted(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = requested(fixture, HELD_PENDING, HELD_DELETE_REQUESTED);
    assert_true(pass(fixture, "missing\n", "missing\n"));
    assert_true(pass(fixture, "missing\n", "missing\n"));
    assert_state(fixture, id, HELD_DELETE_REQUESTED);
    assert_true(pass(fixture, "ok\n", "ok\n"));
    assert_state(fixture, id, HELD_DELETED);
}

static void test_message_that_never_comes_is_gone(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = requested(fixture, HELD_PENDING, HELD_RELEASE_REQUESTED);
    fixture->config.release.gone_after_s = 0;
    assert_true(pass(fixture, "missing\n", "missing\n"));
    assert_state(fixture, id, HELD_RELEASE_REQUESTED);
    assert_true(pass(fixture, "missing\n", "missing\n"));
    assert_state(fixture, id, HELD_GONE);
}

static void test_message_taken_away_before_the_first_attempt_is_not_released(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = requested(fixture, HELD_HELD, HELD_RELEASE_REQUESTED);
    assert_true(pass(fixture, "ok\n", "missing\n"));
    assert_true(pass(fixture, "missing\n", "missing\n"));
    assert_state(fixture, id, HELD_RELEASE_REQUESTED);
}

static void test_interrupted_release_is_done_when_the_message_has_left(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = requested(fixture, HELD_HELD, HELD_RELEASE_REQUESTED);
    assert_false(pass(fixture, "ok\n", NULL));
    assert_state(fixture, id, HELD_RELEASE_REQUESTED);
    stop_hold(fixture);
    start_hold(fixture);
    assert_true(pass(fixture, "missing\n", "missing\n"));
    assert_state(fixture, id, HELD_RELEASED);
}

static void test_interrupted_release_is_tried_again_when_the_message_is_there(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = requested(fixture, HELD_HELD, HELD_RELEASE_REQUESTED);
    assert_false(pass(fixture, "ok\n", NULL));
    stop_hold(fixture);
    start_hold(fixture);
    assert_true(pass(fixture, "ok\n", "ok\n"));
    assert_non_null(strstr(fixture->hold.asked, "release 4jYytS2sjWz1bpTN abcd0000"));
    assert_state(fixture, id, HELD_RELEASED);
}

static void test_refused_request_leaves_the_state_before_it(void **state)
{
    struct fixture *fixture = *state;
    int64_t confirmed = requested(fixture, HELD_CONFIRMED, HELD_DELETE_REQUESTED);
    int64_t held = requested(fixture, HELD_HELD, HELD_RELEASE_REQUESTED);
    int64_t pending = requested(fixture, HELD_PENDING, HELD_RELEASE_REQUESTED);
    assert_true(pass(fixture, "ok\n", "refused it is not ours\n"));
    assert_state(fixture, confirmed, HELD_CONFIRMED);
    assert_state(fixture, held, HELD_HELD);
    assert_state(fixture, pending, HELD_HELD);
}

static void test_failed_request_is_tried_again_after_a_pause(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = requested(fixture, HELD_HELD, HELD_RELEASE_REQUESTED);
    assert_true(pass(fixture, "ok\n", "failed postsuper -H\n"));
    assert_state(fixture, id, HELD_RELEASE_REQUESTED);
    assert_true(pass(fixture, "ok\n", "ok\n"));
    assert_string_equal(fixture->hold.asked, "");
    fixture->follower.pause_until_s = 0;
    assert_true(pass(fixture, "ok\n", "ok\n"));
    assert_state(fixture, id, HELD_RELEASED);
}

static void test_old_mail_is_requeued_and_its_new_id_kept(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = requested(fixture, HELD_HELD, HELD_RELEASE_REQUESTED);
    fixture->config.release.requeue_after_s = 0;
    struct held *held = records_held_get(fixture->follower.records, id, &fixture->error);
    while (time(NULL) == held->time_s)
        usleep(10000);
    held_free(held);
    assert_true(pass(fixture, "ok\n", "ok 4jYytT5tlDz1bpTQ\n"));
    held = records_held_get(fixture->follower.records, id, &fixture->error);
    assert_int_equal(held->state, HELD_RELEASED);
    assert_string_equal(held->requeued_as, "4jYytT5tlDz1bpTQ");
    held_free(held);
}

/* Many records in one pass, of which each may take seconds: it is not to be taken for dead. */
static void test_a_pass_tells_the_service_manager_that_it_works(void **state)
{
    struct fixture *fixture = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char told[40] = "";
    snprintf(address.sun_path, sizeof address.sun_path, "%s/notify", fixture->directory);
    int manager = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(manager, (struct sockaddr *)&address, sizeof address), 0);
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
    setenv("WATCHDOG_USEC", "60000000", 1);
    requested(fixture, HELD_HELD, HELD_RELEASE_REQUESTED);
    assert_true(pass(fixture, "ok\n", "ok\n"));
    (void)!recv(manager, told, sizeof told - 1, MSG_DONTWAIT);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    close(manager);
    unlink(address.sun_path);
    assert_string_equal(told, "WATCHDOG=1");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define with_hold(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        with_hold(test_message_not_yet_in_hold_is_not_taken_for_released),
        with_hold(test_message_not_yet_in_hold_is_not_taken_for_deleted),
        with_hold(test_message_that_never_comes_is_gone),
        with_hold(test_message_taken_away_before_the_first_attempt_is_not_released),
        with_hold(test_interrupted_release_is_done_when_the_message_has_left),
        with_hold(test_interrupted_release_is_tried_again_when_the_message_is_there),
        with_hold(test_refused_request_leaves_the_state_before_it),
        with_hold(test_failed_request_is_tried_again_after_a_pause),
        with_hold(test_old_mail_is_requeued_and_its_new_id_kept),
        with_hold(test_a_pass_tells_the_service_manager_that_it_works),
    };
    log_set_level(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
