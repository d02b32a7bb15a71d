#include "admin/console_probe.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static const char question[] = "HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

static bool is_answered(int fd)
{
    char answer;
    return (send(fd, question, sizeof question - 1, MSG_NOSIGNAL) > 0 &&
            recv(fd, &answer, 1, 0) >= 0) ||
           errno == ECONNRESET || errno == EPIPE;
}

bool console_probe_answers(int listening, unsigned timeout_ms)
{
    struct timeval timeout = {timeout_ms / 1000, (long)(timeout_ms % 1000) * 1000};
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    if (getsockname(listening, (struct sockaddr *)&address, &length) != 0)
        return false;
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool good = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0 &&
                setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) == 0 &&
                connect(fd, (struct sockaddr *)&address, length) == 0 && is_answered(fd);
    close(fd);
    return good;
}
