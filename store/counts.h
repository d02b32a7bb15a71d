/* counts: what is learned, shared by all gateways. One log of lessons, snapshots of the content
 * model, and reputations; bodies and history are never here. The store is chosen by URL:
 *   redis://[user:password@]host[:port][/database]   redis+unix://[user:password@]/path[?db=N]
 * (Redis 6.2 or later), or, for the processes of one machine,
 *   sqlite:///absolute/path/counts.db
 * (made when it is not there, with mode 0660, in a directory that must be; the path is taken as it
 * is written, and never moved or replaced by hand while weir runs).
 * All calls are thread-safe. A store that is away (a file that cannot be reached, written or locked
 * counts as that) fails each call with ERROR_NETWORK within the timeout; while a server is known to
 * be away at once (reconnection backs off from 0.1 s to 5 s). No call may be under way in a process
 * that forks and goes on using the store in the child: open another one there. */
#ifndef WEIR_COUNTS_H
#define WEIR_COUNTS_H

#include "store/error.h"
#include "store/identity.h"
#include "store/lesson.h"
#include "store/reputation_table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct counts_store;

struct counts_options {
    unsigned timeout_ms;    /* to connect, for one answer, or for a lock; 0: 500 */
    unsigned pool_size;     /* connections kept open at most; 0: 8 */
    const char *key_prefix; /* of Redis; NULL: "weir:" */
};

/* Never connects: a store that is away at start is found out by the first call. NULL and
 * ERROR_INPUT for a URL that cannot be; the message never shows the password. */
struct counts_store *counts_open(const char *url, const struct counts_options *options,
                                 struct error *error);
void counts_close(struct counts_store *store);

/* Half-lives from now on, of what is counted and how long it is kept, and the share of one source;
 * at first those of reputation_table_default. All gateways of a store should go by the same ones:
 * what is taken back after half-lives were changed is taken back by the new ones. */
void counts_use_table(struct counts_store *store, const struct reputation_table *table);

/* The URL without user and password, for logs. Lent. */
const char *counts_name(const struct counts_store *store);

struct counts_health {
    uint64_t version;  /* of the newest lesson in the log; 0: none yet */
    int64_t time_s;    /* the store's clock */
    bool persistent;   /* survives a restart (Redis: append-only file on) */
    char run_id[64];   /* changes when the server was restarted or has another role, or other data
                        * stands in its place: what it took before may be lost then */
    uint64_t settings; /* version of the admin's settings; 0: none were ever written */
};
bool counts_health(struct counts_store *store, struct counts_health *health, struct error *error);

/* The key of the installation that mixes features into slots. A store that has none takes
 * `proposed`, the key that the caller knows from before the store lost its own, or one made at
 * random when that is NULL; from then on it is the same for all gateways. */
#define COUNTS_KEY_BYTES 16
bool counts_installation_key(struct counts_store *store, const unsigned char *proposed,
                             unsigned char key[COUNTS_KEY_BYTES], struct error *error);

/* --- settings --- */

/* What the admin has overridden, one text for all gateways; its meaning is the caller's
 * (core/tuning.h). */
struct counts_settings {
    uint64_t version; /* 0: none were ever written */
    char *text;       /* with a NUL behind it */
    size_t length;
};
bool counts_settings_load(struct counts_store *store, struct counts_settings *settings,
                          struct error *error);

/* Puts `text` in the place of the settings of version `read`, as they were loaded. `*saved` is
 * false, and nothing has changed, when another version stands there meanwhile. The new version is
 * `read` + 1. */
bool counts_settings_save(struct counts_store *store, uint64_t read, struct span text, bool *saved,
                          struct error *error);
void counts_settings_clear(struct counts_settings *settings);

/* --- the log --- */

enum append_outcome {
    APPEND_NEW,        /* appended */
    APPEND_REPEATED,   /* this event id was appended before: nothing changed */
    APPEND_SAME_LABEL, /* what it leads to was so already: nothing changed. This source had given
                        * this document this label, or, of one that is withdrawn, had not */
    APPEND_CORRECTED   /* appended, and another label of this source, or this, was taken back */
};
struct append_result {
    enum append_outcome outcome;
    uint64_t version; /* of the entry that was appended, now or before */
};

/* Appends `n` lessons in order, pipelined (one round trip for up to 64 or so). Each is atomic:
 * event id tested, entry added, reputations' counts changed; a label that the same source had
 * given the other way is taken back from the counts exactly (records of labels: 180 days; event
 * ids: 30 days). What a source that is not the operator has in a reputation, of ham and spam
 * together and decayed like that, is one lesson or its share of the whole, whichever is more, and
 * less where it is not believed (counts_trust_mean()): its lessons add less than 1, and perhaps
 * nothing, where that is reached. The log has them whole. On
 * failure `*done` lessons were answered and the rest may or may not have been appended: send them
 * again, event ids make that harmless. */
bool counts_append(struct counts_store *store, const struct lesson *const *lessons, size_t n,
                   struct append_result *results, size_t *done, struct error *error);

/* What became of the words of a source that is not the operator: how many the operator's later word
 * about the same document, while it stands, agreed with. Of both the last hundred or so count. */
struct counts_trust {
    uint32_t agreed, disagreed;
};

/* How far it is believed, from 0 to 1: the mean of Beta(2 + agreed, 2 + disagreed), so half at
 * first. What it may have in a reputation is that part of the share of one source, and of one
 * lesson twice that part, at most all of it: nobody earns more than the share. */
double counts_trust_mean(const struct counts_trust *trust);

/* `lessons`: the documents that it said a word about within 180 days, of 32 sources a document. */
typedef void counts_visit_source(void *context, struct span source,
                                 const struct counts_trust *trust, uint64_t lessons);

/* Visits each source that is limited and taught, or had a word tested, within 180 days; by name. */
bool counts_source_list(struct counts_store *store, counts_visit_source *visit, void *context,
                        struct error *error);

enum follow_outcome {
    FOLLOW_DONE,    /* every entry there was (up to `most`) was visited; perhaps none came */
    FOLLOW_TRIMMED, /* the entry after `version` is no longer in the log, or the log ends before
                     * `version` because the store lost its data: load the snapshot, or begin
                     * with version 0 when there is none */
    FOLLOW_FAILED   /* see `error` */
};

/* Given the entries in order, each with its version and encoded lesson (lent for the call).
 * Returns false to stop early. */
typedef bool counts_visit_lesson(void *context, uint64_t version, const void *data, size_t length);

/* Visits the entries after `version`. Waits up to `wait_ms` for the first one. A gap in the
 * versions is FOLLOW_FAILED, ERROR_BUG. */
enum follow_outcome counts_follow(struct counts_store *store, uint64_t version, unsigned wait_ms,
                                  size_t most, counts_visit_lesson *visit, void *context,
                                  struct error *error);

struct snapshot {
    uint64_t version; /* 0: there is none */
    uint32_t feature_version;
    unsigned char *data; /* the model, as model_save() wrote it */
    size_t length;
};

/* `snapshot->version` is 0 when none was stored. Free with snapshot_clear(). */
bool counts_snapshot_load(struct counts_store *store, struct snapshot *snapshot,
                          struct error *error);
/* Stored only if newer than what is there; the log is then trimmed up to that version. One of older
 * features than what is there is refused (ERROR_INPUT): it would take from newer gateways what they
 * learned. */
bool counts_snapshot_save(struct counts_store *store, const struct snapshot *snapshot, bool *stored,
                          struct error *error);
void snapshot_clear(struct snapshot *snapshot);

/* How far each gateway's replica is, for bulk learners that must not run away from them. A report
 * counts as alive for 10 s. `*slowest` is UINT64_MAX when none is alive. */
bool counts_replica_report(struct counts_store *store, const char *gateway, uint64_t version,
                           struct error *error);
bool counts_replica_slowest(struct counts_store *store, uint64_t *slowest, struct error *error);

/* --- reputations --- */

enum override_kind {
    OVERRIDE_NONE,
    OVERRIDE_SET, /* the admin's value, until `override_until_s` */
    OVERRIDE_PIN  /* the admin's value, until it is taken away */
};

/* Counts in thousandths of a lesson or document, as they stood at `time_s`; decay to now is the
 * reader's (reputation.h). All zero: never seen. */
struct reputation_counts {
    uint32_t ham_milli;
    uint32_t spam_milli;
    uint32_t seen_milli; /* documents that were judged with it, whatever was said of them later */
    int64_t time_s;
    int64_t first_s; /* when it was first judged, taught or overridden; 0: not known, before stores
                      * kept that */
    enum override_kind override;
    int32_t override_centi; /* log-odds in hundredths */
    int64_t override_until_s;
};

/* Whether nothing is known: no counts, and no override. */
static inline bool reputation_counts_are_none(const struct reputation_counts *counts)
{
    return !counts->ham_milli && !counts->spam_milli && !counts->seen_milli &&
           counts->override == OVERRIDE_NONE;
}

/* Whether nobody has said anything of it: no lesson is left, and there is no override. */
static inline bool reputation_counts_are_unlabelled(const struct reputation_counts *counts)
{
    return !counts->ham_milli && !counts->spam_milli && counts->override == OVERRIDE_NONE;
}

/* Reads all `n` in one round trip; counts[i] answers identities[i]. On failure all are zero. */
bool counts_reputation_read(struct counts_store *store, const struct identity *identities, size_t n,
                            struct reputation_counts *counts, struct error *error);

/* Counts documents that were just judged: documents[i] of them bore identities[i]; each comes once.
 * An identity that nobody has said anything of is kept for two weeks after the last of them, a
 * text's or an attachment's for two days: most come once. On failure some may be counted. */
bool counts_reputation_seen(struct counts_store *store, const struct identity *identities,
                            const uint32_t *documents, size_t n, struct error *error);

/* Since when documents have been counted without a gap of two weeks, as the last
 * counts_reputation_read() of this process found it; 0: they are not. No round trip. */
int64_t counts_seen_since(const struct counts_store *store);

typedef void counts_visit_reputation(void *context, const struct identity *identity,
                                     const struct reputation_counts *counts);

/* How far a list has come, which only the store understands. Zeroed it is the beginning, and it is
 * again after the last page. Whoever keeps it elsewhere meanwhile may forge it: then the call
 * fails, ERROR_INPUT, or the list goes on from somewhere else. */
struct counts_cursor {
    size_t length;
    char bytes[IDENTITY_VALUE_MAX + 1];
};

/* Visits the next thousand or so of `type` (IDENTITY_TYPES: of all types), perhaps none, in no
 * order; while the store grows or shrinks one may come twice. */
bool counts_reputation_page(struct counts_store *store, enum identity_type type,
                            struct counts_cursor *cursor, counts_visit_reputation *visit,
                            void *context, struct error *error);

/* The same for every reputation of the type. */
bool counts_reputation_list(struct counts_store *store, enum identity_type type,
                            counts_visit_reputation *visit, void *context, struct error *error);

/* Visits every reputation that has an override, whether it is still in force or not. The store
 * looks for them: about a second for a million reputations. One may come twice. */
bool counts_reputation_overrides(struct counts_store *store, counts_visit_reputation *visit,
                                 void *context, struct error *error);

/* Writes an override beside the counts (OVERRIDE_NONE takes it away). This, writing,
 * forgetting and saving settings are not done later when a store that hung goes on, and the call
 * has failed. */
bool counts_reputation_override(struct counts_store *store, const struct identity *identity,
                                enum override_kind kind, int32_t centi, int64_t until_s,
                                struct error *error);

/* Puts counts[i], override and all, in the place of what identities[i] has, exactly; what is all
 * zero is removed. All `n` or, on failure, none; keep `n` to a thousand or so. They are kept from
 * now on as if they had been counted now. */
bool counts_reputation_write(struct counts_store *store, const struct identity *identities,
                             const struct reputation_counts *counts, size_t n, struct error *error);

/* Removes counts and override; `*existed` says whether there was anything. */
bool counts_reputation_forget(struct counts_store *store, const struct identity *identity,
                              bool *existed, struct error *error);

#endif
