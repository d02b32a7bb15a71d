#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/console_api.h"
#include "admin/console_preview.h"
#include "admin/held_filter.h"
#include "admin/records_text.h"
#include "admin/review.h"
#include "core/explain.h"
#include "core/held_item.h"
#include "core/log.h"
#include "core/url.h"
#include "store/memory.h"
#include "store/records_page.h"

#define PAGE_USUAL 50
#define PAGE_MOST 200

/* "record" is: as weirctl's --json has it, for another weirctl. */
static bool wants(const struct console_request *request, const char *form)
{
    const char *wanted = console_parameter(request, "form");
    return wanted && strcmp(wanted, form) == 0;
}

/* --- one entry --- */

/* "deeds": what can be done with what is in that state. */
static void put_deeds(struct json_writer *json, enum held_state state)
{
    json_put_open(json, "deeds", '[');
    for (int deed = 0; deed < REVIEW_DEEDS; deed++) {
        if (review_can((enum review_deed)deed, state))
            json_put_string(json, NULL, span_of(review_name((enum review_deed)deed)));
    }
    json_put_close(json, ']');
}

/* The members that a list shows, into an open object; all recipients only of an entry that is shown
 * `alone`. */
static void put_entry(struct json_writer *json, enum front front, const struct held *held,
                      bool alone)
{
    char id[RECORDS_TEXT_ID_SIZE];
    json_put_string(json, "id", span_of(records_text_id(front, held->id, id)));
    json_put_string(json, "stream", span_of(session_streams[front]));
    json_put_string(json, "state", span_of(held_state_name(held->state)));
    json_put_integer(json, "held_s", held->time_s);
    json_put_integer(json, "changed_s", held->state_time_s);
    json_put_string(json, "sender", span_of(held->sender));
    console_put_recipients(json, held->recipients, alone);
    json_put_string(json, "subject", span_of(held->subject));
    json_put_string(json, "reference", span_of(held->reference));
    json_put_number(json, "log_odds", held->log_odds, 6);
    put_deeds(json, held->state);
}

/* What a feed's item says. */
static void put_item(struct json_writer *json, const struct held *held)
{
    struct feed *feed = held_item_read(held, NULL);
    if (!feed)
        return;
    const struct feed_item *item = &feed->items[0];
    json_put_open(json, "item", '{');
    json_put_string(json, "author", item->author);
    json_put_string(json, "date", item->date);
    if (url_is_web(item->link))
        json_put_string(json, "link", item->link);
    json_put_close(json, '}');
    feed_free(feed);
}

/* --- what became of it --- */

struct past {
    struct json_writer *json;
    enum front front;
    enum held_state state; /* after the last of them */
};

static void put_past(struct past *past, int64_t time_s, enum held_state state, const char *who)
{
    past->state = state;
    json_put_open(past->json, NULL, '{');
    json_put_integer(past->json, "at_s", time_s);
    json_put_string(past->json, "state", span_of(held_state_name(state)));
    json_put_string(past->json, "by", span_of(who));
    json_put_close(past->json, '}');
}

static void put_deed(void *context, const struct audit_entry *entry)
{
    struct past *past = context;
    enum review_deed deed;
    if (review_find(entry->what, &deed))
        put_past(past, entry->time_s, review_leads_to(deed, past->front), entry->who);
}

/* That it was held, what people did, and what came of it without them; nobody's name there. */
static void put_history(struct json_writer *json, struct records *records, enum front front,
                        const struct held *held)
{
    char id[RECORDS_TEXT_ID_SIZE];
    struct error error = {0};
    struct past past = {.json = json, .front = front};
    json_put_open(json, "history", '[');
    put_past(&past, held->time_s, HELD_HELD, "");
    if (!records_audit_of(records, records_text_id(front, held->id, id), put_deed, &past, &error))
        log_event(LOG_LEVEL_ERROR, "records-failed", "reason", error.message, NULL);
    if (held->state != past.state && held->state != HELD_PENDING)
        put_past(&past, held->state_time_s, held->state, "");
    json_put_close(json, ']');
}

/* "undo": the deed that can be undone, when there is one. */
static void put_undoable(struct json_writer *json, struct records *records, enum front front,
                         const struct held *held)
{
    char deed[RECORDS_DEED_NAME_SIZE];
    struct error error = {0};
    if (!review_undoable(records, front, held, deed, &error))
        log_event(LOG_LEVEL_ERROR, "records-failed", "reason", error.message, NULL);
    else if (*deed)
        json_put_string(json, REVIEW_UNDO, span_of(deed));
}

static void put_whole(struct json_writer *json, struct session *session, enum front front,
                      const struct held *held)
{
    struct records *records = session->records[front];
    json_put_open(json, NULL, '{');
    put_entry(json, front, held, true);
    if ((RECORDS_OPEN | 1u << HELD_CONFIRMED) & 1u << held->state)
        json_put_integer(json, "expires_s", held->time_s + session->config->held.keep_s);
    json_put_raw(json, "verdict", *held->evidence == '{' ? span_of(held->evidence) : SPAN("null"));
    explain_reasons_member(json, span_of(held->evidence));
    put_undoable(json, records, front, held);
    put_history(json, records, front, held);
    if (front == FRONT_FEED)
        put_item(json, held);
    json_put_close(json, '}');
}

/* --- the list --- */

struct listed {
    enum front front;
    int64_t id, time_s;
    struct json_writer json; /* the entry as it is shown */
};

struct list {
    struct listed *entries;
    size_t count;
    enum front front;            /* that is read now */
    bool records;                /* in the form of records */
    struct error failed[FRONTS]; /* why there is nothing of that front; ERROR_NONE: there is */
};

static bool take(void *context, const struct held *held)
{
    struct list *list = context;
    struct listed entry = {.front = list->front, .id = held->id, .time_s = held->time_s};
    if (list->records) {
        records_text_put_held(&entry.json, list->front, held, false);
    } else {
        json_put_open(&entry.json, NULL, '{');
        put_entry(&entry.json, list->front, held, false);
        json_put_close(&entry.json, '}');
    }
    list->entries = memory_resize(list->entries, (list->count + 1) * sizeof *list->entries);
    list->entries[list->count++] = entry;
    return true;
}

/* Mail, and behind it items, each in the order of its pages, newest first: the newer head goes
 * first. To sort them by time would not do: times may go back, and the next page begins behind the
 * id that was shown last. */
static void merge(struct list *list)
{
    struct listed *merged = memory_new((list->count + 1) * sizeof *merged);
    size_t mails = 0;
    while (mails < list->count && list->entries[mails].front == FRONT_MAIL)
        mails++;
    size_t mail = 0, item = mails;
    for (size_t i = 0; i < list->count; i++) {
        bool from_mail = item == list->count ||
                         (mail < mails && list->entries[mail].time_s >= list->entries[item].time_s);
        merged[i] = list->entries[from_mail ? mail++ : item++];
    }
    free(list->entries);
    list->entries = merged;
}

struct wish {
    struct held_wish asked;
    int64_t after[FRONTS]; /* the last one of each that was shown */
};

/* "m12.f7": where the page before ended in each stream; 0: at its start still. */
static bool read_cursor(const char *text, int64_t after[FRONTS])
{
    int end = 0;
    return !text || (sscanf(text, "m%" SCNd64 ".f%" SCNd64 "%n", &after[FRONT_MAIL],
                            &after[FRONT_FEED], &end) == 2 &&
                     !text[end] && after[FRONT_MAIL] >= 0 && after[FRONT_FEED] >= 0);
}

static bool read_words(const struct console_request *request, struct wish *wish,
                       struct console_answer *answer)
{
    struct error error = {0};
    struct held_words words = {0};
    for (size_t i = 0; i < HELD_WORDS; i++) {
        const char *word = console_parameter(request, held_word_names[i].parameter);
        *held_word_of(&words, &held_word_names[i]) = word && *word ? word : NULL;
    }
    if (held_wish_read(&words, time(NULL), &wish->asked, &error))
        return true;
    console_refuse(answer, MHD_HTTP_BAD_REQUEST, "%s", error.message);
    return false;
}

/* False, and refused, when a parameter cannot be. */
static bool read_wish(const struct console_request *request, struct wish *wish,
                      struct console_answer *answer)
{
    size_t limit;
    *wish = (struct wish){0};
    if (!read_words(request, wish, answer) ||
        !console_limit(request, PAGE_USUAL, PAGE_MOST, &limit, answer))
        return false;
    if (!read_cursor(console_parameter(request, "after"), wish->after)) {
        console_refuse(answer, MHD_HTTP_BAD_REQUEST, "after is not what a page said");
        return false;
    }
    wish->asked.filter.most = limit + 1; /* one more says that there is another page */
    return true;
}

static void read_front(struct session *session, struct wish *wish, struct list *list)
{
    struct error *error = &list->failed[list->front];
    size_t before = list->count;
    const char *path =
        list->front == FRONT_MAIL ? session->config->records_mail : session->config->records_feeds;
    if (session_open_records(session, list->front) != EX_OK)
        error_set(error, ERROR_SYSTEM, "%s cannot be opened; the log says why", path);
    wish->asked.filter.before_id = wish->after[list->front];
    if (!session->records[list->front] ||
        records_held_page(session->records[list->front], &wish->asked.filter, take, list, error))
        return;
    while (list->count > before) /* the rest of the page is missing, and so is where it goes on */
        json_writer_free(&list->entries[--list->count].json);
}

/* Both streams, each as if it were alone, merged and cut. One that cannot be read leaves the other
 * to people; another weirctl wants all or nothing. */
static bool read_list(struct session *session, struct wish *wish, struct list *list,
                      struct error *error)
{
    size_t wanted = 0, failed = 0;
    for (int front = 0; front < FRONTS; front++) {
        list->front = (enum front)front;
        if (!wish->asked.fronts[front])
            continue;
        read_front(session, wish, list);
        wanted++;
        if (list->failed[front].class != ERROR_NONE) {
            failed++;
            *error = list->failed[front];
        }
    }
    if (failed && (list->records || failed == wanted))
        return false;
    merge(list);
    return true;
}

static void put_list(struct json_writer *json, struct session *session, struct wish *wish,
                     const struct list *list)
{
    size_t shown =
        list->count < wish->asked.filter.most ? list->count : wish->asked.filter.most - 1;
    json_put_open(json, NULL, '{');
    json_put_open(json, "items", '[');
    for (size_t i = 0; i < shown; i++) {
        const struct listed *entry = &list->entries[i];
        json_put_raw(json, NULL, (struct span){entry->json.data, entry->json.length});
        wish->after[entry->front] = entry->id;
    }
    json_put_close(json, ']');
    char cursor[64];
    snprintf(cursor, sizeof cursor, "m%" PRId64 ".f%" PRId64, wish->after[FRONT_MAIL],
             wish->after[FRONT_FEED]);
    if (shown < list->count)
        json_put_string(json, "next", span_of(cursor));
    json_put_open(json, "failed", '[');
    for (int front = 0; front < FRONTS; front++) {
        if (list->failed[front].class != ERROR_NONE)
            json_put_string(json, NULL, span_of(list->failed[front].message));
    }
    json_put_close(json, ']');
    if (records_held_is_short(&wish->asked.filter))
        json_put_integer(json, "short_newest", RECORDS_SHORT_NEWEST);
    json_put_open(json, "total_open", '{');
    for (int front = 0; front < FRONTS; front++) {
        int64_t open = 0;
        struct error error = {0};
        if (session->records[front])
            records_held_open(session->records[front], &open, &error);
        json_put_integer(json, session_streams[front], open);
    }
    json_put_close(json, '}');
    json_put_close(json, '}');
}

/* "form=count": how many there are on all pages. */
static void answer_count(struct session *session, const struct console_request *request,
                         struct console_answer *answer)
{
    struct wish wish;
    struct error error = {0};
    int64_t sum = 0;
    if (!read_wish(request, &wish, answer))
        return;
    for (int front = 0; front < FRONTS; front++) {
        int64_t count = 0;
        if (!wish.asked.fronts[front])
            continue;
        if (session_open_records(session, (enum front)front) != EX_OK)
            error_set(&error, ERROR_SYSTEM, "the records of %s cannot be opened",
                      session_streams[front]);
        else if (session->records[front])
            records_held_count(session->records[front], &wish.asked.filter, &count, &error);
        sum += count;
    }
    if (error.class != ERROR_NONE) {
        console_refuse(answer, MHD_HTTP_SERVICE_UNAVAILABLE, "%s", error.message);
        return;
    }
    json_put_open(&answer->json, NULL, '{');
    json_put_integer(&answer->json, "count", sum);
    json_put_close(&answer->json, '}');
}

static void answer_list(struct session *session, const struct console_request *request,
                        struct console_answer *answer)
{
    struct wish wish;
    struct list list = {.records = wants(request, "record")};
    struct error error = {0};
    if (!read_wish(request, &wish, answer))
        return;
    if (read_list(session, &wish, &list, &error))
        put_list(&answer->json, session, &wish, &list);
    else
        console_refuse(answer, MHD_HTTP_SERVICE_UNAVAILABLE, "%s", error.message);
    for (size_t i = 0; i < list.count; i++)
        json_writer_free(&list.entries[i].json);
    free(list.entries);
}

/* --- an entry of its own --- */

/* The entry that `id` names; NULL, and refused, when there is none. */
static struct held *find(struct session *session, const char *id, enum front *front,
                         struct console_answer *answer)
{
    struct error error = {0};
    int64_t number;
    struct held *held = NULL;
    if (!records_text_is_held_id(id, front, &number)) {
        console_refuse(answer, MHD_HTTP_NOT_FOUND, "there is no such entry");
        return NULL;
    }
    bool opened = session_open_records(session, *front) == EX_OK;
    if (opened && session->records[*front])
        held = records_held_get(session->records[*front], number, &error);
    if (!held)
        console_refuse(answer,
                       opened && error.class != ERROR_SYSTEM ? MHD_HTTP_NOT_FOUND
                                                             : MHD_HTTP_SERVICE_UNAVAILABLE,
                       "%s", *error.message ? error.message : "there is no such entry");
    return held;
}

/* As plain text, whatever the item holds. */
static void preview_item(const struct held *held, struct console_answer *answer)
{
    struct error error = {0};
    struct feed *feed = held_item_read(held, &error);
    if (!feed) {
        console_refuse(answer, MHD_HTTP_UNPROCESSABLE_CONTENT, "it cannot be read: %s",
                       error.message);
        return;
    }
    struct arena *arena = arena_new();
    struct json_writer *json = &answer->json;
    struct span text = held_item_text(arena, feed, CONSOLE_PREVIEW_BYTES);
    json_put_open(json, NULL, '{');
    json_put_string(json, "text", text);
    json_put_bool(json, "truncated", text.length >= CONSOLE_PREVIEW_BYTES);
    json_put_close(json, '}');
    arena_free(arena);
    feed_free(feed);
}

/* `undone`: the deed, of an undo; else empty. */
static void put_outcome(struct json_writer *json, const char *id,
                        const struct review_outcome *outcome, const char *undone)
{
    json_put_open(json, NULL, '{');
    json_put_string(json, "id", span_of(id));
    json_put_string(json, "state", span_of(held_state_name(outcome->state)));
    put_deeds(json, outcome->state);
    json_put_bool(json, "changed", outcome->changed);
    if (outcome->changed)
        json_put_string(json, "said", span_of(outcome->said));
    if (*undone) {
        json_put_string(json, "undone", span_of(undone));
        json_put_bool(json, "unlearned", outcome->unlearned);
    }
    if (outcome->lesson_waits)
        json_put_string(json, "warning",
                        SPAN("the counts store is away; the lesson waits and is taught when it is "
                             "back"));
    else if (outcome->trouble.class != ERROR_NONE)
        json_put_string(json, "warning", span_of(outcome->trouble.message));
    if (outcome->trouble.class != ERROR_NONE)
        json_put_string(json, "failed", span_of(error_class_name(outcome->trouble.class)));
    json_put_close(json, '}');
}

/* "release" and so on, and "undo", of the latest deed or of the "deed" that is named. */
static void answer_deed(struct session *session, const struct console_request *request,
                        enum front front, struct held **held, const char *name,
                        struct console_answer *answer)
{
    struct error error = {0};
    struct review_outcome outcome;
    enum review_deed deed;
    char id[RECORDS_TEXT_ID_SIZE], undone[RECORDS_DEED_NAME_SIZE] = "";
    bool undo = !review_find(name, &deed);
    records_text_id(front, (*held)->id, id);
    if (!(undo ? review_undo(session, front, held, console_member(request, "deed"),
                             request->caller->name, &outcome, undone, &error)
               : review_do(session, front, held, deed, request->caller->name, &outcome, &error))) {
        console_refuse(answer, MHD_HTTP_SERVICE_UNAVAILABLE, "%s", error.message);
        return;
    }
    if (outcome.impossible) {
        console_refuse(answer, MHD_HTTP_CONFLICT, "cannot %s it%s%s", name,
                       undo ? ": " : ", it is ",
                       undo ? outcome.said : held_state_name(outcome.state));
        return;
    }
    if (outcome.changed)
        log_event(LOG_LEVEL_NOTICE, "reviewed", "user", request->caller->name, "id", id, "deed",
                  name, "undone", undone, NULL);
    put_outcome(&answer->json, id, &outcome, undone);
}

void console_held(struct session *session, const struct console_request *request, const char *rest,
                  struct console_answer *answer)
{
    char id[RECORDS_TEXT_ID_SIZE];
    enum front front;
    enum review_deed deed;
    size_t length = strcspn(rest, "/");
    const char *what = rest + length + (rest[length] == '/');
    bool post = strcmp(request->method, "POST") == 0;
    if (console_parameter(request, "form") && !wants(request, "record") &&
        (*rest || !wants(request, "count"))) {
        console_refuse(answer, MHD_HTTP_BAD_REQUEST, "form is record%s", *rest ? "" : " or count");
        return;
    }
    if (!*rest && wants(request, "count")) {
        answer_count(session, request, answer);
        return;
    }
    if (!*rest) {
        answer_list(session, request, answer);
        return;
    }
    snprintf(id, sizeof id, "%.*s", (int)(length < sizeof id ? length : 0), rest);
    struct held *held = find(session, id, &front, answer);
    if (!held)
        return;
    if (post && (review_find(what, &deed) || strcmp(what, REVIEW_UNDO) == 0))
        answer_deed(session, request, front, &held, what, answer);
    else if (!post && !*what && wants(request, "record"))
        records_text_put_held(&answer->json, front, held, true);
    else if (!post && !*what)
        put_whole(&answer->json, session, front, held);
    else
        console_refuse(answer, MHD_HTTP_NOT_FOUND, "there is no such call");
    held_free(held);
}

void console_held_preview(struct console_gateway *gateway, const char *id,
                          struct console_answer *answer)
{
    enum front front;
    struct session *session = console_gateway_enter(gateway);
    struct held *held = find(session, id, &front, answer);
    console_gateway_leave(gateway, session);
    if (!held)
        return;
    if (front == FRONT_FEED)
        preview_item(held, answer);
    else
        console_preview_mail(console_gateway_config(gateway)->release.preview, held, answer);
    held_free(held);
}
