/* records_search: the history looked through and summed up, for weirctl history, stats and top.
 * Reads only. An index in the order of time holds what is asked for here, so that a million entries
 * are gone through without touching their evidence. Texts are compared without regard to the case
 * of ASCII letters. */
#ifndef WEIR_RECORDS_SEARCH_H
#define WEIR_RECORDS_SEARCH_H

#include "store/records.h"
#include "store/span.h"

struct history_filter { /* zero or NULL: any */
    const char *channel;
    const char *action; /* "hold" is "hold (observed)" too */
    const char *sender; /* what stands anywhere in the text; so the next two */
    const char *recipient;
    const char *subject;
    const char *text;            /* in sender, recipients or subject */
    int64_t since_s, until_s;    /* at or after the one, before the other */
    int64_t before_s, before_id; /* only what stands behind that entry, newest first */
    int64_t after_id; /* only entries added after that one, in the order in which they were */
    bool by_id;       /* `after_id` counts, though it is 0 */
};

struct records_search;

/* Entries that `filter` (lent for the call) lets pass, newest first, or in order of id when it asks
 * for what comes after one. Reads one state of the file. NULL on failure. */
struct records_search *records_search_new(struct records *records,
                                          const struct history_filter *filter, struct error *error);

/* `*entry` is NULL after the last one; `*id` (NULL: never mind) is its number in the file. Free it
 * with history_entry_free(). */
bool records_search_next(struct records_search *search, struct history_entry **entry, int64_t *id,
                         struct error *error);
void records_search_free(struct records_search *search); /* NULL is fine */

/* A verdict that a reputation had a part in, and what became of the document. */
struct moved_verdict {
    const struct history_entry *entry;
    double log_odds; /* the reputation's part */
    bool held;       /* the document was; then: */
    int64_t held_id;
    enum held_state state; /* now */
    int taught;            /* as `taught` of struct held */
};

/* Verdicts whose evidence names the identity: by its symbol ("REPUTATION_LINK_DOMAIN") and value,
 * newest first, `most` of them. Of the last 100,000 verdicts of the file an index knows it, but of
 * none from before an upgrade from a version without it. The entry is lent for the call, which must
 * not call records. */
bool records_history_moved(struct records *records, const char *symbol, struct span value,
                           size_t most,
                           void (*visit)(void *context, const struct moved_verdict *verdict),
                           void *context, struct error *error);

/* --- the audit trail --- */

struct audit_filter {    /* zero or NULL: any */
    const char *who;     /* exactly */
    const char *what;    /* exactly, or its first word: "pin" of "pin +2.00" */
    const char *subject; /* a part of it, of ASCII in either case */
    int64_t since_s, until_s;
    int64_t before_id; /* entries older than that one */
    int64_t after_id;  /* entries after that one, in the order in which they were written */
    bool by_id;        /* `after_id` counts, though it is 0 */
    size_t most;
};

struct audit_line {
    int64_t id, time_s;
    const char *who, *what, *subject;
};

/* Visits what was done, newest first, or in the order of id when it asks for what comes after one;
 * lent for the call, which must not call records. */
bool records_audit_list(struct records *records, const struct audit_filter *filter,
                        void (*visit)(void *context, const struct audit_line *line), void *context,
                        struct error *error);

/* The number of the newest line; 0: there is none. */
bool records_audit_last(struct records *records, int64_t *id, struct error *error);

/* --- sums --- */

/* The number of the newest entry; 0: there is none. */
bool records_history_last(struct records *records, int64_t *id, struct error *error);

/* How many verdicts there were at `since_s` or later, of each channel and action. */
bool records_history_sums(struct records *records, int64_t since_s,
                          void (*visit)(void *context, const char *channel, const char *action,
                                        int64_t count),
                          void *context, struct error *error);

/* How many verdicts on mail since then were as sure as `log_odds` (above 0) that it is spam, and as
 * sure that it is not. */
bool records_history_sure(struct records *records, int64_t since_s, double log_odds, uint64_t *spam,
                          uint64_t *ham, struct error *error);

enum history_group {
    HISTORY_BY_SENDER, /* the envelope sender, or the feed */
    HISTORY_BY_DOMAIN, /* of the envelope sender; empty when it is */
    HISTORY_BY_SYMBOL  /* of its evidence; of the newest 100,000 verdicts of the channel since then:
                        * the index does not have these */
};

/* Of each group of the verdicts of `channel` since then, what was accepted and what was not; the
 * `most` with most of what was not (or, with `ham`, of what was) come first, and there are no
 * others but symbols, which are to be added to those of another file. */
bool records_history_groups(struct records *records, enum history_group group, const char *channel,
                            int64_t since_s, bool ham_first, size_t most,
                            void (*visit)(void *context, const char *name, int64_t ham,
                                          int64_t spam),
                            void *context, struct error *error);

/* How many entries were held at `since_s` or later, by the state they are in now and by what was
 * taught from them (as `taught` of struct held). */
bool records_held_sums(struct records *records, int64_t since_s,
                       void (*visit)(void *context, enum held_state state, int taught,
                                     int64_t count),
                       void *context, struct error *error);

#endif
