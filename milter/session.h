/* session: libmilter's callbacks. They gather each message of a connection; conclude.c answers at
 * its end. State is a session's own (smfi_setpriv): libmilter runs the callbacks of one session on
 * any of its threads, though never two at once. */
#ifndef WEIR_SESSION_H
#define WEIR_SESSION_H

#include "milter/gateway.h"

#include <libmilter/mfapi.h>

/* What to give to smfi_register(). `gateway` is lent until the program ends. */
struct smfiDesc session_callbacks(struct gateway *gateway);

#endif
