#include <stdlib.h>
#include <string.h>

#include "feedfilter/subscription.h"
#include "store/memory.h"

struct subscriptions {
    pthread_mutex_t lock;
    struct subscription **ordered; /* as the configuration has them */
    struct subscription **sorted;  /* by name */
    size_t count;
    struct hub_leaves *leaves;
};

struct subscriptions *subscriptions_new(void)
{
    struct subscriptions *subscriptions = memory_new(sizeof *subscriptions);
    pthread_mutex_init(&subscriptions->lock, NULL);
    subscriptions->leaves = hub_leaves_new();
    return subscriptions;
}

void subscriptions_free_all(struct subscriptions *subscriptions)
{
    if (!subscriptions)
        return;
    for (size_t i = 0; i < subscriptions->count; i++)
        subscription_release(subscriptions->ordered[i]);
    free(subscriptions->ordered);
    free(subscriptions->sorted);
    hub_leaves_free(subscriptions->leaves);
    pthread_mutex_destroy(&subscriptions->lock);
    free(subscriptions);
}

struct hub_leaves *subscriptions_leaves(struct subscriptions *subscriptions)
{
    return subscriptions->leaves;
}

static int compare_names(const void *left, const void *right)
{
    const struct subscription *a = *(struct subscription *const *)left;
    const struct subscription *b = *(struct subscription *const *)right;
    return strcmp(a->name, b->name);
}

static int compare_to_name(const void *name, const void *member)
{
    return strcmp(name, (*(struct subscription *const *)member)->name);
}

/* Lent; the lock is held. */
static struct subscription *find(const struct subscriptions *subscriptions, const char *name)
{
    struct subscription **found = NULL;
    if (subscriptions->count)
        found = bsearch(name, subscriptions->sorted, subscriptions->count,
                        sizeof *subscriptions->sorted, compare_to_name);
    return found ? *found : NULL;
}

struct subscription *subscriptions_find(struct subscriptions *subscriptions, const char *name)
{
    pthread_mutex_lock(&subscriptions->lock);
    struct subscription *found = find(subscriptions, name);
    if (found)
        subscription_retain(found);
    pthread_mutex_unlock(&subscriptions->lock);
    return found;
}

/* All of them, retained one by one, in a new array. */
static struct subscription **snapshot(struct subscriptions *subscriptions, size_t *count)
{
    pthread_mutex_lock(&subscriptions->lock);
    *count = subscriptions->count;
    struct subscription **all = memory_new(*count * sizeof *all);
    for (size_t i = 0; i < *count; i++)
        all[i] = subscription_retain(subscriptions->ordered[i]);
    pthread_mutex_unlock(&subscriptions->lock);
    return all;
}

/* Puts `ordered` (given away) in force. */
static void replace(struct subscriptions *subscriptions, struct subscription **ordered,
                    size_t count)
{
    struct subscription **sorted = memory_new(count * sizeof *sorted);
    if (count) {
        memcpy(sorted, ordered, count * sizeof *sorted);
        qsort(sorted, count, sizeof *sorted, compare_names);
    }
    pthread_mutex_lock(&subscriptions->lock);
    free(subscriptions->ordered);
    free(subscriptions->sorted);
    subscriptions->ordered = ordered;
    subscriptions->sorted = sorted;
    subscriptions->count = count;
    pthread_mutex_unlock(&subscriptions->lock);
}

void subscriptions_configure(struct subscriptions *subscriptions, struct config *config,
                             void (*changed)(void *context, struct subscription *subscription),
                             void *context)
{
    size_t former_count, count = config->subscription_count;
    struct subscription **former = snapshot(subscriptions, &former_count);
    struct subscription **ordered = memory_new(count * sizeof *ordered);
    bool *is_changed = memory_new(count * sizeof *is_changed);
    for (size_t i = 0; i < count; i++) {
        const struct subscription_config *own = &config->subscriptions[i];
        ordered[i] = subscriptions_find(subscriptions, own->name);
        is_changed[i] = !ordered[i] || subscription_configure(ordered[i], config, own);
        if (!ordered[i])
            ordered[i] = subscription_new(subscriptions->leaves, config, own);
        subscription_retain(ordered[i]); /* for `changed`, below */
    }
    replace(subscriptions, ordered, count);
    for (size_t i = 0; i < former_count; i++) {
        struct subscription *kept = subscriptions_find(subscriptions, former[i]->name);
        if (!kept)
            subscription_configure(former[i], config, NULL);
        subscription_release(kept);
        subscription_release(former[i]); /* the snapshot's */
        subscription_release(former[i]); /* the former table's */
    }
    for (size_t i = 0; i < count; i++) {
        if (is_changed[i])
            changed(context, ordered[i]);
        subscription_release(ordered[i]);
    }
    free(is_changed);
    free(former);
}

void subscriptions_visit(struct subscriptions *subscriptions,
                         void (*visit)(void *context, struct subscription *subscription),
                         void *context)
{
    size_t count;
    struct subscription **all = snapshot(subscriptions, &count);
    for (size_t i = 0; i < count; i++) {
        visit(context, all[i]);
        subscription_release(all[i]);
    }
    free(all);
}
