/* weir-hold: see docs/weir-hold.8. Runs as root and does what only root may: release, requeue,
 * or delete a message that lies in Postfix's hold queue, and only one that this gateway put there.
 * It starts weir-release as an ordinary user with the other end of a socketpair as descriptor 3 and
 * serves its one-line requests; hold_protocol.h has the words. libc only, and nothing that is
 * parsed comes from afar but the X-Weir-Id in a queue file. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "core/socket_line.h"
#include "milter/hold_protocol.h"
#include "milter/hold_queue.h"
#include "milter/hold_requeue.h"

static struct {
    const char *postfix; /* configuration directory */
    const char *key_file;
    const char *user;
} settings = {"/etc/postfix", "/etc/weir/weir-id.key", "weir"};

#define DOCUMENT_HEX 32u

static volatile sig_atomic_t asked_to_stop;

__attribute__((format(printf, 1, 2))) static void complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("weir-hold: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

/* --- requests --- */

__attribute__((format(printf, 2, 3))) static bool reply(int fd, const char *format, ...)
{
    char line[HOLD_LINE_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (length > (int)sizeof line - 2)
        length = (int)sizeof line - 2;
    line[length++] = '\n';
    return socket_line_send(fd, line, (size_t)length);
}

/* A message that a request may touch. */
struct target {
    const char *queue_id;
    char path[PATH_MAX];
    char weir_id[WEIR_ID_TEXT];
};

static bool serve_release(int fd, const struct target *target)
{
    if (!hold_queue_take_out("-H", target->queue_id))
        return reply(fd, "failed postsuper -H: %s", hold_queue_said());
    /* Out of hold it waits for a queue run; this starts its own. Should that fail, the next run
     * delivers it: it is released. */
    hold_queue_deliver(target->queue_id);
    return reply(fd, "ok");
}

static bool serve_requeue(int fd, const struct target *target)
{
    char new_id[QUEUE_ID_MAX + 1];
    if (!hold_requeue(target->queue_id, target->weir_id, new_id))
        return reply(fd, "failed postsuper -r: %s", hold_queue_said());
    return new_id[0] ? reply(fd, "ok %s", new_id) : reply(fd, "ok");
}

static bool serve_delete(int fd, const struct target *target)
{
    return hold_queue_take_out("-d", target->queue_id)
               ? reply(fd, "ok")
               : reply(fd, "failed postsuper -d: %s", hold_queue_said());
}

static bool serve_show(int fd, const struct target *target)
{
    static const char ok[] = "ok\n";
    int message = hold_queue_show(target->queue_id);
    if (message < 0)
        return reply(fd, "failed postcat does not show it");
    bool sent = socket_line_send_with(fd, ok, sizeof ok - 1, message);
    close(message);
    return sent;
}

/* Answers one line; false when weir-release is gone. */
static bool serve(int fd, char *line)
{
    static const struct {
        const char *word;
        bool (*serve)(int fd, const struct target *target);
    } requests[] = {{"release", serve_release},
                    {"requeue", serve_requeue},
                    {"delete", serve_delete},
                    {"show", serve_show}};
    struct target target;
    const char *why;
    char *blank = strchr(line, ' ');
    if (!blank)
        return reply(fd, "refused no request");
    *blank = '\0';
    target.queue_id = blank + 1;
    char *document = strchr(target.queue_id, ' ');
    if (document)
        *document++ = '\0';
    if (!hold_queue_is_id(target.queue_id))
        return reply(fd, "refused no queue id");
    bool found = hold_queue_find(target.queue_id, target.path);
    if (strcmp(line, "look") == 0 && !document)
        return reply(fd, found ? "ok" : "missing");
    if (!document || strlen(document) != DOCUMENT_HEX ||
        strspn(document, "0123456789abcdef") != DOCUMENT_HEX)
        return reply(fd, "refused no document id");
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        if (strcmp(line, requests[i].word) != 0)
            continue;
        if (!found)
            return reply(fd, "missing");
        enum hold_match match = hold_queue_match(target.path, document, target.weir_id, &why);
        if (match != HOLD_MATCHES)
            return reply(fd, "%s %s", match == HOLD_DIFFERS ? "refused" : "failed", why);
        return requests[i].serve(fd, &target);
    }
    return reply(fd, "refused no request");
}

/* Serves until the other end closes. SIGTERM is passed on, so that weir-release ends between two
 * requests and closes it. */
static void serve_all(int fd, pid_t release)
{
    char line[HOLD_LINE_MAX];
    size_t length = 0;
    sigset_t none;
    sigemptyset(&none);
    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        /* Signals come in here and nowhere else: a request is never left half done. */
        int ready = ppoll(&wait, 1, NULL, &none);
        if (ready < 0 && errno == EINTR && asked_to_stop)
            kill(release, SIGTERM);
        if (ready < 0 && errno == EINTR)
            continue;
        ssize_t got = ready < 0 ? -1 : recv(fd, line + length, sizeof line - length, 0);
        if (got <= 0)
            return;
        length += (size_t)got;
        for (char *end; (end = memchr(line, '\n', length));) {
            *end = '\0';
            if (!serve(fd, line))
                return;
            length -= (size_t)(end + 1 - line);
            memmove(line, end + 1, length);
        }
        if (length == sizeof line) {
            complain("weir-release sends a line without end");
            return;
        }
    }
}

/* --- start and end --- */

static void note_stop(int number)
{
    (void)number;
    asked_to_stop = 1;
}

/* It is weir-release that works, and tells the service manager that it does. */
static void pass_watchdog_on(void)
{
    char pid[16];
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    if (getenv("WATCHDOG_PID"))
        setenv("WATCHDOG_PID", pid, 1);
}

/* In the child: becomes the user for good and then weir-release. Never returns. */
static void become_release(int fd, char **argv)
{
    struct passwd *user = getpwnam(settings.user);
    sigset_t none;
    sigemptyset(&none);
    if (!user)
        complain("there is no user \"%s\"", settings.user);
    else if (dup2(fd, HOLD_FD) < 0 || fcntl(HOLD_FD, F_SETFD, 0) != 0)
        complain("descriptor %d: %s", HOLD_FD, strerror(errno));
    else if (initgroups(settings.user, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
             setuid(user->pw_uid) != 0)
        complain("cannot become user %s: %s", settings.user, strerror(errno));
    else if (user->pw_uid != 0 && setuid(0) == 0)
        complain("user %s can become root again", settings.user);
    else if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
        complain("prctl: %s", strerror(errno));
    else {
        sigprocmask(SIG_SETMASK, &none, NULL);
        pass_watchdog_on();
        execv(argv[0], argv);
        complain("%s: %s", argv[0], strerror(errno));
    }
    _exit(EXIT_FAILURE);
}

static char **read_options(int argc, char **argv)
{
    static const struct option options[] = {
        {"postfix", required_argument, NULL, 'p'}, {"key", required_argument, NULL, 'k'},
        {"user", required_argument, NULL, 'u'},    {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},       {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        switch (option) {
        case 'p':
            settings.postfix = optarg;
            break;
        case 'k':
            settings.key_file = optarg;
            break;
        case 'u':
            settings.user = optarg;
            break;
        case 'h':
            printf("Usage: weir-hold [OPTION]... -- /path/to/weir-release [ARGUMENT]...\n"
                   "As root, releases and deletes held mail when weir-release asks for it.\n\n"
                   "      --postfix DIR  Postfix's configuration directory (%s)\n"
                   "      --key FILE     key that signs X-Weir-Id (%s)\n"
                   "      --user USER    whom weir-release runs as (%s)\n"
                   "      --help         show this\n"
                   "      --version      show the version\n",
                   settings.postfix, settings.key_file, settings.user);
            exit(EXIT_SUCCESS);
        case 'v':
            printf("weir-hold %s\n", PACKAGE_VERSION);
            exit(EXIT_SUCCESS);
        default:
            exit(64);
        }
    }
    if (optind == argc || argv[optind][0] != '/') {
        complain("the absolute path of weir-release is missing; see --help");
        exit(64);
    }
    return argv + optind;
}

/* SIGTERM and SIGINT wait until serve_all() polls. */
static bool take_signals(void)
{
    struct sigaction action = {.sa_handler = note_stop};
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    return sigaction(SIGTERM, &action, NULL) == 0 && sigaction(SIGINT, &action, NULL) == 0 &&
           sigprocmask(SIG_BLOCK, &blocked, NULL) == 0;
}

int main(int argc, char **argv)
{
    char **release = read_options(argc, argv);
    int ends[2];
    if (!hold_queue_open(settings.postfix, settings.key_file)) {
        complain("postconf does not tell the queue directory of %s", settings.postfix);
        return EXIT_FAILURE;
    }
    if (!take_signals() || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        complain("%s", strerror(errno));
        return EXIT_FAILURE;
    }
    pid_t child = fork();
    if (child == 0)
        become_release(ends[1], release);
    if (child < 0) {
        complain("fork: %s", strerror(errno));
        return EXIT_FAILURE;
    }
    close(ends[1]);
    serve_all(ends[0], child);
    /* Neither lives on without the other: the end of the socket tells weir-release. */
    close(ends[0]);
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return asked_to_stop && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? EXIT_SUCCESS
                                                                          : EXIT_FAILURE;
}
