/* records: what happened here. The history of verdicts with their evidence, held mail and held
 * feed items, what was judged before, and the audit trail; one SQLite file on each gateway, used
 * by several processes at once (WAL). Bodies of mail are never here: Postfix keeps held mail.
 * All calls are thread-safe. Strings in structures that are read are owned by the structure. */
#ifndef WEIR_RECORDS_H
#define WEIR_RECORDS_H

#include "store/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct records;

#define RECORD_ID_BYTES 16

/* Of a subject or title, and of a sender, which anybody may write as long as they like, records
 * keep and give back so many bytes at most: the start, with SPAN_MORE (store/span.h) behind it. All
 * of it is in the message, which lies with Postfix, or in the bytes of the item. */
#define RECORDS_TEXT_MOST 500

/* Whether a text that records gave back may be such a start. */
bool records_is_start(const char *text);

/* Opens or creates the file. NULL with ERROR_SYSTEM naming the path and the reason. */
struct records *records_open(const char *path, struct error *error);
void records_close(struct records *records);

/* --- history --- */

struct history_entry {
    unsigned char document_id[RECORD_ID_BYTES];
    int64_t time_s;
    const char *channel; /* "mail" or "feed" */
    const char *action;  /* "accept", "tag", "hold", "reject"; " (observed)" behind it: not done */
    double log_odds;
    const char *sender;     /* envelope sender, or the feed's name; RECORDS_TEXT_MOST */
    const char *recipients; /* comma-separated, all of them; empty for feeds */
    const char *subject;    /* or the item's title; RECORDS_TEXT_MOST */
    const char *reference;  /* queue id, or the item's guid */
    const char *evidence;   /* JSON: explain_verdict_json() of core/explain.h */
    const void *record;     /* when adding: what replay reads (records_evidence.h); NULL: none */
    size_t record_length;
};

/* Queues the entry; a thread of the records writes what is queued in one transaction at least
 * every 200 ms, so that a verdict never waits for the disk. Never fails: when writing does, or the
 * queue is full (10,000), the entries are dropped and counted, and one line is logged by
 * records_take_error(). */
void records_history_add(struct records *records, const struct history_entry *entry);

/* Writes what is queued now (before stopping, before reading in tests). */
void records_flush(struct records *records);

/* True, once for each spell of trouble, when queued history could not be written. */
bool records_take_error(struct records *records, struct error *error);

/* The newest entry whose document id starts with the hex digits `id` (at least 6), or whose
 * reference is exactly `id`. NULL with ERROR_INPUT when there is none or the id is ambiguous. */
struct history_entry *records_history_find(struct records *records, const char *id,
                                           struct error *error);
void history_entry_free(struct history_entry *entry);

/* --- held mail and items --- */

enum held_state {
    HELD_PENDING,           /* mail: the milter asked for hold, not yet seen in the hold queue */
    HELD_HELD,              /* lies in hold, or the item is kept from the feed */
    HELD_RELEASE_REQUESTED, /* mail: an admin asked; weir-release has not done it yet */
    HELD_RELEASED,
    HELD_CONFIRMED, /* confirmed as spam, still in hold; may yet be released or deleted */
    HELD_DELETE_REQUESTED,
    HELD_DELETED,
    HELD_GONE,       /* no longer in the hold queue though nobody asked weir: deleted by hand */
    HELD_SUPERSEDED, /* feeds: before anybody decided it was edited, or is only tagged now */
    HELD_STATES
};
const char *held_state_name(enum held_state state); /* "release-requested" and so on */
bool held_state_from_name(const char *name, enum held_state *state);

struct held {
    int64_t id; /* of this file; 0 when adding */
    enum held_state state;
    unsigned char document_id[RECORD_ID_BYTES];
    int64_t time_s;               /* held since */
    int64_t state_time_s;         /* in this state since; set by records */
    enum held_state former_state; /* the one before; set by records */
    int64_t missing_since_s;      /* mail: first look that did not find it in hold; 0: none */
    int64_t started_s;       /* mail: Postfix was asked then, its answer is not known; 0: was not */
    const char *channel;     /* "mail" or "feed" */
    const char *sender;      /* envelope sender, or the feed's name; RECORDS_TEXT_MOST */
    const char *recipients;  /* comma-separated, all of them; empty for feeds */
    const char *subject;     /* or title; RECORDS_TEXT_MOST */
    const char *reference;   /* queue id, or guid */
    const char *requeued_as; /* queue id after a requeue; empty: none */
    double log_odds;
    const char *evidence;        /* JSON */
    const unsigned char *lesson; /* encoded lesson without label: what learning needs */
    size_t lesson_length;
    const unsigned char *item; /* feeds: the item's bytes as they stood in the feed */
    size_t item_length;
    const unsigned char *item_head; /* feeds: what the item needs to be read alone */
    size_t item_head_length;
    int64_t due_s; /* what was asked is carried out then, and not before; when adding: 0 */
    int taught; /* label + 1 of the lesson that was last taught from it; 0: none. When adding: 0 */
    double taught_from;    /* log-odds of its content before that, by what was learned alone; of
                            * none, when it was judged; 0: not known */
    const char *taught_by; /* the source; empty: the operator. When adding: never mind */
};

/* Sets `*id`. State must be HELD_PENDING or HELD_HELD. */
bool records_held_add(struct records *records, const struct held *held, int64_t *id,
                      struct error *error);

/* NULL with ERROR_INPUT when there is no such id. */
struct held *records_held_get(struct records *records, int64_t id, struct error *error);
void held_free(struct held *held);

/* Visits held entries in the order of their ids, oldest first; only those in one of the states
 * whose bit (1u << state) is set. The visited entry has no item bytes; it is lent for the call. */
bool records_held_list(struct records *records, unsigned states,
                       bool (*visit)(void *context, const struct held *held), void *context,
                       struct error *error);

/* The same, without those whose `due_s` is still to come. */
bool records_held_list_due(struct records *records, unsigned states, int64_t now_s,
                           bool (*visit)(void *context, const struct held *held), void *context,
                           struct error *error);

/* Visits the entries of one feed in one of `states`, with their item bytes and heads, that came
 * into that state at `since_s` or later: the latest to do so first. */
bool records_held_of_feed(struct records *records, const char *feed, unsigned states,
                          int64_t since_s, bool (*visit)(void *context, const struct held *held),
                          void *context, struct error *error);

/* Visits the names of feeds with entries that were added or changed their state after `*change`, or
 * of which a reader said something (records_shown.h), and moves `*change` on, unless a visitor
 * returned false; 0 at first visits all. How a server learns of a release at once. */
bool records_held_changes(struct records *records, int64_t *change,
                          bool (*visit)(void *context, const char *feed), void *context,
                          struct error *error);

/* Moves `id` from any of `from_states` (bits) to `to`, atomically. `*moved` is false when it was
 * in none of them: whoever asks second finds that out here. */
bool records_held_move(struct records *records, int64_t id, unsigned from_states,
                       enum held_state to, bool *moved, struct error *error);
bool records_held_set_missing(struct records *records, int64_t id, int64_t missing_since_s,
                              struct error *error);
/* Only while it is in `state`: `*set` is false when somebody moved it meanwhile, who may then be
 * sure that Postfix is not asked. */
bool records_held_set_started(struct records *records, int64_t id, enum held_state state,
                              int64_t started_s, bool *set, struct error *error);
bool records_held_set_due(struct records *records, int64_t id, int64_t due_s, struct error *error);
bool records_held_set_requeued_as(struct records *records, int64_t id, const char *queue_id,
                                  struct error *error);
/* Of a `from` that is 0 the former stays. */
bool records_held_set_taught(struct records *records, int64_t id, int taught, double from,
                             const char *by, struct error *error);
/* Whether a person's word on it, as struct held has it in `taught`, is that it is spam: that stands
 * against rules and reputations also while nobody has confirmed it. */
bool records_taught_spam(int taught);

/* The newest entry whose reference, or queue id after a requeue, is `reference`; `*id` is 0 when
 * there is none. */
bool records_held_find(struct records *records, const char *reference, int64_t *id,
                       struct error *error);

/* --- feed items judged before --- */

struct judged {
    unsigned char content_hash[RECORD_ID_BYTES];
    const char *action; /* of the verdict: "accept", "tag", "hold" */
    double log_odds;
    int64_t time_s;
    uint64_t rules, rules_said; /* core/rules.h: their version, and the hash of what they said */
    int64_t held_id;            /* 0: not held */
    enum held_state held_state; /* of held_id, HELD_HELD when 0 */
    int held_taught;            /* of held_id, as struct held has it; 0 when 0 */
};

/* A person let it through. */
bool judged_is_released(const struct judged *judged);

/* One look-up; `*found` false when the pair was never judged. `judged->action` is a static string.
 */
bool records_judged_find(struct records *records, const char *feed, const char *guid,
                         struct judged *judged, bool *found, struct error *error);

/* Runs `work` in one transaction: a feed's items are saved together. Rolled back when `work`
 * returns false. Only calls on `records` from the same thread belong in it. */
bool records_transaction(struct records *records, bool (*work)(void *context, struct error *error),
                         void *context, struct error *error);

/* The same for `work` that only reads: on one state of the file, and many times as fast as its
 * calls alone. Nobody's writing waits for it. */
bool records_reading(struct records *records, bool (*work)(void *context, struct error *error),
                     void *context, struct error *error);
bool records_judged_save(struct records *records, const char *feed, const char *guid,
                         const struct judged *judged, struct error *error);

/* Its `rules` and `rules_said`, and nothing else, where the content is still the same. */
bool records_judged_set_rules(struct records *records, const char *feed, const char *guid,
                              const struct judged *judged, struct error *error);

/* What is remembered of a feed (core/feed_profile.h): bytes that the records only keep. Copies up
 * to `room` of them; `*length` is 0 when there are none, or more than fit. */
bool records_profile_find(struct records *records, const char *feed, void *bytes, size_t room,
                          size_t *length, struct error *error);
bool records_profile_save(struct records *records, const char *feed, const void *bytes,
                          size_t length, int64_t now_s, struct error *error);

/* Whether an admin released an item of the feed at `since_s` or later. */
bool records_released_since(struct records *records, const char *feed, int64_t since_s,
                            bool *released, struct error *error);

/* --- audit --- */

/* Who did what to which thing: ("root", "release", "m12"). */
bool records_audit(struct records *records, const char *who, const char *what, const char *subject,
                   struct error *error);

/* Puts `what` in the place of `former` in the latest line of `who` about `subject`, if that says
 * it. For what comes in parts. */
bool records_audit_instead(struct records *records, const char *who, const char *former,
                           const char *what, const char *subject, bool *replaced,
                           struct error *error);

struct audit_entry {
    int64_t time_s;
    const char *who, *what;
};

/* Visits what was done to `subject`, oldest first; the entry is lent for the call, which must not
 * call records. */
bool records_audit_of(struct records *records, const char *subject,
                      void (*visit)(void *context, const struct audit_entry *entry), void *context,
                      struct error *error);

#endif
