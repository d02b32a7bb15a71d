#include "admin/console_tune.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/tune.h"
#include "admin/tune_show.h"
#include "admin/tune_suggest.h"

#define LISTED 50
#define LISTED_MOST 1000
#define NAME_BYTES 600 /* of what is to be changed: a type and a value at most */

/* --- what is asked for --- */

static bool add_change(struct tune_change *change, const struct config *config, const json_t *item,
                       struct error *error)
{
    const char *kind = json_string_value(json_object_get(item, "kind"));
    const char *name = json_string_value(json_object_get(item, "name"));
    const json_t *value = json_object_get(item, "value");
    char text[NAME_BYTES + 64];
    if (!kind || !name)
        return error_set(error, ERROR_INPUT,
                         "changes: each is {\"kind\", \"name\", \"value\"}, kind and name in text");
    if (value && !json_is_string(value) && !json_is_number(value))
        return error_set(error, ERROR_INPUT, "%.60s %.100s: the value is a number or text", kind,
                         name);
    if (strlen(name) > NAME_BYTES || json_string_length(value) > 60)
        return error_set(error, ERROR_INPUT, "%.60s: the name or the value is too long", kind);
    if (json_is_number(value))
        snprintf(text, sizeof text, "%s=%.15g", name, json_number_value(value));
    else
        snprintf(text, sizeof text, "%s%s%s", name, value ? "=" : "",
                 value ? json_string_value(value) : "");
    return tune_change_add(change, config, kind, text, error);
}

static bool read_changes(const struct console_request *request, const struct config *config,
                         struct tune_change *change, struct error *error)
{
    const json_t *changes = json_object_get(request->body, "changes");
    tune_change_begin(change);
    for (size_t i = 0; i < json_array_size(changes); i++)
        if (!add_change(change, config, json_array_get(changes, i), error))
            return false;
    return true;
}

bool console_read_version(const struct console_request *request, uint64_t *version,
                          struct error *error)
{
    const json_t *member = json_object_get(request->body, "version");
    *version = (uint64_t)json_integer_value(member);
    return member ||
           error_set(error, ERROR_INPUT, "version is that of the settings which were seen");
}

static bool read_limit(const struct console_request *request, size_t *limit, struct error *error)
{
    const json_t *member = json_object_get(request->body, "limit");
    int64_t number = member ? json_integer_value(member) : LISTED;
    *limit = (size_t)number;
    return number <= LISTED_MOST ||
           error_set(error, ERROR_INPUT, "limit is from 0 to %d", LISTED_MOST);
}

bool console_load_settings(struct session *session, struct tune_state *state, struct error *error)
{
    struct records *records;
    *state = (struct tune_state){0};
    if (!console_open_counts(session, error))
        return false;
    for (int front = 0; front < FRONTS; front++)
        if (!console_open_records(session, (enum front)front, &records, error))
            return false;
    return tune_load(session, state, error);
}

/* --- what is in force --- */

static void put_past(struct json_writer *json, const json_t *whole)
{
    const json_t *changes = json_object_get(whole, "changes");
    json_put_open(json, "changes", '[');
    for (size_t i = 0; i < json_array_size(changes); i++) {
        const json_t *change = json_array_get(changes, i);
        const char *who = json_string_value(json_object_get(change, "who"));
        const char *what = json_string_value(json_object_get(change, "what"));
        json_put_open(json, NULL, '{');
        json_put_integer(json, "time", json_integer_value(json_object_get(change, "time_s")));
        json_put_string(json, "who", span_of(who ? who : ""));
        json_put_string(json, "what", span_of(what ? what : ""));
        json_put_close(json, '}');
    }
    json_put_close(json, ']');
}

void console_tuning(struct session *session, const struct console_request *request,
                    const char *rest, struct console_answer *answer)
{
    struct error error = {0};
    struct tune_state state;
    struct json_writer *json = &answer->json;
    (void)request;
    if (*rest) {
        console_refuse(answer, MHD_HTTP_NOT_FOUND, "there is no such call");
        return;
    }
    if (!console_load_settings(session, &state, &error)) {
        console_refuse_error(answer, &error);
        return;
    }
    json_put_open(json, NULL, '{');
    json_put_integer(json, "version", (int64_t)state.version);
    tune_show_put(json, session->config, &state.tuning);
    put_past(json, state.whole);
    json_put_close(json, '}');
    tune_state_clear(&state);
}

/* --- tried on what is past --- */

static void put_wish(struct json_writer *json, const char *kind, const char *name,
                     const char *value)
{
    json_put_open(json, NULL, '{');
    json_put_string(json, "kind", span_of(kind));
    json_put_string(json, "name", span_of(name));
    if (value)
        json_put_string(json, "value", span_of(value));
    json_put_close(json, '}');
}

/* As read_changes() takes it. */
static void put_changes(struct json_writer *json, const struct tune_change *change)
{
    json_put_open(json, "changes", '[');
    for (size_t place = 0; place < TUNING_NUMBERS; place++) {
        double number = change->numbers.numbers[place];
        char name[TUNING_NAME_SIZE], text[TUNE_TEXT_SIZE];
        if (!tuning_name(place, name))
            continue;
        if (change->back[place]) {
            put_wish(json, "reset", name, NULL);
        } else if (number == number) { /* NaN: not asked for */
            const char *kind = tune_change_name(place, name);
            tune_number_text(place, number, text);
            bool off = !strcmp(text, "off");
            put_wish(json, off ? "disable" : kind, name, off ? NULL : text);
        }
    }
    for (size_t i = 0; i < change->pin_count; i++) {
        const struct tune_pin *pin = &change->pins[i];
        char name[NAME_BYTES], value[32];
        snprintf(name, sizeof name, "%s %.*s", identity_type_name(pin->identity.type),
                 SPAN_ARGS(pin->identity.value));
        snprintf(value, sizeof value, "%.2f", pin->centi / 100.0);
        put_wish(json, "pin", name, value);
    }
    json_put_close(json, ']');
}

static bool try_out(struct session *session, const struct tune_state *state, bool suggests,
                    struct tune_change *change, size_t limit, struct console_answer *answer,
                    struct error *error)
{
    struct tune_preview preview;
    struct json_writer *json = &answer->json;
    if ((suggests && !tune_suggest(session, state, change, error)) ||
        !tune_preview(session, state, change, limit, &preview, error))
        return false;
    json_put_open(json, NULL, '{');
    json_put_integer(json, "version", (int64_t)state->version);
    put_changes(json, change);
    tune_preview_put(json, &preview);
    json_put_close(json, '}');
    tune_preview_clear(&preview);
    return true;
}

void console_tuning_try(struct session *session, const struct console_request *request,
                        const char *rest, struct console_answer *answer)
{
    bool suggests = !strcmp(rest, "suggest");
    struct error error = {0};
    struct tune_state state = {0};
    struct tune_change change;
    size_t limit;
    if (!read_changes(request, session->config, &change, &error) ||
        !read_limit(request, &limit, &error)) {
        console_refuse_error(answer, &error);
        return;
    }
    bool good = console_load_settings(session, &state, &error) &&
                try_out(session, &state, suggests, &change, limit, answer, &error);
    if (!good)
        console_refuse_error(answer, &error);
    tune_state_clear(&state);
}

/* --- applied, taken back --- */

/* `what` is freed. */
static void answer_done(struct session *session, struct console_answer *answer, const char *key,
                        char *what, const struct error *warning)
{
    struct error error = {0};
    struct tune_state now;
    bool good = tune_load(session, &now, &error);
    json_put_open(&answer->json, NULL, '{');
    json_put_string(&answer->json, key, span_of(what));
    if (good)
        json_put_integer(&answer->json, "version", (int64_t)now.version);
    if (warning->class != ERROR_NONE)
        json_put_string(&answer->json, "warning", span_of(warning->message));
    json_put_close(&answer->json, '}');
    if (good)
        tune_state_clear(&now);
    free(what);
}

/* What cannot be read is refused before; what then is ERROR_INPUT is not so in the state that the
 * settings are in. */
static void write_tuning(struct session *session, const struct console_request *request,
                         bool undoes, struct console_answer *answer)
{
    struct error error = {0}, warning = {0};
    struct tune_change change;
    struct tune_state state;
    uint64_t seen;
    char *what = NULL;
    const char *who = request->caller->name;
    if (!console_read_version(request, &seen, &error) ||
        !read_changes(request, session->config, &change, &error) ||
        !console_load_settings(session, &state, &error)) {
        console_refuse_error(answer, &error);
        return;
    }
    bool good = tune_is_seen(&state, seen, &error) &&
                (undoes ? tune_undo(session, &state, who, &what, &warning, &error)
                        : tune_apply(session, &state, &change, who, &what, &warning, &error));
    tune_state_clear(&state);
    if (good)
        answer_done(session, answer, undoes ? "undone" : "applied", what, &warning);
    else if (error.class == ERROR_INPUT)
        console_refuse(answer, MHD_HTTP_CONFLICT, "%s", error.message);
    else
        console_refuse_error(answer, &error);
}

void console_tuning_write(struct session *session, const struct console_request *request,
                          const char *rest, struct console_answer *answer)
{
    write_tuning(session, request, !strcmp(rest, "undo"), answer);
}
