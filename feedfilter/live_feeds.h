/* live_feeds: what was subscribed to while weir runs, as the records have it, beside what is
 * configured. For the main thread. */
#ifndef WEIR_LIVE_FEEDS_H
#define WEIR_LIVE_FEEDS_H

#include "core/config.h"
#include "store/records.h"

struct live_feeds {
    bool known;     /* the records were read once */
    int64_t change; /* of theirs that was read */
    struct subscription_config *feeds;
    size_t count;
};

/* Reads them when they have changed. After a failure all is as before. */
bool live_feeds_look(struct live_feeds *live, struct records *records, bool *changed,
                     struct error *error);

/* `config` with them; those whose name it has itself are logged, and left out. */
struct config *live_feeds_join(const struct live_feeds *live, struct config *config);

void live_feeds_clear(struct live_feeds *live);

#endif
