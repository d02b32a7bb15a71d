/* features: a document's text, headers and shape as a set of 64-bit hashes. The recipe (prefixes,
 * pairs, ideograph bigrams and trigrams) is described at the top of features.c; changing what any
 * document gives means raising FEATURE_VERSION, and a model of another version is not read. */
#ifndef WEIR_FEATURES_H
#define WEIR_FEATURES_H

#include "core/document.h"

#define FEATURE_VERSION 1u
#define FEATURES_MAX 2000u
#define FEATURE_BODY_CODE_POINTS 8000u

/* Fills document->features, script, shingles. Deterministic on every machine. */
void features_extract(struct document *document);

struct feature_name {
    uint64_t hash;    /* asked for */
    struct span name; /* filled: "subject:发票", "body:click here", "h:X-Mailer" */
};

/* Walks the document again and names the hashes asked for (explanations only). Names lie in the
 * document's arena; one that does not occur keeps an empty name. */
void features_name(struct document *document, struct feature_name *names, size_t count);

#endif
