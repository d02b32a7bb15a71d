/* What a fetch withstands. Names are resolved here, by a getaddrinfo() of the test's own. */
#include "feedfilter/fetch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "fetching.h"
#include "http_server.h"

static struct http_server *server, *private; /* 127.0.0.1; 127.0.0.9, which is not allowed */

static atomic_uint rebinding; /* how often rebind.test was looked up */
static atomic_bool resolver_hangs;
static atomic_uint hanging;
static char hanging_url[] = "http://hang.test/";

static struct addrinfo *address_of(const char *address, const char *port, struct addrinfo *next)
{
    struct addrinfo *info = calloc(1, sizeof *info + sizeof(struct sockaddr_in));
    if (!info)
        return next;
    struct sockaddr_in *place = (struct sockaddr_in *)(info + 1);
    place->sin_family = AF_INET;
    place->sin_port = htons((uint16_t)atoi(port));
    inet_pton(AF_INET, address, &place->sin_addr);
    info->ai_family = AF_INET;
    info->ai_socktype = SOCK_STREAM;
    info->ai_addrlen = sizeof *place;
    info->ai_addr = (struct sockaddr *)place;
    info->ai_next = next;
    return info;
}

int getaddrinfo(const char *name, const char *port, const struct addrinfo *hints,
                struct addrinfo **result)
{
    (void)hints;
    if (!strcmp(name, "hang.test")) {
        atomic_fetch_add(&hanging, 1);
        while (resolver_hangs)
            usleep(5000);
        atomic_fetch_sub(&hanging, 1);
        return EAI_AGAIN;
    }
    if (!strcmp(name, "rebind.test"))
        *result =
            address_of(atomic_fetch_add(&rebinding, 1) ? "127.0.0.9" : "127.0.0.1", port, NULL);
    else if (!strcmp(name, "both.test"))
        *result = address_of("127.0.0.9", port, address_of("127.0.0.1", port, NULL));
    else
        return EAI_NONAME;
    return 0;
}

static int start_servers(void **state)
{
    (void)state;
    server = http_server_start("127.0.0.1");
    private = http_server_start("127.0.0.9");
    http_server_answer(private, "/", "200 OK", "", "<rss/>");
    return 0;
}

static int stop_servers(void **state)
{
    (void)state;
    http_server_stop(server);
    http_server_stop(private);
    return 0;
}

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void expect_url_fails(const char *url, const char *message)
{
    struct fetch_answer answer = fetching_url(url);
    assert_string_equal(answer.error.message, message);
    assert_int_equal(answer.error.class, ERROR_NETWORK);
    assert_int_equal(answer.status, 0);
    assert_null(answer.body);
    fetch_answer_clear(&answer);
}

static void test_a_private_address_is_not_reached(void **state)
{
    (void)state;
    static const char message[] =
        "127.0.0.9: its address 127.0.0.9 is private, and not in feedfilter.upstream-networks";
    expect_url_fails(http_server_url(private, "/"), message);
    assert_int_equal(http_server_connections(private), 0);
}

static void test_a_redirect_reaches_no_private_address(void **state)
{
    (void)state;
    char location[96];
    snprintf(location, sizeof location, "Location: %s\r\n", http_server_url(private, "/"));
    http_server_answer(server, "/inward", "302 Found", location, "");
    expect_url_fails(http_server_url(server, "/inward"),
                     "127.0.0.1, redirected to 127.0.0.9: its address 127.0.0.9 is private, and "
                     "not in feedfilter.upstream-networks");
    assert_int_equal(http_server_connections(private), 0);
}

/* `context` is the head. */
static void endless_body(struct http_server *of, int fd, void *context)
{
    (void)of;
    static const char noise[65536];
    for (bool goes = http_server_write(fd, context, strlen(context)); goes;)
        goes = http_server_write(fd, noise, sizeof noise);
}

static void test_an_endless_body_ends_at_the_limit(void **state)
{
    (void)state;
    static char head[] = "HTTP/1.1 200 OK\r\n\r\n";
    http_server_play(server, "/endless", endless_body, head);
    expect_url_fails(http_server_url(server, "/endless"), "127.0.0.1: larger than 1 MiB");
}

/* Stops short of the limit, and goes on never. */
static void most_of_a_body(struct http_server *of, int fd, void *context)
{
    (void)context;
    static const char head[] = "HTTP/1.1 200 OK\r\n\r\n", body[700 * 1024];
    if (http_server_write(fd, head, sizeof head - 1) && http_server_write(fd, body, sizeof body))
        http_server_wait(of, 60000);
}

struct outcomes {
    atomic_uint good, crowded;
};

static void count_outcome(void *context, struct fetch_answer *answer)
{
    struct outcomes *outcomes = context;
    atomic_fetch_add(&outcomes->good, answer->status == 200);
    atomic_fetch_add(&outcomes->crowded,
                     !strcmp(answer->error.message,
                             "127.0.0.1: no room for it beside other large answers; it is tried "
                             "again"));
}

static void test_large_bodies_side_by_side_are_bounded_and_small_ones_pass(void **state)
{
    (void)state;
    http_server_play(server, "/most", most_of_a_body, NULL);
    http_server_answer(server, "/small", "200 OK", "", "<rss/>");
    struct subscription_config large = {.url = (char *)http_server_url(server, "/most")};
    struct subscription_config small = {.url = (char *)http_server_url(server, "/small")};
    struct fetch_limits limits = fetching_limits(); /* 1 MiB each, so 8 MiB for all */
    limits.at_once = 12;
    struct error error = {0};
    struct outcomes outcomes = {0};
    struct fetcher *fetcher = fetcher_new(&limits, &error);
    assert_non_null(fetcher);
    for (int i = 0; i < 12; i++)
        fetch_start(fetcher, &(struct fetch_request){.subscription = &large}, count_outcome,
                    &outcomes);
    while (outcomes.crowded < 4)
        assert_true(http_server_wait(server, 2));
    fetch_start(fetcher, &(struct fetch_request){.subscription = &small}, count_outcome, &outcomes);
    while (!outcomes.good)
        assert_true(http_server_wait(server, 2));
    fetcher_free(fetcher);
    /* Some more may give way to those that grow at the same moment. */
    assert_in_range(outcomes.crowded, 4, 11);
}

static void announce_much(struct http_server *of, int fd, void *context)
{
    (void)context;
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n";
    if (http_server_write(fd, head, sizeof head - 1))
        http_server_wait(of, 60000);
}

static void test_a_body_that_is_announced_too_large_is_not_waited_for(void **state)
{
    (void)state;
    http_server_play(server, "/announced", announce_much, NULL);
    expect_url_fails(http_server_url(server, "/announced"), "127.0.0.1: larger than 1 MiB");
}

static void test_a_body_as_large_as_the_limit_passes(void **state)
{
    (void)state;
    struct fetch_limits limits = fetching_limits();
    http_server_answer(server, "/six", "200 OK", "", "<rss/>");
    struct subscription_config subscription = {.url = (char *)http_server_url(server, "/six")};
    limits.size_bytes = 6;
    struct fetch_answer answer =
        fetching_once(&limits, &(struct fetch_request){.subscription = &subscription});
    assert_int_equal(answer.status, 200);
    fetch_answer_clear(&answer);
    limits.size_bytes = 5;
    answer = fetching_once(&limits, &(struct fetch_request){.subscription = &subscription});
    assert_int_equal(answer.status, 0);
    assert_string_equal(answer.error.message, "127.0.0.1: larger than 5 bytes");
    fetch_answer_clear(&answer);
}

static void endless_headers(struct http_server *of, int fd, void *context)
{
    (void)of, (void)context;
    static const char head[] = "HTTP/1.1 200 OK\r\n", line[] = "X-More: and more\r\n";
    for (bool goes = http_server_write(fd, head, sizeof head - 1); goes;)
        goes = http_server_write(fd, line, sizeof line - 1);
}

static void test_endless_headers_end(void **state)
{
    (void)state;
    http_server_play(server, "/headers", endless_headers, NULL);
    expect_url_fails(http_server_url(server, "/headers"), "127.0.0.1: its headers are too large");
}

static void trickle(struct http_server *of, int fd, void *context)
{
    (void)context;
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
    for (bool goes = http_server_write(fd, head, sizeof head - 1); goes;)
        goes = http_server_write(fd, "x", 1) && http_server_wait(of, 50);
}

static void test_a_trickle_ends_before_the_time_limit(void **state)
{
    (void)state;
    http_server_play(server, "/trickle", trickle, NULL);
    struct subscription_config subscription = {.url = (char *)http_server_url(server, "/trickle")};
    struct fetch_limits limits = fetching_limits();
    limits.timeout_ms = 5000;
    struct fetch_answer answer =
        fetching_once(&limits, &(struct fetch_request){.subscription = &subscription});
    assert_string_equal(answer.error.message,
                        "127.0.0.1: it is too slow: fewer than 64 bytes a second for 2 s");
    assert_null(answer.body);
    fetch_answer_clear(&answer);
}

static void test_a_redirect_loop_ends(void **state)
{
    (void)state;
    http_server_answer(server, "/loop", "302 Found", "Location: /loop\r\n", "");
    expect_url_fails(http_server_url(server, "/loop"), "127.0.0.1: it redirects more than 5 times");
    assert_int_equal(http_server_requests(server, "/loop"), 6);
}

static void test_a_redirect_leads_to_http_only(void **state)
{
    (void)state;
    static const char message[] = "127.0.0.1: it redirects to what is no http or https address";
    http_server_answer(server, "/file", "302 Found", "Location: file:///etc/passwd\r\n", "");
    http_server_answer(server, "/gopher", "302 Found", "Location: gopher://127.0.0.1/\r\n", "");
    http_server_answer(server, "/junk", "302 Found", "Location: http://[::/\r\n", "");
    struct fetch_answer answer = fetching_url(http_server_url(server, "/file"));
    assert_non_null(strstr(answer.error.message, "no http or https address"));
    assert_int_equal(answer.status, 0);
    fetch_answer_clear(&answer);
    expect_url_fails(http_server_url(server, "/gopher"), message);
    expect_url_fails(http_server_url(server, "/junk"), message);
}

static void test_a_truncated_answer_is_none(void **state)
{
    (void)state;
    http_server_raw(server, "/cut", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<rss>");
    http_server_raw(server, "/cut-chunk",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss>\r\n");
    static const char message[] = "127.0.0.1: the answer broke off before its end";
    expect_url_fails(http_server_url(server, "/cut"), message);
    expect_url_fails(http_server_url(server, "/cut-chunk"), message);
}

static void test_what_is_not_http_is_told(void **state)
{
    (void)state;
    http_server_raw(server, "/nothing", "");
    http_server_raw(server, "/ssh", "SSH-2.0-OpenSSH_9.2\r\n");
    expect_url_fails(http_server_url(server, "/nothing"),
                     "127.0.0.1: it closed the connection without an answer");
    expect_url_fails(http_server_url(server, "/ssh"), "127.0.0.1: what it answered is not HTTP");
}

static void no_answer(struct http_server *of, int fd, void *context)
{
    (void)fd, (void)context;
    while (http_server_wait(of, 10000))
        ;
}

static void test_no_answer_ends_at_the_time_limit(void **state)
{
    (void)state;
    http_server_play(server, "/silent", no_answer, NULL);
    struct subscription_config subscription = {.url = (char *)http_server_url(server, "/silent")};
    struct fetch_limits limits = fetching_limits();
    limits.timeout_ms = 300;
    int64_t before = monotonic_ms();
    struct fetch_answer answer =
        fetching_once(&limits, &(struct fetch_request){.subscription = &subscription});
    assert_in_range(monotonic_ms() - before, 290, 10000);
    assert_string_equal(answer.error.message, "127.0.0.1: no whole answer within 300 ms");
    fetch_answer_clear(&answer);
}

static void test_a_name_that_changes_its_address_reaches_no_private_one(void **state)
{
    (void)state;
    char url[64], location[96];
    snprintf(url, sizeof url, "http://rebind.test:%u/first", http_server_port(server));
    snprintf(location, sizeof location, "Location: http://rebind.test:%u/\r\n",
             http_server_port(private));
    http_server_answer(server, "/first", "302 Found", location, "");
    unsigned before = http_server_connections(private);
    expect_url_fails(url, "rebind.test: its address 127.0.0.9 is private, and not in "
                          "feedfilter.upstream-networks");
    assert_int_equal(rebinding, 2);
    assert_int_equal(http_server_connections(private), before);
}

static void test_of_several_addresses_only_a_public_one_is_reached(void **state)
{
    (void)state;
    char url[64];
    http_server_answer(server, "/both", "200 OK", "", "<rss/>");
    snprintf(url, sizeof url, "http://both.test:%u/both", http_server_port(server));
    struct fetch_answer answer = fetching_url(url);
    assert_int_equal(answer.status, 200);
    fetch_answer_clear(&answer);
}

static void test_an_unknown_name_is_told(void **state)
{
    (void)state;
    expect_url_fails("http://unknown.test/", "unknown.test: its name cannot be resolved");
}

static void test_other_spellings_of_a_private_address_are_none_the_better(void **state)
{
    (void)state;
    static const char *const hosts[] = {"0x7f.0.0.9", "2130706441", "0177.0.0.011", "127.9"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        char url[64];
        unsigned before = http_server_connections(private);
        snprintf(url, sizeof url, "http://%s:%u/", hosts[i], http_server_port(private));
        struct fetch_answer answer = fetching_url(url);
        assert_non_null(strstr(answer.error.message, "its address 127.0.0.9 is private"));
        assert_int_equal(http_server_connections(private), before);
        fetch_answer_clear(&answer);
    }
}

static void test_ipv6_addresses_are_checked_too(void **state)
{
    (void)state;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    if (fd < 0)
        skip();
    close(fd);
    char url[64];
    unsigned before = http_server_connections(private);
    expect_url_fails("http://[::1]:9/", "[::1]: its address ::1 is private, and not in "
                                        "feedfilter.upstream-networks");
    snprintf(url, sizeof url, "http://[::ffff:127.0.0.9]:%u/", http_server_port(private));
    struct fetch_answer answer = fetching_url(url);
    assert_non_null(strstr(answer.error.message, "its address ::ffff:127.0.0.9 is private"));
    fetch_answer_clear(&answer);
    assert_int_equal(http_server_connections(private), before);
}

static void test_a_resolver_that_hangs_holds_up_nobody(void **state)
{
    (void)state;
    struct subscription_config subscription = {.url = hanging_url};
    struct fetch_limits limits = fetching_limits();
    limits.timeout_ms = 1500;
    resolver_hangs = true;
    struct fetch_answer answer =
        fetching_once(&limits, &(struct fetch_request){.subscription = &subscription});
    assert_string_equal(answer.error.message, "hang.test: no connection within 500 ms");
    assert_int_equal(hanging, 1);
    resolver_hangs = false;
    while (hanging)
        assert_true(http_server_wait(server, 5));
    fetch_answer_clear(&answer);
}

struct packed {
    size_t zeros; /* packed into one stream */
    size_t cut;   /* bytes at the end that are not sent */
};

/* Packs on the way, and leaves the end of the body to the end of the connection. */
static void send_packed(struct http_server *of, int fd, void *context)
{
    (void)of;
    const struct packed *packed = context;
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
    static unsigned char zeros[65536], out[65536];
    z_stream stream = {0};
    bool goes = http_server_write(fd, head, sizeof head - 1) &&
                deflateInit2(&stream, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY) == Z_OK;
    size_t left = packed->zeros;
    for (int result = Z_OK; goes && result != Z_STREAM_END;) {
        if (!stream.avail_in && left) {
            stream.next_in = zeros;
            stream.avail_in = left < sizeof zeros ? (unsigned)left : (unsigned)sizeof zeros;
            left -= stream.avail_in;
        }
        stream.next_out = out;
        stream.avail_out = sizeof out;
        result = deflate(&stream, left ? Z_NO_FLUSH : Z_FINISH);
        size_t length = sizeof out - stream.avail_out;
        goes = http_server_write(fd, out, result == Z_STREAM_END ? length - packed->cut : length);
    }
    deflateEnd(&stream);
}

static void test_a_packed_answer_is_unpacked(void **state)
{
    (void)state;
    http_server_play(server, "/packed", send_packed, &(struct packed){1 << 20, 0});
    struct fetch_answer answer = fetching_url(http_server_url(server, "/packed"));
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.length, 1 << 20);
    fetch_answer_clear(&answer);
}

static void test_a_packed_answer_that_is_cut_is_none(void **state)
{
    (void)state;
    http_server_play(server, "/cut-gzip", send_packed, &(struct packed){1000, 4});
    expect_url_fails(http_server_url(server, "/cut-gzip"),
                     "127.0.0.1: the answer broke off before its end");
}

static void test_a_gzip_bomb_ends_at_the_limit_in_bounded_memory(void **state)
{
    (void)state;
    struct rusage before, after;
    http_server_play(server, "/bomb", send_packed, &(struct packed){(size_t)10 << 30, 0});
    getrusage(RUSAGE_SELF, &before);
    expect_url_fails(http_server_url(server, "/bomb"), "127.0.0.1: larger than 1 MiB");
    getrusage(RUSAGE_SELF, &after);
    assert_in_range(after.ru_maxrss - before.ru_maxrss, 0, 32 * 1024);
}

static void test_what_was_packed_unasked_is_refused(void **state)
{
    (void)state;
    http_server_answer(server, "/br", "200 OK", "Content-Encoding: br\r\n", "x");
    http_server_answer(server, "/no-gzip", "200 OK", "Content-Encoding: gzip\r\n", "<rss/>");
    expect_url_fails(http_server_url(server, "/br"),
                     "127.0.0.1: its answer is packed otherwise than was asked for");
    expect_url_fails(http_server_url(server, "/no-gzip"),
                     "127.0.0.1: its answer cannot be unpacked");
}

static void test_an_error_page_without_end_is_still_an_answer(void **state)
{
    (void)state;
    static char head[] = "HTTP/1.1 503 Busy\r\nRetry-After: 9\r\n\r\n";
    http_server_play(server, "/503", endless_body, head);
    struct fetch_answer answer = fetching_url(http_server_url(server, "/503"));
    assert_int_equal(answer.status, 503);
    assert_string_equal(answer.error.message, "127.0.0.1: it answered 503");
    assert_int_equal(answer.retry_after_s, 9);
    fetch_answer_clear(&answer);
}

/* A listener whose queue is full lets connections wait. */
static void test_a_connection_that_does_not_come_about_is_told(void **state)
{
    (void)state;
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    socklen_t length = sizeof place;
    int listener = socket(AF_INET, SOCK_STREAM, 0), fillers[4];
    assert_int_equal(bind(listener, (struct sockaddr *)&place, sizeof place), 0);
    assert_int_equal(listen(listener, 0), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&place, &length), 0);
    for (size_t i = 0; i < 4; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fillers[i], (struct sockaddr *)&place, sizeof place);
    }
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", ntohs(place.sin_port));
    struct subscription_config subscription = {.url = url};
    struct fetch_limits limits = fetching_limits();
    limits.timeout_ms = 1500;
    struct fetch_answer answer =
        fetching_once(&limits, &(struct fetch_request){.subscription = &subscription});
    assert_string_equal(answer.error.message, "127.0.0.1: no connection within 500 ms");
    fetch_answer_clear(&answer);
    for (size_t i = 0; i < 4; i++)
        close(fillers[i]);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_private_address_is_not_reached),
        cmocka_unit_test(test_a_redirect_reaches_no_private_address),
        cmocka_unit_test(test_an_endless_body_ends_at_the_limit),
        cmocka_unit_test(test_large_bodies_side_by_side_are_bounded_and_small_ones_pass),
        cmocka_unit_test(test_a_body_that_is_announced_too_large_is_not_waited_for),
        cmocka_unit_test(test_a_body_as_large_as_the_limit_passes),
        cmocka_unit_test(test_endless_headers_end),
        cmocka_unit_test(test_a_trickle_ends_before_the_time_limit),
        cmocka_unit_test(test_a_redirect_loop_ends),
        cmocka_unit_test(test_a_redirect_leads_to_http_only),
        cmocka_unit_test(test_a_truncated_answer_is_none),
        cmocka_unit_test(test_what_is_not_http_is_told),
        cmocka_unit_test(test_no_answer_ends_at_the_time_limit),
        cmocka_unit_test(test_a_name_that_changes_its_address_reaches_no_private_one),
        cmocka_unit_test(test_of_several_addresses_only_a_public_one_is_reached),
        cmocka_unit_test(test_an_unknown_name_is_told),
        cmocka_unit_test(test_other_spellings_of_a_private_address_are_none_the_better),
        cmocka_unit_test(test_ipv6_addresses_are_checked_too),
        cmocka_unit_test(test_a_resolver_that_hangs_holds_up_nobody),
        cmocka_unit_test(test_a_packed_answer_is_unpacked),
        cmocka_unit_test(test_a_packed_answer_that_is_cut_is_none),
        cmocka_unit_test(test_a_gzip_bomb_ends_at_the_limit_in_bounded_memory),
        cmocka_unit_test(test_what_was_packed_unasked_is_refused),
        cmocka_unit_test(test_an_error_page_without_end_is_still_an_answer),
        cmocka_unit_test(test_a_connection_that_does_not_come_about_is_told),
    };
    return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
