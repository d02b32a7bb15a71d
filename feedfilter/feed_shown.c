#include "feedfilter/feed_shown.h"

#include <stdlib.h>

#include "store/lesson.h"

struct keeping {
    const struct feed_showing *showing;
    struct records *records;
    struct shown_item *items;
    size_t count;
    bool any_new;
};

static bool look_up(void *context, struct error *error)
{
    struct keeping *keeping = context;
    int64_t oldest_s = keeping->showing->now_s - keeping->showing->keep_s;
    for (size_t i = 0; i < keeping->count; i++) {
        struct shown_item *item = &keeping->items[i];
        if (!records_shown_since(keeping->records, item->document_id, &item->time_s, error))
            return false;
        if (item->time_s <= oldest_s)
            item->time_s = 0;
        keeping->any_new = keeping->any_new || !item->time_s;
    }
    return true;
}

static bool save(void *context, struct error *error)
{
    struct keeping *keeping = context;
    for (size_t i = 0; i < keeping->count; i++) {
        struct shown_item *item = &keeping->items[i];
        if (item->time_s)
            continue;
        item->time_s = keeping->showing->now_s;
        item->address = keeping->showing->address.data;
        if (!records_shown_save(keeping->records, item, error))
            return false;
    }
    return true;
}

bool feed_shown_keep(const struct feed_showing *showing, struct records *records,
                     struct shown_item *items, size_t count, struct error *error)
{
    struct keeping keeping = {
        .showing = showing, .records = records, .items = items, .count = count};
    return records_reading(records, look_up, &keeping, error) &&
           (!keeping.any_new || records_transaction(records, save, &keeping, error));
}

bool feed_shown_is_ham(struct records *records, const unsigned char document_id[RECORD_ID_BYTES])
{
    struct error ignored = {0};
    struct shown_item *shown = NULL;
    bool is_ham = records_shown_find(records, document_id, &shown, &ignored) && shown &&
                  shown->said == LABEL_HAM + 1;
    free(shown);
    return is_ham;
}
