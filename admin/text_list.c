#include "admin/text_list.h"

#include <stdlib.h>
#include <string.h>

#include "store/memory.h"

void text_list_add(struct text_list *list, struct span text)
{
    list->texts = memory_resize(list->texts, (list->count + 1) * sizeof *list->texts);
    list->texts[list->count++] = memory_copy(text.data, text.length);
}

bool text_list_has(const struct text_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->texts[i], text) == 0)
            return true;
    return false;
}

void text_list_clear(struct text_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->texts[i]);
    free(list->texts);
    *list = (struct text_list){0};
}
