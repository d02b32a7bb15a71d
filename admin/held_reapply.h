/* held_reapply: weirctl held reapply: what is held, judged anew by the thresholds, weights and
 * reputations of now. */
#ifndef WEIR_HELD_REAPPLY_H
#define WEIR_HELD_REAPPLY_H

#include "admin/session.h"

/* Lists what would not be held any more; with `apply`, releases it, and teaches nothing. */
int held_reapply(struct session *session, bool apply);

#endif
