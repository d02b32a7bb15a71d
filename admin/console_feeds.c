#include "admin/console_api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/feeds_change.h"
#include "admin/feeds_list.h"
#include "core/url.h"
#include "store/memory.h"

#define LISTED 200
#define LISTED_MOST 100000
#define OUTLINES_TOLD 200 /* of each outcome; all are counted */

/* --- list, export --- */

static bool read_list(struct session *session, struct feeds_list *list, struct error *error)
{
    struct records *records;
    return console_open_records(session, FRONT_FEED, &records, error) &&
           feeds_list_read(session, list, error);
}

/* "https://x.example/rss?key=1" becomes "https://x.example". */
static void keep_origin(char *url)
{
    char *host = strstr(url, "://");
    if (host)
        host[3 + strcspn(host + 3, "/?#\\")] = '\0';
    else
        *url = '\0';
}

/* Addresses of feeds may hold a key of whoever subscribed, in their path or query; who reads what
 * is nobody else's business. It goes before anybody searches: what is found tells, too. */
static void keep_secrets(struct feeds_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct feed_listed *feed = &list->items[i];
        keep_origin(feed->url);
        keep_origin(feed->found);
        keep_origin(feed->moved);
        *feed->readers = '\0';
    }
}

/* What of the list is asked for. */
struct wish {
    const char *name, *part; /* NULL: any */
    size_t after, limit;
};

static bool is_wanted(const struct feed_listed *feed, const struct wish *wish)
{
    const char *part = wish->part;
    if (wish->name && strcmp(wish->name, feed->name) != 0)
        return false;
    return !part || strcasestr(feed->name, part) || strcasestr(feed->title, part) ||
           strcasestr(feed->url, part) || strcasestr(feed->category, part);
}

/* A page of those that are wanted, from number `after` of them on; how many there are in all. */
static size_t put_items(struct json_writer *json, const struct feeds_list *list,
                        const struct wish *wish)
{
    size_t count = 0;
    json_put_open(json, "items", '[');
    for (size_t i = 0; i < list->count; i++) {
        if (!is_wanted(&list->items[i], wish))
            continue;
        if (count >= wish->after && count - wish->after < wish->limit)
            feeds_list_put(json, &list->items[i]);
        count++;
    }
    json_put_close(json, ']');
    return count;
}

static bool read_after(const struct console_request *request, size_t *after,
                       struct console_answer *answer)
{
    const char *text = console_parameter(request, "after");
    size_t length = text ? strspn(text, "0123456789") : 0;
    *after = text ? strtoul(text, NULL, 10) : 0;
    if (!text || (length > 0 && length < 10 && !text[length]))
        return true;
    console_refuse(answer, MHD_HTTP_BAD_REQUEST, "after is the next of the page before");
    return false;
}

void console_feeds(struct session *session, const struct console_request *request, const char *rest,
                   struct console_answer *answer)
{
    struct error error = {0};
    struct feeds_list list = {0};
    struct wish wish = {.name = console_parameter(request, "name"),
                        .part = console_parameter(request, "q")};
    if (*rest) {
        console_refuse(answer, MHD_HTTP_NOT_FOUND, "there is no such call");
        return;
    }
    if (!console_limit(request, LISTED, LISTED_MOST, &wish.limit, answer) ||
        !read_after(request, &wish.after, answer))
        return;
    if (read_list(session, &list, &error)) {
        if (request->caller->role != CONSOLE_ADMIN)
            keep_secrets(&list);
        char next[24] = "";
        json_put_open(&answer->json, NULL, '{');
        size_t count = put_items(&answer->json, &list, &wish);
        if (count > wish.after && count - wish.after > wish.limit)
            snprintf(next, sizeof next, "%zu", wish.after + wish.limit);
        json_put_integer(&answer->json, "count", (int64_t)count);
        json_put_string(&answer->json, "next", span_of(next));
        json_put_string(&answer->json, "public_url",
                        span_of(session->config->feedfilter.public_url));
        json_put_close(&answer->json, '}');
    } else {
        console_refuse_error(answer, &error);
    }
    feeds_list_clear(&list);
}

void console_feeds_export(struct session *session, const struct console_request *request,
                          const char *rest, struct console_answer *answer)
{
    struct error error = {0};
    struct feeds_list list = {0};
    char *text = NULL;
    size_t length, left_out, secrets = 0;
    (void)request, (void)rest;
    if (read_list(session, &list, &error)) {
        FILE *out = memory_checked(open_memstream(&text, &length));
        feeds_list_opml(&list, "weir", out, &left_out);
        fclose(out);
        for (size_t i = 0; i < list.count; i++)
            secrets += list.items[i].credentials;
        json_put_open(&answer->json, NULL, '{');
        json_put_string(&answer->json, "text", (struct span){text, length});
        json_put_integer(&answer->json, "left_out", (int64_t)left_out);
        json_put_integer(&answer->json, "without_password", (int64_t)secrets);
        json_put_close(&answer->json, '}');
        free(text);
    } else {
        console_refuse_error(answer, &error);
    }
    feeds_list_clear(&list);
}

/* --- add, change, remove --- */

static const char * or (const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

static bool deed(struct session *session, const struct console_request *request, const char *rest,
                 char name[SUBSCRIPTION_NAME_MAX + 1], const char **warning, struct error *error)
{
    const char *who = request->caller->name;
    struct feed_record feed = {.name = or (console_member(request, "name"), ""),
                               .url = console_member(request, "url"),
                               .mode = console_member(request, "mode"),
                               .title = console_member(request, "title"),
                               .category = console_member(request, "category"),
                               .readers = console_member(request, "readers")};
    snprintf(name, SUBSCRIPTION_NAME_MAX + 1, "%s", feed.name);
    if (!feeds_open(session, error))
        return false;
    if (!strcmp(rest, "remove"))
        return feeds_remove(session, feed.name, who, error);
    if (!strcmp(rest, "change"))
        return feeds_change(session, &feed, who, warning, error);
    feed.url = or (feed.url, "");
    feed.mode = or (feed.mode, "hold");
    feed.title = or (feed.title, "");
    feed.category = or (feed.category, "");
    feed.readers = or (feed.readers, "");
    return feeds_add(session, &feed, who, name, error);
}

void console_feeds_write(struct session *session, const struct console_request *request,
                         const char *rest, struct console_answer *answer)
{
    struct error error = {0};
    char name[SUBSCRIPTION_NAME_MAX + 1];
    const char *warning = NULL;
    if (!deed(session, request, rest, name, &warning, &error)) {
        console_refuse_error(answer, &error);
        return;
    }
    json_put_open(&answer->json, NULL, '{');
    json_put_string(&answer->json, "name", span_of(name));
    json_put_string(&answer->json, "public_url", span_of(session->config->feedfilter.public_url));
    if (warning)
        json_put_string(&answer->json, "warning", span_of(warning));
    json_put_close(&answer->json, '}');
}

/* --- readers with addresses of their own --- */

static void put_reader(void *context, const struct reader_record *reader)
{
    struct json_writer *json = context;
    json_put_open(json, NULL, '{');
    json_put_string(json, "name", span_of(reader->name));
    json_put_integer(json, "added_s", reader->added_s);
    json_put_close(json, '}');
}

void console_feeds_readers(struct session *session, const struct console_request *request,
                           const char *rest, struct console_answer *answer)
{
    struct error error = {0};
    (void)request, (void)rest;
    if (!feeds_open(session, &error)) {
        console_refuse_error(answer, &error);
        return;
    }
    json_put_open(&answer->json, NULL, '{');
    json_put_open(&answer->json, "items", '[');
    bool good =
        records_readers_visit(session->records[FRONT_FEED], put_reader, &answer->json, &error);
    json_put_close(&answer->json, ']');
    json_put_close(&answer->json, '}');
    if (!good) {
        answer->json.length = 0;
        console_refuse_error(answer, &error);
    }
}

void console_feeds_reader(struct session *session, const struct console_request *request,
                          const char *rest, struct console_answer *answer)
{
    struct error error = {0};
    char token[READER_TOKEN_SIZE] = "";
    const char *name = or (console_member(request, "name"), ""), *who = request->caller->name;
    bool adds = !strcmp(rest, "reader-add");
    if (!feeds_open(session, &error) || !(adds ? feeds_reader_add(session, name, who, token, &error)
                                               : feeds_reader_remove(session, name, who, &error))) {
        console_refuse_error(answer, &error);
        return;
    }
    json_put_open(&answer->json, NULL, '{');
    json_put_string(&answer->json, "name", span_of(name));
    if (adds)
        json_put_string(&answer->json, "token", span_of(token));
    json_put_string(&answer->json, "public_url", span_of(session->config->feedfilter.public_url));
    json_put_close(&answer->json, '}');
}

/* --- import, and what it would do --- */

struct telling {
    struct json_writer *json;
    struct arena *arena;
    size_t told[FEEDS_BAD + 1];
};

static void tell(void *context, const struct feeds_outline *outline)
{
    static const char *const outcomes[] = {"added", "known", "bad"};
    struct telling *telling = context;
    if (telling->told[outline->outcome]++ >= OUTLINES_TOLD)
        return;
    json_put_open(telling->json, NULL, '{');
    json_put_integer(telling->json, "line", outline->line);
    json_put_string(telling->json, "outcome", span_of(outcomes[outline->outcome]));
    if (outline->name)
        json_put_string(telling->json, "name", span_of(outline->name));
    if (outline->url)
        json_put_string(telling->json, "url",
                        url_without_user(telling->arena, span_of(outline->url)));
    if (outline->why)
        json_put_string(telling->json, "why", span_of(outline->why));
    json_put_close(telling->json, '}');
}

/* A member of JSON is UTF-8, whatever the OPML in it says that the file was: the mark overrules it.
 * The caller frees it. */
static char *with_byte_order_mark(const json_t *text, size_t *length)
{
    char *bytes = memory_new(json_string_length(text) + 3);
    memcpy(bytes, "\xef\xbb\xbf", 3);
    memcpy(bytes + 3, json_string_value(text), json_string_length(text));
    *length = json_string_length(text) + 3;
    return bytes;
}

/* Of an OPML that ends before its end `trouble` tells, and where. */
static void import_text(struct session *session, const json_t *text, struct feeds_import *import,
                        struct console_answer *answer)
{
    size_t length;
    char *bytes = with_byte_order_mark(text, &length);
    struct error error = {0};
    struct json_writer *json = &answer->json;
    struct telling telling = {.json = json, .arena = arena_new()};
    import->tell = tell;
    import->context = &telling;
    json_put_open(json, NULL, '{');
    json_put_open(json, "outlines", '[');
    bool good = feeds_import(session, (struct span){bytes, length}, import, &error);
    free(bytes);
    json_put_close(json, ']');
    json_put_integer(json, "added", (int64_t)import->added);
    json_put_integer(json, "known", (int64_t)import->known);
    json_put_integer(json, "bad", (int64_t)import->bad);
    json_put_bool(json, "good", good);
    if (import->raw_line)
        json_put_integer(json, "raw_line", import->raw_line);
    if (error.class)
        json_put_string(json, "trouble", span_of(error.message));
    json_put_close(json, '}');
    arena_free(telling.arena);
    if (error.class && error.class != ERROR_INPUT) {
        json->length = 0;
        console_refuse_error(answer, &error);
    }
}

void console_feeds_import(struct session *session, const struct console_request *request,
                          const char *rest, struct console_answer *answer)
{
    struct error error = {0};
    const json_t *text = json_object_get(request->body, "text");
    enum feed_mode mode;
    struct feeds_import import = {.who = request->caller->name,
                                  .mode = or (console_member(request, "mode"), "hold"),
                                  .partial =
                                      json_is_true(json_object_get(request->body, "partial")),
                                  .dry_run = !strcmp(rest, "preview")};
    if (!json_is_string(text))
        error_set(&error, ERROR_INPUT, "text is that of an OPML file");
    else if (!feed_mode_find(import.mode, &mode))
        error_set(&error, ERROR_INPUT, "the mode \"%.60s\" is none of hold, tag, pass",
                  import.mode);
    else if (feeds_open(session, &error))
        import_text(session, text, &import, answer);
    if (error.class)
        console_refuse_error(answer, &error);
}
