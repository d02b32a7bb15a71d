/* http_client: a plain HTTP client on a socket, for the tests of servers. Everything it does has a
 * time limit of some seconds, after which the test fails. */
#ifndef WEIR_TESTS_HTTP_CLIENT_H
#define WEIR_TESTS_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct http_answer {
    int status;
    char *head; /* with its last empty line */
    char *body; /* NUL behind it */
    size_t length;
};

/* A socket connected to 127.0.0.1. */
int http_connect(unsigned port);
/* A socket whose kernel keeps little of what is not read. */
int http_connect_with_small_buffer(unsigned port);

void http_send(int socket, const char *data, size_t length);
void http_say(int socket, const char *text);

/* Reads one answer. `has_body`: false after HEAD. False: the connection was closed before. */
bool http_read(int socket, bool has_body, struct http_answer *answer);

/* One request on a connection of its own: `request` is the first line less the version, `fields`
 * are lines, each with its CRLF. */
void http_ask(unsigned port, const char *request, const char *fields, struct http_answer *answer);

/* The value of the head's field, in a buffer that the next call overwrites; NULL: not there. */
const char *http_field(const struct http_answer *answer, const char *name);

void http_clear(struct http_answer *answer);

/* True when the server closes the connection within that time. */
bool http_is_closed(int socket, int timeout_ms);

#endif
