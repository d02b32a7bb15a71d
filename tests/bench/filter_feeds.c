/* filter_feeds: how fast the items of feeds are parsed, located, judged and written, in one thread
 * and without waiting for any store: the model is an empty one, the reputations are away. Prints
 * bytes, items and CPU seconds from the opening of each file on (the program's start does not
 * count); with --stages the time of each stage too.
 *
 *     filter_feeds [--stages] [--rounds N] file… */
#include "core/feed.h"
#include "core/judge.h"
#include "core/log.h"
#include "core/mail.h"
#include "feedfilter/feed_lexer.h"
#include "store/memory.h"
#include "tests/bench/bench_program.h"

#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BATCH 256 /* as feedfilter/feed_judge.c judges */

enum stage {
    STAGE_LOAD,
    STAGE_READ,
    STAGE_LEX,
    STAGE_DOCUMENT,
    STAGE_PREPARE,
    STAGE_JUDGE,
    STAGE_WRITE,
    STAGES
};
static const char *const stage_names[STAGES] = {"load",    "read",  "lex",  "document",
                                                "prepare", "judge", "write"};

struct bench {
    struct judge judge;
    struct config *config;
    int sink;
    size_t bytes, items, feeds;
    bool stages; /* are timed; asking for the time takes time */
    double spent_s[STAGES], since_s;
};

/* The time since the last call was spent in `stage`. */
static void spent(struct bench *bench, enum stage stage)
{
    if (!bench->stages)
        return;
    double now = now_s();
    bench->spent_s[stage] += now - bench->since_s;
    bench->since_s = now;
}

/* A model in which nothing was learned: the key comes from a store that is then let go. */
static struct replica *empty_replica(struct counts_store **store)
{
    char folder[] = "/tmp/weir-bench-XXXXXX", url[64], command[64];
    struct error error;
    if (!mkdtemp(folder))
        fail(folder, "cannot be made");
    snprintf(url, sizeof url, "sqlite://%s/counts.db", folder);
    *store = counts_open(url, NULL, &error);
    struct replica *replica = *store ? replica_new(*store, NULL) : NULL;
    if (!replica || !replica_catch_up(replica, &error))
        fail(url, error.message);
    snprintf(command, sizeof command, "rm -r %s", folder);
    if (system(command) != 0)
        fail(folder, "cannot be removed");
    return replica;
}

static void judge_items(struct bench *bench, const struct feed *feed)
{
    struct document *documents[BATCH];
    struct verdict verdicts[BATCH];
    for (size_t from = 0; from < feed->item_count; from += BATCH) {
        size_t n = feed->item_count - from < BATCH ? feed->item_count - from : BATCH;
        for (size_t i = 0; i < n; i++) {
            documents[i] = feed_item_document(feed, &feed->items[from + i], feed->link);
            spent(bench, STAGE_DOCUMENT);
            judge_prepare(documents[i], bench->config);
            spent(bench, STAGE_PREPARE);
        }
        judge_documents(&bench->judge, bench->config, documents, n, verdicts);
        for (size_t i = 0; i < n; i++)
            document_free(documents[i]);
        spent(bench, STAGE_JUDGE);
    }
}

static void filter(struct bench *bench, const char *path)
{
    struct error error;
    struct feed_ranges ranges;
    struct arena *arena = arena_new();
    bench->since_s = now_s();
    struct span bytes = read_file(path);
    bench->bytes += bytes.length;
    spent(bench, STAGE_LOAD);
    struct feed *feed = feed_read(bytes, (struct span){NULL, 0}, &error);
    spent(bench, STAGE_READ);
    if (feed)
        feed_lex(arena, bytes, &feed->encoding, &ranges, &error);
    spent(bench, STAGE_LEX);
    if (feed) {
        bench->feeds++;
        bench->items += feed->item_count;
        judge_items(bench, feed);
    }
    feed_free(feed);
    arena_free(arena);
    bench->since_s = now_s();
    if (write(bench->sink, bytes.data, bytes.length) < 0)
        fail("/dev/null", "cannot be written");
    spent(bench, STAGE_WRITE);
    free((char *)bytes.data);
}

int main(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"stages", no_argument, NULL, 's'}, {"rounds", required_argument, NULL, 'r'}, {0}};
    struct bench bench = {.config = config_defaults(), .sink = open("/dev/null", O_WRONLY)};
    unsigned long rounds = 1;
    int option;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == 's')
            bench.stages = true;
        else if (option == 'r')
            rounds = strtoul(optarg, NULL, 10);
        else
            return 2;
    }
    /* As weir-feedfilter does. */
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
    mallopt(M_MMAP_THRESHOLD, 16 << 20);
    struct counts_store *store;
    mail_init();
    bench.judge.replica = empty_replica(&store);
    double start_s = now_s();
    for (unsigned long round = 0; round < rounds; round++)
        for (int i = optind; i < argc; i++)
            filter(&bench, argv[i]);
    double seconds = now_s() - start_s;
    printf("%zu bytes, %zu feeds, %zu items, %.4f seconds\n", bench.bytes, bench.feeds, bench.items,
           seconds);
    for (size_t i = 0; i < STAGES && bench.stages; i++)
        printf("%-8s %.4f seconds\n", stage_names[i], bench.spent_s[i]);
    replica_free(bench.judge.replica);
    counts_close(store);
    config_release(bench.config);
    close(bench.sink);
    return 0;
}
