#include "store/counts.h"

#include "store/counts_ops.h"

#include <stdlib.h>
#include <string.h>

#include "store/memory.h"

#define DEFAULT_TIMEOUT_MS 500
#define DEFAULT_POOL_SIZE 8
#define DEFAULT_KEY_PREFIX "weir:"

static const struct {
    const char *scheme;
    struct counts_store *(*open)(const char *url, const struct counts_options *options,
                                 struct error *error);
} kinds[] = {
    {"redis://", counts_redis_open},
    {"redis+unix://", counts_redis_open},
    {"sqlite://", counts_sqlite_open},
};

struct counts_store *counts_open(const char *url, const struct counts_options *options,
                                 struct error *error)
{
    struct counts_options filled = options ? *options : (struct counts_options){0};
    if (!filled.timeout_ms)
        filled.timeout_ms = DEFAULT_TIMEOUT_MS;
    if (!filled.pool_size)
        filled.pool_size = DEFAULT_POOL_SIZE;
    if (!filled.key_prefix)
        filled.key_prefix = DEFAULT_KEY_PREFIX;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strncmp(url, kinds[i].scheme, strlen(kinds[i].scheme)) == 0) {
            struct counts_store *store = kinds[i].open(url, &filled, error);
            if (store)
                counts_use_table(store, &reputation_table_default);
            return store;
        }
    /* Nothing of the URL is shown but its scheme: there may be a password in it. */
    const char *end = strstr(url, "://");
    error_set(error, ERROR_INPUT,
              "counts: no store is known by \"%.*s\"; say redis://host:port/database, "
              "redis+unix:///path/to/socket or sqlite:///path/to/counts.db",
              end ? (int)(end + 3 - url) : 0, url);
    return NULL;
}

void counts_close(struct counts_store *store)
{
    if (store)
        store->ops->close(store);
}

void counts_use_table(struct counts_store *store, const struct reputation_table *table)
{
    for (size_t type = 0; type < IDENTITY_TYPES; type++)
        store->half_life_s[type] = table->types[type].half_life_s;
    store->source_share = table->source_share;
}

bool counts_is_limited(const struct counts_store *store, const struct lesson *lesson)
{
    return lesson->trust != TRUST_OPERATOR && store->source_share < 1;
}

double counts_trust_mean(const struct counts_trust *trust)
{
    return (trust->agreed + 2.0) / (trust->agreed + (double)trust->disagreed + 4);
}

/* --- sources --- */

struct source {
    char *name;
    size_t length;
    struct counts_trust trust;
    uint64_t lessons;
};

struct sources {
    struct source *items;
    size_t count, room;
};

static int by_name(const void *a, const void *b)
{
    const struct source *x = a, *y = b;
    int order = memcmp(x->name, y->name, x->length < y->length ? x->length : y->length);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

/* Each name stands once then. */
static void sum_up(struct sources *sources)
{
    size_t kept = 0;
    if (sources->count)
        qsort(sources->items, sources->count, sizeof *sources->items, by_name);
    for (size_t i = 0; i < sources->count; i++) {
        struct source *item = &sources->items[i];
        if (!kept || by_name(&sources->items[kept - 1], item) != 0) {
            sources->items[kept++] = *item;
            continue;
        }
        struct source *same = &sources->items[kept - 1];
        same->lessons += item->lessons;
        same->trust.agreed += item->trust.agreed;
        same->trust.disagreed += item->trust.disagreed;
        free(item->name);
    }
    sources->count = kept;
}

static void add_source(void *context, struct span name, const struct counts_trust *trust,
                       uint64_t lessons)
{
    struct sources *sources = context;
    if (sources->count == sources->room) {
        sum_up(sources);
        sources->room = 2 * sources->count + 1000;
        sources->items = memory_resize(sources->items, sources->room * sizeof *sources->items);
    }
    sources->items[sources->count++] =
        (struct source){memory_copy(name.data, name.length), name.length, *trust, lessons};
}

bool counts_source_list(struct counts_store *store, counts_visit_source *visit, void *context,
                        struct error *error)
{
    struct sources sources = {0};
    bool good = store->ops->source_list(store, add_source, &sources, error);
    sum_up(&sources);
    for (size_t i = 0; i < sources.count; i++) {
        const struct source *item = &sources.items[i];
        if (good)
            visit(context, (struct span){item->name, item->length}, &item->trust, item->lessons);
        free(item->name);
    }
    free(sources.items);
    return good;
}

/* --- what stands behind it answers --- */

const char *counts_name(const struct counts_store *store)
{
    return store->ops->name(store);
}

bool counts_health(struct counts_store *store, struct counts_health *health, struct error *error)
{
    return store->ops->health(store, health, error);
}

bool counts_installation_key(struct counts_store *store, const unsigned char *proposed,
                             unsigned char key[COUNTS_KEY_BYTES], struct error *error)
{
    return store->ops->installation_key(store, proposed, key, error);
}

bool counts_settings_load(struct counts_store *store, struct counts_settings *settings,
                          struct error *error)
{
    *settings = (struct counts_settings){0};
    return store->ops->settings_load(store, settings, error);
}

bool counts_settings_save(struct counts_store *store, uint64_t read, struct span text, bool *saved,
                          struct error *error)
{
    *saved = false;
    return store->ops->settings_save(store, read, text, saved, error);
}

void counts_settings_clear(struct counts_settings *settings)
{
    free(settings->text);
    *settings = (struct counts_settings){0};
}

bool counts_append(struct counts_store *store, const struct lesson *const *lessons, size_t n,
                   struct append_result *results, size_t *done, struct error *error)
{
    *done = 0;
    return store->ops->append(store, lessons, n, results, done, error);
}

enum follow_outcome counts_follow(struct counts_store *store, uint64_t version, unsigned wait_ms,
                                  size_t most, counts_visit_lesson *visit, void *context,
                                  struct error *error)
{
    return store->ops->follow(store, version, wait_ms, most, visit, context, error);
}

bool counts_snapshot_load(struct counts_store *store, struct snapshot *snapshot,
                          struct error *error)
{
    *snapshot = (struct snapshot){0};
    return store->ops->snapshot_load(store, snapshot, error);
}

bool counts_snapshot_save(struct counts_store *store, const struct snapshot *snapshot, bool *stored,
                          struct error *error)
{
    *stored = false;
    return store->ops->snapshot_save(store, snapshot, stored, error);
}

bool counts_refuse_snapshot(const struct snapshot *snapshot, uint32_t features, struct error *error)
{
    return error_set(error, ERROR_INPUT,
                     "the stored one is of a newer weir (feature version %u, this one has %u); "
                     "upgrade this one",
                     features, snapshot->feature_version);
}

void snapshot_clear(struct snapshot *snapshot)
{
    free(snapshot->data);
    *snapshot = (struct snapshot){0};
}

bool counts_replica_report(struct counts_store *store, const char *gateway, uint64_t version,
                           struct error *error)
{
    return store->ops->replica_report(store, gateway, version, error);
}

bool counts_replica_slowest(struct counts_store *store, uint64_t *slowest, struct error *error)
{
    *slowest = UINT64_MAX;
    return store->ops->replica_slowest(store, slowest, error);
}

bool counts_reputation_read(struct counts_store *store, const struct identity *identities, size_t n,
                            struct reputation_counts *counts, struct error *error)
{
    for (size_t i = 0; i < n; i++)
        counts[i] = (struct reputation_counts){0};
    return n == 0 || store->ops->reputation_read(store, identities, n, counts, error);
}

bool counts_reputation_page(struct counts_store *store, enum identity_type type,
                            struct counts_cursor *cursor, counts_visit_reputation *visit,
                            void *context, struct error *error)
{
    return store->ops->reputation_page(store, type, cursor, visit, context, error);
}

bool counts_reputation_seen(struct counts_store *store, const struct identity *identities,
                            const uint32_t *documents, size_t n, struct error *error)
{
    return n == 0 || store->ops->reputation_seen(store, identities, documents, n, error);
}

int64_t counts_seen_since(const struct counts_store *store)
{
    return store->seen_since_s;
}

/* Text and attachments are mostly of one document alone, and there are many of them. */
int64_t counts_seen_life_s(enum identity_type type)
{
    return reputation_group_of(type) == REPUTATION_CONTENT ? 2 * 86400 : COUNTS_SEEN_KEPT_S;
}

bool counts_reputation_list(struct counts_store *store, enum identity_type type,
                            counts_visit_reputation *visit, void *context, struct error *error)
{
    struct counts_cursor cursor = {0};
    do {
        if (!counts_reputation_page(store, type, &cursor, visit, context, error))
            return false;
    } while (cursor.length);
    return true;
}

bool counts_reputation_overrides(struct counts_store *store, counts_visit_reputation *visit,
                                 void *context, struct error *error)
{
    return store->ops->reputation_overrides(store, visit, context, error);
}

bool counts_reputation_override(struct counts_store *store, const struct identity *identity,
                                enum override_kind kind, int32_t centi, int64_t until_s,
                                struct error *error)
{
    return store->ops->reputation_override(store, identity, kind, centi, until_s, error);
}

bool counts_reputation_write(struct counts_store *store, const struct identity *identities,
                             const struct reputation_counts *counts, size_t n, struct error *error)
{
    return n == 0 || store->ops->reputation_write(store, identities, counts, n, error);
}

bool counts_reputation_forget(struct counts_store *store, const struct identity *identity,
                              bool *existed, struct error *error)
{
    *existed = false;
    return store->ops->reputation_forget(store, identity, existed, error);
}
