/* What the server does with connections: kept, many, waiting, slow, and bad ones. */
#include "feedfilter/server.h"

#include "store/memory.h"
#include "store/span.h"
#include "tests/unit/feed_server.h"
#include "tests/unit/http_client.h"
#include "tests/unit/rounds.h"

#include <malloc.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

static int set_up_impatient(void **state)
{
    return feed_server_start(state, 200, 400);
}

static int set_up_narrow(void **state)
{
    return feed_server_start(state, 4, 20000);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- connections --- */

static void test_a_connection_is_kept_for_more_requests(void **state)
{
    struct feed_server *feeds = *state;
    int socket = http_connect(feeds->port);
    for (int i = 0; i < 100; i++) {
        struct http_answer answer;
        http_say(socket, "GET /f/planet HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_true(http_read(socket, true, &answer));
        http_clear(&answer);
    }
    close(socket);
}

static void test_http_1_0_closes_the_connection(void **state)
{
    struct feed_server *feeds = *state;
    struct http_answer answer;
    int socket = http_connect(feeds->port);
    http_say(socket, "GET /f/planet HTTP/1.0\r\n\r\n");
    assert_true(http_read(socket, true, &answer));
    assert_int_equal(answer.length, 1000);
    assert_true(http_is_closed(socket, 5000));
    http_clear(&answer);
    close(socket);
}

static void test_pipelined_requests_are_answered_in_turn(void **state)
{
    struct feed_server *feeds = *state;
    int socket = http_connect(feeds->port);
    http_say(socket, "GET /f/planet HTTP/1.1\r\nHost: x\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n"
                     "\r\nGET /f/at-once HTTP/1.1\r\nHost: x\r\n\r\n");
    static const size_t lengths[] = {1000, 3, 1000};
    for (size_t i = 0; i < 3; i++) {
        struct http_answer answer;
        assert_true(http_read(socket, true, &answer));
        assert_int_equal(answer.length, lengths[i]);
        http_clear(&answer);
    }
    close(socket);
}

static void test_connections_over_the_limit_are_closed_at_once(void **state)
{
    struct feed_server *feeds = *state;
    int sockets[4];
    for (size_t i = 0; i < 4; i++) {
        struct http_answer answer;
        sockets[i] = http_connect(feeds->port);
        http_say(sockets[i], "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_true(http_read(sockets[i], true, &answer));
        http_clear(&answer);
    }
    for (size_t i = 0; i < 20; i++) {
        int refused = http_connect(feeds->port);
        assert_true(http_is_closed(refused, 5000));
        close(refused);
    }
    close(sockets[0]);
    struct http_answer answer = {0};
    for (bool served = false; !served; http_clear(&answer)) {
        int again = http_connect(feeds->port);
        http_say(again, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
        served = http_read(again, true, &answer);
        close(again);
    }
    for (size_t i = 1; i < 4; i++)
        close(sockets[i]);
}

static void test_no_new_connections_are_served_when_quiesced(void **state)
{
    struct feed_server *feeds = *state;
    struct http_answer answer;
    int old = http_connect(feeds->port);
    http_say(old, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(http_read(old, true, &answer));
    http_clear(&answer);
    server_quiesce(feeds->server);
    int new = http_connect(feeds->port);
    assert_true(http_is_closed(new, 5000));
    close(old);
    close(new);
}

static void test_no_handler_is_called_when_quiesced(void **state)
{
    struct feed_server *feeds = *state;
    struct http_answer answer;
    int old = http_connect(feeds->port);
    http_say(old, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(http_read(old, true, &answer));
    http_clear(&answer);
    server_quiesce(feeds->server);
    http_say(old, "GET /f/planet HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(http_read(old, true, &answer));
    assert_int_equal(answer.status, 503);
    assert_int_equal(feeds->asked, 0);
    http_clear(&answer);
    close(old);
}

static void test_a_request_that_waited_is_answered_when_quiesced(void **state)
{
    struct feed_server *feeds = *state;
    struct http_answer answer;
    int socket = http_connect(feeds->port);
    http_say(socket, "GET /f/later HTTP/1.1\r\nHost: x\r\n\r\n");
    struct server_wait *wait = feed_server_await(feeds);
    server_quiesce(feeds->server);
    server_resume(wait, page_retain(feeds->planet));
    assert_true(http_read(socket, true, &answer));
    assert_int_equal(answer.length, 1000);
    http_clear(&answer);
    close(socket);
}

/* --- requests that wait --- */

static void test_a_request_resumed_before_its_handler_returned_is_answered(void **state)
{
    struct feed_server *feeds = *state;
    struct http_answer answer;
    http_ask(feeds->port, "GET /f/at-once", "", &answer);
    assert_int_equal(answer.length, 1000);
    http_clear(&answer);
}

static void test_a_request_resumed_later_is_answered(void **state)
{
    struct feed_server *feeds = *state;
    struct http_answer answer;
    int socket = http_connect(feeds->port);
    http_say(socket, "GET /f/later HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"x\"\r\n\r\n");
    server_resume(feed_server_await(feeds), page_retain(feeds->planet));
    assert_true(http_read(socket, true, &answer));
    assert_int_equal(answer.status, 200);
    http_clear(&answer);
    close(socket);
}

static void test_a_request_with_a_body_may_wait(void **state)
{
    struct feed_server *feeds = *state;
    struct http_answer answer;
    int socket = http_connect(feeds->port);
    http_say(socket, "GET /f/later HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
    server_resume(feed_server_await(feeds), page_retain(feeds->planet));
    assert_true(http_read(socket, true, &answer));
    assert_int_equal(answer.status, 200);
    http_clear(&answer);
    close(socket);
}

static void test_a_request_resumed_with_no_page_is_404(void **state)
{
    struct feed_server *feeds = *state;
    int socket = http_connect(feeds->port);
    http_say(socket, "GET /f/later HTTP/1.1\r\nHost: x\r\n\r\n");
    server_resume(feed_server_await(feeds), NULL);
    struct http_answer answer;
    assert_true(http_read(socket, true, &answer));
    assert_int_equal(answer.status, 404);
    http_clear(&answer);
    close(socket);
}

static void test_a_client_that_left_while_it_waited_is_forgotten(void **state)
{
    struct feed_server *feeds = *state;
    for (int i = 0; i < 50; i++) {
        int socket = http_connect(feeds->port);
        http_say(socket, "GET /f/later HTTP/1.1\r\nHost: x\r\n\r\n");
        struct server_wait *wait = feed_server_await(feeds);
        close(socket);
        server_resume(wait, page_retain(feeds->planet));
    }
    assert_int_equal(feed_server_ask(feeds, "GET /f/planet", ""), 200);
}

/* The server tells when a wait is over, and leaves it to whoever has the page. */
static void test_a_wait_that_is_over_is_ended_by_who_resumes_it(void **state)
{
    struct feed_server *feeds = *state;
    struct http_answer answer;
    int socket = http_connect(feeds->port);
    http_say(socket, "GET /f/later HTTP/1.1\r\nHost: x\r\n\r\n");
    struct server_wait *wait = feed_server_await(feeds);
    assert_false(http_is_closed(socket, 1200));
    assert_true(server_wait_is_over(wait));
    server_resume(wait, page_retain(feeds->planet));
    assert_true(http_read(socket, true, &answer));
    http_clear(&answer);
    close(socket);
}

static void test_the_server_ends_while_requests_are_under_way(void **state)
{
    struct feed_server *feeds = *state;
    int waiting = http_connect(feeds->port), slow = http_connect(feeds->port),
        reading = http_connect_with_small_buffer(feeds->port), idle = http_connect(feeds->port);
    http_say(waiting, "GET /f/later HTTP/1.1\r\nHost: x\r\n\r\n");
    http_say(slow, "GET /f/planet HTTP/1.1\r\nHos");
    http_say(reading, "GET /f/big HTTP/1.1\r\nHost: x\r\n\r\n");
    struct server_wait *wait = feed_server_await(feeds);
    while (atomic_load(&feeds->asked) < 2)
        poll(NULL, 0, 1);
    server_quiesce(feeds->server);
    server_resume(wait, page_retain(feeds->planet));
    server_free(feeds->server);
    feeds->server = NULL;
    assert_true(http_is_closed(waiting, 5000));
    assert_true(http_is_closed(slow, 5000));
    assert_true(http_is_closed(reading, 5000));
    assert_true(http_is_closed(idle, 5000));
    close(waiting);
    close(slow);
    close(reading);
    close(idle);
}

/* --- bad clients --- */

/* libmicrohttpd takes no answer once it stops, and asks again for it: that must not wait. */
static void test_the_server_ends_while_an_answer_is_due(void **state)
{
    feed_server_tear_down(state);
    for (int i = 0; i < 100; i++) {
        feed_server_set_up(state);
        struct feed_server *feeds = *state;
        for (int reader = 0; reader < 3; reader++) {
            int socket = http_connect(feeds->port);
            http_say(socket, "GET /f/later HTTP/1.1\r\nHost: x\r\n\r\n");
            struct server_wait *wait = feed_server_await(feeds);
            close(socket);
            server_resume(wait, page_retain(feeds->planet));
        }
        feed_server_tear_down(state);
    }
    feed_server_set_up(state);
}

/* 20 s are theirs where there is room. */
static void test_those_that_ask_nothing_make_room(void **state)
{
    struct feed_server *feeds = *state;
    int silent[4];
    for (size_t i = 0; i < 4; i++) {
        silent[i] = http_connect(feeds->port);
        if (i % 2)
            http_say(silent[i], "GET /f/planet HTTP/1.1\r\nHos");
    }
    int64_t start_ms = now_ms();
    struct http_answer answer = {0};
    for (bool served = false; !served && now_ms() - start_ms < 15000; http_clear(&answer)) {
        int reader = http_connect(feeds->port);
        http_say(reader, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
        served = http_read(reader, true, &answer);
        close(reader);
        poll(NULL, 0, 20);
    }
    assert_true(now_ms() - start_ms < 10000);
    for (size_t i = 0; i < 4; i++)
        close(silent[i]);
}

static void test_slow_loris_keeps_nobody_from_being_served(void **state)
{
    struct feed_server *feeds = *state;
    int slow[50];
    for (size_t i = 0; i < 50; i++) {
        slow[i] = http_connect(feeds->port);
        http_say(slow[i], "GET /f/planet HTTP/1.1\r\n");
    }
    int64_t start_ms = now_ms();
    assert_int_equal(feed_server_ask(feeds, "GET /f/planet", ""), 200);
    assert_true(now_ms() - start_ms < 1000);
    for (size_t i = 0; i < 50; i++)
        close(slow[i]);
}

/* Says a letter every 20 ms until the server closes; in ms. */
static int64_t trickle(int socket)
{
    int64_t start_ms = now_ms();
    while (!http_is_closed(socket, 20) && now_ms() - start_ms < 10000)
        http_say(socket, "x");
    return now_ms() - start_ms;
}

static void test_a_head_that_trickles_in_is_cut_off(void **state)
{
    struct feed_server *feeds = *state;
    int socket = http_connect(feeds->port);
    http_say(socket, "GET /f/planet HTTP/1.1\r\nX-Slow: ");
    int64_t took_ms = trickle(socket);
    assert_true(took_ms >= 350 && took_ms < 5000);
    close(socket);
}

static void test_a_first_line_that_trickles_in_is_cut_off(void **state)
{
    struct feed_server *feeds = *state;
    int socket = http_connect(feeds->port);
    http_say(socket, "GET /f/");
    assert_true(trickle(socket) < 5000);
    close(socket);
}

static void test_a_body_that_trickles_in_is_cut_off(void **state)
{
    struct feed_server *feeds = *state;
    int socket = http_connect(feeds->port);
    http_say(socket, "POST /f/planet HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n");
    assert_true(trickle(socket) < 5000);
    close(socket);
}

static void test_an_idle_connection_is_closed_in_time(void **state)
{
    struct feed_server *feeds = *state;
    struct http_answer answer;
    int socket = http_connect(feeds->port);
    http_say(socket, "GET /f/planet HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(http_read(socket, true, &answer));
    assert_false(http_is_closed(socket, 200));
    assert_true(http_is_closed(socket, 5000));
    http_clear(&answer);
    close(socket);
}

static void test_a_reader_that_never_reads_is_cut_off(void **state)
{
    struct feed_server *feeds = *state;
    int socket = http_connect_with_small_buffer(feeds->port);
    http_say(socket, "GET /f/big HTTP/1.1\r\nHost: x\r\n\r\n");
    while (!atomic_load(&feeds->big_made))
        poll(NULL, 0, 5);
    poll(NULL, 0, 1500);
    struct http_answer answer;
    assert_false(http_read(socket, true, &answer)); /* what the kernel had, and then the end */
    close(socket);
}

static void test_a_reader_of_a_byte_now_and_then_is_cut_off(void **state)
{
    struct feed_server *feeds = *state;
    int socket = http_connect_with_small_buffer(feeds->port);
    http_say(socket, "GET /f/big HTTP/1.1\r\nHost: x\r\n\r\n");
    char byte;
    assert_int_equal(read(socket, &byte, 1), 1);
    for (int64_t end_ms = now_ms() + 1500; now_ms() < end_ms; poll(NULL, 0, 20)) {
        if (read(socket, &byte, 1) <= 0)
            break;
    }
    char rest[4096];
    size_t left = 0;
    for (ssize_t got; (got = read(socket, rest, sizeof rest)) > 0;)
        left += (size_t)got;
    assert_true(left < FEED_SERVER_BIG);
    close(socket);
}

static void test_a_big_page_is_read_to_its_end(void **state)
{
    struct feed_server *feeds = *state;
    struct http_answer answer;
    http_ask(feeds->port, "GET /f/big", "", &answer);
    assert_int_equal(answer.length, FEED_SERVER_BIG);
    http_clear(&answer);
}

/* What is allocated, in all threads: main() has them share an arena. A sanitizer's own allocator is
 * not counted; there the check for leaks does it. */
static size_t allocated(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* Each of them on the one connection, or on one of its own. */
static void ask_for_unknown(struct feed_server *feeds, int first, int count, bool reconnect)
{
    int socket = http_connect(feeds->port);
    for (int i = first; i < first + count; i++) {
        char request[300];
        struct http_answer answer;
        snprintf(request, sizeof request, "GET /%s/unknown-%d-%0150d HTTP/1.1\r\nHost: x\r\n\r\n",
                 i % 2 ? "f" : "unknown", i, i);
        if (reconnect) {
            close(socket);
            socket = http_connect(feeds->port);
        }
        http_say(socket, request);
        assert_true(http_read(socket, true, &answer));
        assert_int_equal(answer.status, 404);
        http_clear(&answer);
    }
    close(socket);
}

static void test_unknown_paths_take_no_memory(void **state)
{
    struct feed_server *feeds = *state;
    ask_for_unknown(feeds, 0, 500, false);
    ask_for_unknown(feeds, 500, 500, true);
    size_t before = allocated();
    ask_for_unknown(feeds, 1000, (int)rounds(9000, 2000), false);
    ask_for_unknown(feeds, 10000, (int)rounds(1000, 200), true);
    assert_true(allocated() < before + 100000);
}

static void test_garbage_ends_its_own_connection_only(void **state)
{
    struct feed_server *feeds = *state;
    static const struct span garbage[] = {
        SPAN("\r\n\r\n\r\n\r\n"),
        SPAN("\0\0\0\0\r\n\r\n"),
        SPAN("GET\r\n\r\n"),
        SPAN("GET \r\n\r\n"),
        SPAN("GET /f/planet\r\n\r\n"),
        SPAN("GET /f/planet HTTP/9.9\r\n\r\n"),
        SPAN("GET /f/pla\0net HTTP/1.1\r\nHost: x\r\n\r\n"),
        SPAN("GET /f/planet HTTP/1.1\r\nHost: x\r\nIf-None-Match: \0\"\r\n\r\n"),
        SPAN("GET /f/planet HTTP/1.1\r\n: x\r\n\0\r\n\r\n"),
        SPAN("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
        SPAN("GET /f/planet HTTP/1.1\nHost: x\n\n"),
        SPAN("GET /f/planet HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
        SPAN("GET /f/planet HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
        SPAN("POST /f/planet HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        SPAN("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        SPAN("GET  /f/planet  HTTP/1.1\r\n\r\n")};
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        int socket = http_connect(feeds->port);
        http_send(socket, garbage[i].data, garbage[i].length);
        http_is_closed(socket, 30);
        close(socket);
        assert_int_equal(feed_server_ask(feeds, "GET /f/planet", ""), 200);
    }
}

static void test_huge_heads_are_refused(void **state)
{
    struct feed_server *feeds = *state;
    static const char *const starts[] = {"GET /f/planet HTTP/1.1\r\nX-Long: ", "GET /f/", ""};
    char *junk = memory_new(100001);
    memset(junk, 'a', 100000);
    for (size_t i = 0; i < 3; i++) {
        int socket = http_connect(feeds->port);
        struct http_answer answer;
        http_say(socket, starts[i]);
        http_send(socket, junk, 100000);
        if (http_read(socket, true, &answer)) {
            assert_in_range(answer.status, 400, 499);
            http_clear(&answer);
        }
        assert_true(http_is_closed(socket, 5000));
        close(socket);
    }
    free(junk);
    assert_int_equal(feed_server_ask(feeds, "GET /f/planet", ""), 200);
}

#define WITH(test, set_up) cmocka_unit_test_setup_teardown(test, set_up, feed_server_tear_down)

int main(void)
{
    mallopt(M_ARENA_MAX, 1);
    const struct CMUnitTest tests[] = {
        WITH(test_a_connection_is_kept_for_more_requests, feed_server_set_up),
        WITH(test_http_1_0_closes_the_connection, feed_server_set_up),
        WITH(test_pipelined_requests_are_answered_in_turn, feed_server_set_up),
        WITH(test_connections_over_the_limit_are_closed_at_once, set_up_narrow),
        WITH(test_no_new_connections_are_served_when_quiesced, feed_server_set_up),
        WITH(test_no_handler_is_called_when_quiesced, feed_server_set_up),
        WITH(test_a_request_that_waited_is_answered_when_quiesced, feed_server_set_up),
        WITH(test_a_request_resumed_before_its_handler_returned_is_answered, feed_server_set_up),
        WITH(test_a_request_resumed_later_is_answered, feed_server_set_up),
        WITH(test_a_request_with_a_body_may_wait, feed_server_set_up),
        WITH(test_a_request_resumed_with_no_page_is_404, feed_server_set_up),
        WITH(test_a_client_that_left_while_it_waited_is_forgotten, feed_server_set_up),
        WITH(test_a_wait_that_is_over_is_ended_by_who_resumes_it, set_up_impatient),
        WITH(test_the_server_ends_while_requests_are_under_way, feed_server_set_up),
        WITH(test_the_server_ends_while_an_answer_is_due, feed_server_set_up),
        WITH(test_those_that_ask_nothing_make_room, set_up_narrow),
        WITH(test_slow_loris_keeps_nobody_from_being_served, feed_server_set_up),
        WITH(test_a_head_that_trickles_in_is_cut_off, set_up_impatient),
        WITH(test_a_first_line_that_trickles_in_is_cut_off, set_up_impatient),
        WITH(test_a_body_that_trickles_in_is_cut_off, set_up_impatient),
        WITH(test_an_idle_connection_is_closed_in_time, set_up_impatient),
        WITH(test_a_reader_that_never_reads_is_cut_off, set_up_impatient),
        WITH(test_a_reader_of_a_byte_now_and_then_is_cut_off, set_up_impatient),
        WITH(test_a_big_page_is_read_to_its_end, feed_server_set_up),
        WITH(test_unknown_paths_take_no_memory, feed_server_set_up),
        WITH(test_garbage_ends_its_own_connection_only, feed_server_set_up),
        WITH(test_huge_heads_are_refused, feed_server_set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
