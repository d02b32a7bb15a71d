#include "core/evidence.h"

#include <math.h>
#include <stdlib.h>

void evidence_add(struct evidence_list *list, const char *symbol, double log_odds,
                  struct span detail)
{
    struct span start = span_start(detail, EVIDENCE_DETAIL_MOST);
    if (start.length < detail.length)
        detail = arena_printf(list->arena, "%.*s" SPAN_MORE, SPAN_ARGS(start));
    list->items = arena_grow(list->arena, list->items, list->count, sizeof *list->items);
    list->items[list->count++] =
        (struct evidence){.symbol = symbol, .log_odds = log_odds, .detail = detail};
}

static int compare(const void *left, const void *right)
{
    const struct evidence *a = left, *b = right;
    if (a->decides != b->decides)
        return a->decides ? -1 : 1;
    double difference = fabs(b->log_odds) - fabs(a->log_odds);
    if (difference != 0)
        return difference > 0 ? 1 : -1;
    return strcmp(a->symbol, b->symbol);
}

void evidence_sort(struct evidence_list *list)
{
    if (list->count)
        qsort(list->items, list->count, sizeof *list->items, compare);
}
