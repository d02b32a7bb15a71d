/* feed_lexer_json: feed_lex() for JSON Feed. Private to feed_lexer.c. */
#ifndef WEIR_FEED_LEXER_JSON_H
#define WEIR_FEED_LEXER_JSON_H

#include "feedfilter/feed_lexer.h"

/* True when `text` (one byte per unit, without mark) is JSON rather than XML: core/feed.h tells the
 * two apart in the same way. */
bool feed_is_json(struct span text);

/* `text`: the feed with one byte per unit, of which each is `unit_bytes` long there. Fills
 * `ranges`; false and ERROR_INPUT: no JSON, or without a list of items. */
bool feed_lex_json(struct arena *arena, struct span text, const struct feed_encoding *encoding,
                   struct feed_ranges *ranges, struct error *error);

#endif
