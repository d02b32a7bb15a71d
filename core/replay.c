#include "core/replay.h"

#include <string.h>

struct running {
    const struct replay_change *change;
    struct replay_sums *sums;
    void (*visit)(void *context, const struct replayed *replayed);
    void *context;
    struct arena *arena;
};

bool replay_mends(enum action before, enum action after, enum label label)
{
    return label == LABEL_SPAM ? after > before : after < before;
}

static void pin(const struct replay_change *change, struct evidence_record *record)
{
    for (size_t i = 0; i < change->pin_count; i++)
        for (size_t j = 0; j < record->identity_count; j++)
            if (record->hashes[j] == change->pins[i].hash &&
                record->identities[j].type == change->pins[i].type) {
                record->counts[j].override = OVERRIDE_PIN;
                record->counts[j].override_centi = change->pins[i].centi;
            }
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
    struct verdict before = evidence_record_verdict(&record, &change->before, running->arena);
    pin(change, &record);
    struct verdict after = evidence_record_verdict(&record, &change->after, running->arena);
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
    struct running running = {
        .change = change, .sums = sums, .visit = visit, .context = context, .arena = arena_new()};
    bool good = records_evidence_list(records, replay_one, &running, error);
    arena_free(running.arena);
    return good;
}
