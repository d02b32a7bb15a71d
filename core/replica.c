#include "core/replica.h"

#include "core/features.h"
#include "core/live_tuning.h"
#include "core/log.h"
#include "store/memory.h"
#include "store/monotonic.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FOLLOW_MOST                                                                                \
    1000u /* entries a call, so that stopping and reporting are not kept waiting                   \
           */
#define FOLLOW_WAIT_MS 500u
#define CHECK_EVERY_MS 1000 /* health, installation key, report */
#define BACK_OFF_LEAST_MS 100u
#define BACK_OFF_MOST_MS 2000u

/* Readers may hold an older key or model at any time, so none is freed before the replica. */
struct key {
    unsigned char bytes[COUNTS_KEY_BYTES];
    struct key *older;
};

enum store_state { STORE_UNKNOWN, STORE_UP, STORE_AWAY, STORE_EMPTY };

struct replica {
    struct counts_store *store;
    const char *gateway;

    struct live_tuning *tuning; /* NULL: not followed */
    void (*tuning_changed)(void *context);
    void *tuning_context;

    struct model *_Atomic model;
    struct key *_Atomic key;
    struct key proposed;
    bool proposes;
    _Atomic bool store_up;
    _Atomic bool wants_log;

    /* Of whoever writes the model: the thread while it runs, else the caller. */
    struct model *spare;         /* the model before a rebuild */
    struct counts_health health; /* as last seen */
    enum store_state state;
    bool lost;    /* the log does not go on where the model ends */
    bool emptied; /* the store has lost its log, and nothing was taught since */

    pthread_t thread;
    bool running;
    pthread_mutex_t lock; /* of `stopping` */
    pthread_cond_t wake;
    bool stopping;
};

struct replica *replica_new(struct counts_store *store, const char *gateway)
{
    struct replica *replica = memory_new(sizeof *replica);
    replica->store = store;
    replica->gateway = gateway;
    replica->model = model_new();
    pthread_mutex_init(&replica->lock, NULL);
    monotonic_condition_init(&replica->wake);
    return replica;
}

void replica_propose_key(struct replica *replica, const unsigned char key[COUNTS_KEY_BYTES])
{
    memcpy(replica->proposed.bytes, key, COUNTS_KEY_BYTES);
    replica->proposes = true;
}

void replica_follow_tuning(struct replica *replica, struct live_tuning *live,
                           void (*changed)(void *context), void *context)
{
    replica->tuning = live;
    replica->tuning_changed = changed;
    replica->tuning_context = context;
}

static void stop(struct replica *replica)
{
    if (!replica->running)
        return;
    pthread_mutex_lock(&replica->lock);
    replica->stopping = true;
    pthread_cond_signal(&replica->wake);
    pthread_mutex_unlock(&replica->lock);
    pthread_join(replica->thread, NULL);
    replica->running = false;
}

void replica_free(struct replica *replica)
{
    if (!replica)
        return;
    stop(replica);
    for (struct key *key = replica->key; key;) {
        struct key *older = key->older;
        free(key);
        key = older;
    }
    model_free(replica->model);
    model_free(replica->spare);
    pthread_cond_destroy(&replica->wake);
    pthread_mutex_destroy(&replica->lock);
    free(replica);
}

bool replica_ready(const struct replica *replica)
{
    return atomic_load(&replica->key) != NULL;
}

bool replica_store_up(const struct replica *replica)
{
    return atomic_load(&replica->store_up);
}

const struct model *replica_model(const struct replica *replica)
{
    return atomic_load(&replica->model);
}

const unsigned char *replica_key(const struct replica *replica)
{
    const struct key *key = atomic_load(&replica->key);
    return key ? key->bytes : NULL;
}

void replica_log_digest(struct replica *replica)
{
    atomic_store(&replica->wants_log, true);
}

/* --- following the log --- */

struct visit {
    struct model *model;
    uint64_t stop_at; /* 0: nowhere */
};

static bool apply(void *context, uint64_t version, const void *data, size_t length)
{
    const struct visit *visit = context;
    struct error error = {0};
    struct lesson *lesson = lesson_decode(data, length, &error);
    if (lesson) {
        model_apply(visit->model, lesson, version);
        lesson_free(lesson);
    } else {
        log_message(LOG_LEVEL_ERROR, "lesson %" PRIu64 " of the log is left out: %s", version,
                    error.message);
        model_skip(visit->model, version);
    }
    return version != visit->stop_at;
}

/* Loads the store's snapshot when it is newer than `model`. One of other features is of no use,
 * but the log begins after it: what follows is then learned from nothing. */
static bool load_snapshot(struct replica *replica, struct model *model, struct error *error)
{
    struct snapshot snapshot = {0};
    if (!counts_snapshot_load(replica->store, &snapshot, error))
        return false;
    bool fine = true;
    if (snapshot.version > model_version(model)) {
        if (snapshot.feature_version == FEATURE_VERSION) {
            fine = model_load(model, &snapshot, error);
        } else {
            log_message(LOG_LEVEL_WARNING,
                        "the stored model has feature version %u and this weir needs %u: content "
                        "is learned anew from version %" PRIu64 " on",
                        snapshot.feature_version, FEATURE_VERSION, snapshot.version);
            model_reset(model, snapshot.version);
        }
    }
    snapshot_clear(&snapshot);
    return fine;
}

/* Applies what the log has after the model, at most FOLLOW_MOST entries. */
static bool follow(struct replica *replica, struct model *model, unsigned wait_ms, uint64_t stop_at,
                   struct error *error)
{
    uint64_t before = model_version(model);
    struct visit visit = {model, stop_at};
    switch (counts_follow(replica->store, before, wait_ms, FOLLOW_MOST, apply, &visit, error)) {
    case FOLLOW_DONE:
        return true;
    case FOLLOW_TRIMMED:
        break;
    case FOLLOW_FAILED:
        return false;
    }
    if (!load_snapshot(replica, model, error))
        return false;
    replica->lost = model_version(model) == before;
    return !replica->lost || error_set(error, ERROR_BUG,
                                       "the log of %s does not go on after version %" PRIu64
                                       ", and no snapshot is newer",
                                       counts_name(replica->store), before);
}

static bool follow_to_end(struct replica *replica, struct model *model, struct error *error)
{
    uint64_t before;
    do {
        before = model_version(model);
        if (!follow(replica, model, 0, 0, error))
            return false;
    } while (model_version(model) != before);
    return true;
}

static void publish_key(struct replica *replica, const unsigned char bytes[COUNTS_KEY_BYTES])
{
    struct key *key = memory_new(sizeof *key);
    memcpy(key->bytes, bytes, COUNTS_KEY_BYTES);
    key->older = replica->key;
    atomic_store(&replica->key, key);
}

/* The log is not the one the model was made of. It is made again beside the old one, which scores
 * until then. */
static bool rebuild(struct replica *replica, const unsigned char key[COUNTS_KEY_BYTES],
                    struct error *error)
{
    if (replica->spare)
        model_reset(replica->spare, 0);
    else
        replica->spare = model_new();
    if (!load_snapshot(replica, replica->spare, error) ||
        !follow_to_end(replica, replica->spare, error))
        return false;
    struct model *old = replica->model;
    if (memcmp(key, replica_key(replica), COUNTS_KEY_BYTES) != 0)
        publish_key(replica, key);
    atomic_store(&replica->model, replica->spare);
    replica->spare = old;
    return true;
}

static bool follow_tuning(struct replica *replica, const struct counts_health *health,
                          struct error *error)
{
    bool changed = false;
    if (!replica->tuning)
        return true;
    if (!live_tuning_follow(replica->tuning, replica->store, health, &changed, error))
        return false;
    if (changed && replica->tuning_changed)
        replica->tuning_changed(replica->tuning_context);
    return true;
}

/* Finds out whether the store is the one the model was made of, and loads the snapshot when that
 * saves much of the log. A store that was emptied is left alone until somebody teaches it: what is
 * in memory is better than nothing. A store that was restarted may have lost its last lessons and
 * taken others under the same versions since, so its log is read again from the snapshot on. */
static bool check_store(struct replica *replica, struct error *error)
{
    struct counts_health health;
    unsigned char key[COUNTS_KEY_BYTES];
    bool ready = replica_ready(replica);
    const unsigned char *known = ready               ? replica_key(replica)
                                 : replica->proposes ? replica->proposed.bytes
                                                     : NULL;
    if (!counts_health(replica->store, &health, error) ||
        !counts_installation_key(replica->store, known, key, error))
        return false;
    uint64_t version = model_version(replica->model);
    bool same = ready && !replica->lost && health.version >= version &&
                memcmp(key, replica_key(replica), COUNTS_KEY_BYTES) == 0 &&
                strcmp(health.run_id, replica->health.run_id) == 0;
    replica->emptied = ready && health.version == 0 && version > 0;
    if (replica->emptied)
        return true;
    if (!follow_tuning(replica, &health, error))
        return false;
    if (!ready) {
        publish_key(replica, key);
        if (replica->running && !health.persistent)
            log_message(LOG_LEVEL_WARNING,
                        "%s keeps nothing over a restart: what weir learns will be lost "
                        "(for Redis: appendonly yes)",
                        counts_name(replica->store));
    } else if (!same && !rebuild(replica, key, error)) {
        return false;
    }
    replica->lost = false;
    replica->health = health;
    if (health.version > model_version(replica->model) + SNAPSHOT_EVERY)
        return load_snapshot(replica, replica->model, error);
    return true;
}

bool replica_catch_up(struct replica *replica, struct error *error)
{
    bool fine = false;
    /* A second time when the first finds that the log is another one. */
    for (int attempt = 0; attempt < 2 && !fine && (attempt == 0 || replica->lost); attempt++)
        fine = check_store(replica, error) &&
               (replica->emptied || follow_to_end(replica, replica->model, error));
    atomic_store(&replica->store_up, fine);
    return fine;
}

/* --- snapshots --- */

static bool save_snapshot(struct replica *replica, struct error *error)
{
    struct snapshot snapshot;
    bool stored;
    model_save(replica->model, &snapshot);
    bool fine = counts_snapshot_save(replica->store, &snapshot, &stored, error);
    snapshot_clear(&snapshot);
    return fine;
}

bool replica_snapshot_at(struct replica *replica, uint64_t version, struct error *error)
{
    while (model_version(replica->model) < version) {
        uint64_t before = model_version(replica->model);
        if (!follow(replica, replica->model, 0, version, error))
            return false;
        if (model_version(replica->model) == before)
            return error_set(error, ERROR_INPUT,
                             "no snapshot of version %" PRIu64 ": the log ends at %" PRIu64,
                             version, before);
    }
    return save_snapshot(replica, error);
}

/* --- the thread --- */

/* Waits, or returns at once when asked to stop. */
static void pause_for(struct replica *replica, unsigned ms)
{
    struct timespec until = monotonic_after_ms(ms);
    pthread_mutex_lock(&replica->lock);
    while (!replica->stopping &&
           pthread_cond_timedwait(&replica->wake, &replica->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&replica->lock);
}

static bool is_stopping(struct replica *replica)
{
    pthread_mutex_lock(&replica->lock);
    bool stopping = replica->stopping;
    pthread_mutex_unlock(&replica->lock);
    return stopping;
}

static void note_state(struct replica *replica, enum store_state state, const struct error *error)
{
    atomic_store(&replica->store_up, state != STORE_AWAY);
    if (state == replica->state)
        return;
    char version[24];
    snprintf(version, sizeof version, "%" PRIu64, model_version(replica->model));
    const char *name = counts_name(replica->store);
    switch (state) {
    case STORE_UP:
        log_event(LOG_LEVEL_NOTICE, "store", "state",
                  replica->state == STORE_UNKNOWN ? "up" : "back", "store", name, "version",
                  version, NULL);
        break;
    case STORE_AWAY:
        log_event(LOG_LEVEL_WARNING, "store", "state", "away", "store", name, "version", version,
                  "reason", error->message, NULL);
        break;
    case STORE_EMPTY:
        log_event(LOG_LEVEL_WARNING, "store", "state", "empty", "store", name, "version", version,
                  "reason", "what was learned is gone; scoring goes on with what is in memory",
                  NULL);
        break;
    case STORE_UNKNOWN:
        break;
    }
    replica->state = state;
}

static bool check_and_report(struct replica *replica, struct error *error)
{
    return check_store(replica, error) &&
           (!replica->gateway || counts_replica_report(replica->store, replica->gateway,
                                                       model_version(replica->model), error));
}

/* By the thread, since it alone may look at all of a model that it changes. */
static void log_digest(const struct replica *replica)
{
    char version[24], digest[20];
    snprintf(version, sizeof version, "%" PRIu64, model_version(replica->model));
    snprintf(digest, sizeof digest, "%016" PRIx64, model_digest(replica->model));
    log_event(LOG_LEVEL_NOTICE, "replica", "version", version, "digest", digest, NULL);
}

static void *run(void *context)
{
    struct replica *replica = context;
    unsigned back_off_ms = BACK_OFF_LEAST_MS;
    int64_t check_due_ms = 0;
    while (!is_stopping(replica)) {
        struct error error = {0};
        bool fine = true;
        if (atomic_exchange(&replica->wants_log, false))
            log_digest(replica);
        if (monotonic_ms() >= check_due_ms) {
            fine = check_and_report(replica, &error);
            check_due_ms = fine ? monotonic_ms() + CHECK_EVERY_MS : 0;
        }
        if (fine && replica->emptied) {
            note_state(replica, STORE_EMPTY, NULL);
            pause_for(replica, FOLLOW_WAIT_MS);
            continue;
        }
        if (fine && !follow(replica, replica->model, FOLLOW_WAIT_MS, 0, &error)) {
            fine = false;
            check_due_ms = 0;
            if (replica->lost)
                continue; /* the check then makes the model anew, or fails */
        }
        note_state(replica, fine ? STORE_UP : STORE_AWAY, &error);
        if (fine) {
            back_off_ms = BACK_OFF_LEAST_MS;
            continue;
        }
        pause_for(replica, back_off_ms);
        back_off_ms = back_off_ms * 2 < BACK_OFF_MOST_MS ? back_off_ms * 2 : BACK_OFF_MOST_MS;
    }
    return NULL;
}

bool replica_start(struct replica *replica, struct error *error)
{
    /* Signals are for the program's own threads. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    replica->running = true;
    int failure = pthread_create(&replica->thread, NULL, run, replica);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure) {
        replica->running = false;
        return error_set(error, ERROR_SYSTEM, "cannot start the thread that follows the log: %s",
                         strerror(failure));
    }
    return true;
}
