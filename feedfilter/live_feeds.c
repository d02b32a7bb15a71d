#include "feedfilter/live_feeds.h"

#include <stdlib.h>

#include "core/config_subscriptions.h"
#include "core/log.h"
#include "core/subscription_address.h"
#include "store/memory.h"
#include "store/records_feeds.h"

struct reading {
    struct subscription_config *feeds;
    size_t count, room;
};

/* What was written by hand, or by a newer weir, is looked at like everything else. */
static void add(void *context, const struct feed_record *record)
{
    struct reading *reading = context;
    struct subscription_config feed = {0};
    if (!subscription_is_name(record->name) || subscription_url_trouble(record->url, NULL) ||
        !feed_mode_find(record->mode, &feed.mode))
        return;
    feed.name = memory_text(record->name);
    feed.readers = memory_text(record->readers);
    feed.title = memory_text(record->title);
    feed.category = memory_text(record->category);
    feed.user_agent = memory_text(SUBSCRIPTION_USER_AGENT);
    subscription_take_url(&feed, record->url);
    if (reading->count == reading->room) {
        reading->room = reading->room ? 2 * reading->room : 16;
        reading->feeds = memory_resize(reading->feeds, reading->room * sizeof *reading->feeds);
    }
    reading->feeds[reading->count++] = feed;
}

static void clear(struct subscription_config *feeds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        subscription_clear(&feeds[i]);
    free(feeds);
}

struct looking {
    struct live_feeds *live;
    struct records *records;
    struct reading reading;
    int64_t change;
};

static bool read_all(void *context, struct error *error)
{
    struct looking *looking = context;
    return records_feeds_change(looking->records, &looking->change, error) &&
           records_feeds_visit(looking->records, add, &looking->reading, error);
}

bool live_feeds_look(struct live_feeds *live, struct records *records, bool *changed,
                     struct error *error)
{
    struct looking looking = {.live = live, .records = records};
    *changed = false;
    if (!records_feeds_change(records, &looking.change, error))
        return false;
    if (live->known && looking.change == live->change)
        return true;
    if (!records_reading(records, read_all, &looking, error)) {
        clear(looking.reading.feeds, looking.reading.count);
        return false;
    }
    clear(live->feeds, live->count);
    live->feeds = looking.reading.feeds;
    live->count = looking.reading.count;
    live->change = looking.change;
    live->known = *changed = true;
    return true;
}

struct config *live_feeds_join(const struct live_feeds *live, struct config *config)
{
    struct config *joined = config_with_subscriptions(config, live->feeds, live->count);
    size_t left_out = config->subscription_count + live->count - joined->subscription_count;
    for (size_t i = 0; left_out && i < live->count; i++) {
        const struct subscription_config *own = config_subscription(config, live->feeds[i].name);
        if (own)
            log_event(LOG_LEVEL_WARNING, "feed-configured-too", "feed", own->name, "place",
                      own->place, "meanwhile", "the configured one is served", NULL);
    }
    return joined;
}

void live_feeds_clear(struct live_feeds *live)
{
    clear(live->feeds, live->count);
    *live = (struct live_feeds){0};
}
