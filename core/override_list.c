#include "core/override_list.h"

#include "core/reputation.h"
#include "store/memory.h"

#include <stdlib.h>

struct reading {
    struct override_list *list;
    int64_t now_s;
};

static void take(void *context, const struct identity *identity,
                 const struct reputation_counts *counts)
{
    struct reading *reading = context;
    struct override_list *list = reading->list;
    if (!reputation_override_in_force(counts, reading->now_s))
        return;
    list->items = memory_resize(list->items, (list->count + 1) * sizeof *list->items);
    list->items[list->count++] =
        (struct override_item){identity->type, identity_hash(identity), counts->override,
                               counts->override_centi, counts->override_until_s};
}

static int by_identity(const void *left, const void *right)
{
    const struct override_item *a = left, *b = right;
    return a->type != b->type ? (a->type > b->type) - (a->type < b->type)
                              : (a->hash > b->hash) - (a->hash < b->hash);
}

bool override_list_read(struct override_list *list, struct counts_store *store, int64_t now_s,
                        struct error *error)
{
    struct reading reading = {list, now_s};
    *list = (struct override_list){0};
    bool good = counts_reputation_overrides(store, take, &reading, error);
    if (!good)
        override_list_clear(list);
    else if (list->count)
        qsort(list->items, list->count, sizeof *list->items, by_identity);
    return good;
}

void override_list_clear(struct override_list *list)
{
    free(list->items);
    *list = (struct override_list){0};
}

bool override_list_apply(const struct override_list *list, struct evidence_record *record)
{
    bool changed = false;
    for (size_t i = 0; i < record->identity_count; i++) {
        struct reputation_counts *counts = &record->counts[i];
        struct override_item wanted = {.type = record->identities[i].type,
                                       .hash = record->hashes[i]};
        const struct override_item *found = list->count ? bsearch(&wanted, list->items, list->count,
                                                                  sizeof *list->items, by_identity)
                                                        : NULL;
        struct override_item now = found ? *found : wanted;
        changed = changed || counts->override != now.kind || counts->override_centi != now.centi ||
                  counts->override_until_s != now.until_s;
        counts->override = now.kind;
        counts->override_centi = now.centi;
        counts->override_until_s = now.until_s;
    }
    return changed;
}
