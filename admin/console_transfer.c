#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/console_api.h"
#include "admin/identity_text.h"
#include "admin/reputation_bulk.h"
#include "core/hex.h"
#include "store/memory.h"

/* --- out, a page at a time --- */

static bool read_cursor(const char *text, struct counts_cursor *cursor, struct error *error)
{
    size_t length = text ? strlen(text) : 0;
    cursor->length = length / 2;
    return !length ||
           (length % 2 == 0 && cursor->length <= sizeof cursor->bytes &&
            bytes_of_hex(text, cursor->length, (unsigned char *)cursor->bytes)) ||
           error_set(error, ERROR_INPUT, "after is the next of the page before");
}

static bool read_form(const struct console_request *request, bool *as_json, struct error *error)
{
    const char *form = console_parameter(request, "form");
    *as_json = form && strcmp(form, "json") == 0;
    return *as_json || !form || strcmp(form, "csv") == 0 ||
           error_set(error, ERROR_INPUT, "form is csv or json");
}

static void put_page(struct json_writer *json, struct span text, const struct counts_cursor *cursor)
{
    char next[2 * sizeof cursor->bytes];
    hex_of_bytes((const unsigned char *)cursor->bytes, cursor->length, next);
    json_put_open(json, NULL, '{');
    json_put_string(json, "text", text);
    json_put_string(json, "next", (struct span){next, 2 * cursor->length});
    json_put_close(json, '}');
}

void console_reputation_export(struct session *session, const struct console_request *request,
                               const char *rest, struct console_answer *answer)
{
    struct error error = {0};
    struct counts_cursor cursor = {0};
    enum identity_type type;
    bool as_json;
    char *text = NULL;
    size_t length;
    (void)rest;
    FILE *out = memory_checked(open_memstream(&text, &length));
    bool good = identity_text_type(console_parameter(request, "type"), &type, &error) &&
                read_form(request, &as_json, &error) &&
                read_cursor(console_parameter(request, "after"), &cursor, &error) &&
                console_open_counts(session, &error) &&
                reputation_export_page(session, type, as_json, &cursor, out, &error);
    fclose(out);
    if (good)
        put_page(&answer->json, (struct span){text, length}, &cursor);
    else
        console_refuse_error(answer, &error);
    free(text);
}

/* --- in --- */

/* The first line that cannot be stands for the others. */
static bool check_lines(const struct reputation_import *import, struct error *error)
{
    if (!import->broken)
        return import->rows ||
               error_set(error, ERROR_INPUT, "text has no reputation in it; nothing was imported");
    if (import->broken == 1)
        return error_set(error, ERROR_INPUT, "%.400s; nothing was imported",
                         import->complaints[0].message);
    return error_set(error, ERROR_INPUT, "%.400s; and %" PRIu64 " more lines; nothing was imported",
                     import->complaints[0].message, import->broken - 1);
}

static bool import_text(struct session *session, const struct console_request *request,
                        const char *text, struct reputation_import *import, struct error *warning,
                        struct error *error)
{
    FILE *stream = *text ? fmemopen((char *)(uintptr_t)text, strlen(text), "r") : NULL;
    if (!stream)
        return error_set(error, ERROR_INPUT, "text is lines of CSV or JSON, as an export has them");
    /* How many came before in the same import. */
    uint64_t after = (uint64_t)json_integer_value(json_object_get(request->body, "after"));
    bool good =
        reputation_import_read(import, stream, error) && check_lines(import, error) &&
        console_open_counts(session, error) &&
        reputation_import_here(session, import, after, request->caller->name, warning, error);
    fclose(stream);
    return good;
}

void console_reputation_import(struct session *session, const struct console_request *request,
                               const char *rest, struct console_answer *answer)
{
    struct error error = {0}, warning = {0};
    struct reputation_import *import = memory_new(sizeof *import);
    const char *text = console_member(request, "text");
    (void)rest;
    import->name = "line";
    import->config = session->config;
    if (import_text(session, request, text ? text : "", import, &warning, &error)) {
        json_put_open(&answer->json, NULL, '{');
        json_put_integer(&answer->json, "imported", (int64_t)import->rows);
        if (warning.class != ERROR_NONE)
            json_put_string(&answer->json, "warning", span_of(warning.message));
        json_put_close(&answer->json, '}');
    } else {
        console_refuse_error(answer, &error);
    }
    reputation_import_clear(import);
    free(import);
}
