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

static int show(struct session *session, enum front front, int64_t within_s)
{
    struct error error = {0};
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
    if (!records_retention_look(records, &limits, now_s, sums, &bytes, &error))
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
    return good ? EX_OK : session_complain(&error);
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
    for (int front = FRONT_MAIL; front < FRONTS && worst == EX_OK; front++)
        worst = show(session, (enum front)front, now_s > since_s ? now_s - since_s : 0);
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
