/* config_identities: the section `identities`: what the gatherers know of the world besides the
 * document. The files it names are read with the configuration, and so again with each reload. For
 * core/config.c only. */
#ifndef WEIR_CONFIG_IDENTITIES_H
#define WEIR_CONFIG_IDENTITIES_H

#include "core/config.h"

#include <confuse.h>

extern cfg_opt_t identities_options[];

/* For cfg_set_validate_func(). */
int identities_check_ids(cfg_t *cfg, cfg_opt_t *option);

/* `section` was checked already. Lines that are no domains, and files that cannot
 * be read, become warnings. */
void identities_take(cfg_t *section, struct config_identities *identities);
void identities_free(struct config_identities *identities);

#endif
