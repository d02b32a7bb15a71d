#include "admin/reputation_top.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/reputation.h"
#include "store/memory.h"

static int compare_identities(const struct identity *x, const struct identity *y)
{
    size_t shorter = x->value.length < y->value.length ? x->value.length : y->value.length;
    int order = memcmp(x->value.data, y->value.data, shorter);
    if (order || x->value.length != y->value.length)
        return order ? order
                     : (x->value.length > y->value.length) - (x->value.length < y->value.length);
    return (int)x->type - (int)y->type;
}

static int heaviest_first(const void *a, const void *b)
{
    const struct reputation_listed *x = a, *y = b;
    if (x->weight != y->weight)
        return x->weight < y->weight ? 1 : -1;
    return compare_identities(&x->identity, &y->identity);
}

static void drop(struct reputation_listed *item)
{
    free((char *)item->identity.value.data);
}

/* One that came twice, while the store grew or shrank, stays once. */
static void sort_and_cut(struct reputation_top *top)
{
    size_t kept = 0;
    if (top->count)
        qsort(top->items, top->count, sizeof *top->items, heaviest_first);
    for (size_t i = 0; i < top->count; i++) {
        bool again =
            kept && !compare_identities(&top->items[i].identity, &top->items[kept - 1].identity);
        if (again || (top->most && kept == top->most))
            drop(&top->items[i]);
        else
            top->items[kept++] = top->items[i];
    }
    top->count = kept;
}

static bool has_part(struct span value, const char *part)
{
    size_t length = part ? strlen(part) : 0;
    for (size_t i = 0; i + length <= value.length; i++)
        if (!length || !strncasecmp(value.data + i, part, length))
            return true;
    return !length;
}

static void collect(void *context, const struct identity *identity,
                    const struct reputation_counts *counts)
{
    struct reputation_top *top = context;
    struct reputation_weight weight =
        reputation_weight(&top->table, identity->type, counts, top->now_s);
    double sum = weight.ham + weight.spam;
    if (reputation_counts_are_unlabelled(counts) ||
        (sum < top->least && !reputation_override_in_force(counts, top->now_s)) ||
        !has_part(identity->value, top->part))
        return;
    if (top->most && top->count == 2 * top->most)
        sort_and_cut(top);
    if (top->count == top->room) {
        top->room = 2 * top->room + 64;
        top->items = memory_resize(top->items, top->room * sizeof *top->items);
    }
    struct span value = {memory_copy(identity->value.data, identity->value.length),
                         identity->value.length};
    top->items[top->count++] = (struct reputation_listed){{identity->type, value}, *counts, sum};
}

bool reputation_top_read(struct session *session, struct reputation_top *top, struct error *error)
{
    top->now_s = time(NULL);
    if (!session_reputations(session, &top->table, error) ||
        !counts_reputation_list(session->store, top->type, collect, top, error))
        return false;
    sort_and_cut(top);
    return true;
}

void reputation_top_clear(struct reputation_top *top)
{
    for (size_t i = 0; i < top->count; i++)
        drop(&top->items[i]);
    free(top->items);
    top->items = NULL;
    top->count = top->room = 0;
}
