/* A seeded simulator of how reputations move: the real judge on a real counts store, under a clock
 * of its own. There is no text in what it sends, so that reputations alone are judged by. Each
 * scenario says how it went and holds the bars that stand at its end; with WEIR_PLOTS naming a
 * directory it draws a plot there, reputation-NAME.svg, as those in docs/ were drawn. */
#include "core/config.h"
#include "core/first_seen.h"
#include "core/judge.h"
#include "core/mail.h"
#include "core/reputation.h"
#include "tests/unit/counts_place.h"

#include <hiredis.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define DAY 86400
#define BEGIN 1700000000
#define CURVES 3
#define POINTS 600

static int64_t now_s;

/* The library's, too: it is linked into this program. */
time_t time(time_t *out)
{
    if (out)
        *out = now_s;
    return now_s;
}

struct curve {
    const char *name;
    double day[POINTS], log_odds[POINTS];
    size_t count;
};

struct world {
    struct counts_place *place;
    struct counts_store *store;
    struct config *config;
    struct judge judge;
    unsigned documents;
    uint64_t random;
    struct curve curves[CURVES];
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct error error = {0};
    const struct counts_options options = {.timeout_ms = 10000};
    now_s = BEGIN;
    world->place = counts_place_start(*state);
    world->store = counts_open(counts_place_url(world->place), &options, &error);
    world->config = config_defaults();
    world->judge.store = world->store;
    world->random = 20261128;
    *state = world;
    return world->store ? 0 : -1;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    counts_close(world->store);
    counts_place_free(world->place);
    config_release(world->config);
    free(world);
    return 0;
}

/* xorshift64*: the same everywhere. */
static unsigned draw(struct world *world, unsigned below)
{
    world->random ^= world->random >> 12;
    world->random ^= world->random << 25;
    world->random ^= world->random >> 27;
    return (unsigned)((world->random * 2685821657736338717u) >> 33) % below;
}

struct named {
    enum identity_type type;
    const char *value;
};

static struct document *document_of(struct world *world, enum channel channel,
                                    const struct named *identities)
{
    struct document *document = document_new(channel);
    unsigned number = ++world->documents;
    memcpy(document->id, &number, sizeof number);
    document->envelope.internal = true; /* it has no headers that could be missed */
    for (; identities->value; identities++)
        document_add_identity(document, identities->type, span_of(identities->value));
    return document;
}

static struct verdict judged(struct world *world, struct document *document)
{
    struct verdict verdict;
    judge_documents(&world->judge, world->config, &document, 1, &verdict);
    return verdict;
}

static void teach(struct world *world, const struct document *document, enum label label,
                  const char *source)
{
    struct error error = {0};
    struct append_result result;
    size_t done;
    struct lesson lesson = {.label = label,
                            .trust = strcmp(source, "operator") ? TRUST_USER : TRUST_OPERATOR,
                            .source = span_of(source),
                            .time_s = now_s,
                            .feature_version = 1,
                            .identities = document->identities,
                            .identity_count = document->identity_count};
    memcpy(lesson.document_id, document->id, LESSON_ID_BYTES);
    lesson_set_event_id(&lesson, 0);
    const struct lesson *lessons = &lesson;
    assert_true(counts_append(world->store, &lessons, 1, &result, &done, &error));
}

/* Judged, then taught; what it was judged at. */
static struct verdict pass(struct world *world, enum channel channel,
                           const struct named *identities, enum label label)
{
    struct document *document = document_of(world, channel, identities);
    struct verdict verdict = judged(world, document);
    teach(world, document, label, "operator");
    verdict.evidence = NULL; /* it goes with the document */
    verdict.record = NULL;
    document_free(document);
    return verdict;
}

static double log_odds_of(struct world *world, enum identity_type type, const char *value)
{
    struct identity identity = {type, span_of(value)};
    struct reputation_counts counts;
    struct error error = {0};
    assert_true(counts_reputation_read(world->store, &identity, 1, &counts, &error));
    return reputation_log_odds(&world->config->reputations, type, &counts, now_s);
}

static void mark(struct world *world, size_t at, const char *name, double log_odds)
{
    struct curve *curve = &world->curves[at];
    curve->name = name;
    if (curve->count == POINTS)
        return;
    curve->day[curve->count] = (double)(now_s - BEGIN) / DAY;
    curve->log_odds[curve->count++] = log_odds;
}

/* --- plots --- */

static double height_of(double log_odds)
{
    return 130 - 24 * log_odds;
}

static void plot(const struct world *world, const char *scenario)
{
    static const char *const colours[CURVES] = {"#b3261e", "#1f5fa8", "#2e7d32"};
    const char *directory = getenv("WEIR_PLOTS");
    char path[512];
    if (!directory)
        return;
    snprintf(path, sizeof path, "%s/reputation-%s.svg", directory, scenario);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    double last = (double)(now_s - BEGIN) / DAY;
    fputs("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 280\" "
          "font-family=\"sans-serif\" font-size=\"12\">\n"
          "<rect width=\"640\" height=\"280\" fill=\"#fff\"/>\n",
          file);
    for (int level = -5; level <= 4; level++)
        fprintf(file,
                "<path d=\"M40 %.0f H630\" stroke=\"%s\"/><text x=\"8\" y=\"%.0f\">%+d</text>\n",
                height_of(level), level ? "#ddd" : "#888", height_of(level) + 4, level);
    fprintf(file, "<text x=\"590\" y=\"275\">day %.0f</text>\n", last);
    for (size_t i = 0; i < CURVES && world->curves[i].count; i++) {
        const struct curve *curve = &world->curves[i];
        fprintf(file, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"",
                colours[i]);
        for (size_t j = 0; j < curve->count; j++)
            fprintf(file, "%.1f,%.1f ", 40 + 590 * curve->day[j] / last,
                    height_of(curve->log_odds[j]));
        fprintf(file, "\"/><text x=\"%zu\" y=\"16\" fill=\"%s\">%s</text>\n", 48 + 200 * i,
                colours[i], curve->name);
    }
    fputs("</svg>\n", file);
    assert_int_equal(fclose(file), 0);
}

/* --- scenarios --- */

/* Every bot has an address and a sender of its own; what it links to and says is the campaign's. */
static void test_botnet_on_many_addresses(void **state)
{
    struct world *world = *state;
    unsigned tagged = 0, first = 0;
    for (unsigned bot = 1; bot <= 200; bot++) {
        char ip[32], net[32], sender[32];
        snprintf(ip, sizeof ip, "10.%u.%u.7", bot, draw(world, 250));
        snprintf(net, sizeof net, "10.%u.9.0/24", bot);
        snprintf(sender, sizeof sender, "bot%u.example", bot);
        const struct named identities[] = {{IDENTITY_IP, ip},
                                           {IDENTITY_NET, net},
                                           {IDENTITY_FROM_DOMAIN, sender},
                                           {IDENTITY_LINK_DOMAIN, "pills.example"},
                                           {IDENTITY_SHINGLE, "00112233445566ff"},
                                           {0, NULL}};
        struct verdict verdict = pass(world, CHANNEL_MAIL, identities, LABEL_SPAM);
        tagged += verdict.action >= ACTION_TAG;
        if (!first && verdict.action >= ACTION_TAG)
            first = bot;
        mark(world, 0, "link domain", log_odds_of(world, IDENTITY_LINK_DOMAIN, "pills.example"));
        mark(world, 1, "shingle", log_odds_of(world, IDENTITY_SHINGLE, "00112233445566ff"));
        mark(world, 2, "one bot's address", log_odds_of(world, IDENTITY_IP, ip));
        now_s += 1800;
    }
    print_message("botnet: message %u is the first to be tagged, %u of 200 are\n", first, tagged);
    plot(world, "botnet");
    assert_in_range(first, 2, 3);
    assert_true(tagged >= 196);
}

/* Each address of a /24 and each sender is used once. */
static void test_snowshoe_across_a_network(void **state)
{
    struct world *world = *state;
    unsigned until = 0;
    for (unsigned address = 1; address <= 200; address++) {
        char ip[32], sender[32];
        snprintf(ip, sizeof ip, "192.0.2.%u", address);
        snprintf(sender, sizeof sender, "shoe%u.example", address);
        const struct named identities[] = {{IDENTITY_IP, ip},
                                           {IDENTITY_NET, "192.0.2.0/24"},
                                           {IDENTITY_FROM_DOMAIN, sender},
                                           {0, NULL}};
        struct verdict verdict = pass(world, CHANNEL_MAIL, identities, LABEL_SPAM);
        if (!until && verdict.action >= ACTION_TAG)
            until = address;
        mark(world, 0, "the /24", log_odds_of(world, IDENTITY_NET, "192.0.2.0/24"));
        mark(world, 1, "one address", log_odds_of(world, IDENTITY_IP, ip));
        now_s += 3600;
    }
    print_message("snowshoe: message %u is the first to be tagged for its network\n", until);
    plot(world, "snowshoe");
    assert_in_range(until, 2, 15);
}

static const struct named good_domain[] = {{IDENTITY_DKIM_DOMAIN, "shop.example"},
                                           {IDENTITY_FROM_DOMAIN, "shop.example"},
                                           {IDENTITY_LINK_DOMAIN, "shop.example"},
                                           {0, NULL}};

static double standing(struct world *world, const struct named *identities, enum channel channel)
{
    struct document *document = document_of(world, channel, identities);
    double log_odds = judged(world, document).log_odds;
    document_free(document);
    mark(world, 0, "what its mail is judged at", log_odds);
    mark(world, 1, "signature", log_odds_of(world, IDENTITY_DKIM_DOMAIN, "shop.example"));
    return log_odds;
}

/* Ham for half a year, then ten days of spam, then ham again. */
static void test_hijacked_domain_sinks_and_recovers(void **state)
{
    struct world *world = *state;
    const unsigned sinks_within = 80;
    const double recovers_within = 2; /* half-lives of a signature */
    for (unsigned day = 0; day < 180; day++, now_s += DAY) {
        pass(world, CHANNEL_MAIL, good_domain, LABEL_HAM);
        standing(world, good_domain, CHANNEL_MAIL);
    }
    assert_true(standing(world, good_domain, CHANNEL_MAIL) < -1);
    unsigned needed = 0;
    for (unsigned i = 1; i <= 200; i++, now_s += DAY / 20) {
        pass(world, CHANNEL_MAIL, good_domain, LABEL_SPAM);
        if (standing(world, good_domain, CHANNEL_MAIL) > 0 && !needed)
            needed = i;
    }
    double half_life = world->config->reputations.types[IDENTITY_DKIM_DOMAIN].half_life_s;
    int64_t mended_s = now_s;
    while (now_s - mended_s < 6 * half_life) {
        pass(world, CHANNEL_MAIL, good_domain, LABEL_HAM);
        now_s += DAY;
        if (standing(world, good_domain, CHANNEL_MAIL) < 0)
            break;
    }
    double took = (double)(now_s - mended_s) / half_life;
    print_message("hijacked domain: sinks after %u spam, recovers after %.2f half-lives\n", needed,
                  took);
    plot(world, "hijacked");
    assert_in_range(needed, 1, sinks_within);
    assert_true(took <= recovers_within);
}

/* The store counts documents, today too. */
static void go_on_counting(struct world *world)
{
    const struct identity client = {IDENTITY_IP, SPAN("127.0.0.1")};
    const uint32_t documents = 1;
    struct error error = {0};
    assert_true(counts_reputation_seen(world->store, &client, &documents, 1, &error));
}

/* It has done so for long enough to tell who is new. Redis has a clock of its own. */
static void count_for_long(struct world *world)
{
    static const char socket[] = "redis+unix://";
    const char *url = counts_place_url(world->place);
    if (strncmp(url, socket, strlen(socket)) == 0) {
        redisContext *redis = redisConnectUnix(url + strlen(socket));
        assert_non_null(redis);
        freeReplyObject(
            redisCommand(redis, "SET weir:since %lld", (long long)now_s - FIRST_SEEN_AFTER_S));
        redisFree(redis);
    }
    int64_t until_s = now_s;
    for (now_s -= FIRST_SEEN_AFTER_S; now_s <= until_s; now_s += DAY)
        go_on_counting(world);
    now_s = until_s;
}

static bool says(const struct verdict *verdict, const char *symbol)
{
    for (size_t i = 0; i < verdict->evidence_count; i++)
        if (strcmp(verdict->evidence[i].symbol, symbol) == 0)
            return true;
    return false;
}

/* Nobody knows it, and what it links to is new; one in twenty of its recipients calls it spam. */
static void test_new_honest_sender_is_never_held(void **state)
{
    struct world *world = *state;
    const struct named identities[] = {
        {IDENTITY_IP, "198.51.100.9"},         {IDENTITY_NET, "198.51.100.0/24"},
        {IDENTITY_FROM_DOMAIN, "new.example"}, {IDENTITY_DKIM_DOMAIN, "new.example"},
        {IDENTITY_LINK_DOMAIN, "new.example"}, {0, NULL}};
    double worst = -INFINITY;
    unsigned new = 0;
    count_for_long(world);
    for (unsigned i = 0; i < 200; i++, now_s += DAY / 4) {
        go_on_counting(world);
        struct document *document = document_of(world, CHANNEL_MAIL, identities);
        struct verdict verdict = judged(world, document);
        new += says(&verdict, "LINK_FIRST_SEEN");
        worst = fmax(worst, verdict.log_odds);
        assert_true(verdict.action < ACTION_HOLD);
        char user[32];
        snprintf(user, sizeof user, "user:%u", i);
        if (draw(world, 20) == 0)
            teach(world, document, LABEL_SPAM, user);
        else if (draw(world, 2) == 0)
            teach(world, document, LABEL_HAM, user);
        document_free(document);
        mark(world, 0, "what its mail is judged at", verdict.log_odds);
    }
    print_message("new honest sender: at worst %+.2f, never held; %u times new\n", worst, new);
    plot(world, "honest");
    assert_true(new > 0);
}

/* A feed that was good for half a year is sold and turns to advertising. */
static void test_resold_feed_sinks(void **state)
{
    struct world *world = *state;
    const struct named identities[] = {{IDENTITY_FEED, "https://blog.example/feed"},
                                       {IDENTITY_AUTHOR, "https://blog.example/feed ann"},
                                       {IDENTITY_LINK_DOMAIN, "blog.example"},
                                       {0, NULL}};
    for (unsigned i = 0; i < 180; i++, now_s += DAY) {
        pass(world, CHANNEL_FEED, identities, LABEL_HAM);
        mark(world, 0, "feed", log_odds_of(world, IDENTITY_FEED, "https://blog.example/feed"));
    }
    const struct named sold[] = {{IDENTITY_FEED, "https://blog.example/feed"},
                                 {IDENTITY_AUTHOR, "https://blog.example/feed admin"},
                                 {IDENTITY_LINK_DOMAIN, "casino.example"},
                                 {0, NULL}};
    unsigned needed = 0;
    for (unsigned i = 1; i <= 60; i++, now_s += DAY / 4) {
        struct verdict verdict = pass(world, CHANNEL_FEED, sold, LABEL_SPAM);
        if (!needed && verdict.action >= ACTION_TAG)
            needed = i;
        mark(world, 0, "feed", log_odds_of(world, IDENTITY_FEED, "https://blog.example/feed"));
        mark(world, 1, "what it links to",
             log_odds_of(world, IDENTITY_LINK_DOMAIN, "casino.example"));
    }
    print_message("resold feed: item %u after the sale is the first to be tagged\n", needed);
    plot(world, "resold");
    assert_in_range(needed, 2, 5);
}

/* One user calls everything from a good shop spam, ten times a day, while its other customers and
 * the users who know its mail teach it as ham once a day; and calls ham what a spammer sends, whom
 * others teach as spam as often. A twin of each, whom the poisoner leaves alone, shows what they
 * would be. Before, the poisoner agreed with the operator a hundred times. */
struct target {
    const char *domain, *twin;
    enum label label;
};

static double poison(struct world *world, const struct target *target, unsigned day)
{
    const struct named names[] = {
        {IDENTITY_DKIM_DOMAIN, target->domain}, {IDENTITY_LINK_DOMAIN, target->domain}, {0, NULL}};
    const struct named twins[] = {
        {IDENTITY_DKIM_DOMAIN, target->twin}, {IDENTITY_LINK_DOMAIN, target->twin}, {0, NULL}};
    char user[32];
    snprintf(user, sizeof user, "user:%u", day % 20);
    for (unsigned i = 0; i < 2; i++) {
        struct document *document = document_of(world, CHANNEL_MAIL, i ? twins : names);
        teach(world, document, target->label, user);
        document_free(document);
    }
    for (unsigned i = 0; day >= 60 && i < 10; i++) {
        struct document *document = document_of(world, CHANNEL_MAIL, names);
        teach(world, document, target->label == LABEL_SPAM ? LABEL_HAM : LABEL_SPAM, "user:eve");
        document_free(document);
    }
    double share = 0;
    struct identity identity = {IDENTITY_DKIM_DOMAIN, span_of(target->domain)};
    struct reputation_counts counts;
    struct error error = {0};
    assert_true(counts_reputation_read(world->store, &identity, 1, &counts, &error));
    double eves = target->label == LABEL_SPAM ? counts.ham_milli : counts.spam_milli;
    if (eves > 1001) /* beyond the one lesson that everybody has */
        share = eves / ((double)counts.ham_milli + counts.spam_milli);
    return share;
}

/* By agreeing with the operator on what is easy. */
static void earn_trust(struct world *world, const char *user)
{
    const struct named names[] = {{IDENTITY_LINK_DOMAIN, "easy.example"}, {0, NULL}};
    for (unsigned i = 0; i < 100; i++) {
        struct document *document = document_of(world, CHANNEL_MAIL, names);
        teach(world, document, LABEL_SPAM, user);
        teach(world, document, LABEL_SPAM, "operator");
        document_free(document);
    }
}

static void test_poisoner_moves_nothing_past_the_cap(void **state)
{
    struct world *world = *state;
    static const struct target good = {"shop.example", "other-shop.example", LABEL_HAM},
                               bad = {"pills.example", "other-pills.example", LABEL_SPAM};
    double most = 0;
    earn_trust(world, "user:eve");
    for (unsigned day = 0; day < 180; day++, now_s += DAY) {
        most = fmax(most, poison(world, &good, day));
        most = fmax(most, poison(world, &bad, day));
        mark(world, 0, "good, poisoned", log_odds_of(world, IDENTITY_DKIM_DOMAIN, good.domain));
        mark(world, 1, "its twin", log_odds_of(world, IDENTITY_DKIM_DOMAIN, good.twin));
        mark(world, 2, "spammer, washed", log_odds_of(world, IDENTITY_DKIM_DOMAIN, bad.domain));
    }
    double sunk = log_odds_of(world, IDENTITY_DKIM_DOMAIN, good.domain) -
                  log_odds_of(world, IDENTITY_DKIM_DOMAIN, good.twin);
    double washed = log_odds_of(world, IDENTITY_DKIM_DOMAIN, bad.domain) -
                    log_odds_of(world, IDENTITY_DKIM_DOMAIN, bad.twin);
    print_message("poisoner: has at most %.3f of a reputation; moves a good one by %+.2f to %+.2f, "
                  "a bad one by %+.2f to %+.2f\n",
                  most, sunk, log_odds_of(world, IDENTITY_DKIM_DOMAIN, good.domain), washed,
                  log_odds_of(world, IDENTITY_DKIM_DOMAIN, bad.domain));
    plot(world, "poisoned");
    assert_true(most > 0.2 && most <= 0.2501);
    assert_true(log_odds_of(world, IDENTITY_DKIM_DOMAIN, good.domain) < 0);
    assert_true(log_odds_of(world, IDENTITY_DKIM_DOMAIN, bad.domain) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_each_store(test_botnet_on_many_addresses, set_up, tear_down),
        on_each_store(test_snowshoe_across_a_network, set_up, tear_down),
        on_each_store(test_hijacked_domain_sinks_and_recovers, set_up, tear_down),
        on_each_store(test_new_honest_sender_is_never_held, set_up, tear_down),
        on_each_store(test_resold_feed_sinks, set_up, tear_down),
        on_each_store(test_poisoner_moves_nothing_past_the_cap, set_up, tear_down),
    };
    mail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
