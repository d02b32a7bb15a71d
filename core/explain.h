/* explain: a verdict in words, as JSON, and as one log line. */
#ifndef WEIR_EXPLAIN_H
#define WEIR_EXPLAIN_H

#include "core/arena.h"
#include "core/document.h"
#include "core/verdict.h"

#include <jansson.h>

/* The "terms" array: [{"symbol": …, "log_odds": …, "detail": …}, …], largest first. Invalid UTF-8
 * in details is replaced. New reference. */
json_t *explain_terms_json(const struct verdict *verdict);

/* {"action","p","log_odds","terms"} as text in `arena`, for records. */
struct span explain_verdict_json(struct arena *arena, const struct verdict *verdict);

/* For people: "hold  p=0.987  log-odds +4.3" and a line per term, "  +2.1  LINK_FARM  …". `json`
 * is what explain_verdict_json() wrote. Lies in `arena`; NULL data when the text is no such JSON.
 */
struct span explain_verdict_text(struct arena *arena, struct span json);

/* "LINK_FARM(2.1) CONTENT(1.3) …": the `most` largest, for headers and log lines; ASCII. */
struct span explain_short(struct arena *arena, const struct verdict *verdict, size_t most);

#endif
