#include "admin/rules_remote.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/remote.h"
#include "admin/rules_print.h"
#include "core/printable.h"
#include "store/memory.h"

static json_t *get(struct session *session, const char *path, struct error *error)
{
    struct remote *remote = remote_open(session->gateway, error);
    json_t *answer = remote ? remote_call(remote, false, path, error) : NULL;
    remote_close(remote);
    return answer;
}

static struct rules *compile(const json_t *answer, struct error *error)
{
    return rules_read(span_of(remote_text(answer, "text")), "the rules there", error);
}

struct rules *rules_remote_in_force(struct session *session, struct error *error)
{
    json_t *answer = get(session, "rules", error);
    struct rules *rules = answer ? compile(answer, error) : NULL;
    json_decref(answer);
    return rules;
}

static size_t count_of(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value > 0 ? (size_t)value : 0;
}

/* What rule_preview_put() has written of these rules; rule_preview_clear(). */
static void take_preview(struct rule_preview *preview, const struct rules *rules,
                         const json_t *object)
{
    const json_t *list = json_object_get(object, "rules");
    *preview = (struct rule_preview){
        .held = count_of(object, "held"),
        .past = count_of(object, "past"),
        .held_let_go = count_of(object, "held_let_go"),
        .past_held = count_of(object, "past_held"),
        .past_let = count_of(object, "past_let"),
        .rules = memory_new((rules_count(rules) + 1) * sizeof *preview->rules),
    };
    for (size_t i = 0; i < rules_count(rules); i++) {
        const json_t *rule = json_array_get(list, i);
        preview->rules[i] = (struct rule_counts){
            .held = count_of(rule, "held"),
            .held_unknown = count_of(rule, "held_unknown"),
            .past = count_of(rule, "past"),
            .past_unknown = count_of(rule, "past_unknown"),
        };
    }
}

static bool print_shown(const json_t *answer, struct error *error)
{
    struct rule_preview matched;
    struct rules *rules = compile(answer, error);
    if (!rules)
        return false;
    take_preview(&matched, rules, json_object_get(answer, "matched"));
    rules_print(rules, &matched);
    rule_preview_clear(&matched);
    rules_release(rules);
    return true;
}

static int show(struct session *session, const struct rules_asked *asked)
{
    struct error error = {0};
    json_t *answer = get(session, asked->text ? "rules" : "rules?matched=1", &error);
    bool good = answer != NULL;
    if (good && asked->text)
        printable_put(stdout, span_of(remote_text(answer, "text")), PRINTABLE_LINES);
    else if (good && session->json)
        remote_print_json(answer);
    else if (good)
        good = print_shown(answer, &error);
    json_decref(answer);
    return good ? EX_OK : session_complain(&error);
}

static int history(struct session *session)
{
    struct error error = {0};
    json_t *answer = get(session, "rules", &error);
    if (answer && session->json)
        remote_print_json(answer);
    else if (answer)
        rules_print_changes(json_object_get(answer, "changes"), "time");
    bool good = answer != NULL;
    json_decref(answer);
    return good ? EX_OK : session_complain(&error);
}

static int preview(struct session *session, const struct rules_asked *asked)
{
    struct error error = {0};
    json_t *object = json_pack("{s:s}", "text", asked->content), *answer = NULL;
    struct remote *remote = object ? remote_open(session->gateway, &error) : NULL;
    if (remote)
        answer = remote_send(remote, "rules/preview", object, &error);
    remote_close(remote);
    json_decref(object);
    if (!answer)
        return session_complain(&error);
    if (session->json) {
        remote_print_json(answer);
    } else {
        struct rule_preview counts;
        take_preview(&counts, asked->rules, answer);
        rules_print_preview(asked->rules, &counts);
        rule_preview_clear(&counts);
    }
    json_decref(answer);
    return EX_OK;
}

/* The version that is to be changed: the one that was seen, or what there is. */
static bool read_version(struct remote *remote, const struct rules_asked *asked,
                         json_int_t *version, struct error *error)
{
    if (asked->seen) {
        *version = strtoll(asked->seen, NULL, 10);
        return true;
    }
    json_t *answer = remote_call(remote, false, "rules", error);
    *version = json_integer_value(json_object_get(answer, "version"));
    bool good = answer != NULL;
    json_decref(answer);
    return good;
}

static void say_done(const struct session *session, json_t *answer, const char *done)
{
    if (*remote_text(answer, "warning")) {
        fputs("weirctl: ", stderr);
        printable_put(stderr, span_of(remote_text(answer, "warning")), PRINTABLE_LINE);
        putc('\n', stderr);
        json_object_del(answer, "warning");
    }
    if (session->json) {
        remote_print_json(answer);
        return;
    }
    printf("%s: ", done);
    printable_put(stdout, span_of(remote_text(answer, done)), PRINTABLE_LINE);
    puts("\nwhat is held there stays held until it is released; 'weirctl held reapply' on that "
         "machine tells what would not be held any more");
}

static int change(struct session *session, const struct rules_asked *asked)
{
    struct error error = {0};
    json_int_t version;
    bool applies = !strcmp(asked->verb, "apply");
    json_t *answer = NULL, *object = json_object();
    struct remote *remote = remote_open(session->gateway, &error);
    if (remote && read_version(remote, asked, &version, &error)) {
        json_object_set_new(object, "version", json_integer(version));
        if (applies)
            json_object_set_new(object, "text", json_string(asked->content));
        answer = remote_send(remote, applies ? "rules/apply" : "rules/undo", object, &error);
    }
    json_decref(object);
    remote_close(remote);
    if (!answer)
        return session_complain(&error);
    say_done(session, answer, applies ? "applied" : "undone");
    json_decref(answer);
    return EX_OK;
}

int rules_remote(struct session *session, const struct rules_asked *asked)
{
    if (!strcmp(asked->verb, "show"))
        return show(session, asked);
    if (!strcmp(asked->verb, "history"))
        return history(session);
    return !strcmp(asked->verb, "preview") ? preview(session, asked) : change(session, asked);
}
