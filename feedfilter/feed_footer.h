/* feed_footer: puts what weir says at the end of an item there. */
#ifndef WEIR_FEED_FOOTER_H
#define WEIR_FEED_FOOTER_H

#include "core/config.h"
#include "core/feed.h"
#include "feedfilter/feed_edit.h"
#include "feedfilter/footer_words.h"

struct footers {
    struct feed_edits *edits;
    struct span text; /* of the feed, one byte per unit */
    enum feed_format format;
    bool atom03;
    enum language language;
};

/* `bytes` and `edits` are lent. */
void feed_footer_begin(struct footers *footer, struct feed_edits *edits, struct span bytes,
                       const struct feed_ranges *ranges, enum feed_format format,
                       enum language language);

/* Appends it to the body of the item, as that is written; an item without a body gets one. No other
 * byte changes. "<item/>" has no room for either, nor has an entry of Atom whose summary and
 * content are of kinds in which nothing can be said: they stay as they are. */
void feed_footer_add(const struct footers *footer, const struct feed_range *range,
                     const struct footer *what);

#endif
