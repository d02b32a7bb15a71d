/* settings: what a reload exchanges: the configuration and the keys that sign X-Weir-Id, read
 * together, immutable, reference-counted. A message takes them once, at MAIL. Thread-safe. */
#ifndef WEIR_SETTINGS_H
#define WEIR_SETTINGS_H

#include "core/config.h"
#include "core/weir_id.h"
#include "store/error.h"

#include <stdatomic.h>
#include <stdbool.h>

struct settings {
    struct config *config;
    struct weir_id_keys keys;
    atomic_uint references; /* settings.c's own */
};

/* Reads both. NULL with ERROR_INPUT or ERROR_SYSTEM. A key file that is not there is made, and a
 * log line says so. */
struct settings *settings_read(const char *config_path, struct error *error);
void settings_release(struct settings *settings); /* NULL is fine */

/* The settings in force, retained for the caller; NULL at the end of the program. */
struct settings *settings_take(void);

/* Puts `settings` (given away; NULL at the end of the program) in force. */
void settings_put(struct settings *settings);

#endif
