/* config_people: the sections `held`, `digest` and `recipient`: how people live with what is held
 * for them. For core/config.c only. */
#ifndef WEIR_CONFIG_PEOPLE_H
#define WEIR_CONFIG_PEOPLE_H

#include "core/config.h"

#include <confuse.h>

extern cfg_opt_t held_options[], digest_options[], recipient_options[];

/* For cfg_set_validate_func(). */
int people_check_held(cfg_t *cfg, cfg_opt_t *option);
int people_check_from(cfg_t *cfg, cfg_opt_t *option);
int people_check_recipient(cfg_t *cfg, cfg_opt_t *option);

/* `cfg`, the whole file, was checked already. */
void people_take(cfg_t *cfg, struct config *config);
void people_free(struct config *config);

#endif
