#include "core/learn.h"

#include "core/log.h"
#include "core/outbox.h"
#include "store/memory.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#define GROUP 64u
#define AHEAD_MOST 5000u /* lessons before the slowest of the other replicas */
#define YIELD_MOST_MS 30000u
#define YIELD_STEP_MS 100u
#define ATTEMPTS 5u /* to reach a store that is away, with waits of 0.2, 0.4, 0.8 and 1.6 s */
#define FIRST_RETRY_MS 200u

struct learner {
    struct counts_store *store;
    struct replica *replica;
    struct outbox *outbox;
    bool journals;
    char *source;
    enum trust trust;
    struct journal_record pending[GROUP];
    size_t pending_count;
    bool waits; /* for slower replicas; no longer after one that did not move in time */
    struct learn_sums sums;
};

struct learner *learner_new(struct counts_store *store, struct replica *replica, const char *source,
                            enum trust trust)
{
    struct learner *learner = memory_new(sizeof *learner);
    learner->source = memory_text(source);
    learner->store = store;
    learner->outbox = outbox_new(store, NULL, replica);
    learner->replica = replica;
    learner->trust = trust;
    learner->waits = true;
    return learner;
}

void learner_free(struct learner *learner)
{
    if (!learner)
        return;
    for (size_t i = 0; i < learner->pending_count; i++)
        journal_record_clear(&learner->pending[i]);
    outbox_free(learner->outbox);
    free(learner->source);
    free(learner);
}

void learner_use_journal(struct learner *learner, struct journal *journal)
{
    outbox_free(learner->outbox);
    learner->outbox = outbox_new(learner->store, journal, learner->replica);
    learner->journals = true;
}

const char *learner_trouble(const struct learner *learner)
{
    return outbox_trouble(learner->outbox);
}

static void sleep_ms(unsigned ms)
{
    struct timespec wait = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&wait, NULL);
}

/* The clock in microseconds, but never twice the same in this process. */
static uint64_t next_sequence(void)
{
    static _Atomic uint64_t last;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t clock_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    uint64_t before = atomic_load(&last), sequence;
    do
        sequence = clock_us > before ? clock_us : before + 1;
    while (!atomic_compare_exchange_weak(&last, &before, sequence));
    return sequence;
}

/* Sends what is pending. Lessons that were answered or journalled leave the list, so that another
 * attempt sends the others again, under the same event ids. */
static bool send_pending(struct learner *learner, struct append_result *results, size_t *answered,
                         struct error *error)
{
    *answered = 0;
    unsigned wait_ms = FIRST_RETRY_MS;
    for (unsigned attempt = 1;; attempt++) {
        struct outbox_sums sums;
        bool fine = outbox_send(learner->outbox, learner->pending, learner->pending_count,
                                results + *answered, &sums, error);
        size_t done = sums.appended + sums.journalled;
        for (size_t i = 0; i < done; i++)
            journal_record_clear(&learner->pending[i]);
        learner->pending_count -= done;
        memmove(learner->pending, learner->pending + done,
                learner->pending_count * sizeof *learner->pending);
        *answered += sums.appended;
        learner->sums.journalled += sums.journalled;
        if (fine)
            return true;
        if (learner->journals || error->class != ERROR_NETWORK || attempt == ATTEMPTS)
            return false;
        sleep_ms(wait_ms);
        wait_ms *= 2;
    }
}

/* Waits while the slowest of the other replicas is far behind. One that does not come nearer in
 * time is stuck, and not waited for again. */
static void yield_to_others(struct learner *learner)
{
    for (unsigned waited_ms = 0; learner->waits; waited_ms += YIELD_STEP_MS) {
        uint64_t slowest, own = model_version(replica_model(learner->replica));
        struct error error;
        if (!counts_replica_slowest(learner->store, &slowest, &error) || slowest >= own ||
            own - slowest <= AHEAD_MOST)
            return;
        if (waited_ms >= YIELD_MOST_MS)
            learner->waits = false;
        else
            sleep_ms(YIELD_STEP_MS);
    }
}

static void tally(struct learner *learner, const struct append_result *results, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        switch (results[i].outcome) {
        case APPEND_NEW:
            learner->sums.taught++;
            break;
        case APPEND_CORRECTED:
            learner->sums.corrected++;
            break;
        case APPEND_REPEATED:
        case APPEND_SAME_LABEL:
            learner->sums.repeated++;
            break;
        }
    }
}

/* The snapshot is for whoever starts later: that it cannot be written now fails no lesson. */
static void write_due_snapshots(struct learner *learner, const struct append_result *results,
                                size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct error error;
        bool appended = results[i].outcome == APPEND_NEW || results[i].outcome == APPEND_CORRECTED;
        if (appended && results[i].version % SNAPSHOT_EVERY == 0 &&
            !replica_snapshot_at(learner->replica, results[i].version, &error))
            log_message(LOG_LEVEL_WARNING, "no snapshot of version %" PRIu64 " was written: %s",
                        results[i].version, error.message);
    }
}

static bool flush(struct learner *learner, struct error *error)
{
    struct append_result results[GROUP];
    size_t answered = 0, journalled = learner->sums.journalled;
    bool fine = !learner->pending_count || send_pending(learner, results, &answered, error);
    tally(learner, results, answered);
    write_due_snapshots(learner, results, answered);
    if (!fine || learner->sums.journalled > journalled)
        return fine;
    /* What was taught is taught, also when the store went away after it. */
    return replica_catch_up(learner->replica, error) || learner->journals;
}

/* One allocation of its own. */
static struct lesson *copy_of(const struct lesson *lesson)
{
    size_t length;
    struct error error;
    unsigned char *encoded = lesson_encode(lesson, &length);
    struct lesson *copy = lesson_decode(encoded, length, &error);
    assert(copy);
    free(encoded);
    return copy;
}

bool learner_add_features(struct learner *learner, const struct lesson *lesson,
                          const uint64_t *hashes, size_t hash_count, enum label label,
                          struct error *error)
{
    if (learner->pending_count == GROUP) {
        if (!flush(learner, error))
            return false;
        yield_to_others(learner);
    }
    struct lesson given = *lesson;
    given.label = label;
    given.trust = learner->trust;
    given.source = span_of(learner->source);
    given.time_s = time(NULL);
    lesson_set_event_id(&given, next_sequence());
    struct journal_record *record = &learner->pending[learner->pending_count++];
    *record = (struct journal_record){.lesson = copy_of(&given), .hash_count = hash_count};
    if (given.slot_count && replica_ready(learner->replica))
        record->key_mark = journal_key_mark(replica_key(learner->replica));
    if (hash_count)
        record->hashes =
            memcpy(memory_new(hash_count * sizeof *hashes), hashes, hash_count * sizeof *hashes);
    return true;
}

bool learner_add(struct learner *learner, const struct lesson *lesson, enum label label,
                 struct error *error)
{
    return learner_add_features(learner, lesson, NULL, 0, label, error);
}

bool learner_finish(struct learner *learner, struct learn_sums *sums, struct error *error)
{
    bool fine = flush(learner, error);
    *sums = learner->sums;
    if (learner->pending_count)
        error_prefix(error, "%zu lessons were not taught", learner->pending_count);
    return fine;
}
