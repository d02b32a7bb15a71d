#include "feedfilter/feed_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIMIT (1u << 20)

static char root[64], directory[80];

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status, (void)type, (void)place;
    return remove(path);
}

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/weir-cache-XXXXXX");
    if (!mkdtemp(root))
        return -1;
    snprintf(directory, sizeof directory, "%s/cache", root);
    return 0;
}

static int remove_root(void **state)
{
    (void)state;
    return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct feed_cache *open_cache(uint64_t limit_bytes)
{
    struct error error = {0};
    struct feed_cache *cache = feed_cache_open(directory, limit_bytes, &error);
    if (!cache)
        fail_msg("%s", error.message);
    return cache;
}

/* A copy of `text`; all of it is lent. */
static struct cached_feed copy_of(const char *text)
{
    return (struct cached_feed){.body = (char *)text,
                                .length = strlen(text),
                                .url = (char *)"https://example.org/feed",
                                .fetched_s = 1700000000,
                                .fresh_s = -1};
}

static void store(struct feed_cache *cache, const char *name, const char *text)
{
    struct error error = {0};
    struct cached_feed feed = copy_of(text);
    if (!feed_cache_store(cache, name, &feed, &error))
        fail_msg("%s", error.message);
}

/* `text` NULL: nothing must be there. */
static void expect(struct feed_cache *cache, const char *name, const char *text)
{
    struct cached_feed *feed = feed_cache_load(cache, name);
    if (!feed && text)
        fail_msg("%s is absent", name);
    if (feed && !text)
        fail_msg("%s is there", name);
    if (feed) {
        assert_int_equal(feed->length, strlen(text));
        assert_memory_equal(feed->body, text, feed->length);
    }
    cached_feed_free(feed);
}

static void path_of(const char *file, char path[160])
{
    snprintf(path, 160, "%s/%s", directory, file);
}

static void write_file(const char *file, const char *data, size_t length)
{
    char path[160];
    path_of(file, path);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(data, 1, length, out), length);
    assert_int_equal(fclose(out), 0);
}

static size_t read_file(const char *file, char *data, size_t room)
{
    char path[160];
    path_of(file, path);
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    size_t length = fread(data, 1, room, in);
    fclose(in);
    return length;
}

static void test_a_copy_comes_back_as_it_was_stored(void **state)
{
    (void)state;
    struct cached_feed feed = {.body = (char *)"<rss>\0\xff</rss>",
                               .length = 13,
                               .url = (char *)"https://example.org/a?b=c&d=\"e\"",
                               .base_url = (char *)"https://example.net/a",
                               .etag = (char *)"W/\"v1\"",
                               .content_type = (char *)"text/xml",
                               .fetched_s = 1700000000,
                               .fresh_s = 600,
                               .page_etag = "\"0123456789abcdef0123456789abcdef\"",
                               .page_changed_s = 1690000000,
                               .websub = {.state = WEBSUB_ACTIVE,
                                          .base = (char *)"https://feeds.example.org",
                                          .hub = (char *)"https://hub.example/",
                                          .topic = (char *)"https://example.net/self",
                                          .token = "0123456789abcdef0123456789abcdef",
                                          .secret = "0123456789abcdef0123456789abcdef"
                                                    "0123456789abcdef0123456789abcdef",
                                          .ask_s = 1690000004,
                                          .lease_s = 1690000005},
                               .site = {.moved_to = (char *)"https://example.net/moved",
                                        .found = (char *)"https://example.net/found",
                                        .found_told = true,
                                        .found_s = 77,
                                        .moved_seen = 3,
                                        .moved_told = true,
                                        .moved_s = 1690000001,
                                        .gone_s = 1690000002,
                                        .changed_s = 1690000003,
                                        .rhythm_s = 3600}};
    struct feed_cache *cache = open_cache(LIMIT);
    assert_true(feed_cache_store(cache, "planet", &feed, NULL));
    feed_cache_close(cache);
    cache = open_cache(LIMIT);
    struct cached_feed *loaded = feed_cache_load(cache, "planet");
    assert_non_null(loaded);
    assert_int_equal(loaded->length, 13);
    assert_memory_equal(loaded->body, feed.body, 13);
    assert_string_equal(loaded->url, feed.url);
    assert_string_equal(loaded->base_url, feed.base_url);
    assert_string_equal(loaded->etag, feed.etag);
    assert_null(loaded->last_modified);
    assert_string_equal(loaded->content_type, feed.content_type);
    assert_int_equal(loaded->fetched_s, feed.fetched_s);
    assert_int_equal(loaded->fresh_s, 600);
    assert_string_equal(loaded->page_etag, feed.page_etag);
    assert_int_equal(loaded->page_changed_s, feed.page_changed_s);
    assert_int_equal(loaded->websub.state, WEBSUB_ACTIVE);
    assert_string_equal(loaded->websub.base, feed.websub.base);
    assert_string_equal(loaded->websub.hub, feed.websub.hub);
    assert_string_equal(loaded->websub.topic, feed.websub.topic);
    assert_string_equal(loaded->websub.token, feed.websub.token);
    assert_string_equal(loaded->websub.secret, feed.websub.secret);
    assert_int_equal(loaded->websub.ask_s, feed.websub.ask_s);
    assert_int_equal(loaded->websub.lease_s, feed.websub.lease_s);
    assert_string_equal(loaded->site.moved_to, feed.site.moved_to);
    assert_int_equal(loaded->site.moved_seen, 3);
    assert_true(loaded->site.moved_told);
    assert_string_equal(loaded->site.found, feed.site.found);
    assert_true(loaded->site.found_told);
    assert_int_equal(loaded->site.found_s, 77);
    assert_int_equal(loaded->site.moved_s, feed.site.moved_s);
    assert_int_equal(loaded->site.gone_s, feed.site.gone_s);
    assert_int_equal(loaded->site.changed_s, feed.site.changed_s);
    assert_int_equal(loaded->site.rhythm_s, 3600);
    cached_feed_free(loaded);
    feed_cache_close(cache);
}

static void test_a_newer_copy_replaces_the_former(void **state)
{
    (void)state;
    struct feed_cache *cache = open_cache(LIMIT);
    store(cache, "planet", "older");
    store(cache, "planet", "newer");
    expect(cache, "planet", "newer");
    expect(cache, "moon", NULL);
    feed_cache_close(cache);
}

static void test_any_name_of_a_subscription_is_a_file_of_its_own(void **state)
{
    (void)state;
    static const char *const names[] = {".",      "..",         "lock", ".feed", "a",
                                        "a.feed", "a.feed.tmp", "-",    "_"};
    struct feed_cache *cache = open_cache(LIMIT);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        store(cache, names[i], names[i]);
    feed_cache_close(cache);
    cache = open_cache(LIMIT);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        expect(cache, names[i], names[i]);
    feed_cache_close(cache);
}

static void test_no_name_leads_out_of_the_directory(void **state)
{
    (void)state;
    struct error error = {0};
    struct cached_feed feed = copy_of("x");
    struct feed_cache *cache = open_cache(LIMIT);
    assert_false(feed_cache_store(cache, "../x", &feed, &error));
    assert_int_equal(error.class, ERROR_BUG);
    expect(cache, "../x", NULL);
    feed_cache_close(cache);
}

static void test_copies_are_for_owner_and_group_only(void **state)
{
    (void)state;
    char path[160];
    struct stat status;
    mode_t before = umask(0);
    struct feed_cache *cache = open_cache(LIMIT);
    store(cache, "planet", "x");
    umask(before);
    path_of("planet.feed", path);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
    assert_int_equal(stat(directory, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0750);
    feed_cache_close(cache);
}

static void test_a_truncated_copy_is_absent(void **state)
{
    (void)state;
    char data[4096];
    struct feed_cache *cache = open_cache(LIMIT);
    store(cache, "planet", "<rss><channel/></rss>");
    size_t length = read_file("planet.feed", data, sizeof data);
    for (size_t cut = 0; cut < length; cut++) {
        write_file("planet.feed", data, cut);
        expect(cache, "planet", NULL);
    }
    data[length] = 'x';
    write_file("planet.feed", data, length + 1);
    expect(cache, "planet", NULL);
    write_file("planet.feed", data, length);
    expect(cache, "planet", "<rss><channel/></rss>");
    feed_cache_close(cache);
}

static void test_a_copy_with_a_flipped_bit_is_absent(void **state)
{
    (void)state;
    char data[4096];
    struct feed_cache *cache = open_cache(LIMIT);
    store(cache, "planet", "<rss/>");
    size_t length = read_file("planet.feed", data, sizeof data);
    for (size_t i = 0; i < length * 8; i++) {
        data[i / 8] ^= (char)(1 << i % 8);
        write_file("planet.feed", data, length);
        expect(cache, "planet", NULL);
        data[i / 8] ^= (char)(1 << i % 8);
    }
    feed_cache_close(cache);
}

static void test_what_is_no_file_is_absent(void **state)
{
    (void)state;
    char path[160];
    path_of("planet.feed", path);
    struct feed_cache *cache = open_cache(LIMIT);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect(cache, "planet", NULL);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    expect(cache, "planet", NULL);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    expect(cache, "planet", NULL);
    feed_cache_close(cache);
}

static void test_what_a_crash_left_is_removed_at_open(void **state)
{
    (void)state;
    char path[160];
    feed_cache_close(open_cache(LIMIT));
    write_file("planet.feed.tmp", "half", 4);
    write_file("notes.txt", "an admin's", 10);
    feed_cache_close(open_cache(LIMIT));
    path_of("planet.feed.tmp", path);
    assert_int_equal(access(path, F_OK), -1);
    path_of("notes.txt", path);
    assert_int_equal(access(path, F_OK), 0);
}

static void test_copies_stored_longest_ago_make_room(void **state)
{
    (void)state;
    char text[1001];
    memset(text, 'x', 1000);
    text[1000] = '\0';
    struct feed_cache *cache = open_cache(4000);
    store(cache, "a", text);
    store(cache, "b", text);
    store(cache, "c", text);
    store(cache, "a", text);
    store(cache, "d", text);
    expect(cache, "b", NULL);
    expect(cache, "a", text);
    expect(cache, "c", text);
    expect(cache, "d", text);
    feed_cache_close(cache);
}

/* Files have their times from a clock that ticks every few milliseconds. */
static void let_file_times_pass(void)
{
    struct timespec before, now;
    clock_gettime(CLOCK_REALTIME_COARSE, &before);
    do
        clock_gettime(CLOCK_REALTIME_COARSE, &now);
    while (now.tv_sec == before.tv_sec && now.tv_nsec == before.tv_nsec);
}

static void test_copies_that_readers_ask_for_stay_also_after_a_restart(void **state)
{
    (void)state;
    char text[1001];
    memset(text, 'x', 1000);
    text[1000] = '\0';
    struct feed_cache *cache = open_cache(4000);
    store(cache, "a", text);
    store(cache, "b", text);
    store(cache, "c", text);
    feed_cache_use(cache, "a");
    feed_cache_use(cache, "unknown");
    let_file_times_pass();
    store(cache, "d", text);
    expect(cache, "b", NULL);
    let_file_times_pass();
    feed_cache_use(cache, "c");
    feed_cache_close(cache);
    cache = open_cache(2700);
    expect(cache, "a", NULL);
    expect(cache, "c", text);
    expect(cache, "d", text);
    feed_cache_close(cache);
}

static void test_a_lower_limit_holds_from_opening_on(void **state)
{
    (void)state;
    char path[160], text[1001];
    memset(text, 'x', 1000);
    text[1000] = '\0';
    struct feed_cache *cache = open_cache(LIMIT);
    const char *names[] = {"c", "a", "b"};
    for (size_t i = 0; i < 3; i++)
        store(cache, names[i], text);
    feed_cache_close(cache);
    for (size_t i = 0; i < 3; i++) {
        char file[16];
        snprintf(file, sizeof file, "%s.feed", names[i]);
        path_of(file, path);
        struct timespec times[2] = {{.tv_sec = 1000 + (long)i}, {.tv_sec = 1000 + (long)i}};
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    }
    cache = open_cache(2700);
    expect(cache, "c", NULL);
    expect(cache, "a", text);
    expect(cache, "b", text);
    feed_cache_close(cache);
}

static void test_a_copy_larger_than_the_limit_is_not_kept(void **state)
{
    (void)state;
    char text[5001];
    memset(text, 'x', 5000);
    text[5000] = '\0';
    struct error error = {0};
    struct cached_feed feed = copy_of(text);
    struct feed_cache *cache = open_cache(4000);
    store(cache, "other", "small");
    store(cache, "planet", "former");
    assert_false(feed_cache_store(cache, "planet", &feed, &error));
    assert_int_equal(error.class, ERROR_INPUT);
    expect(cache, "other", "small");
    expect(cache, "planet", "former");
    feed_cache_close(cache);
}

static void test_only_what_is_subscribed_to_is_kept(void **state)
{
    (void)state;
    struct error error = {0};
    struct feed_cache *cache = open_cache(LIMIT);
    store(cache, "a", "1");
    store(cache, "b", "2");
    store(cache, "c", "3");
    assert_true(feed_cache_keep(cache, (const char *const[]){"b", "x"}, 2, &error));
    expect(cache, "a", NULL);
    expect(cache, "b", "2");
    expect(cache, "c", NULL);
    feed_cache_close(cache);
}

static void test_two_users_of_one_directory_are_refused(void **state)
{
    (void)state;
    char wanted[256];
    struct error error = {0};
    struct feed_cache *cache = open_cache(LIMIT);
    assert_null(feed_cache_open(directory, LIMIT, &error));
    snprintf(wanted, sizeof wanted,
             "%s: another weir-feedfilter uses this directory; set feedfilter.cache to one of its "
             "own",
             directory);
    assert_string_equal(error.message, wanted);
    feed_cache_close(cache);
    feed_cache_close(open_cache(LIMIT));
}

static void test_a_directory_that_cannot_be_is_told(void **state)
{
    (void)state;
    struct error error = {0};
    char path[160], wanted[256];
    snprintf(path, sizeof path, "%s/no/such/place", root);
    assert_null(feed_cache_open(path, LIMIT, &error));
    snprintf(wanted, sizeof wanted, "%s: No such file or directory", path);
    assert_string_equal(error.message, wanted);
    assert_int_equal(error.class, ERROR_SYSTEM);
}

static void test_an_etag_that_is_no_utf8_is_left_out(void **state)
{
    (void)state;
    struct cached_feed feed = copy_of("x");
    feed.etag = (char *)"\"\xe4\"";
    struct feed_cache *cache = open_cache(LIMIT);
    assert_true(feed_cache_store(cache, "planet", &feed, NULL));
    struct cached_feed *loaded = feed_cache_load(cache, "planet");
    assert_non_null(loaded);
    assert_null(loaded->etag);
    cached_feed_free(loaded);
    feed_cache_close(cache);
}

/* In a process of its own, since the limit is on the whole process. The disk is full after `room`
 * bytes of a file. Exit code 0: storing failed with a message, and nothing else was lost. */
static int store_on_full_disk(rlim_t room)
{
    char text[5001], path[160];
    memset(text, 'y', 5000);
    text[5000] = '\0';
    struct error error = {0};
    struct cached_feed feed = copy_of(text);
    struct feed_cache *cache = open_cache(LIMIT);
    store(cache, "planet", "former");
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){room, room});
    if (feed_cache_store(cache, "planet", &feed, &error) || error.class != ERROR_SYSTEM)
        return 2;
    struct cached_feed *kept = feed_cache_load(cache, "planet");
    if (!kept || strcmp(kept->body, "former") != 0)
        return 3;
    cached_feed_free(kept);
    path_of("planet.feed.tmp", path);
    if (access(path, F_OK) == 0)
        return 4;
    feed_cache_close(cache);
    return 0;
}

static void test_a_full_disk_leaves_the_former_copy(void **state)
{
    (void)state;
    for (rlim_t room = 0; room < 5000; room += 499) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(store_on_full_disk(room));
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

static void *store_many(void *context)
{
    struct feed_cache *cache = context;
    for (int i = 0; i < 50; i++)
        store(cache, "planet", i % 2 ? "one" : "another");
    return NULL;
}

static void test_a_reader_beside_writers_sees_whole_copies(void **state)
{
    (void)state;
    struct feed_cache *cache = open_cache(LIMIT);
    pthread_t writers[2];
    store(cache, "planet", "one");
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&writers[i], NULL, store_many, cache), 0);
    for (int i = 0; i < 500; i++) {
        struct cached_feed *feed = feed_cache_load(cache, "planet");
        assert_non_null(feed);
        assert_true(!strcmp(feed->body, "one") || !strcmp(feed->body, "another"));
        cached_feed_free(feed);
    }
    for (size_t i = 0; i < 2; i++)
        pthread_join(writers[i], NULL);
    feed_cache_close(cache);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_copy_comes_back_as_it_was_stored),
        TEST(test_a_newer_copy_replaces_the_former),
        TEST(test_any_name_of_a_subscription_is_a_file_of_its_own),
        TEST(test_no_name_leads_out_of_the_directory),
        TEST(test_copies_are_for_owner_and_group_only),
        TEST(test_a_truncated_copy_is_absent),
        TEST(test_a_copy_with_a_flipped_bit_is_absent),
        TEST(test_what_is_no_file_is_absent),
        TEST(test_what_a_crash_left_is_removed_at_open),
        TEST(test_copies_stored_longest_ago_make_room),
        TEST(test_copies_that_readers_ask_for_stay_also_after_a_restart),
        TEST(test_a_lower_limit_holds_from_opening_on),
        TEST(test_a_copy_larger_than_the_limit_is_not_kept),
        TEST(test_only_what_is_subscribed_to_is_kept),
        TEST(test_two_users_of_one_directory_are_refused),
        TEST(test_a_directory_that_cannot_be_is_told),
        TEST(test_an_etag_that_is_no_utf8_is_left_out),
        TEST(test_a_full_disk_leaves_the_former_copy),
        TEST(test_a_reader_beside_writers_sees_whole_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
