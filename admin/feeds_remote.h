/* feeds_remote: weirctl feeds on another machine, over its weir-console. The calls do what the
 * commands of these names do; session's gateway is set. Those that give an int give the exit code.
 */
#ifndef WEIR_FEEDS_REMOTE_H
#define WEIR_FEEDS_REMOTE_H

#include "admin/feeds_change.h"
#include "admin/feeds_list.h"

/* All feeds there, as feeds_list_read() has them here. */
bool feeds_remote_list(struct session *session, struct feeds_list *list, struct error *error);

/* `verb`: "add", "change" or "remove". What is NULL of `feed` is not sent. */
int feeds_remote_do(struct session *session, const char *verb, const struct feed_record *feed);

/* `import` is set but for who; its `tell` is called as feeds_import() does. */
bool feeds_remote_import(struct session *session, struct span opml, struct feeds_import *import,
                         struct error *error);

/* The list as OPML; how many were left out for a secret URL, and how many without a password. */
bool feeds_remote_export(struct session *session, FILE *out, size_t *left_out, size_t *secrets,
                         struct error *error);

/* `verb`: "list", "add" or "remove"; `name` as that takes one. */
int feeds_remote_reader(struct session *session, const char *verb, const char *name);

#endif
