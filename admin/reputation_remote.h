/* reputation_remote: weirctl reputation and audit on another machine, over its weir-console. The
 * calls do what the commands of these names do; session's gateway is set. They give the exit
 * code. */
#ifndef WEIR_REPUTATION_REMOTE_H
#define WEIR_REPUTATION_REMOTE_H

#include "admin/reputation_bulk.h"
#include "admin/session.h"

/* What a command asks, as it was typed; NULL: nothing. */
struct reputation_asked {
    const char *verb, *type, *value;
    const char *log_odds; /* or "learned" */
    const char *days, *least, *limit;
};

/* "show", "explain" and "history" of one; "list" and "top"; "set", "pin" and "forget". */
int reputation_remote(struct session *session, const struct reputation_asked *asked);

int reputation_remote_export(struct session *session, const char *type, bool as_json);

/* Sends the rows; on failure the error says how many were imported. */
bool reputation_remote_import(struct session *session, struct reputation_import *import,
                              struct error *error);

#endif
