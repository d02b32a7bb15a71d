#include "store/redis_link.h"

#include "store/memory.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

struct redis_link {
    const struct redis_address *address;
    redisContext *context;
};

/* "redis at unix:/path: connection refused": the system's words begin with a capital. */
static enum link_result fail(const struct redis_link *link, enum link_result result,
                             const char *what, struct error *error)
{
    error_set(error, ERROR_NETWORK, "redis at %s: %c%s", link->address->place,
              tolower((unsigned char)what[0]), what[0] ? what + 1 : "");
    return result;
}

static enum link_result fail_errno(const struct redis_link *link, struct error *error)
{
    char text[128];
    bool closed = errno == EPIPE || errno == ECONNRESET;
    snprintf(text, sizeof text, "%m");
    return fail(link, closed ? LINK_CLOSED : LINK_FAILED, text, error);
}

/* Waits until the socket is ready for `events`. */
static enum link_result wait_for(const struct redis_link *link, short events, unsigned timeout_ms,
                                 struct error *error)
{
    struct pollfd wait = {link->context->fd, events, 0};
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int64_t left = timeout_ms;;) {
        int ready = poll(&wait, 1, left > 0 ? (int)left : 0);
        if (ready > 0)
            return LINK_OK;
        if (ready < 0 && errno != EINTR)
            return fail_errno(link, error);
        clock_gettime(CLOCK_MONOTONIC, &now);
        left = (int64_t)timeout_ms - (now.tv_sec - start.tv_sec) * 1000 -
               (now.tv_nsec - start.tv_nsec) / 1000000;
        if (ready == 0 || left <= 0)
            break;
    }
    char text[64];
    snprintf(text, sizeof text, "no answer within %u ms", timeout_ms);
    return fail(link, LINK_FAILED, text, error);
}

enum link_result redis_link_send(struct redis_link *link, const struct redis_batch *batch,
                                 unsigned timeout_ms, struct error *error)
{
    for (size_t sent = 0; sent < batch->length;) {
        ssize_t moved = send(link->context->fd, batch->data + sent, batch->length - sent,
                             MSG_NOSIGNAL | MSG_DONTWAIT);
        if (moved >= 0) {
            sent += (size_t)moved;
        } else if (errno == EAGAIN) {
            enum link_result result = wait_for(link, POLLOUT, timeout_ms, error);
            if (result != LINK_OK)
                return result;
        } else if (errno != EINTR) {
            return fail_errno(link, error);
        }
    }
    return LINK_OK;
}

/* Hands what has come to the parser. */
static enum link_result feed_reader(struct redis_link *link, struct error *error)
{
    char bytes[16384];
    ssize_t moved = recv(link->context->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (moved == 0)
        return fail(link, LINK_CLOSED, "the server closed the connection", error);
    if (moved < 0)
        return errno == EAGAIN || errno == EINTR ? LINK_OK : fail_errno(link, error);
    if (redisReaderFeed(link->context->reader, bytes, (size_t)moved) != REDIS_OK)
        return fail(link, LINK_FAILED, link->context->reader->errstr, error);
    return LINK_OK;
}

enum link_result redis_link_receive(struct redis_link *link, unsigned timeout_ms,
                                    redisReply **reply, struct error *error)
{
    for (;;) {
        void *parsed = NULL;
        if (redisReaderGetReply(link->context->reader, &parsed) != REDIS_OK)
            return fail(link, LINK_FAILED, link->context->reader->errstr, error);
        *reply = parsed;
        if (parsed)
            return LINK_OK;
        enum link_result result = wait_for(link, POLLIN, timeout_ms, error);
        if (result == LINK_OK)
            result = feed_reader(link, error);
        if (result != LINK_OK)
            return result;
    }
}

static bool log_in(struct redis_link *link, unsigned timeout_ms, struct error *error)
{
    const struct redis_address *address = link->address;
    struct redis_batch batch = {0};
    if (address->password) {
        redis_batch_begin(&batch, address->user ? 3 : 2);
        redis_batch_text(&batch, "AUTH");
        if (address->user)
            redis_batch_text(&batch, address->user);
        redis_batch_text(&batch, address->password);
    }
    if (address->database) {
        redis_batch_begin(&batch, 2);
        redis_batch_text(&batch, "SELECT");
        redis_batch_number(&batch, address->database);
    }
    bool good = redis_link_send(link, &batch, timeout_ms, error) == LINK_OK;
    for (size_t i = 0; good && i < batch.commands; i++) {
        redisReply *reply = NULL;
        good = redis_link_receive(link, timeout_ms, &reply, error) == LINK_OK;
        if (good && reply->type == REDIS_REPLY_ERROR)
            good = error_set(error, ERROR_NETWORK, "redis at %s: %s", address->place, reply->str);
        freeReplyObject(reply);
    }
    /* The password was in there. */
    if (batch.data)
        explicit_bzero(batch.data, batch.length);
    redis_batch_clear(&batch);
    return good;
}

struct redis_link *redis_link_open(const struct redis_address *address, unsigned timeout_ms,
                                   struct error *error)
{
    struct redis_link *link = memory_new(sizeof *link);
    struct timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
    link->address = address;
    link->context = memory_checked(
        address->path ? redisConnectUnixWithTimeout(address->path, timeout)
                      : redisConnectWithTimeout(address->host, (int)address->port, timeout));
    if (link->context->err)
        fail(link, LINK_FAILED, link->context->errstr, error);
    else if (log_in(link, timeout_ms, error))
        return link;
    redis_link_close(link);
    return NULL;
}

void redis_link_close(struct redis_link *link)
{
    if (!link)
        return;
    redisFree(link->context);
    free(link);
}
