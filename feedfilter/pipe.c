#include "feedfilter/pipe.h"

#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/config.h"
#include "core/feed.h"
#include "core/log.h"
#include "core/text.h"
#include "core/url.h"
#include "feedfilter/complain.h"
#include "feedfilter/feed_cut.h"
#include "feedfilter/feed_judge.h"
#include "feedfilter/stream.h"
#include "store/memory.h"

struct flow {
    const struct pipe_options *options;
    struct config *config;
    struct stream_input input;
    int trouble; /* exit status of the first thing that went wrong; EX_OK: nothing */
};

static void note(struct flow *flow, int status)
{
    if (flow->trouble == EX_OK)
        flow->trouble = status;
}

static bool read_config(struct flow *flow)
{
    struct error error = {0};
    const char *named = flow->options->config_path;
    const char *path = named ? named : config_default_path();
    if (!named && !getenv("WEIR_CONFIG") && access(path, F_OK) != 0)
        flow->config = config_defaults();
    else
        flow->config = config_read(path, &error);
    if (flow->config) {
        log_set_level(flow->config->log_level);
        return true;
    }
    complain("%s; the feed is passed on unjudged", error.message);
    note(flow, EX_CONFIG);
    return false;
}

static struct span name_of(const struct flow *flow, const struct feed *feed)
{
    if (flow->options->feed)
        return span_of(flow->options->feed);
    if (feed->self.length)
        return feed->self;
    if (feed->link.length)
        return feed->link;
    return feed->title.length ? feed->title : SPAN("unnamed");
}

/* Where the items stand, once lexer and parser agree on which there are. */
static bool locate(struct arena *arena, struct span bytes, const struct feed *feed,
                   struct feed_encoding *encoding, struct feed_ranges *ranges, struct error *error)
{
    if (!feed_encoding_find(bytes, encoding, error) ||
        !feed_lex(arena, bytes, encoding, ranges, error))
        return false;
    if (ranges->count != feed->item_count)
        return error_set(error, ERROR_INPUT, "%zu items were read but %zu found in the bytes",
                         feed->item_count, ranges->count);
    for (size_t i = 0; i < ranges->count; i++)
        if (ranges->ranges[i].start_tag != feed->items[i].start_tag)
            return error_set(error, ERROR_INPUT,
                             "item %zu is not the one that was found in the bytes", i + 1);
    return true;
}

/* Opens the counts store and brings a replica of the model up to it. */
static void prepare(struct feed_judge *judge)
{
    struct error error = {0};
    struct flow *flow = judge->context;
    const struct config *config = flow->config;
    struct counts_options options = {.timeout_ms = config->counts_timeout_ms,
                                     .pool_size = 1,
                                     .key_prefix = config->counts_prefix};
    struct counts_store *counts = counts_open(config->counts_url, &options, &error);
    if (!counts) {
        complain("%s; items are judged by checks only", error.message);
        note(flow, EX_CONFIG);
        return;
    }
    judge->judge.store = counts;
    judge->judge.replica = replica_new(counts, NULL);
    if (!replica_catch_up(judge->judge.replica, &error)) {
        complain("STORE_DOWN: %s; items are judged by checks only", error.message);
        note(flow, EX_TEMPFAIL);
    }
}

static struct records *open_records(struct flow *flow)
{
    struct error error = {0};
    struct records *records = records_open(flow->config->records_feeds, &error);
    if (!records) {
        complain("%s; items are judged without memory, and none is held", error.message);
        note(flow, EX_IOERR);
    }
    return records;
}

/* Sets which items are cut. */
static void judge_items(struct flow *flow, const struct feed *feed, struct span bytes,
                        const struct feed_ranges *ranges, enum item_fate *fates)
{
    struct error error = {0};
    struct records *records = open_records(flow);
    struct feed_judge judge = {.config = flow->config,
                               .prepare = prepare,
                               .context = flow,
                               .names_itself = flow->options->feed == NULL,
                               .records = records};
    if (!feed_judge(&judge, feed, name_of(flow, feed), bytes, ranges, fates, &error)) {
        complain("%s; nothing is cut that could not be recorded", error.message);
        note(flow, EX_IOERR);
    }
    if (records) {
        records_flush(records);
        if (records_take_error(records, &error))
            complain("%s; the history is incomplete", error.message);
    }
    records_close(records);
    replica_free(judge.judge.replica);
    counts_close(judge.judge.store);
}

/* The stretches of the input that come out; one, the whole, when it cannot be judged. */
static size_t filter(struct flow *flow, struct arena *arena, struct span bytes, struct span **kept)
{
    struct error error = {0};
    struct feed_ranges ranges = {0};
    struct feed_encoding encoding;
    struct feed *feed = feed_read(bytes, (struct span){NULL, 0}, &error);
    *kept = arena_alloc(arena, sizeof **kept);
    (*kept)[0] = bytes;
    if (!feed || !locate(arena, bytes, feed, &encoding, &ranges, &error)) {
        complain("FEED_UNPARSED: %s%s%s; passed on unchanged and unjudged",
                 flow->options->feed ? flow->options->feed : "", flow->options->feed ? ": " : "",
                 error.message);
        note(flow, EX_DATAERR);
        feed_free(feed);
        return 1;
    }
    if (feed->recovered)
        complain("%.*s is not well-formed, judged as far as it can be read: %.*s",
                 SPAN_ARGS(name_of(flow, feed)), SPAN_ARGS(feed->trouble));
    size_t count = 1;
    if (feed->item_count) {
        bool *cut = arena_alloc(arena, feed->item_count * sizeof *cut);
        enum item_fate *fates = arena_alloc(arena, feed->item_count * sizeof *fates);
        judge_items(flow, feed, bytes, &ranges, fates);
        for (size_t i = 0; i < feed->item_count; i++)
            cut[i] = fates[i] == ITEM_IS_CUT;
        struct feed_edits edits = {.arena = arena, .encoding = &encoding};
        feed_cut(&edits, &ranges, cut);
        *kept = feed_edits_apply(&edits, bytes, &count);
    }
    feed_free(feed);
    return count;
}

/* Writes what is kept, and what was never read. */
static int write_output(struct flow *flow, const struct span *kept, size_t count)
{
    struct error error = {0};
    bool reader_gone;
    bool ok = stream_write(STDOUT_FILENO, kept, count, &reader_gone, &error);
    if (ok && flow->input.more)
        ok = stream_copy(STDIN_FILENO, STDOUT_FILENO, &reader_gone, &error);
    if (ok)
        return flow->options->strict || flow->trouble == EX_NOINPUT ? flow->trouble : EX_OK;
    if (!reader_gone)
        complain("%s", error.message);
    return EX_IOERR;
}

int pipe_run(const struct pipe_options *options)
{
    struct error error = {0};
    struct flow flow = {.options = options};
    struct arena *arena = arena_new();
    text_init();
    url_init();
    bool configured = read_config(&flow);
    bool complete = stream_read(STDIN_FILENO, FEED_SIZE_LIMIT, &flow.input, &error);
    struct span bytes = {flow.input.data, flow.input.length};
    struct span *kept = &bytes;
    size_t count = 1;
    if (!complete) {
        /* What did come is passed on, but nobody shall take it for the feed. */
        complain("%s", error.message);
        flow.trouble = EX_NOINPUT;
    } else if (flow.input.more) {
        complain("FEED_UNPARSED: larger than %u MiB; passed on unchanged and unjudged",
                 FEED_SIZE_LIMIT / (1024 * 1024));
        note(&flow, EX_DATAERR);
    } else if (configured) {
        count = filter(&flow, arena, bytes, &kept);
    }
    int status = write_output(&flow, kept, count);
    arena_free(arena);
    stream_input_clear(&flow.input);
    config_release(flow.config);
    xmlCleanupParser();
    return status;
}
