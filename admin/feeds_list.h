/* feeds_list: all feeds that readers can subscribe to, configured or added while weir runs, and how
 * they stand, as the feed server said last. For weirctl and the console. */
#ifndef WEIR_FEEDS_LIST_H
#define WEIR_FEEDS_LIST_H

#include "admin/session.h"
#include "core/json_writer.h"

struct feed_listed {
    char *name;
    char *place;      /* where it is configured, "weir.conf:12"; empty: added while weir runs */
    char *url;        /* without user and password; empty: only the feed server may know it */
    bool credentials; /* it has some */
    char *title, *category, *mode, *readers; /* of what is only in the feeds-file: empty */
    char *state; /* "ok", "failing" and so on; empty: the server has not said */
    char *trouble;
    char *found;     /* what is fetched instead, since a page stands at `url`; empty: nothing */
    char *moved;     /* the same, since it has moved there for good */
    int64_t added_s; /* 0: configured */
    int64_t checked_s, next_poll_s, items, held, tagged, put_back, duplicates;
};

struct feeds_list {
    struct feed_listed *items;
    size_t count, room;
};

/* What is configured first, then what was added, the oldest first. session->records[FRONT_FEED]
 * NULL: nothing was ever added. */
bool feeds_list_read(struct session *session, struct feeds_list *list, struct error *error);
void feeds_list_clear(struct feeds_list *list);

void feeds_list_put(struct json_writer *json, const struct feed_listed *feed);

/* The list as OPML, upstream addresses and all but what is secret; `*left_out` is how many were
 * left out for that. */
void feeds_list_opml(const struct feeds_list *list, const char *title, FILE *out, size_t *left_out);

#endif
