/* reputation_story: all that is known of an identity, and why it says what it says: its counts, how
 * they decayed, how sure they are, what an admin said, which documents shaped it, and which
 * verdicts here it moved. For weirctl and the console. */
#ifndef WEIR_REPUTATION_STORY_H
#define WEIR_REPUTATION_STORY_H

#include "admin/session.h"
#include "core/document.h"
#include "core/json_writer.h"

#include <stdio.h>

/* One reputation as it is listed: the members "type", "value", "ham", "spam" (lessons that are
 * left), "seen" (documents that are left), "first_seen" (when that is known), "log_odds",
 * "override" and "until". */
void reputation_story_members(struct json_writer *json, const struct reputation_table *table,
                              const struct identity *identity,
                              const struct reputation_counts *counts, int64_t now_s);

/* Something that happened to it, or that it did. */
enum reputation_event_kind {
    REPUTATION_LESSON,  /* of the last thousand or so, which the counts store still has */
    REPUTATION_VERDICT, /* of this machine */
    REPUTATION_CHANGE,  /* by an admin, on this machine */
    REPUTATION_EVENTS
};

struct reputation_event {
    enum reputation_event_kind kind;
    int64_t time_s;
    int64_t order;     /* of its kind: what happened later has more */
    struct span words; /* a line for people, behind the time */
    struct span json;  /* an object */
};

struct reputation_story {
    struct identity identity;
    struct reputation_counts counts;
    struct reputation_parameters parameters;
    struct reputation_table table;
    int64_t now_s;
    struct reputation_event *events; /* newest first */
    size_t count;
};

/* Reads it, into the arena of `scratch`, with `most` events of a kind, the newest ones; session's
 * counts are open. False: the counts or the records failed, as `error` says. */
bool reputation_story_read(struct session *session, const struct identity *identity, size_t most,
                           struct document *scratch, struct reputation_story *story,
                           struct error *error);

/* Into the object that is open: the members above; "counted" (as they stood at a time), "left" (the
 * share that is left of that), "half_life_s", "base_rate", "strength", "ham_limit", "spam_limit",
 * "learned_log_odds" (without the admin's word), "limited", "posterior" ("mean", and with 90 %
 * between "low" and "high"), "lessons", "verdicts", "changes". */
void reputation_story_put(struct json_writer *json, const struct reputation_story *story);

/* {"verdict": …} of one that happened. */
void reputation_story_put_event(struct json_writer *json, const struct reputation_event *event);

/* The same for people: one reputation as it is listed, a line; all of the story; or, newest first,
 * only what happened. */
void reputation_story_print_line(FILE *out, const struct reputation_table *table,
                                 const struct identity *identity,
                                 const struct reputation_counts *counts, int64_t now_s);
void reputation_story_print(FILE *out, const struct reputation_story *story);
void reputation_story_print_events(FILE *out, const struct reputation_story *story);

#endif
