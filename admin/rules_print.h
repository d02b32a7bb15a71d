/* rules_print: what weirctl rules prints, of this machine or another. */
#ifndef WEIR_RULES_PRINT_H
#define WEIR_RULES_PRINT_H

#include "admin/rule_preview.h"

#include <jansson.h>

/* The rules, and how often each matched lately (rule_preview_matched()). */
void rules_print(const struct rules *rules, const struct rule_preview *matched);

/* What they would do, and that nothing is done yet. */
void rules_print_preview(const struct rules *rules, const struct rule_preview *preview);

/* An array of objects with who, what and, as `time`, when; NULL: there are none. */
void rules_print_changes(const json_t *changes, const char *time);

#endif
