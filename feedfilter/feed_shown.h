/* feed_shown: keeps what a reader's word needs of the items that are shown with links. */
#ifndef WEIR_FEED_SHOWN_H
#define WEIR_FEED_SHOWN_H

#include "store/records_shown.h"
#include "store/span.h"

struct feed_showing {
    struct span address; /* of the feed; ends with a NUL */
    int64_t now_s, keep_s;
    /* Of each item of the feed: since when it is shown, 0: it is not, or nothing of it could be
     * kept; and the id of its document. */
    int64_t *since_s;
    unsigned char (*ids)[RECORD_ID_BYTES];
};

/* Sets the `time_s` of each, and `address` of those that are new. What is kept already stays so, up
 * to keep_s: the same items get the same links at each poll. */
bool feed_shown_keep(const struct feed_showing *showing, struct records *records,
                     struct shown_item *items, size_t count, struct error *error);

/* Whether the last that a reader said of the item, while it is kept, is that it is no spam. */
bool feed_shown_is_ham(struct records *records, const unsigned char document_id[RECORD_ID_BYTES]);

#endif
