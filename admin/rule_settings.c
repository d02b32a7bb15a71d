#include "admin/rule_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/span_buffer.h"
#include "store/memory.h"

/* Former texts that can be taken back: so many, and of so many bytes in all. */
#define CHANGES_KEPT 20
#define CHANGES_BYTES ((size_t)1 << 20)

#define NAMES_BYTES 160 /* about, in words of a change */

struct rules *rule_settings_rules(const struct tune_state *state, struct error *error)
{
    return rules_read(tuning_rules_text(state->whole), "rules", error);
}

const json_t *rule_settings_changes(const struct tune_state *state)
{
    return json_object_get(json_object_get(state->whole, "rules"), "changes");
}

/* --- what is changed, in words --- */

static bool has(const struct rules *rules, const char *name)
{
    for (size_t i = 0; i < rules_count(rules); i++)
        if (!strcmp(rules_at(rules, i)->name, name))
            return true;
    return false;
}

/* Those of `rules` that are not in `others`; how many. */
static size_t add_names(struct span_buffer *words, const char *what, const struct rules *rules,
                        const struct rules *others)
{
    size_t count = 0, more = 0;
    size_t start = words->length;
    for (size_t i = 0; i < rules_count(rules); i++) {
        const char *name = rules_at(rules, i)->name;
        if (has(others, name))
            continue;
        if (words->length - start > NAMES_BYTES)
            more++;
        else
            span_buffer_printf(words, "%s \"%s\"", count ? "," : what, name);
        count++;
    }
    if (more)
        span_buffer_printf(words, " and %zu more", more);
    return count;
}

static char *words_of_change(const struct rules *before, const struct rules *after)
{
    struct span_buffer words = {0};
    size_t count = rules_count(after);
    span_buffer_printf(&words, "%zu %s", count, count == 1 ? "rule" : "rules");
    size_t changes = add_names(&words, ": added", after, before);
    changes += add_names(&words, changes ? "; removed" : ": removed", before, after);
    if (!changes)
        span_buffer_text(&words, ", edited");
    return words.data;
}

/* --- apply, undo --- */

static json_t *with_rules(const struct tune_state *state, struct span text, json_t *changes)
{
    json_t *whole = json_copy(state->whole);
    json_object_set_new(
        whole, "rules",
        json_pack("{s:o, s:o}", "text", json_stringn(text.data, text.length), "changes", changes));
    return whole;
}

static json_t *changes_of(const struct tune_state *state)
{
    const json_t *changes = rule_settings_changes(state);
    return json_is_array(changes) ? json_copy((json_t *)(uintptr_t)changes) : json_array();
}

static void drop_old(json_t *changes)
{
    size_t bytes = 0;
    for (size_t i = 0; i < json_array_size(changes); i++) {
        bytes += json_string_length(json_object_get(json_array_get(changes, i), "before"));
        if (i < CHANGES_KEPT && bytes <= CHANGES_BYTES)
            continue;
        json_array_remove(changes, i);
        i--;
    }
}

bool rule_settings_apply(struct session *session, const struct tune_state *state, struct span text,
                         const struct rules *rules, const char *who, char **what,
                         struct error *warning, struct error *error)
{
    struct span before = tuning_rules_text(state->whole);
    struct rules *former = rule_settings_rules(state, NULL); /* NULL: of a newer weir */
    *what = NULL;
    if (span_equal(before, text)) {
        rules_release(former);
        return error_set(error, ERROR_INPUT, "nothing is changed by this");
    }
    *what = words_of_change(former, rules);
    rules_release(former);
    json_t *changes = changes_of(state);
    json_array_insert_new(changes, 0,
                          json_pack("{s:I, s:s, s:s, s:o}", "time_s", (json_int_t)time(NULL), "who",
                                    who, "what", *what, "before",
                                    json_stringn(before.data, before.length)));
    drop_old(changes);
    json_t *whole = with_rules(state, text, changes);
    bool good = tune_save(session, state->version, whole, error);
    json_decref(whole);
    if (good && !session_audit(session, who, "rules", *what, warning))
        error_prefix(warning, "in force, but not in the audit log");
    if (!good) {
        free(*what);
        *what = NULL;
    }
    return good;
}

bool rule_settings_undo(struct session *session, const struct tune_state *state, const char *who,
                        char **what, struct error *warning, struct error *error)
{
    json_t *changes = changes_of(state);
    json_t *last = json_incref(json_array_get(changes, 0));
    const json_t *before = json_object_get(last, "before");
    const char *words = json_string_value(json_object_get(last, "what"));
    *what = NULL;
    bool good = json_is_string(before) ||
                error_set(error, ERROR_INPUT, "no change of the rules is left to take back");
    if (good) {
        struct span text = {json_string_value(before), json_string_length(before)};
        json_array_remove(changes, 0);
        json_t *whole = with_rules(state, text, json_incref(changes));
        good = tune_save(session, state->version, whole, error) ||
               tune_undo_unknown(error, "weirctl rules history");
        json_decref(whole);
    }
    if (good) {
        *what = memory_text(words ? words : "");
        if (!session_audit(session, who, "rules-undo", *what, warning))
            error_prefix(warning, "taken back, but not in the audit log");
    }
    json_decref(last);
    json_decref(changes);
    return good;
}

/* --- shown --- */

const char *rule_settings_action(const struct rule *rule, char text[RULE_ACTION_SIZE])
{
    if (rule->action == RULE_WEIGHT)
        snprintf(text, RULE_ACTION_SIZE, "weight %+.2f", rule->log_odds);
    else
        snprintf(text, RULE_ACTION_SIZE, "%s", rule_action_name(rule->action));
    return text;
}

void rule_settings_put_rule(struct json_writer *json, const struct rule *rule)
{
    json_put_string(json, "name", span_of(rule->name));
    json_put_string(json, "action", span_of(rule_action_name(rule->action)));
    if (rule->action == RULE_WEIGHT)
        json_put_number(json, "weight", rule->log_odds, 3);
    json_put_bool(json, "dry", rule->dry);
    json_put_string(json, "on",
                    rule->channels == CHANNEL_ANY    ? SPAN("mail and feeds")
                    : rule->channels == CHANNEL_MAIL ? SPAN("mail")
                                                     : SPAN("feeds"));
    json_put_bool(json, "specific", rule->specific);
}

void rule_settings_put(struct json_writer *json, const struct tune_state *state,
                       const struct rules *rules)
{
    const json_t *changes = rule_settings_changes(state);
    json_put_integer(json, "version", (int64_t)state->version);
    json_put_string(json, "text", tuning_rules_text(state->whole));
    json_put_open(json, "rules", '[');
    for (size_t i = 0; i < rules_count(rules); i++) {
        json_put_open(json, NULL, '{');
        rule_settings_put_rule(json, rules_at(rules, i));
        json_put_close(json, '}');
    }
    json_put_close(json, ']');
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
