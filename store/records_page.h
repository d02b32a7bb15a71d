/* records_page: what is held, a page at a time, newest first, and searched. Reads only. */
#ifndef WEIR_RECORDS_PAGE_H
#define WEIR_RECORDS_PAGE_H

#include "store/records.h"

/* What waits for somebody's decision, or for it to be carried out. */
#define RECORDS_OPEN ((1u << HELD_PENDING) | (1u << HELD_HELD) | (1u << HELD_RELEASE_REQUESTED))
#define RECORDS_ALL ((1u << HELD_STATES) - 1)

/* What all have to agree; NULL, empty or 0: any. Texts are found anywhere and in whatever case: by
 * an index from three characters on; shorter ones are looked for in the newest RECORDS_SHORT_NEWEST
 * entries themselves, and there only ASCII letters match in either case. */
#define RECORDS_SHORT_NEWEST 10000
struct held_filter {
    unsigned states;       /* bits, 1u << state */
    const char *text;      /* in sender, recipients, subject or reference */
    const char *sender;    /* in the envelope sender, or the feed's name */
    const char *recipient; /* in the recipients */
    const char *feed;      /* the sender's whole text */
    const char *symbol;    /* of one of the terms of its evidence: "LINK_FARM" */
    bool at_least, at_most;
    double least, most_log_odds; /* when these are set */
    int64_t since_s, until_s;    /* held since then; held before then */
    int64_t before_id;           /* entries older than this one; 0: from the newest on */
    size_t most;                 /* on the page */
};

/* Whether there is a text that is looked for in the newest entries only. */
bool records_held_is_short(const struct held_filter *filter);

/* Visits the entries of the page, which have no item bytes and are lent for the call. Whatever is
 * asked for, the filter that fewest entries agree with finds them, by its index. */
bool records_held_page(struct records *records, const struct held_filter *filter,
                       bool (*visit)(void *context, const struct held *held), void *context,
                       struct error *error);

/* How many agree, on all pages. */
bool records_held_count(struct records *records, const struct held_filter *filter, int64_t *count,
                        struct error *error);

/* How many are open. */
bool records_held_open(struct records *records, int64_t *count, struct error *error);

#endif
