#include "admin/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "admin/period.h"
#include "admin/records_text.h"
#include "core/json_writer.h"
#include "core/retention.h"
#include "store/records_page.h"

#define LISTED_MOST 1000

struct listing {
    const struct session *session;
    enum front front;
    struct json_writer json;
};

static bool print_expiring(void *context, const struct held *held)
{
    struct listing *listing = context;
    char id[RECORDS_TEXT_ID_SIZE], when[32];
    time_t expires = (time_t)(held->time_s + listing->session->config->held.keep_s);
    struct tm local;
    records_text_id(listing->front, held->id, id);
    if (listing->session->json) {
        json_put_open(&listing->json, NULL, '{');
        json_put_string(&listing->json, "id", span_of(id));
        json_put_integer(&listing->json, "expires_s", (int64_t)expires);
        json_put_close(&listing->json, '}');
        return true;
    }
    strftime(when, sizeof when, "%Y-%m-%d %H:%M", localtime_r(&expires, &local));
    printf("expires %s  ", when);
    records_text_held_line(listing->front, held);
    return true;
}

static void print_sums(struct listing *listing, const int64_t sums[RECORDS_DROPPED], int64_t bytes)
{
    const struct config *config = listing->session->config;
    if (listing->session->json) {
        json_put_string(&listing->json, "stream", span_of(session_streams[listing->front]));
        for (int i = 0; i < RECORDS_DROPPED; i++)
            json_put_integer(&listing->json, records_dropped_name((enum records_dropped)i),
                             sums[i]);
        json_put_integer(&listing->json, "size_bytes", bytes);
        json_put_integer(&listing->json, "size_limit_bytes", config->records_size_bytes);
        return;
    }
    printf("%s: %" PRId64 " held would expire now, %" PRId64 " deleted items be emptied, %" PRId64
           " settled entries, %" PRId64 " verdicts and %" PRId64
           " lines of the audit be dropped; %" PRId64 " of %" PRId64 " MiB are used\n",
           session_streams[listing->front], sums[RECORDS_EXPIRED], sums[RECORDS_EMPTIED],
           sums[RECORDS_SETTLED], sums[RECORDS_HISTORY], sums[RECORDS_AUDIT], bytes >> 20,
           config->records_size_bytes >> 20);
}

/* `trouble` is why it is not known what goes by size. */
static int complain_of_size(enum front front, const struct error *trouble)
{
    struct error error = {0};
    error_set(
        &error, ERROR_SYSTEM,
        "%s: the sums are by age alone: what goes by records.size-limit is found out on a copy "
        "of the file, for which the directory for temporary files must have room; set "
        "SQLITE_TMPDIR to one that has it: %s",
        session_streams[front], trouble->message);
    return session_complain(&error);
}

static int show(struct session *session, enum front front, int64_t within_s)
{
    struct error error = {0}, by_size = {0};
    struct listing listing = {.session = session, .front = front};
    int64_t now_s = time(NULL), sums[RECORDS_DROPPED], bytes;
    int status = session_open_records(session, front);
    struct records *records = session->records[front];
    if (status != EX_OK || !records)
        return status;
    struct records_limits limits = retention_limits(session->config);
    struct held_filter filter = {.states = RECORDS_OPEN | 1u << HELD_CONFIRMED,
                                 .until_s = now_s - limits.held_s + within_s + 1,
                                 .most = LISTED_MOST};
    if (!records_retention_look(records, &limits, now_s, sums, &bytes, &by_size, &error))
        return session_complain(&error);
    if (session->json)
        json_put_open(&listing.json, NULL, '{');
    print_sums(&listing, sums, bytes);
    if (session->json)
        json_put_open(&listing.json, "expiring", '[');
    bool good = records_held_page(records, &filter, print_expiring, &listing, &error);
    if (session->json) {
        json_put_close(&listing.json, ']');
        json_put_close(&listing.json, '}');
        json_put_newline(&listing.json);
        json_writer_flush(&listing.json, stdout);
    }
    json_writer_free(&listing.json);
    if (!good)
        return session_complain(&error);
    return by_size.class == ERROR_NONE ? EX_OK : complain_of_size(front, &by_size);
}

static int run(struct session *session, int count, char **arguments)
{
    struct error error = {0};
    const char *within = "1d";
    int64_t since_s, now_s = time(NULL);
    const struct option_row rows[] = {{"within", &within, NULL}, {NULL, NULL, NULL}};
    int status = session_options(session, rows, &count, arguments);
    if (status != EX_OK)
        return status;
    if (count)
        return session_usage("retention takes no words");
    if (!period_read(within, now_s, &since_s, &error))
        return session_usage("retention: --within: %s", error.message);
    int worst = session_configure(session);
    bool configured = worst == EX_OK;
    for (int front = FRONT_MAIL; front < FRONTS && configured; front++) {
        status = show(session, (enum front)front, now_s > since_s ? now_s - since_s : 0);
        worst = worst == EX_OK ? status : worst;
    }
    return worst;
}

const struct command command_retention = {
    "retention",
    run,
    "retention [--within TIME]",
    "what the records would let go of, and what expires next",
    "Drops nothing itself: weir-release does that for mail, weir-feedfilter for feeds, once a\n"
    "minute, by held.keep, held.undo, records.keep and records.size-limit of weir.conf(5).\n\n"
    "--within TIME  list what is held and expires within that time: 12h, 7d (default: 1d)\n",
};
