/* config_restart: settings that are read at start only. */
#ifndef WEIR_CONFIG_RESTART_H
#define WEIR_CONFIG_RESTART_H

#include "core/config.h"

enum config_program { CONFIG_MILTER = 1, CONFIG_FEEDFILTER = 2 };

/* Logs one line, event=needs-restart, for each setting that `program` reads at start only and that
 * differs in `now` from what it was started with: after a reload it is still as it was. */
void config_restart_log(enum config_program program, const struct config *started,
                        const struct config *now);

#endif
