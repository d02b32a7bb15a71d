#include "admin/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "admin/period.h"
#include "core/json_writer.h"
#include "core/printable.h"
#include "store/lesson.h"
#include "store/memory.h"
#include "store/records_search.h"

#define LESSONS_AT_ONCE 1000

/* What became of one channel's documents. */
struct channel_sums {
    int64_t seen, accepted, tagged, held, rejected, deferred;
    int64_t observed; /* of them, those whose action was not done */
    /* Of what was held: */
    int64_t kept, released, confirmed, waiting;
};

struct source_sums {
    char *source;
    int64_t ham, spam;
};

struct lessons {
    struct source_sums *sources;
    size_t count;
    int64_t since_s;
    uint64_t from, to; /* versions that the log holds: after `from`, up to `to` */
};

/* The counts store as it answers now. */
struct store_state {
    bool up;
    const char *name;
    struct error why; /* when it is not up */
    struct counts_health health;
    bool has_replica;
    uint64_t slowest; /* replica that is alive */
    struct lessons lessons;
};

struct stats {
    struct session *session;
    int64_t since_s;
    struct channel_sums sums[FRONTS];
    bool recorded[FRONTS], failed[FRONTS];
    struct store_state store;
    int worst;
};

static const char *const channel_names[FRONTS] = {[FRONT_MAIL] = "mail", [FRONT_FEED] = "feed"};

/* --- what was judged and held --- */

static void add_verdicts(void *context, const char *channel, const char *action, int64_t count)
{
    static const struct {
        const char *name;
        size_t place;
    } actions[] = {{"accept", offsetof(struct channel_sums, accepted)},
                   {"tag", offsetof(struct channel_sums, tagged)},
                   {"hold", offsetof(struct channel_sums, held)},
                   {"reject", offsetof(struct channel_sums, rejected)},
                   {"defer", offsetof(struct channel_sums, deferred)}};
    struct channel_sums *sums = context;
    size_t length = strcspn(action, " ");
    (void)channel;
    sums->seen += count;
    if (action[length])
        sums->observed += count;
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strlen(actions[i].name) == length && !strncmp(actions[i].name, action, length))
            *(int64_t *)((char *)sums + actions[i].place) += count;
    }
}

static void add_held(void *context, enum held_state state, int taught, int64_t count)
{
    struct channel_sums *sums = context;
    sums->kept += count;
    if (state == HELD_RELEASED || state == HELD_RELEASE_REQUESTED)
        sums->released += count;
    else if (state == HELD_CONFIRMED || taught == LABEL_SPAM + 1)
        sums->confirmed += count;
    else if (state == HELD_HELD || state == HELD_PENDING)
        sums->waiting += count;
}

static void note(struct stats *stats, int status)
{
    stats->worst = status > stats->worst ? status : stats->worst;
}

static void sum_front(struct stats *stats, enum front front)
{
    struct error error = {0};
    int status = session_open_records(stats->session, front);
    struct records *records = stats->session->records[front];
    if (status == EX_OK && records) {
        bool good =
            records_history_sums(records, stats->since_s, add_verdicts, &stats->sums[front],
                                 &error) &&
            records_held_sums(records, stats->since_s, add_held, &stats->sums[front], &error);
        status = good ? EX_OK : session_complain(&error);
        stats->recorded[front] = good;
    }
    stats->failed[front] = status != EX_OK;
    note(stats, status);
}

/* --- the counts store --- */

static bool add_lesson(void *context, uint64_t version, const void *data, size_t length)
{
    struct lessons *lessons = context;
    struct lesson *lesson = lesson_decode(data, length, NULL);
    lessons->to = version;
    if (!lesson || lesson->withdrawn || lesson->time_s < lessons->since_s) {
        lesson_free(lesson);
        return true;
    }
    size_t at = 0;
    while (at < lessons->count && !span_equal(span_of(lessons->sources[at].source), lesson->source))
        at++;
    if (at == lessons->count) {
        lessons->sources = memory_resize(lessons->sources, (at + 1) * sizeof *lessons->sources);
        lessons->sources[lessons->count++] =
            (struct source_sums){memory_copy(lesson->source.data, lesson->source.length), 0, 0};
    }
    if (lesson->label == LABEL_SPAM)
        lessons->sources[at].spam++;
    else
        lessons->sources[at].ham++;
    lesson_free(lesson);
    return true;
}

/* Goes through the log, which begins behind the snapshot or earlier. */
static bool sum_lessons(struct counts_store *store, struct lessons *lessons, struct error *error)
{
    enum follow_outcome outcome =
        counts_follow(store, 0, 0, LESSONS_AT_ONCE, add_lesson, lessons, error);
    if (outcome == FOLLOW_TRIMMED) {
        struct snapshot snapshot;
        if (!counts_snapshot_load(store, &snapshot, error))
            return false;
        lessons->from = lessons->to = snapshot.version;
        snapshot_clear(&snapshot);
        outcome = FOLLOW_DONE;
    }
    uint64_t reached;
    do {
        reached = lessons->to;
        if (outcome == FOLLOW_DONE)
            outcome = counts_follow(store, reached, 0, LESSONS_AT_ONCE, add_lesson, lessons, error);
    } while (outcome == FOLLOW_DONE && lessons->to > reached);
    return outcome == FOLLOW_DONE;
}

/* A store of its own: that of the session would send what waits in the journal first. */
static void look_at_store(struct stats *stats, struct counts_store *store)
{
    struct store_state *state = &stats->store;
    state->name = counts_name(store);
    state->lessons.since_s = stats->since_s;
    state->up = counts_health(store, &state->health, &state->why) &&
                counts_replica_slowest(store, &state->slowest, &state->why) &&
                sum_lessons(store, &state->lessons, &state->why);
    state->has_replica = state->up && state->slowest != UINT64_MAX;
}

/* --- words --- */

static double share(int64_t part, int64_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

static void print_channel(const struct stats *stats, enum front front)
{
    const struct channel_sums *sums = &stats->sums[front];
    if (stats->failed[front]) {
        printf("%s: not known, as %s cannot be read\n", channel_names[front],
               front == FRONT_MAIL ? stats->session->config->records_mail
                                   : stats->session->config->records_feeds);
        return;
    }
    if (!stats->recorded[front]) {
        printf("%s: nothing is recorded\n", channel_names[front]);
        return;
    }
    printf("%s: seen %" PRId64 "  accepted %" PRId64 "  tagged %" PRId64 "  held %" PRId64
           "  rejected %" PRId64,
           channel_names[front], sums->seen, sums->accepted, sums->tagged, sums->held,
           sums->rejected);
    if (sums->deferred)
        printf("  deferred %" PRId64, sums->deferred);
    if (sums->observed)
        printf("  (only observed: %" PRId64 ")", sums->observed);
    printf("\n      of %" PRId64 " kept back: released %" PRId64 " (%.2f%%)  confirmed %" PRId64
           "  waiting %" PRId64 "\n",
           sums->kept, sums->released, 100 * share(sums->released, sums->kept), sums->confirmed,
           sums->waiting);
}

static void print_store(const struct store_state *state)
{
    printf("counts: %s  %s", state->name, state->up ? "up" : "away");
    if (!state->up) {
        printf("  (");
        printable_put(stdout, span_of(state->why.message), PRINTABLE_LINE);
        puts(")");
        return;
    }
    printf("  log version %" PRIu64 "%s\n", state->health.version,
           state->health.persistent ? "" : "  NOT PERSISTENT");
    if (state->has_replica)
        printf("replicas: the slowest is at %" PRIu64 ", %" PRIu64 " behind\n", state->slowest,
               state->health.version > state->slowest ? state->health.version - state->slowest : 0);
    else
        puts("replicas: none has reported in the last 10 s");
    if (!state->lessons.count) {
        puts("lessons in the log: none");
        return;
    }
    printf("lessons in the log (%" PRIu64 " to %" PRIu64 "):\n", state->lessons.from + 1,
           state->lessons.to);
    for (size_t i = 0; i < state->lessons.count; i++) {
        const struct source_sums *source = &state->lessons.sources[i];
        printf("  ham %6" PRId64 "  spam %6" PRId64 "  ", source->ham, source->spam);
        printable_put(stdout, span_of(source->source), PRINTABLE_LINE);
        putchar('\n');
    }
}

/* --- this gateway's files --- */

/* The file and what is not yet moved into it; -1: it cannot be looked at, 0: there is none. */
static int64_t size_of_records(const char *path)
{
    static const char *const endings[] = {"", "-wal"};
    int64_t sum = 0;
    for (size_t i = 0; i < 2; i++) {
        char name[4096];
        struct stat status;
        snprintf(name, sizeof name, "%s%s", path, endings[i]);
        if (stat(name, &status) == 0)
            sum += status.st_size;
        else if (errno != ENOENT)
            return -1;
    }
    return sum;
}

static void put_journal(struct stats *stats, struct json_writer *json, enum front front)
{
    const struct config *config = stats->session->config;
    const char *path = front == FRONT_MAIL ? config->journal.mail : config->journal.feeds;
    struct journal_state state = {0};
    struct error error = {0};
    struct journal *journal =
        journal_new(path, config->journal.size_limit_bytes, config->journal.resend_window_s);
    bool looked = journal_look(journal, &state, &error);
    double full = (double)state.size_bytes / (double)config->journal.size_limit_bytes;
    journal_free(journal);
    if (!looked) {
        note(stats, session_complain(&error));
    } else if (json) {
        json_put_open(json, "journal", '{');
        json_put_integer(json, "waiting", (int64_t)state.waiting);
        json_put_integer(json, "bytes", (int64_t)state.size_bytes);
        json_put_number(json, "full", full, 6);
        json_put_integer(json, "damaged", (int64_t)state.damaged);
        json_put_close(json, '}');
    } else {
        printf("journal of %s: waiting %zu  full %.1f%%", channel_names[front], state.waiting,
               100 * full);
        if (state.damaged)
            printf("  damaged %zu", state.damaged);
        putchar('\n');
    }
}

static void put_records_size(struct stats *stats, struct json_writer *json, enum front front)
{
    const struct config *config = stats->session->config;
    const char *path = front == FRONT_MAIL ? config->records_mail : config->records_feeds;
    int64_t size = size_of_records(path);
    if (size < 0) {
        fprintf(stderr, "weirctl: %s: %s\n", path, strerror(errno));
        note(stats, EX_NOINPUT);
    } else if (json) {
        json_put_integer(json, "records_bytes", size);
    } else {
        printf("records of %s: %.1f MB\n", channel_names[front], (double)size / 1e6);
    }
}

static void print_words(struct stats *stats)
{
    for (int front = 0; front < FRONTS; front++)
        print_channel(stats, (enum front)front);
    if (stats->store.name)
        print_store(&stats->store);
    for (int front = 0; front < FRONTS; front++)
        put_journal(stats, NULL, (enum front)front);
    for (int front = 0; front < FRONTS; front++)
        put_records_size(stats, NULL, (enum front)front);
}

/* --- JSON --- */

static void put_channel(struct stats *stats, struct json_writer *json, enum front front)
{
    const struct channel_sums *sums = &stats->sums[front];
    json_put_open(json, channel_names[front], '{');
    json_put_integer(json, "seen", sums->seen);
    json_put_integer(json, "accepted", sums->accepted);
    json_put_integer(json, "tagged", sums->tagged);
    json_put_integer(json, "held", sums->held);
    json_put_integer(json, "rejected", sums->rejected);
    json_put_integer(json, "deferred", sums->deferred);
    json_put_integer(json, "observed", sums->observed);
    json_put_integer(json, "kept", sums->kept);
    json_put_integer(json, "released", sums->released);
    json_put_integer(json, "confirmed", sums->confirmed);
    json_put_integer(json, "waiting", sums->waiting);
    json_put_number(json, "false_positive_rate", share(sums->released, sums->kept), 6);
    put_journal(stats, json, front);
    put_records_size(stats, json, front);
    json_put_close(json, '}');
}

static void put_store(const struct store_state *state, struct json_writer *json)
{
    json_put_open(json, "counts", '{');
    json_put_string(json, "name", span_of(state->name));
    json_put_bool(json, "up", state->up);
    if (!state->up) {
        json_put_string(json, "trouble", span_of(state->why.message));
        json_put_close(json, '}');
        return;
    }
    json_put_integer(json, "version", (int64_t)state->health.version);
    json_put_bool(json, "persistent", state->health.persistent);
    if (state->has_replica)
        json_put_integer(json, "slowest_replica", (int64_t)state->slowest);
    json_put_open(json, "lessons", '{');
    json_put_integer(json, "after", (int64_t)state->lessons.from);
    json_put_integer(json, "up_to", (int64_t)state->lessons.to);
    json_put_open(json, "sources", '[');
    for (size_t i = 0; i < state->lessons.count; i++) {
        json_put_open(json, NULL, '{');
        json_put_string(json, "source", span_of(state->lessons.sources[i].source));
        json_put_integer(json, "ham", state->lessons.sources[i].ham);
        json_put_integer(json, "spam", state->lessons.sources[i].spam);
        json_put_close(json, '}');
    }
    json_put_close(json, ']');
    json_put_close(json, '}');
    json_put_close(json, '}');
}

static void print_json(struct stats *stats)
{
    struct json_writer json = {0};
    json_put_open(&json, NULL, '{');
    json_put_integer(&json, "since", stats->since_s);
    for (int front = 0; front < FRONTS; front++)
        put_channel(stats, &json, (enum front)front);
    if (stats->store.name)
        put_store(&stats->store, &json);
    json_put_close(&json, '}');
    json_put_newline(&json);
    json_writer_flush(&json, stdout);
    json_writer_free(&json);
}

/* --- the command --- */

static int run(struct session *session, int count, char **arguments)
{
    const char *since = NULL;
    struct error error = {0};
    struct stats stats = {.session = session};
    const struct option_row rows[] = {{"since", &since, NULL}, {NULL, NULL, NULL}};
    int status = session_options(session, rows, &count, arguments);
    if (status != EX_OK)
        return status;
    if (count)
        return session_usage("stats takes options only; \"%s\" is none", arguments[0]);
    if (!period_since(since, time(NULL), &stats.since_s))
        return EX_USAGE;
    status = session_configure(session);
    if (status != EX_OK)
        return status;
    for (int front = 0; front < FRONTS; front++)
        sum_front(&stats, (enum front)front);
    const struct counts_options options = {.timeout_ms = session->config->counts_timeout_ms,
                                           .key_prefix = session->config->counts_prefix};
    struct counts_store *store = counts_open(session->config->counts_url, &options, &error);
    if (store)
        look_at_store(&stats, store);
    else
        note(&stats, session_complain(&error));
    if (session->json)
        print_json(&stats);
    else
        print_words(&stats);
    for (size_t i = 0; i < stats.store.lessons.count; i++)
        free(stats.store.lessons.sources[i].source);
    free(stats.store.lessons.sources);
    counts_close(store);
    return stats.worst;
}

const struct command command_stats = {
    "stats",
    run,
    "stats [--since WHEN]",
    "how much was judged and held, and how the stores stand",
    "Of each channel: how many were seen, and what became of them; of those kept back, how many\n"
    "were released (the rate of false positives, as far as anybody looked), confirmed, or wait "
    "for\n"
    "review. Of the counts store: whether it is up, the log's version, how far the slowest "
    "replica\n"
    "is, and who taught how much of what the log still holds. Of this gateway: the journals and\n"
    "the size of the records. A store that is away is told, and is no failure.\n\n"
    "--since WHEN  judged, held and taught since: 90m, 24h, 7d or 2w ago, or a day (2026-11-24)\n",
};
