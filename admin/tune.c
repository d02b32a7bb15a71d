#include "admin/tune.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/tune_words.h"
#include "core/override_list.h"
#include "core/weir_id.h"
#include "store/memory.h"

/* --- what is in force --- */

bool tune_load(struct session *session, struct tune_state *state, struct error *error)
{
    struct counts_settings settings;
    *state = (struct tune_state){0};
    if (!counts_settings_load(session->store, &settings, error))
        return false;
    state->version = settings.version;
    bool good = tuning_read((struct span){settings.length ? settings.text : "", settings.length},
                            &state->tuning, &state->whole, error);
    counts_settings_clear(&settings);
    return good;
}

void tune_state_clear(struct tune_state *state)
{
    json_decref(state->whole);
    state->whole = NULL;
}

/* --- preview --- */

struct gathering {
    struct tune_preview *preview;
    enum front front;
    size_t most, count;
};

static void gather(void *context, const struct replayed *replayed)
{
    struct gathering *gathering = context;
    struct tune_preview *preview = gathering->preview;
    if (gathering->count == gathering->most)
        return;
    gathering->count++;
    preview->moved =
        memory_resize(preview->moved, (preview->moved_count + 1) * sizeof *preview->moved);
    preview->moved[preview->moved_count++] = (struct tune_moved){gathering->front, *replayed, NULL};
}

static bool replay_front(struct session *session, const struct replay_change *change, size_t most,
                         enum front front, struct tune_preview *preview, struct error *error)
{
    struct gathering gathering = {preview, front, most, 0};
    size_t first = preview->moved_count;
    if (!session->records[front])
        return true;
    if (!replay_run(session->records[front], change, &preview->sums[front], gather, &gathering,
                    error))
        return false;
    for (size_t i = first; i < preview->moved_count; i++)
        preview->moved[i].entry = records_history_get(session->records[front],
                                                      preview->moved[i].replayed.history_id, NULL);
    return true;
}

static int newest_first(const void *left, const void *right)
{
    const struct tune_moved *a = left, *b = right;
    int64_t a_s = a->entry ? a->entry->time_s : 0, b_s = b->entry ? b->entry->time_s : 0;
    if (a_s != b_s)
        return a_s < b_s ? 1 : -1;
    return (a->replayed.history_id < b->replayed.history_id) -
           (a->replayed.history_id > b->replayed.history_id);
}

/* In the order in which they are tried, the strongest last. */
static void warn_of_thresholds(const char *channel, const struct thresholds *thresholds,
                               char warning[TUNE_WARNING_SIZE])
{
    double tag = thresholds->tag, hold = thresholds->hold, reject = thresholds->reject;
    const char *why = hold <= 0 || reject <= 0 || tag <= 0
                          ? "a threshold of 0 is reached by everything"
                      : tag <= 1 && tag >= fmin(hold, reject)
                          ? "tag is not below hold and reject, so nothing is tagged"
                      : hold <= 1 && hold >= reject ? "hold is not below reject, so nothing is held"
                                                    : NULL;
    size_t length = strlen(warning);
    if (why)
        snprintf(warning + length, TUNE_WARNING_SIZE - length, "%s%s: %s", length ? "; " : "",
                 channel, why);
}

static bool is_about_thresholds(const struct tune_change *change)
{
    for (size_t place = 0; place < TUNING_NUMBERS; place++)
        if (tuning_kind_of(place) == TUNING_THRESHOLD &&
            (change->back[place] || !isnan(change->numbers.numbers[place])))
            return true;
    return false;
}

bool tune_preview(struct session *session, const struct tune_state *state,
                  const struct tune_change *change, size_t most, struct tune_preview *preview,
                  struct error *error)
{
    struct reputation_counts before[TUNE_PINS_MAX];
    struct replay_pin pins[TUNE_PINS_MAX];
    struct override_list overrides;
    struct replay_change replay = {
        .pins = pins, .pin_count = change->pin_count, .overrides = &overrides};
    struct tuning after;
    *preview = (struct tune_preview){
        .what = tune_words_of_change(session, state, change, before, &after, error)};
    if (!preview->what)
        return false;
    scoring_make(&replay.before, session->config, &state->tuning);
    scoring_make(&replay.after, session->config, &after);
    for (size_t i = 0; i < change->pin_count; i++)
        pins[i] =
            (struct replay_pin){change->pins[i].identity.type,
                                identity_hash(&change->pins[i].identity), change->pins[i].centi};
    if (is_about_thresholds(change)) {
        warn_of_thresholds("mail", &replay.after.mail, preview->warning);
        warn_of_thresholds("feed", &replay.after.feed, preview->warning);
    }
    bool good = override_list_read(&overrides, session->store, time(NULL), error);
    for (int front = 0; front < FRONTS && good; front++)
        good = replay_front(session, &replay, most, (enum front)front, preview, error);
    if (good && preview->moved_count)
        qsort(preview->moved, preview->moved_count, sizeof *preview->moved, newest_first);
    override_list_clear(&overrides);
    if (!good)
        tune_preview_clear(preview);
    return good;
}

void tune_preview_clear(struct tune_preview *preview)
{
    for (size_t i = 0; i < preview->moved_count; i++)
        history_entry_free(preview->moved[i].entry);
    free(preview->moved);
    free(preview->what);
    *preview = (struct tune_preview){0};
}

static void put_moved(struct json_writer *json, const struct tune_moved *moved)
{
    const struct replayed *replayed = &moved->replayed;
    const struct history_entry *entry = moved->entry;
    json_put_open(json, NULL, '{');
    json_put_string(json, "before", span_of(action_name(replayed->before)));
    json_put_string(json, "after", span_of(action_name(replayed->after)));
    json_put_number(json, "log_odds_before", replayed->log_odds_before, 3);
    json_put_number(json, "log_odds_after", replayed->log_odds_after, 3);
    json_put_string(json, "channel", span_of(moved->front == FRONT_MAIL ? "mail" : "feed"));
    if (replayed->corrected) {
        json_put_string(json, "corrected",
                        replayed->label == LABEL_SPAM ? SPAN("spam") : SPAN("ham"));
        json_put_bool(json, "mends",
                      replay_mends(replayed->before, replayed->after, replayed->label));
    }
    if (entry) {
        char document[DOCUMENT_ID_HEX];
        document_id_hex(entry->document_id, document);
        json_put_string(json, "document", span_of(document));
        json_put_integer(json, "time", entry->time_s);
        json_put_string(json, "sender", span_of(entry->sender));
        json_put_string(json, "recipients", span_of(entry->recipients));
        json_put_string(json, "subject", span_of(entry->subject));
        json_put_string(json, "reference", span_of(entry->reference));
    }
    json_put_close(json, '}');
}

static void put_moves(struct json_writer *json, const struct replay_sums *all)
{
    json_put_open(json, "moved", '[');
    for (int from = 0; from < ACTIONS; from++)
        for (int to = 0; to < ACTIONS; to++) {
            if (!all->moved[from][to])
                continue;
            json_put_open(json, NULL, '{');
            json_put_string(json, "before", span_of(action_name((enum action)from)));
            json_put_string(json, "after", span_of(action_name((enum action)to)));
            json_put_integer(json, "verdicts", (int64_t)all->moved[from][to]);
            json_put_close(json, '}');
        }
    json_put_close(json, ']');
}

struct replay_sums tune_preview_all(const struct tune_preview *preview)
{
    struct replay_sums all = preview->sums[0];
    for (int front = 1; front < FRONTS; front++) {
        const struct replay_sums *sums = &preview->sums[front];
        all.verdicts += sums->verdicts;
        all.damaged += sums->damaged;
        all.changed += sums->changed;
        all.moved_since += sums->moved_since;
        all.corrected += sums->corrected;
        all.mended += sums->mended;
        all.spoiled += sums->spoiled;
        for (int from = 0; from < ACTIONS; from++)
            for (int to = 0; to < ACTIONS; to++)
                all.moved[from][to] += sums->moved[from][to];
    }
    return all;
}

void tune_preview_put(struct json_writer *json, const struct tune_preview *preview)
{
    struct replay_sums all = tune_preview_all(preview);
    json_put_string(json, "what", span_of(preview->what));
    if (*preview->warning)
        json_put_string(json, "warning", span_of(preview->warning));
    json_put_integer(json, "verdicts", (int64_t)all.verdicts);
    json_put_integer(json, "verdicts_mail", (int64_t)preview->sums[FRONT_MAIL].verdicts);
    json_put_integer(json, "verdicts_feed", (int64_t)preview->sums[FRONT_FEED].verdicts);
    json_put_integer(json, "damaged", (int64_t)all.damaged);
    json_put_integer(json, "changed", (int64_t)all.changed);
    json_put_integer(json, "moved_since", (int64_t)all.moved_since);
    put_moves(json, &all);
    json_put_integer(json, "corrected", (int64_t)all.corrected);
    json_put_integer(json, "mended", (int64_t)all.mended);
    json_put_integer(json, "spoiled", (int64_t)all.spoiled);
    json_put_open(json, "list", '[');
    for (size_t i = 0; i < preview->moved_count; i++)
        put_moved(json, &preview->moved[i]);
    json_put_close(json, ']');
}
