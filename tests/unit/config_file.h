/* config_file: a weir.conf of its own for a group of tests. */
#ifndef WEIR_TEST_CONFIG_FILE_H
#define WEIR_TEST_CONFIG_FILE_H

#include "core/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

extern char config_file_folder[64], config_file_path[128];

/* For cmocka_run_group_tests(). */
int config_file_set_up(void **state);
int config_file_tear_down(void **state);

void write_file(const char *name, const char *text);

/* What a file of this text gives. */
struct config *accepted(const char *text);

/* `text` must be refused with "PATH:" and `complaint`. */
void refused(const char *text, const char *complaint);

#endif
