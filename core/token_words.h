/* token_words: a feature of the content model in words. */
#ifndef WEIR_TOKEN_WORDS_H
#define WEIR_TOKEN_WORDS_H

#include "core/arena.h"
#include "core/features.h"

/* "\"click here\"", "subject: \"发票\"", "link host: pills.example", "header X-Mailer: \"bat\"":
 * what features_name() filled, in `arena`. On one line; the text in it is as it was received. */
struct span token_words(struct arena *arena, const struct feature_name *name);

#endif
