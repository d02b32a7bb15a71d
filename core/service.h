/* service: what a daemon tells the service manager that started it: sd_notify(3), spoken by
 * ourselves. The protocol is one datagram to the socket in $NOTIFY_SOCKET, which is less than a
 * library would be. Without that variable (a shell, a test, another init) every call does nothing.
 * A message that cannot be sent is dropped: no daemon ends or waits because nobody listens.
 * Thread-safe.
 *
 * Call service_watchdog() only from where the work itself is done or was just seen to be done, so
 * that a daemon that hangs falls silent and is restarted. */
#ifndef WEIR_SERVICE_H
#define WEIR_SERVICE_H

#include <stdbool.h>

/* All that is asked of the daemon works from now on. */
void service_ready(void);

/* It is about to end. */
void service_stopping(void);

/* How often the watchdog wants a sign of life, in ms, with room for one that is missed; 0: it wants
 * none. From $WATCHDOG_USEC and, as sd_watchdog_enabled(3) has it, $WATCHDOG_PID. */
unsigned service_watchdog_ms(void);

/* A sign of life. Cheap enough for every turn of a loop: more than one in service_watchdog_ms() are
 * not sent. */
void service_watchdog(void);

#endif
