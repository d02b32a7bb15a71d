/* features: a document's text, headers and shape as a set of 64-bit hashes. The recipe (prefixes,
 * pairs, ideograph bigrams and trigrams) is described at the top of features.c; changing what any
 * document gives means raising FEATURE_VERSION, and a model of another version is not read. */
#ifndef WEIR_FEATURES_H
#define WEIR_FEATURES_H

#include "core/document.h"

#define FEATURE_VERSION 7u
#define FEATURES_MAX 2000u
#define FEATURE_BODY_CODE_POINTS 8000u

/* Where a feature comes from; the lowest bit of its hash says so. The model weighs the two apart:
 * a long text does not drown what headers and structure say, nor they a short one. */
enum feature_group {
    FEATURE_GROUP_BODY,  /* words of the text that people read, its subject's among them, and how
                            they are written; of a remark everything: it has so little else that
                            one sign of that would weigh as much as all its words */
    FEATURE_GROUP_OTHER, /* all else */
    FEATURE_GROUPS
};

static inline enum feature_group feature_group(uint64_t hash)
{
    return (enum feature_group)(hash & 1);
}

/* Fills document->features, script, shingles. Deterministic on every machine. */
void features_extract(struct document *document);

struct feature_name {
    uint64_t hash;     /* asked for */
    struct span place; /* filled: "subject:", "host:", a header's name without a colon, or empty */
    struct span text;  /* filled: "发票", "click here", "date, x-mailer"; long ones are cut */
};

/* Walks the document again and names the hashes asked for (explanations only; token_words.h makes
 * words of them). Names lie in the document's arena; one that does not occur keeps an empty text.
 */
void features_name(struct document *document, struct feature_name *names, size_t count);

#endif
