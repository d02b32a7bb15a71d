/* What the server answers, through real sockets. */
#include "feedfilter/server.h"

#include "core/log.h"
#include "tests/unit/feed_server.h"
#include "tests/unit/http_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#define DATE FEED_SERVER_DATE

/* --- what is answered --- */

static void test_a_feed_is_answered_whole(void **state)
{
    struct feed_server *feeds = *state;
    struct http_answer answer;
    http_ask(feeds->port, "GET /f/planet", "", &answer);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.length, 1000);
    assert_memory_equal(answer.body, "spam and eggs spam", 18);
    http_clear(&answer);
}

static void test_a_page_says_what_it_is(void **state)
{
    struct feed_server *feeds = *state;
    struct http_answer answer;
    http_ask(feeds->port, "GET /f/planet", "", &answer);
    assert_string_equal(http_field(&answer, "Content-Type"), "application/atom+xml");
    assert_string_equal(http_field(&answer, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(http_field(&answer, "Cache-Control"), "no-cache");
    assert_string_equal(http_field(&answer, "Vary"), "Accept-Encoding");
    assert_string_equal(http_field(&answer, "ETag"), feeds->planet->etag);
    assert_string_equal(http_field(&answer, "Last-Modified"), DATE);
    assert_non_null(http_field(&answer, "Date"));
    http_clear(&answer);
}

static void test_held_items_health_and_metrics_are_answered(void **state)
{
    struct feed_server *feeds = *state;
    assert_int_equal(feed_server_ask(feeds, "GET /q/planet", ""), 200);
    assert_int_equal(feed_server_ask(feeds, "GET /health", ""), 200);
    assert_int_equal(feed_server_ask(feeds, "GET /metrics", ""), 200);
}

static void test_what_is_not_there_is_404_of_one_line(void **state)
{
    struct feed_server *feeds = *state;
    static const char *const requests[] = {"GET /",          "GET /f/planets",   "GET /q/none",
                                           "GET //f/planet", "GET /f/../x",      "GET /f/%2e%2e",
                                           "GET /f/a%00b",   "GET /f/planet%00", "GET /f/planet/x",
                                           "GET /f/%",       "HEAD /f/other",    "GET planet"};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct http_answer answer;
        http_ask(feeds->port, requests[i], "", &answer);
        assert_int_equal(answer.status, 404);
        if (answer.length)
            assert_string_equal(
                answer.body,
                "there is no such feed here; feeds are at /f/NAME, what is held of them at "
                "/q/NAME\n");
        http_clear(&answer);
    }
}

static void test_only_names_are_asked_for(void **state)
{
    struct feed_server *feeds = *state;
    feed_server_ask(feeds, "GET /f/..", "");
    feed_server_ask(feeds, "GET /f/a%2fb", "");
    feed_server_ask(feeds, "GET /f/a%20b", "");
    assert_int_equal(feeds->asked, 0);
}

static void test_absolute_targets_are_understood(void **state)
{
    struct feed_server *feeds = *state;
    assert_int_equal(feed_server_ask(feeds, "GET http://weir.test/f/planet", ""), 200);
    assert_int_equal(feed_server_ask(feeds, "GET /f/p%6canet?from=reader", ""), 200);
}

/* A page on the web that gives its own name our address reads nothing. */
static void test_requests_for_another_host_are_421(void **state)
{
    struct feed_server *feeds = *state;
    static const struct {
        const char *request;
        int status;
    } cases[] = {
        {"GET /f/planet HTTP/1.1\r\nHost: rebound.test:8092\r\n\r\n", 421},
        {"GET /q/planet HTTP/1.1\r\nHost: rebound.test\r\n\r\n", 421},
        {"GET /health HTTP/1.1\r\nHost: rebound.test\r\n\r\n", 421},
        {"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 200},
        {"GET /health HTTP/1.0\r\n\r\n", 200},
        {"GET /health HTTP/1.1\r\nHost: weir.test\r\n\r\n", 200},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_answer answer;
        int socket = http_connect(feeds->port);
        http_say(socket, cases[i].request);
        assert_true(http_read(socket, true, &answer));
        assert_int_equal(answer.status, cases[i].status);
        if (answer.status == 421)
            assert_non_null(strstr(answer.body, "public-url"));
        http_clear(&answer);
        close(socket);
    }
    server_set_public_url(feeds->server, "https://other.test/feeds");
    assert_int_equal(feed_server_ask(feeds, "GET /health", ""), 421);
}

static void test_other_methods_are_405_and_say_what_is_allowed(void **state)
{
    struct feed_server *feeds = *state;
    static const char *const requests[] = {"POST /f/planet", "OPTIONS *",       "PUT /f/planet",
                                           "DELETE /f/x",    "TRACE /f/planet", "BREW /f/planet"};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct http_answer answer;
        http_ask(feeds->port, requests[i], "", &answer);
        assert_int_equal(answer.status, 405);
        assert_string_equal(http_field(&answer, "Allow"), "GET, HEAD");
        http_clear(&answer);
    }
}

static void test_a_request_with_a_body_gets_its_answer(void **state)
{
    struct feed_server *feeds = *state;
    static const char *const fields[] = {"Content-Length: 5\r\n\r\nhello",
                                         "Content-Length: 99999999999\r\n",
                                         "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(feed_server_ask(feeds, "POST /f/planet", fields[i]), 405);
    assert_int_equal(feed_server_ask(feeds, "GET /f/planet", fields[0]), 200);
}

static void test_a_body_is_asked_for_and_then_answered(void **state)
{
    struct feed_server *feeds = *state;
    struct http_answer answer;
    int socket = http_connect(feeds->port);
    http_say(socket, "POST /f/planet HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
                     "Expect: 100-continue\r\n\r\n");
    assert_true(http_read(socket, false, &answer));
    assert_int_equal(answer.status, 100);
    http_clear(&answer);
    http_say(socket, "hello");
    assert_true(http_read(socket, true, &answer));
    assert_int_equal(answer.status, 405);
    http_clear(&answer);
    close(socket);
}

static void test_errors_are_one_line_and_pass_retry_after_on(void **state)
{
    struct feed_server *feeds = *state;
    struct http_answer answer;
    http_ask(feeds->port, "GET /f/away", "", &answer);
    assert_int_equal(answer.status, 502);
    assert_string_equal(answer.body, "example.org: connection refused\n");
    assert_null(http_field(&answer, "ETag"));
    http_clear(&answer);
    http_ask(feeds->port, "GET /f/busy", "If-None-Match: *\r\n", &answer);
    assert_int_equal(answer.status, 503);
    assert_string_equal(http_field(&answer, "Retry-After"), "77");
    http_clear(&answer);
}

/* --- HEAD, gzip, conditions --- */

static void test_head_has_the_fields_of_get_and_no_body(void **state)
{
    struct feed_server *feeds = *state;
    static const char *const fields[] = {"", "Accept-Encoding: gzip\r\n"};
    static const char *const names[] = {"Content-Length", "ETag",          "Content-Type",
                                        "Vary",           "Last-Modified", "Content-Encoding"};
    for (size_t i = 0; i < 2; i++) {
        struct http_answer head, get;
        http_ask(feeds->port, "HEAD /f/planet", fields[i], &head);
        http_ask(feeds->port, "GET /f/planet", fields[i], &get);
        for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
            char value[100];
            const char *got = http_field(&get, names[n]);
            snprintf(value, sizeof value, "%s", got ? got : "-");
            got = http_field(&head, names[n]);
            assert_string_equal(got ? got : "-", value);
        }
        http_clear(&head);
        http_clear(&get);
    }
}

static void test_nothing_follows_the_head_of_head(void **state)
{
    struct feed_server *feeds = *state;
    struct http_answer answer;
    int socket = http_connect(feeds->port);
    http_say(socket, "HEAD /f/planet HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(http_read(socket, false, &answer));
    http_clear(&answer);
    http_say(socket, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(http_read(socket, true, &answer));
    assert_string_equal(answer.body, "ok\n");
    http_clear(&answer);
    close(socket);
}

static void test_gzip_goes_to_who_accepts_it(void **state)
{
    struct feed_server *feeds = *state;
    struct http_answer answer;
    http_ask(feeds->port, "GET /f/planet", "Accept-Encoding: deflate, gzip\r\n", &answer);
    assert_string_equal(http_field(&answer, "Content-Encoding"), "gzip");
    assert_int_equal(answer.length, page_gzip(feeds->planet)->length);
    assert_memory_equal(answer.body, "\x1f\x8b", 2);
    http_clear(&answer);
    http_ask(feeds->port, "GET /f/planet", "Accept-Encoding: gzip;q=0\r\n", &answer);
    assert_null(http_field(&answer, "Content-Encoding"));
    http_clear(&answer);
    http_ask(feeds->port, "GET /health", "Accept-Encoding: gzip\r\n", &answer);
    assert_null(http_field(&answer, "Content-Encoding"));
    http_clear(&answer);
}

static void test_304_answers_who_has_the_page(void **state)
{
    struct feed_server *feeds = *state;
    char fields[200];
    struct http_answer answer;
    snprintf(fields, sizeof fields, "If-None-Match: \"x\", %s\r\n", feeds->planet->etag);
    http_ask(feeds->port, "GET /f/planet", fields, &answer);
    assert_int_equal(answer.status, 304);
    assert_string_equal(http_field(&answer, "ETag"), feeds->planet->etag);
    assert_string_equal(http_field(&answer, "Vary"), "Accept-Encoding");
    assert_string_equal(http_field(&answer, "Cache-Control"), "no-cache");
    assert_string_equal(http_field(&answer, "Last-Modified"), DATE);
    const char *length = http_field(&answer, "Content-Length");
    assert_true(!length || strcmp(length, "1000") == 0);
    http_clear(&answer);
}

static void test_304_has_no_body(void **state)
{
    struct feed_server *feeds = *state;
    struct http_answer answer;
    int socket = http_connect(feeds->port);
    http_say(socket, "GET /f/planet HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\n\r\n"
                     "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(http_read(socket, true, &answer));
    assert_int_equal(answer.status, 304);
    http_clear(&answer);
    assert_true(http_read(socket, true, &answer));
    assert_string_equal(answer.body, "ok\n");
    http_clear(&answer);
    close(socket);
}

static void test_conditions_choose_between_200_and_304(void **state)
{
    struct feed_server *feeds = *state;
    assert_int_equal(feed_server_ask(feeds, "GET /f/planet", "If-None-Match: \"x\"\r\n"), 200);
    assert_int_equal(feed_server_ask(feeds, "GET /f/planet", "If-Modified-Since: " DATE "\r\n"),
                     304);
    assert_int_equal(feed_server_ask(feeds, "GET /f/planet",
                                     "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n"),
                     200);
    assert_int_equal(feed_server_ask(feeds, "HEAD /f/planet",
                                     "If-None-Match: \"x\"\r\nIf-Modified-Since: " DATE "\r\n"),
                     200);
    assert_int_equal(feed_server_ask(feeds, "HEAD /f/planet", "If-None-Match: *\r\n"), 304);
}

static void test_304_has_the_tag_that_was_asked_about(void **state)
{
    struct feed_server *feeds = *state;
    char fields[200], gzip_tag[60];
    struct http_answer answer;
    snprintf(gzip_tag, sizeof gzip_tag, "%.33s-gzip\"", feeds->planet->etag);
    snprintf(fields, sizeof fields, "If-None-Match: %s\r\n", gzip_tag);
    http_ask(feeds->port, "GET /f/planet", fields, &answer);
    assert_int_equal(answer.status, 304);
    assert_string_equal(http_field(&answer, "ETag"), gzip_tag);
    http_clear(&answer);
    snprintf(fields, sizeof fields, "Accept-Encoding: gzip\r\nIf-None-Match: %s\r\n",
             feeds->planet->etag);
    http_ask(feeds->port, "GET /f/planet", fields, &answer);
    assert_string_equal(http_field(&answer, "ETag"), feeds->planet->etag);
    http_clear(&answer);
}

static void test_an_address_in_use_is_named(void **state)
{
    struct feed_server *feeds = *state;
    struct error error = {0};
    char address[40];
    const struct server_limits limits = {10, 1000, 50};
    const struct server_handlers handlers = feed_server_handlers(feeds);
    snprintf(address, sizeof address, "127.0.0.1:%u", feeds->port);
    assert_null(server_new(address, &limits, &handlers, &error));
    assert_int_equal(error.class, ERROR_SYSTEM);
    assert_non_null(strstr(error.message, address));
    assert_non_null(strstr(error.message, "in use"));
}

static void test_it_listens_on_ipv6_too(void **state)
{
    struct feed_server *feeds = *state;
    struct error error = {0};
    const struct server_limits limits = {10, 1000, 50};
    const struct server_handlers handlers = feed_server_handlers(feeds);
    struct server *server = server_new("[::1]:0", &limits, &handlers, &error);
    if (!server) /* a machine may have no IPv6 */
        assert_int_equal(error.class, ERROR_SYSTEM);
    else
        assert_true(server_port(server) > 0);
    server_free(server);
}

/* --- the log --- */

struct log_capture {
    int file, stderr_kept;
    char text[4000];
};

static void begin_capture(struct log_capture *capture)
{
    char path[] = "/tmp/weir-test-server-XXXXXX";
    capture->file = mkstemp(path);
    capture->stderr_kept = dup(STDERR_FILENO);
    assert_true(capture->file >= 0 && capture->stderr_kept >= 0);
    unlink(path);
    dup2(capture->file, STDERR_FILENO);
    log_set_level(LOG_LEVEL_INFO);
}

/* Ends the server first: the line of a request is written after its answer. */
static void end_capture(struct log_capture *capture, struct feed_server *feeds)
{
    server_free(feeds->server);
    feeds->server = NULL;
    log_set_level(LOG_LEVEL_ERROR);
    dup2(capture->stderr_kept, STDERR_FILENO);
    ssize_t length = pread(capture->file, capture->text, sizeof capture->text - 1, 0);
    capture->text[length > 0 ? length : 0] = '\0';
    close(capture->stderr_kept);
    close(capture->file);
}

/* What one request makes the server log, in a buffer that the next call overwrites. */
static const char *logged(struct feed_server *feeds, const char *request)
{
    static struct log_capture capture;
    begin_capture(&capture);
    feed_server_ask(feeds, request, "");
    end_capture(&capture, feeds);
    return capture.text;
}

static void test_a_request_is_one_line_in_the_log(void **state)
{
    const char *text = logged(*state, "GET /f/planet?secret=1");
    assert_non_null(strstr(text, "event=request method=GET path=/f/planet status=200 bytes=1000"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void test_head_sends_no_bytes_in_the_log(void **state)
{
    assert_non_null(strstr(logged(*state, "HEAD /f/planet"), "method=HEAD path=/f/planet "
                                                             "status=200 bytes=0"));
}

static void test_unknown_paths_do_not_fill_the_log(void **state)
{
    assert_string_equal(logged(*state, "GET /unknown"), "");
}

static void test_a_line_in_the_log_is_bounded(void **state)
{
    char request[4000] = "PUT /";
    for (size_t i = 5; i + 1 < sizeof request; i++)
        request[i] = i % 8 ? 'a' : '/';
    assert_in_range(strlen(logged(*state, request)), 100, 400);
}

static int set_up_for_nobody(void **state)
{
    return feed_server_start(state, 0, 20000);
}

static void test_refused_connections_are_one_line_in_the_log(void **state)
{
    struct feed_server *feeds = *state;
    struct log_capture capture;
    begin_capture(&capture);
    for (int i = 0; i < 20; i++) {
        int socket = http_connect(feeds->port);
        assert_true(http_is_closed(socket, 5000));
        close(socket);
    }
    end_capture(&capture, feeds);
    assert_non_null(strstr(capture.text, "all 0 connections are taken"));
    assert_ptr_equal(strchr(capture.text, '\n'), capture.text + strlen(capture.text) - 1);
}

static void test_as_many_files_may_be_open_as_connections_need(void **state)
{
    struct feed_server *feeds = *state;
    struct rlimit limit, before;
    const struct server_limits limits = {300, 1000, 50};
    const struct server_handlers handlers = feed_server_handlers(feeds);
    getrlimit(RLIMIT_NOFILE, &before);
    limit = (struct rlimit){100, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &limit);
    server_free(server_new("127.0.0.1:0", &limits, &handlers, NULL));
    getrlimit(RLIMIT_NOFILE, &limit);
    setrlimit(RLIMIT_NOFILE, &before);
    assert_true(limit.rlim_cur > 300);
}

#define WITH(test, set_up) cmocka_unit_test_setup_teardown(test, set_up, feed_server_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_a_feed_is_answered_whole, feed_server_set_up),
        WITH(test_a_page_says_what_it_is, feed_server_set_up),
        WITH(test_held_items_health_and_metrics_are_answered, feed_server_set_up),
        WITH(test_what_is_not_there_is_404_of_one_line, feed_server_set_up),
        WITH(test_only_names_are_asked_for, feed_server_set_up),
        WITH(test_absolute_targets_are_understood, feed_server_set_up),
        WITH(test_requests_for_another_host_are_421, feed_server_set_up),
        WITH(test_other_methods_are_405_and_say_what_is_allowed, feed_server_set_up),
        WITH(test_a_request_with_a_body_gets_its_answer, feed_server_set_up),
        WITH(test_a_body_is_asked_for_and_then_answered, feed_server_set_up),
        WITH(test_errors_are_one_line_and_pass_retry_after_on, feed_server_set_up),
        WITH(test_head_has_the_fields_of_get_and_no_body, feed_server_set_up),
        WITH(test_nothing_follows_the_head_of_head, feed_server_set_up),
        WITH(test_gzip_goes_to_who_accepts_it, feed_server_set_up),
        WITH(test_304_answers_who_has_the_page, feed_server_set_up),
        WITH(test_304_has_no_body, feed_server_set_up),
        WITH(test_conditions_choose_between_200_and_304, feed_server_set_up),
        WITH(test_304_has_the_tag_that_was_asked_about, feed_server_set_up),
        WITH(test_a_request_is_one_line_in_the_log, feed_server_set_up),
        WITH(test_head_sends_no_bytes_in_the_log, feed_server_set_up),
        WITH(test_unknown_paths_do_not_fill_the_log, feed_server_set_up),
        WITH(test_a_line_in_the_log_is_bounded, feed_server_set_up),
        WITH(test_refused_connections_are_one_line_in_the_log, set_up_for_nobody),
        WITH(test_an_address_in_use_is_named, feed_server_set_up),
        WITH(test_it_listens_on_ipv6_too, feed_server_set_up),
        WITH(test_as_many_files_may_be_open_as_connections_need, feed_server_set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
