#include "admin/commands.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "admin/follow.h"
#include "admin/period.h"
#include "admin/records_text.h"
#include "store/records_search.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1e9

struct listing {
    struct session *session;
    struct history_filter filter;
    size_t limit; /* 0: none */
};

static bool wants(const struct listing *listing, enum front front)
{
    const char *channel = listing->filter.channel;
    return !channel || !strcmp(channel, front == FRONT_MAIL ? "mail" : "feed");
}

/* One line; what is not known of an entry takes no room. */
static void print_entry(const struct session *session, const struct history_entry *entry)
{
    if (session->json) {
        records_text_history_json(entry);
        return;
    }
    char when[32];
    printf("%s  %s  %-17s %+5.1f  ", records_text_time(entry->time_s, when), entry->channel,
           entry->action, entry->log_odds);
    records_text_start(*entry->sender ? entry->sender : "<>");
    if (*entry->recipients) {
        fputs(" > ", stdout);
        records_text_start(entry->recipients);
    }
    fputs("  ", stdout);
    records_text_start(entry->subject);
    if (*entry->reference) {
        fputs("  [", stdout);
        records_text_plain(entry->reference);
        putchar(']');
    }
    putchar('\n');
}

/* --- newest first: the two fronts' histories are gone through side by side --- */

struct stream {
    struct records_search *search;
    struct history_entry *entry; /* the next one; NULL: no more */
};

static bool step(struct stream *stream, struct error *error)
{
    return records_search_next(stream->search, &stream->entry, NULL, error);
}

static int open_streams(struct listing *listing, struct stream streams[FRONTS])
{
    struct error error = {0};
    for (int front = 0; front < FRONTS; front++) {
        if (!wants(listing, (enum front)front))
            continue;
        int status = session_open_records(listing->session, (enum front)front);
        if (status != EX_OK)
            return status;
        struct records *records = listing->session->records[front];
        if (!records)
            continue;
        streams[front].search = records_search_new(records, &listing->filter, &error);
        if (!streams[front].search || !step(&streams[front], &error))
            return session_complain(&error);
    }
    return EX_OK;
}

/* The stream with the newer entry; NULL: both are at their end. */
static struct stream *newest(struct stream streams[FRONTS])
{
    struct stream *best = NULL;
    for (int front = 0; front < FRONTS; front++) {
        struct stream *stream = &streams[front];
        if (stream->entry && (!best || stream->entry->time_s > best->entry->time_s))
            best = stream;
    }
    return best;
}

static int list(struct listing *listing)
{
    struct error error = {0};
    struct stream streams[FRONTS] = {{NULL, NULL}};
    struct stream *stream;
    size_t printed = 0;
    int status = open_streams(listing, streams);
    while (status == EX_OK && (!listing->limit || printed < listing->limit) &&
           (stream = newest(streams))) {
        print_entry(listing->session, stream->entry);
        printed++;
        history_entry_free(stream->entry);
        stream->entry = NULL;
        if (ferror(stdout))
            status = EX_IOERR;
        else if (!step(stream, &error))
            status = session_complain(&error);
    }
    for (int front = 0; front < FRONTS; front++) {
        history_entry_free(streams[front].entry);
        records_search_free(streams[front].search);
    }
    if (status == EX_OK && !printed && !listing->session->json)
        puts("nothing was judged");
    return status;
}

/* --- following --- */

/* Prints what came since `*last`, and moves that on. */
static int print_new(struct listing *listing, struct records *records, int64_t *last)
{
    struct error error = {0};
    struct history_filter filter = listing->filter;
    struct history_entry *entry = NULL;
    filter.after_id = *last;
    filter.by_id = true;
    struct records_search *search = records_search_new(records, &filter, &error);
    bool good = search != NULL;
    while (good && (good = records_search_next(search, &entry, last, &error)) && entry) {
        print_entry(listing->session, entry);
        history_entry_free(entry);
    }
    records_search_free(search);
    return good ? EX_OK : session_complain(&error);
}

/* A history that is not there yet is followed from its first entry. */
static int follow_history(void *context, enum front front, int64_t *last, bool first)
{
    struct listing *listing = context;
    struct error error = {0};
    if (!wants(listing, front))
        return EX_OK;
    int status = session_open_records(listing->session, front);
    struct records *records = listing->session->records[front];
    if (status != EX_OK || !records)
        return status;
    if (first)
        return records_history_last(records, last, &error) ? EX_OK : session_complain(&error);
    return print_new(listing, records, last);
}

/* --- the command --- */

static int run(struct session *session, int count, char **arguments)
{
    static const char *const channels[] = {"mail", "feed", NULL};
    struct listing listing = {.session = session, .limit = LIMIT_DEFAULT};
    struct history_filter *filter = &listing.filter;
    const char *since = NULL, *limit = NULL;
    bool following = false;
    double number;
    size_t which;
    const struct option_row rows[] = {
        {"channel", &filter->channel, NULL},
        {"action", &filter->action, NULL},
        {"sender", &filter->sender, NULL},
        {"recipient", &filter->recipient, NULL},
        {"subject", &filter->subject, NULL},
        {"since", &since, NULL},
        {"limit", &limit, NULL},
        {"follow", NULL, &following},
        {NULL, NULL, NULL},
    };
    int status = session_options(session, rows, &count, arguments);
    if (status != EX_OK)
        return status;
    if (count)
        return session_usage("history takes options only; \"%s\" is none", arguments[0]);
    if (!session_choice("--channel", filter->channel, channels, &which) ||
        !session_choice("--action", filter->action, records_text_actions, &which) ||
        !period_since(since, time(NULL), &filter->since_s))
        return EX_USAGE;
    if (limit) {
        if (!session_whole_number("--limit", limit, 0, LIMIT_MAX, &number))
            return EX_USAGE;
        listing.limit = (size_t)number;
    }
    return following ? follow(follow_history, &listing) : list(&listing);
}

const struct command command_history = {
    "history",
    run,
    "history [--channel mail|feed] [--action ACTION] [FILTER…] [--limit N] [--follow]",
    "what was judged, newest first",
    "One line for each verdict; with --json all that is recorded of it. All filters have to "
    "agree.\n"
    "\n"
    "--channel        mail or feed\n"
    "--action         accept, tag, hold, reject or defer; also where it was only observed\n"
    "--sender TEXT    the envelope sender, or the feed's name, has TEXT in it\n"
    "--recipient TEXT one of the recipients has\n"
    "--subject TEXT   the subject or title has\n"
    "--since WHEN     90m, 24h, 7d or 2w ago, or a day: 2026-11-24, \"2026-11-24 18:30\"\n"
    "--limit N        so many at most (50; 0: all)\n"
    "--follow         print verdicts as they come from now on, until stopped\n",
};
