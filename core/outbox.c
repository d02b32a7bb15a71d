#include "core/outbox.h"

#include "core/log.h"
#include "core/model.h"
#include "store/memory.h"
#include "store/monotonic.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define GROUP 64u /* lessons in one round trip */
#define SESSION_WAIT_MS 5000u
#define LOOK_EVERY_S 1

struct outbox {
    struct counts_store *store;
    struct journal *journal;
    struct replica *replica; /* NULL: none was given */
    struct error trouble;
    bool warned; /* that nothing is kept for the re-send window */

    pthread_t thread;
    bool running;
    pthread_mutex_t lock; /* of `stopping` */
    pthread_cond_t wake;
    bool stopping;
};

struct outbox *outbox_new(struct counts_store *store, struct journal *journal,
                          struct replica *replica)
{
    struct outbox *outbox = memory_new(sizeof *outbox);
    outbox->store = store;
    outbox->journal = journal;
    outbox->replica = replica;
    pthread_mutex_init(&outbox->lock, NULL);
    monotonic_condition_init(&outbox->wake);
    return outbox;
}

void outbox_free(struct outbox *outbox)
{
    if (!outbox)
        return;
    if (outbox->running) {
        pthread_mutex_lock(&outbox->lock);
        outbox->stopping = true;
        pthread_cond_signal(&outbox->wake);
        pthread_mutex_unlock(&outbox->lock);
        pthread_join(outbox->thread, NULL);
    }
    pthread_cond_destroy(&outbox->wake);
    pthread_mutex_destroy(&outbox->lock);
    free(outbox);
}

const char *outbox_trouble(const struct outbox *outbox)
{
    return outbox->trouble.message;
}

/* --- lessons on their way --- */

/* One session with the store. */
struct sending {
    struct outbox *outbox;
    struct journal_session *session; /* NULL: without a journal */
    unsigned char key[COUNTS_KEY_BYTES];
    struct replica *replica; /* NULL: not needed yet */
    bool again;              /* what is sent was sent before, to another run of the store */
    uint64_t snapshot_due;   /* version that calls for a snapshot; 0: none */
};

/* Once: that nothing is kept for the re-send window fails no lesson. */
static void warn(struct outbox *outbox, const struct error *why)
{
    if (!outbox->warned)
        log_message(LOG_LEVEL_WARNING, "lessons are not kept in case the store loses them: %s",
                    why->message);
    outbox->warned = true;
}

/* Gives the lesson slots of the store's key. Those of another key would mean other features: such a
 * lesson goes for the reputations' sake alone. */
static void make_slots(struct journal_record *record, const unsigned char key[COUNTS_KEY_BYTES])
{
    uint64_t mark = journal_key_mark(key);
    if (record->hash_count) {
        uint32_t slots[JOURNAL_HASHES_MAX];
        struct lesson with_slots = *record->lesson;
        size_t length;
        with_slots.slots = slots;
        with_slots.slot_count = model_slots(key, record->hashes, record->hash_count, slots);
        unsigned char *bytes = lesson_encode(&with_slots, &length);
        lesson_free(record->lesson);
        record->lesson = lesson_decode(bytes, length, NULL);
        assert(record->lesson);
        free(bytes);
        record->hash_count = 0;
    } else if (record->key_mark && record->key_mark != mark) {
        record->lesson->slot_count = 0;
    }
    record->key_mark = mark;
}

static struct replica *replica_of(struct sending *sending)
{
    if (!sending->replica)
        sending->replica = replica_new(sending->outbox->store, NULL);
    return sending->replica;
}

/* Sends at most GROUP lessons, those the replica knows without their slots. Those that were
 * answered are kept for the window, unless they are in it already. */
static bool append_group(struct sending *sending, struct journal_record *records, size_t n,
                         struct append_result *results, size_t *done, struct error *error)
{
    const struct lesson *lessons[GROUP] = {NULL};
    size_t slot_counts[GROUP];
    struct error unkept;
    for (size_t i = 0; i < n; i++) {
        make_slots(&records[i], sending->key);
        struct lesson *lesson = records[i].lesson;
        slot_counts[i] = lesson->slot_count;
        if (!sending->again && !lesson->withdrawn &&
            model_knows(replica_model(replica_of(sending)), lesson->slots, lesson->slot_count,
                        lesson->label))
            lesson->slot_count = 0;
        lessons[i] = lesson;
    }
    bool good = counts_append(sending->outbox->store, lessons, n, results, done, error);
    if (*done && sending->session && !sending->again &&
        !journal_keep(sending->session, records, *done, &unkept))
        warn(sending->outbox, &unkept);
    /* What is known when the others are sent is not known yet. */
    for (size_t i = *done; i < n; i++)
        records[i].lesson->slot_count = slot_counts[i];
    return good;
}

static void note_due_snapshot(struct sending *sending, const struct append_result *results,
                              size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool appended = results[i].outcome == APPEND_NEW || results[i].outcome == APPEND_CORRECTED;
        if (appended && results[i].version % SNAPSHOT_EVERY == 0)
            sending->snapshot_due = results[i].version;
    }
}

typedef bool next_record(struct journal_session *session, struct journal_record *record,
                         bool *found, struct error *error);

/* The lessons in a file of the journal, in the groups in which they were taught. */
struct groups {
    struct journal_session *session;
    next_record *next;
    struct journal_record records[GROUP + 1]; /* the one too many begins the next group */
    size_t count;
    bool at_end;
};

/* Reads the next group, of `*n` lessons; 0 at the end. */
static bool next_group(struct groups *groups, size_t *n, struct error *error)
{
    *n = 0;
    while (!groups->at_end && groups->count <= GROUP) {
        struct journal_record *record = &groups->records[groups->count];
        bool found;
        if (!groups->next(groups->session, record, &found, error))
            return false;
        groups->at_end = !found;
        groups->count += found;
        if (found && record->first && groups->count > 1)
            break;
    }
    bool begun =
        groups->count > 1 && (groups->records[groups->count - 1].first || groups->count > GROUP);
    *n = groups->count - begun;
    return true;
}

static void drop_group(struct groups *groups, size_t n)
{
    for (size_t i = 0; i < n; i++)
        journal_record_clear(&groups->records[i]);
    groups->count -= n;
    memmove(groups->records, groups->records + n, groups->count * sizeof *groups->records);
}

/* Sends all that `next` gives; `*sum` counts what was answered. As when lessons are taught live,
 * each group is sent by what was known before it. */
static bool append_all(struct sending *sending, next_record *next, size_t *sum, struct error *error)
{
    struct groups groups = {.session = sending->session, .next = next};
    struct append_result results[GROUP];
    size_t n, done = 0;
    bool good;
    while ((good = next_group(&groups, &n, error)) && n) {
        done = 0;
        good = (sending->again || replica_catch_up(replica_of(sending), error)) &&
               append_group(sending, groups.records, n, results, &done, error);
        note_due_snapshot(sending, results, done);
        *sum += done;
        drop_group(&groups, n);
        if (!good)
            break;
    }
    drop_group(&groups, groups.count);
    return good;
}

/* The store is not what it was, also if it should be so again before it was sent the window. */
static void forget_run(struct sending *sending)
{
    const struct journal_epoch epoch = *journal_epoch(sending->session);
    struct error unkept;
    if (*epoch.run_id && !journal_set_epoch(sending->session, "", epoch.key, &unkept))
        warn(sending->outbox, &unkept);
}

/* Finds out which store it is. One that is not as it was may have lost what was sent to it. */
static bool meet_store(struct sending *sending, struct outbox_sums *sums, struct error *error)
{
    struct counts_store *store = sending->outbox->store;
    if (!sending->session)
        return counts_installation_key(store, NULL, sending->key, error);
    const struct journal_epoch *epoch = journal_epoch(sending->session);
    struct counts_health health;
    struct error unkept;
    if (!counts_health(store, &health, error) ||
        !counts_installation_key(store, epoch->time_s ? epoch->key : NULL, sending->key, error))
        return false;
    if (strcmp(health.run_id, epoch->run_id) == 0 &&
        memcmp(sending->key, epoch->key, COUNTS_KEY_BYTES) == 0)
        return true;
    forget_run(sending);
    sending->again = true;
    bool good = append_all(sending, journal_next_sent, &sums->resent, error);
    sending->again = false;
    if (good && !journal_set_epoch(sending->session, health.run_id, sending->key, &unkept))
        warn(sending->outbox, &unkept);
    return good;
}

static bool drain(struct sending *sending, struct outbox_sums *sums, struct error *error)
{
    struct journal_state state;
    bool emptied = !sending->session, good = true;
    while (good && !emptied) {
        good = append_all(sending, journal_next_waiting, &sums->drained, error) &&
               journal_clear(sending->session, &emptied, &state, error);
        if (good && emptied && state.damaged)
            log_message(
                LOG_LEVEL_ERROR,
                "%s: lessons that were damaged and are lost: %zu, the first at byte %" PRIu64,
                journal_path(sending->outbox->journal), state.damaged, state.damaged_at);
    }
    return good;
}

/* For whoever starts later: that it cannot be written now fails no lesson. */
static void write_snapshot(struct sending *sending)
{
    struct error error = {0};
    struct replica *replica = replica_of(sending);
    if (!replica_catch_up(replica, &error) ||
        !replica_snapshot_at(replica, sending->snapshot_due, &error))
        log_message(LOG_LEVEL_WARNING, "no snapshot of version %" PRIu64 " was written: %s",
                    sending->snapshot_due, error.message);
}

static void end(struct sending *sending)
{
    journal_end(sending->session);
    if (sending->snapshot_due)
        write_snapshot(sending);
    if (sending->replica != sending->outbox->replica)
        replica_free(sending->replica);
}

/* What the store does not take, for the reason in `trouble`, waits. */
static bool put_by(struct outbox *outbox, const struct journal_record *records, size_t n,
                   const struct error *trouble, struct outbox_sums *sums, struct error *error)
{
    struct error full;
    outbox->trouble = *trouble;
    if (!outbox->journal)
        return error_set(error, trouble->class, "%s", trouble->message);
    /* What is wrong with the store may pass; its class is what counts. */
    if (!journal_add(outbox->journal, records, n, &full))
        return error_set(error, trouble->class, "%.240s; %.240s", trouble->message, full.message);
    sums->journalled = n;
    return true;
}

bool outbox_send(struct outbox *outbox, struct journal_record *records, size_t n,
                 struct append_result *results, struct outbox_sums *sums, struct error *error)
{
    struct sending sending = {.outbox = outbox, .replica = outbox->replica};
    struct error trouble = {0};
    *sums = (struct outbox_sums){0};
    if (outbox->journal) {
        sending.session = journal_begin(outbox->journal, SESSION_WAIT_MS, &trouble);
        if (!sending.session) /* then without a copy, and beside whoever does not end */
            warn(outbox, &trouble);
    }
    bool good = meet_store(&sending, sums, &trouble) && drain(&sending, sums, &trouble) &&
                (!sums->drained || replica_catch_up(replica_of(&sending), &trouble));
    while (good && sums->appended < n) {
        size_t left = n - sums->appended, done = 0;
        good = append_group(&sending, records + sums->appended, left < GROUP ? left : GROUP,
                            results + sums->appended, &done, &trouble);
        sums->appended += done;
    }
    if (!good)
        good = put_by(outbox, records + sums->appended, n - sums->appended, &trouble, sums, error);
    end(&sending);
    return good;
}

bool outbox_drain(struct outbox *outbox, struct outbox_sums *sums, struct error *error)
{
    struct sending sending = {.outbox = outbox, .replica = outbox->replica};
    *sums = (struct outbox_sums){0};
    sending.session = journal_begin(outbox->journal, SESSION_WAIT_MS, error);
    if (!sending.session)
        return false;
    bool good = meet_store(&sending, sums, error) && drain(&sending, sums, error);
    end(&sending);
    return good;
}

/* --- the thread --- */

static void log_count(enum log_level level, const char *state, size_t lessons, const char *reason)
{
    char count[24];
    snprintf(count, sizeof count, "%zu", lessons);
    log_event(level, "journal", "state", state, "lessons", count, "reason", reason, NULL);
}

/* One look at the journal. `*waiting`: lessons waited when the last one ended. */
static void look(struct outbox *outbox, bool *waiting)
{
    struct outbox_sums sums = {0};
    struct journal_state state = {0};
    struct error error = {0}, unread;
    bool sent = !journal_is_busy(outbox->journal) || outbox_drain(outbox, &sums, &error);
    if (!sent && !journal_look(outbox->journal, &state, &unread))
        error = unread;
    if (sums.resent)
        log_count(LOG_LEVEL_NOTICE, "resent", sums.resent, NULL);
    /* Another process may have sent them. What was only on its way is no news. */
    if (sent && (sums.drained || *waiting))
        log_count(*waiting ? LOG_LEVEL_NOTICE : LOG_LEVEL_INFO, "drained", sums.drained, NULL);
    /* While nothing waits, whoever follows the log tells that the store is away. */
    bool waits = !sent && (state.waiting || error.class == ERROR_SYSTEM);
    if (waits && !*waiting)
        log_count(LOG_LEVEL_WARNING, "waiting", state.waiting, error.message);
    *waiting = waits;
}

/* Until it is time to look again; false when asked to stop. */
static bool pause_until_next(struct outbox *outbox)
{
    struct timespec until = monotonic_after_ms(LOOK_EVERY_S * 1000);
    pthread_mutex_lock(&outbox->lock);
    while (!outbox->stopping && pthread_cond_timedwait(&outbox->wake, &outbox->lock, &until) == 0)
        ;
    bool stopping = outbox->stopping;
    pthread_mutex_unlock(&outbox->lock);
    return !stopping;
}

static void *run(void *context)
{
    struct outbox *outbox = context;
    bool waiting = false;
    do
        look(outbox, &waiting);
    while (pause_until_next(outbox));
    return NULL;
}

bool outbox_start(struct outbox *outbox, struct error *error)
{
    /* Signals are for the program's own threads. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&outbox->thread, NULL, run, outbox);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    outbox->running = failure == 0;
    return outbox->running ||
           error_set(error, ERROR_SYSTEM, "cannot start the thread that drains the journal: %s",
                     strerror(failure));
}
