/* evidence_record: what a verdict was made of, before any weight: what content said, how strongly
 * each check fired, the counts of each identity as they were read. Every verdict is made of one
 * (judge.h), and history keeps it, so that other weights, thresholds or half-lives can be tried on
 * what has passed (replay.h) by the very same sum. No bodies, no names: an identity is its type and
 * 32 bits of a hash. */
#ifndef WEIR_EVIDENCE_RECORD_H
#define WEIR_EVIDENCE_RECORD_H

#include "core/arena.h"
#include "core/document.h"
#include "core/scoring.h"
#include "core/verdict.h"
#include "store/counts.h"

#include <stdbool.h>

/* Strengths and log-odds are in millionths, here and in the sum, so that what is kept gives the
 * very same sum again. */
#define EVIDENCE_MICRO 1e6

/* What a rule of the admin's said, if one decided. */
enum recorded_decision { DECISION_NONE, DECISION_KEEP, DECISION_TAG, DECISION_HOLD, DECISIONS };

struct recorded_piece {
    const char *symbol;
    int32_t micro; /* of a check: its strength; else log-odds that nothing re-weighs */
    bool is_check;
    struct span detail; /* not kept */
};

/* About the rule that decided, whose name is the detail, and those of action weight. */
#define RULE_SYMBOL "RULE"

struct evidence_record {
    enum channel channel;
    enum action most;                /* the strictest action that this document may meet with */
    enum recorded_decision decision; /* stands whatever the sum is, up to `most` */
    bool cold;                       /* few lessons in its script: verdict_of() */
    int64_t time_s;                  /* of the verdict: counts stood so then */
    int32_t content_micro;
    struct recorded_piece *pieces;
    size_t piece_count;
    uint64_t rules_version, rules_said; /* rules.h; not kept */
    struct identity *identities;        /* read back: values are empty */
    uint32_t *hashes;                   /* of each identity: identity_hash() */
    struct reputation_counts *counts;
    size_t identity_count;
};

/* What stands for an identity's value. */
uint32_t identity_hash(const struct identity *identity);

int32_t evidence_micro(double value);

/* A piece more; the array grows in `arena`. */
void evidence_record_add(struct evidence_record *record, struct arena *arena, const char *symbol,
                         int32_t micro, bool is_check, struct span detail);

/* The verdict by `scoring`. Its evidence lies in `arena`. */
struct verdict evidence_record_verdict(const struct evidence_record *record,
                                       const struct scoring *scoring, struct arena *arena);

/* The same in two steps, for who sums up again and again: what the counts say by `table`, before
 * any factor, and the sum. All lies in the list's arena. */
void evidence_record_reputations(const struct evidence_record *record,
                                 const struct reputation_table *table, struct evidence_list *list);
struct verdict evidence_record_sum(const struct evidence_record *record,
                                   const struct evidence_list *reputations,
                                   const struct scoring *scoring);

/* From now on, and in its record too, the verdict's action is `most` at the most. */
void evidence_record_limit(struct verdict *verdict, enum action most);

/* Compact bytes, in `arena`. */
struct span evidence_record_encode(const struct evidence_record *record, struct arena *arena);

/* Reads them; arrays lie in `arena`. false: they are damaged, or a newer weir's. */
bool evidence_record_decode(struct span bytes, struct arena *arena, struct evidence_record *record);

#endif
