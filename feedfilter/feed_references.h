/* feed_references: makes the relative links in the texts of RSS 1.0 whole. newsboat passes over
 * xml:base there, and would look for them at the gateway; readers that mind it find the same. */
#ifndef WEIR_FEED_REFERENCES_H
#define WEIR_FEED_REFERENCES_H

#include "feedfilter/feed_edit.h"
#include "feedfilter/feed_lexer.h"

/* In the bodies of all items, values of href and src between quotes in tags, escaped or not, get in
 * front what they lack of `upstream`, the URL that the feed came from: of that no more than they
 * need. Tags that are escaped in a CDATA section are text, and stay. No other byte changes. */
void feed_references_whole(struct feed_edits *edits, struct span bytes,
                           const struct feed_ranges *ranges, struct span upstream);

#endif
