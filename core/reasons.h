/* reasons: the terms of a verdict in words, for people who know no symbols. */
#ifndef WEIR_REASONS_H
#define WEIR_REASONS_H

#include "core/arena.h"

#include <stdbool.h>

/* The words of what the tokens that are not named add up to. */
#define REASONS_OTHERS "all others together"

struct reason {
    struct span words;  /* "From and Reply-To differ: …"; as core/printable.h makes text */
    struct span symbol; /* of the term; empty for a token of the content */
    double log_odds;    /* to two decimals */
    bool note;          /* weighs nothing, and says something of the other reasons */
};

/* What the model says of the content, what checks found, what is known of identities, and notes
 * that weigh nothing. */
enum reason_kind { REASON_CONTENT, REASON_CHECK, REASON_REPUTATION, REASON_NOTE, REASON_KINDS };

struct reason_group {
    const char *name; /* "content" */
    double log_odds;  /* the sum of its reasons */
    struct reason *reasons;
    size_t count;
};

struct reasons {
    struct span action;
    double probability;
    double log_odds;    /* the sum of the groups, where nothing but rounding parts them */
    struct span rule;   /* the name of the one that decided the action; empty: the sum did */
    bool content_known; /* something is known of the content */
    struct reason_group groups[REASON_KINDS];
    size_t count; /* of groups: those that have reasons */
};

/* Reads what explain_verdict_json() wrote, now or in an earlier version, into `arena`. Groups and
 * the reasons in each are in the order of what they weigh; behind the tokens of the content stands
 * what all others add up to. false: it is no such JSON. */
bool reasons_read(struct arena *arena, struct span json, struct reasons *reasons);

#endif
