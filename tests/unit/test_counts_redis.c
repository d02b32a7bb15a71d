/* What is particular to the counts store in Redis: a server that is away, slow, restarted or
 * refuses us, logging in, and what stands in its keys. */
#include "store/counts.h"

#include "redis_server.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#define TIMEOUT_MS 300

struct fixture {
    struct redis_server *server;
    struct counts_store *store;
    struct error error;
};

#define good(call)                                                                                 \
    do {                                                                                           \
        if (!(call))                                                                               \
            fail_msg("%s", fixture->error.message);                                                \
    } while (0)

static const struct counts_options options = {.timeout_ms = TIMEOUT_MS};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->server = redis_server_start(NULL);
    fixture->store = counts_open(redis_server_url(fixture->server), &options, &fixture->error);
    *state = fixture;
    return fixture->store ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    counts_close(fixture->store);
    redis_server_free(fixture->server);
    free(fixture);
    return 0;
}

static const struct identity host = {IDENTITY_LINK_HOST, {"spam.example", 12}};

static bool teach(struct counts_store *store, unsigned document, struct append_result *result,
                  struct error *error)
{
    struct lesson lesson = {
        .label = LABEL_SPAM,
        .trust = TRUST_OPERATOR,
        .source = SPAN("operator"),
        .time_s = time(NULL),
        .identities = &host,
        .identity_count = 1,
    };
    memcpy(lesson.document_id, &document, sizeof document);
    lesson_set_event_id(&lesson, 0);
    const struct lesson *lessons[] = {&lesson};
    size_t done;
    return counts_append(store, lessons, 1, result, &done, error);
}

static uint32_t spam_milli(struct fixture *fixture)
{
    struct reputation_counts counts;
    good(counts_reputation_read(fixture->store, &host, 1, &counts, &fixture->error));
    return counts.spam_milli;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Tries until the back-off lets a call through and it succeeds; false after 10 s. */
static bool comes_back(struct fixture *fixture)
{
    struct reputation_counts counts;
    for (int64_t end = now_ms() + 10000; now_ms() < end;) {
        if (counts_reputation_read(fixture->store, &host, 1, &counts, &fixture->error))
            return true;
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    return false;
}

static void cli(struct fixture *fixture, const char *command, const char *expected)
{
    char *said = redis_server_cli(fixture->server, command);
    assert_string_equal(said, expected);
    free(said);
}

/* --- away --- */

static void test_server_that_is_away_is_named_with_the_reason(void **state)
{
    struct fixture *fixture = *state;
    redis_server_kill(fixture->server);
    struct reputation_counts counts;
    assert_false(counts_reputation_read(fixture->store, &host, 1, &counts, &fixture->error));
    assert_int_equal(fixture->error.class, ERROR_NETWORK);
    char expected[256];
    snprintf(expected, sizeof expected, "redis at unix:%s: connection refused",
             redis_server_path(fixture->server));
    assert_string_equal(fixture->error.message, expected);
}

static void test_server_that_comes_back_is_used_again(void **state)
{
    struct fixture *fixture = *state;
    redis_server_kill(fixture->server);
    struct append_result result;
    assert_false(teach(fixture->store, 1, &result, &fixture->error));
    redis_server_restart(fixture->server);
    assert_true(comes_back(fixture));
    good(teach(fixture->store, 1, &result, &fixture->error));
    assert_int_equal(result.outcome, APPEND_NEW);
}

static void test_silent_server_costs_one_timeout_and_then_nothing(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(spam_milli(fixture), 0);
    redis_server_pause(fixture->server);
    struct reputation_counts counts;
    int64_t start = now_ms();
    assert_false(counts_reputation_read(fixture->store, &host, 1, &counts, &fixture->error));
    assert_in_range(now_ms() - start, TIMEOUT_MS - 20, 4 * TIMEOUT_MS);
    assert_non_null(strstr(fixture->error.message, "no answer within 300 ms"));

    start = now_ms();
    assert_false(counts_reputation_read(fixture->store, &host, 1, &counts, &fixture->error));
    assert_in_range(now_ms() - start, 0, TIMEOUT_MS / 2);
    assert_non_null(strstr(fixture->error.message, "no answer within 300 ms"));
    redis_server_resume(fixture->server);
    assert_true(comes_back(fixture));
}

struct outage {
    struct counts_store *store;
    unsigned slow_calls; /* of this thread: those that waited for the server */
};

static void *call_for_two_seconds(void *context)
{
    struct outage *outage = context;
    struct reputation_counts counts;
    for (int64_t end = now_ms() + 2000; now_ms() < end;) {
        int64_t start = now_ms();
        counts_reputation_read(outage->store, &host, 1, &counts, NULL);
        outage->slow_calls += now_ms() - start > TIMEOUT_MS / 2;
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    return NULL;
}

/* Within 2 s tries are due after about 0.1, 0.2, 0.4 and 0.8 s and the timeout each: 3, give or
 * take the jitter; and in the beginning each thread may have been under way. */
static void test_only_one_thread_at_a_time_tries_a_silent_server(void **state)
{
    struct fixture *fixture = *state;
    enum { THREADS = 6 };
    pthread_t threads[THREADS];
    struct outage outages[THREADS];
    unsigned slow_calls = 0;
    redis_server_pause(fixture->server);
    for (size_t i = 0; i < THREADS; i++) {
        outages[i] = (struct outage){fixture->store, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, call_for_two_seconds, &outages[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        slow_calls += outages[i].slow_calls;
    }
    assert_in_range(slow_calls, 2, 3 * THREADS); /* without: 40 */
    redis_server_resume(fixture->server);
}

/* The connection is stale, the scripts are gone; the caller notices neither, nor is the program
 * killed by SIGPIPE. */
static void test_restarted_server_is_noticed_by_nobody(void **state)
{
    struct fixture *fixture = *state;
    struct append_result result;
    good(teach(fixture->store, 1, &result, &fixture->error));
    redis_server_restart(fixture->server);
    good(teach(fixture->store, 2, &result, &fixture->error));
    assert_int_equal(result.outcome, APPEND_NEW);
    redis_server_restart(fixture->server);
    assert_int_equal(spam_milli(fixture), 0);
}

static void test_run_id_changes_with_a_restart(void **state)
{
    struct fixture *fixture = *state;
    struct counts_health before, after;
    good(counts_health(fixture->store, &before, &fixture->error));
    redis_server_restart(fixture->server);
    good(counts_health(fixture->store, &after, &fixture->error));
    assert_string_not_equal(before.run_id, after.run_id);
}

static void test_run_id_changes_with_the_role(void **state)
{
    struct fixture *fixture = *state;
    struct counts_health before, after;
    good(counts_health(fixture->store, &before, &fixture->error));
    cli(fixture, "REPLICAOF 127.0.0.1 1", "OK");
    good(counts_health(fixture->store, &after, &fixture->error));
    assert_string_not_equal(before.run_id, after.run_id);
}

static void test_lost_script_is_loaded_again(void **state)
{
    struct fixture *fixture = *state;
    struct append_result result;
    good(teach(fixture->store, 1, &result, &fixture->error));
    cli(fixture, "SCRIPT FLUSH", "OK");
    good(teach(fixture->store, 2, &result, &fixture->error));
    assert_int_equal(result.version, 2);
    assert_in_range(spam_milli(fixture), 1999, 2001);
}

static bool never(void *context, uint64_t version, const void *data, size_t length)
{
    (void)context, (void)version, (void)data, (void)length;
    return true;
}

static void *follow_for_long(void *context)
{
    counts_follow(context, 0, 1500, 1, never, NULL, NULL);
    return NULL;
}

static void test_follower_that_waits_takes_no_connection_from_the_others(void **state)
{
    struct fixture *fixture = *state;
    struct counts_options one = {.timeout_ms = TIMEOUT_MS, .pool_size = 1};
    struct counts_store *store =
        counts_open(redis_server_url(fixture->server), &one, &fixture->error);
    pthread_t follower;
    assert_int_equal(pthread_create(&follower, NULL, follow_for_long, store), 0);
    nanosleep(&(struct timespec){0, 200000000}, NULL);
    struct reputation_counts counts;
    good(counts_reputation_read(store, &host, 1, &counts, &fixture->error));
    pthread_join(follower, NULL);
    counts_close(store);
}

/* --- refused --- */

static void test_refusals_of_the_server_are_told_in_its_words(void **state)
{
    struct fixture *fixture = *state;
    struct append_result result;
    static const struct {
        const char *refuse, *allow, *word;
    } cases[] = {
        {"CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", "OOM"},
        {"REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", "READONLY"},
        {"CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0", "NOREPLICAS"},
    };
    good(teach(fixture->store, 1000, &result, &fixture->error));
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cli(fixture, cases[i].refuse, "OK");
        assert_false(teach(fixture->store, i, &result, &fixture->error));
        assert_int_equal(fixture->error.class, ERROR_NETWORK);
        assert_non_null(strstr(fixture->error.message, cases[i].word));
        cli(fixture, cases[i].allow, "OK");
        good(teach(fixture->store, i, &result, &fixture->error));
        assert_int_equal(result.version, i + 2); /* nothing was left by the refused one */
    }
}

static void test_key_of_another_type_is_a_bug_and_no_outage(void **state)
{
    struct fixture *fixture = *state;
    cli(fixture, "SET weir:log nonsense", "OK");
    struct append_result result;
    assert_false(teach(fixture->store, 1, &result, &fixture->error));
    assert_int_equal(fixture->error.class, ERROR_BUG);
    assert_int_equal(spam_milli(fixture), 0);
}

static void with_login(struct fixture *fixture, const char *login, const char *expected)
{
    char url[256];
    struct reputation_counts counts;
    struct error error = {0};
    snprintf(url, sizeof url, "redis+unix://%s%s", login, redis_server_path(fixture->server));
    struct counts_store *store = counts_open(url, &options, &error);
    assert_non_null(store);
    assert_null(strstr(counts_name(store), "sesame"));
    bool well = counts_reputation_read(store, &host, 1, &counts, &error);
    if (well != !expected)
        fail_msg("%s: %s", login, well ? "let in" : error.message);
    if (expected) {
        assert_non_null(strstr(error.message, expected));
        assert_null(strstr(error.message, "sesame"));
    }
    counts_close(store);
}

static void test_only_the_right_login_is_let_in(void **state)
{
    struct fixture *fixture = *state;
    cli(fixture, "CONFIG SET requirepass sesame", "OK");
    with_login(fixture, ":sesame@", NULL);
    with_login(fixture, "default:sesame@", NULL);
    with_login(fixture, ":sesame2@", "WRONGPASS");
    with_login(fixture, "", "NOAUTH");
}

static void test_databases_are_apart(void **state)
{
    struct fixture *fixture = *state;
    char url[256];
    snprintf(url, sizeof url, "%s?db=5", redis_server_url(fixture->server));
    struct counts_store *other = counts_open(url, &options, &fixture->error);
    struct append_result result;
    good(teach(other, 1, &result, &fixture->error));
    assert_int_equal(spam_milli(fixture), 0);
    cli(fixture, "-n 5 EXISTS weir:log", "1");
    counts_close(other);
}

static void test_tcp_reaches_the_same_store(void **state)
{
    struct fixture *fixture = *state;
    char port[16], url[64];
    snprintf(port, sizeof port, "%d", redis_server_free_port());
    const char *const arguments[] = {"--port", port, NULL};
    struct redis_server *server = redis_server_start(arguments);
    snprintf(url, sizeof url, "redis://127.0.0.1:%s/0", port);
    struct counts_store *store = counts_open(url, &options, &fixture->error);
    struct append_result result;
    good(teach(store, 1, &result, &fixture->error));
    assert_string_equal(counts_name(store), url);
    redis_server_kill(server);
    assert_false(teach(store, 2, &result, &fixture->error));
    char expected[96];
    snprintf(expected, sizeof expected, "redis at 127.0.0.1:%s: connection refused", port);
    assert_string_equal(fixture->error.message, expected);
    counts_close(store);
    redis_server_free(server);
}

static void test_append_only_file_makes_the_store_persistent(void **state)
{
    struct fixture *fixture = *state;
    struct counts_health health;
    good(counts_health(fixture->store, &health, &fixture->error));
    assert_false(health.persistent);
    static const char *const arguments[] = {"--appendonly", "yes", "--appenddirname", "aof", NULL};
    struct redis_server *server = redis_server_start(arguments);
    struct counts_store *store = counts_open(redis_server_url(server), &options, &fixture->error);
    good(counts_health(store, &health, &fixture->error));
    assert_true(health.persistent);
    counts_close(store);
    redis_server_free(server);
}

/* --- keys --- */

static void list_one(void *context, const struct identity *identity,
                     const struct reputation_counts *counts)
{
    (void)identity, (void)counts;
    ++*(size_t *)context;
}

static void test_prefixes_are_apart_whatever_they_are(void **state)
{
    struct fixture *fixture = *state;
    struct counts_options odd = {.timeout_ms = TIMEOUT_MS, .key_prefix = "w[e]*r?\\:"};
    struct counts_store *store =
        counts_open(redis_server_url(fixture->server), &odd, &fixture->error);
    struct append_result result;
    good(teach(store, 1, &result, &fixture->error));
    assert_int_equal(spam_milli(fixture), 0);
    size_t listed = 0;
    good(counts_reputation_list(store, IDENTITY_LINK_HOST, list_one, &listed, &fixture->error));
    assert_int_equal(listed, 1);
    counts_close(store);
}

static void assert_lifetime(struct fixture *fixture, const char *key, long days)
{
    char command[64];
    snprintf(command, sizeof command, "TTL %s", key);
    char *said = redis_server_cli(fixture->server, command);
    assert_in_range(strtol(said, NULL, 10), days * 86400 - 60, days * 86400);
    free(said);
}

static void test_nothing_but_log_and_pins_lives_for_ever(void **state)
{
    struct fixture *fixture = *state;
    struct append_result result;
    good(teach(fixture->store, 1, &result, &fixture->error));
    long days = 5 * (long)reputation_table_default.types[host.type].half_life_s / 86400;
    assert_lifetime(fixture, "weir:r:9:spam.example", days);
    /* Event id and label record have bytes in their names that no command line takes. */
    cli(fixture,
        "EVAL \"local out = {} for _, kind in ipairs({'e', 'l'}) do local key = "
        "redis.call('KEYS', 'weir:' .. kind .. ':*')[1] out[#out + 1] = "
        "math.ceil(redis.call('TTL', key) / 86400) end return table.concat(out, ' ')\" 0",
        "30 180");

    good(counts_reputation_override(fixture->store, &host, OVERRIDE_PIN, 1, 0, &fixture->error));
    cli(fixture, "TTL weir:r:9:spam.example", "-1");
    good(teach(fixture->store, 2, &result, &fixture->error));
    cli(fixture, "TTL weir:r:9:spam.example", "-1");
    good(counts_reputation_override(fixture->store, &host, OVERRIDE_SET, 1,
                                    time(NULL) + 1000 * 86400, &fixture->error));
    assert_lifetime(fixture, "weir:r:9:spam.example", 1000);
    good(counts_reputation_override(fixture->store, &host, OVERRIDE_NONE, 0, 0, &fixture->error));
    assert_lifetime(fixture, "weir:r:9:spam.example", days);
}

static bool see(struct fixture *fixture, const struct identity *identity)
{
    uint32_t documents = 1;
    return counts_reputation_seen(fixture->store, identity, &documents, 1, &fixture->error);
}

/* Of most identities of text no second document ever comes. */
static void test_what_was_only_seen_is_kept_for_days(void **state)
{
    struct fixture *fixture = *state;
    struct append_result result;
    const struct identity shingle = {IDENTITY_SHINGLE, SPAN("0011223344556677")};
    long days = 5 * (long)reputation_table_default.types[host.type].half_life_s / 86400;
    good(see(fixture, &host) && see(fixture, &shingle));
    assert_lifetime(fixture, "weir:r:9:spam.example", 14);
    assert_lifetime(fixture, "weir:r:13:0011223344556677", 2);
    assert_lifetime(fixture, "weir:since", 14);
    good(teach(fixture->store, 1, &result, &fixture->error));
    assert_lifetime(fixture, "weir:r:9:spam.example", days);
    good(see(fixture, &host));
    assert_lifetime(fixture, "weir:r:9:spam.example", days);
    cli(fixture, "STRLEN weir:r:9:spam.example", "20");
    good(counts_reputation_override(fixture->store, &host, OVERRIDE_PIN, 1, 0, &fixture->error));
    good(see(fixture, &host));
    cli(fixture, "TTL weir:r:9:spam.example", "-1");
    cli(fixture, "STRLEN weir:r:9:spam.example", "29");
}

/* 12 bytes (ham, spam, time), or 21 with an override, as they were before documents were counted.
 */
static void test_older_values_are_read_and_grow(void **state)
{
    struct fixture *fixture = *state;
    struct append_result result;
    struct reputation_counts counts;
    int64_t now = time(NULL);
    char command[256];
    snprintf(
        command, sizeof command,
        "EVAL \"return redis.call('SET', 'weir:r:9:spam.example', struct.pack('<I4I4I4', 3000, "
        "5000, %lld) .. (ARGV[1] == '1' and struct.pack('<Bi4I4', 2, -250, 0) or ''))\" 0 ",
        (long long)now);
    for (int overridden = 0; overridden < 2; overridden++) {
        strcat(command, overridden ? "1" : " ");
        cli(fixture, command, "OK");
        good(counts_reputation_read(fixture->store, &host, 1, &counts, &fixture->error));
        assert_int_equal(counts.ham_milli, 3000);
        assert_int_equal(counts.spam_milli, 5000);
        assert_int_equal(counts.seen_milli, 0);
        assert_int_equal(counts.first_s, 0);
        good(teach(fixture->store, 1 + (uint32_t)overridden, &result, &fixture->error));
        good(see(fixture, &host));
        good(counts_reputation_read(fixture->store, &host, 1, &counts, &fixture->error));
        assert_in_range(counts.spam_milli, 5999, 6001);
        assert_in_range(counts.seen_milli, 999, 1001);
        assert_int_equal(counts.first_s, 0); /* it was seen before, nobody knows when */
        assert_int_equal(counts.override, overridden ? OVERRIDE_PIN : OVERRIDE_NONE);
        assert_int_equal(counts.override_centi, overridden ? -250 : 0);
        cli(fixture, "STRLEN weir:r:9:spam.example", overridden ? "29" : "20");
    }
}

static void test_nothing_is_counted_while_a_copy_is_made(void **state)
{
    struct fixture *fixture = *state;
    cli(fixture, "SET weir:copying 1", "OK");
    assert_false(see(fixture, &host));
    assert_non_null(strstr(fixture->error.message, "a copy is being made"));
    cli(fixture, "EXISTS weir:r:9:spam.example", "0");
}

static void test_what_a_source_added_is_kept_as_long_as_the_reputation(void **state)
{
    struct fixture *fixture = *state;
    struct append_result result;
    size_t done;
    struct lesson lesson = {.label = LABEL_SPAM,
                            .trust = TRUST_USER,
                            .source = SPAN("user:eve"),
                            .time_s = time(NULL),
                            .identities = &host,
                            .identity_count = 1};
    lesson_set_event_id(&lesson, 0);
    const struct lesson *one = &lesson;
    good(counts_append(fixture->store, &one, 1, &result, &done, &fixture->error));
    long days = 5 * (long)reputation_table_default.types[host.type].half_life_s / 86400;
    assert_lifetime(fixture, "weir:s:8:user:ever:9:spam.example", days);
    cli(fixture, "STRLEN weir:s:8:user:ever:9:spam.example", "8");
}

static void test_reports_of_replicas_end_after_ten_seconds(void **state)
{
    struct fixture *fixture = *state;
    good(counts_replica_report(fixture->store, "gw1", 7, &fixture->error));
    cli(fixture, "TTL weir:replicas", "10");
    char command[128];
    snprintf(command, sizeof command, "HSET weir:replicas old '%lld 3'",
             (long long)time(NULL) - 30);
    cli(fixture, command, "1");
    uint64_t slowest;
    good(counts_replica_slowest(fixture->store, &slowest, &fixture->error));
    assert_int_equal(slowest, 7);
    cli(fixture, "HKEYS weir:replicas", "gw1");
}

static void test_lost_version_is_found_again_in_the_log(void **state)
{
    struct fixture *fixture = *state;
    struct append_result result;
    good(teach(fixture->store, 1, &result, &fixture->error));
    good(teach(fixture->store, 2, &result, &fixture->error));
    cli(fixture, "DEL weir:version", "1");
    good(teach(fixture->store, 3, &result, &fixture->error));
    assert_int_equal(result.version, 3);
}

static void test_gap_in_the_log_is_a_bug(void **state)
{
    struct fixture *fixture = *state;
    struct append_result result;
    for (unsigned i = 0; i < 3; i++)
        good(teach(fixture->store, i, &result, &fixture->error));
    cli(fixture, "XDEL weir:log 2-0", "1");
    assert_int_equal(counts_follow(fixture->store, 0, 0, 10, never, NULL, &fixture->error),
                     FOLLOW_FAILED);
    assert_int_equal(fixture->error.class, ERROR_BUG);
    assert_non_null(strstr(fixture->error.message, "a gap between 1 and 3"));
}

static void test_unknown_kind_of_store_is_refused_without_showing_a_password(void **state)
{
    (void)state;
    static const char *const urls[] = {"", "/var/lib/weir", "rediss://:sesame@host",
                                       "mysql://ann:sesame@host/weir"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct error error = {0};
        assert_null(counts_open(urls[i], NULL, &error));
        assert_int_equal(error.class, ERROR_INPUT);
        assert_null(strstr(error.message, "sesame"));
        assert_non_null(strstr(error.message, "redis+unix:///path"));
    }
}

#define with_server(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_server(test_server_that_is_away_is_named_with_the_reason),
        with_server(test_server_that_comes_back_is_used_again),
        with_server(test_silent_server_costs_one_timeout_and_then_nothing),
        with_server(test_only_one_thread_at_a_time_tries_a_silent_server),
        with_server(test_restarted_server_is_noticed_by_nobody),
        with_server(test_run_id_changes_with_a_restart),
        with_server(test_run_id_changes_with_the_role),
        with_server(test_lost_script_is_loaded_again),
        with_server(test_follower_that_waits_takes_no_connection_from_the_others),
        with_server(test_refusals_of_the_server_are_told_in_its_words),
        with_server(test_key_of_another_type_is_a_bug_and_no_outage),
        with_server(test_only_the_right_login_is_let_in),
        with_server(test_databases_are_apart),
        with_server(test_tcp_reaches_the_same_store),
        with_server(test_append_only_file_makes_the_store_persistent),
        with_server(test_prefixes_are_apart_whatever_they_are),
        with_server(test_nothing_but_log_and_pins_lives_for_ever),
        with_server(test_what_was_only_seen_is_kept_for_days),
        with_server(test_older_values_are_read_and_grow),
        with_server(test_nothing_is_counted_while_a_copy_is_made),
        with_server(test_what_a_source_added_is_kept_as_long_as_the_reputation),
        with_server(test_reports_of_replicas_end_after_ten_seconds),
        with_server(test_lost_version_is_found_again_in_the_log),
        with_server(test_gap_in_the_log_is_a_bug),
        cmocka_unit_test(test_unknown_kind_of_store_is_refused_without_showing_a_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
