#include "admin/held_remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/records_text.h"
#include "admin/remote.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void print_json(const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(15));
    puts(text ? text : "null");
    free(text);
}

/* "bob@box.test,eve@box.test" */
static char *recipients_of(const json_t *item)
{
    char *text = NULL;
    size_t length, i;
    json_t *recipient;
    FILE *out = open_memstream(&text, &length);
    json_array_foreach(json_object_get(item, "recipients"), i, recipient)
        fprintf(out, "%s%s", i ? "," : "", json_string_value(recipient));
    fclose(out);
    return text;
}

static void print_line(const json_t *item)
{
    enum front front;
    int64_t number;
    char *recipients = recipients_of(item);
    struct held held = {.time_s = json_integer_value(json_object_get(item, "held_s")),
                        .log_odds = json_number_value(json_object_get(item, "log_odds")),
                        .sender = text_of(item, "sender"),
                        .recipients = recipients,
                        .subject = text_of(item, "subject")};
    if (records_text_is_held_id(text_of(item, "id"), &front, &number) &&
        held_state_from_name(text_of(item, "state"), &held.state)) {
        held.id = number;
        records_text_held_line(front, &held);
    }
    free(recipients);
}

/* All pages of one stream, newest first. */
static bool read_pages(struct remote *remote, const char *stream, const char *state, bool records,
                       json_t *items, struct error *error)
{
    char path[200], after[80] = "";
    for (;;) {
        snprintf(path, sizeof path, "held?limit=200&stream=%s&state=%.40s%s%s%s", stream, state,
                 records ? "&form=record" : "", *after ? "&after=" : "", after);
        json_t *page = remote_call(remote, false, path, error);
        if (!page)
            return false;
        json_array_extend(items, json_object_get(page, "items"));
        snprintf(after, sizeof after, "%s", text_of(page, "next"));
        json_decref(page);
        if (!*after)
            return true;
    }
}

/* Oldest first; how many. */
static size_t print_items(const struct session *session, const json_t *items)
{
    for (size_t i = json_array_size(items); i > 0; i--) {
        const json_t *item = json_array_get(items, i - 1);
        if (session->json)
            print_json(item);
        else
            print_line(item);
    }
    return json_array_size(items);
}

int held_remote_list(const struct session *session, const char *state)
{
    static const char *const streams[FRONTS] = {[FRONT_MAIL] = "mail", [FRONT_FEED] = "feeds"};
    struct error error = {0};
    struct remote *remote = remote_open(session->gateway, &error);
    int status = remote ? EX_OK : session_complain(&error);
    size_t count = 0;
    for (int front = 0; front < FRONTS && status == EX_OK; front++) {
        json_t *items = json_array();
        if (!read_pages(remote, streams[front], state, session->json, items, &error))
            status = session_complain(&error);
        count += print_items(session, items);
        json_decref(items);
    }
    if (status == EX_OK && !count && !session->json)
        puts("nothing is held");
    remote_close(remote);
    return status;
}

/* Asks for each id, and prints what is answered; the worst exit code. */
static int for_each(const struct session *session, const char *suffix, bool post, int count,
                    char **ids, int (*print)(const struct session *session, const json_t *answer))
{
    struct error error = {0};
    struct remote *remote = remote_open(session->gateway, &error);
    int worst = remote ? EX_OK : session_complain(&error);
    for (int i = 0; remote && i < count; i++) {
        char path[120];
        enum front front;
        int64_t number;
        json_t *answer = NULL;
        snprintf(path, sizeof path, "held/%.40s%s", ids[i], suffix);
        if (!records_text_is_held_id(ids[i], &front, &number))
            error_set(&error, ERROR_INPUT, "%.60s: no id, as m12 or f7 is one", ids[i]);
        else
            answer = remote_call(remote, post, path, &error);
        int status = answer ? print(session, answer) : session_complain(&error);
        worst = status > worst ? status : worst;
        json_decref(answer);
    }
    remote_close(remote);
    return worst;
}

static int print_entry(const struct session *session, const json_t *item)
{
    if (session->json) {
        print_json(item);
        return EX_OK;
    }
    print_line(item);
    char *verdict = json_dumps(json_object_get(item, "verdict"), JSON_COMPACT);
    records_text_evidence(verdict ? verdict : "");
    free(verdict);
    return EX_OK;
}

int held_remote_show(const struct session *session, int count, char **ids)
{
    return for_each(session, session->json ? "?form=record" : "", false, count, ids, print_entry);
}

static int print_outcome(const struct session *session, const json_t *answer)
{
    const char *id = text_of(answer, "id"), *state = text_of(answer, "state");
    const char *warning = text_of(answer, "warning");
    bool changed = json_is_true(json_object_get(answer, "changed"));
    enum error_class failed = error_class_of_name(text_of(answer, "failed"));
    struct error error = {0};
    if (session->json)
        records_text_outcome_json(id, state, changed);
    else
        printf("%s: %s%s\n", id, state, changed ? "" : " already");
    if (!*warning)
        return EX_OK;
    error_set(&error, failed, "%s: %s", id, warning);
    int status = session_complain(&error);
    return failed == ERROR_NONE ? EX_OK : status;
}

int held_remote_do(const struct session *session, const char *deed, int count, char **ids)
{
    char suffix[32];
    snprintf(suffix, sizeof suffix, "/%s", deed);
    return for_each(session, suffix, true, count, ids, print_outcome);
}
