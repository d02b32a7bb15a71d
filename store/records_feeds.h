/* records_feeds: the feeds that were subscribed to while weir runs, the readers who have addresses
 * of their own, and how the feed server says that its feeds stand. In feeds.db. Texts of what is
 * visited are lent for the call, which must not call records. */
#ifndef WEIR_RECORDS_FEEDS_H
#define WEIR_RECORDS_FEEDS_H

#include "store/records.h"

#define RECORDS_FEEDS_MOST 100000
#define RECORDS_TOKEN_HASH_BYTES 32

struct feed_record {
    const char *name;
    const char *url;  /* with user and password, where it has them: a secret */
    const char *mode; /* "hold", "tag", "pass" */
    const char *title;
    const char *category; /* of OPML: "News/Science"; empty: none */
    const char *readers;  /* who may read it, "ann,bob"; empty: everybody */
    int64_t added_s;      /* set when adding */
};

/* Rises with every change of what follows but the states. */
bool records_feeds_change(struct records *records, int64_t *change, struct error *error);

/* In the order in which they were added. */
bool records_feeds_visit(struct records *records,
                         void (*visit)(void *context, const struct feed_record *feed),
                         void *context, struct error *error);
bool records_feeds_count(struct records *records, int64_t *count, struct error *error);

/* ERROR_INPUT: there is one of that name. */
bool records_feed_add(struct records *records, const struct feed_record *feed, struct error *error);
/* What is NULL of it stays. `*changed` false: there is none of that name. In a transaction. */
bool records_feed_change(struct records *records, const struct feed_record *feed, bool *changed,
                         struct error *error);
bool records_feed_remove(struct records *records, const char *name, bool *removed,
                         struct error *error);
bool records_feed_known(struct records *records, const char *name, bool *known,
                        struct error *error);

/* The name under which `url` is subscribed to, which the caller frees; NULL: it is not. */
bool records_feed_of_url(struct records *records, const char *url, char **name,
                         struct error *error);

/* The URL of the feed of that name, which the caller frees; NULL: there is none. */
bool records_feed_url(struct records *records, const char *name, char **url, struct error *error);

struct reader_record {
    const char *name;
    unsigned char token_hash[RECORDS_TOKEN_HASH_BYTES];
    int64_t added_s;
};

/* By name. */
bool records_readers_visit(struct records *records,
                           void (*visit)(void *context, const struct reader_record *reader),
                           void *context, struct error *error);

/* ERROR_INPUT: there is one of that name. */
bool records_reader_add(struct records *records, const char *name,
                        const unsigned char token_hash[RECORDS_TOKEN_HASH_BYTES],
                        struct error *error);
bool records_reader_remove(struct records *records, const char *name, bool *removed,
                           struct error *error);

struct feed_state {
    const char *name;
    const char *place;   /* where it is configured, "weir.conf:12"; empty: it is one of the above */
    const char *url;     /* without user and password; empty: it is a secret */
    const char *state;   /* as /health says it */
    const char *trouble; /* empty: none */
    const char *found;   /* what is fetched instead, since a page stands at `url`; empty: nothing */
    const char *moved;   /* the same, since it has moved there for good */
    int64_t checked_s;   /* last poll that succeeded; 0: never */
    int64_t next_poll_s;
    int64_t items, held, tagged, put_back, duplicates;
};

/* In one transaction. `all`: these are all that there are; what is of others goes. */
bool records_feed_states_save(struct records *records, const struct feed_state *states,
                              size_t count, bool all, struct error *error);

/* In the order in which the server has them. */
bool records_feed_states_visit(struct records *records,
                               void (*visit)(void *context, const struct feed_state *state),
                               void *context, struct error *error);

#endif
