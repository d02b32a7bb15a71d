/* console_answer: what the console's API is asked and what it answers, and how answers are sent
 * over HTTP with libmicrohttpd. Every answer has headers that keep browsers from doing with it what
 * we do not do. */
#ifndef WEIR_CONSOLE_ANSWER_H
#define WEIR_CONSOLE_ANSWER_H

#include "admin/console_access.h"
#include "core/json_writer.h"
#include "store/span.h"

#include <jansson.h>
#include <microhttpd.h>
#include <stdint.h>

struct console_request {
    const char *method;                  /* "GET", "POST" */
    const char *path;                    /* behind "/api/": "held/m12" */
    const struct console_caller *caller; /* who sends it */
    const json_t *body;                  /* of POST: an object; NULL when it is a message */
    struct span message;                 /* of POST with Content-Type message/rfc822; else empty */
    struct MHD_Connection *connection;
};

struct console_answer {
    unsigned status;         /* 200 unless it is set */
    struct json_writer json; /* the body */
};

/* A parameter of the query; NULL: not there. */
const char *console_parameter(const struct console_request *request, const char *name);

/* A string of the body; NULL: not there, or no string. */
const char *console_member(const struct console_request *request, const char *name);

/* {"error": …} with that status. */
void console_refuse(struct console_answer *answer, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Queues the answer, whose body it takes, as JSON. `cookie` is that of a Set-Cookie (RFC 6265);
 * `retry_after_s` the seconds of a Retry-After; NULL and 0: none. MHD_NO ends the connection, as of
 * all that follows. */
enum MHD_Result console_send_answer(struct MHD_Connection *connection,
                                    struct console_answer *answer, const char *cookie,
                                    int64_t retry_after_s);

/* {"error": why} with that status. */
enum MHD_Result console_send_refusal(struct MHD_Connection *connection, unsigned status,
                                     const char *why);

/* What is no JSON. Takes the response. */
enum MHD_Result console_send_response(struct MHD_Connection *connection, unsigned status,
                                      struct MHD_Response *response);

void console_add_header(struct MHD_Response *response, const char *name, const char *value);

#endif
