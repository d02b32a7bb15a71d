/* feed_judge: which of a feed's items are kept back. An item (feed, guid) is judged once and its
 * verdict sticks until its content changes, an admin releases it, or the rules (core/rules.h) say
 * something else of it, so that items do not flicker and a poll that finds nothing new counts and
 * logs nothing. What a person decided about stands, whatever rules say later.
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
#include "feedfilter/feed_shown.h"
#include "feedfilter/verdicts_told.h"
#include "store/records.h"

#include <stdbool.h>

struct feed_judge {
    const struct config *config;
    /* Called first: fills `judge.tuning`, whose rules are asked. NULL: it is filled already, or
     * there are no rules. */
    void (*follow)(struct feed_judge *judge);
    /* Called before the first item is judged, if one is: fills `judge`. A poll that finds nothing
     * new needs no counts store. NULL: `judge` is filled already. */
    void (*prepare)(struct feed_judge *judge);
    struct judge judge;
    void *context;       /* the caller's */
    enum feed_mode mode; /* FEED_HOLD in a pipe; the front's mode observe makes it FEED_PASS */
    bool names_itself;   /* the feed's name stands in the feed; the caller knows no better */
    struct feed_showing *showing; /* readers may say what the items are; NULL: they may not */
    struct records *records;      /* NULL: nothing is remembered, and so nothing is kept back */
    /* What was logged of verdicts that could not be recorded, and is not again. NULL: all is. */
    struct verdicts_told **told;
};

enum item_fate { ITEM_PASSES, ITEM_IS_CUT, ITEM_IS_TAGGED };

/* Sets fates[i] for each item. One that is cut lies in the records, with its head (put_back.h). In
 * mode FEED_TAG those whose action is tag, hold or reject are tagged, and none is cut; in the
 * others none is tagged. `ranges` belong to the feed's items one by one. New and edited items are
 * judged, at most 256 in one go, and saved with their verdicts before this returns; one log line
 * each, which `told` keeps from coming again while they cannot be saved. What passed while the
 * counts store was away is judged again at the next poll. false with ERROR_SYSTEM: the records
 * failed (each item is judged, and nothing cut that is not safely recorded).
 *
 * What an admin has said counts in every mode: released items pass unmarked, and confirmed or
 * deleted ones are kept out by FEED_HOLD and tagged by FEED_TAG. When the mode is changed,
 * FEED_HOLD judges and holds what was only tagged or passed before; under FEED_TAG, items that wait
 * for review appear tagged and need none any more, so their entries become superseded; under
 * FEED_PASS they appear, and wait on. */
bool feed_judge(struct feed_judge *judge, const struct feed *feed, struct span name,
                struct span bytes, const struct feed_ranges *ranges, enum item_fate *fates,
                struct error *error);

#endif
