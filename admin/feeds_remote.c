#include "admin/feeds_remote.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/feeds_reader.h"
#include "admin/remote.h"
#include "core/printable.h"
#include "core/text.h"
#include "store/memory.h"

#define PAGE "1000"

/* --- list --- */

static int64_t number_of(const json_t *item, const char *key)
{
    return json_integer_value(json_object_get(item, key));
}

static void take_feed(struct feed_listed *feed, const json_t *item)
{
    *feed = (struct feed_listed){
        .name = memory_text(remote_text(item, "name")),
        .place = memory_text(remote_text(item, "place")),
        .url = memory_text(remote_text(item, "url")),
        .credentials = json_is_true(json_object_get(item, "credentials")),
        .title = memory_text(remote_text(item, "title")),
        .category = memory_text(remote_text(item, "category")),
        .mode = memory_text(remote_text(item, "mode")),
        .readers = memory_text(remote_text(item, "readers")),
        .state = memory_text(remote_text(item, "state")),
        .trouble = memory_text(remote_text(item, "trouble")),
        .found = memory_text(remote_text(item, "found")),
        .moved = memory_text(remote_text(item, "moved")),
        .added_s = number_of(item, "added_s"),
        .checked_s = number_of(item, "checked_s"),
        .next_poll_s = number_of(item, "next_poll_s"),
        .items = number_of(item, "items"),
        .held = number_of(item, "held"),
        .tagged = number_of(item, "tagged"),
        .put_back = number_of(item, "put_back"),
        .duplicates = number_of(item, "duplicates"),
    };
}

static void take_page(struct feeds_list *list, const json_t *page)
{
    const json_t *items = json_object_get(page, "items");
    size_t i, count = json_array_size(items);
    json_t *item;
    list->items = memory_resize(list->items, (list->count + count + 1) * sizeof *list->items);
    json_array_foreach(items, i, item) take_feed(&list->items[list->count++], item);
}

bool feeds_remote_list(struct session *session, struct feeds_list *list, struct error *error)
{
    struct remote *remote = remote_open(session->gateway, error);
    char path[80] = "feeds?limit=" PAGE;
    bool good = remote != NULL, more = good;
    while (more) {
        json_t *page = remote_call(remote, false, path, error);
        good = page != NULL;
        if (good)
            take_page(list, page);
        more = good && *remote_text(page, "next");
        snprintf(path, sizeof path, "feeds?limit=" PAGE "&after=%.20s",
                 good ? remote_text(page, "next") : "");
        json_decref(page);
    }
    remote_close(remote);
    return good;
}

/* --- add, change, remove --- */

/* Sends the members that are there; NULL and said why in `error`. */
static json_t *send_members(struct session *session, const char *path,
                            const char *const members[][2], size_t count, struct error *error)
{
    json_t *object = json_object(), *answer = NULL;
    bool good = true;
    for (size_t i = 0; i < count; i++)
        if (members[i][1])
            good = good && !json_object_set_new(object, members[i][0], json_string(members[i][1]));
    if (!good)
        error_set(error, ERROR_INPUT, "what is sent to a gateway must be UTF-8");
    struct remote *remote = good ? remote_open(session->gateway, error) : NULL;
    if (remote)
        answer = remote_send(remote, path, object, error);
    json_decref(object);
    remote_close(remote);
    return answer;
}

/* A text of the gateway's, which must not steer the terminal. */
static void put_text(const json_t *answer, const char *key)
{
    printable_put(stdout, span_of(remote_text(answer, key)), PRINTABLE_LINE);
}

static void say_done(const char *verb, const json_t *answer)
{
    put_text(answer, "name");
    if (!strcmp(verb, "add")) {
        fputs(" is subscribed to: ", stdout);
        put_text(answer, "public_url");
        fputs("/f/", stdout);
        put_text(answer, "name");
        putchar('\n');
    } else {
        puts(!strcmp(verb, "change") ? " is changed" : " is no longer subscribed to");
    }
}

int feeds_remote_do(struct session *session, const char *verb, const struct feed_record *feed)
{
    struct error error = {0};
    char path[40];
    const char *const members[][2] = {{"name", feed->name},         {"url", feed->url},
                                      {"mode", feed->mode},         {"title", feed->title},
                                      {"category", feed->category}, {"readers", feed->readers}};
    snprintf(path, sizeof path, "feeds/%s", verb);
    json_t *answer = send_members(session, path, members, sizeof members / sizeof *members, &error);
    if (!answer) {
        error_prefix(&error, "feed %.80s", feed->name);
        return session_complain(&error);
    }
    if (*remote_text(answer, "warning")) {
        fprintf(stderr, "%s: feed %s: ", session_program, feed->name);
        printable_put(stderr, span_of(remote_text(answer, "warning")), PRINTABLE_LINE);
        putc('\n', stderr);
    }
    if (!session->json)
        say_done(verb, answer);
    json_decref(answer);
    return EX_OK;
}

/* --- import, export --- */

static void tell_outlines(const json_t *answer, struct feeds_import *import)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(answer, "outlines"), i, item)
    {
        const char *outcome = remote_text(item, "outcome");
        char *why = NULL;
        size_t length = 0;
        FILE *out = memory_checked(open_memstream(&why, &length));
        printable_put(out, span_of(remote_text(item, "why")), PRINTABLE_LINE);
        fclose(out);
        struct feeds_outline outline = {.line = (int)number_of(item, "line"),
                                        .outcome = !strcmp(outcome, "added")   ? FEEDS_ADDED
                                                   : !strcmp(outcome, "known") ? FEEDS_KNOWN
                                                                               : FEEDS_BAD,
                                        .why = length ? why : NULL};
        import->tell(import->context, &outline);
        free(why);
    }
}

bool feeds_remote_import(struct session *session, struct span opml, struct feeds_import *import,
                         struct error *error)
{
    if (!text_is_utf8(opml))
        return error_set(error, ERROR_INPUT,
                         "is no UTF-8, which it must be with --gateway: iconv makes it so");
    json_t *object = json_pack("{s:s%, s:s, s:b}", "text", opml.data, opml.length, "mode",
                               import->mode, "partial", import->partial),
           *answer = NULL;
    struct remote *remote = remote_open(session->gateway, error);
    if (remote)
        answer =
            remote_send(remote, import->dry_run ? "feeds/preview" : "feeds/import", object, error);
    json_decref(object);
    remote_close(remote);
    if (!answer)
        return false;
    tell_outlines(answer, import);
    import->added = (size_t)number_of(answer, "added");
    import->known = (size_t)number_of(answer, "known");
    import->bad = (size_t)number_of(answer, "bad");
    import->raw_line = (int)number_of(answer, "raw_line");
    bool good = json_is_true(json_object_get(answer, "good"));
    if (*remote_text(answer, "trouble"))
        error_set(error, ERROR_INPUT, "%.400s", remote_text(answer, "trouble"));
    json_decref(answer);
    return good;
}

bool feeds_remote_export(struct session *session, FILE *out, size_t *left_out, size_t *secrets,
                         struct error *error)
{
    struct remote *remote = remote_open(session->gateway, error);
    json_t *answer = remote ? remote_call(remote, false, "feeds/export", error) : NULL;
    remote_close(remote);
    if (!answer)
        return false;
    fputs(remote_text(answer, "text"), out);
    *left_out = (size_t)number_of(answer, "left_out");
    *secrets = (size_t)number_of(answer, "without_password");
    json_decref(answer);
    return true;
}

/* --- readers --- */

static int list_readers(struct session *session)
{
    struct error error = {0};
    size_t i;
    json_t *item;
    struct remote *remote = remote_open(session->gateway, &error);
    json_t *answer = remote ? remote_call(remote, false, "feeds/readers", &error) : NULL;
    json_array_foreach(json_object_get(answer, "items"), i, item)
        feeds_reader_print(session, remote_text(item, "name"), number_of(item, "added_s"));
    json_decref(answer);
    remote_close(remote);
    return answer ? EX_OK : session_complain(&error);
}

int feeds_remote_reader(struct session *session, const char *verb, const char *name)
{
    struct error error = {0};
    bool adds = !strcmp(verb, "add");
    const char *const members[][2] = {{"name", name}};
    if (!strcmp(verb, "list"))
        return list_readers(session);
    json_t *answer = send_members(session, adds ? "feeds/reader-add" : "feeds/reader-remove",
                                  members, 1, &error);
    if (!answer)
        return session_complain(&error);
    if (adds)
        feeds_reader_print_added(session, name, remote_text(answer, "token"),
                                 remote_text(answer, "public_url"));
    else if (!session->json)
        printf("the addresses of %s are not found any more\n", name);
    json_decref(answer);
    return EX_OK;
}
