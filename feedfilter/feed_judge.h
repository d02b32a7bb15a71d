/* feed_judge: which of a feed's items are kept back. An item (feed, guid) is judged once and its
 * verdict sticks until its content changes or an admin releases it, so that items do not flicker
 * and a poll that finds nothing new counts and logs nothing.
 *
 * A feed that names itself may name another, and give its items the guids of the other's. Its items
 * are known by their content too: what it says differently is new, no edit of what the other said.
 */
#ifndef WEIR_FEED_JUDGE_H
#define WEIR_FEED_JUDGE_H

#include "core/config.h"
#include "core/feed.h"
#include "core/judge.h"
#include "feedfilter/feed_lexer.h"
#include "store/records.h"

#include <stdbool.h>

struct feed_judge {
    const struct config *config;
    /* Called before the first item is judged, if one is: fills `judge`. A poll that finds nothing
     * new needs no counts store. */
    void (*prepare)(struct feed_judge *judge);
    struct judge judge;
    void *context;           /* the caller's */
    bool names_itself;       /* the feed's name stands in the feed; the caller knows no better */
    struct records *records; /* NULL: nothing is remembered, and so nothing is kept back */
};

/* Evidence about an edited item whose former version the admin had released; not in a feed that
 * names itself. */
#define FORMERLY_RELEASED_SYMBOL "FORMERLY_RELEASED"
#define FORMERLY_RELEASED_LOG_ODDS -2.0

/* Sets cut[i] for each item: it is held, and its bytes lie in the records. `ranges` belong to the
 * feed's items one by one. New and edited items are judged, at most 256 in one go, and saved with
 * their verdicts before this returns; one log line each. In mode observe nothing is held, and once
 * the mode is enforce, what would have been held is judged again; so is, at the next poll, what
 * passed while the counts store was away. false with ERROR_SYSTEM: the records failed (each item is
 * judged, and nothing cut that is not safely recorded). */
bool feed_judge(struct feed_judge *judge, const struct feed *feed, struct span name,
                struct span bytes, const struct feed_ranges *ranges, bool *cut,
                struct error *error);

#endif
