/* config_subscriptions: the sections feed "name" { … } of the configuration. */
#ifndef WEIR_CONFIG_SUBSCRIPTIONS_H
#define WEIR_CONFIG_SUBSCRIPTIONS_H

#include "core/config.h"

#include <confuse.h>

extern cfg_opt_t subscription_options[];

/* For cfg_set_validate_func() of "feed": looks at the section that was read last. Complaints never
 * repeat an URL or a password. */
int subscription_check(cfg_t *cfg, cfg_opt_t *option);

/* Adds all of them, checked before, to the `*count` that there are. */
void subscriptions_add(cfg_t *cfg, struct subscription_config **subscriptions, size_t *count);
void subscriptions_free(struct subscription_config *subscriptions, size_t count);

/* Sets `subscriptions_by_name`, once all are there. */
void subscriptions_sort(struct config *config);

/* Warns of each that has the URL, and the user, of one before it: its site is asked twice. */
void subscriptions_check_urls(const struct config *config);

struct subscription_config subscription_copy(const struct subscription_config *subscription);
void subscription_clear(struct subscription_config *subscription);

#endif
