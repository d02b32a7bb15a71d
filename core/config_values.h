/* config_values: the kinds of values that settings have. Each reads or looks at one for libconfuse
 * and refuses what cannot be (core/config_complaint.h). */
#ifndef WEIR_CONFIG_VALUES_H
#define WEIR_CONFIG_VALUES_H

#include "core/network.h"

#include <confuse.h>
#include <stddef.h>

/* For CFG_INT_CB and CFG_FLOAT_CB: reads `value` into `result`, a long or a double. Durations are
 * in milliseconds, ages in seconds, sizes in bytes. */
int config_parse_probability(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result);
int config_parse_share(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result);
int config_parse_log_odds(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result);
int config_parse_duration(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result);
int config_parse_size(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result);
int config_parse_age(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result);
int config_parse_large_size(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result);
int config_parse_count(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result);
int config_parse_deduplicate(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result);
int config_parse_mode(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result);
int config_parse_language(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result);
int config_parse_feed_mode(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result);
int config_parse_when_stopping(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result);
int config_parse_level(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result);

/* For cfg_set_validate_func(): strings are looked at after they were read. */
int config_check_name(cfg_t *cfg, cfg_opt_t *option);
int config_check_path(cfg_t *cfg, cfg_opt_t *option);
int config_check_counts_url(cfg_t *cfg, cfg_opt_t *option);
int config_check_socket(cfg_t *cfg, cfg_opt_t *option); /* libmilter's */
int config_check_listen(cfg_t *cfg, cfg_opt_t *option); /* "address:port" */
int config_check_networks(cfg_t *cfg, cfg_opt_t *option);
int config_check_public_url(cfg_t *cfg, cfg_opt_t *option);

/* Of what was checked already: the networks of a list, the caller's to free(), and a duration in
 * seconds, rounded up. */
struct network *config_take_networks(cfg_t *cfg, const char *path, size_t *count);
unsigned config_seconds_of(cfg_t *cfg, const char *name);

#endif
