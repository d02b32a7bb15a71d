#include "core/metrics.h"

#include "store/memory.h"
#include "store/monotonic.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELLS_MAX 112
#define LABELS_MAX 2

enum kind { COUNTER, GAUGE, HISTOGRAM };
static const char *const kind_names[] = {"counter", "gauge", "histogram"};

struct row {
    const char *name, *help;
    enum kind kind;
    unsigned programs;
    struct {
        const char *name;
        const char *const *values; /* ended by NULL */
    } labels[LABELS_MAX];
};

static const char *const channels[] = {"mail", "feed", NULL};
static const char *const actions[] = {"accept", "tag", "hold", "reject", NULL};
static const char *const states[] = {
    "pending", "held", "release-requested", "released", "confirmed", "delete-requested",
    "deleted", "gone", "superseded",        NULL};
static const char *const dropped[] = {"expired", "emptied", "settled", "history", "audit", NULL};
static const char *const feeds[] = {"ok", "waiting", "failing", "unjudged", "gone", NULL};
static const char *const fetches[] = {"changed", "unchanged", "failed", NULL};
static const char *const codes[] = {"200", "304", "404", "405", "421", "503", "other", NULL};

static const char *const routes[] = {"feed",   "held",    "opml",  "hub",
                                     "health", "metrics", "other", NULL};
static const char *const classes[] = {"2xx", "3xx", "4xx", "5xx", NULL};

#define JUDGES (METRICS_MILTER | METRICS_FEEDFILTER)
#define ALL (JUDGES | METRICS_RELEASE)

static const struct row rows[METRICS] = {
    [METRIC_DOCUMENTS] = {"weir_documents_total",
                          "Documents judged, by the action of their verdict.",
                          COUNTER,
                          JUDGES,
                          {{"channel", channels}, {"action", actions}}},
    [METRIC_JUDGING] = {"weir_judging_seconds",
                        "Time to judge a document; of a batch, its equal share.",
                        HISTOGRAM,
                        JUDGES,
                        {{NULL, NULL}}},
    [METRIC_COUNTS_UP] = {"weir_counts_up",
                          "1 while the counts store answers and the replica is in step with it.",
                          GAUGE,
                          JUDGES,
                          {{NULL, NULL}}},
    [METRIC_REPLICA_VERSION] =
        {"weir_replica_version",
         "Version of the log up to which this replica of the model has come.",
         GAUGE,
         JUDGES,
         {{NULL, NULL}}},
    [METRIC_JOURNAL_WAITING] = {"weir_journal_lessons_waiting",
                                "Lessons in the journal that the counts store has not taken.",
                                GAUGE,
                                ALL,
                                {{NULL, NULL}}},
    [METRIC_JOURNAL_BYTES] =
        {"weir_journal_size_bytes", "Size of the journal.", GAUGE, ALL, {{NULL, NULL}}},
    [METRIC_JOURNAL_LIMIT_BYTES] = {"weir_journal_limit_bytes",
                                    "Size from which on the journal refuses lessons.",
                                    GAUGE,
                                    ALL,
                                    {{NULL, NULL}}},
    [METRIC_HELD] = {"weir_held_entries",
                     "Entries of the records that were held, by state.",
                     GAUGE,
                     ALL,
                     {{"state", states}}},
    [METRIC_RECORDS_ERRORS] = {"weir_records_errors_total",
                               "Spells in which the records could not be opened, read or written.",
                               COUNTER,
                               ALL,
                               {{NULL, NULL}}},
    [METRIC_MESSAGES_UNDER_WAY] = {"weir_milter_messages_under_way",
                                   "Messages between MAIL and their end.",
                                   GAUGE,
                                   METRICS_MILTER,
                                   {{NULL, NULL}}},
    [METRIC_FEEDS] = {"weir_feeds",
                      "Subscribed feeds, by how they stand.",
                      GAUGE,
                      METRICS_FEEDFILTER,
                      {{"state", feeds}}},
    [METRIC_FETCHES] = {"weir_feed_fetches_total",
                        "Polls of upstream feeds, by their outcome.",
                        COUNTER,
                        METRICS_FEEDFILTER,
                        {{"outcome", fetches}}},
    [METRIC_DUPLICATES] = {"weir_feed_duplicates_total",
                           "Items left out of a feed, since another feed shows the same story.",
                           COUNTER,
                           METRICS_FEEDFILTER,
                           {{NULL, NULL}}},
    [METRIC_RESPONSES] = {"weir_http_responses_total",
                          "Answers over HTTP, by status.",
                          COUNTER,
                          METRICS_FEEDFILTER | METRICS_CONSOLE,
                          {{"code", codes}}},
    [METRIC_REQUESTS] = {"weir_http_requests_total",
                         "Requests that were answered, by what was asked for and kind of status.",
                         COUNTER,
                         METRICS_FEEDFILTER,
                         {{"route", routes}, {"class", classes}}},
    [METRIC_ANSWERING] =
        {"weir_http_request_seconds",
         "Time from a request's first line to its answer, a wait for a feed's first poll included.",
         HISTOGRAM,
         METRICS_FEEDFILTER,
         {{"route", routes}}},
    [METRIC_CONNECTIONS] = {"weir_http_connections",
                            "Open connections of readers.",
                            GAUGE,
                            METRICS_FEEDFILTER,
                            {{NULL, NULL}}},
    [METRIC_DROPPED] = {"weir_records_dropped_total",
                        "What the records let go of by age and size: held entries that expired, "
                        "bytes of deleted items, settled entries, verdicts, lines of the audit.",
                        COUNTER,
                        METRICS_RELEASE | METRICS_FEEDFILTER,
                        {{"what", dropped}}},
    [METRIC_VOLUME_DROPPED] = {"weir_volume_dropped_total",
                               "Identities of judged documents that were not counted, because the "
                               "counts store was away or slower than they came.",
                               COUNTER,
                               JUDGES,
                               {{NULL, NULL}}},
};

/* Upper bounds in seconds; one more bucket is of what is above them. */
static const double bounds[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                0.01,   0.025,   0.05,   0.1,   0.25,   1};
#define BOUNDS (sizeof bounds / sizeof *bounds)
#define CELL_SUM (BOUNDS + 1) /* of a histogram; in nanoseconds */
#define HISTOGRAM_CELLS (CELL_SUM + 1)

static _Atomic int64_t cells[METRICS][CELLS_MAX];
static enum metrics_program program;
static const char *version = "";
static double started_s;

_Static_assert(METRICS_ROUTES *HISTOGRAM_CELLS <= CELLS_MAX, "the largest row fits its cells");

void metrics_start(enum metrics_program which, const char *its_version)
{
    version = its_version;
    program = which;
    started_s = monotonic_s();
}

const char *metrics_feed_name(enum metrics_feed state)
{
    return feeds[state];
}

/* --- counting --- */

/* The place of the word at the start of `text` among `values`; of another one, the last. */
static unsigned place_of(const char *const *values, const char *text)
{
    size_t length = strcspn(text, " ");
    unsigned place = 0;
    while (values[place + 1] &&
           (strlen(values[place]) != length || strncmp(values[place], text, length) != 0))
        place++;
    return place;
}

unsigned metrics_documents_cell(const char *channel, const char *action)
{
    return place_of(channels, channel) * (sizeof actions / sizeof *actions - 1) +
           place_of(actions, action);
}

unsigned metrics_response_cell(unsigned status)
{
    char text[12];
    snprintf(text, sizeof text, "%u", status);
    return place_of(codes, text);
}

unsigned metrics_request_cell(enum metrics_route route, unsigned status)
{
    unsigned class = status / 100 < 2 ? 0 : status / 100 > 5 ? 3 : status / 100 - 2;
    return route * (sizeof classes / sizeof *classes - 1) + class;
}

void metrics_add(enum metric metric, unsigned cell, int64_t amount)
{
    if (cell < CELLS_MAX)
        atomic_fetch_add_explicit(&cells[metric][cell], amount, memory_order_relaxed);
}

void metrics_set(enum metric metric, unsigned cell, int64_t value)
{
    if (cell < CELLS_MAX)
        atomic_store_explicit(&cells[metric][cell], value, memory_order_relaxed);
}

void metrics_observe(enum metric metric, unsigned cell, double seconds)
{
    unsigned bucket = 0, first = cell * HISTOGRAM_CELLS;
    while (bucket < BOUNDS && seconds > bounds[bucket])
        bucket++;
    metrics_add(metric, first + bucket, 1);
    metrics_add(metric, first + CELL_SUM, (int64_t)(seconds * 1e9));
}

/* --- writing --- */

static int64_t value_of(const struct row *row, size_t cell)
{
    return atomic_load_explicit(&cells[row - rows][cell], memory_order_relaxed);
}

/* The one that begins at cell `first`. The count is that of the last bucket, so that the two agree
 * while others count on. `label`: "route=\"feed\"", or empty. */
static void write_histogram(FILE *file, const struct row *row, size_t first, const char *label)
{
    int64_t sum = 0;
    const char *name = row->name, *comma = *label ? "," : "";
    const char *open = *label ? "{" : "", *close = *label ? "}" : "";
    for (size_t i = 0; i <= BOUNDS; i++) {
        sum += value_of(row, first + i);
        if (i < BOUNDS)
            fprintf(file, "%s_bucket{%s%sle=\"%g\"} %" PRId64 "\n", name, label, comma, bounds[i],
                    sum);
    }
    fprintf(file, "%s_bucket{%s%sle=\"+Inf\"} %" PRId64 "\n", name, label, comma, sum);
    fprintf(file, "%s_sum%s%s%s %.9f\n", name, open, label, close,
            (double)value_of(row, first + CELL_SUM) / 1e9);
    fprintf(file, "%s_count%s%s%s %" PRId64 "\n", name, open, label, close, sum);
}

static void write_histograms(FILE *file, const struct row *row)
{
    char label[64];
    if (!row->labels[0].values)
        write_histogram(file, row, 0, "");
    for (size_t i = 0; row->labels[0].values && row->labels[0].values[i]; i++) {
        snprintf(label, sizeof label, "%s=\"%s\"", row->labels[0].name, row->labels[0].values[i]);
        write_histogram(file, row, i * HISTOGRAM_CELLS, label);
    }
}

/* The second label's values run fastest. */
static void write_cells(FILE *file, const struct row *row)
{
    const char *const *first = row->labels[0].values, *const *second = row->labels[1].values;
    size_t cell = 0;
    if (!first)
        fprintf(file, "%s %" PRId64 "\n", row->name, value_of(row, 0));
    for (; first && *first; first++) {
        if (!second)
            fprintf(file, "%s{%s=\"%s\"} %" PRId64 "\n", row->name, row->labels[0].name, *first,
                    value_of(row, cell++));
        for (const char *const *at = second; at && *at; at++)
            fprintf(file, "%s{%s=\"%s\",%s=\"%s\"} %" PRId64 "\n", row->name, row->labels[0].name,
                    *first, row->labels[1].name, *at, value_of(row, cell++));
    }
}

static void write_head(FILE *file, const char *name, const char *help, enum kind kind)
{
    fprintf(file, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind_names[kind]);
}

static const char *program_name(void)
{
    switch (program) {
    case METRICS_MILTER:
        return "weir-milter";
    case METRICS_RELEASE:
        return "weir-release";
    case METRICS_FEEDFILTER:
        return "weir-feedfilter";
    case METRICS_CONSOLE:
        return "weir-console";
    }
    return "";
}

static void write_own(FILE *file)
{
    write_head(file, "weir_uptime_seconds", "Time since the program was started.", GAUGE);
    fprintf(file, "weir_uptime_seconds %.3f\n", monotonic_s() - started_s);
    write_head(file, "weir_build_info", "1, with what program this is, and its version.", GAUGE);
    fprintf(file, "weir_build_info{program=\"%s\",version=\"%s\"} 1\n", program_name(), version);
}

static pthread_mutex_t also = PTHREAD_MUTEX_INITIALIZER;
static void (*write_more)(void *context, FILE *file);
static void *more_context;

void metrics_also(void (*write)(void *context, FILE *file), void *context)
{
    pthread_mutex_lock(&also);
    write_more = write;
    more_context = context;
    pthread_mutex_unlock(&also);
}

char *metrics_text(size_t *length)
{
    char *text = NULL;
    FILE *file = memory_checked(open_memstream(&text, length));
    for (const struct row *row = rows; row < rows + METRICS; row++) {
        if (!(row->programs & program))
            continue;
        write_head(file, row->name, row->help, row->kind);
        if (row->kind == HISTOGRAM)
            write_histograms(file, row);
        else
            write_cells(file, row);
    }
    pthread_mutex_lock(&also);
    if (write_more)
        write_more(more_context, file);
    pthread_mutex_unlock(&also);
    write_own(file);
    fclose(file);
    return memory_checked(text);
}
