#include "milter/probe.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static int new_socket(int family, unsigned timeout_ms)
{
    struct timeval timeout = {timeout_ms / 1000, (long)(timeout_ms % 1000) * 1000};
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0 ||
                    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* `fd` itself once it is connected, else -1. */
static int connected(int fd, const struct sockaddr *address, socklen_t length)
{
    if (fd < 0 || connect(fd, address, length) == 0)
        return fd;
    close(fd);
    return -1;
}

static int connect_to_path(const char *path, unsigned timeout_ms)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    strcpy(address.sun_path, path);
    return connected(new_socket(AF_UNIX, timeout_ms), (struct sockaddr *)&address, sizeof address);
}

/* "8891@127.0.0.1"; without a host this one. */
static int connect_to_port(const char *words, int family, unsigned timeout_ms)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM}, *found = NULL;
    char port[16];
    size_t length = strcspn(words, "@");
    const char *host = words[length] ? words + length + 1 : NULL;
    if (length >= sizeof port)
        return -1;
    memcpy(port, words, length);
    port[length] = '\0';
    int fd = -1;
    if (getaddrinfo(host, port, &hints, &found) == 0)
        fd = connected(new_socket(found->ai_family, timeout_ms), found->ai_addr, found->ai_addrlen);
    if (found)
        freeaddrinfo(found);
    return fd;
}

static int connect_to(const char *socket, unsigned timeout_ms)
{
    const char *colon = strchr(socket, ':');
    if (!colon)
        return -1;
    if (strncmp(socket, "inet6", 5) == 0)
        return connect_to_port(colon + 1, AF_INET6, timeout_ms);
    if (strncmp(socket, "inet", 4) == 0)
        return connect_to_port(colon + 1, AF_INET, timeout_ms);
    return connect_to_path(colon + 1, timeout_ms);
}

bool probe_answers(const char *socket, unsigned timeout_ms)
{
    /* Length, command, protocol version 6, all actions, all steps. */
    static const unsigned char question[] = {0, 0, 0, 13,   'O', 0,    0,    0,   6,
                                             0, 0, 1, 0xff, 0,   0x1f, 0xff, 0xff};
    static const unsigned char quit[] = {0, 0, 0, 1, 'Q'};
    unsigned char answer[5];
    int fd = connect_to(socket, timeout_ms);
    if (fd < 0)
        return false;
    bool good = send(fd, question, sizeof question, MSG_NOSIGNAL) == (ssize_t)sizeof question &&
                recv(fd, answer, sizeof answer, MSG_WAITALL) == (ssize_t)sizeof answer &&
                answer[4] == 'O';
    (void)!send(fd, quit, sizeof quit, MSG_NOSIGNAL);
    close(fd);
    return good;
}
