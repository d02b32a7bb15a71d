/* counts_copy: everything that was learned, moved from one counts store to another of whatever
 * kind: the installation's key, the admin's settings, snapshot, log, remembered event ids and
 * labels, reputations with their overrides, and since when documents are counted. For weirctl
 * migrate, backup and restore. What gateways reported of their replicas stays behind, and what each
 * source has in a reputation and how far it is believed: it may add to it afresh. (A backup of a
 * SQLite store has even these.) */
#ifndef WEIR_COUNTS_COPY_H
#define WEIR_COUNTS_COPY_H

#include "store/counts.h"

enum counts_item_kind {
    COUNTS_ITEM_KEY,
    COUNTS_ITEM_SETTINGS,
    COUNTS_ITEM_SINCE,
    COUNTS_ITEM_SNAPSHOT,
    COUNTS_ITEM_LESSON,
    COUNTS_ITEM_EVENT,
    COUNTS_ITEM_LABEL,
    COUNTS_ITEM_REPUTATION,
    COUNTS_ITEM_KINDS
};

#define COUNTS_NEVER INT64_MAX

/* What a store gives away and takes; the kind says which fields count. */
struct counts_item {
    enum counts_item_kind kind;
    struct span bytes; /* the key; the settings' text; a lesson as encoded; an event's id; of a
                        * label: the document's */
    uint64_t version; /* of settings; of a lesson; of the one that an event or a label belongs to */
    int64_t expires_s; /* of an event, a label, a reputation; of counts_seen_since() */
    const struct snapshot *snapshot;

    int64_t time_s; /* counts_seen_since(); or of a label, as are: */
    struct span source;
    enum label label;
    const struct identity *identities; /* that counted it */
    size_t identity_count;             /* `version` 0: the source says nothing of it any more */
    const uint16_t *amounts; /* for each, in thousandths of a lesson; NULL: a whole one for all, by
                              * a source without limit */

    struct identity identity;        /* of a reputation, as are: */
    struct reputation_counts counts; /* no counts and no override: there is none (any more) */
};

/* Takes the item, lent for the call. False, with `error` set, ends the export. */
typedef bool counts_put_item(void *context, const struct counts_item *item, struct error *error);

struct counts_sums {
    uint64_t version;                /* of the newest lesson */
    size_t items[COUNTS_ITEM_KINDS]; /* given away; one that changed meanwhile counts twice */
};

/* Whether nothing was learned and no override set; a key, and what was only seen, is nothing. */
bool counts_is_empty(struct counts_store *store, bool *empty, struct error *error);

/* Makes `to` a copy of `from` as it is at the end of the call; what was in `to` is gone. `from` may
 * be in use (documents that it counts meanwhile may be left out); where lessons come without end
 * they are refused for a moment, as if it were away. So may `to`, whose replicas are then made
 * anew; lessons are refused until the copy is complete, as if it were away. A copy that fails
 * leaves a SQLite file as it was, and in Redis only a part of it. */
bool counts_copy(struct counts_store *from, struct counts_store *to, struct counts_sums *sums,
                 struct error *error);

/* Writes a copy into the SQLite file `path`, of mode 0600, which is there whole or not at all; an
 * earlier backup of this name is replaced, anything else is not. `store` may be in use. */
bool counts_backup(struct counts_store *store, const char *path, struct error *error);

#endif
