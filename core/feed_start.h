/* feed_start: where a feed of XML begins in what a server answered. Lenient readers pass over what
 * its scripts say before that: warnings in words or in simple HTML, comments, blank lines, byte
 * order marks. The rule, which has to tell such from a page of HTML and from other XML:
 *
 * - A feed begins with its XML declaration, or with what else stands straight before its root (a
 *   document type, comments, instructions), or with its root's start tag: rss, RDF, feed, channel,
 *   in any case, under any prefix.
 * - Before that may stand words, comments, instructions, and the elements that complaints are
 *   written in (b, br, p, pre, table …).
 * - What begins otherwise is no feed, and is not searched: a page, by its document type or by any
 *   element that only pages have (html, head, body, title, link, script …), so that what its
 *   scripts and texts mention counts for nothing; and XML of another kind.
 * - Where anything stands before it, a root counts only with an element straight behind its start
 *   tag, and none that complaints are written in: words that mention <rss> go on with words.
 * - It begins within 64 KiB. */
#ifndef WEIR_FEED_START_H
#define WEIR_FEED_START_H

#include "store/span.h"

#include <stdbool.h>
#include <stddef.h>

/* True when `text`, in which markup is ASCII and which has no byte order mark, is such a feed;
 * `*start` is where it begins. Else that is 0. */
bool feed_start_find(struct span text, size_t *start);

#endif
