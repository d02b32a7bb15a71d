#include "feedfilter/fetch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fetching.h"
#include "http_server.h"

static struct http_server *server, *other; /* 127.0.0.1 and 127.0.0.2 */

/* Of the subscriptions. */
static char user_agent[] = "weir/test", user[] = "ann", password[] = "p4ss";
static char key[] = "X-Key: s3cret", media_types[] = "Accept: text/xml";

static int start_servers(void **state)
{
    (void)state;
    server = http_server_start("127.0.0.1");
    other = http_server_start("127.0.0.2");
    return 0;
}

static int stop_servers(void **state)
{
    (void)state;
    http_server_stop(server);
    http_server_stop(other);
    return 0;
}

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void expect_failure(const struct fetch_answer *answer, int status, const char *message)
{
    assert_string_equal(answer->error.message, message);
    assert_int_equal(answer->error.class, ERROR_NETWORK);
    assert_int_equal(answer->status, status);
    assert_null(answer->body);
}

static void expect_url_fails(const char *url, int status, const char *message)
{
    struct fetch_answer answer = fetching_url(url);
    expect_failure(&answer, status, message);
    fetch_answer_clear(&answer);
}

static void test_a_feed_is_fetched_whole_with_what_is_said_of_it(void **state)
{
    (void)state;
    http_server_answer(server, "/feed", "200 OK",
                       "ETag: \"v1\"\r\nLast-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
                       "Content-Type: application/rss+xml\r\nCache-Control: max-age=600\r\n",
                       "<rss/>");
    struct fetch_answer answer = fetching_url(http_server_url(server, "/feed"));
    assert_int_equal(answer.error.class, ERROR_NONE);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.length, 6);
    assert_memory_equal(answer.body, "<rss/>", 6);
    assert_string_equal(answer.etag, "\"v1\"");
    assert_string_equal(answer.last_modified, "Tue, 14 Nov 2023 22:13:20 GMT");
    assert_string_equal(answer.content_type, "application/rss+xml");
    assert_int_equal(answer.fresh_s, 600);
    assert_int_equal(answer.retry_after_s, -1);
    assert_string_equal(answer.base_url, http_server_url(server, "/feed"));
    fetch_answer_clear(&answer);
}

static void test_a_fetch_is_conditional_on_what_is_at_hand(void **state)
{
    (void)state;
    http_server_answer(server, "/same", "304 Not Modified", "ETag: W/\"v1\"\r\n", "");
    struct subscription_config subscription = {.url = (char *)http_server_url(server, "/same"),
                                               .user_agent = user_agent};
    struct fetch_limits limits = fetching_limits();
    struct fetch_answer answer = fetching_once(
        &limits, &(struct fetch_request){&subscription, "W/\"v1\"", "last Tuesday", NULL, NULL});
    assert_int_equal(answer.status, 304);
    assert_int_equal(answer.error.class, ERROR_NONE);
    assert_null(answer.body);
    const char *head = http_server_head(server, "/same");
    assert_non_null(strstr(head, "\r\nIf-None-Match: W/\"v1\"\r\n"));
    assert_non_null(strstr(head, "\r\nIf-Modified-Since: last Tuesday\r\n"));
    assert_non_null(strstr(head, "\r\nUser-Agent: weir/test\r\n"));
    assert_non_null(strstr(head, "\r\nAccept-Encoding: gzip, deflate\r\n"));
    fetch_answer_clear(&answer);
}

static void test_not_modified_is_no_answer_when_nothing_is_at_hand(void **state)
{
    (void)state;
    http_server_answer(server, "/304", "304 Not Modified", "", "");
    expect_url_fails(http_server_url(server, "/304"), 304,
                     "127.0.0.1: it answered 304 without having been told of a copy");
}

static void test_other_statuses_are_told_and_hold_no_copy(void **state)
{
    (void)state;
    http_server_answer(server, "/503", "503 Slow Down", "Retry-After: 77\r\n", "<html>busy</html>");
    http_server_answer(server, "/206", "206 Partial", "Content-Range: bytes 0-2/9\r\n", "<rs");
    http_server_raw(server, "/204", "HTTP/1.1 204 No Content\r\n\r\n");
    struct fetch_answer answer = fetching_url(http_server_url(server, "/503"));
    expect_failure(&answer, 503, "127.0.0.1: it answered 503");
    assert_int_equal(answer.retry_after_s, 77);
    fetch_answer_clear(&answer);
    expect_url_fails(http_server_url(server, "/206"), 206, "127.0.0.1: it answered 206");
    expect_url_fails(http_server_url(server, "/204"), 204, "127.0.0.1: it answered 204");
}

static void test_an_empty_answer_is_no_good_copy(void **state)
{
    (void)state;
    http_server_answer(server, "/empty", "200 OK", "", "");
    struct fetch_answer answer = fetching_url(http_server_url(server, "/empty"));
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.length, 0);
    assert_string_equal(answer.error.message, "127.0.0.1: its answer is empty");
    fetch_answer_clear(&answer);
}

static void test_chunks_are_put_together(void **state)
{
    (void)state;
    http_server_raw(server, "/chunked",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: \"1\"\r\n\r\n"
                    "3\r\n<rs\r\n3;x=y\r\ns/>\r\n0\r\nETag: \"trailer\"\r\n\r\n");
    struct fetch_answer answer = fetching_url(http_server_url(server, "/chunked"));
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.length, 6);
    assert_memory_equal(answer.body, "<rss/>", 6);
    assert_string_equal(answer.etag, "\"1\"");
    fetch_answer_clear(&answer);
}

static void test_a_refused_connection_is_told(void **state)
{
    (void)state;
    struct http_server *gone = http_server_start("127.0.0.3");
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.3:%u/", http_server_port(gone));
    http_server_stop(gone);
    expect_url_fails(url, 0, "127.0.0.3: connection refused");
}

static void test_redirects_are_followed(void **state)
{
    (void)state;
    http_server_answer(server, "/old", "301 Moved", "Location: newer\r\n", "<a href=newer>");
    http_server_answer(server, "/newer", "308 Moved", "Location: /new est?a=b\r\n", "");
    http_server_answer(server, "/new%20est?a=b", "200 OK", "", "<rss/>");
    struct fetch_answer answer = fetching_url(http_server_url(server, "/old"));
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.length, 6);
    assert_string_equal(answer.base_url, http_server_url(server, "/new%20est?a=b"));
    fetch_answer_clear(&answer);
}

/* The page of a redirect is not the feed, and its length is not the feed's. */
static void test_redirects_with_a_large_page_are_followed(void **state)
{
    (void)state;
    static char page[2 << 20];
    memset(page, 'x', sizeof page - 1);
    http_server_answer(server, "/a", "302 Found", "Location: /c#part\r\n", page);
    http_server_answer(server, "/c", "200 OK", "", "<rss/>");
    struct fetch_answer answer = fetching_url(http_server_url(server, "/a"));
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.base_url, http_server_url(server, "/c"));
    fetch_answer_clear(&answer);
}

static void test_secrets_go_to_the_subscription_s_own_host(void **state)
{
    (void)state;
    http_server_answer(server, "/login", "302 Found", "Location: /inside\r\n", "");
    http_server_answer(server, "/inside", "200 OK", "", "<rss/>");
    char *headers[] = {key, media_types};
    struct subscription_config subscription = {.url = (char *)http_server_url(server, "/login"),
                                               .headers = headers,
                                               .header_count = 2,
                                               .user = user,
                                               .password = password};
    struct fetch_limits limits = fetching_limits();
    struct fetch_answer answer =
        fetching_once(&limits, &(struct fetch_request){.subscription = &subscription});
    assert_int_equal(answer.status, 200);
    const char *head = http_server_head(server, "/inside");
    assert_non_null(strstr(head, "\r\nAuthorization: Basic YW5uOnA0c3M=\r\n"));
    assert_non_null(strstr(head, "\r\nX-Key: s3cret\r\n"));
    assert_non_null(strstr(head, "\r\nAccept: text/xml\r\n"));
    fetch_answer_clear(&answer);
}

static void test_secrets_stay_behind_at_a_redirect_to_elsewhere(void **state)
{
    (void)state;
    char away[96], back[96];
    http_server_answer(server, "/back", "200 OK", "", "<rss/>");
    snprintf(back, sizeof back, "Location: %s\r\n", http_server_url(server, "/back"));
    http_server_answer(other, "/elsewhere", "302 Found", back, "");
    snprintf(away, sizeof away, "Location: %s\r\n", http_server_url(other, "/elsewhere"));
    http_server_answer(server, "/away", "302 Found", away, "");
    char *headers[] = {key};
    struct subscription_config subscription = {.url = (char *)http_server_url(server, "/away"),
                                               .headers = headers,
                                               .header_count = 1,
                                               .user = user,
                                               .password = password};
    struct fetch_limits limits = fetching_limits();
    struct fetch_answer answer =
        fetching_once(&limits, &(struct fetch_request){&subscription, "\"v1\"", NULL, NULL, NULL});
    assert_int_equal(answer.status, 200);
    const char *heads[] = {http_server_head(other, "/elsewhere"),
                           http_server_head(server, "/back")};
    for (size_t i = 0; i < 2; i++) {
        assert_null(strstr(heads[i], "Authorization"));
        assert_null(strstr(heads[i], "s3cret"));
        assert_non_null(strstr(heads[i], "\r\nIf-None-Match: \"v1\"\r\n"));
    }
    fetch_answer_clear(&answer);
}

static void test_a_password_in_a_redirect_is_not_sent(void **state)
{
    (void)state;
    char location[96];
    snprintf(location, sizeof location, "Location: http://eve:pw@127.0.0.2:%u/plain\r\n",
             http_server_port(other));
    http_server_answer(server, "/eve", "302 Found", location, "");
    http_server_answer(other, "/plain", "200 OK", "", "<rss/>");
    struct fetch_answer answer = fetching_url(http_server_url(server, "/eve"));
    assert_int_equal(answer.status, 200);
    assert_null(strstr(http_server_head(other, "/plain"), "Authorization"));
    fetch_answer_clear(&answer);
}

static void test_a_proxy_is_asked_wherever_it_is(void **state)
{
    (void)state;
    static char proxy[64], url[] = "http://feeds.invalid/through";
    struct http_server *relay = http_server_start("127.0.0.9");
    snprintf(proxy, sizeof proxy, "http://pete:pr0xy@127.0.0.9:%u", http_server_port(relay));
    http_server_answer(relay, "/through", "302 Found", "Location: http://two.invalid/on\r\n", "");
    http_server_answer(relay, "/on", "200 OK", "", "<rss/>");
    char *headers[] = {key};
    struct subscription_config subscription = {
        .url = url, .proxy = proxy, .headers = headers, .header_count = 1};
    struct fetch_limits limits = fetching_limits();
    setenv("no_proxy", "*", 1);
    struct fetch_answer answer =
        fetching_once(&limits, &(struct fetch_request){.subscription = &subscription});
    unsetenv("no_proxy");
    assert_int_equal(answer.status, 200);
    const char *first = http_server_head(relay, "/through"),
               *second = http_server_head(relay, "/on");
    assert_int_equal(strncmp(first, "GET http://feeds.invalid/through HTTP/1.1\r\n", 43), 0);
    assert_non_null(strstr(first, "\r\nProxy-Authorization: Basic cGV0ZTpwcjB4eQ==\r\n"));
    assert_non_null(strstr(first, key));
    assert_int_equal(strncmp(second, "GET http://two.invalid/on HTTP/1.1\r\n", 36), 0);
    assert_null(strstr(second, key));
    fetch_answer_clear(&answer);
    http_server_stop(relay);
}

static void test_a_failing_proxy_is_told_without_its_password(void **state)
{
    (void)state;
    static char proxy[64], url[] = "http://feeds.invalid/";
    struct http_server *gone = http_server_start("127.0.0.9");
    snprintf(proxy, sizeof proxy, "http://pete:pr0xy@127.0.0.9:%u", http_server_port(gone));
    http_server_stop(gone);
    struct subscription_config subscription = {.url = url, .proxy = proxy};
    struct fetch_limits limits = fetching_limits();
    struct fetch_answer answer =
        fetching_once(&limits, &(struct fetch_request){.subscription = &subscription});
    expect_failure(&answer, 0, "feeds.invalid: its proxy: connection refused");
    fetch_answer_clear(&answer);
}

static void test_a_proxy_that_will_not_connect_is_told(void **state)
{
    (void)state;
    static char proxy[64], url[] = "https://feeds.invalid/";
    struct http_server *relay = http_server_start("127.0.0.9");
    snprintf(proxy, sizeof proxy, "http://127.0.0.9:%u", http_server_port(relay));
    struct subscription_config subscription = {.url = url, .proxy = proxy};
    struct fetch_limits limits = fetching_limits();
    struct fetch_answer answer =
        fetching_once(&limits, &(struct fetch_request){.subscription = &subscription});
    expect_failure(&answer, 0, "feeds.invalid: its proxy answered 404");
    fetch_answer_clear(&answer);
    http_server_stop(relay);
}

/* Asked through a proxy, so that the host's usual port is no matter. */
static void test_another_port_is_another_place_but_the_usual_one_is_not(void **state)
{
    (void)state;
    static char proxy[64], url[] = "http://feeds.invalid/1";
    struct http_server *relay = http_server_start("127.0.0.9");
    snprintf(proxy, sizeof proxy, "http://127.0.0.9:%u", http_server_port(relay));
    http_server_answer(relay, "/1", "302 Found", "Location: HTTP://Feeds.INVALID:80/2\r\n", "");
    http_server_answer(relay, "/2", "302 Found", "Location: http://feeds.invalid:81/3\r\n", "");
    http_server_answer(relay, "/3", "200 OK", "", "<rss/>");
    struct subscription_config subscription = {
        .url = url, .proxy = proxy, .user = user, .password = password};
    struct fetch_limits limits = fetching_limits();
    struct fetch_answer answer =
        fetching_once(&limits, &(struct fetch_request){.subscription = &subscription});
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(http_server_head(relay, "/1"), "\r\nAuthorization: "));
    assert_non_null(strstr(http_server_head(relay, "/2"), "\r\nAuthorization: "));
    assert_null(strstr(http_server_head(relay, "/3"), "\r\nAuthorization: "));
    fetch_answer_clear(&answer);
    http_server_stop(relay);
}

static void test_a_proxy_of_the_environment_is_not_asked(void **state)
{
    (void)state;
    http_server_answer(server, "/direct", "200 OK", "", "<rss/>");
    char proxy[64];
    snprintf(proxy, sizeof proxy, "http://127.0.0.2:%u", http_server_port(other));
    unsigned before = http_server_connections(other);
    setenv("http_proxy", proxy, 1);
    struct fetch_answer answer = fetching_url(http_server_url(server, "/direct"));
    unsetenv("http_proxy");
    assert_int_equal(answer.status, 200);
    assert_int_equal(http_server_connections(other), before);
    fetch_answer_clear(&answer);
}

static struct fetch_answer asked_instead(const char *url, const char *moved_to)
{
    struct subscription_config subscription = {
        .url = (char *)url, .user = user, .password = password, .user_agent = user_agent};
    struct fetch_limits limits = fetching_limits();
    return fetching_once(
        &limits, &(struct fetch_request){.subscription = &subscription, .moved_to = moved_to});
}

static void test_permanent_redirects_are_told_up_to_the_first_other_one(void **state)
{
    (void)state;
    http_server_answer(server, "/a", "301 Moved", "Location: /b#part\r\n", "");
    http_server_answer(server, "/c", "302 Found", "Location: /d\r\n", "");
    http_server_answer(server, "/d", "301 Moved", "Location: /e\r\n", "");
    http_server_answer(server, "/e", "200 OK", "", "<rss/>");
    char location[96], there[80];
    snprintf(there, sizeof there, "%s", http_server_url(server, "/c"));
    snprintf(location, sizeof location, "Location: http://u:p@%s\r\n", there + 7);
    http_server_answer(server, "/b", "308 Moved", location, "");
    struct fetch_answer answer = fetching_url(http_server_url(server, "/a"));
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.moved_to, there);
    fetch_answer_clear(&answer);
    answer = fetching_url(http_server_url(server, "/c"));
    assert_int_equal(answer.status, 200);
    assert_null(answer.moved_to);
    fetch_answer_clear(&answer);
}

static void test_where_a_feed_moved_to_sees_no_secrets_unless_it_is_the_same_place(void **state)
{
    (void)state;
    http_server_answer(server, "/there", "200 OK", "", "<rss/>");
    http_server_answer(other, "/there", "200 OK", "", "<rss/>");
    const char *url = http_server_url(server, "/configured");
    struct fetch_answer answer = asked_instead(url, http_server_url(server, "/there"));
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(http_server_head(server, "/there"), "\r\nAuthorization: Basic "));
    fetch_answer_clear(&answer);
    answer = asked_instead(url, http_server_url(other, "/there"));
    assert_int_equal(answer.status, 200);
    assert_null(strstr(http_server_head(other, "/there"), "Authorization"));
    fetch_answer_clear(&answer);
}

struct tally {
    atomic_uint good, done;
};

static void count_good(void *context, struct fetch_answer *answer)
{
    struct tally *tally = context;
    atomic_fetch_add(&tally->good, answer->status == 200);
    atomic_fetch_add(&tally->done, 1);
}

/* One after the other, by one fetcher; how many connections that took. */
static unsigned connections_for_three(const struct subscription_config *subscription)
{
    struct tally tally = {0};
    struct fetch_limits limits = fetching_limits();
    struct error error;
    struct fetcher *fetcher = fetcher_new(&limits, &error);
    unsigned before = http_server_connections(server);
    for (unsigned i = 0; i < 3; i++) {
        fetch_start(fetcher, &(struct fetch_request){.subscription = subscription}, count_good,
                    &tally);
        while (tally.done <= i)
            assert_true(http_server_wait(server, 2));
    }
    fetcher_free(fetcher);
    assert_int_equal(tally.good, 3);
    return http_server_connections(server) - before;
}

static void test_connections_are_kept_but_for_those_with_secrets(void **state)
{
    (void)state;
    http_server_answer(server, "/kept", "200 OK", "", "<rss/>");
    struct subscription_config subscription = {.url = (char *)http_server_url(server, "/kept")};
    assert_int_equal(connections_for_three(&subscription), 1);
    subscription.user = user;
    subscription.password = password;
    assert_int_equal(connections_for_three(&subscription), 3);
}

static void test_many_fetches_take_their_turn(void **state)
{
    (void)state;
    struct tally tally = {0};
    struct fetch_limits limits = fetching_limits();
    struct error error;
    http_server_answer(server, "/many", "200 OK", "", "<rss/>");
    struct subscription_config subscription = {.url = (char *)http_server_url(server, "/many")};
    struct fetcher *fetcher = fetcher_new(&limits, &error);
    unsigned before = http_server_connections(server);
    for (unsigned i = 0; i < 100; i++)
        fetch_start(fetcher, &(struct fetch_request){.subscription = &subscription}, count_good,
                    &tally);
    while (tally.done < 100)
        assert_true(http_server_wait(server, 2));
    fetcher_free(fetcher);
    assert_int_equal(tally.good, 100);
    assert_in_range(http_server_connections(server) - before, 1, limits.at_once);
}

/* To one host: how long they take together, and how many connections. */
static int64_t ten_of_one_host(struct fetch_limits limits, unsigned *connections)
{
    struct tally tally = {0};
    struct error error;
    http_server_answer(server, "/host", "200 OK", "Connection: close\r\n", "<rss/>");
    http_server_answer(other, "/other", "200 OK", "", "<rss/>");
    struct subscription_config subscription = {.url = (char *)http_server_url(server, "/host")};
    struct subscription_config beside = {.url = (char *)http_server_url(other, "/other")};
    struct fetcher *fetcher = fetcher_new(&limits, &error);
    int64_t before_ms = monotonic_ms();
    *connections = http_server_connections(server);
    unsigned others = http_server_requests(other, "/other");
    for (unsigned i = 0; i < 10; i++)
        fetch_start(fetcher, &(struct fetch_request){.subscription = &subscription}, count_good,
                    &tally);
    fetch_start(fetcher, &(struct fetch_request){.subscription = &beside}, count_good, &tally);
    while (http_server_requests(other, "/other") == others)
        assert_true(http_server_wait(other, 5));
    assert_in_range(http_server_connections(server) - *connections, 0, 9); /* it did not wait */
    while (tally.done < 11)
        assert_true(http_server_wait(server, 5));
    fetcher_free(fetcher);
    assert_int_equal(tally.good, 11);
    *connections = http_server_connections(server) - *connections;
    return monotonic_ms() - before_ms;
}

static void test_fetches_of_one_host_begin_apart_and_hold_up_no_other(void **state)
{
    (void)state;
    struct fetch_limits limits = fetching_limits();
    limits.host_spacing_ms = 50;
    unsigned connections;
    assert_in_range(ten_of_one_host(limits, &connections), 9 * 50, 60000);
    assert_int_equal(connections, 10);
}

static void no_answer(struct http_server *of, int fd, void *context)
{
    (void)fd, (void)context;
    while (http_server_wait(of, 10000))
        ;
}

static void count_stopped(void *context, struct fetch_answer *answer)
{
    atomic_uint *stopped = context;
    if (answer->status == 0 &&
        !strcmp(answer->error.message, "127.0.0.1: broken off: weir is stopping"))
        atomic_fetch_add(stopped, 1);
}

static void test_stopping_breaks_off_what_runs_and_what_waits(void **state)
{
    (void)state;
    http_server_play(server, "/stuck", no_answer, NULL);
    struct subscription_config subscription = {.url = (char *)http_server_url(server, "/stuck")};
    struct fetch_limits limits = fetching_limits();
    struct error error;
    struct fetcher *fetcher = fetcher_new(&limits, &error);
    atomic_uint stopped = 0;
    for (int i = 0; i < 20; i++)
        fetch_start(fetcher, &(struct fetch_request){.subscription = &subscription}, count_stopped,
                    &stopped);
    while (http_server_requests(server, "/stuck") < limits.at_once)
        assert_true(http_server_wait(server, 5));
    int64_t before = monotonic_ms();
    fetcher_free(fetcher);
    assert_in_range(monotonic_ms() - before, 0, limits.timeout_ms - 500);
    assert_int_equal(stopped, 20);
    assert_int_equal(http_server_requests(server, "/stuck"), limits.at_once);
}

static void test_one_host_is_asked_for_so_many_feeds_at_once(void **state)
{
    (void)state;
    http_server_play(server, "/slow", no_answer, NULL);
    http_server_answer(other, "/beside", "200 OK", "", "<rss/>");
    struct subscription_config slow = {.url = (char *)http_server_url(server, "/slow")};
    struct subscription_config beside = {.url = (char *)http_server_url(other, "/beside")};
    struct fetch_limits limits = fetching_limits();
    limits.host_at_once = 2;
    struct error error;
    struct fetcher *fetcher = fetcher_new(&limits, &error);
    atomic_uint stopped = 0;
    struct tally tally = {0};
    for (int i = 0; i < 6; i++)
        fetch_start(fetcher, &(struct fetch_request){.subscription = &slow}, count_stopped,
                    &stopped);
    fetch_start(fetcher, &(struct fetch_request){.subscription = &beside}, count_good, &tally);
    while (!tally.done || http_server_requests(server, "/slow") < 2)
        assert_true(http_server_wait(server, 5));
    fetcher_free(fetcher);
    assert_int_equal(tally.good, 1);
    assert_int_equal(stopped, 6);
    assert_int_equal(http_server_requests(server, "/slow"), 2);
}

static void test_while_held_no_fetch_gets_its_turn(void **state)
{
    (void)state;
    http_server_answer(server, "/held", "200 OK", "", "<rss/>");
    struct subscription_config subscription = {.url = (char *)http_server_url(server, "/held")};
    struct fetch_limits limits = fetching_limits();
    struct error error = {0};
    struct fetcher *fetcher = fetcher_new(&limits, &error);
    struct tally tally = {0};
    fetcher_hold(fetcher, true);
    fetch_start(fetcher, &(struct fetch_request){.subscription = &subscription}, count_good,
                &tally);
    assert_true(http_server_wait(server, 200));
    assert_int_equal(http_server_requests(server, "/held"), 0);
    fetcher_hold(fetcher, false);
    for (int64_t until = monotonic_ms() + 5000; !tally.good && monotonic_ms() < until;)
        assert_true(http_server_wait(server, 1));
    assert_int_equal(tally.good, 1);
    fetcher_free(fetcher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_feed_is_fetched_whole_with_what_is_said_of_it),
        cmocka_unit_test(test_a_fetch_is_conditional_on_what_is_at_hand),
        cmocka_unit_test(test_not_modified_is_no_answer_when_nothing_is_at_hand),
        cmocka_unit_test(test_other_statuses_are_told_and_hold_no_copy),
        cmocka_unit_test(test_an_empty_answer_is_no_good_copy),
        cmocka_unit_test(test_chunks_are_put_together),
        cmocka_unit_test(test_a_refused_connection_is_told),
        cmocka_unit_test(test_redirects_are_followed),
        cmocka_unit_test(test_redirects_with_a_large_page_are_followed),
        cmocka_unit_test(test_secrets_go_to_the_subscription_s_own_host),
        cmocka_unit_test(test_secrets_stay_behind_at_a_redirect_to_elsewhere),
        cmocka_unit_test(test_a_password_in_a_redirect_is_not_sent),
        cmocka_unit_test(test_a_proxy_is_asked_wherever_it_is),
        cmocka_unit_test(test_a_failing_proxy_is_told_without_its_password),
        cmocka_unit_test(test_a_proxy_that_will_not_connect_is_told),
        cmocka_unit_test(test_another_port_is_another_place_but_the_usual_one_is_not),
        cmocka_unit_test(test_a_proxy_of_the_environment_is_not_asked),
        cmocka_unit_test(test_connections_are_kept_but_for_those_with_secrets),
        cmocka_unit_test(test_many_fetches_take_their_turn),
        cmocka_unit_test(test_permanent_redirects_are_told_up_to_the_first_other_one),
        cmocka_unit_test(test_where_a_feed_moved_to_sees_no_secrets_unless_it_is_the_same_place),
        cmocka_unit_test(test_fetches_of_one_host_begin_apart_and_hold_up_no_other),
        cmocka_unit_test(test_one_host_is_asked_for_so_many_feeds_at_once),
        cmocka_unit_test(test_while_held_no_fetch_gets_its_turn),
        cmocka_unit_test(test_stopping_breaks_off_what_runs_and_what_waits),
    };
    return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
