#include "core/replay.h"

#include <string.h>

struct running {
    const struct replay_change *change;
    bool same_table;
    struct replay_sums *sums;
    void (*visit)(void *context, const struct replayed *replayed);
    void *context;
    struct arena *arena;
};

bool replay_mends(enum action before, enum action after, enum label label)
{
    return label == LABEL_SPAM ? after > before : after < before;
}

/* Whether any identity of the record is pinned by it. */
static bool pin(const struct replay_change *change, struct evidence_record *record)
{
    bool any = false;
    for (size_t i = 0; i < change->pin_count; i++)
        for (size_t j = 0; j < record->identity_count; j++)
            if (record->hashes[j] == change->pins[i].hash &&
                record->identities[j].type == change->pins[i].type) {
                record->counts[j].override = OVERRIDE_PIN;
                record->counts[j].override_centi = change->pins[i].centi;
                any = true;
            }
    return any;
}

/* What counts are read with; then they say the same before and after. */
static bool same_table(const struct replay_change *change)
{
    for (size_t place = TUNING_HALF_LIVES; place < TUNING_NUMBERS; place++)
        if (scoring_number(&change->before, place) != scoring_number(&change->after, place))
            return false;
    return true;
}

static void add_up(const struct running *running, const struct replayed *replayed)
{
    struct replay_sums *sums = running->sums;
    sums->verdicts++;
    sums->corrected += replayed->corrected;
    if (replayed->before == replayed->after)
        return;
    bool mends = replay_mends(replayed->before, replayed->after, replayed->label);
    sums->moved[replayed->before][replayed->after]++;
    sums->changed++;
    sums->mended += replayed->corrected && mends;
    sums->spoiled += replayed->corrected && !mends;
    if (running->visit)
        running->visit(running->context, replayed);
}

/* By the overrides of then. */
static enum action action_then(const struct running *running, const struct evidence_record *record)
{
    return evidence_record_verdict(record, &running->change->before, running->arena).action;
}

/* By the overrides of now, which are put into the record. `*moved` is whether they make it another
 * than those of then. */
static struct verdict verdict_now(const struct running *running, struct evidence_record *record,
                                  struct evidence_list *reputations, bool *moved)
{
    const struct replay_change *change = running->change;
    struct evidence_record then = *record;
    then.counts = arena_room(running->arena, record->identity_count * sizeof *then.counts);
    if (record->identity_count)
        memcpy(then.counts, record->counts, record->identity_count * sizeof *then.counts);
    bool changed = override_list_apply(change->overrides, record);
    evidence_record_reputations(record, &change->before.reputations, reputations);
    struct verdict verdict = evidence_record_sum(record, reputations, &change->before);
    *moved = changed && action_then(running, &then) != verdict.action;
    return verdict;
}

static bool replay_one(void *context, const struct kept_evidence *evidence)
{
    const struct running *running = context;
    const struct replay_change *change = running->change;
    struct evidence_record record;
    arena_reset(running->arena);
    if (!evidence_record_decode(evidence->record, running->arena, &record)) {
        running->sums->damaged++;
        return true;
    }
    struct evidence_list reputations = {.arena = running->arena};
    bool moved_since;
    struct verdict before = verdict_now(running, &record, &reputations, &moved_since);
    running->sums->moved_since += moved_since;
    if (pin(change, &record) || !running->same_table) {
        reputations = (struct evidence_list){.arena = running->arena};
        evidence_record_reputations(&record, &change->after.reputations, &reputations);
    }
    struct verdict after = evidence_record_sum(&record, &reputations, &change->after);
    add_up(running, &(struct replayed){.history_id = evidence->history_id,
                                       .before = before.action,
                                       .after = after.action,
                                       .log_odds_before = before.log_odds,
                                       .log_odds_after = after.log_odds,
                                       .corrected = evidence->corrected,
                                       .label = evidence->label});
    return true;
}

bool replay_run(struct records *records, const struct replay_change *change,
                struct replay_sums *sums,
                void (*visit)(void *context, const struct replayed *replayed), void *context,
                struct error *error)
{
    struct running running = {.change = change,
                              .same_table = same_table(change),
                              .sums = sums,
                              .visit = visit,
                              .context = context,
                              .arena = arena_new()};
    bool good = records_evidence_list(records, replay_one, &running, error);
    arena_free(running.arena);
    return good;
}
