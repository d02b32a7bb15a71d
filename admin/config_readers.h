/* config_readers: whom feeds of the configuration name as their readers, though nobody has an
 * address as that reader. For weirctl config test. */
#ifndef WEIR_CONFIG_READERS_H
#define WEIR_CONFIG_READERS_H

#include "admin/session.h"

/* Calls `warn` with one line for each such name, with the place of the first feed that names it.
 * The session has read its configuration. Says nothing where the records, which know who has an
 * address, cannot be read. */
void config_readers_look(struct session *session, void (*warn)(void *context, const char *line),
                         void *context);

#endif
