/* evaluate_run: scores and teaches a corpus with the daemons' own code, in memory, without a store.
 * Documents are read one by one; what stays is a row for each that was scored. */
#ifndef WEIR_EVALUATE_RUN_H
#define WEIR_EVALUATE_RUN_H

#include "admin/evaluate_corpus.h"
#include "core/config.h"

#include <stdio.h>

enum protocol {
    PROTOCOL_ONLINE,  /* score, then teach */
    PROTOCOL_SPLIT,   /* mail: teach the first half, score the second. Items: teach all sources but
                         one, score that one, for each that has both labels */
    PROTOCOL_DELAYED, /* score, and teach the document that came `delay` earlier */
    PROTOCOL_PARTIAL  /* score, and teach the share `part` */
};

struct evaluation {
    const struct corpus *corpus;
    const struct config *config;
    enum protocol protocol;
    size_t delay;
    double part, noise; /* shares from 0 to 1; noise: of lessons whose label is flipped */
    uint64_t seed;
    bool text_only;           /* without headers, but the subject */
    bool reputations, checks; /* count in, beside content */
    bool prior;               /* start from the shipped one */
    FILE *terms;              /* gets a line for each document scored; NULL: none. Lent */
};

enum stage { STAGE_PARSE, STAGE_FEATURES, STAGE_CHECKS, STAGE_SCORE, STAGE_LEARN, STAGES };

struct outcome {
    struct outcome_row {
        size_t entry; /* of the corpus */
        double score;
        double content; /* alone */
    } * rows;           /* in the order of scoring */
    size_t count;
    struct {
        double seconds; /* of processor time */
        size_t documents;
    } stages[STAGES];
    size_t lessons, lesson_bytes; /* as they would stand in the log */
};

/* Whether the protocol scores documents of both labels; without them there are no figures. */
bool evaluation_possible(const struct evaluation *evaluation);

/* Which sources have both labels: `both[i]` is set for the i-th. Caller frees. */
bool *evaluation_sources(const struct corpus *corpus);

/* On failure `outcome` is to be cleared all the same. */
bool evaluation_run(const struct evaluation *evaluation, struct outcome *outcome,
                    struct error *error);
void outcome_clear(struct outcome *outcome);

/* How often each check fires, by label. */
struct check_rate {
    size_t fired[2];
    double strength; /* the sum of its strengths, each from 0 to 1 */
};

/* `rates` has a row for each of checks_all(). */
bool evaluation_rates(const struct evaluation *evaluation, struct check_rate *rates,
                      struct error *error);

#endif
