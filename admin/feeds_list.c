#include "admin/feeds_list.h"

#include <stdlib.h>

#include "core/opml.h"
#include "core/subscription_address.h"
#include "store/memory.h"
#include "store/records_feeds.h"

struct reading {
    struct feeds_list *list;
    struct feed_listed **sorted; /* by name */
    size_t sorted_count;
};

static struct feed_listed *append(struct feeds_list *list, const char *name, const char *place)
{
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : 16;
        list->items = memory_resize(list->items, list->room * sizeof *list->items);
    }
    struct feed_listed *feed = &list->items[list->count++];
    *feed = (struct feed_listed){.name = memory_text(name), .place = memory_text(place)};
    return feed;
}

static void fill(char **text, const char *with)
{
    if (!*text)
        *text = memory_text(with ? with : "");
}

static void add_configured(struct feeds_list *list, const struct subscription_config *own)
{
    struct feed_listed *feed = append(list, own->name, own->place);
    feed->url = memory_text(own->url);
    feed->credentials = own->user != NULL;
    feed->mode = memory_text(feed_mode_name(own->mode));
    feed->title = memory_text(own->name);
    feed->readers = memory_text(own->readers);
    feed->category = memory_text(own->category);
}

static void add_live(void *context, const struct feed_record *record)
{
    struct feed_listed *feed = append(context, record->name, "");
    struct subscription_config own = {0};
    subscription_take_url(&own, record->url);
    feed->url = own.url;
    feed->credentials = own.user != NULL;
    free(own.user);
    free(own.password);
    feed->title = memory_text(record->title);
    feed->category = memory_text(record->category);
    feed->mode = memory_text(record->mode);
    feed->readers = memory_text(record->readers);
    feed->added_s = record->added_s;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp((*(struct feed_listed *const *)left)->name,
                  (*(struct feed_listed *const *)right)->name);
}

static int compare_to_name(const void *name, const void *feed)
{
    return strcmp(name, (*(struct feed_listed *const *)feed)->name);
}

/* What the server says of a feed that was added is not asked for when it has gone since. */
static void add_state(void *context, const struct feed_state *state)
{
    struct reading *reading = context;
    struct feed_listed **found = NULL, *feed;
    if (reading->sorted_count)
        found = bsearch(state->name, reading->sorted, reading->sorted_count,
                        sizeof *reading->sorted, compare_to_name);
    if (!found && !*state->place)
        return;
    feed = found ? *found : append(reading->list, state->name, state->place);
    fill(&feed->url, state->url);
    fill(&feed->state, state->state);
    fill(&feed->trouble, state->trouble);
    fill(&feed->found, state->found);
    fill(&feed->moved, state->moved);
    feed->checked_s = state->checked_s;
    feed->next_poll_s = state->next_poll_s;
    feed->items = state->items;
    feed->held = state->held;
    feed->tagged = state->tagged;
    feed->put_back = state->put_back;
    feed->duplicates = state->duplicates;
}

/* Room first: what is sorted must stay where it is. */
static void make_room(struct feeds_list *list, size_t more)
{
    list->room = list->count + more + 1;
    list->items = memory_resize(list->items, list->room * sizeof *list->items);
}

static void count_state(void *context, const struct feed_state *state)
{
    (void)state;
    (*(size_t *)context)++;
}

static bool add_states(struct feeds_list *list, struct records *records, struct error *error)
{
    struct reading reading = {.list = list};
    size_t more = 0;
    if (!records_feed_states_visit(records, count_state, &more, error))
        return false;
    make_room(list, more);
    reading.sorted_count = list->count;
    reading.sorted = memory_new(list->count * sizeof *reading.sorted);
    for (size_t i = 0; i < list->count; i++)
        reading.sorted[i] = &list->items[i];
    if (list->count)
        qsort(reading.sorted, list->count, sizeof *reading.sorted, compare_names);
    bool good = records_feed_states_visit(records, add_state, &reading, error);
    free(reading.sorted);
    return good;
}

struct whole {
    struct feeds_list *list;
    struct records *records;
};

static bool read_records(void *context, struct error *error)
{
    const struct whole *whole = context;
    return records_feeds_visit(whole->records, add_live, whole->list, error) &&
           add_states(whole->list, whole->records, error);
}

bool feeds_list_read(struct session *session, struct feeds_list *list, struct error *error)
{
    struct whole whole = {list, session->records[FRONT_FEED]};
    const struct config *config = session->config;
    for (size_t i = 0; i < config->subscription_count; i++)
        add_configured(list, &config->subscriptions[i]);
    bool good = !whole.records || records_reading(whole.records, read_records, &whole, error);
    for (size_t i = 0; i < list->count; i++) {
        struct feed_listed *feed = &list->items[i];
        char **texts[] = {&feed->url,     &feed->title,   &feed->category,
                          &feed->mode,    &feed->readers, &feed->state,
                          &feed->trouble, &feed->found,   &feed->moved};
        for (size_t j = 0; j < sizeof texts / sizeof *texts; j++)
            fill(texts[j], "");
    }
    return good;
}

void feeds_list_clear(struct feeds_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct feed_listed *feed = &list->items[i];
        free(feed->name);
        free(feed->place);
        free(feed->url);
        free(feed->title);
        free(feed->category);
        free(feed->mode);
        free(feed->readers);
        free(feed->state);
        free(feed->trouble);
        free(feed->found);
        free(feed->moved);
    }
    free(list->items);
    *list = (struct feeds_list){0};
}

void feeds_list_put(struct json_writer *json, const struct feed_listed *feed)
{
    const struct {
        const char *key, *value;
    } texts[] = {
        {"name", feed->name},       {"place", feed->place},       {"url", feed->url},
        {"title", feed->title},     {"category", feed->category}, {"mode", feed->mode},
        {"readers", feed->readers}, {"state", feed->state},       {"trouble", feed->trouble},
        {"found", feed->found},     {"moved", feed->moved}};
    const struct {
        const char *key;
        int64_t value;
    } numbers[] = {{"added_s", feed->added_s},
                   {"checked_s", feed->checked_s},
                   {"next_poll_s", feed->next_poll_s},
                   {"items", feed->items},
                   {"held", feed->held},
                   {"tagged", feed->tagged},
                   {"put_back", feed->put_back},
                   {"duplicates", feed->duplicates}};
    json_put_open(json, NULL, '{');
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        json_put_string(json, texts[i].key, span_of(texts[i].value));
    json_put_bool(json, "credentials", feed->credentials);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        json_put_integer(json, numbers[i].key, numbers[i].value);
    json_put_close(json, '}');
}

void feeds_list_opml(const struct feeds_list *list, const char *title, FILE *out, size_t *left_out)
{
    struct opml_feed *feeds = memory_new(list->count * sizeof *feeds);
    size_t count = 0;
    *left_out = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct feed_listed *feed = &list->items[i];
        if (!*feed->url) {
            ++*left_out;
            continue;
        }
        feeds[count++] = (struct opml_feed){span_of(*feed->title ? feed->title : feed->name),
                                            span_of(feed->url), span_of(feed->category)};
    }
    opml_write(out, span_of(title), feeds, count);
    free(feeds);
}
