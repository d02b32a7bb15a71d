/* counts_ops: what stands behind counts.h: one row of functions for each kind of store, one file
 * for each row. Internal to store/. Each function does what the call of the same name in counts.h
 * promises; counts.c only hands on. */
#ifndef WEIR_COUNTS_OPS_H
#define WEIR_COUNTS_OPS_H

#include "store/counts.h"
#include "store/counts_copy.h"

/* What is counted is kept for so many half-lives of its type: a lesson is down to 3 % then. The
 * scripts of redis_scripts.c say so themselves. */
#define COUNTS_HALF_LIVES_KEPT 5

/* An event is believed to be so far in the future. What stands for a time further ahead was written
 * while a clock was ahead, or this one is behind: nobody can tell. An event counts then as if it
 * were of that time, or it would count for next to nothing; and nothing is moved to an earlier
 * time, or the right clock would take all of it for old. */
#define COUNTS_CLOCK_TOLERANCE_S 300
static inline int64_t counts_time_of(int64_t event_s, int64_t stands_for_s, int64_t now_s)
{
    return stands_for_s > now_s + COUNTS_CLOCK_TOLERANCE_S ? stands_for_s : event_s;
}

/* What was only seen is kept for so long after it was last seen; and how long documents may go
 * uncounted until the store no longer knows who is new. */
#define COUNTS_SEEN_KEPT_S (14 * 86400)
int64_t counts_seen_life_s(enum identity_type type);

/* Gives all items to `put`; what fills a store that is being imported to. */
typedef bool counts_fill(void *context, counts_put_item *put, void *put_context,
                         struct error *error);

/* A variant's own structure begins with this one. */
struct counts_store {
    const struct counts_ops *ops;
    _Atomic uint32_t half_life_s[IDENTITY_TYPES];
    _Atomic double source_share;
    _Atomic int64_t seen_since_s; /* counts_seen_since() */
};

/* Whether the source of this lesson may have a share of a reputation alone. */
bool counts_is_limited(const struct counts_store *store, const struct lesson *lesson);

#define COUNTS_TRUST_LIFE_S (180 * 86400) /* as that of labels */
#define COUNTS_TRUST_WORDS 100            /* beyond that both numbers are halved */
#define COUNTS_DOCUMENT_SOURCES 32        /* whose words about one document are tested */

struct counts_ops {
    void (*close)(struct counts_store *store);
    const char *(*name)(const struct counts_store *store);
    bool (*health)(struct counts_store *store, struct counts_health *health, struct error *error);
    bool (*installation_key)(struct counts_store *store, const unsigned char *proposed,
                             unsigned char key[COUNTS_KEY_BYTES], struct error *error);
    bool (*settings_load)(struct counts_store *store, struct counts_settings *settings,
                          struct error *error);
    bool (*settings_save)(struct counts_store *store, uint64_t read, struct span text, bool *saved,
                          struct error *error);
    bool (*append)(struct counts_store *store, const struct lesson *const *lessons, size_t n,
                   struct append_result *results, size_t *done, struct error *error);
    enum follow_outcome (*follow)(struct counts_store *store, uint64_t version, unsigned wait_ms,
                                  size_t most, counts_visit_lesson *visit, void *context,
                                  struct error *error);
    bool (*snapshot_load)(struct counts_store *store, struct snapshot *snapshot,
                          struct error *error);
    bool (*snapshot_save)(struct counts_store *store, const struct snapshot *snapshot, bool *stored,
                          struct error *error);
    bool (*replica_report)(struct counts_store *store, const char *gateway, uint64_t version,
                           struct error *error);
    bool (*replica_slowest)(struct counts_store *store, uint64_t *slowest, struct error *error);
    /* May visit a source several times: what it brings is added up. */
    bool (*source_list)(struct counts_store *store, counts_visit_source *visit, void *context,
                        struct error *error);
    bool (*reputation_read)(struct counts_store *store, const struct identity *identities, size_t n,
                            struct reputation_counts *counts, struct error *error);
    bool (*reputation_page)(struct counts_store *store, enum identity_type type,
                            struct counts_cursor *cursor, counts_visit_reputation *visit,
                            void *context, struct error *error);
    bool (*reputation_overrides)(struct counts_store *store, counts_visit_reputation *visit,
                                 void *context, struct error *error);
    bool (*reputation_seen)(struct counts_store *store, const struct identity *identities,
                            const uint32_t *documents, size_t n, struct error *error);
    bool (*reputation_override)(struct counts_store *store, const struct identity *identity,
                                enum override_kind kind, int32_t centi, int64_t until_s,
                                struct error *error);
    bool (*reputation_write)(struct counts_store *store, const struct identity *identities,
                             const struct reputation_counts *counts, size_t n, struct error *error);
    bool (*reputation_forget)(struct counts_store *store, const struct identity *identity,
                              bool *existed, struct error *error);
    /* The key, if there is one, comes first. */
    bool (*export_items)(struct counts_store *store, counts_put_item *put, void *context,
                         struct error *error);
    /* Removes everything and takes what `fill` gives. */
    bool (*import_items)(struct counts_store *store, counts_fill *fill, void *context,
                         struct error *error);
    /* Copies the store into a new file of the kind; NULL when only export and import can. */
    bool (*backup)(struct counts_store *store, const char *path, struct error *error);
};

/* The variants' own ways in; `options` has no zeros left. */
struct counts_store *counts_redis_open(const char *url, const struct counts_options *options,
                                       struct error *error);
struct counts_store *counts_sqlite_open(const char *url, const struct counts_options *options,
                                        struct error *error);

/* What every store answers to a snapshot of older features than the stored one has: false. */
bool counts_refuse_snapshot(const struct snapshot *snapshot, uint32_t features,
                            struct error *error);

#endif
