/* review_said: what people say of a document, by the deeds about all its entries and by what was
 * learned of it otherwise. For review.c, which has to know what is left of it when a deed is
 * undone. */
#ifndef WEIR_REVIEW_SAID_H
#define WEIR_REVIEW_SAID_H

#include "admin/review.h"
#include "store/records_evidence.h"

struct review_said {
    const char *source; /* asked for: by whom; empty: the operator; NULL: by anybody */
    int64_t without;    /* asked for: the deed of that id left out; 0: none */

    int before;  /* what the source had said before the first of the deeds, as `taught` is */
    bool any;    /* there are deeds */
    bool stands; /* one stands; the latest: */
    struct records_deed last;
    enum label last_label;
    bool learned; /* otherwise than by a deed; the latest of that: */
    struct records_learned lesson;
};

/* Fills the rest of `said`. Of deeds, those that came before `lesson` do not count. */
bool review_said_hear(struct records *records, const unsigned char document_id[RECORD_ID_BYTES],
                      struct review_said *said, struct error *error);

/* What is said now, as `taught` of struct held. */
int review_said_now(const struct review_said *said);

/* Whether something was learned after that deed: there is nothing of it left to take back. */
bool review_said_is_over(const struct review_said *said, int64_t deed_id);

#endif
