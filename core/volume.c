#include "core/volume.h"

#include "core/metrics.h"
#include "store/memory.h"
#include "store/monotonic.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define GATHER_MS 1000

/* What waits: identities as they came, the same one again and again; values lie behind each other
 * in `text`. Adding them up is left to the thread that sends them. */
struct pile {
    struct waiting {
        enum identity_type type;
        uint32_t start, length;
    } * items;
    size_t count, room;
    char *text;
    size_t text_length, text_room;
};

struct volume {
    struct counts_store *store;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    struct pile pile;
    bool stopping;
    bool running;
    pthread_t thread;
};

static void pile_clear(struct pile *pile)
{
    free(pile->items);
    free(pile->text);
    *pile = (struct pile){0};
}

static void pile_add(struct pile *pile, const struct identity *identity)
{
    size_t length = identity->value.length;
    if (pile->count == pile->room) {
        pile->room = 2 * pile->room + 256;
        pile->items = memory_resize(pile->items, pile->room * sizeof *pile->items);
    }
    if (pile->text_length + length > pile->text_room) {
        pile->text_room = 2 * (pile->text_room + length) + 4096;
        pile->text = memory_resize(pile->text, pile->text_room);
    }
    if (length)
        memcpy(pile->text + pile->text_length, identity->value.data, length);
    pile->items[pile->count++] =
        (struct waiting){identity->type, (uint32_t)pile->text_length, (uint32_t)length};
    pile->text_length += length;
}

/* --- sending --- */

static int compare(const void *a, const void *b)
{
    const struct identity *x = a, *y = b;
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    if (x->value.length != y->value.length)
        return x->value.length < y->value.length ? -1 : 1;
    return x->value.length ? memcmp(x->value.data, y->value.data, x->value.length) : 0;
}

/* Each identity once, and of how many documents it is; how many identities that are. */
static size_t add_up(const struct pile *pile, struct identity *identities, uint32_t *documents)
{
    size_t count = 0;
    for (size_t i = 0; i < pile->count; i++)
        identities[i] = (struct identity){
            pile->items[i].type, {pile->text + pile->items[i].start, pile->items[i].length}};
    qsort(identities, pile->count, sizeof *identities, compare);
    for (size_t i = 0; i < pile->count; i++) {
        if (!count || compare(&identities[count - 1], &identities[i]) != 0) {
            documents[count] = 0;
            identities[count++] = identities[i];
        }
        documents[count - 1]++;
    }
    return count;
}

static void send_pile(struct volume *volume, struct pile *pile)
{
    if (!pile->count)
        return;
    struct identity *identities = memory_new(pile->count * sizeof *identities);
    uint32_t *documents = memory_new(pile->count * sizeof *documents);
    size_t count = add_up(pile, identities, documents);
    struct error error = {0};
    if (!counts_reputation_seen(volume->store, identities, documents, count, &error))
        metrics_add(METRIC_VOLUME_DROPPED, 0, (int64_t)pile->count);
    free(identities);
    free(documents);
    pile_clear(pile);
}

/* What has gathered a second after the first of it came, or at the end; false: that was the end. */
static bool take_pile(struct volume *volume, struct pile *pile)
{
    pthread_mutex_lock(&volume->lock);
    while (!volume->stopping && !volume->pile.count)
        pthread_cond_wait(&volume->changed, &volume->lock);
    struct timespec until = monotonic_after_ms(GATHER_MS);
    while (!volume->stopping &&
           pthread_cond_timedwait(&volume->changed, &volume->lock, &until) == 0)
        continue;
    bool goes_on = !volume->stopping;
    *pile = volume->pile;
    volume->pile = (struct pile){0};
    pthread_mutex_unlock(&volume->lock);
    return goes_on;
}

static void *run(void *context)
{
    struct volume *volume = context;
    struct pile pile;
    bool goes_on;
    do {
        goes_on = take_pile(volume, &pile);
        send_pile(volume, &pile);
    } while (goes_on);
    return NULL;
}

/* --- the calls --- */

struct volume *volume_new(struct counts_store *store)
{
    struct volume *volume = memory_new(sizeof *volume);
    volume->store = store;
    pthread_mutex_init(&volume->lock, NULL);
    monotonic_condition_init(&volume->changed);
    return volume;
}

bool volume_start(struct volume *volume, struct error *error)
{
    /* Signals are for the program's own threads. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&volume->thread, NULL, run, volume);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    volume->running = failure == 0;
    return volume->running ||
           error_set(error, ERROR_SYSTEM, "cannot start the thread that counts documents: %s",
                     strerror(failure));
}

void volume_free(struct volume *volume)
{
    if (!volume)
        return;
    pthread_mutex_lock(&volume->lock);
    volume->stopping = true;
    pthread_cond_signal(&volume->changed);
    pthread_mutex_unlock(&volume->lock);
    if (volume->running)
        pthread_join(volume->thread, NULL);
    send_pile(volume, &volume->pile);
    pthread_cond_destroy(&volume->changed);
    pthread_mutex_destroy(&volume->lock);
    free(volume);
}

void volume_add(struct volume *volume, const struct document *document)
{
    pthread_mutex_lock(&volume->lock);
    size_t room = VOLUME_MOST - volume->pile.count;
    size_t taken = document->identity_count < room ? document->identity_count : room;
    for (size_t i = 0; i < taken; i++)
        pile_add(&volume->pile, &document->identities[i]);
    if (taken && volume->pile.count == taken)
        pthread_cond_signal(&volume->changed); /* the first: the second runs from here */
    pthread_mutex_unlock(&volume->lock);
    if (taken < document->identity_count)
        metrics_add(METRIC_VOLUME_DROPPED, 0, (int64_t)(document->identity_count - taken));
}
