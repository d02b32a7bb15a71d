/* feed_states: tells the records how the feeds stand, for weirctl and the console, which read them
 * there. For the main thread. */
#ifndef WEIR_FEED_STATES_H
#define WEIR_FEED_STATES_H

#include "feedfilter/subscription.h"
#include "store/records.h"

struct feed_states {
    bool partly; /* the records have what was told last; false: tell them everything */
};

/* Tells what has changed since. After a failure everything is told the next time. */
bool feed_states_tell(struct feed_states *states, struct subscriptions *subscriptions,
                      struct records *records, struct error *error);

/* That the server has stopped. */
bool feed_states_tell_stopped(struct subscriptions *subscriptions, struct records *records,
                              struct error *error);

#endif
