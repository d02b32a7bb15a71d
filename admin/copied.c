#include "admin/copied.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include "core/json_writer.h"
#include "core/reputation.h"

#define SQLITE_SCHEME "sqlite://"
#define TIMEOUT_LEAST_MS 10000

struct counts_store *copied_open(const struct session *session, const char *url, bool must_exist,
                                 int *status)
{
    unsigned timeout_ms = session->config->counts_timeout_ms;
    const struct counts_options options = {
        .timeout_ms = timeout_ms > TIMEOUT_LEAST_MS ? timeout_ms : TIMEOUT_LEAST_MS,
        .key_prefix = session->config->counts_prefix};
    size_t scheme = strlen(SQLITE_SCHEME);
    struct error error = {0};
    if (must_exist && !strncmp(url, SQLITE_SCHEME, scheme) && access(url + scheme, F_OK) != 0) {
        error_set(&error, ERROR_SYSTEM, "%s: %m", url + scheme);
        *status = session_complain_input(&error);
        return NULL;
    }
    struct counts_store *store = counts_open(url, &options, &error);
    *status = store ? EX_OK : session_complain(&error);
    return store;
}

bool copied_is_in_the_way(struct counts_store *to, bool force, int *status)
{
    struct error error = {0};
    bool empty = false;
    *status = EX_OK;
    if (!counts_is_empty(to, &empty, &error)) {
        *status = session_complain(&error);
    } else if (!empty && !force) {
        error_set(&error, ERROR_INPUT, "%s is not empty; --force replaces what is there",
                  counts_name(to));
        *status = session_complain(&error);
    }
    return *status != EX_OK;
}

/* --- comparing --- */

#define NEGLIGIBLE 0.01 /* of a lesson */

/* Of reputations, those that anything was said of: documents go on being counted in a store that is
 * in use, which also brings the counts of lessons up to another time. So what is left of these at
 * one moment is compared, up to rounding. */
struct side {
    uint64_t version, digest; /* of the replica */
    size_t reputations;
    double ham, spam; /* lessons that are left at `now_s` */
    uint64_t sum;     /* of a hash of each reputation's override, in whatever order they come */
    const struct reputation_table *table;
    int64_t now_s;
};

static void add_up(void *context, const struct identity *identity,
                   const struct reputation_counts *counts)
{
    struct side *side = context;
    struct reputation_weight weight =
        reputation_weight(side->table, identity->type, counts, side->now_s);
    if (weight.ham + weight.spam < NEGLIGIBLE && counts->override == OVERRIDE_NONE)
        return;
    int64_t numbers[] = {identity->type, counts->override, counts->override_centi,
                         counts->override_until_s};
    uint64_t value = XXH3_64bits(identity->value.data, identity->value.length);
    side->sum += XXH3_64bits_withSeed(numbers, sizeof numbers, value);
    side->reputations++;
    side->ham += weight.ham;
    side->spam += weight.spam;
}

static bool look(struct counts_store *store, const struct reputation_table *table, int64_t now_s,
                 struct side *side, struct error *error)
{
    struct replica *replica = replica_new(store, NULL);
    bool good = replica_catch_up(replica, error);
    *side = (struct side){.version = model_version(replica_model(replica)),
                          .digest = model_digest(replica_model(replica)),
                          .table = table,
                          .now_s = now_s};
    replica_free(replica);
    return good && counts_reputation_list(store, IDENTITY_TYPES, add_up, side, error);
}

/* Each count is rounded to a thousandth whenever it is brought up to another time. */
static bool same(const struct side *a, const struct side *b)
{
    double rounding = 0.002 * (double)(a->reputations + 1);
    return a->version == b->version && a->digest == b->digest && a->reputations == b->reputations &&
           a->sum == b->sum && fabs(a->ham - b->ham) < rounding &&
           fabs(a->spam - b->spam) < rounding;
}

/* --- telling --- */

static void print_words(const struct counts_sums *sums, const char *from, const char *to)
{
    const size_t *items = sums->items;
    printf("%s\n  -> %s\nversion %" PRIu64
           ": %s, %zu lessons of the log, %zu event ids, %zu labels, "
           "%zu reputations, %s\n",
           from, to, sums->version, items[COUNTS_ITEM_SNAPSHOT] ? "a snapshot" : "no snapshot",
           items[COUNTS_ITEM_LESSON], items[COUNTS_ITEM_EVENT], items[COUNTS_ITEM_LABEL],
           items[COUNTS_ITEM_REPUTATION], items[COUNTS_ITEM_SETTINGS] ? "settings" : "no settings");
}

static void print_json(const struct counts_sums *sums, const char *from, const char *to,
                       const struct side *side, bool verified)
{
    static const char *const names[COUNTS_ITEM_KINDS] = {
        [COUNTS_ITEM_SETTINGS] = "settings", [COUNTS_ITEM_SNAPSHOT] = "snapshots",
        [COUNTS_ITEM_LESSON] = "lessons",    [COUNTS_ITEM_EVENT] = "events",
        [COUNTS_ITEM_LABEL] = "labels",      [COUNTS_ITEM_REPUTATION] = "reputations",
    };
    struct json_writer json = {0};
    char digest[20];
    snprintf(digest, sizeof digest, "%016" PRIx64, side->digest);
    json_put_open(&json, NULL, '{');
    json_put_string(&json, "from", span_of(from));
    json_put_string(&json, "to", span_of(to));
    json_put_integer(&json, "version", (int64_t)sums->version);
    for (size_t i = 0; i < COUNTS_ITEM_KINDS; i++)
        if (names[i])
            json_put_integer(&json, names[i], (int64_t)sums->items[i]);
    json_put_string(&json, "digest", span_of(digest));
    json_put_bool(&json, "verified", verified);
    json_put_close(&json, '}');
    json_put_newline(&json);
    json_writer_flush(&json, stdout);
    json_writer_free(&json);
}

/* Whoever teaches makes the two differ; all else must not. */
static int complain_of(const struct counts_sums *sums, struct counts_store *from,
                       const struct side *ours, struct counts_store *to, const struct side *theirs)
{
    struct error error = {0};
    if (ours->version > sums->version)
        error_set(&error, ERROR_NETWORK,
                  "%s was taught lessons meanwhile, up to version %" PRIu64
                  ": stop what teaches and run this again with --force",
                  counts_name(from), ours->version);
    else if (theirs->version > sums->version)
        error_set(&error, ERROR_NETWORK,
                  "%s was taught lessons meanwhile, up to version %" PRIu64
                  ": the copy is complete, but could not be compared",
                  counts_name(to), theirs->version);
    else
        error_set(&error, ERROR_BUG,
                  "the two differ: version %" PRIu64 " and %" PRIu64 ", replica digest %016" PRIx64
                  " and %016" PRIx64 ", %zu and %zu reputations",
                  ours->version, theirs->version, ours->digest, theirs->digest, ours->reputations,
                  theirs->reputations);
    return session_complain(&error);
}

int copied_run(struct session *session, struct counts_store *from, struct counts_store *to)
{
    struct counts_sums sums;
    struct side ours, theirs;
    struct error error = {0};
    struct reputation_table table;
    struct session source = {.config = session->config, .store = from};
    int64_t now_s = time(NULL);
    if (!session_reputations(&source, &table, NULL)) /* settings of a newer weir are copied, too */
        table = session->config->reputations;
    if (!counts_copy(from, to, &sums, &error))
        return session_complain(&error);
    if (!session->json)
        print_words(&sums, counts_name(from), counts_name(to));
    if (!look(from, &table, now_s, &ours, &error) || !look(to, &table, now_s, &theirs, &error))
        return session_complain(&error);
    bool verified = same(&ours, &theirs);
    if (session->json)
        print_json(&sums, counts_name(from), counts_name(to), &ours, verified);
    else if (verified)
        printf("verified on both sides: replica digest %016" PRIx64
               ", %zu reputations of %.1f ham and %.1f spam lessons\n",
               ours.digest, ours.reputations, ours.ham, ours.spam);
    return verified ? EX_OK : complain_of(&sums, from, &ours, to, &theirs);
}
