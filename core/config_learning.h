/* config_learning: the section `learning`: which events teach by themselves (automatic.h). For
 * core/config.c only. */
#ifndef WEIR_CONFIG_LEARNING_H
#define WEIR_CONFIG_LEARNING_H

#include "core/config.h"

#include <confuse.h>

extern cfg_opt_t learning_options[];

/* For cfg_set_validate_func(). */
int learning_check_traps(cfg_t *cfg, cfg_opt_t *option);

/* `section` was checked already. */
void learning_take(cfg_t *section, struct config_learning *learning);
void learning_free(struct config_learning *learning);

#endif
