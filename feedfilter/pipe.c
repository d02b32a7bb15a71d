#include "feedfilter/pipe.h"

#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/retention.h"
#include "core/config.h"
#include "core/feed.h"
#include "core/log.h"
#include "core/text.h"
#include "core/url.h"
#include "feedfilter/complain.h"
#include "feedfilter/feed_filter.h"
#include "feedfilter/stream.h"
#include "store/records_evidence.h"

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

static struct counts_store *open_counts(const struct flow *flow, struct error *error)
{
    const struct config *config = flow->config;
    struct counts_options options = {.timeout_ms = config->counts_timeout_ms,
                                     .pool_size = 1,
                                     .key_prefix = config->counts_prefix};
    return counts_open(config->counts_url, &options, error);
}

/* Reads the rules. While the store is away, and so while it is not known which are in force, what
 * was judged stays so; whoever judges complains. */
static void follow(struct feed_judge *judge)
{
    struct error error = {0};
    struct counts_health health;
    judge->judge.store = open_counts(judge->context, &error);
    if (!judge->judge.store)
        return;
    judge->judge.tuning = live_tuning_new(NULL);
    if (counts_health(judge->judge.store, &health, &error))
        live_tuning_follow(judge->judge.tuning, judge->judge.store, &health, NULL, &error);
}

/* Brings a replica of the model up to the counts store. */
static void prepare(struct feed_judge *judge)
{
    struct error error = {0};
    struct flow *flow = judge->context;
    struct counts_store *counts =
        judge->judge.store ? judge->judge.store : open_counts(flow, &error);
    if (!counts) {
        complain("%s; items are judged by checks only", error.message);
        note(flow, EX_CONFIG);
        return;
    }
    judge->judge.store = counts;
    judge->judge.volume = volume_new(counts);
    judge->judge.replica = replica_new(counts, NULL);
    if (!judge->judge.tuning)
        judge->judge.tuning = live_tuning_new(NULL);
    replica_follow_tuning(judge->judge.replica, judge->judge.tuning, NULL, NULL);
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
    } else {
        records_keep_evidence(records, flow->config->records_evidence);
    }
    return records;
}

static void report(struct flow *flow, const struct filtered_feed *feed)
{
    if (feed->unparsed) {
        complain("FEED_UNPARSED: %.*s%s%s; passed on unchanged and unjudged", SPAN_ARGS(feed->name),
                 feed->name.length ? ": " : "", feed->trouble.message);
        note(flow, EX_DATAERR);
    } else if (feed->records_failed) {
        complain("%s; nothing is cut that could not be recorded", feed->trouble.message);
        note(flow, EX_IOERR);
    } else if (feed->not_well_formed) {
        complain("%.*s is not well-formed, judged as far as it can be read: %s",
                 SPAN_ARGS(feed->name), feed->trouble.message);
    }
}

static struct filtered_feed *filter(struct flow *flow, struct span bytes)
{
    struct error error = {0};
    struct records *records = open_records(flow);
    struct feed_judge judge = {.config = flow->config,
                               .follow = follow,
                               .prepare = prepare,
                               .context = flow,
                               .names_itself = flow->options->feed == NULL,
                               .records = records};
    struct filtered_feed *feed = feed_filter(&judge, bytes, span_of(flow->options->feed), NULL);
    report(flow, feed);
    if (records) {
        struct retention retention = {0};
        retention_work(&retention, records, flow->config);
        records_flush(records);
        if (records_take_error(records, &error))
            complain("%s; the history is incomplete", error.message);
    }
    records_close(records);
    replica_free(judge.judge.replica);
    live_tuning_free(judge.judge.tuning);
    volume_free(judge.judge.volume);
    counts_close(judge.judge.store);
    return feed;
}

/* Writes what comes out, and what was never read. */
static int write_output(struct flow *flow, const struct span *pieces, size_t count)
{
    struct error error = {0};
    bool reader_gone;
    bool ok = stream_write(STDOUT_FILENO, pieces, count, &reader_gone, &error);
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
    struct filtered_feed *feed = NULL;
    text_init();
    url_init();
    bool configured = read_config(&flow);
    bool complete = stream_read(STDIN_FILENO, FEED_SIZE_LIMIT, &flow.input, &error);
    struct span bytes = {flow.input.data, flow.input.length};
    if (!complete) {
        /* What did come is passed on, but nobody shall take it for the feed. */
        complain("%s", error.message);
        flow.trouble = EX_NOINPUT;
    } else if (flow.input.more) {
        complain("FEED_UNPARSED: larger than %u MiB; passed on unchanged and unjudged",
                 FEED_SIZE_LIMIT / (1024 * 1024));
        note(&flow, EX_DATAERR);
    } else if (configured) {
        feed = filter(&flow, bytes);
    }
    int status = feed ? write_output(&flow, feed->pieces, feed->piece_count)
                      : write_output(&flow, &bytes, 1);
    filtered_feed_free(feed);
    stream_input_clear(&flow.input);
    config_release(flow.config);
    xmlCleanupParser();
    return status;
}
