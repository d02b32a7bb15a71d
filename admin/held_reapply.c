#include "admin/held_reapply.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "admin/records_text.h"
#include "admin/review.h"
#include "admin/rule_preview.h"
#include "admin/rule_settings.h"
#include "admin/tune.h"
#include "core/evidence_record.h"
#include "core/judge.h"
#include "store/lesson.h"
#include "store/memory.h"
#include "store/records_evidence.h"

struct reapply {
    struct session *session;
    struct scoring scoring;
    struct rules *rules;
    enum front front;
    int64_t *ids;
    size_t count;
    size_t seen, unknown, freed;
    bool apply;
};

static bool note_id(void *context, const struct held *held)
{
    struct reapply *reapply = context;
    reapply->ids = memory_resize(reapply->ids, (reapply->count + 1) * sizeof *reapply->ids);
    reapply->ids[reapply->count++] = held->id;
    return true;
}

/* Puts the counts of now into the record, identity by identity; those that the lesson does not have
 * keep what was known then. */
static bool renew_counts(struct session *session, const struct lesson *lesson,
                         struct evidence_record *record, struct error *error)
{
    size_t n = lesson->identity_count;
    struct reputation_counts *counts = memory_new((n + 1) * sizeof *counts);
    bool good = !n || counts_reputation_read(session->store, lesson->identities, n, counts, error);
    for (size_t i = 0; good && i < n; i++) {
        uint32_t hash = identity_hash(&lesson->identities[i]);
        for (size_t j = 0; j < record->identity_count; j++)
            if (record->identities[j].type == lesson->identities[i].type &&
                record->hashes[j] == hash)
                record->counts[j] = counts[i];
    }
    free(counts);
    return good;
}

static void drop_rules(struct evidence_record *record)
{
    size_t kept = 0;
    for (size_t i = 0; i < record->piece_count; i++)
        if (record->pieces[i].is_check ||
            strncmp(record->pieces[i].symbol, RULE_SYMBOL, strlen(RULE_SYMBOL)) != 0)
            record->pieces[kept++] = record->pieces[i];
    record->piece_count = kept;
}

/* Puts what the rules of now say into the record. false: one that may hold it, or weigh, cannot be
 * told without the body. */
static bool renew_rules(const struct reapply *reapply, const struct held *held, struct arena *arena,
                        struct evidence_record *record)
{
    struct rules_said said;
    bool known = true;
    struct document *document = rule_preview_held(reapply->rules, held, reapply->front, &said);
    drop_rules(record);
    judge_record_rules(record, arena, &said);
    for (size_t i = 0; i < said.count; i++) {
        const struct rule_match *match = &said.matches[i];
        known = known && (match->answer != RULE_UNKNOWN || match->rule->dry ||
                          match->rule->action == RULE_KEEP);
    }
    document_free(document);
    return known;
}

/* The verdict of now, in `*verdict`; `*known` is false when nothing is kept that would tell. */
static bool judge_anew(struct reapply *reapply, const struct held *held, struct arena *arena,
                       struct verdict *verdict, bool *known, struct error *error)
{
    struct span bytes;
    struct evidence_record record;
    struct error why = {0};
    struct lesson *lesson = lesson_decode(held->lesson, held->lesson_length, &why);
    bool good = records_evidence_of(reapply->session->records[reapply->front], held->document_id,
                                    &bytes, error);
    *known = good && lesson && bytes.length && evidence_record_decode(bytes, arena, &record);
    *known = *known && renew_rules(reapply, held, arena, &record);
    if (*known)
        good = renew_counts(reapply->session, lesson, &record, error);
    if (good && *known) {
        record.time_s = time(NULL);
        *verdict = evidence_record_verdict(&record, &reapply->scoring, arena);
    }
    free((void *)(uintptr_t)bytes.data);
    lesson_free(lesson);
    return good;
}

static void print_freed(const struct reapply *reapply, const struct held *held,
                        const struct verdict *verdict)
{
    char id[RECORDS_TEXT_ID_SIZE];
    records_text_id(reapply->front, held->id, id);
    if (reapply->session->json)
        printf("{\"id\":\"%s\",\"before\":%.3f,\"after\":%.3f,\"action\":\"%s\",\"released\":%s}\n",
               id, held->log_odds, verdict->log_odds, action_name(verdict->action),
               reapply->apply ? "true" : "false");
    else
        printf("%s: %s now, log-odds %+.1f instead of %+.1f%s\n", id, action_name(verdict->action),
               verdict->log_odds, held->log_odds, reapply->apply ? "; released" : "");
}

static bool look_at(struct reapply *reapply, int64_t id, struct error *error)
{
    struct review_outcome outcome = {.changed = true};
    struct verdict verdict = {.action = ACTION_HOLD};
    bool known;
    struct held *held = records_held_get(reapply->session->records[reapply->front], id, error);
    if (!held)
        return error->class == ERROR_INPUT; /* it went meanwhile */
    if (records_taught_spam(held->taught)) {
        held_free(held);
        return true;
    }
    struct arena *arena = arena_new();
    bool good = judge_anew(reapply, held, arena, &verdict, &known, error);
    bool freed = good && known && verdict.action < ACTION_HOLD;
    if (freed && reapply->apply)
        good = review_release_quietly(reapply->session, reapply->front, &held, session_user(),
                                      &outcome, error);
    if (good && freed && outcome.changed) {
        print_freed(reapply, held, &verdict);
        reapply->freed++;
    }
    reapply->seen++;
    reapply->unknown += good && !known;
    arena_free(arena);
    held_free(held);
    return good;
}

static bool look_at_all(struct reapply *reapply, struct error *error)
{
    struct records *records = reapply->session->records[reapply->front];
    reapply->count = 0;
    bool good = records_held_list(records, 1u << HELD_HELD, note_id, reapply, error);
    for (size_t i = 0; good && i < reapply->count; i++)
        good = look_at(reapply, reapply->ids[i], error);
    return good;
}

int held_reapply(struct session *session, bool apply)
{
    struct reapply reapply = {.session = session, .apply = apply};
    struct tune_state state;
    struct error error = {0};
    int worst = session_open_counts(session);
    if (worst != EX_OK)
        return worst;
    if (!tune_load(session, &state, &error))
        return session_complain(&error);
    scoring_make(&reapply.scoring, session->config, &state.tuning);
    reapply.rules = rule_settings_rules(&state, &error);
    tune_state_clear(&state);
    if (!reapply.rules)
        return session_complain(&error);
    for (int front = FRONT_MAIL; front < FRONTS && worst == EX_OK; front++) {
        reapply.front = (enum front)front;
        worst = session_open_records(session, reapply.front);
        if (worst == EX_OK && session->records[front] && !look_at_all(&reapply, &error))
            worst = session_complain(&error);
    }
    free(reapply.ids);
    rules_release(reapply.rules);
    if (worst == EX_OK && !session->json) {
        printf("%zu of %zu %s be held by the rules and reputations of now", reapply.freed,
               reapply.seen, apply ? "are released, which would not" : "would not");
        if (reapply.unknown)
            printf("; of %zu it cannot be told any more", reapply.unknown);
        puts(apply || !reapply.freed ? "" : "; release them with 'weirctl held reapply --apply'");
    }
    return worst;
}
