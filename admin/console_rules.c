#include "admin/console_tune.h"

#include <stdlib.h>
#include <string.h>

#include "admin/rule_preview.h"
#include "admin/rule_settings.h"

/* The text that somebody wrote, compiled; NULL: it is none. Lent by the request. */
static struct rules *read_text(const struct console_request *request, struct span *text,
                               struct error *error)
{
    const json_t *member = json_object_get(request->body, "text");
    if (!json_is_string(member)) {
        error_set(error, ERROR_INPUT, "text is that of the rules");
        return NULL;
    }
    *text = (struct span){json_string_value(member), json_string_length(member)};
    return rules_read(*text, "rules", error);
}

/* How often each matched of the last verdicts here. */
static bool put_matched(struct session *session, const struct rules *rules,
                        struct json_writer *json, struct error *error)
{
    struct rule_preview matched;
    if (!rule_preview_matched(session, rules, &matched, error))
        return false;
    json_put_open(json, "matched", '{');
    rule_preview_put(json, rules, &matched);
    json_put_close(json, '}');
    rule_preview_clear(&matched);
    return true;
}

void console_rules(struct session *session, const struct console_request *request, const char *rest,
                   struct console_answer *answer)
{
    struct error error = {0};
    struct tune_state state;
    bool matched = true;
    if (*rest) {
        console_refuse(answer, MHD_HTTP_NOT_FOUND, "there is no such call");
        return;
    }
    if (!console_load_settings(session, &state, &error)) {
        console_refuse_error(answer, &error);
        return;
    }
    struct rules *rules = rule_settings_rules(&state, &error); /* NULL: of a newer weir */
    json_put_open(&answer->json, NULL, '{');
    rule_settings_put(&answer->json, &state, rules);
    if (!rules)
        json_put_string(&answer->json, "trouble", span_of(error.message));
    else if (console_parameter(request, "matched"))
        matched = put_matched(session, rules, &answer->json, &error);
    json_put_close(&answer->json, '}');
    if (!matched) {
        answer->json.length = 0;
        console_refuse_error(answer, &error);
    }
    rules_release(rules);
    tune_state_clear(&state);
}

void console_rules_try(struct session *session, const struct console_request *request,
                       const char *rest, struct console_answer *answer)
{
    struct error error = {0};
    struct tune_state state = {0};
    struct rule_preview preview;
    struct span text;
    (void)rest;
    struct rules *rules = read_text(request, &text, &error);
    if (rules && console_load_settings(session, &state, &error) &&
        rule_preview_make(session, rules, &preview, &error)) {
        json_put_open(&answer->json, NULL, '{');
        json_put_integer(&answer->json, "version", (int64_t)state.version);
        rule_preview_put(&answer->json, rules, &preview);
        json_put_close(&answer->json, '}');
        rule_preview_clear(&preview);
    } else {
        console_refuse_error(answer, &error);
    }
    rules_release(rules);
    tune_state_clear(&state);
}

/* `what` is freed. */
static void answer_done(struct console_answer *answer, const char *key, char *what,
                        const struct error *warning)
{
    json_put_open(&answer->json, NULL, '{');
    json_put_string(&answer->json, key, span_of(what));
    if (warning->class != ERROR_NONE)
        json_put_string(&answer->json, "warning", span_of(warning->message));
    json_put_close(&answer->json, '}');
    free(what);
}

/* What cannot be read is refused before; what then is ERROR_INPUT is not so in the state that the
 * settings are in. */
void console_rules_write(struct session *session, const struct console_request *request,
                         const char *rest, struct console_answer *answer)
{
    bool undoes = !strcmp(rest, "undo");
    struct error error = {0}, warning = {0};
    struct tune_state state;
    struct span text = {"", 0};
    uint64_t seen;
    char *what = NULL;
    const char *who = request->caller->name;
    struct rules *rules = undoes ? NULL : read_text(request, &text, &error);
    if ((!undoes && !rules) || !console_read_version(request, &seen, &error) ||
        !console_load_settings(session, &state, &error)) {
        rules_release(rules);
        console_refuse_error(answer, &error);
        return;
    }
    bool good =
        tune_is_seen(&state, seen, &error) &&
        (undoes ? rule_settings_undo(session, &state, who, &what, &warning, &error)
                : rule_settings_apply(session, &state, text, rules, who, &what, &warning, &error));
    tune_state_clear(&state);
    rules_release(rules);
    if (good)
        answer_done(answer, undoes ? "undone" : "applied", what, &warning);
    else if (error.class == ERROR_INPUT)
        console_refuse(answer, MHD_HTTP_CONFLICT, "%s", error.message);
    else
        console_refuse_error(answer, &error);
}
