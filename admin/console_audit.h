/* console_audit: what the console did and refused, in the audit of the records: those of
 * session_audit(). */
#ifndef WEIR_CONSOLE_AUDIT_H
#define WEIR_CONSOLE_AUDIT_H

#include "admin/session.h"

/* Under the lock of the session. `what` is a constant, `subject` is cut to 200 bytes, and what is
 * not ASCII in it is a '?'. Of each kind of what begins with "refused-", 30 a minute are written,
 * and then how many more there were: nobody fills the disk by being refused, nor hides one kind
 * behind another. When it cannot be written, the log says so. */
void console_audit(struct session *session, const char *who, const char *what, const char *subject);

/* Writes how many more there were of each kind in the minute before, unless that is done; called
 * every few seconds, so that it is told without another refusal. `ending`: also of this minute. */
void console_audit_sums(struct session *session, bool ending);

#endif
