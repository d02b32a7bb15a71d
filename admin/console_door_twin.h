/* console_door_twin: whether an item that was let go is in its feed now, or another feed shows the
 * same story in its place (feedfilter.deduplicate). Private to console_door_item.c. */
#ifndef WEIR_CONSOLE_DOOR_TWIN_H
#define WEIR_CONSOLE_DOOR_TWIN_H

#include "core/config.h"
#include "store/records.h"

/* What the feed server makes of the item of `feed` with that guid, which it is given two seconds
 * for: the name of the feed that shows the story in its place, in `arena`. Whoever may read `feed`
 * may read that one. NULL: the item is shown itself, or it is not known yet. */
const char *console_door_twin(const struct config *config, struct records *records,
                              const char *feed, const char *guid, struct arena *arena);

#endif
