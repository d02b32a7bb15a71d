#include "feedfilter/feed_list.h"

#include <stdlib.h>

#include "core/arena.h"
#include "core/opml.h"
#include "feedfilter/readers.h"
#include "store/memory.h"

struct listing {
    struct arena *arena;
    const char *token, *reader;
    struct opml_feed *feeds;
    size_t count, room;
};

static void add(void *context, struct subscription *subscription)
{
    struct listing *listing = context;
    pthread_mutex_lock(&subscription->lock);
    const struct subscription_config *own = subscription->own;
    if (own && readers_allow(own->readers, listing->reader)) {
        if (listing->count == listing->room) {
            listing->room = listing->room ? 2 * listing->room : 16;
            listing->feeds = memory_resize(listing->feeds, listing->room * sizeof *listing->feeds);
        }
        listing->feeds[listing->count++] = (struct opml_feed){
            .title = arena_copy(listing->arena, span_of(own->title ? own->title : own->name)),
            .url = arena_printf(listing->arena, "%s%s%s/f/%s",
                                subscription->config->feedfilter.public_url,
                                *listing->token ? "/r/" : "", listing->token, own->name),
            .category = arena_copy(listing->arena, span_of(own->category ? own->category : "")),
        };
    }
    pthread_mutex_unlock(&subscription->lock);
}

struct page *feed_list_page(struct subscriptions *subscriptions, const char *token,
                            const char *reader)
{
    struct listing listing = {.arena = arena_new(), .token = token, .reader = reader};
    char *data = NULL;
    size_t length = 0;
    subscriptions_visit(subscriptions, add, &listing);
    FILE *out = memory_checked(open_memstream(&data, &length));
    opml_write(out, SPAN("weir"), listing.feeds, listing.count);
    fclose(out);
    const struct span text = {data, length};
    struct page *page = page_new(&text, 1, "text/x-opml; charset=utf-8", 0);
    free(data);
    free(listing.feeds);
    arena_free(listing.arena);
    return page;
}
