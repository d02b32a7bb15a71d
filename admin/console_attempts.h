/* console_attempts: who tried to log in to the console in vain, and has to wait. It is counted by
 * address, and by address and name, never all together: what comes from elsewhere makes nobody wait
 * here. It may fill the few places of those whose password is looked at next (console_access.c),
 * where an address that failed lately comes later than others, though not after all of them. In
 * memory: a restart forgets it. One thread at a time. */
#ifndef WEIR_CONSOLE_ATTEMPTS_H
#define WEIR_CONSOLE_ATTEMPTS_H

#include "admin/console_source.h"

#include <stdbool.h>
#include <stdint.h>

struct console_attempts;

struct console_attempts *console_attempts_new(void);
void console_attempts_free(struct console_attempts *attempts); /* NULL is fine */

/* How many seconds `name` has to wait before it may try (again) from there; 0: it may now. After
 * three failures in a row each further one doubles the time, up to five minutes; an hour without
 * one forgets them. An address may fail 20 times a minute. `now_s` counts on from anything, but
 * never back. */
int64_t console_attempts_wait_s(struct console_attempts *attempts,
                                const struct console_source *source, const char *name,
                                int64_t now_s);

/* Whether anybody failed from there in the last hour. */
bool console_attempts_has_failed(struct console_attempts *attempts,
                                 const struct console_source *source, int64_t now_s);

void console_attempts_failed(struct console_attempts *attempts, const struct console_source *source,
                             const char *name, int64_t now_s);

/* It got in: the failures of that name from there are forgotten. Those of the address, whatever the
 * name, are not: who knows one password could else guess at others without end. */
void console_attempts_succeeded(struct console_attempts *attempts,
                                const struct console_source *source, const char *name);

#endif
