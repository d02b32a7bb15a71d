/* name_features: the features of a document, and the words that explanations have for them. */
#ifndef WEIR_FUZZ_NAME_FEATURES_H
#define WEIR_FUZZ_NAME_FEATURES_H

#include "core/features.h"
#include "core/token_words.h"

#include <stdlib.h>

/* So many are asked for, spread over all: each costs a look at every token. */
#define NAMES_MOST 40

/* Aborts when a feature that was found has no name: explanations would not tell of it. */
static inline void name_features(struct document *document)
{
    features_extract(document);
    struct feature_name names[NAMES_MOST];
    size_t all = document->feature_count, count = all < NAMES_MOST ? all : NAMES_MOST;
    for (size_t i = 0; i < count; i++)
        names[i] = (struct feature_name){.hash = document->features[i * all / count]};
    features_name(document, names, count);
    for (size_t i = 0; i < count; i++) {
        if (!names[i].text.length || !token_words(document->arena, &names[i]).length)
            abort();
    }
}

#endif
