#include "feedfilter/feed_judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/explain.h"
#include "core/features.h"
#include "core/log.h"
#include "core/verdict_log.h"
#include "feedfilter/feed_memory.h"
#include "feedfilter/put_back.h"
#include "store/lesson.h"
#include "store/memory.h"

/* Judged in one go: bounds the memory that a feed of many items takes. */
#define BATCH_MAX 256u
#define CONTENT_TOKENS 8u
#define LOGGED_TERMS 5u

struct item {
    const struct feed_item *source;
    struct span raw;  /* its bytes in the input */
    struct span head; /* what it needs to be read alone */
    struct span key;  /* guid, or more where that does not tell items apart; ends with a NUL */
    unsigned char content_hash[RECORD_ID_BYTES];
    bool fresh;             /* to be judged */
    bool formerly_released; /* fresh: an edit of what the admin released */
    int64_t former_id;      /* fresh: held before the edit; 0: was not */
    bool other_rules;       /* known: was judged by others than are in force now */
    bool by_rules;          /* fresh: since the rules say something else of it now */
    struct judged *judged;  /* known: what the records have; NULL but for `other_rules` */
    int64_t waiting_id;     /* known: waits for review under this id, and nobody has said that it is
                             * spam; 0: does not */
    struct item *same;      /* another item with this key is judged for both */
    enum item_fate fate;
};

/* A fresh item with its verdict; lives as long as its batch. */
struct judged_item {
    struct item *item;
    struct document *document;
    struct verdict verdict;
    bool recorded;
    bool held;  /* keeping it back was recorded */
    bool known; /* another process has judged it meanwhile */
};

struct run {
    struct feed_judge *judge;
    enum feed_mode mode;
    bool prepared;
    struct arena *arena;
    struct span name; /* the feed's; ends with a NUL */
    struct item *items;
    size_t count;
    bool records_work;
    bool rules_known;
    struct rules *rules;
    struct error *error;
    struct feed_memory memory;
    struct judged_item batch[BATCH_MAX];
    size_t batch_count;
};

static void records_failed(struct run *run, const struct error *error)
{
    if (run->records_work)
        *run->error = *error;
    run->records_work = false;
}

/* --- what is known --- */

static int compare_keys(const void *left, const void *right)
{
    const struct item *a = *(struct item *const *)left, *b = *(struct item *const *)right;
    size_t shorter = a->key.length < b->key.length ? a->key.length : b->key.length;
    int order = shorter ? memcmp(a->key.data, b->key.data, shorter) : 0;
    if (order == 0)
        order = (a->key.length > b->key.length) - (a->key.length < b->key.length);
    return order ? order : (a > b) - (a < b);
}

/* Told apart by content, items are never taken for edits of each other. */
static void split_key(struct run *run, struct item *item)
{
    char hex[DOCUMENT_ID_HEX];
    document_id_hex(item->content_hash, hex);
    item->key = arena_printf(run->arena, "%.*s weir:%s", SPAN_ARGS(item->key), hex);
}

/* The items in `sorted` whose guid is not theirs alone: some feeds give several items one, which
 * would be edits of each other at each poll, and one that names itself may use another feed's. */
static void split_keys(struct run *run, struct item **sorted)
{
    size_t n = run->count;
    for (size_t i = 0, next; i < n; i = next) {
        for (next = i + 1; next < n && span_equal(sorted[i]->key, sorted[next]->key);)
            next++;
        bool several = next - i > 1;
        for (size_t j = i; (several || run->judge->names_itself) && j < next; j++)
            split_key(run, sorted[j]);
    }
}

static void make_keys_unique(struct run *run)
{
    size_t n = run->count;
    struct item **sorted = memory_new(n * sizeof *sorted);
    for (size_t i = 0; i < n; i++)
        sorted[i] = &run->items[i];
    qsort(sorted, n, sizeof *sorted, compare_keys);
    split_keys(run, sorted);
    qsort(sorted, n, sizeof *sorted, compare_keys);
    for (size_t i = 1; i < n; i++)
        if (span_equal(sorted[i]->key, sorted[i - 1]->key))
            sorted[i]->same = sorted[i - 1]->same ? sorted[i - 1]->same : sorted[i - 1];
    free(sorted);
}

static enum item_fate fate_of(const struct run *run, bool is_held, bool is_suspect)
{
    if (run->mode == FEED_HOLD && is_held)
        return ITEM_IS_CUT;
    return run->mode == FEED_TAG && is_suspect ? ITEM_IS_TAGGED : ITEM_PASSES;
}

/* Applies what the records say of the item; false: they do not settle it. */
static bool settled(const struct run *run, struct item *item, const struct judged *judged)
{
    bool same = memcmp(judged->content_hash, item->content_hash, RECORD_ID_BYTES) == 0;
    bool to_hold = strcmp(judged->action, action_name(ACTION_HOLD)) == 0;
    bool suspect = strcmp(judged->action, action_name(ACTION_ACCEPT)) != 0;
    if (!same) {
        item->former_id = judged->held_id;
        item->formerly_released = judged_is_released(judged);
        return false;
    }
    /* What was not to be held was not released either: its entry is of a version before it. */
    bool released = to_hold && judged_is_released(judged);
    bool on_record = judged->held_id && judged->held_state != HELD_SUPERSEDED;
    /* Judged in another mode. */
    if (run->mode == FEED_HOLD && to_hold && !on_record)
        return false;
    item->fate = fate_of(run, to_hold && !released, suspect && !released);
    return true;
}

/* Fresh is what the records do not settle, as all is when they fail. */
static bool look_up(void *context, struct error *error)
{
    struct run *run = context;
    for (size_t i = 0; i < run->count; i++) {
        struct item *item = &run->items[i];
        struct judged judged;
        bool found;
        if (item->same)
            continue;
        if (!records_judged_find(run->judge->records, run->name.data, item->key.data, &judged,
                                 &found, error))
            return false;
        item->fresh = !found || !settled(run, item, &judged);
        item->other_rules =
            !item->fresh && run->rules_known && judged.rules != rules_version(run->rules);
        if (item->other_rules) {
            item->judged = arena_alloc(run->arena, sizeof judged);
            *item->judged = judged;
        }
        if (!item->fresh && judged.held_id && judged.held_state == HELD_HELD &&
            !records_taught_spam(judged.held_taught))
            item->waiting_id = judged.held_id;
    }
    return true;
}

/* What mode FEED_TAG shows needs no review any more. */
static bool let_out(void *context, struct error *error)
{
    struct run *run = context;
    bool moved;
    for (size_t i = 0; i < run->count; i++)
        if (run->items[i].waiting_id &&
            !records_held_move(run->judge->records, run->items[i].waiting_id, 1u << HELD_HELD,
                               HELD_SUPERSEDED, &moved, error))
            return false;
    return true;
}

static bool any_waits(const struct run *run)
{
    for (size_t i = 0; i < run->count; i++)
        if (run->items[i].waiting_id)
            return true;
    return false;
}

/* --- other rules than it was judged by --- */

/* Rules may judge it again: nobody has decided about it, nor said that it is spam, and it is not
 * held, or one wrong rule would let go what others held. What mode FEED_TAG shows is not. */
static bool is_open(const struct run *run, const struct judged *judged)
{
    bool waits = judged->held_state == HELD_HELD && run->mode != FEED_TAG;
    bool undecided = judged->held_state == HELD_HELD || judged->held_state == HELD_SUPERSEDED;
    return !judged->held_id || (undecided && !waits && !records_taught_spam(judged->held_taught));
}

/* Whether a reader said last that it is no spam: that stands as a release does. */
static bool is_vouched_for(const struct run *run, const struct item *item)
{
    unsigned char id[RECORD_ID_BYTES];
    feed_item_document_id(run->name, item->source->guid, item->content_hash, id);
    return feed_shown_is_ham(run->judge->records, id);
}

/* Has the item judged anew when the rules say something else of it now. */
static void ask_rules(struct run *run, const struct feed *feed, struct item *item)
{
    struct rules_said said;
    struct document *document = feed_item_document(feed, item->source, run->name);
    features_extract(document);
    rules_match(run->rules, document, 0, &said);
    uint64_t hash = rules_said_hash(&said);
    document_free(document);
    item->by_rules = hash != item->judged->rules_said && is_open(run, item->judged) &&
                     !is_vouched_for(run, item);
    item->judged->rules = rules_version(run->rules);
    item->judged->rules_said = hash;
    if (!item->by_rules)
        return;
    item->fresh = true;
    item->former_id = item->judged->held_id;
    item->waiting_id = 0;
}

/* What was looked up may be something else by now, but for what they are told by. */
static bool note_rules(void *context, struct error *error)
{
    struct run *run = context;
    for (size_t i = 0; i < run->count; i++) {
        struct item *item = &run->items[i];
        if (item->other_rules && !item->by_rules &&
            !records_judged_set_rules(run->judge->records, run->name.data, item->key.data,
                                      item->judged, error))
            return false;
    }
    return true;
}

static void recall(struct run *run, const struct feed *feed)
{
    struct records *records = run->judge->records;
    struct error error = {0};
    bool others = false;
    if (run->records_work && !records_reading(records, look_up, run, &error))
        records_failed(run, &error);
    for (size_t i = 0; i < run->count; i++)
        if (run->items[i].other_rules) {
            ask_rules(run, feed, &run->items[i]);
            others = true;
        }
    if (run->records_work && others && !records_transaction(records, note_rules, run, &error))
        records_failed(run, &error);
    if (run->records_work && run->mode == FEED_TAG && any_waits(run) &&
        !records_transaction(records, let_out, run, &error))
        records_failed(run, &error);
}

/* --- judging --- */

/* The oldest first: feeds have the newest at their top. */
static void compare_batch(struct run *run)
{
    int64_t now_s = time(NULL);
    for (size_t i = run->batch_count; run->memory.works && i > 0; i--)
        feed_profile_compare(&run->memory.profile, run->batch[i - 1].document, now_s);
}

/* What is held would make its kind the feed's own; a verdict by other rules is of an item that was
 * learned before. */
static void learn_batch(struct run *run, int64_t now_s)
{
    for (size_t i = run->batch_count; run->memory.works && i > 0; i--) {
        struct judged_item *judged = &run->batch[i - 1];
        if (!judged->known && !judged->item->by_rules && judged->verdict.action != ACTION_HOLD)
            feed_profile_learn(&run->memory.profile, judged->document, now_s);
    }
}

static void judge_batch(struct run *run, const struct feed *feed)
{
    struct document *documents[BATCH_MAX];
    struct verdict verdicts[BATCH_MAX];
    const struct config *config = run->judge->config;
    for (size_t i = 0; i < run->batch_count; i++) {
        struct judged_item *judged = &run->batch[i];
        judged->document = feed_item_document(feed, judged->item->source, run->name);
        judged->document->formerly_released = judged->item->formerly_released;
        judge_prepare(judged->document, config);
        documents[i] = judged->document;
    }
    compare_batch(run);
    judge_documents(&run->judge->judge, config, documents, run->batch_count, verdicts);
    for (size_t i = 0; i < run->batch_count; i++) {
        struct judged_item *judged = &run->batch[i];
        judged->verdict = verdicts[i];
        /* There is nobody to refuse an item to. */
        evidence_record_limit(&judged->verdict, ACTION_HOLD);
        if (judged->verdict.action != ACTION_ACCEPT)
            judge_name_tokens(&run->judge->judge, judged->document, &judged->verdict,
                              CONTENT_TOKENS);
    }
}

/* --- saving --- */

static const char *text_of(struct arena *arena, struct span span)
{
    return arena_copy(arena, span).data;
}

static bool save_held(struct run *run, struct judged_item *judged, int64_t now_s, int64_t *id,
                      struct error *error)
{
    struct document *document = judged->document;
    struct lesson lesson;
    judge_lesson(&run->judge->judge, document, &lesson);
    size_t lesson_length;
    unsigned char *encoded = lesson_encode(&lesson, &lesson_length);
    struct held held = {
        .state = HELD_HELD,
        .time_s = now_s,
        .channel = channel_name(CHANNEL_FEED),
        .sender = run->name.data,
        .recipients = "",
        .subject = text_of(document->arena, document->subject),
        .reference = text_of(document->arena, document->guid),
        .requeued_as = "",
        .log_odds = judged->verdict.log_odds,
        .evidence = explain_verdict_json(document->arena, &judged->verdict).data,
        .lesson = encoded,
        .lesson_length = lesson_length,
        .taught_from = judge_learned(&run->judge->judge, &lesson),
        .item = (const unsigned char *)judged->item->raw.data,
        .item_length = judged->item->raw.length,
        .item_head = (const unsigned char *)judged->item->head.data,
        .item_head_length = judged->item->head.length,
    };
    memcpy(held.document_id, document->id, RECORD_ID_BYTES);
    bool ok = records_held_add(run->judge->records, &held, id, error);
    free(encoded);
    return ok;
}

/* A verdict given while the store was away lacks what is learned. It does not stick, or spam that
 * came during an outage would stay for good. */
static bool is_provisional(const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->evidence_count; i++)
        if (strcmp(verdict->evidence[i].symbol, STORE_DOWN_SYMBOL) == 0)
            return true;
    return false;
}

static bool save_one(struct run *run, struct judged_item *judged, int64_t now_s,
                     struct error *error)
{
    struct records *records = run->judge->records;
    struct item *item = judged->item;
    struct judged known;
    bool found;
    if (!records_judged_find(records, run->name.data, item->key.data, &known, &found, error))
        return false;
    /* Another reader's filter may have been quicker: its verdict stands, if it is by our rules; and
     * what a person said meanwhile does. */
    bool by_ours = !item->by_rules || known.rules == rules_version(run->rules);
    bool stands = by_ours || !is_open(run, &known) || is_vouched_for(run, item);
    judged->known = found && stands && settled(run, item, &known);
    if (judged->known)
        return true;
    struct judged verdict = {
        .action = action_name(judged->verdict.action),
        .log_odds = judged->verdict.log_odds,
        .time_s = now_s,
        .rules = judged->verdict.record->rules_version,
        .rules_said = judged->verdict.record->rules_said,
    };
    memcpy(verdict.content_hash, item->content_hash, RECORD_ID_BYTES);
    bool to_hold = judged->verdict.action == ACTION_HOLD, hold = to_hold && run->mode == FEED_HOLD;
    /* A release is remembered over the next edits too, until one of them is spam again. */
    if (item->formerly_released && !to_hold)
        verdict.held_id = item->former_id;
    if (!hold && is_provisional(&judged->verdict))
        return true;
    if (hold && !save_held(run, judged, now_s, &verdict.held_id, error))
        return false;
    /* The edit takes the place of the version that waits for review. */
    bool moved;
    if (item->former_id && !records_held_move(records, item->former_id, 1u << HELD_HELD,
                                              HELD_SUPERSEDED, &moved, error))
        return false;
    if (!records_judged_save(records, run->name.data, item->key.data, &verdict, error))
        return false;
    judged->held = hold;
    judged->recorded = true;
    return true;
}

static bool save_batch(void *context, struct error *error)
{
    struct run *run = context;
    int64_t now_s = time(NULL);
    for (size_t i = 0; i < run->batch_count; i++)
        if (!save_one(run, &run->batch[i], now_s, error))
            return false;
    learn_batch(run, now_s);
    return feed_memory_keep(&run->memory, run->judge->records, run->name.data, now_s, error);
}

/* The verdict as it was carried out: nobody is to look for what is only tagged among what is held.
 */
static struct verdict as_done(const struct run *run, const struct judged_item *judged)
{
    struct verdict verdict = judged->verdict;
    if (run->mode == FEED_TAG && verdict.action == ACTION_HOLD)
        verdict.action = ACTION_TAG;
    return verdict;
}

static void add_history(struct run *run, const struct judged_item *judged)
{
    struct document *document = judged->document;
    struct verdict verdict = as_done(run, judged);
    bool done =
        run->mode == FEED_TAG || (run->mode == FEED_HOLD && judged->verdict.action != ACTION_TAG);
    struct verdict_about about = {
        .sender = run->name.data,
        .recipients = "",
        .subject = text_of(document->arena, document->subject),
        .reference = text_of(document->arena, document->guid),
    };
    verdict_log_history(run->judge->records, document, &verdict, done ? MODE_ENFORCE : MODE_OBSERVE,
                        &about);
}

static void log_verdict(const struct run *run, const struct judged_item *judged)
{
    char id[DOCUMENT_ID_HEX], probability[16], log_odds[16];
    struct document *document = judged->document;
    struct arena *arena = document->arena;
    struct verdict verdict = as_done(run, judged);
    document_id_hex(document->id, id);
    snprintf(probability, sizeof probability, "%.3f", judged->verdict.probability);
    snprintf(log_odds, sizeof log_odds, "%+.1f", judged->verdict.log_odds);
    log_event(LOG_LEVEL_INFO, "verdict", "channel", channel_name(CHANNEL_FEED), "id", id, "action",
              action_name(verdict.action), "cut", judged->held ? "yes" : "no", "p", probability,
              "log_odds", log_odds, "feed", run->name.data, "guid", text_of(arena, document->guid),
              "title", text_of(arena, document->subject), "rule", verdict_rule(&judged->verdict),
              "terms", text_of(arena, explain_short(arena, &judged->verdict, LOGGED_TERMS)), NULL);
}

/* What is not recorded is judged again soon. */
static bool is_to_log(const struct run *run, const struct judged_item *judged)
{
    return judged->recorded || !run->judge->told ||
           verdicts_told_note(run->judge->told, judged->document->id);
}

/* Judges, saves, logs what is in the batch, and empties it. */
static void finish_batch(struct run *run, const struct feed *feed)
{
    struct error error = {0};
    if (!run->prepared && run->judge->prepare)
        run->judge->prepare(run->judge);
    run->prepared = true;
    run->memory.works = false;
    if (run->records_work && !run->judge->names_itself &&
        !feed_memory_recall(&run->memory, run->judge->records, run->name.data, &error))
        records_failed(run, &error);
    judge_batch(run, feed);
    bool saved =
        run->records_work && records_transaction(run->judge->records, save_batch, run, &error);
    if (!saved && run->records_work)
        records_failed(run, &error);
    for (size_t i = 0; i < run->batch_count; i++) {
        struct judged_item *judged = &run->batch[i];
        if (!saved)
            judged->held = judged->known = judged->recorded = false;
        if (!judged->known) {
            judged->item->fate =
                fate_of(run, judged->held, judged->verdict.action != ACTION_ACCEPT);
            if (run->records_work)
                add_history(run, judged);
            if (is_to_log(run, judged))
                log_verdict(run, judged);
        }
        document_free(judged->document);
    }
    run->batch_count = 0;
}

/* --- what readers may say something of --- */

static void show(struct run *run, const struct feed *feed)
{
    struct error error = {0};
    struct feed_showing *showing = run->judge->showing;
    struct shown_item *items = arena_alloc(run->arena, (run->count + 1) * sizeof *items);
    size_t count = 0;
    for (size_t i = 0; i < run->count; i++) {
        const struct item *item = &run->items[i], *judged = item->same ? item->same : item;
        if (judged->fate == ITEM_IS_CUT)
            continue;
        struct shown_item *shown = &items[count++];
        *shown = (struct shown_item){.feed = run->name.data,
                                     .key = judged->key.data,
                                     .reference = text_of(run->arena, item->source->guid),
                                     .subject = text_of(run->arena, item->source->title),
                                     .item = (const unsigned char *)item->raw.data,
                                     .item_length = item->raw.length,
                                     .head = (const unsigned char *)item->head.data,
                                     .head_length = item->head.length,
                                     .is_comment = feed_item_is_comment(feed, item->source)};
        memcpy(shown->content_hash, item->content_hash, RECORD_ID_BYTES);
        feed_item_document_id(run->name, item->source->guid, item->content_hash,
                              shown->document_id);
    }
    if (!feed_shown_keep(showing, run->judge->records, items, count, &error))
        records_failed(run, &error);
    for (size_t i = 0, next = 0; i < run->count; i++) {
        const struct item *item = &run->items[i], *judged = item->same ? item->same : item;
        if (run->records_work && judged->fate != ITEM_IS_CUT)
            showing->since_s[i] = items[next].time_s;
        if (judged->fate != ITEM_IS_CUT)
            memcpy(showing->ids[i], items[next++].document_id, RECORD_ID_BYTES);
    }
}

bool feed_judge(struct feed_judge *judge, const struct feed *feed, struct span name,
                struct span bytes, const struct feed_ranges *ranges, enum item_fate *fates,
                struct error *error)
{
    struct arena *arena = arena_new();
    struct run *run = arena_alloc(arena, sizeof *run);
    *run = (struct run){
        .judge = judge,
        .mode = judge->config->feedfilter.mode == MODE_OBSERVE ? FEED_PASS : judge->mode,
        .arena = arena,
        .name = arena_copy(arena, name),
        .items = arena_alloc(arena, feed->item_count * sizeof(struct item)),
        .count = feed->item_count,
        .records_work = judge->records != NULL,
        .error = error,
    };
    if (judge->follow)
        judge->follow(judge);
    if (judge->judge.tuning)
        run->rules = live_tuning_rules(judge->judge.tuning, &run->rules_known);
    for (size_t i = 0; i < run->count; i++) {
        struct item *item = &run->items[i];
        const struct feed_range *range = &ranges->ranges[i];
        item->source = &feed->items[i];
        item->raw = (struct span){bytes.data + range->start, range->end - range->start};
        bool shares = i > 0 && range[-1].further_root.start == range->further_root.start;
        item->head =
            shares ? item[-1].head : item_head(arena, bytes, &feed->encoding, ranges, range);
        item->key = arena_copy(arena, item->source->guid);
        item->fresh = true;
        feed_item_content_hash(item->source, item->content_hash);
    }
    make_keys_unique(run);
    recall(run, feed);
    for (size_t i = 0; i < run->count; i++) {
        struct item *item = &run->items[i];
        if (item->fresh && !item->same)
            run->batch[run->batch_count++] = (struct judged_item){.item = item};
        if (run->batch_count == BATCH_MAX)
            finish_batch(run, feed);
    }
    if (run->batch_count)
        finish_batch(run, feed);
    if (judge->showing && run->records_work)
        show(run, feed);
    for (size_t i = 0; i < run->count; i++)
        fates[i] = run->items[i].same ? run->items[i].same->fate : run->items[i].fate;
    bool worked = run->records_work || !judge->records;
    rules_release(run->rules);
    arena_free(arena);
    return worked;
}
