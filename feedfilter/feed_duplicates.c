#include "feedfilter/feed_duplicates.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xxhash.h>

#include "core/log.h"
#include "core/metrics.h"
#include "core/text.h"
#include "core/url.h"
#include "feedfilter/readers.h"
#include "feedfilter/story_keys.h"
#include "store/memory.h"
#include "store/records_stories.h"

/* The newest items of a feed; what is behind them is shown. */
#define ITEMS_MOST 2000u
/* Stories that are looked at for each key: one that thousands share tells nothing. */
#define CANDIDATES_MOST 16u
#define SEEN_EVERY_S 86400
#define TITLE_MOST 300u
#define LINK_MOST 1000u
/* Feeds that an item names; /q/NAME of the others names all. */
#define PLACES_MOST 20u

struct listed {
    const struct feed_item *source;
    unsigned char id[STORY_ITEM_BYTES];
    uint64_t link;
    bool ambiguous;   /* its guid is not its alone */
    bool shared_link; /* its link is not its alone */
    bool cut;         /* held: readers do not get it */
    bool left_out;
    int64_t shown_id;            /* of its story, where that is shown; 0: it is not, or is new */
    bool is_new;                 /* to be added: its keys are needed */
    struct story_keys *keys;     /* once they were needed */
    const char *twin_feed, *way; /* newly left out: what for; in the arena */
};

struct run {
    struct feed_duplicates *duplicates;
    const struct feed *feed;
    struct arena *arena;
    struct arena *scratch; /* emptied after each item */
    struct listed *items;
    size_t count;
    bool may_leave_out;
    bool writes; /* in a transaction; else it is only looked whether there is anything to write */
    bool dirty;
    bool freed;
    bool since_known;
    int64_t since_s;      /* when its stories began to be compared */
    const char **changed; /* feeds; in the arena */
    size_t changed_count;
};

static const char *category_of(const struct subscription_config *feed)
{
    return feed->category ? feed->category : "";
}

bool feed_duplicates_wanted(const struct config *config, const struct subscription_config *own)
{
    return config->feedfilter.deduplicate == DEDUPLICATE_ALL ||
           (config->feedfilter.deduplicate == DEDUPLICATE_CATEGORY && *category_of(own));
}

/* Whether all who may read `own` may read `other`. */
static bool covers(const struct subscription_config *other, const struct subscription_config *own)
{
    char name[READER_NAME_SIZE];
    const char *at = own->readers ? own->readers : "";
    if (readers_allow(other->readers, ""))
        return true;
    if (!*at)
        return false;
    while (*at) {
        size_t length = strcspn(at, ",");
        if (length >= sizeof name)
            return false;
        memcpy(name, at, length);
        name[length] = '\0';
        if (!readers_allow(other->readers, name))
            return false;
        at += length + (at[length] == ',');
    }
    return true;
}

static bool may_leave_out(const struct config *config, const struct subscription_config *own)
{
    return feed_duplicates_wanted(config, own) && config->feedfilter.mode == MODE_ENFORCE &&
           own->mode != FEED_PASS;
}

bool feed_duplicates_stand_for(const struct config *config, const struct subscription_config *own,
                               const char *name)
{
    if (!may_leave_out(config, own) || strcmp(name, own->name) == 0)
        return false;
    const struct subscription_config *other = config_subscription(config, name);
    return other && covers(other, own) &&
           (config->feedfilter.deduplicate == DEDUPLICATE_ALL ||
            strcmp(category_of(other), category_of(own)) == 0);
}

static bool may_stand_for_us(const struct run *run, const char *name)
{
    return feed_duplicates_stand_for(run->duplicates->config, run->duplicates->own, name);
}

static bool is_failure(const struct error *error)
{
    return error->class != ERROR_NONE;
}

static void need_keys(struct run *run, struct listed *item)
{
    if (item->keys)
        return;
    item->keys = arena_alloc(run->arena, sizeof *item->keys);
    story_keys_of(item->keys, run->feed, item->source, !item->shared_link);
}

/* At most `most` bytes of it, at the border of a character. */
static const char *text_of(struct run *run, struct span text, size_t most)
{
    return arena_copy(run->scratch, span_cut(text, most)).data;
}

/* Empty: it has none. */
static struct span domain_of(struct run *run, struct span url)
{
    struct link link = {.url = url};
    return url_parse(run->scratch, &link) ? link.domain : SPAN("");
}

/* Whether a link or a guid in common is enough. The word of another site is not: one that links to
 * a story does not have it, and does not take it out of the feed of the site that it is on. */
static bool is_word_enough(struct run *run, const struct listed *item, const struct story *story)
{
    const struct feed_duplicates *duplicates = run->duplicates;
    struct span own = domain_of(run, span_of(duplicates->own->url));
    struct span other =
        domain_of(run, span_of(config_subscription(duplicates->config, story->feed)->url));
    if (span_equal(own, other))
        return true;
    return !span_equal(own, domain_of(run, item->source->link)) &&
           story_titles_alike(run->scratch, span_of(story->title),
                              span_of(text_of(run, item->source->title, TITLE_MOST)));
}

/* Whether `story`, which has a key of `way` in common, is the same as the item. */
static bool is_same(struct run *run, const struct listed *item, enum story_way way,
                    const struct story *story)
{
    if (story->twin || !may_stand_for_us(run, story->feed))
        return false;
    return (story->has_text && item->keys->has_text &&
            story_texts_alike(story->text, item->keys->text)) ||
           (way != STORY_BY_TEXT && is_word_enough(run, item, story));
}

/* The story that is shown already; NULL: none, or the records failed. */
static struct story *find_twin(struct run *run, const struct listed *item, enum story_way *way,
                               struct error *error)
{
    struct records *records = run->duplicates->records;
    for (size_t i = 0; run->may_leave_out && i < item->keys->count; i++) {
        int64_t ids[CANDIDATES_MOST];
        size_t count;
        if (!records_stories_with_key(records, item->keys->keys[i].value, ids, CANDIDATES_MOST,
                                      &count, error))
            return NULL;
        *way = item->keys->keys[i].way;
        for (size_t j = 0; j < count; j++) {
            struct story *story = records_story_get(records, ids[j], error);
            if (is_failure(error) || (story && is_same(run, item, *way, story)))
                return story;
            story_free(story);
        }
    }
    return NULL;
}

static bool add_story(struct run *run, struct listed *item, const struct story *twin,
                      const char *way, struct error *error)
{
    struct story story = {.feed = run->duplicates->own->name,
                          .twin = twin ? twin->id : 0,
                          .way = way,
                          .title = text_of(run, item->source->title, TITLE_MOST),
                          .link = text_of(run, item->source->link, LINK_MOST),
                          .has_text = item->keys->has_text,
                          .first_s = run->duplicates->now_s,
                          .seen_s = run->duplicates->now_s};
    int64_t keys[STORY_KEYS_MOST];
    for (size_t i = 0; i < item->keys->count; i++)
        keys[i] = item->keys->keys[i].value;
    memcpy(story.item, item->id, sizeof story.item);
    memcpy(story.text, item->keys->text, sizeof story.text);
    return records_story_add(run->duplicates->records, &story, keys, twin ? 0 : item->keys->count,
                             error);
}

/* Of that feed an item says something else now. */
static void note_changed(struct run *run, const char *feed)
{
    run->changed = arena_grow(run->arena, run->changed, run->changed_count, sizeof *run->changed);
    run->changed[run->changed_count++] = arena_copy(run->arena, span_of(feed)).data;
}

/* One that is not to be left out has no twin, whatever other feeds show. */
static bool add_new(struct run *run, struct listed *item, bool stays, struct error *error)
{
    enum story_way way = STORY_BY_GUID;
    run->dirty = item->is_new = true;
    if (!run->writes)
        return true;
    need_keys(run, item);
    struct story *twin = stays ? NULL : find_twin(run, item, &way, error);
    bool good =
        !is_failure(error) && add_story(run, item, twin, twin ? story_way_name(way) : "", error);
    if (good && twin) {
        item->left_out = true;
        item->twin_feed = arena_copy(run->arena, span_of(twin->feed)).data;
        item->way = story_way_name(way);
        note_changed(run, twin->feed);
    }
    story_free(twin);
    return good;
}

/* As long as it is listed it is remembered; so is what is shown for it. */
static bool note_seen(struct run *run, const struct story *story, struct error *error)
{
    int64_t now_s = run->duplicates->now_s;
    if (llabs(now_s - story->seen_s) < SEEN_EVERY_S)
        return true;
    run->dirty = true;
    return !run->writes || records_story_seen(run->duplicates->records, story->id, now_s, error);
}

static bool remove_story(struct run *run, const struct story *story, struct error *error)
{
    run->dirty = true;
    if (!run->writes)
        return true;
    run->freed = run->freed || !story->twin;
    return records_story_remove(run->duplicates->records, story->id, error);
}

/* One that stands for another here, in `twin` (NULL: no more), which told of it. */
static bool remove_left_out(struct run *run, const struct story *story, const struct story *twin,
                            struct error *error)
{
    if (twin && run->writes)
        note_changed(run, twin->feed);
    return remove_story(run, story, error);
}

/* Held: what was known of it goes. */
static bool remove_cut(struct run *run, const struct story *story, struct error *error)
{
    struct story *twin =
        story->twin ? records_story_get(run->duplicates->records, story->twin, error) : NULL;
    bool good = !is_failure(error) && remove_left_out(run, story, twin, error);
    story_free(twin);
    return good;
}

/* One that was left out before. */
static bool settle_left_out(struct run *run, struct listed *item, const struct story *story,
                            struct error *error)
{
    struct story *twin = records_story_get(run->duplicates->records, story->twin, error);
    if (is_failure(error))
        return false;
    bool stands = twin && !twin->twin && may_stand_for_us(run, twin->feed);
    item->left_out = stands;
    bool good = stands
                    ? note_seen(run, story, error) && note_seen(run, twin, error)
                    : remove_left_out(run, story, twin, error) && add_new(run, item, false, error);
    story_free(twin);
    return good;
}

/* Readers have seen it here before the feed's stories were compared with others': it passed, or a
 * person released it. Its guid is its alone, so that it is what the judge knows it by. */
static bool has_been_here(struct run *run, const struct listed *item, bool *stays,
                          struct error *error)
{
    const struct feed_duplicates *duplicates = run->duplicates;
    const char *name = duplicates->own->name;
    struct judged judged;
    bool found;
    if (!run->since_known &&
        !records_stories_since(duplicates->records, name, &run->since_s, error))
        return false;
    run->since_known = true;
    const char *guid = arena_copy(run->scratch, item->source->guid).data;
    if (!records_judged_find(duplicates->records, name, guid, &judged, &found, error))
        return false;
    bool holds = found && strcmp(judged.action, action_name(ACTION_HOLD)) == 0;
    bool passed = found && (!holds || duplicates->own->mode != FEED_HOLD);
    bool shown = passed || (found && judged_is_released(&judged));
    *stays = shown && judged.time_s < run->since_s;
    return true;
}

static bool settle_unknown(struct run *run, struct listed *item, struct error *error)
{
    bool stays = false;
    return (!run->writes || has_been_here(run, item, &stays, error)) &&
           add_new(run, item, stays, error);
}

static bool settle(struct run *run, struct listed *item, struct error *error)
{
    struct story *story = records_story_of_item(run->duplicates->records,
                                                run->duplicates->own->name, item->id, error);
    bool good = !is_failure(error);
    item->left_out = false;
    item->shown_id = good && story && !story->twin && !item->cut ? story->id : 0;
    if (good && item->cut)
        good = !story || remove_cut(run, story, error);
    else if (good && !story)
        good = settle_unknown(run, item, error);
    else if (good && story->twin)
        good = settle_left_out(run, item, story, error);
    else if (good)
        good = note_seen(run, story, error);
    story_free(story);
    return good;
}

static bool settle_all(void *context, struct error *error)
{
    struct run *run = context;
    for (size_t i = 0; i < run->count; i++) {
        if (!run->items[i].ambiguous && !settle(run, &run->items[i], error))
            return false;
        arena_reset(run->scratch);
    }
    return true;
}

/* Before the records are locked for writing: an item's text is long, and all others wait. */
static void make_keys(struct run *run)
{
    for (size_t i = 0; i < run->count; i++)
        if (run->items[i].is_new)
            need_keys(run, &run->items[i]);
}

static int compare_ids(const void *left, const void *right)
{
    return memcmp((*(struct listed *const *)left)->id, (*(struct listed *const *)right)->id,
                  STORY_ITEM_BYTES);
}

static int compare_links(const void *left, const void *right)
{
    uint64_t a = (*(struct listed *const *)left)->link, b = (*(struct listed *const *)right)->link;
    return (a > b) - (a < b);
}

static void mark_shared(struct run *run)
{
    struct listed **sorted = memory_new((run->count + 1) * sizeof *sorted);
    for (size_t i = 0; i < run->count; i++)
        sorted[i] = &run->items[i];
    qsort(sorted, run->count, sizeof *sorted, compare_ids);
    for (size_t i = 1; i < run->count; i++)
        if (compare_ids(&sorted[i - 1], &sorted[i]) == 0)
            sorted[i - 1]->ambiguous = sorted[i]->ambiguous = true;
    qsort(sorted, run->count, sizeof *sorted, compare_links);
    for (size_t i = 1; i < run->count; i++)
        if (sorted[i - 1]->link == sorted[i]->link)
            sorted[i - 1]->shared_link = sorted[i]->shared_link = true;
    free(sorted);
}

static void take_items(struct run *run, const enum item_fate *fates)
{
    const struct feed *feed = run->feed;
    run->count = feed->item_count < ITEMS_MOST ? feed->item_count : ITEMS_MOST;
    run->items = arena_alloc(run->arena, (run->count + 1) * sizeof *run->items);
    for (size_t i = 0; i < run->count; i++) {
        struct listed *item = &run->items[i];
        XXH128_canonical_t id;
        item->source = &feed->items[i];
        item->cut = fates[i] == ITEM_IS_CUT;
        XXH128_canonicalFromHash(&id,
                                 XXH3_128bits(item->source->guid.data, item->source->guid.length));
        memcpy(item->id, id.digest, sizeof item->id);
        struct span link = story_link(run->scratch, item->source->link);
        item->link = link.length ? XXH3_64bits(link.data, link.length) : i; /* nobody's */
        arena_reset(run->scratch);
    }
    mark_shared(run);
}

static void tell(const struct run *run, const struct listed *item)
{
    struct arena *arena = run->arena;
    metrics_add(METRIC_DUPLICATES, 0, 1);
    log_event(LOG_LEVEL_INFO, "duplicate", "feed", run->duplicates->own->name, "guid",
              arena_copy(arena, item->source->guid).data, "title",
              arena_copy(arena, item->source->title).data, "shown-in", item->twin_feed, "same",
              item->way, NULL);
}

/* --- where else they are --- */

struct noting {
    const struct run *run;
    struct story_note *notes, *note; /* of all items, and the one that is at hand */
    struct arena *arena;
};

/* Named is what is left out there for us, to those who may read it. */
static void note_place(void *context, const struct story *story)
{
    struct noting *noting = context;
    const struct feed_duplicates *duplicates = noting->run->duplicates;
    const struct subscription_config *own = duplicates->own,
                                     *other = config_subscription(duplicates->config, story->feed);
    struct story_note *note = noting->note;
    note->left_out++;
    if (!other || !covers(other, own) ||
        !feed_duplicates_stand_for(duplicates->config, other, own->name))
        return;
    const char *name = other->title && *other->title ? other->title : other->name;
    note->places = arena_grow(noting->arena, note->places, note->place_count, sizeof *note->places);
    note->places[note->place_count++] = (struct story_place){
        arena_copy(noting->arena, span_cut(span_of(name), TITLE_MOST)),
        arena_copy(noting->arena, span_of(story->link)),
    };
}

static bool note_places(void *context, struct error *error)
{
    struct noting *noting = context;
    const struct run *run = noting->run;
    for (size_t i = 0; i < run->count; i++) {
        noting->note = &noting->notes[i];
        if (run->items[i].shown_id &&
            !records_stories_left_out_for(run->duplicates->records, run->items[i].shown_id,
                                          PLACES_MOST, note_place, noting, error))
            return false;
    }
    return true;
}

/* Once all is as it is to be. */
static void tell_all(const struct run *run)
{
    const struct feed_duplicates *duplicates = run->duplicates;
    for (size_t i = 0; i < run->count; i++)
        if (run->items[i].twin_feed)
            tell(run, &run->items[i]);
    for (size_t i = 0; i < run->changed_count && duplicates->changed; i++)
        duplicates->changed(duplicates->context, run->changed[i]);
}

bool feed_duplicates_find(struct feed_duplicates *duplicates, const struct feed *feed,
                          const enum item_fate *fates, bool *left_out, struct story_note *notes,
                          struct arena *arena, struct error *error)
{
    struct run run = {.duplicates = duplicates,
                      .feed = feed,
                      .arena = arena_new(),
                      .scratch = arena_new(),
                      .may_leave_out = may_leave_out(duplicates->config, duplicates->own)};
    take_items(&run, fates);
    bool good = records_reading(duplicates->records, settle_all, &run, error);
    if (good && run.dirty) {
        run.writes = true;
        run.changed_count = 0;
        make_keys(&run);
        good = records_transaction(duplicates->records, settle_all, &run, error);
    }
    struct noting noting = {.run = &run, .notes = notes, .arena = arena};
    duplicates->freed = good && run.freed;
    if (good)
        tell_all(&run);
    good = good && records_reading(duplicates->records, note_places, &noting, error);
    for (size_t i = 0; i < run.count; i++)
        left_out[i] = good && run.items[i].left_out;
    arena_free(run.scratch);
    arena_free(run.arena);
    return good;
}

static int64_t mark_of(const struct subscription_config *feed)
{
    const char *readers = feed->readers ? feed->readers : "";
    uint64_t url = XXH3_64bits(feed->url, strlen(feed->url));
    return (int64_t)XXH3_64bits_withSeed(readers, strlen(readers), url);
}

bool feed_duplicates_keep(const struct config *config, struct records *records, struct error *error)
{
    struct story_feed *feeds = memory_new((config->subscription_count + 1) * sizeof *feeds);
    for (size_t i = 0; i < config->subscription_count; i++) {
        const struct subscription_config *feed = &config->subscriptions[i];
        feeds[i] =
            (struct story_feed){feed->name, mark_of(feed), feed_duplicates_wanted(config, feed)};
    }
    bool good = records_stories_keep(records, feeds, config->subscription_count, time(NULL), error);
    free(feeds);
    return good;
}
