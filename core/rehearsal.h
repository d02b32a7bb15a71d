/* rehearsal: a bounded memory of lessons, from which the model learns again what it would forget.
 *
 * A learner that is taught one label for long, as when all spam is taught and then all ham, forgets
 * the other (catastrophic interference; McCloskey and Cohen, 1989). Going through a few earlier
 * lessons after each new one prevents it (experience replay; Robins, 1995). Each label keeps a
 * sample of what was taught (reservoir sampling; Vitter, 1985), in which newer lessons are somewhat
 * likelier, so that it goes with the times; and the latest lessons, all of them: of a kind of
 * document that is new the sample has hardly any for long. Which lessons stay depends on nothing
 * but the lessons and their versions: every replica remembers the same. One thread at a time. */
#ifndef WEIR_REHEARSAL_H
#define WEIR_REHEARSAL_H

#include "store/lesson.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REHEARSAL_KEPT 1024u  /* lessons of each label: the sample */
#define REHEARSAL_RECENT 128u /* of each label: the latest */

struct rehearsal;

struct rehearsal *rehearsal_new(void);
void rehearsal_free(struct rehearsal *rehearsal); /* NULL is fine */
void rehearsal_clear(struct rehearsal *rehearsal);

/* Forgets what was taught of the lesson's document: a label that was changed is not rehearsed.
 * True: that was the other label, and not the operator's word. */
bool rehearsal_forget(struct rehearsal *rehearsal, const struct lesson *lesson);

/* Keeps a copy of the lesson (its label, trust and slots) among the latest, and perhaps another in
 * the sample. */
void rehearsal_remember(struct rehearsal *rehearsal, const struct lesson *lesson, uint64_t version);

/* The next of the lessons with that label, in turn; NULL when there are none. Lent until the next
 * lesson is remembered or forgotten. */
const struct lesson *rehearsal_next(struct rehearsal *rehearsal, enum label label);

/* The same of the latest alone. */
const struct lesson *rehearsal_next_recent(struct rehearsal *rehearsal, enum label label);

/* True when both labels have as many lessons as are kept. */
bool rehearsal_full(const struct rehearsal *rehearsal);

/* All of it as bytes, to be freed with free(). */
unsigned char *rehearsal_encode(const struct rehearsal *rehearsal, size_t *length);

/* NULL when the bytes are not what rehearsal_encode() writes. */
struct rehearsal *rehearsal_decode(const unsigned char *data, size_t length);

#endif
