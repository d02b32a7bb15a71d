/* text_list: texts one after the other, each a copy of its own. */
#ifndef WEIR_TEXT_LIST_H
#define WEIR_TEXT_LIST_H

#include "store/span.h"

#include <stdbool.h>
#include <stddef.h>

/* A zeroed list is an empty one. */
struct text_list {
    char **texts; /* each with a NUL behind it */
    size_t count;
};

void text_list_add(struct text_list *list, struct span text);
bool text_list_has(const struct text_list *list, const char *text);
void text_list_clear(struct text_list *list);

#endif
