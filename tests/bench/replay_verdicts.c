/* Fills a file of records with seeded verdicts of 40 identities each and replays them under other
 * thresholds and weights, and then under another half-life too: replay_verdicts FILE COUNT. Prints
 * for each, between tabs, what it was, the seconds of processor time that it took, how many
 * verdicts were replayed, how many changed, and the bytes a record. */
#include "core/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define IDENTITIES 40
#define BATCH 5000
#define NOW_S 1790000000

static uint64_t state = 88172645463325252u;

/* xorshift64 (Marsaglia, 2003) */
static uint64_t next(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

static void make_identity(struct identity *identity, struct reputation_counts *counts,
                          struct arena *arena, size_t i)
{
    *identity = (struct identity){(enum identity_type)(i % IDENTITY_TYPES),
                                  arena_printf(arena, "host%u.example", (unsigned)next(50000))};
    *counts = (struct reputation_counts){0};
    if (next(5) < 3)
        *counts = (struct reputation_counts){.ham_milli = (uint32_t)next(20000),
                                             .spam_milli = (uint32_t)next(20000),
                                             .time_s = NOW_S - (int64_t)next(90 * 86400)};
}

static void add_checks(struct evidence_record *record, struct arena *arena)
{
    size_t rows;
    const struct check *checks = checks_all(&rows);
    for (uint64_t fires = next(4); fires > 0; fires--)
        evidence_record_add(record, arena, checks[next(rows)].symbol, 1000000, true, SPAN(""));
}

static size_t add_verdict(struct records *records, struct arena *arena, size_t number)
{
    struct evidence_record record = {.channel = number % 4 ? CHANNEL_MAIL : CHANNEL_FEED,
                                     .most = ACTION_REJECT,
                                     .time_s = NOW_S,
                                     .content_micro = (int32_t)next(10000000) - 5000000,
                                     .identity_count = IDENTITIES};
    record.identities = arena_alloc(arena, IDENTITIES * sizeof *record.identities);
    record.counts = arena_alloc(arena, IDENTITIES * sizeof *record.counts);
    record.hashes = arena_alloc(arena, IDENTITIES * sizeof *record.hashes);
    for (size_t i = 0; i < IDENTITIES; i++) {
        make_identity(&record.identities[i], &record.counts[i], arena, i);
        record.hashes[i] = identity_hash(&record.identities[i]);
    }
    add_checks(&record, arena);
    struct span bytes = evidence_record_encode(&record, arena);
    struct history_entry entry = {.time_s = NOW_S,
                                  .channel = channel_name(record.channel),
                                  .action = "accept",
                                  .sender = "ann@sender.example",
                                  .recipients = "bob@box.example",
                                  .subject = "a subject as they are",
                                  .reference = "4jYytS2sjWz1bpTN",
                                  .evidence = "{}",
                                  .record = bytes.data,
                                  .record_length = bytes.length};
    memcpy(entry.document_id, &number, sizeof number);
    records_history_add(records, &entry);
    return bytes.length;
}

static size_t fill(struct records *records, size_t count)
{
    struct arena *arena = arena_new();
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        arena_reset(arena);
        bytes += add_verdict(records, arena, i);
        if (i % BATCH == BATCH - 1)
            records_flush(records);
    }
    records_flush(records);
    arena_free(arena);
    return bytes;
}

static double processor_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The same records, by two changes: one that counts are read with, too, and one without. */
static bool replay(struct records *records, const char *what, bool half_life, size_t bytes,
                   struct error *error)
{
    const struct override_list overrides = {0};
    struct replay_change change = {.overrides = &overrides};
    struct replay_sums sums = {0};
    struct config *config = config_defaults();
    scoring_make(&change.before, config, NULL);
    scoring_make(&change.after, config, NULL);
    config_release(config);
    change.after.mail.hold = change.after.feed.hold = 0.9;
    change.after.content = 0.9;
    if (half_life)
        change.after.reputations.types[IDENTITY_LINK_DOMAIN].half_life_s /= 2;
    double start_s = processor_s();
    bool good = replay_run(records, &change, &sums, NULL, NULL, error);
    double took_s = processor_s() - start_s;
    if (good)
        printf("%s\t%.2f\t%zu\t%zu\t%zu\n", what, took_s, sums.verdicts, sums.changed, bytes);
    return good;
}

int main(int argc, char **argv)
{
    struct error error = {0};
    size_t count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    struct records *records = count ? records_open(argv[1], &error) : NULL;
    if (!records) {
        fprintf(stderr, "replay_verdicts: %s\n", count ? error.message : "FILE COUNT");
        return 2;
    }
    size_t bytes = fill(records, count);
    bool good = replay(records, "another threshold and weight", false, bytes / count, &error) &&
                replay(records, "another half-life too", true, bytes / count, &error);
    records_close(records);
    if (!good)
        fprintf(stderr, "replay_verdicts: %s\n", error.message);
    return good ? 0 : 1;
}
