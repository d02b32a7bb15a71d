/* hold_each: holds the items of feeds one at a time and writes what a reader then gets.
 *
 *     hold_each [--some] DIRECTORY FEED_NAME MOST_ITEMS FEED...
 *
 * The configuration, of $WEIR_CONFIG, has to hold each item of a feed that is named FEED_NAME. For
 * each file FEED, the records are DIRECTORY/FEED.db, and the outputs beside it are FEED.all (all
 * items held), FEED.none (all released), with --some FEED.some (those held that is_chosen()
 * chooses), and FEED.1, FEED.2 … (that entry of the records held; at most MOST_ITEMS of them,
 * spread over the feed). The last one written stays held. A line on stdout for each feed: its name,
 * how many items it has, how many entries the records have of it, and what is wrong with it, with
 * tabs between. */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "core/text.h"
#include "core/url.h"
#include "feedfilter/feed_filter.h"
#include "feedfilter/stream.h"
#include "store/memory.h"

struct suite {
    struct config *config;
    const char *directory, *feed_name;
    size_t most_items;
    bool some;
    struct counts_store *counts;
    struct replica *replica;
};

/* One feed. */
struct trial {
    struct suite *suite;
    const char *name;
    struct records *records;
    struct stream_input input;
    size_t items;
    struct error trouble;
    int64_t *ids; /* of the entries in the records, in the order of the items */
    size_t id_count;
};

static void must(bool works, const struct error *error)
{
    if (works)
        return;
    fprintf(stderr, "hold_each: %s\n", error->message);
    exit(EXIT_FAILURE);
}

static void prepare(struct feed_judge *judge)
{
    struct suite *suite = judge->context;
    judge->judge.store = suite->counts;
    judge->judge.replica = suite->replica;
}

static void write_pieces(const struct trial *trial, const struct filtered_feed *feed,
                         const char *variant)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.%s", trial->suite->directory, trial->name, variant);
    FILE *file = fopen(path, "wb");
    bool good = file != NULL;
    for (size_t i = 0; good && i < feed->piece_count; i++)
        good =
            fwrite(feed->pieces[i].data, 1, feed->pieces[i].length, file) == feed->pieces[i].length;
    if (!good || fclose(file) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

/* What a reader gets while the records are as they are. */
static void filter(struct trial *trial, const char *variant)
{
    struct feed_judge judge = {.config = trial->suite->config,
                               .prepare = prepare,
                               .context = trial->suite,
                               .mode = FEED_HOLD,
                               .records = trial->records};
    struct span bytes = {trial->input.data, trial->input.length};
    struct filtered_feed *feed = feed_filter(&judge, bytes, span_of(trial->suite->feed_name), NULL);
    must(!feed->records_failed, &feed->trouble);
    trial->items = feed->items;
    trial->trouble = feed->trouble;
    write_pieces(trial, feed, variant);
    filtered_feed_free(feed);
}

static bool remember_id(void *context, const struct held *held)
{
    struct trial *trial = context;
    trial->ids = memory_resize(trial->ids, (trial->id_count + 1) * sizeof *trial->ids);
    trial->ids[trial->id_count++] = held->id;
    return true;
}

static void move(struct trial *trial, size_t entry, enum held_state from, enum held_state to)
{
    bool moved;
    struct error error = {0};
    must(records_held_move(trial->records, trial->ids[entry], 1u << from, to, &moved, &error),
         &error);
}

/* About a third, by chance that is the same each time; held_items.py chooses alike. */
static bool is_chosen(int64_t id)
{
    return ((uint64_t)id * 2654435761u >> 16) % 3 == 0;
}

static void hold_some(struct trial *trial)
{
    for (size_t i = 0; i < trial->id_count; i++)
        if (is_chosen(trial->ids[i]))
            move(trial, i, HELD_RELEASED, HELD_HELD);
    filter(trial, "some");
    for (size_t i = 0; i < trial->id_count; i++)
        if (is_chosen(trial->ids[i]))
            move(trial, i, HELD_HELD, HELD_RELEASED);
}

static void hold_one_at_a_time(struct trial *trial)
{
    size_t most = trial->suite->most_items;
    size_t count = trial->id_count < most ? trial->id_count : most;
    for (size_t i = 0; i < count; i++) {
        char variant[32];
        size_t entry = i * trial->id_count / count;
        snprintf(variant, sizeof variant, "%zu", entry + 1);
        move(trial, entry, HELD_RELEASED, HELD_HELD);
        filter(trial, variant);
        if (i + 1 < count)
            move(trial, entry, HELD_HELD, HELD_RELEASED);
    }
}

static void try_feed(struct suite *suite, char *path)
{
    struct error error = {0};
    struct trial trial = {.suite = suite, .name = basename(path)};
    char records_path[4096];
    snprintf(records_path, sizeof records_path, "%s/%s.db", suite->directory, trial.name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    must(stream_read(fileno(file), FEED_SIZE_LIMIT, &trial.input, &error), &error);
    fclose(file);
    trial.records = records_open(records_path, &error);
    must(trial.records != NULL, &error);
    filter(&trial, "all");
    must(records_held_list(trial.records, 1u << HELD_HELD, remember_id, &trial, &error), &error);
    for (size_t i = 0; i < trial.id_count; i++)
        move(&trial, i, HELD_HELD, HELD_RELEASED);
    filter(&trial, "none");
    if (suite->some)
        hold_some(&trial);
    hold_one_at_a_time(&trial);
    printf("%s\t%zu\t%zu\t%s\n", trial.name, trial.items, trial.id_count, trial.trouble.message);
    records_close(trial.records);
    stream_input_clear(&trial.input);
    free(trial.ids);
}

int main(int count, char **arguments)
{
    struct error error = {0};
    struct counts_options options = {.pool_size = 1};
    bool some = count > 1 && strcmp(arguments[1], "--some") == 0;
    count -= some;
    arguments += some;
    if (count < 5) {
        fprintf(stderr, "usage: hold_each [--some] DIRECTORY FEED_NAME MOST_ITEMS FEED...\n");
        return EXIT_FAILURE;
    }
    struct suite suite = {
        .directory = arguments[1],
        .feed_name = arguments[2],
        .most_items = strtoul(arguments[3], NULL, 10),
        .some = some,
        .config = config_read(config_default_path(), &error),
    };
    must(suite.config != NULL, &error);
    text_init();
    url_init();
    log_set_level(suite.config->log_level);
    options.timeout_ms = suite.config->counts_timeout_ms;
    options.key_prefix = suite.config->counts_prefix;
    suite.counts = counts_open(suite.config->counts_url, &options, &error);
    must(suite.counts != NULL, &error);
    suite.replica = replica_new(suite.counts, NULL);
    must(replica_catch_up(suite.replica, &error), &error);
    for (int i = 4; i < count; i++)
        try_feed(&suite, arguments[i]);
    replica_free(suite.replica);
    counts_close(suite.counts);
    config_release(suite.config);
    return EXIT_SUCCESS;
}
