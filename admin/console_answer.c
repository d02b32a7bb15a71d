#include "admin/console_answer.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/metrics.h"
#include "store/memory.h"

const char *console_parameter(const struct console_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *console_member(const struct console_request *request, const char *name)
{
    return json_string_value(json_object_get(request->body, name));
}

void console_refuse(struct console_answer *answer, unsigned status, const char *format, ...)
{
    char text[1000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    answer->status = status;
    answer->json.length = 0;
    json_put_open(&answer->json, NULL, '{');
    json_put_string(&answer->json, "error", span_of(text));
    json_put_close(&answer->json, '}');
}

void console_add_header(struct MHD_Response *response, const char *name, const char *value)
{
    memory_checked(MHD_add_response_header(response, name, value) == MHD_YES ? response : NULL);
}

/* No script, style or picture but ours, no frame, no guessing of types, no address told to others
 * (W3C Content Security Policy 3; Fetch; Referrer Policy). */
static void add_safety(struct MHD_Response *response)
{
    if (!MHD_get_response_header(response, "Content-Security-Policy"))
        console_add_header(
            response, "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src "
            "'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    console_add_header(response, "X-Content-Type-Options", "nosniff");
    if (!MHD_get_response_header(response, "Referrer-Policy"))
        console_add_header(response, "Referrer-Policy", "no-referrer");
    console_add_header(response, "Cross-Origin-Opener-Policy", "same-origin");
    console_add_header(response, "Cross-Origin-Resource-Policy", "same-origin");
}

enum MHD_Result console_send_response(struct MHD_Connection *connection, unsigned status,
                                      struct MHD_Response *response)
{
    add_safety(response);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    metrics_add(METRIC_RESPONSES, metrics_response_cell(status), 1);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result console_send_answer(struct MHD_Connection *connection,
                                    struct console_answer *answer, const char *cookie,
                                    int64_t retry_after_s)
{
    char seconds[24];
    unsigned status = answer->status ? answer->status : MHD_HTTP_OK;
    struct MHD_Response *response = memory_checked(MHD_create_response_from_buffer(
        answer->json.length, answer->json.data, MHD_RESPMEM_MUST_FREE));
    console_add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    console_add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (cookie)
        console_add_header(response, MHD_HTTP_HEADER_SET_COOKIE, cookie);
    snprintf(seconds, sizeof seconds, "%lld", (long long)retry_after_s);
    if (retry_after_s)
        console_add_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        console_add_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD, POST");
    return console_send_response(connection, status, response);
}

enum MHD_Result console_send_refusal(struct MHD_Connection *connection, unsigned status,
                                     const char *why)
{
    struct console_answer answer = {0};
    console_refuse(&answer, status, "%s", why);
    return console_send_answer(connection, &answer, NULL, 0);
}
