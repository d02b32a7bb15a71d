/* automatic: lessons that nobody gives by hand, of the few events that can be trusted to tell what
 * a message is:
 * - it came from outside to a spam trap, an address that nobody writes to: spam;
 * - one of our users writes to somebody outside: what comes back from that address to that user is
 *   ham. That is a lesson about the pair of the two alone, without content, and one a day;
 * - only where the admin asks for it, our own verdict beyond doubt, so many an hour and label.
 * All are a user's word, not the operator's: softened, and capped for each source.
 *
 * Lessons go into the journal, whose outbox brings them to the counts store: together, twice a
 * second, so that no message waits for the disk. What was learned in the half second before a crash
 * is lost: nobody was told that it was learned. */
#ifndef WEIR_AUTOMATIC_H
#define WEIR_AUTOMATIC_H

#include "core/config.h"
#include "core/document.h"
#include "core/verdict.h"
#include "store/error.h"
#include "store/journal.h"
#include "store/records.h"

struct automatic;

/* Starts its thread. `journal` is lent. The verdicts beyond doubt that `records` have of this hour
 * count as taught, so that the limit of an hour outlasts a restart. NULL and ERROR_SYSTEM when
 * there can be none, or the records cannot be read. */
struct automatic *automatic_new(struct journal *journal, struct records *records,
                                struct error *error);
void automatic_free(struct automatic *automatic); /* writes what is left; NULL is fine */

/* Learns what there is to learn of a judged message; from `hold` on, the probability in force, mail
 * is held. Never waits, never fails: more than 1,000
 * lessons that wait, or what the journal does not take, are dropped, and the log says so. */
void automatic_learn(struct automatic *automatic, const struct config *config,
                     const struct document *document, const struct verdict *verdict, double hold);

#endif
