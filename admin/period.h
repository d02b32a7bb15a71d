/* period: the time since when somebody wants to know, as --since takes it. */
#ifndef WEIR_PERIOD_H
#define WEIR_PERIOD_H

#include "store/error.h"

#include <stdbool.h>
#include <stdint.h>

/* "90m", "24h", "7d" or "2w" before `now_s`; "2026-11-24" or "2026-11-24 18:30" of local time; or
 * "@1700000000", seconds since 1970. NULL gives 0: since ever. False and ERROR_INPUT when it is
 * none of them, or a day that is in no calendar. */
bool period_read(const char *text, int64_t now_s, int64_t *since_s, struct error *error);

/* The same for the option --since: what cannot be is said, as usage. */
bool period_since(const char *text, int64_t now_s, int64_t *since_s);

#endif
