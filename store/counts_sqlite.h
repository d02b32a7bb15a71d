/* counts_sqlite: the counts store in one SQLite file, shared by the processes of one machine.
 * counts_sqlite.c: opening, health, key; counts_sqlite_link.c: connections, transactions, tables;
 * counts_sqlite_log.c: lessons; counts_sqlite_snapshot.c: snapshots, replicas;
 * counts_sqlite_reputation.c;
 * counts_sqlite_source.c: what one source may add;
 * counts_sqlite_settings.c; counts_sqlite_copy.c: migration and backup. Internal to store/.
 *
 * What is written is on the disk before a call returns (synchronous = FULL): "learned" is said to
 * whoever taught, who then forgets the lesson. A transaction is either all there after a crash or
 * not at all. What has an end stands with it (`expires_s`), counts for nothing once that has
 * passed, and is removed a few rows at a time by whoever appends; so the file is bounded by what
 * was taught within those times. */
#ifndef WEIR_COUNTS_SQLITE_H
#define WEIR_COUNTS_SQLITE_H

#include "store/counts_sqlite_link.h"

/* What a lesson does to reputations. */
struct sqlite_event {
    const struct identity *identities;
    size_t count;
    enum label label;
    int64_t time_s, now_s;
    const uint16_t *amounts; /* for each, in thousandths of a lesson; NULL: a whole one for all */
};

/* In a transaction: adds one event to the reputations of all its identities, or takes it back. The
 * same arithmetic as the script in redis_scripts.c, which says why, with the same counts to the
 * bit. */
bool counts_sqlite_change(struct sqlite_link *link, const struct sqlite_event *event, bool back,
                          struct error *error);
uint32_t counts_sqlite_whole(double count);
bool counts_sqlite_counts_of(struct sqlite_link *link, const struct identity *identity,
                             int64_t now_s, struct reputation_counts *counts, struct error *error);

/* counts_sqlite_source.c, in a transaction and before the change itself, likewise as in the script:
 * how much of an event `source` may add where it is limited, which it has from now on; and that it
 * no longer has what is taken back. */
bool counts_sqlite_allow(struct sqlite_link *link, struct span source,
                         const struct sqlite_event *event, uint16_t amounts[LESSON_IDENTITIES_MAX],
                         struct error *error);
bool counts_sqlite_give_back(struct sqlite_link *link, struct span source,
                             const struct sqlite_event *event, struct error *error);

/* Likewise: the word of a source that is limited is remembered, to be tested by the operator's. */
bool counts_sqlite_remember_word(struct sqlite_link *link, const struct lesson *lesson,
                                 int64_t now_s, struct error *error);
bool counts_sqlite_test_words(struct sqlite_link *link, const struct lesson *lesson, int64_t now_s,
                              struct error *error);
bool counts_sqlite_source_list(struct counts_store *store, counts_visit_source *visit,
                               void *context, struct error *error);

/* In a transaction: removes up to `most` reputations that have expired. */
bool counts_sqlite_prune(struct sqlite_link *link, size_t most, int64_t now_s, struct error *error);

/* counts_sqlite_settings.c; reading and writing one by one, in a transaction. */
bool counts_sqlite_read_settings(struct sqlite_link *link, struct counts_settings *settings,
                                 struct error *error);
bool counts_sqlite_write_settings(struct sqlite_link *link, uint64_t version, struct span text,
                                  struct error *error);
bool counts_sqlite_settings_load(struct counts_store *store, struct counts_settings *settings,
                                 struct error *error);
bool counts_sqlite_settings_save(struct counts_store *store, uint64_t read, struct span text,
                                 bool *saved, struct error *error);

/* counts_sqlite_log.c */
bool counts_sqlite_newest(struct sqlite_link *link, uint64_t *version, struct error *error);
bool counts_sqlite_append(struct counts_store *store, const struct lesson *const *lessons, size_t n,
                          struct append_result *results, size_t *done, struct error *error);
enum follow_outcome counts_sqlite_follow(struct counts_store *store, uint64_t version,
                                         unsigned wait_ms, size_t most, counts_visit_lesson *visit,
                                         void *context, struct error *error);

/* counts_sqlite_snapshot.c */
bool counts_sqlite_snapshot_load(struct counts_store *store, struct snapshot *snapshot,
                                 struct error *error);
bool counts_sqlite_snapshot_save(struct counts_store *store, const struct snapshot *snapshot,
                                 bool *stored, struct error *error);
bool counts_sqlite_replica_report(struct counts_store *store, const char *gateway, uint64_t version,
                                  struct error *error);
bool counts_sqlite_replica_slowest(struct counts_store *store, uint64_t *slowest,
                                   struct error *error);

/* For migration: one row each, in a transaction. */
bool counts_sqlite_write_entry(struct sqlite_link *link, uint64_t version, struct span lesson,
                               struct error *error);
bool counts_sqlite_write_event(struct sqlite_link *link, struct span id, uint64_t version,
                               int64_t expires_s, struct error *error);
bool counts_sqlite_write_label(struct sqlite_link *link, const struct counts_item *label,
                               struct error *error);
bool counts_sqlite_remove_label(struct sqlite_link *link, struct span document, struct span source,
                                struct error *error);
bool counts_sqlite_write_snapshot(struct sqlite_link *link, const struct snapshot *snapshot,
                                  struct error *error);
bool counts_sqlite_write_reputation(struct sqlite_link *link, const struct identity *identity,
                                    const struct reputation_counts *counts, int64_t expires_s,
                                    struct error *error);
bool counts_sqlite_write_since(struct sqlite_link *link, int64_t since_s, int64_t last_s,
                               struct error *error);
void counts_sqlite_read_reputation(sqlite3_stmt *statement, struct reputation_counts *counts,
                                   int64_t *expires_s);

/* What a label says was added to each of its identities (the length of what was written; false when
 * they are not as many). */
size_t counts_sqlite_pack_amounts(const struct counts_item *label,
                                  unsigned char bytes[2 * LESSON_IDENTITIES_MAX]);
bool counts_sqlite_unpack_amounts(struct span bytes, uint16_t amounts[LESSON_IDENTITIES_MAX],
                                  size_t count);

/* The identities in a label's names; they point into those. */
bool counts_sqlite_unpack(const struct sqlite_link *link, struct span names,
                          struct identity identities[LESSON_IDENTITIES_MAX], size_t *count,
                          struct error *error);

/* counts_sqlite_copy.c */
bool counts_sqlite_export(struct counts_store *store, counts_put_item *put, void *context,
                          struct error *error);
bool counts_sqlite_import(struct counts_store *store, counts_fill *fill, void *context,
                          struct error *error);
bool counts_sqlite_backup(struct counts_store *store, const char *path, struct error *error);

/* counts_sqlite_reputation.c */
bool counts_sqlite_reputation_read(struct counts_store *store, const struct identity *identities,
                                   size_t n, struct reputation_counts *counts, struct error *error);
bool counts_sqlite_reputation_page(struct counts_store *store, enum identity_type type,
                                   struct counts_cursor *cursor, counts_visit_reputation *visit,
                                   void *context, struct error *error);
bool counts_sqlite_reputation_seen(struct counts_store *store, const struct identity *identities,
                                   const uint32_t *documents, size_t n, struct error *error);
bool counts_sqlite_reputation_overrides(struct counts_store *store, counts_visit_reputation *visit,
                                        void *context, struct error *error);
bool counts_sqlite_reputation_override(struct counts_store *store, const struct identity *identity,
                                       enum override_kind kind, int32_t centi, int64_t until_s,
                                       struct error *error);
bool counts_sqlite_reputation_write(struct counts_store *store, const struct identity *identities,
                                    const struct reputation_counts *counts, size_t n,
                                    struct error *error);
bool counts_sqlite_reputation_forget(struct counts_store *store, const struct identity *identity,
                                     bool *existed, struct error *error);

#endif
