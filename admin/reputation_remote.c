#include "admin/reputation_remote.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/remote.h"
#include "admin/reputation_file.h"
#include "core/printable.h"

/* An answer has no more. */
#define LIST_MOST "1000"

/* Of a request; the console takes four times as much, and escapes may double it. */
#define SEND_BYTES ((size_t)1 << 20)

static char *path_of(const struct reputation_asked *asked, bool list, bool as_json)
{
    char *path = NULL;
    size_t length;
    bool first = true;
    FILE *out = open_memstream(&path, &length);
    fprintf(out, list ? "reputation" : "reputation/%s", asked->verb);
    remote_put_parameter(out, &first, "type", asked->type);
    remote_put_parameter(out, &first, "value", asked->value);
    remote_put_parameter(out, &first, "min", asked->least);
    remote_put_parameter(out, &first, "limit", asked->limit);
    remote_put_parameter(out, &first, "form", as_json ? NULL : "text");
    fclose(out);
    return path;
}

/* The gateway's words, which must not steer the terminal. */
static bool print_text(const json_t *answer, struct error *error)
{
    const json_t *text = json_object_get(answer, "text");
    if (!json_is_string(text))
        return error_set(error, ERROR_INPUT,
                         "the gateway's weir is older than this one: --json works with it");
    printable_put(stdout, span_of(json_string_value(text)), PRINTABLE_LINES);
    return true;
}

static void print_items(const json_t *answer)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(answer, "items"), i, item) remote_print_json(item);
}

static json_t *ask(struct session *session, const struct reputation_asked *asked, bool list,
                   struct error *error)
{
    struct remote *remote = remote_open(session->gateway, error);
    char *path = path_of(asked, list, session->json);
    json_t *answer = remote ? remote_call(remote, false, path, error) : NULL;
    free(path);
    remote_close(remote);
    return answer;
}

/* --- lists --- */

static void tell_of_more(const char *text)
{
    unsigned lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    if (lines == strtoul(LIST_MOST, NULL, 10))
        fputs("weirctl: these are the " LIST_MOST " heaviest; reputation export has all of them\n",
              stderr);
}

static int list(struct session *session, struct reputation_asked asked)
{
    struct error error = {0};
    bool all = !asked.limit && !strcmp(asked.verb, "list");
    if (asked.limit && strtoul(asked.limit, NULL, 10) > strtoul(LIST_MOST, NULL, 10))
        return session_usage("reputation %s: --limit is " LIST_MOST
                             " at most with --gateway; reputation export has all of them",
                             asked.verb);
    asked.limit = asked.limit ? asked.limit : all ? LIST_MOST : "20";
    json_t *answer = ask(session, &asked, true, &error);
    bool good = answer != NULL;
    if (good && session->json)
        print_items(answer);
    else if (good && (good = print_text(answer, &error)) && all)
        tell_of_more(remote_text(answer, "text"));
    json_decref(answer);
    return good ? EX_OK : session_complain(&error);
}

/* --- one --- */

static void tell_warning(const json_t *answer)
{
    if (!*remote_text(answer, "warning"))
        return;
    fputs("weirctl: ", stderr);
    printable_put(stderr, span_of(remote_text(answer, "warning")), PRINTABLE_LINE);
    putc('\n', stderr);
}

static int show(struct session *session, const struct reputation_asked *asked)
{
    struct error error = {0};
    json_t *answer = ask(session, asked, false, &error);
    bool good = answer != NULL;
    if (good && !session->json)
        good = print_text(answer, &error);
    else if (good && !strcmp(asked->verb, "history"))
        print_items(answer);
    else if (good)
        remote_print_json(answer);
    if (good)
        tell_warning(answer);
    json_decref(answer);
    return good ? EX_OK : session_complain(&error);
}

static json_t *change_of(const struct reputation_asked *asked)
{
    json_t *object = json_pack("{s:s, s:s}", "type", asked->type, "value", asked->value);
    if (object && asked->log_odds && strcmp(asked->log_odds, "learned") != 0)
        json_object_set_new(object, "log_odds", json_real(strtod(asked->log_odds, NULL)));
    if (object && asked->days)
        json_object_set_new(object, "days", json_real(strtod(asked->days, NULL)));
    return object;
}

static bool tell_of_change(const struct session *session, const struct reputation_asked *asked,
                           json_t *answer, struct error *error)
{
    bool changed = json_is_true(json_object_get(answer, "changed"));
    tell_warning(answer);
    if (!strcmp(asked->verb, "forget")) {
        if (session->json)
            printf("{\"forgotten\":%s}\n", changed ? "true" : "false");
        else
            puts(changed ? "forgotten" : "nothing was known");
        return true;
    }
    if (!session->json)
        return print_text(answer, error);
    json_object_del(answer, "changed"); /* as it is printed on that machine itself */
    json_object_del(answer, "text");
    json_object_del(answer, "warning");
    remote_print_json(answer);
    return true;
}

static int change(struct session *session, const struct reputation_asked *asked)
{
    struct error error = {0};
    char path[40];
    bool learned = asked->log_odds && !strcmp(asked->log_odds, "learned");
    json_t *object = change_of(asked), *answer = NULL;
    struct remote *remote = object ? remote_open(session->gateway, &error) : NULL;
    if (!object)
        error_set(&error, ERROR_INPUT, "type and value must be UTF-8");
    snprintf(path, sizeof path, "reputation/%s", learned ? "learned" : asked->verb);
    if (remote)
        answer = remote_send(remote, path, object, &error);
    bool good = answer && tell_of_change(session, asked, answer, &error);
    json_decref(object);
    json_decref(answer);
    remote_close(remote);
    return good ? EX_OK : session_complain(&error);
}

int reputation_remote(struct session *session, const struct reputation_asked *asked)
{
    const char *verb = asked->verb;
    if (!strcmp(verb, "list") || !strcmp(verb, "top"))
        return list(session, *asked);
    return !strcmp(verb, "set") || !strcmp(verb, "pin") || !strcmp(verb, "forget")
               ? change(session, asked)
               : show(session, asked);
}

/* --- all of them --- */

static char *page_path(const char *type, bool as_json, const char *after)
{
    char *path = NULL;
    size_t length;
    bool first = true;
    FILE *out = open_memstream(&path, &length);
    fputs("reputation/export", out);
    remote_put_parameter(out, &first, "type", type);
    remote_put_parameter(out, &first, "form", as_json ? "json" : "csv");
    remote_put_parameter(out, &first, "after", after);
    fclose(out);
    return path;
}

int reputation_remote_export(struct session *session, const char *type, bool as_json)
{
    struct error error = {0};
    struct remote *remote = remote_open(session->gateway, &error);
    json_t *page = NULL;
    bool good = remote != NULL, more = good;
    while (more) {
        char *path = page_path(type, as_json, page ? remote_text(page, "next") : NULL);
        json_decref(page);
        page = remote_call(remote, false, path, &error);
        free(path);
        good = page != NULL;
        if (good)
            fputs(remote_text(page, "text"), stdout);
        more = good && *remote_text(page, "next") && !ferror(stdout);
    }
    json_decref(page);
    remote_close(remote);
    return good ? EX_OK : session_complain(&error);
}

struct sending {
    struct remote *remote;
    const struct reputation_import *import;
    struct json_writer lines;
    uint64_t sent, waiting;
};

static bool send_lines(struct sending *sending, struct error *error)
{
    json_t *object = json_pack("{s:s%, s:I}", "text", sending->lines.data, sending->lines.length,
                               "after", (json_int_t)sending->sent),
           *answer;
    answer = object ? remote_send(sending->remote, "reputation/import", object, error) : NULL;
    if (!object)
        error_set(error, ERROR_BUG, "the lines to send are no UTF-8");
    if (!answer && sending->sent)
        error_prefix(error, "%" PRIu64 " of %" PRIu64 " were imported", sending->sent,
                     sending->import->rows);
    sending->sent += sending->waiting;
    sending->waiting = 0;
    if (answer)
        tell_warning(answer);
    json_writer_free(&sending->lines);
    json_decref(object);
    json_decref(answer);
    return answer != NULL;
}

static bool send_some(void *context, const struct identity *identities,
                      const struct reputation_counts *counts, size_t n, struct error *error)
{
    struct sending *sending = context;
    for (size_t i = 0; i < n; i++)
        reputation_file_put_json(&sending->lines, &identities[i], &counts[i]);
    sending->waiting += n;
    return !sending->waiting || (n && sending->lines.length < SEND_BYTES) ||
           (reputation_import_goes_on(sending->import, sending->sent, error) &&
            send_lines(sending, error));
}

bool reputation_remote_import(struct session *session, struct reputation_import *import,
                              struct error *error)
{
    struct sending sending = {.remote = remote_open(session->gateway, error), .import = import};
    bool good = sending.remote && reputation_import_give(import, send_some, &sending, error);
    json_writer_free(&sending.lines);
    remote_close(sending.remote);
    return good;
}
