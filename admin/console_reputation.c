#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/audit_list.h"
#include "admin/console_api.h"
#include "admin/identity_text.h"
#include "admin/period.h"
#include "admin/reputation_change.h"
#include "admin/reputation_story.h"
#include "admin/reputation_top.h"
#include "store/memory.h"

#define PAGE_USUAL 50
#define PAGE_MOST 1000
#define EVENTS_USUAL 20

static bool read_least(const struct console_request *request, double *least, struct error *error)
{
    const char *text = console_parameter(request, "min");
    char *end;
    *least = 0;
    if (!text)
        return true;
    *least = strtod(text, &end);
    return (end != text && !*end && *least >= 0 && *least <= 1e9) ||
           error_set(error, ERROR_INPUT, "min is a number of lessons, 0 to 1e9");
}

static void put_types(struct json_writer *json)
{
    json_put_open(json, "types", '[');
    for (int type = 0; type < IDENTITY_TYPES; type++)
        json_put_string(json, NULL, span_of(identity_type_name((enum identity_type)type)));
    json_put_close(json, ']');
}

/* What weirctl prints, for one that asks from elsewhere: it need not know the meaning of what this
 * gateway knows of a reputation. */
static bool wants_text(const struct console_request *request)
{
    const char *form = console_parameter(request, "form");
    return form && strcmp(form, "text") == 0;
}

struct words {
    char *data;
    size_t length;
    FILE *out;
};

static void begin_words(struct words *words)
{
    *words = (struct words){0};
    words->out = memory_checked(open_memstream(&words->data, &words->length));
}

/* With what whoever asked about `identity` (NULL: none) should know. */
static void put_words(struct json_writer *json, struct words *words, const struct config *config,
                      const struct identity *identity)
{
    char warning[IDENTITY_WARNING_SIZE];
    fclose(words->out);
    json_put_open(json, NULL, '{');
    json_put_string(json, "text", (struct span){words->data, words->length});
    if (identity && identity_text_warn(config, identity, warning))
        json_put_string(json, "warning", span_of(warning));
    json_put_close(json, '}');
    free(words->data);
}

static void put_list_text(struct json_writer *json, const struct reputation_top *top)
{
    struct words words;
    begin_words(&words);
    for (size_t i = 0; i < top->count; i++)
        reputation_story_print_line(words.out, &top->table, &top->items[i].identity,
                                    &top->items[i].counts, top->now_s);
    put_words(json, &words, NULL, NULL);
}

static void put_list(struct json_writer *json, const struct reputation_top *top)
{
    json_put_open(json, NULL, '{');
    json_put_open(json, "items", '[');
    for (size_t i = 0; i < top->count; i++) {
        json_put_open(json, NULL, '{');
        reputation_story_members(json, &top->table, &top->items[i].identity, &top->items[i].counts,
                                 top->now_s);
        json_put_close(json, '}');
    }
    json_put_close(json, ']');
    put_types(json);
    json_put_close(json, '}');
}

void console_reputation_list(struct session *session, const struct console_request *request,
                             const char *rest, struct console_answer *answer)
{
    struct error error = {0};
    struct reputation_top top = {.part = console_parameter(request, "q")};
    if (*rest) {
        console_refuse(answer, MHD_HTTP_NOT_FOUND, "there is no such call");
        return;
    }
    if (!console_limit(request, PAGE_USUAL, PAGE_MOST, &top.most, answer))
        return;
    bool good = identity_text_type(console_parameter(request, "type"), &top.type, &error) &&
                read_least(request, &top.least, &error);
    good = good && console_open_counts(session, &error);
    if (!good || !reputation_top_read(session, &top, &error))
        console_refuse_error(answer, &error);
    else if (wants_text(request))
        put_list_text(&answer->json, &top);
    else
        put_list(&answer->json, &top);
    reputation_top_clear(&top);
}

static void put_show(struct json_writer *json, const struct reputation_story *story)
{
    json_put_open(json, NULL, '{');
    reputation_story_members(json, &story->table, &story->identity, &story->counts, story->now_s);
    json_put_close(json, '}');
}

static void print_show(FILE *out, const struct reputation_story *story)
{
    reputation_story_print_line(out, &story->table, &story->identity, &story->counts, story->now_s);
}

static void put_explain(struct json_writer *json, const struct reputation_story *story)
{
    json_put_open(json, NULL, '{');
    reputation_story_put(json, story);
    json_put_close(json, '}');
}

static void put_history(struct json_writer *json, const struct reputation_story *story)
{
    json_put_open(json, NULL, '{');
    json_put_open(json, "items", '[');
    for (size_t i = 0; i < story->count; i++)
        reputation_story_put_event(json, &story->events[i]);
    json_put_close(json, ']');
    json_put_close(json, '}');
}

/* What can be asked about one. */
static const struct question {
    const char *name;
    void (*put)(struct json_writer *json, const struct reputation_story *story);
    void (*print)(FILE *out, const struct reputation_story *story);
    bool events_only;
} questions[] = {{"show", put_show, print_show, false},
                 {"explain", put_explain, reputation_story_print, false},
                 {"history", put_history, reputation_story_print_events, true}};

static void answer_one(struct session *session, const struct console_request *request,
                       const struct question *question, struct document *scratch,
                       struct console_answer *answer)
{
    struct error error = {0};
    struct identity identity;
    struct reputation_story story;
    size_t limit;
    if (!console_limit(request, EVENTS_USUAL, PAGE_MOST, &limit, answer))
        return;
    if (!identity_text_read(session->config, IDENTITY_KNOWN, console_parameter(request, "type"),
                            console_parameter(request, "value"), scratch, &identity, &error) ||
        !console_open_counts(session, &error) ||
        !reputation_story_read(session, &identity, limit, scratch, &story, &error)) {
        console_refuse_error(answer, &error);
        return;
    }
    if (question->events_only && story.count > limit)
        story.count = limit;
    if (!wants_text(request)) {
        question->put(&answer->json, &story);
        return;
    }
    struct words words;
    begin_words(&words);
    question->print(words.out, &story);
    put_words(&answer->json, &words, session->config, &identity);
}

static void read_number(const struct console_request *request, const char *name, bool *there,
                        double *number)
{
    const json_t *member = json_object_get(request->body, name);
    *there = member != NULL;
    *number = json_number_value(member);
}

/* How it stands then, and what whoever set it should know. */
static void answer_changed(struct session *session, const struct identity *identity, bool changed,
                           const struct error *unaudited, struct console_answer *answer)
{
    struct error error = {0};
    struct reputation_counts counts = {0};
    struct reputation_table table;
    char warning[IDENTITY_WARNING_SIZE];
    int64_t now_s = time(NULL);
    if (!session_reputations(session, &table, &error) ||
        !counts_reputation_read(session->store, identity, 1, &counts, &error)) {
        console_refuse_error(answer, &error);
        return;
    }
    struct words words;
    begin_words(&words);
    reputation_story_print_line(words.out, &table, identity, &counts, now_s);
    fclose(words.out);
    json_put_open(&answer->json, NULL, '{');
    reputation_story_members(&answer->json, &table, identity, &counts, now_s);
    json_put_bool(&answer->json, "changed", changed);
    json_put_string(&answer->json, "text", (struct span){words.data, words.length});
    if (unaudited->class != ERROR_NONE)
        json_put_string(&answer->json, "warning", span_of(unaudited->message));
    else if (identity_text_warn(session->config, identity, warning))
        json_put_string(&answer->json, "warning", span_of(warning));
    json_put_close(&answer->json, '}');
    free(words.data);
}

static void answer_change(struct session *session, const struct console_request *request,
                          const char *deed, struct document *scratch, struct console_answer *answer)
{
    struct error error = {0}, unaudited = {0};
    struct identity identity;
    struct reputation_change change = {.deed = deed};
    bool changed;
    read_number(request, "log_odds", &change.has_log_odds, &change.log_odds);
    read_number(request, "days", &change.has_days, &change.days);
    enum identity_text_use use =
        strcmp(deed, "set") != 0 && strcmp(deed, "pin") != 0 ? IDENTITY_KNOWN : IDENTITY_RULED;
    if (!identity_text_read(session->config, use, console_member(request, "type"),
                            console_member(request, "value"), scratch, &identity, &error) ||
        !console_open_counts(session, &error) ||
        !reputation_change_do(session, &identity, &change, request->caller->name, &changed,
                              &unaudited, &error)) {
        console_refuse_error(answer, &error);
        return;
    }
    answer_changed(session, &identity, changed, &unaudited, answer);
}

static const struct question *find_question(const char *name)
{
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        if (strcmp(name, questions[i].name) == 0)
            return &questions[i];
    return NULL;
}

void console_reputation(struct session *session, const struct console_request *request,
                        const char *rest, struct console_answer *answer)
{
    bool post = strcmp(request->method, "POST") == 0;
    const struct question *question = post ? NULL : find_question(rest);
    struct document *scratch = document_new(CHANNEL_MAIL);
    if (question)
        answer_one(session, request, question, scratch, answer);
    else if (post && (!strcmp(rest, "set") || !strcmp(rest, "pin") || !strcmp(rest, "learned") ||
                      !strcmp(rest, "forget")))
        answer_change(session, request, rest, scratch, answer);
    else
        console_refuse(answer, MHD_HTTP_NOT_FOUND, "there is no such call");
    document_free(scratch);
}

/* --- who did what --- */

static bool read_audit_filter(const struct console_request *request, struct audit_filter *filter,
                              struct error *error)
{
    int64_t now_s = time(NULL);
    filter->who = console_parameter(request, "who");
    filter->what = console_parameter(request, "what");
    filter->subject = console_parameter(request, "subject");
    return period_read(console_parameter(request, "since"), now_s, &filter->since_s, error) &&
           period_read(console_parameter(request, "until"), now_s, &filter->until_s, error);
}

/* A page ends with the oldest line of each front that was shown: "m12,f7", 0 for none yet. */
static bool read_after(const struct console_request *request, int64_t before_id[FRONTS],
                       struct error *error)
{
    const char *text = console_parameter(request, "after");
    int end = 0;
    before_id[FRONT_MAIL] = before_id[FRONT_FEED] = 0;
    if (!text || !*text ||
        (sscanf(text, "m%18" SCNd64 ",f%18" SCNd64 "%n", &before_id[FRONT_MAIL],
                &before_id[FRONT_FEED], &end) == 2 &&
         !text[end] && before_id[FRONT_MAIL] >= 0 && before_id[FRONT_FEED] >= 0))
        return true;
    return error_set(error, ERROR_INPUT, "after is the next of the page before");
}

static void put_audit(struct json_writer *json, const struct audit_list *list, bool more,
                      int64_t before_id[FRONTS])
{
    char next[48] = "";
    json_put_open(json, NULL, '{');
    json_put_open(json, "items", '[');
    for (size_t i = 0; i < list->count; i++) {
        audit_list_put(json, &list->items[i]);
        before_id[list->items[i].front] = list->items[i].id;
    }
    json_put_close(json, ']');
    if (more)
        snprintf(next, sizeof next, "m%" PRId64 ",f%" PRId64, before_id[FRONT_MAIL],
                 before_id[FRONT_FEED]);
    json_put_string(json, "next", span_of(next));
    json_put_close(json, '}');
}

void console_audit_list(struct session *session, const struct console_request *request,
                        const char *rest, struct console_answer *answer)
{
    struct error error = {0};
    struct audit_filter filter = {0};
    struct audit_list list = {0};
    int64_t before_id[FRONTS];
    size_t limit;
    if (*rest) {
        console_refuse(answer, MHD_HTTP_NOT_FOUND, "there is no such call");
        return;
    }
    if (!console_limit(request, PAGE_USUAL, PAGE_MOST, &limit, answer))
        return;
    bool good =
        read_audit_filter(request, &filter, &error) && read_after(request, before_id, &error);
    filter.most = limit + 1;
    for (int front = 0; good && front < FRONTS; front++) {
        filter.before_id = before_id[front];
        good = audit_list_read(session, (enum front)front, &filter, &list, &error);
    }
    char why[AUDIT_WHY_SIZE];
    if (good && !list.count && !before_id[FRONT_MAIL] && !before_id[FRONT_FEED] &&
        !audit_may_be(&filter, why)) {
        console_refuse(answer, MHD_HTTP_BAD_REQUEST, "%s", why);
        return;
    }
    bool more = list.count > limit;
    audit_list_merge(&list, limit);
    if (good)
        put_audit(&answer->json, &list, more, before_id);
    else
        console_refuse_error(answer, &error);
    audit_list_clear(&list);
}
