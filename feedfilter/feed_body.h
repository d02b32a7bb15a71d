/* feed_body: which child of an item is what readers show below its title, and how it is written.
 * Private to feed_layout.c, which knows whether a tag has the vocabulary of the item (`own`). */
#ifndef WEIR_FEED_BODY_H
#define WEIR_FEED_BODY_H

#include "feedfilter/feed_layout.h"

/* Of Atom 1.0 (RFC 4287, 4.1.3 and 4.2.13) and 0.3, whose type is a media type and whose mode says
 * how that is written. false: none, or one of a kind that nothing can be said in. */
bool feed_body_of_atom(const struct start_tag *tag, struct feed_body *body);

/* Of RSS: its description, or content:encoded, whose namespace is `uri`. */
bool feed_body_of_rss(const struct start_tag *tag, bool own, struct span uri,
                      struct feed_body *body);

#endif
