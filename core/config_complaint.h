/* config_complaint: what is wrong with the configuration file that is being read: the first thing,
 * as "file:line: section.key: what". For core/config.c and its parts, one reader at a time. */
#ifndef WEIR_CONFIG_COMPLAINT_H
#define WEIR_CONFIG_COMPLAINT_H

#include "store/error.h"

#include <confuse.h>

/* libconfuse's lexer has one state for the whole process, and so has what is kept here: all reading
 * stands between these. */
void config_reading_begin(void);
void config_reading_end(void);

/* Forgets what was wrong before; libconfuse reports here from now on. */
void config_complaint_begin(cfg_t *root);

/* "section.key: what". Returns -1, which stops libconfuse. */
int config_refuse(cfg_t *cfg, const cfg_opt_t *option, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void config_complain_of_file(const char *path, int line, const char *what);

/* Empty: nothing is wrong. */
const char *config_complaint(void);

/* What works but is hardly meant, kept besides: every one, in the order in which it was found. */
void config_warn(cfg_t *cfg, const cfg_opt_t *option, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void config_warn_of_file(const char *path, int line, const char *what);

/* Warns of a secret in a file that everybody may read. */
void config_note_secret(cfg_t *cfg, const cfg_opt_t *option);

/* "weir.conf:12", where `cfg` ends; the caller's. */
char *config_place(const cfg_t *cfg);

/* The warnings since config_complaint_begin(), `*count` of them, which the caller frees. */
char **config_take_warnings(size_t *count);

#endif
