/* config_scan: what libconfuse takes without a word though the file is not whole: a section or a
 * comment that is never closed, and a NUL byte. */
#ifndef WEIR_CONFIG_SCAN_H
#define WEIR_CONFIG_SCAN_H

#include <stdio.h>

/* What is wrong, with `*line` where it began; NULL: nothing. Reads `file` to its end. */
const char *config_scan(FILE *file, int *line);

#endif
