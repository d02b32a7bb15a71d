#include "admin/reputation_story.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/identity_text.h"
#include "admin/records_text.h"
#include "core/printable.h"
#include "core/reputation_posterior.h"
#include "core/weir_id.h"
#include "store/records_search.h"

/* Entries of the log that are looked through: it is trimmed to a thousand or two. */
#define LOG_MOST 5000

static const char *const kinds[REPUTATION_EVENTS] = {"lessons", "verdicts", "changes"};

void reputation_story_members(struct json_writer *json, const struct reputation_table *table,
                              const struct identity *identity,
                              const struct reputation_counts *counts, int64_t now_s)
{
    struct reputation_weight weight = reputation_weight(table, identity->type, counts, now_s);
    bool in_force = reputation_override_in_force(counts, now_s);
    const char *override = !in_force ? "none" : counts->override == OVERRIDE_PIN ? "pin" : "set";
    json_put_string(json, "type", span_of(identity_type_name(identity->type)));
    json_put_string(json, "value", identity->value);
    json_put_number(json, "ham", weight.ham, 3);
    json_put_number(json, "spam", weight.spam, 3);
    json_put_number(json, "seen", weight.seen, 3);
    if (counts->first_s)
        json_put_integer(json, "first_seen", counts->first_s);
    json_put_number(json, "log_odds", reputation_log_odds(table, identity->type, counts, now_s), 3);
    json_put_string(json, "override", span_of(override));
    if (in_force && counts->override == OVERRIDE_SET)
        json_put_integer(json, "until", counts->override_until_s);
}

/* --- what happened --- */

struct reading {
    struct session *session;
    struct reputation_story *story;
    struct arena *arena;
    enum front front;
    size_t most;
};

static void add_event(struct reading *reading, struct reputation_event event,
                      struct json_writer *json)
{
    struct reputation_story *story = reading->story;
    /* Verdicts come newest first, the others oldest first. */
    event.order = (int64_t)story->count * (event.kind == REPUTATION_VERDICT ? -1 : 1);
    event.json = arena_copy(reading->arena, (struct span){json->data, json->length});
    json_writer_free(json);
    story->events = arena_grow(reading->arena, story->events, story->count, sizeof event);
    story->events[story->count++] = event;
}

static bool names_identity(const struct lesson *lesson, const struct identity *identity)
{
    for (size_t i = 0; i < lesson->identity_count; i++)
        if (lesson->identities[i].type == identity->type &&
            span_equal(lesson->identities[i].value, identity->value))
            return true;
    return false;
}

static bool visit_lesson(void *context, uint64_t version, const void *data, size_t length)
{
    struct reading *reading = context;
    struct error error = {0};
    struct lesson *lesson = lesson_decode(data, length, &error);
    (void)version;
    if (lesson && names_identity(lesson, &reading->story->identity)) {
        struct json_writer json = {0};
        char hex[DOCUMENT_ID_HEX];
        const char *label = lesson->label == LABEL_SPAM ? "spam" : "ham";
        document_id_hex(lesson->document_id, hex);
        json_put_open(&json, NULL, '{');
        json_put_integer(&json, "time", lesson->time_s);
        json_put_string(&json, "label", span_of(label));
        json_put_string(&json, "source", lesson->source);
        json_put_bool(&json, "trusted", lesson->trust == TRUST_OPERATOR);
        json_put_string(&json, "document", span_of(hex));
        if (lesson->withdrawn)
            json_put_bool(&json, "withdrawn", true);
        json_put_close(&json, '}');
        struct span words =
            arena_printf(reading->arena, "lesson   %-4s  by %.*s, document %s%s", label,
                         SPAN_ARGS(lesson->source), hex, lesson->withdrawn ? ", taken back" : "");
        add_event(reading,
                  (struct reputation_event){
                      .kind = REPUTATION_LESSON, .time_s = lesson->time_s, .words = words},
                  &json);
    }
    lesson_free(lesson);
    return true;
}

/* The log begins behind the stored snapshot. */
static bool read_lessons(struct reading *reading, struct error *error)
{
    struct counts_store *store = reading->session->store;
    struct snapshot snapshot = {0};
    if (!counts_snapshot_load(store, &snapshot, error))
        return false;
    uint64_t version = snapshot.version;
    snapshot_clear(&snapshot);
    /* What was trimmed in between is gone: what is left is still told. */
    return counts_follow(store, version, 0, LOG_MOST, visit_lesson, reading, error) !=
           FOLLOW_FAILED;
}

static void visit_verdict(void *context, const struct moved_verdict *verdict)
{
    struct reading *reading = context;
    const struct history_entry *entry = verdict->entry;
    struct json_writer json = {0};
    char hex[DOCUMENT_ID_HEX], id[RECORDS_TEXT_ID_SIZE] = "";
    document_id_hex(entry->document_id, hex);
    json_put_open(&json, NULL, '{');
    json_put_integer(&json, "time", entry->time_s);
    json_put_string(&json, "channel", span_of(entry->channel));
    json_put_string(&json, "action", span_of(entry->action));
    json_put_number(&json, "log_odds", entry->log_odds, 3);
    json_put_number(&json, "part", verdict->log_odds, 3);
    json_put_string(&json, "document", span_of(hex));
    json_put_string(&json, "sender", span_of(entry->sender));
    json_put_string(&json, "recipients", span_of(entry->recipients));
    json_put_string(&json, "subject", span_of(entry->subject));
    json_put_string(&json, "reference", span_of(entry->reference));
    if (verdict->held) {
        records_text_id(reading->front, verdict->held_id, id);
        json_put_string(&json, "id", span_of(id));
        json_put_string(&json, "state", span_of(held_state_name(verdict->state)));
        if (verdict->taught)
            json_put_string(&json, "taught",
                            verdict->taught == LABEL_SPAM + 1 ? SPAN("spam") : SPAN("ham"));
    }
    json_put_close(&json, '}');
    struct span words = arena_printf(
        reading->arena, "verdict  %s %+.1f, of it %+.2f: %s  %s%s%s%s%s", entry->action,
        entry->log_odds, verdict->log_odds, *entry->sender ? entry->sender : "<>", entry->subject,
        verdict->held ? "  [" : "", id, verdict->held ? " " : "",
        verdict->held ? held_state_name(verdict->state) : "");
    if (verdict->held)
        words = arena_printf(reading->arena, "%.*s]", SPAN_ARGS(words));
    add_event(reading,
              (struct reputation_event){
                  .kind = REPUTATION_VERDICT, .time_s = entry->time_s, .words = words},
              &json);
}

static void visit_change(void *context, const struct audit_entry *entry)
{
    struct reading *reading = context;
    struct json_writer json = {0};
    json_put_open(&json, NULL, '{');
    json_put_integer(&json, "time", entry->time_s);
    json_put_string(&json, "who", span_of(entry->who));
    json_put_string(&json, "what", span_of(entry->what));
    json_put_close(&json, '}');
    struct span words = arena_printf(reading->arena, "change   %s  by %s", entry->what, entry->who);
    add_event(reading,
              (struct reputation_event){
                  .kind = REPUTATION_CHANGE, .time_s = entry->time_s, .words = words},
              &json);
}

static bool read_records(struct reading *reading, struct error *error)
{
    const struct identity *identity = &reading->story->identity;
    char subject[IDENTITY_SUBJECT_SIZE];
    identity_text_subject(identity, subject);
    for (int front = 0; front < FRONTS; front++) {
        reading->front = (enum front)front;
        if (session_open_records(reading->session, reading->front) != EX_OK)
            return error_set(error, ERROR_SYSTEM, "the records of %s cannot be opened",
                             front == FRONT_MAIL ? "mail" : "feeds");
        struct records *records = reading->session->records[front];
        if (records &&
            (!records_history_moved(records, reputation_symbol(identity->type), identity->value,
                                    reading->most, visit_verdict, reading, error) ||
             !records_audit_of(records, subject, visit_change, reading, error)))
            return false;
    }
    return true;
}

/* Within a second, in which nobody knows what came first, changes, which follow from the rest. */
static int newest_first(const void *a, const void *b)
{
    const struct reputation_event *x = a, *y = b;
    if (x->time_s != y->time_s)
        return x->time_s < y->time_s ? 1 : -1;
    if (x->kind != y->kind)
        return (int)y->kind - (int)x->kind;
    return (x->order < y->order) - (x->order > y->order);
}

/* Keeps the `most` newest of each kind. */
static void cut(struct reputation_story *story, size_t most)
{
    size_t kept = 0, of_kind[REPUTATION_EVENTS] = {0};
    if (story->count)
        qsort(story->events, story->count, sizeof *story->events, newest_first);
    for (size_t i = 0; i < story->count; i++)
        if (of_kind[story->events[i].kind]++ < most)
            story->events[kept++] = story->events[i];
    story->count = kept;
}

bool reputation_story_read(struct session *session, const struct identity *identity, size_t most,
                           struct document *scratch, struct reputation_story *story,
                           struct error *error)
{
    struct reading reading = {session, story, scratch->arena, FRONT_MAIL, most};
    *story = (struct reputation_story){.identity = *identity, .now_s = time(NULL)};
    if (!session_reputations(session, &story->table, error))
        return false;
    story->parameters = story->table.types[identity->type];
    if (!counts_reputation_read(session->store, identity, 1, &story->counts, error) ||
        !read_lessons(&reading, error) || !read_records(&reading, error))
        return false;
    cut(story, most);
    return true;
}

/* --- as JSON --- */

/* What the counts say, whatever the admin does. */
static double learned_log_odds(const struct reputation_story *story, bool limited)
{
    struct reputation_table table = story->table;
    struct reputation_counts counts = story->counts;
    counts.override = OVERRIDE_NONE;
    if (!limited) {
        table.types[story->identity.type].ham_limit = -INFINITY;
        table.types[story->identity.type].spam_limit = INFINITY;
    }
    return reputation_log_odds(&table, story->identity.type, &counts, story->now_s);
}

static bool is_limited(const struct reputation_story *story)
{
    return fabs(learned_log_odds(story, true) - learned_log_odds(story, false)) > 1e-9;
}

static double share_left(const struct reputation_story *story)
{
    double age_s = (double)story->now_s - (double)story->counts.time_s;
    return age_s > 0 ? exp2(-age_s / story->parameters.half_life_s) : 1;
}

static void put_counts(struct json_writer *json, const struct reputation_story *story)
{
    const struct reputation_parameters *parameters = &story->parameters;
    struct reputation_posterior posterior =
        reputation_posterior(&story->table, story->identity.type, &story->counts, story->now_s);
    json_put_open(json, "counted", '{');
    json_put_number(json, "ham", story->counts.ham_milli / 1000.0, 3);
    json_put_number(json, "spam", story->counts.spam_milli / 1000.0, 3);
    json_put_integer(json, "time", story->counts.time_s);
    json_put_close(json, '}');
    json_put_number(json, "left", share_left(story), 6);
    json_put_integer(json, "half_life_s", parameters->half_life_s);
    json_put_number(json, "base_rate", parameters->base_rate, 4);
    json_put_number(json, "strength", parameters->strength, 3);
    json_put_number(json, "ham_limit", parameters->ham_limit, 3);
    json_put_number(json, "spam_limit", parameters->spam_limit, 3);
    json_put_number(json, "learned_log_odds", learned_log_odds(story, true), 3);
    json_put_bool(json, "limited", is_limited(story));
    json_put_open(json, "posterior", '{');
    json_put_number(json, "mean", posterior.mean, 4);
    json_put_number(json, "low", posterior.low, 4);
    json_put_number(json, "high", posterior.high, 4);
    json_put_close(json, '}');
}

void reputation_story_put(struct json_writer *json, const struct reputation_story *story)
{
    reputation_story_members(json, &story->table, &story->identity, &story->counts, story->now_s);
    put_counts(json, story);
    for (int kind = 0; kind < REPUTATION_EVENTS; kind++) {
        json_put_open(json, kinds[kind], '[');
        for (size_t i = 0; i < story->count; i++)
            if (story->events[i].kind == (enum reputation_event_kind)kind)
                json_put_raw(json, NULL, story->events[i].json);
        json_put_close(json, ']');
    }
}

void reputation_story_put_event(struct json_writer *json, const struct reputation_event *event)
{
    static const char *const names[REPUTATION_EVENTS] = {"lesson", "verdict", "change"};
    json_put_open(json, NULL, '{');
    json_put_raw(json, names[event->kind], event->json);
    json_put_close(json, '}');
}

/* --- in words --- */

void reputation_story_print_line(FILE *out, const struct reputation_table *table,
                                 const struct identity *identity,
                                 const struct reputation_counts *counts, int64_t now_s)
{
    enum identity_type type = identity->type;
    struct reputation_weight weight = reputation_weight(table, type, counts, now_s);
    fprintf(out, "%+6.2f  ham %7.1f  spam %7.1f  seen %7.1f  %-15s ",
            reputation_log_odds(table, type, counts, now_s), weight.ham, weight.spam, weight.seen,
            identity_type_name(type));
    printable_put(out, identity->value, PRINTABLE_LINE);
    if (reputation_override_in_force(counts, now_s)) {
        char day[16] = "";
        time_t until = (time_t)counts->override_until_s;
        struct tm parts;
        if (gmtime_r(&until, &parts))
            strftime(day, sizeof day, "%Y-%m-%d", &parts);
        if (counts->override == OVERRIDE_PIN)
            fputs("  (pinned)", out);
        else
            fprintf(out, "  (set until %s)", day);
    }
    putc('\n', out);
}

static void print_evidence(FILE *out, const struct reputation_story *story)
{
    const struct reputation_counts *counts = &story->counts;
    const struct reputation_parameters *parameters = &story->parameters;
    double learned = learned_log_odds(story, true), all = learned_log_odds(story, false);
    char when[32];
    fprintf(out, "  says now   %+.2f",
            reputation_log_odds(&story->table, story->identity.type, counts, story->now_s));
    if (reputation_override_in_force(counts, story->now_s)) {
        if (counts->override == OVERRIDE_PIN)
            fputs(", pinned by an admin", out);
        else
            fprintf(out, ", set by an admin until %s",
                    records_text_time(counts->override_until_s, when));
        fprintf(out, "; its counts say %+.2f", learned);
    }
    if (is_limited(story))
        fprintf(out, " (%+.2f, but its type may say %+.2f at most)", all, learned);
    fprintf(out, "\n  expected   %g of such are spam, which counts as %g lessons\n",
            parameters->base_rate, parameters->strength);
}

static void print_counts(FILE *out, const struct reputation_story *story)
{
    const struct reputation_counts *counts = &story->counts;
    struct reputation_weight weight =
        reputation_weight(&story->table, story->identity.type, counts, story->now_s);
    struct reputation_posterior posterior =
        reputation_posterior(&story->table, story->identity.type, counts, story->now_s);
    char when[32];
    if (!counts->ham_milli && !counts->spam_milli) {
        fputs("  counts     none: no lesson named it, or they have decayed\n", out);
    } else {
        fprintf(out, "  counts     %.1f spam, %.1f ham as of %s\n", counts->spam_milli / 1000.0,
                counts->ham_milli / 1000.0, records_text_time(counts->time_s, when));
        fprintf(out, "  decay      half in %g days: %.1f %% are left, %.1f spam and %.1f ham\n",
                story->parameters.half_life_s / 86400.0, 100 * share_left(story), weight.spam,
                weight.ham);
    }
    if (counts->seen_milli)
        fprintf(out, "  seen       %.1f documents that were judged are left\n", weight.seen);
    if (counts->first_s)
        fprintf(out, "  first met  %s\n", records_text_time(counts->first_s, when));
    fprintf(out, "  posterior  %.1f %% spam; with 90 %% between %.1f %% and %.1f %%\n",
            100 * posterior.mean, 100 * posterior.low, 100 * posterior.high);
}

static void print_event(FILE *out, const struct reputation_event *event)
{
    char when[32];
    fprintf(out, "  %s  ", records_text_time(event->time_s, when));
    printable_put(out, event->words, PRINTABLE_LINE);
    putc('\n', out);
}

static void print_head(FILE *out, const struct reputation_story *story)
{
    fprintf(out, "%s ", identity_type_name(story->identity.type));
    printable_put(out, story->identity.value, PRINTABLE_LINE);
    putc('\n', out);
}

void reputation_story_print(FILE *out, const struct reputation_story *story)
{
    static const char *const titles[REPUTATION_EVENTS] = {
        "lessons that shaped it lately", "verdicts here that it moved", "changes by admins here"};
    print_head(out, story);
    print_evidence(out, story);
    print_counts(out, story);
    for (int kind = 0; kind < REPUTATION_EVENTS; kind++) {
        bool first = true;
        for (size_t i = 0; i < story->count; i++) {
            if (story->events[i].kind != (enum reputation_event_kind)kind)
                continue;
            if (first)
                fprintf(out, "%s\n", titles[kind]);
            first = false;
            print_event(out, &story->events[i]);
        }
    }
}

void reputation_story_print_events(FILE *out, const struct reputation_story *story)
{
    for (size_t i = 0; i < story->count; i++)
        print_event(out, &story->events[i]);
    if (!story->count)
        fputs("nothing is known to have moved it lately\n", out);
}
