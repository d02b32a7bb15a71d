/* rules_remote: weirctl rules on another machine, over its weir-console; session's gateway is set.
 */
#ifndef WEIR_RULES_REMOTE_H
#define WEIR_RULES_REMOTE_H

#include "admin/session.h"
#include "core/rules.h"

struct rules_asked {
    const char *verb;          /* "show", "history", "preview", "apply", "undo" */
    const struct rules *rules; /* of the file, with preview and apply; */
    const char *content;       /* and its text */
    const char *seen;          /* a number; NULL: whatever is there */
    bool text;                 /* show: as it was written */
};

/* The exit code. */
int rules_remote(struct session *session, const struct rules_asked *asked);

/* The rules there; rules_release(). NULL: they cannot be had, or are of a newer weir. */
struct rules *rules_remote_in_force(struct session *session, struct error *error);

#endif
