#include "core/service.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "store/monotonic.h"

#define SIGNS_PER_WATCH 4

static _Atomic int64_t next_sign_ms;

static void tell(const char *message)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = path ? strlen(path) : 0;
    if (length < 2 || length >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(address.sun_path, path, length);
    if (path[0] == '@') /* Linux's abstract names start with NUL */
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    (void)!sendto(fd, message, strlen(message), MSG_NOSIGNAL, (struct sockaddr *)&address, size);
    close(fd);
}

void service_ready(void)
{
    tell("READY=1");
}

void service_stopping(void)
{
    tell("STOPPING=1");
}

unsigned service_watchdog_ms(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    if (!usec || (pid && strtol(pid, NULL, 10) != (long)getpid()))
        return 0;
    unsigned long long every = strtoull(usec, NULL, 10) / 1000 / SIGNS_PER_WATCH;
    if (every > 3600u * 1000)
        return 3600u * 1000;
    return every ? (unsigned)every : *usec != '0';
}

void service_watchdog(void)
{
    unsigned every_ms = service_watchdog_ms();
    int64_t now_ms = monotonic_ms();
    if (!every_ms || now_ms < atomic_load(&next_sign_ms))
        return;
    atomic_store(&next_sign_ms, now_ms + every_ms);
    tell("WATCHDOG=1");
}
