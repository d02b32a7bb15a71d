/* first_seen: whether anybody had met what a document links to before. Spam leads to domains that
 * were registered or broken into for it a while ago, most ham to one at least that is known.
 *
 * Measured on the SpamAssassin corpus, in the order of its dates and behind its first thousand
 * messages: of those with links, none of the domains was met before in 28 % of the spam and 4 % of
 * the ham. Beside content and what else is known that is worth 0.3: 1-ROCA goes from 0.0351 % to
 * 0.0335 % by date, and shuffled (seeds 1 to 3, mean) from 0.0422 to 0.0419; from 0.5 on it does
 * harm. Senders who are new are left out: 30 % of the spam and 12 % of the ham is of such a domain,
 * but beside content that makes nothing better, and so begins every acquaintance. New text and new
 * attachments are no sign either: those of ham are new, those of spam come again. */
#ifndef WEIR_FIRST_SEEN_H
#define WEIR_FIRST_SEEN_H

#include "core/document.h"
#include "store/counts.h"

/* A store that has counted documents for less says nothing of what is new: everything would be. */
#define FIRST_SEEN_AFTER_S (14 * 86400)

/* Fills `first_seen` and `first_seen_detail` of the document; counts[i] belongs to its identity i.
 * A domain of which no lesson is left is new in full for an hour after it was first seen, and less
 * and less for a day; an override changes nothing in that. Of all link domains the least new one
 * counts. `since_s`: counts_seen_since(), or 0 when what was read cannot be trusted. */
void first_seen_note(struct document *document, const struct reputation_counts *counts,
                     int64_t since_s, int64_t now_s);

#endif
