#include "admin/rule_preview.h"

#include <jansson.h>
#include <string.h>

#include "core/evidence_record.h"
#include "core/features.h"
#include "core/held_item.h"
#include "core/judge.h"
#include "core/recipient.h"
#include "core/text.h"
#include "core/url.h"
#include "store/memory.h"

#define ALL_FIELDS ((1u << RULE_FIELDS) - 1)

/* --- documents of what is stored --- */

static void add_recipients(struct document *document, const char *list)
{
    struct envelope *envelope = &document->envelope;
    while (*list) {
        size_t length = recipient_length(list);
        envelope->recipients = arena_grow(document->arena, envelope->recipients,
                                          envelope->recipient_count, sizeof *envelope->recipients);
        envelope->recipients[envelope->recipient_count++] =
            arena_copy(document->arena, (struct span){list, length});
        list += length + (list[length] == ',');
    }
}

/* What a line of the records tells, and in `*unknown` what it does not. */
static struct document *stub(enum front front, const char *sender, const char *recipients,
                             const char *subject, unsigned *unknown)
{
    struct document *document = document_new(front == FRONT_MAIL ? CHANNEL_MAIL : CHANNEL_FEED);
    document->subject = arena_copy(document->arena, span_of(subject));
    if (document->subject.length)
        document_add_text(document, TEXT_SUBJECT, document->subject, false);
    *unknown = ALL_FIELDS & ~(1u << RULE_RECIPIENT);
    if (!records_is_start(subject))
        *unknown &= ~(1u << RULE_TITLE);
    if (front == FRONT_MAIL) {
        document->envelope.sender = arena_copy(document->arena, span_of(sender));
        add_recipients(document, recipients);
    } else {
        document->feed = arena_copy(document->arena, span_of(sender));
    }
    return document;
}

/* Whole, and in `*unknown` what its feed may have said for it; NULL: its bytes are gone, or cannot
 * be read. */
static struct document *whole_item(const struct held *held, unsigned *unknown)
{
    struct error error = {0};
    struct feed *feed = held->item_length ? held_item_read(held, &error) : NULL;
    if (!feed)
        return NULL;
    struct document *document = feed_item_document(feed, &feed->items[0], span_of(held->sender));
    features_extract(document);
    bool inherits = feed->format == FEED_ATOM || feed->format == FEED_JSON;
    *unknown |= document->languages.length ? 0 : 1u << RULE_LANGUAGE;
    *unknown |= document->author.length || !inherits ? 0 : 1u << RULE_SENDER;
    feed_free(feed);
    return document;
}

/* --- what matched when it was judged --- */

/* Calls `visit` with the name of each rule that the evidence names under one of the symbols. */
static void visit_rules(const char *evidence, bool dry_too,
                        void (*visit)(void *context, const char *name), void *context)
{
    json_t *root = strstr(evidence, "\"" RULE_SYMBOL) ? json_loads(evidence, 0, NULL) : NULL;
    json_t *term;
    size_t i;
    json_array_foreach(json_object_get(root, "terms"), i, term)
    {
        const char *symbol = json_string_value(json_object_get(term, "symbol"));
        const char *name = json_string_value(json_object_get(term, "detail"));
        if (symbol && name &&
            (!strcmp(symbol, RULE_SYMBOL) || !strcmp(symbol, RULE_ALSO_SYMBOL) ||
             (dry_too && !strcmp(symbol, RULE_DRY_SYMBOL))))
            visit(context, name);
    }
    json_decref(root);
}

static void trust_name(void *context, const char *name)
{
    struct rules_said *said = context;
    for (size_t i = 0; i < said->count; i++)
        if (said->matches[i].answer == RULE_UNKNOWN && !strcmp(said->matches[i].rule->name, name))
            said->matches[i].answer = RULE_MATCHES;
}

struct document *rule_preview_held(const struct rules *rules, const struct held *held,
                                   enum front front, struct rules_said *said)
{
    unsigned unknown = 0;
    struct document *document = NULL;
    text_init();
    url_init();
    if (front == FRONT_FEED)
        document = whole_item(held, &unknown);
    if (!document)
        document = stub(front, held->sender, held->recipients, held->subject, &unknown);
    rules_match(rules, document, unknown, said);
    if (unknown)
        visit_rules(held->evidence, false, trust_name, said);
    rules_decide(said);
    return document;
}

/* --- counting --- */

struct counting {
    struct session *session;
    const struct rules *rules;
    struct rule_preview *preview;
    enum front front;
    int64_t *ids;
    size_t count;
};

static size_t place_of(const struct rules *rules, const struct rule *rule)
{
    size_t i = 0;
    while (rules_at(rules, i) != rule)
        i++;
    return i;
}

static void count(const struct counting *counting, const struct rules_said *said, bool held)
{
    for (size_t i = 0; i < said->count; i++) {
        struct rule_counts *counts =
            &counting->preview->rules[place_of(counting->rules, said->matches[i].rule)];
        bool matches = said->matches[i].answer == RULE_MATCHES;
        bool unknown = said->matches[i].answer == RULE_UNKNOWN;
        *(held ? &counts->held : &counts->past) += matches;
        *(held ? &counts->held_unknown : &counts->past_unknown) += unknown;
    }
}

static bool note_id(void *context, const struct held *held)
{
    struct counting *counting = context;
    counting->ids = memory_resize(counting->ids, (counting->count + 1) * sizeof *counting->ids);
    counting->ids[counting->count++] = held->id;
    return true;
}

static bool count_one_held(const struct counting *counting, int64_t id, struct error *error)
{
    struct rules_said said;
    struct held *held = records_held_get(counting->session->records[counting->front], id, error);
    if (!held)
        return error->class == ERROR_INPUT; /* it went meanwhile */
    struct document *document = rule_preview_held(counting->rules, held, counting->front, &said);
    count(counting, &said, true);
    counting->preview->held++;
    counting->preview->held_let_go +=
        said.decides && said.decides->action != RULE_HOLD && !records_taught_spam(held->taught);
    document_free(document);
    held_free(held);
    return true;
}

static bool count_held(struct counting *counting, struct error *error)
{
    struct records *records = counting->session->records[counting->front];
    counting->count = 0;
    bool good =
        records_held_list(records, 1u << HELD_HELD | 1u << HELD_PENDING, note_id, counting, error);
    for (size_t i = 0; i < counting->count && good; i++)
        good = count_one_held(counting, counting->ids[i], error);
    return good;
}

static void count_entry(const struct counting *counting, const struct history_entry *entry)
{
    unsigned unknown;
    struct rules_said said;
    struct document *document =
        stub(counting->front, entry->sender, entry->recipients, entry->subject, &unknown);
    rules_match(counting->rules, document, unknown, &said);
    count(counting, &said, false);
    bool stopped = !strncmp(entry->action, "hold", 4) || !strncmp(entry->action, "reject", 6);
    bool holds = said.decides && said.decides->action == RULE_HOLD;
    counting->preview->past++;
    counting->preview->past_held += holds && !stopped;
    counting->preview->past_let += said.decides && !holds && stopped;
    document_free(document);
}

static void count_name(void *context, const char *name)
{
    const struct counting *counting = context;
    for (size_t i = 0; i < rules_count(counting->rules); i++)
        if (!strcmp(rules_at(counting->rules, i)->name, name))
            counting->preview->rules[i].past++;
}

static void count_evidence(const struct counting *counting, const struct history_entry *entry)
{
    counting->preview->past++;
    visit_rules(entry->evidence, true, count_name, (void *)(uintptr_t)counting);
}

static bool count_history(struct counting *counting,
                          void (*visit)(const struct counting *counting,
                                        const struct history_entry *entry),
                          struct error *error)
{
    const struct history_filter filter = {0};
    struct records_search *search =
        records_search_new(counting->session->records[counting->front], &filter, error);
    bool good = search != NULL;
    for (size_t i = 0; good && i < RULE_PREVIEW_HISTORY; i++) {
        struct history_entry *entry;
        good = records_search_next(search, &entry, NULL, error);
        if (!good || !entry)
            break;
        visit(counting, entry);
        history_entry_free(entry);
    }
    records_search_free(search);
    return good;
}

static bool run(struct session *session, const struct rules *rules, bool matched,
                struct rule_preview *preview, struct error *error)
{
    struct counting counting = {.session = session, .rules = rules, .preview = preview};
    bool good = true;
    text_init();
    *preview = (struct rule_preview){
        .rules = memory_new((rules_count(rules) + 1) * sizeof *preview->rules)};
    for (int front = 0; front < FRONTS && good; front++) {
        counting.front = (enum front)front;
        if (!session->records[front])
            continue;
        good = (matched || count_held(&counting, error)) &&
               count_history(&counting, matched ? count_evidence : count_entry, error);
    }
    free(counting.ids);
    if (!good)
        rule_preview_clear(preview);
    return good;
}

bool rule_preview_make(struct session *session, const struct rules *rules,
                       struct rule_preview *preview, struct error *error)
{
    return run(session, rules, false, preview, error);
}

bool rule_preview_matched(struct session *session, const struct rules *rules,
                          struct rule_preview *preview, struct error *error)
{
    return run(session, rules, true, preview, error);
}

void rule_preview_clear(struct rule_preview *preview)
{
    free(preview->rules);
    *preview = (struct rule_preview){0};
}

void rule_preview_put(struct json_writer *json, const struct rules *rules,
                      const struct rule_preview *preview)
{
    json_put_integer(json, "held", (int64_t)preview->held);
    json_put_integer(json, "past", (int64_t)preview->past);
    json_put_integer(json, "held_let_go", (int64_t)preview->held_let_go);
    json_put_integer(json, "past_held", (int64_t)preview->past_held);
    json_put_integer(json, "past_let", (int64_t)preview->past_let);
    json_put_open(json, "rules", '[');
    for (size_t i = 0; i < rules_count(rules); i++) {
        const struct rule_counts *counts = &preview->rules[i];
        json_put_open(json, NULL, '{');
        json_put_string(json, "name", span_of(rules_at(rules, i)->name));
        json_put_integer(json, "held", (int64_t)counts->held);
        json_put_integer(json, "held_unknown", (int64_t)counts->held_unknown);
        json_put_integer(json, "past", (int64_t)counts->past);
        json_put_integer(json, "past_unknown", (int64_t)counts->past_unknown);
        json_put_close(json, '}');
    }
    json_put_close(json, ']');
}
