/* config_feedfilter: the section `feedfilter`. For core/config.c only. */
#ifndef WEIR_CONFIG_FEEDFILTER_H
#define WEIR_CONFIG_FEEDFILTER_H

#include "core/config.h"

#include <confuse.h>

extern cfg_opt_t feedfilter_options[];

/* For cfg_set_validate_func(). */
int feedfilter_check(cfg_t *cfg, cfg_opt_t *option);
int feedfilter_check_cache(cfg_t *cfg, cfg_opt_t *option);

/* `section` was checked already. */
void feedfilter_take(cfg_t *section, struct config *config);
void feedfilter_free(struct config *config);

/* Warns when links in items are asked for, and there will be none: core/config_footer.c. */
void feedfilter_check_footer(const struct config *config);

#endif
