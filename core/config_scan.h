/* config_scan: what libconfuse takes without a word though the file is not whole: a section or a
 * comment that is never closed, and a NUL byte; or where it puts in nothing: a variable of the
 * environment that is not set. */
#ifndef WEIR_CONFIG_SCAN_H
#define WEIR_CONFIG_SCAN_H

#include <stdio.h>

/* What is wrong, with `*line` where it began; NULL: nothing. Reads `file` to its end. `unset` is
 * called for each "${NAME}" in double quotes that stands for nothing. */
const char *config_scan(FILE *file, int *line,
                        void (*unset)(void *context, int line, const char *name), void *context);

#endif
