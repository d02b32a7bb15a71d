/* evidence: one reason for a verdict, on the one scale. Three sources give it: the content model,
 * reputations, checks. */
#ifndef WEIR_EVIDENCE_H
#define WEIR_EVIDENCE_H

#include "core/arena.h"
#include "store/span.h"

#include <stdbool.h>
#include <stddef.h>

/* One token of the content model's part. */
struct evidence_token {
    struct span text; /* in words (token_words.h): "link host: pills.example" */
    double log_odds;
};

struct evidence {
    const char *symbol; /* static, or lives as long as the document: "LINK_FARM" */
    double log_odds;    /* natural log; positive speaks for spam */
    struct span detail; /* what was seen, for people: "41 anchors, 92 % of the text"; UTF-8 */
    const struct evidence_token *tokens; /* of the content: the strongest, when they were named */
    size_t token_count;
    bool decides; /* a rule that decides the action, whatever the sum */
};

/* Grows in the document's arena. */
struct evidence_list {
    struct arena *arena;
    struct evidence *items;
    size_t count;
};

/* Of a detail, in which names of files or hosts stand that anybody may make as long as they like,
 * so many bytes at most are kept: the start, with SPAN_MORE (store/span.h) behind it. */
#define EVIDENCE_DETAIL_MOST 300

void evidence_add(struct evidence_list *list, const char *symbol, double log_odds,
                  struct span detail);

/* What decides first, then the largest |log-odds|; equal ones by symbol, so that the order never
 * varies. */
void evidence_sort(struct evidence_list *list);

#endif
