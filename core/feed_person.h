/* feed_person: the people that a feed names. Private to core/feed_*.c. */
#ifndef WEIR_FEED_PERSON_H
#define WEIR_FEED_PERSON_H

#include "core/arena.h"
#include "store/span.h"

/* "ann@a.example (Ann)", as RSS has it, "Ann (ann@a.example)" and "Ann <ann@a.example>" apart; each
 * is empty where it is not said. Of what looks like none of these all is the name. */
void feed_person_split(struct span text, struct span *name, struct span *email);

/* One more in a list with commas, unless it is the last there or the list is long. */
void feed_person_add(struct arena *arena, struct span *list, struct span one);

#endif
