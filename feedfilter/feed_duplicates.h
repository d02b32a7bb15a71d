/* feed_duplicates: a story that several feeds carry is shown once, in the feed that had it first
 * (feedfilter.deduplicate). What a feed has shown it goes on showing. What was left out stays out
 * for as long as the other feed is subscribed to, shows its own, is in the same category, and is
 * read by everybody who may read this one: nobody misses a story for one that is not theirs, and
 * nobody learns of feeds that are not theirs. Left out is never silently: each is logged once,
 * counted, and stands in /q/NAME with what it is a duplicate of; and the item that is shown says
 * where else the story is, but names no feed that not all may read who read this one. */
#ifndef WEIR_FEED_DUPLICATES_H
#define WEIR_FEED_DUPLICATES_H

#include "core/config.h"
#include "feedfilter/feed_judge.h"
#include "feedfilter/footer_words.h"

struct feed_duplicates {
    const struct config *config;
    const struct subscription_config *own; /* of this feed, one of config's */
    struct records *records;
    int64_t now_s;
    /* Called without a lock for each feed, maybe of several times, of which what an item says of
     * others has changed; NULL: nobody is told. */
    bool (*changed)(void *context, const char *feed);
    void *context;
    bool freed; /* set: what was left out for an item of this feed may be shown again */
};

/* Where else an item's story is. `left_out`: in so many feeds, the named ones among them. */
struct story_note {
    struct story_place *places;
    size_t place_count, left_out;
};

/* Whether it does anything for this feed. */
bool feed_duplicates_wanted(const struct config *config, const struct subscription_config *own);

/* Whether readers of `own` find in the feed `name` what is left out of `own` for it. */
bool feed_duplicates_stand_for(const struct config *config, const struct subscription_config *own,
                               const char *name);

/* Forgets what was remembered of feeds that are not in `config`, or have another URL or other
 * readers than it was remembered with, and what was left out where nothing is any more. */
bool feed_duplicates_keep(const struct config *config, struct records *records,
                          struct error *error);

/* Sets left_out[i] for the items that another feed shows, and notes[i], in `arena`, of those that
 * are shown here alone; `fates` are feed_judge()'s. Items whose guid is not theirs alone are shown.
 * In mode observe, or FEED_PASS, nothing is left out, but what is shown is remembered. false with
 * ERROR_SYSTEM: the records failed; nothing is left out. */
bool feed_duplicates_find(struct feed_duplicates *duplicates, const struct feed *feed,
                          const enum item_fate *fates, bool *left_out, struct story_note *notes,
                          struct arena *arena, struct error *error);

#endif
