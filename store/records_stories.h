/* records_stories: which items readers were shown in which feed, and which were left out because
 * another feed showed the same story first. In feeds.db, only where feedfilter.deduplicate is on.
 * Bounded: what no feed has listed for STORIES_KEPT_S goes, and beyond STORIES_MOST what was not
 * listed for longest. */
#ifndef WEIR_RECORDS_STORIES_H
#define WEIR_RECORDS_STORIES_H

#include "store/records.h"

#define STORIES_KEPT_S (60 * 86400)
#define STORIES_MOST 200000
#define STORY_ITEM_BYTES 16
#define STORY_TEXT_BYTES 128 /* what is kept of its text; the records only keep it */

/* Texts of what is read belong to it. */
struct story {
    int64_t id;                           /* of this file; 0 when adding */
    const char *feed;                     /* by its name */
    unsigned char item[STORY_ITEM_BYTES]; /* which of the feed's items it is */
    int64_t twin;    /* the story that is shown instead; 0: this one is shown */
    const char *way; /* what both have in common: "guid", "link", "text"; empty: it has no twin */
    const char *title, *link;
    unsigned char text[STORY_TEXT_BYTES];
    bool has_text;
    int64_t first_s, seen_s; /* when a poll first and last listed it, the latter to within a day */
};

/* NULL with ERROR_NONE in `error`: there is none; with another: the records failed. */
struct story *records_story_of_item(struct records *records, const char *feed,
                                    const unsigned char item[STORY_ITEM_BYTES],
                                    struct error *error);
struct story *records_story_get(struct records *records, int64_t id, struct error *error);
void story_free(struct story *story); /* NULL is fine */

/* The ids of stories that are shown and have `key` in common, oldest first, `room` at most. */
bool records_stories_with_key(struct records *records, int64_t key, int64_t *ids, size_t room,
                              size_t *count, struct error *error);

/* The keys of one that is shown, what others may be known by as the same, go with it. */
bool records_story_add(struct records *records, const struct story *story, const int64_t *keys,
                       size_t key_count, struct error *error);
bool records_story_seen(struct records *records, int64_t id, int64_t seen_s, struct error *error);
bool records_story_remove(struct records *records, int64_t id, struct error *error);

/* A feed as it is now. */
struct story_feed {
    const char *name;
    int64_t mark; /* the same while it is the same feed with the same readers */
    bool wanted;  /* its stories are looked at; else what was left out of it is forgotten */
};

/* Since when its stories are looked at, without a break; 0: they are not. */
bool records_stories_since(struct records *records, const char *feed, int64_t *since_s,
                           struct error *error);

/* Removes the stories of feeds that are not among these, or are others by now. The order of `feeds`
 * does not matter; no name comes twice. */
bool records_stories_keep(struct records *records, const struct story_feed *feeds, size_t count,
                          int64_t now_s, struct error *error);

/* Removes what is over the bounds, some thousands at most; records_retention_step() does so too. */
bool records_stories_prune(struct records *records, int64_t now_s, struct error *error);

/* Those of a feed that were left out last, `most` at most, the latest first; `twin` is the one that
 * is shown instead. Both are lent for the call, which must not call records. */
bool records_stories_left_out(struct records *records, const char *feed, size_t most,
                              void (*visit)(void *context, const struct story *story,
                                            const struct story *twin),
                              void *context, struct error *error);

/* Those that were left out for the story `id`, the first first; lent likewise. */
bool records_stories_left_out_for(struct records *records, int64_t id, size_t most,
                                  void (*visit)(void *context, const struct story *story),
                                  void *context, struct error *error);

#endif
