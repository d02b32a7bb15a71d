#include "admin/evaluate_run.h"

#include <time.h>
#include <xxhash.h>

#include "admin/evaluate_terms.h"
#include "admin/progress.h"
#include "core/checks.h"
#include "core/features.h"
#include "core/first_seen.h"
#include "core/gatherers.h"
#include "core/mail.h"
#include "core/model.h"
#include "core/prior.h"
#include "core/reputation.h"
#include "store/memory.h"

#define REPUTATIONS (1u << 20)
#define MET 1000 /* documents until it is told who is new; as in a store that counts for long */
#define NOW_S 1700000000 /* all lessons are of one moment: nothing decays */

/* What the chances of a document are drawn for. */
enum chance { CHANCE_FLIPPED = 1, CHANCE_TAUGHT };

static const unsigned char key[COUNTS_KEY_BYTES] = "weir evaluation";

struct run {
    const struct evaluation *evaluation;
    struct outcome *outcome;
    struct model *model;
    /* By the hash of the identity. Two that share a place share their counts: rare enough. */
    struct reputation_counts *reputations;
    struct progress *progress;
    size_t visits, all_visits;
};

static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The stage that began at `*since` ends. */
static void end_stage(struct outcome *outcome, enum stage stage, double *since)
{
    double now = processor_seconds();
    outcome->stages[stage].seconds += now - *since;
    outcome->stages[stage].documents++;
    *since = now;
}

/* The same for a document and a seed, whatever the order. */
static bool happens(const struct evaluation *evaluation, const struct corpus_entry *entry,
                    enum chance chance, double share)
{
    uint64_t drawn[2] = {entry->number, chance};
    return 0x1p-64 * (double)XXH3_64bits_withSeed(drawn, sizeof drawn, evaluation->seed) < share;
}

static void start_model(struct run *run)
{
    model_reset(run->model, 0);
    memset(run->reputations, 0, REPUTATIONS * sizeof *run->reputations);
}

static struct reputation_counts *reputation_of(const struct run *run,
                                               const struct identity *identity)
{
    uint64_t hash = XXH3_64bits_withSeed(identity->value.data, identity->value.length,
                                         (uint64_t)identity->type);
    return &run->reputations[hash % REPUTATIONS];
}

static void keep_text_only(struct document *document)
{
    size_t kept = 0;
    for (size_t i = 0; i < document->header_count; i++)
        if (span_equal_nocase(document->headers[i].name, SPAN("Subject")))
            document->headers[kept++] = document->headers[i];
    document->header_count = kept;
    document->from_name = document->from_address = document->author = document->feed =
        (struct span){0};
    document->envelope.internal = true; /* so that nobody misses what was taken away */
}

/* The fields that count of a document that was loaded. */
static struct document *parse(const struct evaluation *evaluation, const struct corpus_bytes *bytes)
{
    struct document *document = corpus_parse(evaluation->corpus, bytes);
    if (evaluation->text_only)
        keep_text_only(document);
    return document;
}

/* What speaks beside content. Checks run in any case: they take time. */
static void hear_others(const struct run *run, struct document *document, struct terms *terms)
{
    if (!run->evaluation->reputations) {
        terms_run_checks(document, terms);
        return;
    }
    struct reputation_counts *counts =
        arena_alloc(document->arena, document->identity_count * sizeof *counts);
    for (size_t i = 0; i < document->identity_count; i++)
        counts[i] = *reputation_of(run, &document->identities[i]);
    first_seen_note(document, counts, run->outcome->lessons < MET ? 0 : NOW_S - FIRST_SEEN_AFTER_S,
                    NOW_S);
    terms_run_checks(document, terms);
    reputation_evidence(&run->evaluation->config->reputations, document, counts, NOW_S,
                        &terms->reputations);
}

static void score(struct run *run, const struct terms *terms, size_t at)
{
    const struct evaluation *evaluation = run->evaluation;
    struct outcome *outcome = run->outcome;
    outcome->rows[outcome->count++] =
        (struct outcome_row){at, terms_sum(evaluation, terms), terms->content};
    if (evaluation->terms)
        terms_write(terms, &evaluation->corpus->entries[at], evaluation->terms);
}

static void learn(struct run *run, const struct document *document,
                  const struct corpus_entry *entry, const uint32_t *slots, size_t slot_count)
{
    const struct evaluation *evaluation = run->evaluation;
    bool flipped = happens(evaluation, entry, CHANCE_FLIPPED, evaluation->noise);
    struct lesson lesson = {
        .label = flipped == (entry->label == LABEL_HAM) ? LABEL_SPAM : LABEL_HAM,
        .trust = evaluation->noise > 0 ? TRUST_USER : TRUST_OPERATOR,
        .source = SPAN("evaluation"),
        .time_s = NOW_S,
        .feature_version = FEATURE_VERSION,
        .script = document->script,
        .slots = slots,
        .slot_count = slot_count,
        .identities = document->identities,
        .identity_count = document->identity_count,
    };
    if (model_knows(run->model, slots, slot_count, lesson.label))
        lesson.slot_count = 0; /* as in the log */
    memcpy(lesson.document_id, document->id, sizeof lesson.document_id);
    lesson_set_event_id(&lesson, entry->number);
    model_apply(run->model, &lesson, model_version(run->model) + 1);
    for (size_t i = 0; i < document->identity_count; i++) {
        struct reputation_counts *counts = reputation_of(run, &document->identities[i]);
        *(lesson.label == LABEL_SPAM ? &counts->spam_milli : &counts->ham_milli) += 1000;
        counts->time_s = NOW_S;
    }
    size_t length;
    free(lesson_encode(&lesson, &length));
    run->outcome->lessons++;
    run->outcome->lesson_bytes += length;
}

enum deed { DEED_SCORE = 1, DEED_TEACH = 2 };

static void judge_and_learn(struct run *run, struct document *document, size_t at, unsigned deeds,
                            double since)
{
    struct outcome *outcome = run->outcome;
    size_t gatherer_count;
    features_extract(document);
    end_stage(outcome, STAGE_FEATURES, &since);
    const struct gatherer *gatherers = gatherers_all(&gatherer_count);
    gatherers_run(gatherers, gatherer_count, document, run->evaluation->config);
    struct terms terms = {.checks.arena = document->arena, .reputations.arena = document->arena};
    hear_others(run, document, &terms);
    end_stage(outcome, STAGE_CHECKS, &since);
    uint32_t *slots = arena_room(document->arena, document->feature_count * sizeof *slots);
    size_t slot_count = model_slots(key, document->features, document->feature_count, slots);
    terms.content = model_log_odds(run->model, slots, slot_count);
    if (run->evaluation->prior)
        terms.content += prior_share(run->model, document->script) *
                         prior_log_odds(document->features, document->feature_count);
    end_stage(outcome, STAGE_SCORE, &since);
    if (deeds & DEED_SCORE)
        score(run, &terms, at);
    if (deeds & DEED_TEACH) {
        learn(run, document, &run->evaluation->corpus->entries[at], slots, slot_count);
        end_stage(outcome, STAGE_LEARN, &since);
    }
}

static bool visit(struct run *run, size_t at, unsigned deeds, struct error *error)
{
    const struct corpus *corpus = run->evaluation->corpus;
    struct corpus_bytes bytes;
    run->visits++;
    progress_show(run->progress, (double)run->visits / (double)run->all_visits, run->visits);
    if (!corpus_load(corpus, &corpus->entries[at], &bytes, error))
        return false;
    double since = processor_seconds();
    struct document *document = parse(run->evaluation, &bytes);
    end_stage(run->outcome, STAGE_PARSE, &since);
    judge_and_learn(run, document, at, deeds, since);
    document_free(document);
    free(bytes.data);
    return true;
}

/* --- protocols --- */

static bool run_in_order(struct run *run, struct error *error)
{
    const struct evaluation *evaluation = run->evaluation;
    size_t count = evaluation->corpus->count;
    run->all_visits = count;
    bool going = true;
    start_model(run);
    for (size_t i = 0; going && i < count; i++) {
        bool teach =
            evaluation->protocol == PROTOCOL_ONLINE ||
            happens(evaluation, &evaluation->corpus->entries[i], CHANCE_TAUGHT, evaluation->part);
        unsigned deeds = DEED_SCORE | (teach ? DEED_TEACH : 0);
        if (evaluation->protocol == PROTOCOL_SPLIT)
            deeds = i < count / 2 ? DEED_TEACH : DEED_SCORE;
        going = visit(run, i, deeds, error);
    }
    return going;
}

/* Reads the documents again when it is their turn to be taught: they are not kept. */
static bool run_delayed(struct run *run, struct error *error)
{
    const struct evaluation *evaluation = run->evaluation;
    size_t count = evaluation->corpus->count, delay = evaluation->delay;
    run->all_visits = delay < count ? 2 * count - delay : count;
    bool going = true;
    start_model(run);
    for (size_t i = 0; going && i < count; i++) {
        going = visit(run, i, DEED_SCORE, error) &&
                (i < delay || visit(run, i - delay, DEED_TEACH, error));
    }
    return going;
}

static bool run_by_source(struct run *run, struct error *error)
{
    const struct corpus *corpus = run->evaluation->corpus;
    bool *both = evaluation_sources(corpus), going = true;
    for (size_t source = 0; source < corpus->source_count; source++)
        run->all_visits += both[source] ? corpus->count : 0;
    for (size_t source = 0; going && source < corpus->source_count; source++) {
        if (!both[source])
            continue;
        start_model(run);
        for (size_t i = 0; going && i < corpus->count; i++)
            going = corpus->entries[i].source == source || visit(run, i, DEED_TEACH, error);
        for (size_t i = 0; going && i < corpus->count; i++)
            going = corpus->entries[i].source != source || visit(run, i, DEED_SCORE, error);
    }
    free(both);
    return going;
}

static bool splits_by_source(const struct evaluation *evaluation)
{
    return evaluation->protocol == PROTOCOL_SPLIT && evaluation->corpus->items >= 0;
}

bool evaluation_run(const struct evaluation *evaluation, struct outcome *outcome,
                    struct error *error)
{
    *outcome = (struct outcome){0};
    mail_init();
    outcome->rows = memory_new(evaluation->corpus->count * sizeof *outcome->rows);
    struct run run = {
        .evaluation = evaluation,
        .outcome = outcome,
        .model = model_new(),
        .reputations = memory_new(REPUTATIONS * sizeof *run.reputations),
        .progress = progress_new("evaluating"),
    };
    bool (*protocol)(struct run *, struct error *) = run_in_order;
    if (splits_by_source(evaluation))
        protocol = run_by_source;
    else if (evaluation->protocol == PROTOCOL_DELAYED)
        protocol = run_delayed;
    bool done = protocol(&run, error);
    progress_free(run.progress);
    free(run.reputations);
    model_free(run.model);
    return done;
}

void outcome_clear(struct outcome *outcome)
{
    free(outcome->rows);
}

bool *evaluation_sources(const struct corpus *corpus)
{
    bool *seen[2], *both = memory_new(corpus->source_count * sizeof *both);
    for (int label = LABEL_HAM; label <= LABEL_SPAM; label++)
        seen[label] = memory_new(corpus->source_count * sizeof *seen[label]);
    for (size_t i = 0; i < corpus->count && corpus->source_count; i++)
        seen[corpus->entries[i].label][corpus->entries[i].source] = true;
    for (size_t source = 0; source < corpus->source_count; source++)
        both[source] = seen[LABEL_HAM][source] && seen[LABEL_SPAM][source];
    free(seen[LABEL_HAM]);
    free(seen[LABEL_SPAM]);
    return both;
}

bool evaluation_possible(const struct evaluation *evaluation)
{
    const struct corpus *corpus = evaluation->corpus;
    bool by_source = splits_by_source(evaluation), seen[2] = {false, false};
    bool *both = evaluation_sources(corpus);
    size_t first = evaluation->protocol == PROTOCOL_SPLIT && !by_source ? corpus->count / 2 : 0;
    for (size_t i = first; i < corpus->count; i++)
        if (!by_source || both[corpus->entries[i].source])
            seen[corpus->entries[i].label] = true;
    free(both);
    return seen[LABEL_HAM] && seen[LABEL_SPAM];
}

/* --- rates --- */

static void add_to_rates(struct document *document, enum label label, struct check_rate *rates)
{
    struct terms terms = {.checks.arena = document->arena};
    terms_run_checks(document, &terms);
    for (size_t i = 0; i < terms.checks.count; i++) {
        int row = checks_find(terms.checks.items[i].symbol);
        rates[row].fired[label]++;
        rates[row].strength += terms.checks.items[i].log_odds;
    }
}

bool evaluation_rates(const struct evaluation *evaluation, struct check_rate *rates,
                      struct error *error)
{
    const struct corpus *corpus = evaluation->corpus;
    struct corpus_bytes bytes;
    mail_init();
    struct progress *progress = progress_new("checking");
    bool going = true;
    for (size_t i = 0; going && i < corpus->count; i++) {
        progress_show(progress, (double)i / (double)corpus->count, i);
        going = corpus_load(corpus, &corpus->entries[i], &bytes, error);
        if (!going)
            break;
        struct document *document = parse(evaluation, &bytes);
        add_to_rates(document, corpus->entries[i].label, rates);
        document_free(document);
        free(bytes.data);
    }
    progress_free(progress);
    return going;
}
