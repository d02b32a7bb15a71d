/* records_page: what is held, a page at a time, newest first, and searched. Reads only. */
#ifndef WEIR_RECORDS_PAGE_H
#define WEIR_RECORDS_PAGE_H

#include "store/records.h"

/* What waits for somebody's decision, or for it to be carried out. */
#define RECORDS_OPEN ((1u << HELD_PENDING) | (1u << HELD_HELD) | (1u << HELD_RELEASE_REQUESTED))

struct held_filter {
    unsigned states;   /* bits, 1u << state */
    const char *text;  /* that stands anywhere in sender, recipients, subject or reference, whatever
                          its case; NULL or empty: any */
    int64_t before_id; /* entries older than this one; 0: from the newest on */
    size_t most;       /* on the page */
};

/* Visits the entries of the page, which have no item bytes and are lent for the call. From three
 * characters on an index finds the text; shorter ones are looked for in the entries themselves. */
bool records_held_page(struct records *records, const struct held_filter *filter,
                       bool (*visit)(void *context, const struct held *held), void *context,
                       struct error *error);

/* How many are open. */
bool records_held_open(struct records *records, int64_t *count, struct error *error);

#endif
