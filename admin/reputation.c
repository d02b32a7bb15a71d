#include "admin/commands.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/json_writer.h"
#include "core/printable.h"
#include "core/reputation.h"

#define OVERRIDE_DAYS 30
#define DAY_S 86400
#define LOG_ODDS_MAX 20.0

/* What a command works on. */
struct request {
    struct session *session;
    struct document *scratch; /* owns the identity */
    struct identity identity;
    double days, min;
    const char *value; /* third operand; NULL: none */
};

struct listed {
    enum identity_type type;
    struct span value; /* in the scratch document's arena */
    struct reputation_counts counts;
    double weight; /* lessons that are left of its counts */
};

struct listing {
    struct request *request;
    struct listed *items;
    size_t count;
    int64_t now_s;
};

static void print_json(const struct reputation_table *table, struct json_writer *json,
                       enum identity_type type, struct span value,
                       const struct reputation_counts *counts, int64_t now_s)
{
    struct reputation_weight weight = reputation_weight(table, type, counts, now_s);
    json_put_open(json, NULL, '{');
    json_put_string(json, "type", span_of(identity_type_name(type)));
    json_put_string(json, "value", value);
    json_put_number(json, "ham", weight.ham, 3);
    json_put_number(json, "spam", weight.spam, 3);
    json_put_number(json, "log_odds", reputation_log_odds(table, type, counts, now_s), 3);
    bool in_force = reputation_override_in_force(counts, now_s);
    json_put_string(json, "override",
                    span_of(!in_force                          ? "none"
                            : counts->override == OVERRIDE_PIN ? "pin"
                                                               : "set"));
    if (in_force && counts->override == OVERRIDE_SET)
        json_put_integer(json, "until", counts->override_until_s);
    json_put_close(json, '}');
    json_put_newline(json);
}

static void print_words(const struct reputation_table *table, enum identity_type type,
                        struct span value, const struct reputation_counts *counts, int64_t now_s)
{
    struct reputation_weight weight = reputation_weight(table, type, counts, now_s);
    printf("%+6.2f  ham %7.1f  spam %7.1f  %-15s ", reputation_log_odds(table, type, counts, now_s),
           weight.ham, weight.spam, identity_type_name(type));
    printable_put(stdout, value, PRINTABLE_LINE);
    if (reputation_override_in_force(counts, now_s)) {
        char day[16] = "";
        time_t until = (time_t)counts->override_until_s;
        struct tm parts;
        if (gmtime_r(&until, &parts))
            strftime(day, sizeof day, "%Y-%m-%d", &parts);
        if (counts->override == OVERRIDE_PIN)
            fputs("  (pinned)", stdout);
        else
            printf("  (set until %s)", day);
    }
    putchar('\n');
}

static void print_one(const struct request *request, enum identity_type type, struct span value,
                      const struct reputation_counts *counts, int64_t now_s)
{
    const struct reputation_table *table = &request->session->config->reputations;
    if (!request->session->json) {
        print_words(table, type, value, counts, now_s);
        return;
    }
    struct json_writer json = {0};
    print_json(table, &json, type, value, counts, now_s);
    json_writer_flush(&json, stdout);
    json_writer_free(&json);
}

static int show(struct request *request)
{
    struct error error = {0};
    struct reputation_counts counts;
    if (!counts_reputation_read(request->session->store, &request->identity, 1, &counts, &error))
        return session_complain(&error);
    print_one(request, request->identity.type, request->identity.value, &counts, time(NULL));
    return EX_OK;
}

static int set_override(struct request *request, enum override_kind kind, double log_odds)
{
    struct error error = {0};
    int32_t centi = (int32_t)lround(log_odds * 100);
    int64_t until_s =
        kind == OVERRIDE_SET ? (int64_t)time(NULL) + (int64_t)(request->days * DAY_S) : 0;
    if (!counts_reputation_override(request->session->store, &request->identity, kind, centi,
                                    until_s, &error))
        return session_complain(&error);
    return show(request);
}

static int set(struct request *request)
{
    double log_odds = 0;
    if (!request->value)
        return session_usage("reputation set: which log-odds?");
    if (!strcmp(request->value, "learned"))
        return set_override(request, OVERRIDE_NONE, 0);
    if (!session_number("log-odds", request->value, -LOG_ODDS_MAX, LOG_ODDS_MAX, &log_odds))
        return EX_USAGE;
    return set_override(request, OVERRIDE_SET, log_odds);
}

static int pin(struct request *request)
{
    struct error error = {0};
    struct reputation_counts counts;
    double log_odds = 0;
    if (request->value) {
        if (!session_number("log-odds", request->value, -LOG_ODDS_MAX, LOG_ODDS_MAX, &log_odds))
            return EX_USAGE;
        return set_override(request, OVERRIDE_PIN, log_odds);
    }
    if (!counts_reputation_read(request->session->store, &request->identity, 1, &counts, &error))
        return session_complain(&error);
    log_odds = reputation_log_odds(&request->session->config->reputations, request->identity.type,
                                   &counts, time(NULL));
    return set_override(request, OVERRIDE_PIN, log_odds);
}

static int forget(struct request *request)
{
    struct error error = {0};
    bool existed;
    if (!counts_reputation_forget(request->session->store, &request->identity, &existed, &error))
        return session_complain(&error);
    if (request->session->json)
        printf("{\"forgotten\":%s}\n", existed ? "true" : "false");
    else
        puts(existed ? "forgotten" : "nothing was known");
    return EX_OK;
}

static void collect(void *context, const struct identity *identity,
                    const struct reputation_counts *counts)
{
    struct listing *listing = context;
    struct reputation_weight weight = reputation_weight(
        &listing->request->session->config->reputations, identity->type, counts, listing->now_s);
    double sum = weight.ham + weight.spam;
    if (sum < listing->request->min && !reputation_override_in_force(counts, listing->now_s))
        return;
    struct arena *arena = listing->request->scratch->arena;
    listing->items = arena_grow(arena, listing->items, listing->count, sizeof *listing->items);
    listing->items[listing->count++] =
        (struct listed){identity->type, arena_copy(arena, identity->value), *counts, sum};
}

static int by_weight(const void *a, const void *b)
{
    const struct listed *x = a, *y = b;
    if (x->weight != y->weight)
        return x->weight < y->weight ? 1 : -1;
    size_t shorter = x->value.length < y->value.length ? x->value.length : y->value.length;
    int order = memcmp(x->value.data, y->value.data, shorter);
    return order ? order
                 : (x->value.length > y->value.length) - (x->value.length < y->value.length);
}

static int list(struct request *request, enum identity_type type)
{
    struct error error = {0};
    struct listing listing = {request, NULL, 0, time(NULL)};
    if (!counts_reputation_list(request->session->store, type, collect, &listing, &error))
        return session_complain(&error);
    if (listing.count)
        qsort(listing.items, listing.count, sizeof *listing.items, by_weight);
    for (size_t i = 0; i < listing.count; i++)
        print_one(request, listing.items[i].type, listing.items[i].value, &listing.items[i].counts,
                  listing.now_s);
    return EX_OK;
}

static const struct {
    const char *name;
    int (*run)(struct request *request);
    int most; /* operands behind the name */
} verbs[] = {
    {"show", show, 2},
    {"set", set, 3},
    {"pin", pin, 3},
    {"forget", forget, 2},
};

/* The identity as gatherers write it: lower case, hashed when it is long. */
static int read_identity(struct request *request, const char *type_name, const char *value)
{
    enum identity_type type;
    if (!identity_type_from_name(span_of(type_name), &type))
        return session_usage("reputation: there is no type \"%s\"", type_name);
    document_add_identity(request->scratch, type, span_of(value));
    if (!request->scratch->identity_count)
        return session_usage("reputation: which %s?", type_name);
    request->identity = request->scratch->identities[0];
    return EX_OK;
}

/* What no document can have would be set and never met. */
static bool can_occur(enum identity_type type, struct span value)
{
    unsigned char address[16];
    char text[64];
    size_t blanks = 0, digits = 0;
    for (size_t i = 0; i < value.length; i++) {
        blanks += (unsigned char)value.data[i] <= ' ';
        digits += value.data[i] >= '0' && value.data[i] <= '9';
    }
    if (type == IDENTITY_IP) {
        snprintf(text, sizeof text, "%.*s", SPAN_ARGS(value));
        return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
    }
    if (type == IDENTITY_ASN)
        return digits == value.length;
    return !blanks || type >= IDENTITY_ATTACHMENT;
}

static int dispatch(struct request *request, int count, char **arguments)
{
    const char *verb = count ? arguments[0] : "";
    if (!strcmp(verb, "list")) {
        enum identity_type type = IDENTITY_TYPES;
        if (count > 2)
            return session_usage("reputation list: one type at most");
        if (count == 2 && !identity_type_from_name(span_of(arguments[1]), &type))
            return session_usage("reputation: there is no type \"%s\"", arguments[1]);
        int status = session_open_counts(request->session);
        return status == EX_OK ? list(request, type) : status;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verb, verbs[i].name) != 0)
            continue;
        if (count < 3 || count > 1 + verbs[i].most)
            return session_usage("reputation %s: which type and value?", verb);
        int status = read_identity(request, arguments[1], arguments[2]);
        if (status == EX_OK && verbs[i].most > 2 &&
            !can_occur(request->identity.type, request->identity.value))
            status =
                session_usage("reputation %s: \"%s\" is no %s", verb, arguments[2], arguments[1]);
        if (status == EX_OK)
            status = session_open_counts(request->session);
        request->value = count > 3 ? arguments[3] : NULL;
        return status == EX_OK ? verbs[i].run(request) : status;
    }
    return session_usage("reputation: show, list, set, pin or forget?");
}

static int run(struct session *session, int count, char **arguments)
{
    const char *days = NULL, *min = NULL;
    const struct option_row rows[] = {
        {"days", &days, NULL}, {"min", &min, NULL}, {NULL, NULL, NULL}};
    struct request request = {.session = session, .days = OVERRIDE_DAYS};
    int status = session_options(session, rows, &count, arguments);
    if (status != EX_OK)
        return status;
    if ((days && !session_number("--days", days, 1, 3650, &request.days)) ||
        (min && !session_number("--min", min, 0, 1e9, &request.min)))
        return EX_USAGE;
    request.scratch = document_new(CHANNEL_MAIL);
    status = dispatch(&request, count, arguments);
    document_free(request.scratch);
    return status;
}

const struct command command_reputation = {
    "reputation",
    run,
    "reputation show TYPE VALUE\n"
    "reputation list [TYPE] [--min N]\n"
    "reputation set TYPE VALUE LOG-ODDS|learned [--days N]\n"
    "reputation pin TYPE VALUE [LOG-ODDS]\n"
    "reputation forget TYPE VALUE",
    "what is known of addresses, domains, links, feeds",
    "Types: ip, net, asn, helo, envelope-domain, from-domain, from-address, dkim-domain,\n"
    "link-domain, link-host, attachment, feed, author, shingle, pair.\n\n"
    "show    the log-odds it adds now, and the lessons that are left of its counts\n"
    "list    all, or those of one type, heaviest first; --min leaves out those with fewer lessons\n"
    "set     use LOG-ODDS instead of what is learned, for N days (30); learned: take that back\n"
    "pin     the same until it is taken back; without LOG-ODDS what is learned now\n"
    "forget  drop counts and override\n",
};
