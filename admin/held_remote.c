#include "admin/held_remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/records_text.h"
#include "store/memory.h"

#define PAGE ((size_t)200)

/* "bob@box.test,eve@box.test" */
static char *recipients_of(const json_t *item)
{
    char *text = NULL;
    size_t length, i;
    json_t *recipient;
    FILE *out = open_memstream(&text, &length);
    const json_t *recipients = json_object_get(item, "recipients");
    if (json_is_string(recipients)) /* as a record has it */
        fputs(json_string_value(recipients), out);
    json_array_foreach(recipients, i, recipient)
        fprintf(out, "%s%s", i ? "," : "", json_string_value(recipient));
    fclose(out);
    return text;
}

/* What a line shows of the item, lent by it and by `*recipients`, which is the caller's. False: it
 * is none that this weirctl knows. */
static bool read_line(const json_t *item, enum front *front, struct held *held, char **recipients)
{
    *recipients = recipients_of(item);
    *held = (struct held){.log_odds = json_number_value(json_object_get(item, "log_odds")),
                          .sender = remote_text(item, "sender"),
                          .recipients = *recipients,
                          .subject = remote_text(item, "subject")};
    const json_t *time_s = json_object_get(item, "held_s"); /* "time" in a record */
    held->time_s = json_integer_value(time_s ? time_s : json_object_get(item, "time"));
    return records_text_is_held_id(remote_text(item, "id"), front, &held->id) &&
           held_state_from_name(remote_text(item, "state"), &held->state);
}

static void print_line(const json_t *item)
{
    struct held held;
    enum front front;
    char *recipients;
    if (read_line(item, &front, &held, &recipients))
        records_text_held_line(front, &held);
    free(recipients);
}

/* --- lists --- */

/* "held?stream=mail&sender=…"; the caller's. */
static char *path_of(enum front front, const struct held_asked *asked)
{
    char *text = NULL;
    size_t length;
    struct held_words words = asked->words;
    FILE *out = open_memstream(&text, &length);
    bool first = true;
    words.channel = session_streams[front];
    fputs("held", out);
    for (size_t i = 0; i < HELD_WORDS; i++)
        remote_put_parameter(out, &first, held_word_names[i].parameter,
                             *held_word_of(&words, &held_word_names[i]));
    fclose(out);
    return text;
}

static bool visit_item(const json_t *item, bool records, held_visit_row *visit, void *context)
{
    struct held held;
    char *recipients;
    struct held_row row = {FRONT_MAIL, &held, records ? item : NULL};
    bool go_on = !read_line(item, &row.front, &held, &recipients) || visit(context, &row);
    free(recipients);
    return go_on;
}

/* False: the visitor has enough. */
static bool visit_items(const json_t *items, bool records, size_t *left, held_visit_row *visit,
                        void *context)
{
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item)
    {
        *left -= *left != SIZE_MAX;
        if (!visit_item(item, records, visit, context))
            return false;
    }
    return true;
}

bool held_remote_page(struct remote *remote, bool records, enum front front,
                      const struct held_asked *asked, int64_t before_id, size_t *left,
                      held_visit_row *visit, void *context, struct error *error)
{
    char after[80] = "";
    char *base = path_of(front, asked), *path = memory_new(strlen(base) + 200);
    bool good = true, go_on = true;
    if (before_id)
        snprintf(after, sizeof after, front == FRONT_MAIL ? "m%lld.f0" : "m0.f%lld",
                 (long long)before_id);
    while (good && go_on && *left) {
        snprintf(path, strlen(base) + 200, "%s&limit=%zu%s%s%s", base, *left < PAGE ? *left : PAGE,
                 records ? "&form=record" : "", *after ? "&after=" : "", after);
        json_t *page = remote_call(remote, false, path, error);
        good = page != NULL;
        go_on = visit_items(json_object_get(page, "items"), records, left, visit, context);
        snprintf(after, sizeof after, "%s", remote_text(page, "next"));
        json_decref(page);
        go_on = go_on && *after;
    }
    free(base);
    free(path);
    return good;
}

bool held_remote_count(const struct session *session, const struct held_asked *asked,
                       int64_t *count, struct error *error)
{
    struct remote *remote = remote_open(session->gateway, error);
    bool good = remote != NULL;
    for (int front = 0; good && front < FRONTS; front++) {
        if (!asked->wish.fronts[front])
            continue;
        char *base = path_of((enum front)front, asked), *path = memory_new(strlen(base) + 20);
        sprintf(path, "%s&form=count", base);
        json_t *answer = remote_call(remote, false, path, error);
        good = answer != NULL;
        *count += json_integer_value(json_object_get(answer, "count"));
        json_decref(answer);
        free(base);
        free(path);
    }
    remote_close(remote);
    return good;
}

/* --- entries by their ids --- */

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
        remote_print_json(item);
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

/* `said`: what came of it; NULL: it was so already. All is the gateway's words. */
static void print_deed(const char *id, const char *state, const char *undone, const char *said)
{
    records_text_plain(id);
    fputs(": ", stdout);
    if (*undone) {
        records_text_plain(undone);
        fputs(said ? " undone: " : " undone", stdout);
    }
    if (said)
        records_text_plain(said);
    else if (!*undone)
        records_text_plain(state);
    puts(said ? "" : " already");
}

static int print_outcome(const struct session *session, const json_t *answer)
{
    const char *id = remote_text(answer, "id"), *state = remote_text(answer, "state");
    const char *warning = remote_text(answer, "warning");
    const char *said = remote_text(answer, "said"), *undone = remote_text(answer, "undone");
    bool changed = json_is_true(json_object_get(answer, "changed"));
    enum error_class failed = error_class_of_name(remote_text(answer, "failed"));
    struct error error = {0};
    if (session->json)
        records_text_outcome_json(id, state, changed);
    else
        print_deed(id, state, undone, changed ? said : NULL);
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
