#include "admin/console_api.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/console_audit.h"
#include "admin/records_text.h"
#include "config.h"
#include "core/recipient.h"
#include "core/url.h"
#include "store/records_page.h"
#include "store/records_search.h"

#define RECIPIENTS_LISTED 10 /* of each entry of a list */

/* --- how the gateway stands --- */

static void put_sum(void *context, const char *channel, const char *action, int64_t count)
{
    (void)channel;
    json_put_integer(context, action, count);
}

/* Verdicts of the last `seconds`, by their action. */
static bool put_verdicts(struct json_writer *json, const char *key, struct records *records,
                         int64_t seconds, struct error *error)
{
    json_put_open(json, key, '{');
    bool good = records_history_sums(records, time(NULL) - seconds, put_sum, json, error);
    json_put_close(json, '}');
    return good;
}

static void put_stream(struct json_writer *json, struct session *session, enum front front)
{
    struct error error = {0};
    int64_t open = 0;
    bool opened = session_open_records(session, front) == EX_OK;
    struct records *records = session->records[front];
    bool good = opened;
    json_put_open(json, NULL, '{');
    json_put_string(json, "stream", span_of(session_streams[front]));
    if (opened && records) {
        good = records_held_open(records, &open, &error) &&
               put_verdicts(json, "last_day", records, 24 * 3600, &error) &&
               put_verdicts(json, "last_week", records, 7 * 24 * 3600, &error);
    }
    json_put_integer(json, "held", open);
    json_put_bool(json, "available", good);
    if (!good)
        json_put_string(json, "error",
                        *error.message ? span_of(error.message)
                                       : SPAN("the records cannot be opened; the log says why"));
    json_put_close(json, '}');
}

static void put_store(struct json_writer *json, struct session *session)
{
    struct error error = {0};
    struct arena *arena = arena_new();
    bool up = session_open_counts(session) == EX_OK && session_open_replica(session, &error);
    json_put_open(json, "store", '{');
    json_put_string(json, "url", url_without_user(arena, span_of(session->config->counts_url)));
    json_put_bool(json, "up", up);
    if (!up)
        json_put_string(json, "detail", span_of(error.message));
    json_put_close(json, '}');
    arena_free(arena);
    const struct model *model = session->replica ? replica_model(session->replica) : NULL;
    int64_t lessons = 0;
    for (int script = 0; model && script < SCRIPTS; script++)
        lessons += model_lessons(model, (enum script)script, LABEL_HAM) +
                   model_lessons(model, (enum script)script, LABEL_SPAM);
    json_put_open(json, "model", '{');
    json_put_integer(json, "version", model ? (int64_t)model_version(model) : 0);
    json_put_integer(json, "lessons", lessons);
    json_put_close(json, '}');
}

void console_overview(struct session *session, struct console_answer *answer)
{
    struct json_writer *json = &answer->json;
    json_put_open(json, NULL, '{');
    json_put_string(json, "gateway", span_of(session->config->gateway));
    json_put_string(json, "version", SPAN(PACKAGE_VERSION));
    json_put_integer(json, "keep_s", session->config->held.keep_s);
    put_store(json, session);
    int64_t waiting = 0;
    for (int front = 0; front < FRONTS; front++) {
        struct journal_state state;
        if (session->journals[front] && journal_look(session->journals[front], &state, NULL))
            waiting += (int64_t)state.waiting;
    }
    json_put_open(json, "journal", '{');
    json_put_integer(json, "lessons", waiting);
    json_put_close(json, '}');
    json_put_open(json, "streams", '[');
    for (int front = 0; front < FRONTS; front++)
        put_stream(json, session, (enum front)front);
    json_put_close(json, ']');
    json_put_close(json, '}');
}

static void answer_session(struct session *session, const struct console_request *request,
                           const char *rest, struct console_answer *answer)
{
    (void)rest;
    struct json_writer *json = &answer->json;
    json_put_open(json, NULL, '{');
    json_put_string(json, "user", span_of(request->caller->name));
    json_put_string(json, "role", span_of(console_role_name(request->caller->role)));
    json_put_string(json, "deed_token", span_of(request->caller->deed_token));
    json_put_string(json, "gateway", span_of(session->config->gateway));
    json_put_string(json, "version", SPAN(PACKAGE_VERSION));
    json_put_close(json, '}');
}

/* --- what calls share --- */

bool console_limit(const struct console_request *request, size_t usual, size_t most, size_t *limit,
                   struct console_answer *answer)
{
    const char *text = console_parameter(request, "limit");
    char *end = NULL;
    long number = text ? strtol(text, &end, 10) : (long)usual;
    *limit = (size_t)number;
    if (number >= 1 && number <= (long)most && (!end || (end != text && !*end)))
        return true;
    console_refuse(answer, MHD_HTTP_BAD_REQUEST, "limit is from 1 to %zu", most);
    return false;
}

void console_put_recipients(struct json_writer *json, const char *recipients, bool all)
{
    size_t count = 0;
    json_put_open(json, "recipients", '[');
    while (*recipients) {
        size_t length = recipient_length(recipients);
        if (length && (count++ < RECIPIENTS_LISTED || all))
            json_put_string(json, NULL, (struct span){recipients, length});
        recipients += length + (recipients[length] == ',');
    }
    json_put_close(json, ']');
    if (count > RECIPIENTS_LISTED && !all)
        json_put_integer(json, "recipients_more", (int64_t)(count - RECIPIENTS_LISTED));
}

/* --- the way to a call --- */

static void answer_overview(struct session *session, const struct console_request *request,
                            const char *rest, struct console_answer *answer)
{
    (void)request, (void)rest;
    console_overview(session, answer);
}

void console_refuse_error(struct console_answer *answer, const struct error *error)
{
    console_refuse(
        answer, error->class == ERROR_INPUT ? MHD_HTTP_BAD_REQUEST : MHD_HTTP_SERVICE_UNAVAILABLE,
        "%s", error->message);
}

bool console_open_counts(struct session *session, struct error *error)
{
    return session_open_counts(session) == EX_OK ||
           error_set(error, ERROR_SYSTEM, "the counts store cannot be opened; the log says why");
}

bool console_open_records(struct session *session, enum front front, struct records **records,
                          struct error *error)
{
    bool opened = session_open_records(session, front) == EX_OK;
    *records = session->records[front];
    return opened ||
           error_set(error, ERROR_SYSTEM, "the records of %s cannot be opened; the log says why",
                     session_streams[front]);
}

/* Who may call: a bit for each role. */
#define MAY(role) (1u << (role))
#define TUNES MAY(CONSOLE_ADMIN)
#define DECIDES (TUNES | MAY(CONSOLE_REVIEWER))
#define SEES (DECIDES | MAY(CONSOLE_READER))
#define TEACHES (DECIDES | MAY(CONSOLE_TEACHER))
#define ANYBODY (SEES | TEACHES)

/* A call is its name, or that and '/' and more, which the function gets as `rest`; of one whose
 * name has two parts, the second one is given as well. Those that take a processor for a while are
 * answered in turn, one at a time. */
static const struct call {
    const char *method, *name;
    unsigned roles;
    void (*answer)(struct session *session, const struct console_request *request, const char *rest,
                   struct console_answer *answer);
    bool in_turn;
} calls[] = {
    {"GET", "session", ANYBODY, answer_session, false},
    {"GET", "overview", SEES, answer_overview, false},
    {"GET", "held", SEES, console_held, false},
    {"POST", "held", DECIDES, console_held, false},
    {"GET", "reputation/show", SEES, console_reputation, false},
    {"GET", "reputation/explain", SEES, console_reputation, false},
    {"GET", "reputation/history", SEES, console_reputation, false},
    {"GET", "reputation/export", SEES, console_reputation_export, false},
    {"GET", "reputation", SEES, console_reputation_list, false},
    {"POST", "reputation/import", TUNES, console_reputation_import, false},
    {"POST", "reputation", TUNES, console_reputation, false},
    {"GET", "history", SEES, console_history, false},
    {"GET", "search", SEES, console_search, false},
    {"GET", "audit", TUNES, console_audit_list, false},
    {"GET", "tuning", SEES, console_tuning, false},
    {"POST", "tuning/preview", SEES, console_tuning_try, true},
    {"POST", "tuning/suggest", SEES, console_tuning_try, true},
    {"POST", "tuning/apply", TUNES, console_tuning_write, false},
    {"POST", "tuning/undo", TUNES, console_tuning_write, false},
    {"GET", "rules", SEES, console_rules, false},
    {"POST", "rules/preview", SEES, console_rules_try, true},
    {"POST", "rules/apply", TUNES, console_rules_write, false},
    {"POST", "rules/undo", TUNES, console_rules_write, false},
    {"GET", "feeds/export", TUNES, console_feeds_export, false},
    {"GET", "feeds/readers", TUNES, console_feeds_readers, false},
    {"GET", "feeds", SEES, console_feeds, false},
    {"POST", "feeds/add", TUNES, console_feeds_write, false},
    {"POST", "feeds/change", TUNES, console_feeds_write, false},
    {"POST", "feeds/remove", TUNES, console_feeds_write, false},
    {"POST", "feeds/reader-add", TUNES, console_feeds_reader, false},
    {"POST", "feeds/reader-remove", TUNES, console_feeds_reader, false},
    {"POST", "feeds/preview", TUNES, console_feeds_import, true},
    {"POST", "feeds/import", TUNES, console_feeds_import, true},
    {"POST", "learn", TEACHES, console_learn, false},
};

static bool is_text(const json_t *value)
{
    return json_is_string(value);
}

static bool is_number(const json_t *value)
{
    return json_is_number(value);
}

static bool is_count(const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) >= 0;
}

static bool is_flag(const json_t *value)
{
    return json_is_boolean(value);
}

static bool is_list(const json_t *value)
{
    return json_is_array(value);
}

/* What the members of a body are, whatever the call: one of another type is not to pass for one
 * that is not there, with which a call does something else. */
static const struct {
    const char *name;
    bool (*is)(const json_t *value);
    const char *what;
} members[] = {
    {"deed", is_text, "text"},
    {"type", is_text, "text"},
    {"value", is_text, "text"},
    {"log_odds", is_number, "a number"},
    {"days", is_number, "a number"},
    {"text", is_text, "text"},
    {"after", is_count, "a whole number, 0 or more"},
    {"changes", is_list, "a list"},
    {"version", is_count, "a whole number, 0 or more"},
    {"limit", is_count, "a whole number, 0 or more"},
    {"name", is_text, "text"},
    {"url", is_text, "text"},
    {"mode", is_text, "text"},
    {"title", is_text, "text"},
    {"category", is_text, "text"},
    {"readers", is_text, "text"},
    {"partial", is_flag, "true or false"},
};

/* False, and refused. */
static bool check_body(const struct console_request *request, struct console_answer *answer)
{
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const json_t *value = json_object_get(request->body, members[i].name);
        if (!value || members[i].is(value))
            continue;
        console_refuse(answer, MHD_HTTP_BAD_REQUEST, "\"%s\" has to be %s", members[i].name,
                       members[i].what);
        return false;
    }
    return true;
}

/* The one that may the least else. */
static enum console_role least_of(unsigned roles)
{
    int role = 0;
    while (!(roles & MAY(role)))
        role++;
    return (enum console_role)role;
}

static const struct call *find_call(const struct console_request *request, const char **rest)
{
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        size_t length = strlen(calls[i].name), first = strcspn(calls[i].name, "/");
        if (strcmp(calls[i].method, request->method) != 0 ||
            strncmp(calls[i].name, request->path, length) != 0)
            continue;
        if (first < length ? request->path[length]
                           : request->path[length] && request->path[length] != '/')
            continue;
        *rest = request->path + first + (request->path[first] == '/');
        return &calls[i];
    }
    return NULL;
}

static void answer_call(struct console_gateway *gateway, const struct call *call,
                        const struct console_request *request, const char *rest,
                        struct console_answer *answer)
{
    static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
    if (call->in_turn)
        pthread_mutex_lock(&turn);
    struct session *session = console_gateway_enter(gateway);
    call->answer(session, request, rest, answer);
    console_gateway_leave(gateway, session);
    if (call->in_turn)
        pthread_mutex_unlock(&turn);
}

/* Whether it is "held/ID/preview"; then `id` is filled, but left empty when it is too long. */
static bool is_preview(const struct console_request *request, char id[RECORDS_TEXT_ID_SIZE])
{
    if (strcmp(request->method, "GET") != 0 || strncmp(request->path, "held/", 5) != 0)
        return false;
    const char *start = request->path + 5;
    size_t length = strcspn(start, "/");
    snprintf(id, RECORDS_TEXT_ID_SIZE, "%.*s", (int)(length < RECORDS_TEXT_ID_SIZE ? length : 0),
             start);
    return strcmp(start + length, "/preview") == 0;
}

void console_api(void *context, const struct console_request *request,
                 struct console_answer *answer)
{
    struct console_gateway *gateway = context;
    char id[RECORDS_TEXT_ID_SIZE];
    if (SEES & MAY(request->caller->role) && is_preview(request, id)) {
        console_held_preview(gateway, id, answer);
        return;
    }
    const char *rest;
    const struct call *call = find_call(request, &rest);
    if (!call) {
        console_refuse(answer, MHD_HTTP_NOT_FOUND, "there is no such call");
    } else if (!(call->roles & MAY(request->caller->role))) {
        console_api_audit(gateway, request->caller->name, "refused-role", request->path);
        console_refuse(answer, MHD_HTTP_FORBIDDEN, "this takes the role %s, and you are %s",
                       console_role_name(least_of(call->roles)),
                       console_role_name(request->caller->role));
    } else if (check_body(request, answer)) {
        answer_call(gateway, call, request, rest, answer);
    }
}

void console_api_audit(void *context, const char *who, const char *what, const char *subject)
{
    struct console_gateway *gateway = context;
    struct session *session = console_gateway_enter(gateway);
    console_audit(session, who, what, subject);
    console_gateway_leave(gateway, session);
}
