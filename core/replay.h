/* replay: what past verdicts would be by other numbers: the evidence that records keep of them
 * (records_evidence.h) is summed up again, twice, by the very code that judges. */
#ifndef WEIR_REPLAY_H
#define WEIR_REPLAY_H

#include "core/evidence_record.h"
#include "core/override_list.h"
#include "core/scoring.h"
#include "store/records_evidence.h"

#include <stdbool.h>
#include <stddef.h>

/* A reputation that is taken to be pinned at that. */
struct replay_pin {
    enum identity_type type;
    uint32_t hash; /* identity_hash() */
    int32_t centi; /* log-odds in hundredths */
};

struct replay_change {
    struct scoring before, after;
    const struct replay_pin *pins; /* of `after` */
    size_t pin_count;
    const struct override_list *overrides; /* of both, in the place of those of then */
};

struct replay_sums {
    size_t verdicts;                /* replayed */
    size_t damaged;                 /* left out */
    size_t moved[ACTIONS][ACTIONS]; /* from, to; those that stay are not counted */
    size_t changed;                 /* sum of `moved` */
    size_t moved_since;             /* have another action already, by overrides since */
    size_t corrected;               /* of the verdicts, on documents that a person judged */
    size_t mended, spoiled;         /* of those that change: the way that the person said, or not */
};

struct replayed {
    int64_t history_id;
    enum action before, after;
    double log_odds_before, log_odds_after;
    bool corrected;
    enum label label; /* then: what the person said */
};

/* Whether a change from one action to another is what is wished for a document of that label. */
bool replay_mends(enum action before, enum action after, enum label label);

/* Replays all that `records` keeps, newest first, `before` by the overrides of now too. Sums are
 * added to. `visit` is given each verdict that changes; it must not call records. About five
 * microseconds a verdict. */
bool replay_run(struct records *records, const struct replay_change *change,
                struct replay_sums *sums,
                void (*visit)(void *context, const struct replayed *replayed), void *context,
                struct error *error);

#endif
