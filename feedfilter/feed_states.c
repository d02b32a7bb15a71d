#include "feedfilter/feed_states.h"

#include <stdlib.h>
#include <time.h>
#include <xxhash.h>

#include "core/arena.h"
#include "store/memory.h"
#include "store/records_feeds.h"

#define ORIGIN_SIZE 300

struct telling {
    struct arena *arena;
    struct feed_state *states;
    size_t count, room;
    int64_t now_s;
    bool all, stopped;
};

/* Where the URL is a secret, no more than the host of what it led to is shown. The lock is held. */
static const char *led_to(const struct subscription *subscription, const char *url,
                          char origin[ORIGIN_SIZE])
{
    if (!url)
        return "";
    if (!subscription->own->secret)
        return url;
    feed_site_origin(url, origin, ORIGIN_SIZE);
    return origin;
}

static const char *text_of(const char *text)
{
    return text ? text : "";
}

/* Lent, of `subscription` and `origins`. The lock is held. */
static struct feed_state state_of(const struct telling *telling,
                                  const struct subscription *subscription,
                                  char origins[2][ORIGIN_SIZE])
{
    const struct subscription_config *own = subscription->own;
    const struct feed_site *site = &subscription->site;
    bool failing = subscription->failures > 0;
    return (struct feed_state){
        .name = subscription->name,
        .place = text_of(own->place),
        .url = own->secret ? "" : text_of(own->url),
        .state = telling->stopped ? "stopped" : metrics_feed_name(subscription_state(subscription)),
        .trouble = text_of(subscription->trouble),
        .found = led_to(subscription, site->found, origins[0]),
        .moved = led_to(subscription, feed_site_moved(site, failing, telling->now_s), origins[1]),
        .checked_s = subscription->checked_s,
        .next_poll_s = subscription->next_poll_s,
        .items = (int64_t)subscription->items,
        .held = (int64_t)subscription->held,
        .tagged = (int64_t)subscription->tagged,
        .put_back = (int64_t)subscription->put_back,
        .duplicates = (int64_t)subscription->duplicates,
    };
}

static uint64_t mark_of(const struct feed_state *state)
{
    const char *texts[] = {state->place,   state->url,   state->state,
                           state->trouble, state->found, state->moved};
    const int64_t numbers[] = {state->checked_s, state->next_poll_s, state->items,     state->held,
                               state->tagged,    state->put_back,    state->duplicates};
    uint64_t mark = XXH3_64bits(numbers, sizeof numbers);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        mark = XXH3_64bits_withSeed(texts[i], strlen(texts[i]), mark);
    return mark;
}

/* Of most feeds nothing is new, and nothing is copied. */
static void keep(struct telling *telling, struct feed_state state)
{
    const char **texts[] = {&state.name,    &state.place, &state.url,
                            &state.trouble, &state.found, &state.moved};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = arena_printf(telling->arena, "%s", *texts[i]).data;
    if (telling->count == telling->room) {
        telling->room = telling->room ? 2 * telling->room : 16;
        telling->states = memory_resize(telling->states, telling->room * sizeof *telling->states);
    }
    telling->states[telling->count++] = state;
}

static void look(void *context, struct subscription *subscription)
{
    struct telling *telling = context;
    char origins[2][ORIGIN_SIZE];
    pthread_mutex_lock(&subscription->lock);
    if (subscription->own) {
        struct feed_state state = state_of(telling, subscription, origins);
        uint64_t mark = mark_of(&state);
        if (telling->all || mark != subscription->told_mark)
            keep(telling, state);
        subscription->told_mark = mark;
    }
    pthread_mutex_unlock(&subscription->lock);
}

static bool tell(struct telling *telling, struct subscriptions *subscriptions,
                 struct records *records, struct error *error)
{
    telling->arena = arena_new();
    telling->now_s = time(NULL);
    subscriptions_visit(subscriptions, look, telling);
    bool good =
        (!telling->count && !telling->all) ||
        records_feed_states_save(records, telling->states, telling->count, telling->all, error);
    free(telling->states);
    arena_free(telling->arena);
    return good;
}

bool feed_states_tell(struct feed_states *states, struct subscriptions *subscriptions,
                      struct records *records, struct error *error)
{
    struct telling telling = {.all = !states->partly};
    states->partly = tell(&telling, subscriptions, records, error);
    return states->partly;
}

bool feed_states_tell_stopped(struct subscriptions *subscriptions, struct records *records,
                              struct error *error)
{
    struct telling telling = {.all = true, .stopped = true};
    return tell(&telling, subscriptions, records, error);
}
