#include "admin/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/period.h"
#include "core/json_writer.h"
#include "core/printable.h"
#include "core/reputation.h"
#include "store/memory.h"
#include "store/records_search.h"

#define LIMIT_DEFAULT 20
#define LIMIT_MAX 1e6
#define SYMBOLS_MOST 10000 /* there are not that many */

struct top {
    struct session *session;
    bool ham; /* the most ham first */
    int64_t since_s, now_s;
    size_t limit;
};

static void print_one(const struct top *top, const char *by, struct span name, double ham,
                      double spam)
{
    if (!top->session->json) {
        printf("spam %8.0f  ham %8.0f  ", spam, ham);
        printable_put(stdout, name.length ? name : SPAN("<>"), PRINTABLE_LINE);
        putchar('\n');
        return;
    }
    struct json_writer json = {0};
    json_put_open(&json, NULL, '{');
    json_put_string(&json, by, name);
    json_put_number(&json, "spam", spam, 3);
    json_put_number(&json, "ham", ham, 3);
    json_put_close(&json, '}');
    json_put_newline(&json);
    json_writer_flush(&json, stdout);
    json_writer_free(&json);
}

/* --- from the history of this gateway --- */

struct group {
    const char *by; /* member of JSON */
    enum history_group group;
    struct top *top;
};

static void print_group(void *context, const char *name, int64_t ham, int64_t spam)
{
    const struct group *group = context;
    print_one(group->top, group->by, span_of(name), (double)ham, (double)spam);
}

static int top_of_history(struct top *top, enum front front, const char *by,
                          enum history_group kind)
{
    struct error error = {0};
    struct group group = {by, kind, top};
    int status = session_open_records(top->session, front);
    struct records *records = top->session->records[front];
    if (status != EX_OK || !records)
        return status;
    return records_history_groups(records, kind, front == FRONT_MAIL ? "mail" : "feed",
                                  top->since_s, top->ham, top->limit, print_group, &group, &error)
               ? EX_OK
               : session_complain(&error);
}

static int by_sender(struct top *top)
{
    return top_of_history(top, FRONT_MAIL, "sender", HISTORY_BY_SENDER);
}

static int by_domain(struct top *top)
{
    return top_of_history(top, FRONT_MAIL, "domain", HISTORY_BY_DOMAIN);
}

static int by_feed(struct top *top)
{
    return top_of_history(top, FRONT_FEED, "feed", HISTORY_BY_SENDER);
}

/* --- names that are summed up here --- */

struct named {
    char *name;
    size_t length;
    struct reputation_weight weight;
};

struct names {
    const struct top *top;
    struct reputation_table table;
    struct named *items;
    size_t count, room;
};

static void add_name(struct names *names, struct span name, struct reputation_weight weight)
{
    if (names->count == names->room) {
        names->room = 2 * names->room + 64;
        names->items = memory_resize(names->items, names->room * sizeof *names->items);
    }
    names->items[names->count++] =
        (struct named){memory_copy(name.data, name.length), name.length, weight};
}

/* Less has faded away, or is none of what is asked for. */
static bool matters(const struct top *top, struct reputation_weight weight)
{
    return (top->ham ? weight.ham : weight.spam) >= 0.5;
}

static void clear_names(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i].name);
    free(names->items);
}

static int compare(double a, double b)
{
    return (a < b) - (a > b);
}

static int most_spam(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int order = compare(x->weight.spam, y->weight.spam);
    return order ? order : strcmp(x->name, y->name);
}

static int most_ham(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int order = compare(x->weight.ham, y->weight.ham);
    return order ? order : strcmp(x->name, y->name);
}

/* A domain that a list brings twice stands there once. */
static void print_names(const struct top *top, const char *by, struct names *names)
{
    size_t printed = 0;
    if (names->count)
        qsort(names->items, names->count, sizeof *names->items, top->ham ? most_ham : most_spam);
    for (size_t i = 0; i < names->count && printed < top->limit; i++) {
        const struct named *named = &names->items[i];
        if (!matters(top, named->weight) || (i && !strcmp(named->name, named[-1].name)))
            continue;
        print_one(top, by, (struct span){named->name, named->length}, named->weight.ham,
                  named->weight.spam);
        printed++;
    }
}

/* --- symbols of both histories --- */

static void add_symbol(void *context, const char *name, int64_t ham, int64_t spam)
{
    struct names *names = context;
    size_t i = 0;
    while (i < names->count && strcmp(names->items[i].name, name) != 0)
        i++;
    if (i == names->count)
        add_name(names, span_of(name), (struct reputation_weight){0});
    names->items[i].weight.ham += (double)ham;
    names->items[i].weight.spam += (double)spam;
}

static int by_symbol(struct top *top)
{
    struct error error = {0};
    struct names names = {.top = top};
    int status = EX_OK;
    for (int front = 0; status == EX_OK && front < FRONTS; front++) {
        status = session_open_records(top->session, (enum front)front);
        struct records *records = top->session->records[front];
        if (status == EX_OK && records &&
            !records_history_groups(records, HISTORY_BY_SYMBOL,
                                    front == FRONT_MAIL ? "mail" : "feed", top->since_s, top->ham,
                                    SYMBOLS_MOST, add_symbol, &names, &error))
            status = session_complain(&error);
    }
    if (status == EX_OK)
        print_names(top, "symbol", &names);
    clear_names(&names);
    return status;
}

/* --- from what all gateways have learned --- */

static void collect(void *context, const struct identity *identity,
                    const struct reputation_counts *counts)
{
    struct names *names = context;
    struct reputation_weight weight =
        reputation_weight(&names->table, identity->type, counts, names->top->now_s);
    if (counts->time_s >= names->top->since_s && matters(names->top, weight))
        add_name(names, identity->value, weight);
}

static int by_link_domain(struct top *top)
{
    struct error error = {0};
    struct names names = {.top = top};
    int status = session_open_counts(top->session);
    if (status != EX_OK)
        return status;
    if (session_reputations(top->session, &names.table, &error) &&
        counts_reputation_list(top->session->store, IDENTITY_LINK_DOMAIN, collect, &names, &error))
        print_names(top, "link_domain", &names);
    else
        status = session_complain(&error);
    clear_names(&names);
    return status;
}

/* --- who teaches --- */

struct listed_source {
    struct span name;
    struct counts_trust trust;
    uint64_t lessons;
};

struct sources {
    struct listed_source *items;
    size_t count;
};

static void collect_source(void *context, struct span source, const struct counts_trust *trust,
                           uint64_t lessons)
{
    struct sources *sources = context;
    sources->items = memory_resize(sources->items, (sources->count + 1) * sizeof *sources->items);
    sources->items[sources->count++] = (struct listed_source){
        {memory_copy(source.data, source.length), source.length}, *trust, lessons};
}

/* Whom to believe least comes first. */
static int doubtful_first(const void *a, const void *b)
{
    const struct listed_source *x = a, *y = b;
    double p = counts_trust_mean(&x->trust), q = counts_trust_mean(&y->trust);
    return p != q ? (p > q) - (p < q) : strcmp(x->name.data, y->name.data);
}

static void print_source(const struct top *top, const struct listed_source *source)
{
    double trust = counts_trust_mean(&source->trust);
    double share = trust * top->session->config->reputations.source_share;
    if (!top->session->json) {
        printf("%5.1f %%  agreed %4u  not %4u  lessons %6" PRIu64 "  ", 100 * share,
               source->trust.agreed, source->trust.disagreed, source->lessons);
        printable_put(stdout, source->name, PRINTABLE_LINE);
        putchar('\n');
        return;
    }
    struct json_writer json = {0};
    json_put_open(&json, NULL, '{');
    json_put_string(&json, "source", source->name);
    json_put_integer(&json, "agreed", source->trust.agreed);
    json_put_integer(&json, "disagreed", source->trust.disagreed);
    json_put_integer(&json, "lessons", (int64_t)source->lessons);
    json_put_number(&json, "trust", trust, 4);
    json_put_number(&json, "share", share, 4);
    json_put_close(&json, '}');
    json_put_newline(&json);
    json_writer_flush(&json, stdout);
    json_writer_free(&json);
}

static int by_source(struct top *top)
{
    struct error error = {0};
    struct sources sources = {NULL, 0};
    int status = session_open_counts(top->session);
    if (status != EX_OK)
        return status;
    if (!counts_source_list(top->session->store, collect_source, &sources, &error))
        status = session_complain(&error);
    if (sources.count)
        qsort(sources.items, sources.count, sizeof *sources.items, doubtful_first);
    for (size_t i = 0; i < sources.count; i++) {
        if (status == EX_OK && i < top->limit)
            print_source(top, &sources.items[i]);
        free((char *)(uintptr_t)sources.items[i].name.data);
    }
    free(sources.items);
    return status;
}

/* --- the command --- */

static const struct {
    const char *name;
    int (*run)(struct top *top);
} tables[] = {{"sender", by_sender}, {"domain", by_domain},           {"feed", by_feed},
              {"symbol", by_symbol}, {"link-domain", by_link_domain}, {"source", by_source}};

static int run(struct session *session, int count, char **arguments)
{
    struct top top = {.session = session, .now_s = time(NULL), .limit = LIMIT_DEFAULT};
    const char *by = "sender", *since = NULL, *limit = NULL;
    double number;
    const struct option_row rows[] = {{"by", &by, NULL},
                                      {"since", &since, NULL},
                                      {"limit", &limit, NULL},
                                      {"ham", NULL, &top.ham},
                                      {NULL, NULL, NULL}};
    int status = session_options(session, rows, &count, arguments);
    if (status != EX_OK)
        return status;
    if (count)
        return session_usage("top takes options only; \"%s\" is none", arguments[0]);
    if (!period_since(since, top.now_s, &top.since_s))
        return EX_USAGE;
    if (limit) {
        if (!session_whole_number("--limit", limit, 1, LIMIT_MAX, &number))
            return EX_USAGE;
        top.limit = (size_t)number;
    }
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        if (!strcmp(by, tables[i].name))
            return tables[i].run(&top);
    }
    return session_usage(
        "top: --by sender, domain, feed, symbol, link-domain or source, not \"%s\"", by);
}

const struct command command_top = {
    "top",
    run,
    "top [--by sender|domain|feed|symbol|link-domain|source] [--ham] [--since WHEN] [--limit N]",
    "who sends the most spam, or ham; what tells it",
    "--by sender       envelope senders, by the verdicts on their mail at this gateway: accepted "
    "is\n"
    "                  ham, all else is spam\n"
    "--by domain       the same of their domains\n"
    "--by feed         the same of feeds, by the verdicts on their items\n"
    "--by symbol       the same of each symbol in the evidence of mail and items, as "
    "REPUTATION_IP:\n"
    "                  how many verdicts it had a part in, of the newest 100,000\n"
    "--by link-domain  domains that are linked to, by the lessons of all gateways, which count "
    "less\n"
    "                  the older they are\n"
    "--by source       who teaches and is not the operator: the share of a reputation that each "
    "may "
    "have,\n"
    "                  how often the operator agreed later, or did not, and how many documents it "
    "taught in\n"
    "                  180 days; whom to believe least comes first\n"
    "--ham             those with the most ham first\n"
    "--since WHEN      verdicts since, or domains taught since: 90m, 24h, 7d or 2w ago, or a day\n"
    "--limit N         so many (20)\n",
};
