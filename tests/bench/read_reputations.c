/* The reputations of a document, read as weir does, beside a bare client of the same Redis:
 * read_reputations URL SOCKET LIST ROUNDS. LIST has lines "type value"; each document bears
 * DOCUMENT of them, drawn at random. In each round weir asks, then hiredis with a pipeline of as
 * many GETs, then hiredis with one MGET of the same keys. Prints between tabs the medians of the
 * three in microseconds, and how many commands the server counted for one document of weir's. */
#include "tests/bench/bench_program.h"

#include "store/counts.h"
#include "store/memory.h"

#include <hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DOCUMENT 40
#define COUNTED 100

struct bench {
    struct counts_store *store;
    redisContext *bare;
    struct identity *all;
    size_t count;
    struct identity document[DOCUMENT];
    char keys[DOCUMENT][IDENTITY_VALUE_MAX + 32];
    const char *words[DOCUMENT + 1];
    size_t lengths[DOCUMENT + 1];
};

static void read_list(struct bench *bench, const char *path)
{
    struct span text = read_file(path);
    const char *end = text.data + text.length;
    size_t room = 0;
    for (const char *at = text.data, *stop; at < end; at = stop + 1) {
        const char *space = memchr(at, ' ', (size_t)(end - at));
        stop = memchr(at, '\n', (size_t)(end - at));
        if (bench->count == room)
            bench->all = memory_resize(bench->all, (room = 2 * room + 1024) * sizeof *bench->all);
        struct identity *identity = &bench->all[bench->count++];
        if (!space || !stop || space > stop ||
            !identity_type_from_name((struct span){at, (size_t)(space - at)}, &identity->type) ||
            stop - space > IDENTITY_VALUE_MAX)
            fail(path, "lines are a type, a space and a value");
        identity->value = (struct span){space + 1, (size_t)(stop - space - 1)};
    }
    if (bench->count < DOCUMENT)
        fail(path, "has too few lines");
}

/* Another document, and the keys of its identities. */
static void draw(struct bench *bench)
{
    for (size_t i = 0; i < DOCUMENT; i++) {
        const struct identity *identity = &bench->all[(size_t)random() % bench->count];
        bench->document[i] = *identity;
        bench->words[i + 1] = bench->keys[i];
        bench->lengths[i + 1] = (size_t)snprintf(bench->keys[i], sizeof bench->keys[i],
                                                 "weir:r:%d:%.*s", (int)identity->type,
                                                 (int)identity->value.length, identity->value.data);
    }
}

static void ask_weir(struct bench *bench)
{
    struct reputation_counts counts[DOCUMENT];
    struct error error = {0};
    if (!counts_reputation_read(bench->store, bench->document, DOCUMENT, counts, &error))
        fail("weir", error.message);
    for (size_t i = 0; i < DOCUMENT; i++)
        if (!counts[i].time_s)
            fail("weir", "a reputation that is there was not found");
}

static redisReply *next_reply(struct bench *bench)
{
    void *reply = NULL;
    if (redisGetReply(bench->bare, &reply) != REDIS_OK)
        fail("hiredis", bench->bare->errstr);
    return reply;
}

static void ask_pipeline(struct bench *bench)
{
    for (size_t i = 1; i <= DOCUMENT; i++) {
        const char *words[] = {"GET", bench->words[i]};
        const size_t lengths[] = {3, bench->lengths[i]};
        redisAppendCommandArgv(bench->bare, 2, words, lengths);
    }
    for (size_t i = 0; i < DOCUMENT; i++) {
        redisReply *reply = next_reply(bench);
        if (reply->type != REDIS_REPLY_STRING)
            fail("hiredis", "a key that is there was not found");
        freeReplyObject(reply);
    }
}

static void ask_mget(struct bench *bench)
{
    bench->words[0] = "MGET";
    bench->lengths[0] = 4;
    redisAppendCommandArgv(bench->bare, DOCUMENT + 1, bench->words, bench->lengths);
    freeReplyObject(next_reply(bench));
}

static double clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e6 * (double)now.tv_sec + 1e-3 * (double)now.tv_nsec;
}

static double timed(struct bench *bench, void (*ask)(struct bench *))
{
    double start_us = clock_us();
    ask(bench);
    return clock_us() - start_us;
}

static int order(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static unsigned long commands_so_far(struct bench *bench)
{
    redisAppendCommand(bench->bare, "INFO stats");
    redisReply *reply = next_reply(bench);
    const char *at =
        reply->type == REDIS_REPLY_ERROR ? NULL : strstr(reply->str, "total_commands_processed:");
    unsigned long commands = at ? strtoul(at + strlen("total_commands_processed:"), NULL, 10) : 0;
    freeReplyObject(reply);
    return commands;
}

/* Less the INFO that counted before. */
static double commands_of_a_document(struct bench *bench)
{
    unsigned long before = commands_so_far(bench);
    for (int i = 0; i < COUNTED; i++)
        ask_weir(bench);
    return (double)(commands_so_far(bench) - before - 1) / COUNTED;
}

int main(int argc, char **argv)
{
    static void (*const asked[])(struct bench *) = {ask_weir, ask_pipeline, ask_mget};
    struct bench bench = {0};
    struct error error = {0};
    size_t rounds = argc == 5 ? strtoul(argv[4], NULL, 10) : 0;
    if (!rounds)
        fail("usage", "URL SOCKET LIST ROUNDS");
    read_list(&bench, argv[3]);
    bench.store = counts_open(argv[1], NULL, &error);
    bench.bare = redisConnectUnix(argv[2]);
    if (!bench.store || !bench.bare || bench.bare->err)
        fail(argv[1], bench.store ? "no connection" : error.message);
    double *took[3];
    for (size_t way = 0; way < 3; way++)
        took[way] = memory_new(rounds * sizeof *took[way]);
    draw(&bench);
    double commands = commands_of_a_document(&bench);
    for (size_t round = 0; round < rounds; round++) {
        draw(&bench);
        for (size_t turn = 0; turn < 3; turn++) {
            size_t way = (turn + round) % 3; /* whoever is second finds the values in a cache */
            took[way][round] = timed(&bench, asked[way]);
        }
    }
    for (size_t way = 0; way < 3; way++) {
        qsort(took[way], rounds, sizeof *took[way], order);
        printf("%.1f\t", took[way][rounds / 2]);
    }
    printf("%.2f\n", commands);
    return 0;
}
