/* reputation_top: the reputations that most is known of. For weirctl and the console. */
#ifndef WEIR_REPUTATION_TOP_H
#define WEIR_REPUTATION_TOP_H

#include "admin/session.h"
#include "core/document.h"

struct reputation_listed {
    struct identity identity; /* its value is the list's */
    struct reputation_counts counts;
    double weight; /* lessons that are left of its counts */
};

struct reputation_top {
    enum identity_type type; /* IDENTITY_TYPES: all */
    const char *part;        /* that is in the value, in whichever case; NULL: any */
    double least;            /* lessons; one with an override in force is listed with fewer */
    size_t most;             /* 0: all */
    int64_t now_s;           /* set by the call, as are: */
    struct reputation_listed *items; /* heaviest first */
    size_t count, room;
    struct reputation_table table; /* in force */
};

/* session's counts are open. With `most` no more than twice as many are kept at once. */
bool reputation_top_read(struct session *session, struct reputation_top *top, struct error *error);
void reputation_top_clear(struct reputation_top *top);

#endif
