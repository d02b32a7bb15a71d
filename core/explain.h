/* explain: a verdict in words, as JSON, and as one log line. */
#ifndef WEIR_EXPLAIN_H
#define WEIR_EXPLAIN_H

#include "core/arena.h"
#include "core/json_writer.h"
#include "core/verdict.h"

/* Writes the members "action", "p", "log_odds" and "terms" into the object that is open in
 * `writer`. Terms: [{"symbol": …, "log_odds": …, "detail": …}, …], largest first; no "detail" when
 * there is none to tell. The content's tokens, when they were named, are "tokens": [{"text": …,
 * "log_odds": …}, …]. */
void explain_verdict_members(struct json_writer *writer, const struct verdict *verdict);

/* {"action","p","log_odds","terms"} as text in `arena`, for records; a NUL stands behind it. */
struct span explain_verdict_json(struct arena *arena, const struct verdict *verdict);

/* For people: "hold  p=0.987  log-odds +4.30", and for each group of reasons.h a line with its sum
 * and a line for each reason: "   +0.40  From and Reply-To differ: …  [REPLY_TO_ELSEWHERE]". `json`
 * is what explain_verdict_json() wrote. Lies in `arena`; NULL data when the text is no such JSON.
 */
struct span explain_verdict_text(struct arena *arena, struct span json);

/* The same reasons as a member of the object that is open in `writer`: "reasons": [{"name":
 * "checks", "log_odds": …, "reasons": [{"words": …, "log_odds": …, "symbol": …}, …]}, …]; no group
 * when the text is no such JSON. */
void explain_reasons_member(struct json_writer *writer, struct span json);

/* "LINK_FARM(2.1) CONTENT(1.3) …": the `most` largest, for headers and log lines; ASCII. Terms
 * that weigh nothing are left out. A NUL stands behind it. */
struct span explain_short(struct arena *arena, const struct verdict *verdict, size_t most);

#endif
