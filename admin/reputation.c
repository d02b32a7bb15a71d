#include "admin/commands.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "admin/identity_text.h"
#include "admin/reputation_change.h"
#include "admin/reputation_remote.h"
#include "admin/reputation_story.h"
#include "admin/reputation_top.h"
#include "admin/reputation_transfer.h"
#include "core/json_writer.h"
#include "core/reputation.h"

#define TOP_USUAL 20
#define EVENTS_USUAL 20

/* What a command works on. */
struct request {
    struct session *session;
    struct document *scratch; /* owns the identity */
    struct identity identity;
    double days, min, limit; /* limit 0: as usual */
    bool csv, dry_run;
    const char *value;             /* third operand; NULL: none */
    struct reputation_asked asked; /* the same as it was typed, for another machine */
};

static void put_out(struct json_writer *json)
{
    json_put_newline(json);
    json_writer_flush(json, stdout);
    json_writer_free(json);
}

static void print_one(const struct request *request, const struct reputation_table *table,
                      const struct identity *identity, const struct reputation_counts *counts,
                      int64_t now_s)
{
    if (!request->session->json) {
        reputation_story_print_line(stdout, table, identity, counts, now_s);
        return;
    }
    struct json_writer json = {0};
    json_put_open(&json, NULL, '{');
    reputation_story_members(&json, table, identity, counts, now_s);
    json_put_close(&json, '}');
    put_out(&json);
}

static int show(struct request *request)
{
    struct error error = {0};
    struct reputation_counts counts;
    struct reputation_table table;
    if (!session_reputations(request->session, &table, &error) ||
        !counts_reputation_read(request->session->store, &request->identity, 1, &counts, &error))
        return session_complain(&error);
    print_one(request, &table, &request->identity, &counts, time(NULL));
    return EX_OK;
}

/* --- why --- */

static size_t events_of(const struct request *request)
{
    return request->limit > 0 ? (size_t)request->limit : EVENTS_USUAL;
}

static int explain(struct request *request)
{
    struct error error = {0};
    struct reputation_story story;
    if (!reputation_story_read(request->session, &request->identity, events_of(request),
                               request->scratch, &story, &error))
        return session_complain(&error);
    if (!request->session->json) {
        reputation_story_print(stdout, &story);
        return EX_OK;
    }
    struct json_writer json = {0};
    json_put_open(&json, NULL, '{');
    reputation_story_put(&json, &story);
    json_put_close(&json, '}');
    put_out(&json);
    return EX_OK;
}

static int history(struct request *request)
{
    struct error error = {0};
    struct reputation_story story;
    size_t most = events_of(request);
    if (!reputation_story_read(request->session, &request->identity, most, request->scratch, &story,
                               &error))
        return session_complain(&error);
    story.count = story.count < most ? story.count : most;
    if (!request->session->json)
        reputation_story_print_events(stdout, &story);
    for (size_t i = 0; request->session->json && i < story.count; i++) {
        struct json_writer json = {0};
        reputation_story_put_event(&json, &story.events[i]);
        put_out(&json);
    }
    return EX_OK;
}

/* --- changes --- */

static int change(struct request *request, struct reputation_change change)
{
    struct error error = {0}, warning = {0};
    bool changed;
    if (request->value && !session_number("log-odds", request->value, -REPUTATION_LOG_ODDS_MAX,
                                          REPUTATION_LOG_ODDS_MAX, &change.log_odds))
        return EX_USAGE;
    change.has_log_odds = request->value != NULL;
    change.has_days = request->days > 0;
    change.days = request->days;
    if (!reputation_change_do(request->session, &request->identity, &change, session_user(),
                              &changed, &warning, &error))
        return session_complain(&error);
    if (warning.class != ERROR_NONE)
        session_complain(&warning);
    if (strcmp(change.deed, "forget") != 0)
        return show(request);
    if (request->session->json)
        printf("{\"forgotten\":%s}\n", changed ? "true" : "false");
    else
        puts(changed ? "forgotten" : "nothing was known");
    return EX_OK;
}

static int set(struct request *request)
{
    if (!request->value)
        return session_usage("reputation set: which log-odds?");
    if (strcmp(request->value, "learned") != 0)
        return change(request, (struct reputation_change){.deed = "set"});
    request->value = NULL;
    return change(request, (struct reputation_change){.deed = "learned"});
}

static int pin(struct request *request)
{
    return change(request, (struct reputation_change){.deed = "pin"});
}

static int forget(struct request *request)
{
    return change(request, (struct reputation_change){.deed = "forget"});
}

/* --- lists --- */

static int list(struct request *request, const char *verb, int count, char **types)
{
    struct error error = {0};
    struct reputation_top top = {.least = request->min, .most = (size_t)request->limit};
    if (count > 1)
        return session_usage("reputation %s: one type at most", verb);
    if (!identity_text_type(count ? types[0] : NULL, &top.type, &error))
        return session_usage("reputation %s: %s", verb, error.message);
    if (!top.most && !strcmp(verb, "top"))
        top.most = TOP_USUAL;
    request->asked.type = count ? types[0] : NULL;
    if (request->session->gateway)
        return reputation_remote(request->session, &request->asked);
    int status = session_open_counts(request->session);
    if (status != EX_OK)
        return status;
    if (!reputation_top_read(request->session, &top, &error))
        status = session_complain(&error);
    for (size_t i = 0; status == EX_OK && i < top.count; i++)
        print_one(request, &top.table, &top.items[i].identity, &top.items[i].counts, top.now_s);
    reputation_top_clear(&top);
    return status;
}

/* --- whole stores --- */

static int export(struct request *request, int count, char **types)
{
    struct error error = {0};
    enum identity_type type;
    if (count > 1)
        return session_usage("reputation export: one type at most");
    if (request->csv && request->session->json)
        return session_usage("reputation export: --csv or --json, not both");
    if (!identity_text_type(count ? types[0] : NULL, &type, &error))
        return session_usage("reputation export: %s", error.message);
    return request->session->gateway
               ? reputation_remote_export(request->session, count ? types[0] : NULL,
                                          request->session->json)
               : reputation_export(request->session, type);
}

static int import(struct request *request, int count, char **paths)
{
    if (count != 1)
        return session_usage("reputation import: which file? - is standard input");
    return reputation_import(request->session, paths[0], request->dry_run);
}

/* --- the command --- */

static const struct {
    const char *name;
    int (*run)(struct request *request);
    int most; /* operands behind the name */
    enum identity_text_use use;
} verbs[] = {
    {"show", show, 2, IDENTITY_KNOWN},       {"explain", explain, 2, IDENTITY_KNOWN},
    {"history", history, 2, IDENTITY_KNOWN}, {"set", set, 3, IDENTITY_RULED},
    {"pin", pin, 3, IDENTITY_RULED},         {"forget", forget, 2, IDENTITY_KNOWN},
};

/* The other machine reads the words by its own configuration. */
static int ask_gateway(struct request *request, const char *verb, int count, char **operands)
{
    struct error error = {0};
    enum identity_type type;
    double log_odds;
    request->asked.type = operands[0];
    request->asked.value = operands[1];
    request->asked.log_odds = count > 2 ? operands[2] : NULL;
    if (!identity_text_type(operands[0], &type, &error))
        return session_usage("reputation %s: %s", verb, error.message);
    const char *number = request->asked.log_odds;
    if (!number && !strcmp(verb, "set"))
        return session_usage("reputation set: which log-odds?");
    if (number && (strcmp(verb, "set") != 0 || strcmp(number, "learned") != 0) &&
        !session_number("log-odds", number, -REPUTATION_LOG_ODDS_MAX, REPUTATION_LOG_ODDS_MAX,
                        &log_odds))
        return EX_USAGE;
    return reputation_remote(request->session, &request->asked);
}

static int about_one(struct request *request, size_t verb, int count, char **operands)
{
    struct error error = {0};
    const char *name = verbs[verb].name;
    if (count < 2 || count > verbs[verb].most)
        return session_usage("reputation %s: which type and value?", name);
    if (request->session->gateway)
        return ask_gateway(request, name, count, operands);
    int status = session_configure(request->session);
    if (status != EX_OK)
        return status;
    if (!identity_text_read(request->session->config, verbs[verb].use, operands[0], operands[1],
                            request->scratch, &request->identity, &error))
        return session_usage("reputation %s: %s", name, error.message);
    status = session_open_counts(request->session);
    request->value = count > 2 ? operands[2] : NULL;
    if (status == EX_OK)
        status = verbs[verb].run(request);
    char warning[IDENTITY_WARNING_SIZE];
    if (status == EX_OK &&
        identity_text_warn(request->session->config, &request->identity, warning))
        fprintf(stderr, "weirctl: %s\n", warning);
    return status;
}

static int dispatch(struct request *request, int count, char **arguments)
{
    const char *verb = count ? arguments[0] : "";
    request->asked.verb = verb;
    if (!strcmp(verb, "list") || !strcmp(verb, "top"))
        return list(request, verb, count - 1, arguments + 1);
    if (!strcmp(verb, "export"))
        return export(request, count - 1, arguments + 1);
    if (!strcmp(verb, "import"))
        return import(request, count - 1, arguments + 1);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (!strcmp(verb, verbs[i].name))
            return about_one(request, i, count - 1, arguments + 1);
    return session_usage(
        "reputation: show, explain, history, list, top, set, pin, forget, export or import?");
}

/* Which options go with what; with what is not there, any: it is told of later. */
static const struct {
    const char *verb, *options[3];
} takes[] = {
    {"show", {NULL}},          {"explain", {"limit"}},
    {"history", {"limit"}},    {"list", {"min", "limit"}},
    {"top", {"min", "limit"}}, {"set", {"days"}},
    {"pin", {NULL}},           {"forget", {NULL}},
    {"export", {"csv"}},       {"import", {"dry-run"}},
};

static bool does_take(const char *verb, const char *option)
{
    for (size_t i = 0; i < sizeof takes / sizeof *takes; i++) {
        if (strcmp(verb, takes[i].verb) != 0)
            continue;
        for (const char *const *taken = takes[i].options; *taken; taken++)
            if (!strcmp(*taken, option))
                return true;
        return false;
    }
    return true;
}

static int check_options(const struct request *request, int count, char **words)
{
    const struct {
        const char *name;
        bool given;
    } options[] = {{"days", request->asked.days != NULL},
                   {"min", request->asked.least != NULL},
                   {"limit", request->asked.limit != NULL},
                   {"csv", request->csv},
                   {"dry-run", request->dry_run}};
    const char *verb = count ? words[0] : "";
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (options[i].given && !does_take(verb, options[i].name))
            return session_usage("reputation %s takes no --%s", verb, options[i].name);
    if (request->asked.days && count > 3 && !strcmp(words[3], "learned"))
        return session_usage("reputation set learned takes no --days");
    return EX_OK;
}

static int run(struct session *session, int count, char **arguments)
{
    struct request request = {.session = session};
    const char *days = NULL, *min = NULL, *limit = NULL;
    const struct option_row rows[] = {{"days", &days, NULL},
                                      {"min", &min, NULL},
                                      {"limit", &limit, NULL},
                                      {"csv", NULL, &request.csv},
                                      {"dry-run", NULL, &request.dry_run},
                                      {NULL, NULL, NULL}};
    int status = session_options(session, rows, &count, arguments);
    if (status != EX_OK)
        return status;
    if ((days && !session_number("--days", days, 1, REPUTATION_DAYS_MAX, &request.days)) ||
        (min && !session_number("--min", min, 0, 1e9, &request.min)) ||
        (limit && !session_number("--limit", limit, 1, 1e6, &request.limit)))
        return EX_USAGE;
    request.asked = (struct reputation_asked){.days = days, .least = min, .limit = limit};
    status = check_options(&request, count, arguments);
    if (status != EX_OK)
        return status;
    request.scratch = document_new(CHANNEL_MAIL);
    status = dispatch(&request, count, arguments);
    document_free(request.scratch);
    return status;
}

const struct command command_reputation = {
    "reputation",
    run,
    "reputation show TYPE VALUE\n"
    "reputation explain TYPE VALUE [--limit N]\n"
    "reputation history TYPE VALUE [--limit N]\n"
    "reputation list [TYPE] [--min N] [--limit N]\n"
    "reputation top [TYPE] [--min N] [--limit N]\n"
    "reputation set TYPE VALUE LOG-ODDS|learned [--days N]\n"
    "reputation pin TYPE VALUE [LOG-ODDS]\n"
    "reputation forget TYPE VALUE\n"
    "reputation export [TYPE] [--csv|--json]\n"
    "reputation import FILE|- [--dry-run]",
    "what is known of addresses, domains, links, feeds",
    "Types: ip, net, asn, helo, envelope-domain, from-domain, from-address, dkim-domain,\n"
    "link-domain, link-host, attachment, feed, author, shingle, pair.\n\n"
    "show     the log-odds it adds now, and the lessons and judged documents that are left of its\n"
    "         counts\n"
    "explain  why: what was counted, how it decayed, how sure that is, the lessons that shaped "
    "it,\n"
    "         the verdicts here that it moved, and what admins said; N of each (20)\n"
    "history  these lessons, verdicts and changes, newest first\n"
    "list     all that anything was said of, or those of one type, heaviest first; --min leaves "
    "out\n"
    "         those with fewer lessons\n"
    "top      the N heaviest (20)\n"
    "set      use LOG-ODDS instead of what is learned, for N days (30); learned: take that back\n"
    "pin      the same until it is taken back; without LOG-ODDS what is learned now\n"
    "forget   drop counts and override\n"
    "export   print all, or those of one type: counts as they stand, their time, overrides; CSV, "
    "or\n"
    "         with --json an object on each line\n"
    "import   put what such a file says in the place of what is known of these identities, "
    "exactly;\n"
    "         a line that cannot be is named, and then nothing is changed; --dry-run never does\n\n"
    "With --gateway URL all of this is done on another machine, over its weir-console; see "
    "weirctl(1).\n",
};
