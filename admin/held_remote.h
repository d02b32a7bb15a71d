/* held_remote: weirctl held on another machine, over its weir-console. */
#ifndef WEIR_HELD_REMOTE_H
#define WEIR_HELD_REMOTE_H

#include "admin/session.h"

/* "held list" there: entries in that state ("open", "all", "held" …), mail before items, oldest
 * first. JSON is the same as on that machine itself. */
int held_remote_list(const struct session *session, const char *state);

/* "held show". */
int held_remote_show(const struct session *session, int count, char **ids);

/* "held release", "confirm" and "delete", and "undo". */
int held_remote_do(const struct session *session, const char *deed, int count, char **ids);

#endif
