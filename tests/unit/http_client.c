#include "tests/unit/http_client.h"

#include "store/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <cmocka.h>

#define PATIENCE_S 20
#define HEAD_LIMIT 8191

static int connect_to(unsigned port, int buffer)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    const struct timeval limit = {.tv_sec = PATIENCE_S};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (buffer)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

int http_connect(unsigned port)
{
    return connect_to(port, 0);
}

int http_connect_with_small_buffer(unsigned port)
{
    return connect_to(port, 2048);
}

void http_send(int socket, const char *data, size_t length)
{
    while (length) {
        ssize_t sent = send(socket, data, length, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            return; /* the server may close at any time; what it answered tells */
        if (sent > 0) {
            data += sent;
            length -= (size_t)sent;
        }
    }
}

void http_say(int socket, const char *text)
{
    http_send(socket, text, strlen(text));
}

/* False at the end. */
static bool read_exactly(int socket, char *to, size_t length)
{
    while (length) {
        ssize_t got = recv(socket, to, length, 0);
        if (got <= 0) {
            assert_true(got == 0 || errno == ECONNRESET || errno == EPIPE);
            return false;
        }
        to += got;
        length -= (size_t)got;
    }
    return true;
}

/* Takes no byte of what follows it. */
static bool read_head(int socket, char *head)
{
    for (size_t length = 0; length < HEAD_LIMIT;) {
        ssize_t seen = recv(socket, head + length, HEAD_LIMIT - length, MSG_PEEK);
        if (seen <= 0)
            return read_exactly(socket, head, 1); /* checks what is wrong */
        head[length + (size_t)seen] = '\0';
        size_t start = length < 3 ? 0 : length - 3;
        const char *end = strstr(head + start, "\r\n\r\n");
        size_t take = end ? (size_t)(end + 4 - head) - length : (size_t)seen;
        if (!read_exactly(socket, head + length, take))
            return false;
        length += take;
        head[length] = '\0';
        if (end)
            return true;
    }
    fail_msg("a head of over %d bytes", HEAD_LIMIT);
    return false;
}

bool http_read(int socket, bool has_body, struct http_answer *answer)
{
    memset(answer, 0, sizeof *answer);
    answer->head = memory_new(HEAD_LIMIT + 1);
    if (!read_head(socket, answer->head)) {
        http_clear(answer);
        return false;
    }
    assert_int_equal(sscanf(answer->head, "HTTP/1.%*d %d ", &answer->status), 1);
    const char *declared = http_field(answer, "Content-Length");
    if (has_body && answer->status != 304 && declared)
        answer->length = strtoul(declared, NULL, 10);
    answer->body = memory_new(answer->length + 1);
    if (!read_exactly(socket, answer->body, answer->length)) {
        http_clear(answer);
        return false;
    }
    return true;
}

void http_ask(unsigned port, const char *request, const char *fields, struct http_answer *answer)
{
    char text[8192];
    int socket = http_connect(port);
    snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: weir.test\r\n%s\r\n", request, fields);
    http_say(socket, text);
    assert_true(http_read(socket, strncmp(request, "HEAD ", 5) != 0, answer));
    close(socket);
}

const char *http_field(const struct http_answer *answer, const char *name)
{
    static char value[1000];
    size_t length = strlen(name);
    for (const char *line = strstr(answer->head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, length) == 0 && line[2 + length] == ':') {
            const char *start = line + 3 + length;
            start += strspn(start, " ");
            snprintf(value, sizeof value, "%.*s", (int)strcspn(start, "\r"), start);
            return value;
        }
    }
    return NULL;
}

void http_clear(struct http_answer *answer)
{
    free(answer->head);
    free(answer->body);
    memset(answer, 0, sizeof *answer);
}

bool http_is_closed(int socket, int timeout_ms)
{
    struct pollfd entry = {.fd = socket, .events = POLLIN};
    char data[4096];
    while (poll(&entry, 1, timeout_ms) > 0) {
        if (recv(socket, data, sizeof data, 0) <= 0)
            return true;
    }
    return false;
}
