#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/console_api.h"
#include "admin/held_filter.h"
#include "admin/period.h"
#include "admin/records_text.h"
#include "core/document.h"
#include "core/explain.h"
#include "store/records_search.h"
#include "store/records_series.h"

#define PAGE_USUAL 50
#define PAGE_MOST 200
#define HOUR_S 3600
#define DAY_S (24 * HOUR_S)
#define HOURS 24
#define DAYS 30
#define ZONE_MOST (14 * 60)

static const char *const channels[FRONTS] = {[FRONT_MAIL] = "mail", [FRONT_FEED] = "feed"};

/* --- over time --- */

static void put_verdicts(void *context, size_t span, const char *channel, const char *action,
                         int64_t count)
{
    struct json_writer *json = context;
    (void)channel;
    json_put_open(json, NULL, '{');
    json_put_integer(json, "span", (int64_t)span);
    json_put_string(json, "action", span_of(action));
    json_put_integer(json, "count", count);
    json_put_close(json, '}');
}

static void put_held(void *context, size_t span, enum held_state state, int64_t count)
{
    struct json_writer *json = context;
    json_put_open(json, NULL, '{');
    json_put_integer(json, "span", (int64_t)span);
    json_put_string(json, "state", span_of(held_state_name(state)));
    json_put_integer(json, "count", count);
    json_put_close(json, '}');
}

static bool put_series(struct json_writer *json, struct session *session, enum front front,
                       const struct records_spans *spans, struct error *error)
{
    struct records *records;
    bool good = console_open_records(session, front, &records, error);
    json_put_open(json, NULL, '{');
    json_put_string(json, "stream", span_of(session_streams[front]));
    json_put_open(json, "verdicts", '[');
    good = good && (!records || records_series_verdicts(records, spans, put_verdicts, json, error));
    json_put_close(json, ']');
    json_put_open(json, "held", '[');
    good = good && (!records || records_series_held(records, spans, put_held, json, error));
    json_put_close(json, ']');
    json_put_close(json, '}');
    return good;
}

/* The last ones that are whole but for the one that we are in; days begin where `zone_s` east of
 * Greenwich has its midnight. */
static struct records_spans spans_of(bool days, int64_t zone_s, int64_t now_s)
{
    struct records_spans spans = {.width_s = days ? DAY_S : HOUR_S, .count = days ? DAYS : HOURS};
    int64_t here_s = now_s + zone_s;
    spans.since_s =
        here_s - here_s % spans.width_s - spans.width_s * ((int64_t)spans.count - 1) - zone_s;
    return spans;
}

static bool read_zone(const struct console_request *request, int64_t *zone_s, struct error *error)
{
    const char *text = console_parameter(request, "zone");
    char *end = NULL;
    long minutes = text ? strtol(text, &end, 10) : 0;
    *zone_s = minutes * 60;
    return ((!end || (end != text && !*end)) && labs(minutes) <= ZONE_MOST &&
            *zone_s % RECORDS_QUARTER_S == 0) ||
           error_set(error, ERROR_INPUT,
                     "zone is minutes east of Greenwich, a multiple of %d, %d at most",
                     RECORDS_QUARTER_S / 60, ZONE_MOST);
}

static bool read_bucket(const struct console_request *request, bool *days, struct error *error)
{
    const char *bucket = console_parameter(request, "bucket");
    *days = bucket && strcmp(bucket, "day") == 0;
    return *days || !bucket || strcmp(bucket, "hour") == 0 ||
           error_set(error, ERROR_INPUT, "bucket is hour or day");
}

static void answer_series(struct session *session, const struct console_request *request,
                          struct console_answer *answer)
{
    struct error error = {0};
    int64_t zone_s;
    bool days;
    if (!read_bucket(request, &days, &error) || !read_zone(request, &zone_s, &error)) {
        console_refuse_error(answer, &error);
        return;
    }
    struct json_writer *json = &answer->json;
    struct records_spans spans = spans_of(days, zone_s, time(NULL));
    json_put_open(json, NULL, '{');
    json_put_integer(json, "since_s", spans.since_s);
    json_put_integer(json, "width_s", spans.width_s);
    json_put_integer(json, "count", (int64_t)spans.count);
    json_put_open(json, "streams", '[');
    bool good = true;
    for (int front = 0; good && front < FRONTS; front++)
        good = put_series(json, session, (enum front)front, &spans, &error);
    json_put_close(json, ']');
    json_put_close(json, '}');
    if (!good)
        console_refuse_error(answer, &error);
}

/* --- the list: both fronts side by side, newest first --- */

struct stream {
    struct records_search *search;
    struct history_entry *entry; /* the next one; NULL: no more */
    int64_t id;
    int64_t shown_s, shown_id; /* the last one that was shown; 0: none */
};

struct listing {
    struct history_filter filter;
    struct stream streams[FRONTS];
    size_t limit;
};

static const char *text_of(const struct console_request *request, const char *name)
{
    const char *text = console_parameter(request, name);
    return text && *text ? text : NULL;
}

/* "m1760000000-12.f0-0": what each stream has shown last. */
static bool read_cursor(const char *text, struct stream streams[FRONTS], struct error *error)
{
    struct stream *mail = &streams[FRONT_MAIL], *feed = &streams[FRONT_FEED];
    int end = 0;
    return !text ||
           (sscanf(text, "m%" SCNd64 "-%" SCNd64 ".f%" SCNd64 "-%" SCNd64 "%n", &mail->shown_s,
                   &mail->shown_id, &feed->shown_s, &feed->shown_id, &end) == 4 &&
            !text[end]) ||
           error_set(error, ERROR_INPUT, "after is not what a page said");
}

static bool read_channel(const struct console_request *request, const char **channel,
                         struct error *error)
{
    const char *stream = text_of(request, "stream");
    *channel = NULL;
    for (int front = 0; stream && front < FRONTS; front++)
        if (strcmp(stream, session_streams[front]) == 0)
            *channel = channels[front];
    return !stream || *channel || error_set(error, ERROR_INPUT, "stream is mail or feeds");
}

static bool check_action(const char *action, struct error *error)
{
    for (size_t i = 0; action && records_text_actions[i]; i++)
        if (strcmp(action, records_text_actions[i]) == 0)
            return true;
    return !action ||
           error_set(error, ERROR_INPUT,
                     "action is accept, tag, hold, reject or defer, not \"%.40s\"", action);
}

static bool read_listing(const struct console_request *request, struct listing *listing,
                         struct error *error)
{
    struct history_filter *filter = &listing->filter;
    int64_t now_s = time(NULL);
    filter->action = text_of(request, "action");
    if (!check_action(filter->action, error))
        return false;
    filter->sender = text_of(request, "sender");
    filter->recipient = text_of(request, "recipient");
    filter->subject = text_of(request, "subject");
    filter->text = text_of(request, "q");
    return held_text_check(filter->sender, error) && held_text_check(filter->recipient, error) &&
           held_text_check(filter->subject, error) && held_text_check(filter->text, error) &&
           read_channel(request, &filter->channel, error) &&
           period_read(text_of(request, "since"), now_s, &filter->since_s, error) &&
           period_read(text_of(request, "until"), now_s, &filter->until_s, error) &&
           read_cursor(text_of(request, "after"), listing->streams, error);
}

static bool step(struct stream *stream, struct error *error)
{
    return records_search_next(stream->search, &stream->entry, &stream->id, error);
}

static bool start(struct session *session, struct listing *listing, struct error *error)
{
    for (int front = 0; front < FRONTS; front++) {
        struct stream *stream = &listing->streams[front];
        struct history_filter filter = listing->filter;
        struct records *records;
        if (filter.channel && strcmp(filter.channel, channels[front]) != 0)
            continue;
        if (!console_open_records(session, (enum front)front, &records, error))
            return false;
        if (!records)
            continue;
        filter.before_s = stream->shown_s;
        filter.before_id = stream->shown_id;
        stream->search = records_search_new(records, &filter, error);
        if (!stream->search || !step(stream, error))
            return false;
    }
    return true;
}

static struct stream *newest(struct listing *listing)
{
    struct stream *mail = &listing->streams[FRONT_MAIL], *feed = &listing->streams[FRONT_FEED];
    if (mail->entry && (!feed->entry || mail->entry->time_s >= feed->entry->time_s))
        return mail;
    return feed->entry ? feed : NULL;
}

/* The members that a list shows, into an open object; all recipients only of an entry that is shown
 * `alone`. */
static void put_entry(struct json_writer *json, const struct history_entry *entry, bool alone)
{
    char hex[DOCUMENT_ID_HEX];
    document_id_hex(entry->document_id, hex);
    json_put_string(json, "id", span_of(hex));
    json_put_string(json, "stream",
                    span_of(strcmp(entry->channel, "mail") == 0 ? "mail" : "feeds"));
    json_put_integer(json, "judged_s", entry->time_s);
    json_put_string(json, "action", span_of(entry->action));
    json_put_number(json, "log_odds", entry->log_odds, 6);
    json_put_string(json, "sender", span_of(entry->sender));
    console_put_recipients(json, entry->recipients, alone);
    json_put_string(json, "subject", span_of(entry->subject));
    json_put_string(json, "reference", span_of(entry->reference));
}

static bool put_page(struct json_writer *json, struct listing *listing, struct error *error)
{
    struct stream *stream;
    size_t shown = 0;
    bool good = true;
    json_put_open(json, "items", '[');
    while (good && (stream = newest(listing)) && shown < listing->limit) {
        json_put_open(json, NULL, '{');
        put_entry(json, stream->entry, false);
        json_put_close(json, '}');
        stream->shown_s = stream->entry->time_s;
        stream->shown_id = stream->id;
        shown++;
        history_entry_free(stream->entry);
        good = step(stream, error);
    }
    json_put_close(json, ']');
    const struct stream *mail = &listing->streams[FRONT_MAIL],
                        *feed = &listing->streams[FRONT_FEED];
    char cursor[128];
    snprintf(cursor, sizeof cursor, "m%" PRId64 "-%" PRId64 ".f%" PRId64 "-%" PRId64, mail->shown_s,
             mail->shown_id, feed->shown_s, feed->shown_id);
    if (good && newest(listing))
        json_put_string(json, "next", span_of(cursor));
    return good;
}

static void answer_list(struct session *session, const struct console_request *request,
                        struct console_answer *answer)
{
    struct error error = {0};
    struct listing listing = {0};
    struct json_writer *json = &answer->json;
    if (!console_limit(request, PAGE_USUAL, PAGE_MOST, &listing.limit, answer))
        return;
    bool good = read_listing(request, &listing, &error) && start(session, &listing, &error);
    if (good) {
        json_put_open(json, NULL, '{');
        good = put_page(json, &listing, &error);
        json_put_close(json, '}');
    }
    for (int front = 0; front < FRONTS; front++) {
        history_entry_free(listing.streams[front].entry);
        records_search_free(listing.streams[front].search);
    }
    if (!good)
        console_refuse_error(answer, &error);
}

/* --- one verdict --- */

static void put_whole(struct json_writer *json, const struct history_entry *entry)
{
    json_put_open(json, NULL, '{');
    put_entry(json, entry, true);
    json_put_raw(json, "verdict",
                 *entry->evidence == '{' ? span_of(entry->evidence) : SPAN("null"));
    explain_reasons_member(json, span_of(entry->evidence));
    json_put_close(json, '}');
}

static void answer_one(struct session *session, const char *id, struct console_answer *answer)
{
    struct error error = {0};
    for (int front = 0; front < FRONTS; front++) {
        struct records *records;
        if (!console_open_records(session, (enum front)front, &records, &error)) {
            console_refuse_error(answer, &error);
            return;
        }
        struct history_entry *entry = records ? records_history_find(records, id, &error) : NULL;
        if (entry) {
            put_whole(&answer->json, entry);
            history_entry_free(entry);
            return;
        }
    }
    console_refuse(answer,
                   error.class == ERROR_SYSTEM ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_NOT_FOUND,
                   "%s", *error.message ? error.message : "nothing is recorded under this id");
}

void console_history(struct session *session, const struct console_request *request,
                     const char *rest, struct console_answer *answer)
{
    if (!*rest)
        answer_list(session, request, answer);
    else if (strcmp(rest, "series") == 0)
        answer_series(session, request, answer);
    else
        answer_one(session, rest, answer);
}
