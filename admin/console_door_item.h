/* console_door_item: the page of an item of a feed, on which a reader says what it is. Whoever has
 * such a link reads that feed. Private to console_door.c. */
#ifndef WEIR_CONSOLE_DOOR_ITEM_H
#define WEIR_CONSOLE_DOOR_ITEM_H

#include "admin/console_door_page.h"

/* The link, whose purpose is SIGNED_LINK_ITEM, is valid; visit->records are those of feeds. "spam"
 * holds an item that is in its feed; "not-spam" releases it if a reader or weir held it meanwhile.
 * What a reviewer decided stands. Each is one lesson of the user "feed/NAME", and done once,
 * however often it is asked, until the other is said, which a link may only so often. "release" and
 * "confirm" are about what is held. */
void console_door_item(struct visit *visit);

#endif
