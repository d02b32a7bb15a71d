/* probe: whether a milter answers. For the watchdog: what hangs falls silent. */
#ifndef WEIR_PROBE_H
#define WEIR_PROBE_H

#include <stdbool.h>

/* Opens a session at `socket` (libmilter's words: "inet:8891@127.0.0.1", "unix:/path"), says what a
 * mail server says first (SMFIC_OPTNEG), and waits for the answer, `timeout_ms` for each step. */
bool probe_answers(const char *socket, unsigned timeout_ms);

#endif
