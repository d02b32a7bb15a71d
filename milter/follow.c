#include "milter/follow.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/document.h"
#include "core/log.h"
#include "core/service.h"
#include "milter/hold_client.h"

#define STATE(state) (1u << (state))
#define REQUESTS (STATE(HELD_RELEASE_REQUESTED) | STATE(HELD_DELETE_REQUESTED))
#define RESTING (STATE(HELD_HELD) | STATE(HELD_CONFIRMED))
#define LOOKS_IN_GONE_AFTER 20
#define PAUSE_S 30

/* What a pass needs to know of a record: they are all read before the first is acted on, so that
 * no statement of the records stays open while Postfix works. */
struct entry {
    int64_t id, time_s, missing_since_s, started_s;
    enum held_state state, former_state;
    char queue_id[32], document[DOCUMENT_ID_HEX];
};

struct entries {
    struct entry *items;
    size_t count, room;
};

static bool collect(void *context, const struct held *held)
{
    struct entries *entries = context;
    if (strcmp(held->channel, channel_name(CHANNEL_MAIL)) != 0)
        return true;
    if (entries->count == entries->room) {
        entries->room = entries->room ? 2 * entries->room : 64;
        entries->items = realloc(entries->items, entries->room * sizeof *entries->items);
        if (!entries->items) {
            fprintf(stderr, "weir-release: out of memory\n");
            abort();
        }
    }
    struct entry *entry = &entries->items[entries->count++];
    *entry = (struct entry){.id = held->id,
                            .time_s = held->time_s,
                            .missing_since_s = held->missing_since_s,
                            .started_s = held->started_s,
                            .state = held->state,
                            .former_state = held->former_state};
    snprintf(entry->queue_id, sizeof entry->queue_id, "%s", held->reference);
    document_id_hex(held->document_id, entry->document);
    return true;
}

static void log_trouble(const char *event, const struct entry *entry, const char *reason)
{
    char id[24];
    snprintf(id, sizeof id, "%lld", (long long)entry->id);
    log_event(LOG_LEVEL_ERROR, event, "held", id, "queue_id", entry->queue_id, "reason", reason,
              NULL);
}

static void move(struct follower *follower, const struct entry *entry, enum held_state to)
{
    struct error error = {0};
    bool moved;
    char id[24];
    snprintf(id, sizeof id, "%lld", (long long)entry->id);
    if (!records_held_move(follower->records, entry->id, STATE(entry->state), to, &moved, &error))
        log_trouble("record-not-written", entry, error.message);
    else if (moved)
        log_event(LOG_LEVEL_NOTICE, held_state_name(to), "held", id, "queue_id", entry->queue_id,
                  NULL);
}

static void set_missing(struct follower *follower, const struct entry *entry, int64_t since_s)
{
    struct error error = {0};
    if (!records_held_set_missing(follower->records, entry->id, since_s, &error))
        log_trouble("record-not-written", entry, error.message);
}

/* False also when somebody undid the request meanwhile. */
static bool set_started(struct follower *follower, const struct entry *entry, int64_t started_s)
{
    struct error error = {0};
    bool set;
    if (!records_held_set_started(follower->records, entry->id, entry->state, started_s, &set,
                                  &error)) {
        log_trouble("record-not-written", entry, error.message);
        return false;
    }
    return set;
}

static void found(struct follower *follower, const struct entry *entry)
{
    if (entry->missing_since_s)
        set_missing(follower, entry, 0);
}

/* Not in hold, and not by us: it comes there only after the record was written, so one look that
 * does not find it says nothing. */
static void not_found(struct follower *follower, const struct entry *entry, int64_t now_s)
{
    if (!entry->missing_since_s)
        set_missing(follower, entry, now_s);
    else if (now_s - entry->missing_since_s >= follower->config->release.gone_after_s)
        move(follower, entry, HELD_GONE);
}

/* Whether the message lies in hold, which is noted. */
static bool find_in_hold(struct follower *follower, const struct entry *entry, int64_t now_s,
                         bool *there, struct error *error)
{
    struct hold_answer answer;
    if (!hold_ask(follower->hold, "look", entry->queue_id, NULL, &answer, error))
        return false;
    *there = answer.status == HOLD_OK;
    if (*there)
        found(follower, entry);
    else
        not_found(follower, entry, now_s);
    return true;
}

/* A message nobody asked anything about: is it where it should be? */
static bool look(struct follower *follower, const struct entry *entry, int64_t now_s,
                 struct error *error)
{
    bool there;
    if (!find_in_hold(follower, entry, now_s, &there, error))
        return false;
    if (there && entry->state == HELD_PENDING)
        move(follower, entry, HELD_HELD);
    return true;
}

/* Before the first attempt at a request. `*ready` when the message lies in hold, and the record
 * says that weir-hold is about to be asked: only then does its absence later mean that we took it
 * out. */
static bool begin(struct follower *follower, const struct entry *entry, int64_t now_s, bool *ready,
                  struct error *error)
{
    bool there;
    if (!find_in_hold(follower, entry, now_s, &there, error))
        return false;
    *ready = there && set_started(follower, entry, now_s);
    return true;
}

static void take_ok(struct follower *follower, const struct entry *entry, const char *requeued_as,
                    enum held_state done)
{
    struct error error = {0};
    if (*requeued_as &&
        !records_held_set_requeued_as(follower->records, entry->id, requeued_as, &error))
        log_trouble("record-not-written", entry, error.message);
    move(follower, entry, done);
}

/* The answers to a request that leave the message as it was. */
static void take_no(struct follower *follower, const struct entry *entry,
                    const struct hold_answer *answer, int64_t now_s)
{
    /* The mark goes first: without it nothing is taken for done. */
    if (!set_started(follower, entry, 0))
        return;
    if (answer->status == HOLD_MISSING) {
        not_found(follower, entry, now_s);
    } else if (answer->status == HOLD_REFUSED) {
        log_trouble("refused", entry, answer->detail);
        move(follower, entry, entry->former_state == HELD_CONFIRMED ? HELD_CONFIRMED : HELD_HELD);
    } else {
        log_trouble("failed", entry, answer->detail);
        follower->pause_until_s = now_s + PAUSE_S;
    }
}

static bool carry_out(struct follower *follower, const struct entry *entry, int64_t now_s,
                      struct error *error)
{
    struct hold_answer answer;
    bool release = entry->state == HELD_RELEASE_REQUESTED, ready = true;
    bool requeue = release && now_s - entry->time_s > follower->config->release.requeue_after_s;
    enum held_state done = release ? HELD_RELEASED : HELD_DELETED;
    const char *word = requeue ? "requeue" : release ? "release" : "delete";
    if (!entry->started_s && !begin(follower, entry, now_s, &ready, error))
        return false;
    if (!ready)
        return true;
    if (!hold_ask(follower->hold, word, entry->queue_id, entry->document, &answer, error))
        return false;
    /* We took it out in a pass that was stopped before the record said so. */
    bool done_before = answer.status == HOLD_MISSING && entry->started_s;
    if (answer.status == HOLD_OK || done_before)
        take_ok(follower, entry, done_before ? "" : answer.detail, done);
    else
        take_no(follower, entry, &answer, now_s);
    return true;
}

/* Signals are blocked during a pass, but a long one ends between two messages. */
static bool stop_is_pending(void)
{
    sigset_t pending;
    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1);
}

bool follow(struct follower *follower, struct error *error)
{
    struct entries entries = {0};
    struct error unread = {0};
    int64_t now_s = time(NULL);
    unsigned states = STATE(HELD_PENDING);
    if (now_s >= follower->pause_until_s)
        states |= REQUESTS;
    if (now_s >= follower->next_look_s) {
        states |= RESTING;
        follower->next_look_s =
            now_s + follower->config->release.gone_after_s / LOOKS_IN_GONE_AFTER;
    }
    if (!records_held_list_due(follower->records, states, now_s, collect, &entries, &unread))
        log_event(LOG_LEVEL_ERROR, "records-not-read", "reason", unread.message, NULL);
    bool going_on = true;
    for (size_t i = 0; i < entries.count && going_on && !stop_is_pending(); i++) {
        const struct entry *entry = &entries.items[i];
        if (!(STATE(entry->state) & REQUESTS))
            going_on = look(follower, entry, now_s, error);
        else if (now_s >= follower->pause_until_s)
            going_on = carry_out(follower, entry, now_s, error);
        service_watchdog();
    }
    free(entries.items);
    return going_on;
}
