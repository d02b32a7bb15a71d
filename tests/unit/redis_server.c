#define _XOPEN_SOURCE 700 /* nftw() */
#define _DEFAULT_SOURCE
#include "redis_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGUMENTS_MAX 32
#define START_TRIES 1000 /* of 10 ms */

struct redis_server {
    char directory[64], path[96], url[128], log[96];
    const char *extra[ARGUMENTS_MAX];
    pid_t pid; /* 0: does not run */
};

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "redis_server: %s: %s\n", what, strerror(errno));
    exit(99); /* automake's code for a test that cannot be run at all */
}

static void sleep_10_ms(void)
{
    nanosleep(&(struct timespec){0, 10000000}, NULL);
}

static bool answers(const struct redis_server *server)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", server->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char answer = 0;
    /* "+PONG", or "-NOAUTH" when the test asked for a password: both mean it is up. */
    bool up = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
              write(fd, "PING\r\n", 6) == 6 && read(fd, &answer, 1) == 1;
    if (fd >= 0)
        close(fd);
    return up;
}

static _Noreturn void become_redis(const struct redis_server *server, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    const char *arguments[ARGUMENTS_MAX + 16] = {
        "redis-server", "--port",      "0",         "--unixsocket",
        server->path,   "--save",      "",          "--dir",
        NULL,           "--logfile",   server->log, "--appendonly",
        "no",           "--daemonize", "no",
    };
    arguments[8] = server->directory;
    size_t count = 15;
    for (size_t i = 0; server->extra[i]; i++)
        arguments[count++] = server->extra[i];
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    execvp("redis-server", (char *const *)arguments);
    fprintf(stderr, "redis_server: redis-server: %s\n", strerror(errno));
    _exit(127);
}

static void launch(struct redis_server *server)
{
    pid_t parent = getpid();
    server->pid = fork();
    if (server->pid < 0)
        give_up("fork");
    if (server->pid == 0)
        become_redis(server, parent);
    for (int i = 0; i < START_TRIES; i++) {
        if (answers(server))
            return;
        if (waitpid(server->pid, NULL, WNOHANG) == server->pid)
            give_up("redis-server ended at once; is it installed?");
        sleep_10_ms();
    }
    give_up("redis-server does not answer");
}

struct redis_server *redis_server_start(const char *const *extra)
{
    struct redis_server *server = calloc(1, sizeof *server);
    if (!server)
        give_up("memory");
    snprintf(server->directory, sizeof server->directory, "/tmp/weir-redis-XXXXXX");
    if (!mkdtemp(server->directory))
        give_up("mkdtemp");
    snprintf(server->path, sizeof server->path, "%s/redis.sock", server->directory);
    snprintf(server->log, sizeof server->log, "%s/redis.log", server->directory);
    snprintf(server->url, sizeof server->url, "redis+unix://%s", server->path);
    for (size_t i = 0; extra && extra[i] && i + 1 < ARGUMENTS_MAX; i++)
        server->extra[i] = extra[i];
    launch(server);
    return server;
}

void redis_server_kill(struct redis_server *server)
{
    if (!server->pid)
        return;
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

void redis_server_restart(struct redis_server *server)
{
    redis_server_kill(server);
    unlink(server->path);
    launch(server);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status, (void)type, (void)place;
    return remove(path);
}

void redis_server_free(struct redis_server *server)
{
    if (!server)
        return;
    redis_server_kill(server);
    if (nftw(server->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0)
        fprintf(stderr, "redis_server: %s: %s\n", server->directory, strerror(errno));
    free(server);
}

const char *redis_server_url(const struct redis_server *server)
{
    return server->url;
}

const char *redis_server_path(const struct redis_server *server)
{
    return server->path;
}

void redis_server_pause(struct redis_server *server)
{
    kill(server->pid, SIGSTOP);
    waitpid(server->pid, NULL, WUNTRACED); /* it is certain to stand still now */
}

void redis_server_resume(struct redis_server *server)
{
    kill(server->pid, SIGCONT);
}

char *redis_server_cli(const struct redis_server *server, const char *command)
{
    char line[4096];
    snprintf(line, sizeof line, "redis-cli -s %s %s", server->path, command);
    FILE *pipe = popen(line, "r");
    if (!pipe)
        give_up("redis-cli");
    size_t size = 1 << 16;
    char *said = calloc(1, size);
    if (!said)
        give_up("memory");
    size_t length = fread(said, 1, size - 1, pipe);
    pclose(pipe);
    while (length && said[length - 1] == '\n')
        said[--length] = '\0';
    return said;
}

int redis_server_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        give_up("socket");
    close(fd);
    return ntohs(address.sin_port);
}
