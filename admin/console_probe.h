/* console_probe: whether the console answers over HTTP. For the watchdog: what hangs falls silent.
 */
#ifndef WEIR_CONSOLE_PROBE_H
#define WEIR_CONSOLE_PROBE_H

#include <stdbool.h>

/* Connects to the address that `listening` is bound to, asks for the first page, and waits for the
 * start of an answer, `timeout_ms` for each step. To be turned away, as one connection too many is,
 * counts as an answer. */
bool console_probe_answers(int listening, unsigned timeout_ms);

#endif
