/* console_audit: what the console did and refused, in the audit of the records: those of
 * session_audit(). */
#ifndef WEIR_CONSOLE_AUDIT_H
#define WEIR_CONSOLE_AUDIT_H

#include "admin/session.h"

/* Under the lock of the session. `subject` is cut to 200 bytes, and what is not ASCII in it is a
 * '?'. Of what begins with "refused-", 60 a minute are written, and then how many more there were:
 * nobody fills the disk by being refused. When it cannot be written, the log says so. */
void console_audit(struct session *session, const char *who, const char *what, const char *subject);

#endif
