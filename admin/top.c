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

static void print_sender(void *context, const char *sender, int64_t ham, int64_t spam)
{
    print_one(context, "sender", span_of(sender), (double)ham, (double)spam);
}

static void print_feed(void *context, const char *feed, int64_t ham, int64_t spam)
{
    print_one(context, "feed", span_of(feed), (double)ham, (double)spam);
}

static int top_of_history(struct top *top, enum front front)
{
    struct error error = {0};
    bool mail = front == FRONT_MAIL;
    int status = session_open_records(top->session, front);
    struct records *records = top->session->records[front];
    if (status != EX_OK || !records)
        return status;
    return records_history_senders(records, mail ? "mail" : "feed", top->since_s, top->ham,
                                   top->limit, mail ? print_sender : print_feed, top, &error)
               ? EX_OK
               : session_complain(&error);
}

static int by_sender(struct top *top)
{
    return top_of_history(top, FRONT_MAIL);
}

static int by_feed(struct top *top)
{
    return top_of_history(top, FRONT_FEED);
}

/* --- from what all gateways have learned --- */

struct domain {
    char *name;
    size_t length;
    struct reputation_weight weight;
};

struct domains {
    const struct top *top;
    struct reputation_table table;
    struct domain *items;
    size_t count, room;
};

static void collect(void *context, const struct identity *identity,
                    const struct reputation_counts *counts)
{
    struct domains *domains = context;
    struct reputation_weight weight =
        reputation_weight(&domains->table, identity->type, counts, domains->top->now_s);
    if (counts->time_s < domains->top->since_s ||
        (domains->top->ham ? weight.ham : weight.spam) < 0.5)
        return;
    if (domains->count == domains->room) {
        domains->room = 2 * domains->room + 64;
        domains->items = memory_resize(domains->items, domains->room * sizeof *domains->items);
    }
    domains->items[domains->count++] = (struct domain){
        memory_copy(identity->value.data, identity->value.length), identity->value.length, weight};
}

static int compare(double a, double b)
{
    return (a < b) - (a > b);
}

static int most_spam(const void *a, const void *b)
{
    const struct domain *x = a, *y = b;
    int order = compare(x->weight.spam, y->weight.spam);
    return order ? order : strcmp(x->name, y->name);
}

static int most_ham(const void *a, const void *b)
{
    const struct domain *x = a, *y = b;
    int order = compare(x->weight.ham, y->weight.ham);
    return order ? order : strcmp(x->name, y->name);
}

/* A domain that a list brings twice stands there once. */
static void print_domains(const struct top *top, struct domains *domains)
{
    size_t printed = 0;
    if (domains->count)
        qsort(domains->items, domains->count, sizeof *domains->items,
              top->ham ? most_ham : most_spam);
    for (size_t i = 0; i < domains->count && printed < top->limit; i++) {
        const struct domain *domain = &domains->items[i];
        if (i && !strcmp(domain->name, domain[-1].name))
            continue;
        print_one(top, "link_domain", (struct span){domain->name, domain->length},
                  domain->weight.ham, domain->weight.spam);
        printed++;
    }
}

static int by_link_domain(struct top *top)
{
    struct error error = {0};
    struct domains domains = {.top = top};
    int status = session_open_counts(top->session);
    if (status != EX_OK)
        return status;
    if (session_reputations(top->session, &domains.table, &error) &&
        counts_reputation_list(top->session->store, IDENTITY_LINK_DOMAIN, collect, &domains,
                               &error))
        print_domains(top, &domains);
    else
        status = session_complain(&error);
    for (size_t i = 0; i < domains.count; i++)
        free(domains.items[i].name);
    free(domains.items);
    return status;
}

/* --- the command --- */

static const struct {
    const char *name;
    int (*run)(struct top *top);
} tables[] = {{"sender", by_sender}, {"feed", by_feed}, {"link-domain", by_link_domain}};

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
    return session_usage("top: --by sender, feed or link-domain, not \"%s\"", by);
}

const struct command command_top = {
    "top",
    run,
    "top [--by sender|feed|link-domain] [--ham] [--since WHEN] [--limit N]",
    "who sends the most spam, or ham",
    "--by sender       envelope senders, by the verdicts on their mail at this gateway: accepted "
    "is\n"
    "                  ham, all else is spam\n"
    "--by feed         the same of feeds, by the verdicts on their items\n"
    "--by link-domain  domains that are linked to, by the lessons of all gateways, which count "
    "less\n"
    "                  the older they are\n"
    "--ham             those with the most ham first\n"
    "--since WHEN      verdicts since, or domains taught since: 90m, 24h, 7d or 2w ago, or a day\n"
    "--limit N         so many (20)\n",
};
