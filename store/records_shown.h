/* records_shown: items of feeds that readers were shown with links to say what they are. What a
 * reader's word needs is kept of each until its links expire, since upstream may have dropped the
 * item by then. In feeds.db. */
#ifndef WEIR_RECORDS_SHOWN_H
#define WEIR_RECORDS_SHOWN_H

#include "store/records.h"

struct shown_item {
    unsigned char document_id[RECORD_ID_BYTES], content_hash[RECORD_ID_BYTES];
    const char *feed, *key;    /* that it is judged under: records_judged_find() */
    const char *reference;     /* guid */
    const char *subject;       /* title; RECORDS_TEXT_MOST */
    const char *address;       /* of the feed, which relative references lead from; may be empty */
    const unsigned char *item; /* its bytes, and what they need to be read alone, as held.item */
    size_t item_length;
    const unsigned char *head;
    size_t head_length;
    int64_t time_s;  /* shown since */
    bool is_comment; /* as of its document: alone it would not show it */
    int said;        /* label + 1 of what a reader said last; 0: nothing. When saving: 0 */
    int sayings;     /* how often `said` was set; when saving: 0 */
};

/* Since when it is shown; 0: it is not. */
bool records_shown_since(struct records *records, const unsigned char document_id[RECORD_ID_BYTES],
                         int64_t *time_s, struct error *error);

/* In place of what is kept of the same document. */
bool records_shown_save(struct records *records, const struct shown_item *item,
                        struct error *error);

/* `*item`, which the caller frees with free(), is NULL when nothing is kept of it. */
bool records_shown_find(struct records *records, const unsigned char document_id[RECORD_ID_BYTES],
                        struct shown_item **item, struct error *error);

/* Counts a saying before it is carried out, so that all are counted who say something at once:
 * `sayings` becomes `to` where it is `from`; `*counted` false: it is not any more. */
bool records_shown_count(struct records *records, const unsigned char document_id[RECORD_ID_BYTES],
                         int from, int to, bool *counted, struct error *error);
bool records_shown_set_said(struct records *records,
                            const unsigned char document_id[RECORD_ID_BYTES], int said,
                            struct error *error);

/* The feeds whose items are shown with links now; links of others act no more. */
bool records_shown_feeds_save(struct records *records, const char *const *names, size_t count,
                              struct error *error);
bool records_shown_has_links(struct records *records, const char *feed, bool *has_links,
                             struct error *error);

#endif
