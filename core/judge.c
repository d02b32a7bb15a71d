#include "core/judge.h"

#include "core/checks.h"
#include "core/features.h"
#include "core/first_seen.h"
#include "core/gatherers.h"
#include "core/metrics.h"
#include "core/prior.h"
#include "core/reputation.h"
#include "core/token_words.h"
#include "store/memory.h"
#include "store/monotonic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void judge_prepare(struct document *document, const struct config *config)
{
    size_t count;
    const struct gatherer *gatherers = gatherers_all(&count);
    features_extract(document);
    gatherers_run(gatherers, count, document, config);
}

/* --- content --- */

static bool content_ready(const struct judge *judge)
{
    return judge->replica && replica_ready(judge->replica);
}

/* The document's slots for a score, in its arena. */
static uint32_t *slots_of(const struct judge *judge, const struct document *document, size_t *count)
{
    size_t n = document->feature_count;
    uint32_t *slots = arena_room(document->arena, n * sizeof *slots);
    *count = model_slots_unsorted(replica_key(judge->replica), document->features, n, slots);
    return slots;
}

/* How much the prior counts: all of it while nothing can be known of lessons. */
static double share_of_prior(const struct judge *judge, const struct document *document)
{
    return content_ready(judge) ? prior_share(replica_model(judge->replica), document->script) : 1;
}

static double content_log_odds(const struct judge *judge, const struct document *document)
{
    double log_odds = 0, share = share_of_prior(judge, document);
    if (content_ready(judge)) {
        size_t count;
        uint32_t *slots = slots_of(judge, document, &count);
        log_odds = model_log_odds(replica_model(judge->replica), slots, count);
    }
    if (share > 0)
        log_odds += share * prior_log_odds(document->features, document->feature_count);
    return log_odds;
}

static bool is_cold(const struct judge *judge, const struct config *config,
                    const struct document *document)
{
    if (!content_ready(judge))
        return true;
    return model_fewer_lessons(replica_model(judge->replica), document->script) <
           config->cold_lessons;
}

struct weighed {
    uint32_t slot;
    uint64_t hash;
    double log_odds;
};

/* The strongest first, whichever way it goes. */
static int compare_weighed(const struct weighed *a, const struct weighed *b)
{
    if (fabs(a->log_odds) != fabs(b->log_odds))
        return fabs(a->log_odds) < fabs(b->log_odds) ? 1 : -1;
    return (a->hash > b->hash) - (a->hash < b->hash);
}

/* Takes the one of that slot out, whose weight would be told twice; false: it is the stronger. */
static bool make_way(struct weighed *kept, size_t *count, const struct weighed *candidate)
{
    size_t at = 0;
    while (at < *count && kept[at].slot != candidate->slot)
        at++;
    if (at == *count)
        return true;
    if (compare_weighed(&kept[at], candidate) <= 0)
        return false;
    memmove(&kept[at], &kept[at + 1], (*count - at - 1) * sizeof *kept);
    --*count;
    return true;
}

/* Puts `candidate` in its place among the `most` strongest; of one slot only the first is kept.
 * Sorting all features for the few that are named took longer than reading the document. */
static void keep_strongest(struct weighed *kept, size_t *count, size_t most,
                           const struct weighed *candidate)
{
    bool full = *count == most;
    if ((full && compare_weighed(candidate, &kept[most - 1]) > 0) ||
        !make_way(kept, count, candidate))
        return;
    size_t at = *count < most ? *count : most - 1;
    *count += *count < most;
    while (at > 0 && compare_weighed(candidate, &kept[at - 1]) < 0) {
        kept[at] = kept[at - 1];
        at--;
    }
    kept[at] = *candidate;
}

static struct model_scale scale_of_prior(const struct document *document)
{
    size_t count[FEATURE_GROUPS] = {0};
    for (size_t i = 0; i < document->feature_count; i++)
        count[feature_group(document->features[i])]++;
    return model_scale(count);
}

/* What of a token's prior counts: as its share fades, and as the whole is limited. */
static double factor_of_prior(const struct document *document, double share,
                              struct model_scale scale)
{
    double sum = 0;
    for (size_t i = 0; i < document->feature_count; i++)
        sum += prior_feature_log_odds(document->features[i], scale);
    return share * fmin(1, PRIOR_LOG_ODDS_MOST / fabs(sum));
}

/* The features that weigh most, in `strongest`, which has room for `most`; how many. */
static size_t find_strongest(const struct judge *judge, const struct document *document,
                             struct weighed *strongest, size_t most)
{
    size_t n = document->feature_count, slots, count = 0;
    const struct model *model = replica_model(judge->replica);
    const uint32_t *all = slots_of(judge, document, &slots);
    struct model_scale scale = model_scale_of_slots(model, all, slots);
    struct model_scale of_prior = scale_of_prior(document);
    double factor = factor_of_prior(document, share_of_prior(judge, document), of_prior);
    for (size_t i = 0; i < n; i++) {
        uint64_t hash = document->features[i];
        uint32_t slot = model_slot(replica_key(judge->replica), hash);
        double log_odds = model_slot_log_odds(model, slot, scale) +
                          factor * prior_feature_log_odds(hash, of_prior);
        const struct weighed weighed = {slot, hash, log_odds};
        if (log_odds != 0)
            keep_strongest(strongest, &count, most, &weighed);
    }
    return count;
}

/* Several features may be of one piece of text (a word, and what its digits stand for): they are
 * one token to who reads it. */
static void add_token(struct evidence_token *tokens, size_t *count, struct span text,
                      double log_odds)
{
    size_t at = 0;
    while (at < *count && !span_equal(tokens[at].text, text))
        at++;
    if (at == *count)
        tokens[(*count)++] = (struct evidence_token){text, 0};
    tokens[at].log_odds += log_odds;
}

static void name_tokens(const struct judge *judge, struct document *document,
                        struct evidence *evidence, size_t most)
{
    struct arena *arena = document->arena;
    struct weighed *strongest = arena_alloc(arena, most * sizeof *strongest);
    size_t count = find_strongest(judge, document, strongest, most);
    struct feature_name *names = arena_alloc(arena, most * sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i].hash = strongest[i].hash;
    features_name(document, names, count);
    struct evidence_token *tokens = arena_alloc(arena, most * sizeof *tokens);
    evidence->token_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (names[i].text.length)
            add_token(tokens, &evidence->token_count, token_words(arena, &names[i]),
                      strongest[i].log_odds);
    }
    evidence->tokens = tokens;
}

void judge_name_tokens(const struct judge *judge, struct document *document,
                       struct verdict *verdict, size_t most)
{
    for (size_t i = 0; i < verdict->evidence_count; i++) {
        struct evidence *evidence = &verdict->evidence[i];
        if (strcmp(evidence->symbol, CONTENT_SYMBOL) != 0)
            continue;
        if (content_ready(judge))
            name_tokens(judge, document, evidence, most);
        else
            evidence->detail =
                SPAN("all of it together; no words until what was learned can be read");
    }
}

bool judge_lesson(const struct judge *judge, const struct document *document, struct lesson *lesson)
{
    *lesson = (struct lesson){.feature_version = FEATURE_VERSION,
                              .script = document->script,
                              .identities = document->identities,
                              .identity_count = document->identity_count};
    memcpy(lesson->document_id, document->id, DOCUMENT_ID_BYTES);
    if (!content_ready(judge))
        return false;
    size_t n = document->feature_count;
    uint32_t *slots = arena_room(document->arena, n * sizeof *slots);
    lesson->slot_count = model_slots(replica_key(judge->replica), document->features, n, slots);
    lesson->slots = slots;
    return true;
}

double judge_learned(const struct judge *judge, const struct lesson *lesson)
{
    return content_ready(judge) && lesson->feature_version == FEATURE_VERSION
               ? model_log_odds(replica_model(judge->replica), lesson->slots, lesson->slot_count)
               : 0;
}

/* --- all of it --- */

/* Counts of all identities of all documents, in order; false: some are not known to be right. */
static bool read_reputations(const struct judge *judge, struct document *const *documents, size_t n,
                             struct reputation_counts *counts, size_t total)
{
    if (!judge->store)
        return false;
    if (!total)
        return true;
    struct identity *identities = memory_new(total * sizeof *identities);
    size_t at = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < documents[i]->identity_count; j++)
            identities[at++] = documents[i]->identities[j];
    uint64_t version = judge->replica ? model_version(replica_model(judge->replica)) : 0;
    struct error error;
    bool fine = judge->cache
                    ? reputation_cache_read(judge->cache, judge->store, version, identities, total,
                                            counts, &error)
                    : counts_reputation_read(judge->store, identities, total, counts, &error);
    free(identities);
    return fine;
}

/* Whether the replica is in step with the log: until the follower has caught up, content lacks what
 * was learned, even when reputations can be read already. */
static bool replica_in_step(const struct judge *judge)
{
    return !judge->replica || (replica_ready(judge->replica) && replica_store_up(judge->replica));
}

void judge_scoring(const struct judge *judge, const struct config *config, struct scoring *scoring)
{
    struct tuning tuning;
    if (judge->tuning)
        live_tuning_get(judge->tuning, &tuning);
    scoring_make(scoring, config, judge->tuning ? &tuning : NULL);
}

/* How strongly each check fires, those of no weight too: they might get one. */
static void record_checks(struct evidence_record *record, struct document *document)
{
    double ones[CHECKS_MOST];
    struct check_weights weights = {ones, 0};
    struct evidence_list list = {.arena = document->arena};
    checks_all(&weights.count);
    for (size_t i = 0; i < weights.count; i++)
        ones[i] = 1;
    checks_run(document, &weights, &list);
    for (size_t i = 0; i < list.count; i++)
        evidence_record_add(record, document->arena, list.items[i].symbol,
                            evidence_micro(list.items[i].log_odds), true, list.items[i].detail);
}

static void record_identities(struct evidence_record *record, const struct document *document,
                              const struct reputation_counts *counts)
{
    size_t n = document->identity_count;
    record->identities = document->identities;
    record->identity_count = n;
    record->hashes = arena_room(document->arena, n * sizeof *record->hashes);
    record->counts = arena_room(document->arena, n * sizeof *record->counts);
    for (size_t i = 0; i < n; i++) {
        record->hashes[i] = identity_hash(&document->identities[i]);
        record->counts[i] = counts[i];
    }
}

static void add_rule(struct evidence_record *record, struct arena *arena, const char *symbol,
                     double log_odds, const struct rule *rule)
{
    evidence_record_add(record, arena, symbol, evidence_micro(log_odds), false,
                        arena_copy(arena, span_of(rule->name)));
}

static void record_match(struct evidence_record *record, struct arena *arena,
                         const struct rules_said *said, const struct rule_match *match)
{
    const struct rule *rule = match->rule;
    if (match->answer == RULE_UNFINISHED)
        add_rule(record, arena, RULE_UNFINISHED_SYMBOL, 0, rule);
    else if (match->answer == RULE_MATCHES && rule->dry)
        add_rule(record, arena, RULE_DRY_SYMBOL, 0, rule);
    else if (match->answer != RULE_MATCHES)
        return; /* not known: nothing to say */
    else if (rule->action == RULE_WEIGHT || rule == said->decides)
        add_rule(record, arena, RULE_SYMBOL, rule->log_odds, rule);
    else
        add_rule(record, arena, RULE_ALSO_SYMBOL, 0, rule);
}

void judge_record_rules(struct evidence_record *record, struct arena *arena,
                        const struct rules_said *said)
{
    static const enum recorded_decision decisions[RULE_ACTIONS] = {
        [RULE_KEEP] = DECISION_KEEP, [RULE_HOLD] = DECISION_HOLD, [RULE_TAG] = DECISION_TAG};
    record->decision = said->decides ? decisions[said->decides->action] : DECISION_NONE;
    for (size_t i = 0; i < said->count; i++)
        record_match(record, arena, said, &said->matches[i]);
}

static void ask_rules(const struct rules *rules, const struct document *document,
                      struct evidence_record *record)
{
    struct rules_said said;
    rules_match(rules, document, 0, &said);
    rules_count_matches(&said, document);
    record->rules_version = rules_version(rules);
    record->rules_said = rules_said_hash(&said);
    judge_record_rules(record, document->arena, &said);
}

static struct evidence_record *record_of(const struct judge *judge, const struct config *config,
                                         struct document *document,
                                         const struct reputation_counts *counts, bool store_up)
{
    struct arena *arena = document->arena;
    struct evidence_record *record = arena_alloc(arena, sizeof *record);
    record->channel = document->channel;
    record->most = ACTION_REJECT;
    record->cold = is_cold(judge, config, document);
    record->time_s = time(NULL);
    record->content_micro = evidence_micro(content_log_odds(judge, document));
    record_identities(record, document, counts);
    first_seen_note(document, counts, store_up ? counts_seen_since(judge->store) : 0,
                    record->time_s);
    if (!store_up)
        evidence_record_add(record, arena, STORE_DOWN_SYMBOL, 0, false,
                            SPAN("the store of counts is away: what is learned may be missing"));
    record_checks(record, document);
    if (document->formerly_released)
        evidence_record_add(record, arena, FORMERLY_RELEASED_SYMBOL,
                            evidence_micro(FORMERLY_RELEASED_LOG_ODDS), false,
                            SPAN("an admin released this item before it was edited"));
    return record;
}

void judge_documents(const struct judge *judge, const struct config *config,
                     struct document *const *documents, size_t n, struct verdict *verdicts)
{
    double start_s = monotonic_s();
    struct scoring scoring;
    size_t total = 0;
    struct rules *rules = judge->tuning ? live_tuning_rules(judge->tuning, NULL) : NULL;
    judge_scoring(judge, config, &scoring);
    for (size_t i = 0; i < n; i++)
        total += documents[i]->identity_count;
    struct reputation_counts *counts = memory_new(total * sizeof *counts);
    bool store_up = read_reputations(judge, documents, n, counts, total) && replica_in_step(judge);
    const struct reputation_counts *own = counts;
    for (size_t i = 0; i < n; i++) {
        struct evidence_record *record = record_of(judge, config, documents[i], own, store_up);
        ask_rules(rules, documents[i], record);
        verdicts[i] = evidence_record_verdict(record, &scoring, documents[i]->arena);
        verdicts[i].record = record;
        if (judge->volume)
            volume_add(judge->volume, documents[i]);
        own += documents[i]->identity_count;
    }
    free(counts);
    rules_release(rules);
    double took_s = monotonic_s() - start_s;
    for (size_t i = 0; i < n; i++)
        metrics_observe(METRIC_JUDGING, 0, took_s / (double)n);
}
