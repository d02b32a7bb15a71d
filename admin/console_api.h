/* console_api: what the console's API answers to who is logged in: how the gateway stands, what is
 * held, and what is done with it. docs/weir-console.8 lists the calls. */
#ifndef WEIR_CONSOLE_API_H
#define WEIR_CONSOLE_API_H

#include "admin/console_server.h"
#include "admin/session.h"

/* `context` is a struct session, configured. */
void console_api(void *context, const struct console_request *request,
                 struct console_answer *answer);

/* The parts of it. `rest` is what stands behind the call's name in the path: "m12/release". */
void console_overview(struct session *session, struct console_answer *answer);
void console_held(struct session *session, const struct console_request *request, const char *rest,
                  struct console_answer *answer);

#endif
