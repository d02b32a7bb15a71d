#include "core/socket_line.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "store/monotonic.h"

bool socket_line_send(int fd, const char *bytes, size_t length)
{
    while (length) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

union passing {
    struct cmsghdr header; /* for its alignment */
    char bytes[CMSG_SPACE(sizeof(int))];
};

bool socket_line_send_with(int fd, const char *bytes, size_t length, int passed)
{
    union passing passing = {0};
    struct iovec piece = {(void *)bytes, length};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = passing.bytes,
                             .msg_controllen = sizeof passing.bytes};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof passed), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(header), &passed, sizeof passed);
    ssize_t sent;
    do
        sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)length ||
           (sent > 0 && socket_line_send(fd, bytes + sent, length - (size_t)sent));
}

/* A part of a line, and perhaps a descriptor; what recvmsg() gave. */
static ssize_t receive(int fd, char *bytes, size_t room, int *passed)
{
    union passing passing = {0};
    struct iovec piece = {bytes, room};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = passing.bytes,
                             .msg_controllen = sizeof passing.bytes};
    ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    const struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof *passed)) {
        if (*passed >= 0)
            close(*passed);
        memcpy(passed, CMSG_DATA(header), sizeof *passed);
    }
    return got;
}

/* False when nothing has come by `deadline_ms` (-1: there is none). */
static bool wait_until(int fd, int64_t deadline_ms)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    int ready;
    do {
        int64_t left_ms = deadline_ms < 0 ? -1 : deadline_ms - monotonic_ms();
        if (deadline_ms >= 0 && left_ms <= 0)
            return false;
        ready = poll(&wanted, 1, (int)left_ms);
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

bool socket_line_read(int fd, char *line, size_t room, int timeout_ms, int *passed)
{
    size_t length = 0;
    int64_t deadline_ms = timeout_ms < 0 ? -1 : monotonic_ms() + timeout_ms;
    *passed = -1;
    while (length < room && wait_until(fd, deadline_ms)) {
        ssize_t got = receive(fd, line + length, room - length, passed);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        length += (size_t)got;
        const char *newline = memchr(line, '\n', length);
        if (newline && newline != line + length - 1)
            break;
        if (newline) {
            line[length - 1] = '\0';
            return true;
        }
    }
    if (*passed >= 0)
        close(*passed);
    *passed = -1;
    return false;
}
