/* console_door_link: whether a link was signed here, and what it is. Private to console_door*.c. */
#ifndef WEIR_CONSOLE_DOOR_LINK_H
#define WEIR_CONSOLE_DOOR_LINK_H

#include "core/config.h"
#include "core/signed_link.h"

/* `link` is set unless it is SIGNED_LINK_FORGED. Keys are read each time, so that a rotation needs
 * no restart. That of the feed server signs for items of feeds alone: it is no key to people's
 * mail. */
enum signed_link_status console_door_verify(const struct config *config, const char *token,
                                            struct signed_link *link, struct error *error);

#define CONSOLE_DOOR_NAME_SIZE (SIGNED_LINK_RECIPIENT_MAX + 60)
#define CONSOLE_DOOR_ANY "a link of a digest or of an item of a feed"

/* What the audit trail calls the link, which is not for it itself: whose it is, as far as it was
 * signed here. */
void console_door_name(const struct config *config, const char *token,
                       char name[CONSOLE_DOOR_NAME_SIZE]);

#endif
