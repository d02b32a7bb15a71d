/* conclude: the end of a message: judge it, record the verdict, answer the MTA. */
#ifndef WEIR_CONCLUDE_H
#define WEIR_CONCLUDE_H

#include "milter/gateway.h"
#include "milter/message.h"
#include "milter/settings.h"

#include <libmilter/mfapi.h>

/* To be called from the end-of-message callback. Never gives SMFIS_TEMPFAIL: whatever goes wrong
 * on our side, the mail goes on. */
sfsistat conclude(struct gateway *gateway, SMFICTX *ctx, const struct settings *settings,
                  struct message *message);

#endif
