/* copied: what migrate, backup and restore share: opening a store that was named, telling what was
 * copied, and looking on both sides whether it is the same. Calls that fail have said so. */
#ifndef WEIR_COPIED_H
#define WEIR_COPIED_H

#include "admin/session.h"
#include "store/counts_copy.h"

/* The store at `url`, with time enough for large answers; NULL and `*status` when it cannot be. A
 * SQLite file that is not there is refused when it `must_exist`, and else made. */
struct counts_store *copied_open(const struct session *session, const char *url, bool must_exist,
                                 int *status);

/* True, and said so in `*status`, when `to` holds something and nobody said --force. */
bool copied_is_in_the_way(struct counts_store *to, bool force, int *status);

/* Copies, tells what, and compares the replicas that are made of either side, and the reputations.
 * EX_TEMPFAIL when one of them was taught more meanwhile. */
int copied_run(struct session *session, struct counts_store *from, struct counts_store *to);

#endif
