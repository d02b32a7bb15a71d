/* counts_redis: the counts store in Redis, in files: counts_redis.c (opening, health, key),
 * counts_redis_log.c (lessons, snapshots, replicas), counts_redis_reputation.c;
 * counts_redis_settings.c; and two for migration: counts_redis_export.c, counts_redis_import.c.
 * Internal to store/.
 *
 * Keys, each behind the prefix ("weir:"):
 *   log          stream; the entry of version v has the id v-0 and one field, the encoded lesson
 *   version      of the newest entry
 *   snapshot     hash: version, features (feature version), data
 *   key          of the installation, 16 bytes
 *   settings     hash: version, text
 *   replicas     hash: gateway to "time version"
 *   since        when documents began to be counted without a gap; 14 days
 *   origin       of an imported copy, made at random for each; part of what counts_health() tells
 *   copying      while a copy is put in place, or the end of one is taken: lessons are refused
 *   e:ID         event id (16 bytes) to version; 30 days
 *   l:ID:SOURCE  what SOURCE said of document ID (16 bytes): label, time, version and the
 *                reputations that counted it, so that it can be taken back; 180 days
 *   s:N:SOURCE…  what SOURCE, of N bytes, has in the reputation whose key without prefix follows;
 *                5 half-lives. It is not copied to another store
 *   d:ID         what sources that are limited said of document ID; 180 days
 *   t:SOURCE     how often the operator agreed with SOURCE, and how often not (4 bytes each); 180
 *                days. Neither is copied to another store
 *   r:TYPE:VALUE reputation, of an identity's type (its number) and value
 * The bytes of d:, l:, s: and r: are told in redis_scripts.c. */
#ifndef WEIR_COUNTS_REDIS_H
#define WEIR_COUNTS_REDIS_H

#include "store/counts_ops.h"
#include "store/redis_pool.h"
#include "store/redis_scripts.h"

struct counts_redis {
    struct counts_store base; /* first: see counts_ops.h */
    struct redis_pool *pool;
    struct redis_scripts *scripts;
    char *prefix;
    unsigned timeout_ms;
};

static inline struct counts_redis *counts_redis_of(struct counts_store *store)
{
    return (struct counts_redis *)store;
}

/* Adds the key `name` behind the prefix as one word. */
void counts_redis_key(const struct counts_redis *redis, struct redis_batch *batch,
                      const char *name);

/* Begins a command of `words` words, the first two being `command` and the key `name`. */
void counts_redis_begin(const struct counts_redis *redis, struct redis_batch *batch, size_t words,
                        const char *command, const char *name);

/* An unsigned decimal number in a reply; false when it is anything else. */
bool counts_redis_number(const redisReply *reply, uint64_t *number);

/* Until when, by the server's clock, a call may act that is made now and not waited for longer than
 * the timeout. */
bool counts_redis_until_ms(const struct counts_redis *redis, int64_t *until_ms,
                           struct error *error);

/* What the key of a reputation has between prefix and value, written into `text`: "r:8:". */
#define COUNTS_REDIS_TYPE_TEXT 16
struct span counts_redis_type_text(enum identity_type type, char text[COUNTS_REDIS_TYPE_TEXT]);
void counts_redis_reputation_key(const struct counts_redis *redis, struct redis_batch *batch,
                                 const struct identity *identity);

/* The bytes of a reputation, and back; false for bytes that are none. `bytes` has room for
 * COUNTS_REDIS_REPUTATION_MAX. */
#define COUNTS_REDIS_REPUTATION_MAX 29
size_t counts_redis_pack(const struct reputation_counts *counts, unsigned char *bytes);
bool counts_redis_unpack(struct span bytes, struct reputation_counts *counts);

/* The identity that a key stands for; false for a key that is no reputation's. */
bool counts_redis_identity_of(const struct counts_redis *redis, struct span key,
                              struct identity *identity);

/* One SCAN over the keys that begin with prefix and `start`, from `*cursor` on, which is 0 at first
 * and again at the end. freeReplyObject() what comes; NULL on failure. */
redisReply *counts_redis_scan(const struct counts_redis *redis, struct span start, char cursor[24],
                              const redisReply **keys, struct error *error);

/* What a label's record tells of the identities that counted it; its length. */
#define COUNTS_REDIS_NAMES_MAX                                                                     \
    (LESSON_IDENTITIES_MAX * (2 + COUNTS_REDIS_TYPE_TEXT + IDENTITY_VALUE_MAX))
size_t counts_redis_pack_names(const struct identity *identities, size_t n,
                               unsigned char names[COUNTS_REDIS_NAMES_MAX]);

/* Refuses lessons for a minute from now on, or no longer. */
void counts_redis_hold(const struct counts_redis *redis, struct redis_batch *batch);
void counts_redis_let_go(const struct counts_redis *redis, struct redis_batch *batch);

/* counts_redis_export.c, counts_redis_import.c */
bool counts_redis_export(struct counts_store *store, counts_put_item *put, void *context,
                         struct error *error);
bool counts_redis_import(struct counts_store *store, counts_fill *fill, void *context,
                         struct error *error);

/* counts_redis_settings.c */
bool counts_redis_settings_load(struct counts_store *store, struct counts_settings *settings,
                                struct error *error);
bool counts_redis_settings_save(struct counts_store *store, uint64_t read, struct span text,
                                bool *saved, struct error *error);

/* counts_redis_log.c */
bool counts_redis_append(struct counts_store *store, const struct lesson *const *lessons, size_t n,
                         struct append_result *results, size_t *done, struct error *error);
enum follow_outcome counts_redis_follow(struct counts_store *store, uint64_t version,
                                        unsigned wait_ms, size_t most, counts_visit_lesson *visit,
                                        void *context, struct error *error);
bool counts_redis_snapshot_load(struct counts_store *store, struct snapshot *snapshot,
                                struct error *error);
bool counts_redis_snapshot_save(struct counts_store *store, const struct snapshot *snapshot,
                                bool *stored, struct error *error);
bool counts_redis_replica_report(struct counts_store *store, const char *gateway, uint64_t version,
                                 struct error *error);
bool counts_redis_replica_slowest(struct counts_store *store, uint64_t *slowest,
                                  struct error *error);

bool counts_redis_source_list(struct counts_store *store, counts_visit_source *visit, void *context,
                              struct error *error);

/* counts_redis_reputation.c */
bool counts_redis_reputation_read(struct counts_store *store, const struct identity *identities,
                                  size_t n, struct reputation_counts *counts, struct error *error);
bool counts_redis_reputation_page(struct counts_store *store, enum identity_type type,
                                  struct counts_cursor *cursor, counts_visit_reputation *visit,
                                  void *context, struct error *error);
bool counts_redis_reputation_seen(struct counts_store *store, const struct identity *identities,
                                  const uint32_t *documents, size_t n, struct error *error);
bool counts_redis_reputation_overrides(struct counts_store *store, counts_visit_reputation *visit,
                                       void *context, struct error *error);
bool counts_redis_reputation_override(struct counts_store *store, const struct identity *identity,
                                      enum override_kind kind, int32_t centi, int64_t until_s,
                                      struct error *error);
bool counts_redis_reputation_write(struct counts_store *store, const struct identity *identities,
                                   const struct reputation_counts *counts, size_t n,
                                   struct error *error);
bool counts_redis_reputation_forget(struct counts_store *store, const struct identity *identity,
                                    bool *existed, struct error *error);

#endif
