#include "core/automatic.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <xxhash.h>

#include "core/authentication.h"
#include "core/features.h"
#include "core/log.h"
#include "core/text.h"
#include "store/memory.h"
#include "store/monotonic.h"
#include "store/records_search.h"

#define WAITING_MAX 1000u
#define WRITE_EVERY_MS 500
#define DAY_S 86400
#define HOUR_S 3600
#define CORRESPONDENTS_MAX 20u /* of one message: more is a mailing */
/* A verdict beyond doubt: one in a thousand may be wrong. */
#define DOUBT 0.001

struct automatic {
    struct journal *journal;
    pthread_t thread;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t wake;
    bool stopping;
    struct journal_record waiting[WAITING_MAX];
    size_t count, dropped;
    int64_t hour; /* that own verdicts are counted in */
    uint64_t own_verdicts[2];
};

/* --- the thread that writes --- */

static void tell_of_dropped(size_t count, const char *why)
{
    char text[24];
    snprintf(text, sizeof text, "%zu", count);
    log_event(LOG_LEVEL_WARNING, "automatic-lessons-dropped", "count", text, "reason", why, NULL);
}

/* Under the lock, which it gives back while it writes. */
static void write_waiting(struct automatic *automatic)
{
    struct error error = {0};
    size_t count = automatic->count, dropped = automatic->dropped;
    struct journal_record *records = memory_new(count * sizeof *records);
    memcpy(records, automatic->waiting, count * sizeof *records);
    automatic->count = automatic->dropped = 0;
    pthread_mutex_unlock(&automatic->lock);
    if (dropped)
        tell_of_dropped(dropped, "there are more than can be written");
    if (count && !journal_add(automatic->journal, records, count, &error))
        tell_of_dropped(count, error.message);
    for (size_t i = 0; i < count; i++)
        journal_record_clear(&records[i]);
    free(records);
    pthread_mutex_lock(&automatic->lock);
}

static void *write_on(void *context)
{
    struct automatic *automatic = context;
    pthread_mutex_lock(&automatic->lock);
    while (!automatic->stopping || automatic->count) {
        struct timespec until = monotonic_after_ms(WRITE_EVERY_MS);
        if (!automatic->stopping)
            pthread_cond_timedwait(&automatic->wake, &automatic->lock, &until);
        if (automatic->count || automatic->dropped)
            write_waiting(automatic);
    }
    pthread_mutex_unlock(&automatic->lock);
    return NULL;
}

/* Those of before the start; more than the limit lets are none too many. */
static bool count_own_verdicts(struct automatic *automatic, struct records *records,
                               struct error *error)
{
    automatic->hour = time(NULL) / HOUR_S;
    return records_history_sure(records, automatic->hour * HOUR_S, log((1 - DOUBT) / DOUBT),
                                &automatic->own_verdicts[LABEL_SPAM],
                                &automatic->own_verdicts[LABEL_HAM], error);
}

struct automatic *automatic_new(struct journal *journal, struct records *records,
                                struct error *error)
{
    struct automatic *automatic = memory_new(sizeof *automatic);
    sigset_t all, before;
    automatic->journal = journal;
    if (!count_own_verdicts(automatic, records, error)) {
        free(automatic);
        return NULL;
    }
    pthread_mutex_init(&automatic->lock, NULL);
    monotonic_condition_init(&automatic->wake);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&automatic->thread, NULL, write_on, automatic);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!failed)
        return automatic;
    error_set(error, ERROR_SYSTEM, "no thread for automatic lessons: %s", strerror(failed));
    free(automatic);
    return NULL;
}

void automatic_free(struct automatic *automatic)
{
    if (!automatic)
        return;
    pthread_mutex_lock(&automatic->lock);
    automatic->stopping = true;
    pthread_cond_signal(&automatic->wake);
    pthread_mutex_unlock(&automatic->lock);
    pthread_join(automatic->thread, NULL);
    pthread_mutex_destroy(&automatic->lock);
    pthread_cond_destroy(&automatic->wake);
    free(automatic);
}

/* Takes the lesson (copied) and, of content, the document's features. */
static void add(struct automatic *automatic, struct lesson *lesson, const struct document *content)
{
    struct error error;
    size_t length, hashes = content ? content->feature_count : 0;
    lesson->trust = TRUST_USER;
    lesson->feature_version = FEATURE_VERSION;
    lesson->time_s = time(NULL);
    /* What was learned of a document once is not learned again, however often it comes. */
    lesson_set_event_id(lesson, 0);
    unsigned char *encoded = lesson_encode(lesson, &length);
    struct journal_record record = {.lesson = lesson_decode(encoded, length, &error),
                                    .hash_count = hashes};
    free(encoded);
    if (hashes)
        record.hashes = memcpy(memory_new(hashes * sizeof *record.hashes), content->features,
                               hashes * sizeof *record.hashes);
    pthread_mutex_lock(&automatic->lock);
    bool room = automatic->count < WAITING_MAX;
    if (room)
        automatic->waiting[automatic->count++] = record;
    else
        automatic->dropped++;
    pthread_mutex_unlock(&automatic->lock);
    if (!room)
        journal_record_clear(&record);
}

/* --- what is learned --- */

/* "trap:ann@example.org": each address is a source of its own. */
static struct span source_of(struct arena *arena, const char *kind, struct span address)
{
    struct span source = arena_printf(arena, "%s:%.*s", kind, SPAN_ARGS(address));
    return (struct span){source.data,
                         source.length < LESSON_SOURCE_MAX ? source.length : LESSON_SOURCE_MAX};
}

static void teach(struct automatic *automatic, const struct document *document, enum label label,
                  struct span source)
{
    struct lesson lesson = {.label = label,
                            .source = source,
                            .script = document->script,
                            .identities = document->identities,
                            .identity_count = document->identity_count};
    memcpy(lesson.document_id, document->id, sizeof lesson.document_id);
    add(automatic, &lesson, document);
}

static bool is_trap(const struct config *config, struct span address)
{
    for (size_t i = 0; i < config->learning.trap_count; i++)
        if (span_equal_nocase(address, span_of(config->learning.traps[i])))
            return true;
    return false;
}

static void learn_from_trap(struct automatic *automatic, const struct config *config,
                            const struct document *document, const struct verdict *verdict,
                            double hold)
{
    (void)verdict, (void)hold;
    const struct envelope *envelope = &document->envelope;
    for (size_t i = 0; !envelope->internal && i < envelope->recipient_count; i++) {
        if (!is_trap(config, envelope->recipients[i]))
            continue;
        teach(automatic, document, LABEL_SPAM,
              source_of(document->arena, "trap", envelope->recipients[i]));
        return;
    }
}

/* The id of what is no document: that the two wrote to each other on that day. */
static void identify_pair(struct lesson *lesson, struct span pair)
{
    XXH128_canonical_t hash;
    XXH128_canonicalFromHash(
        &hash, XXH3_128bits_withSeed(pair.data, pair.length, (XXH64_hash_t)(time(NULL) / DAY_S)));
    memcpy(lesson->document_id, hash.digest, sizeof lesson->document_id);
}

/* What is taught is what an answer will be asked for: where senders are told apart, the pair of the
 * real one. */
static void learn_correspondent(struct automatic *automatic, const struct config *config,
                                struct span user, struct span correspondent)
{
    struct document *scratch = document_new(CHANNEL_MAIL);
    user = text_to_utf8(scratch->arena, user, (struct span){0});
    correspondent = text_to_utf8(scratch->arena, correspondent, (struct span){0});
    struct span pair =
        arena_printf(scratch->arena, "%.*s %.*s", SPAN_ARGS(correspondent), SPAN_ARGS(user));
    pair = authentication_claim(scratch->arena, pair,
                                config->identities.trusted_authserv_id_count > 0, true);
    document_add_identity(scratch, IDENTITY_PAIR, pair);
    struct lesson lesson = {.label = LABEL_HAM,
                            .source = source_of(scratch->arena, "correspondence", user),
                            .identities = scratch->identities,
                            .identity_count = scratch->identity_count};
    identify_pair(&lesson, scratch->identities[0].value);
    add(automatic, &lesson, NULL);
    document_free(scratch);
}

static void learn_correspondents(struct automatic *automatic, const struct config *config,
                                 const struct document *document, const struct verdict *verdict,
                                 double hold)
{
    const struct envelope *envelope = &document->envelope;
    /* A user whose password was stolen writes spam, which from outside would be held. */
    if (!config->learning.correspondents || !envelope->internal || !envelope->sender.length ||
        verdict->probability >= hold || verdict->action >= ACTION_HOLD)
        return;
    for (size_t i = 0; i < envelope->recipient_count && i < CORRESPONDENTS_MAX; i++)
        learn_correspondent(automatic, config, envelope->sender, envelope->recipients[i]);
}

/* Whether one more of that label may be learned in this hour. */
static bool may_learn(struct automatic *automatic, enum label label, unsigned most)
{
    int64_t hour = time(NULL) / HOUR_S;
    pthread_mutex_lock(&automatic->lock);
    if (hour != automatic->hour)
        memset(automatic->own_verdicts, 0, sizeof automatic->own_verdicts);
    automatic->hour = hour;
    bool may = automatic->own_verdicts[label] < most;
    automatic->own_verdicts[label] += may;
    pthread_mutex_unlock(&automatic->lock);
    return may;
}

static void learn_own_verdict(struct automatic *automatic, const struct config *config,
                              const struct document *document, const struct verdict *verdict,
                              double hold)
{
    (void)hold;
    enum label label = verdict->probability > 0.5 ? LABEL_SPAM : LABEL_HAM;
    double doubt = label == LABEL_SPAM ? 1 - verdict->probability : verdict->probability;
    if (config->learning.own_verdicts && doubt <= DOUBT &&
        may_learn(automatic, label, config->learning.own_verdicts_per_hour))
        teach(automatic, document, label, SPAN("own-verdict"));
}

static void (*const events[])(struct automatic *automatic, const struct config *config,
                              const struct document *document, const struct verdict *verdict,
                              double hold) = {learn_from_trap, learn_correspondents,
                                              learn_own_verdict};

void automatic_learn(struct automatic *automatic, const struct config *config,
                     const struct document *document, const struct verdict *verdict, double hold)
{
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        events[i](automatic, config, document, verdict, hold);
}
