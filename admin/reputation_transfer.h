/* reputation_transfer: weirctl reputation export and import: everything that is counted and
 * overridden, out of one counts store and into another. */
#ifndef WEIR_REPUTATION_TRANSFER_H
#define WEIR_REPUTATION_TRANSFER_H

#include "admin/session.h"
#include "store/identity.h"

/* Prints all reputations of `type` (IDENTITY_TYPES: of all types), in no order, as CSV, or with
 * session's --json as JSON; the exit code. */
int reputation_export(struct session *session, enum identity_type type);

/* Puts what the file at `path` ("-": standard input) tells of reputations in the place of what is
 * known of them, here or, with session's gateway, there; others stay. All of it is read first:
 * lines that cannot be are named on stderr, 20 of them, and then nothing is changed. The exit
 * code. */
int reputation_import(struct session *session, const char *path, bool dry_run);

#endif
