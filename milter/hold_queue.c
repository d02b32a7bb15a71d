#include "milter/hold_queue.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/weir_id.h"
#include "milter/hold_protocol.h"

#define HEADERS_READ (256u * 1024)
#define HASH_DEPTH_MAX 4

static struct {
    const char *postfix; /* configuration directory */
    const char *key_file;
    char mail_config[PATH_MAX]; /* "MAIL_CONFIG=…": the whole environment of Postfix's commands */
    char spool[PATH_MAX];       /* queue_directory */
} queue;

/* --- Postfix's commands --- */

/* Starts `argv` with a fixed environment and nothing of ours open but its output, which goes to
 * `*output` when that is wanted. */
static pid_t start_command(const char *const argv[], int *output)
{
    int ends[2] = {-1, -1};
    if (output && pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        char *const environment[] = {queue.mail_config, NULL};
        int nothing = open("/dev/null", O_RDWR);
        dup2(nothing, STDIN_FILENO);
        dup2(output ? ends[1] : nothing, STDOUT_FILENO);
        dup2(nothing, STDERR_FILENO);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execve(argv[0], (char *const *)argv, environment); /* changes none of them */
        _exit(127);
    }
    if (output) {
        close(ends[1]);
        *output = ends[0];
        if (pid < 0)
            close(ends[0]);
    }
    return pid;
}

static bool end_command(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return false;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Runs it to its end, or until `room` bytes of output were read; -1 when it failed. */
static ssize_t run(const char *const argv[], char *output, size_t room)
{
    int from = -1;
    size_t length = 0;
    pid_t pid = start_command(argv, output ? &from : NULL);
    if (pid < 0)
        return -1;
    while (output && length < room) {
        ssize_t got = read(from, output + length, room - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    bool cut = output && length == room;
    if (output)
        close(from);
    /* A command that still writes when we have read enough ends by SIGPIPE. */
    return end_command(pid) || cut ? (ssize_t)length : -1;
}

bool hold_queue_open(const char *postfix_directory, const char *key_file)
{
    queue.postfix = postfix_directory;
    queue.key_file = key_file;
    snprintf(queue.mail_config, sizeof queue.mail_config, "MAIL_CONFIG=%s", postfix_directory);
    const char *const argv[] = {"/usr/sbin/postconf", "-c", queue.postfix, "-h",
                                "queue_directory",    NULL};
    ssize_t length = run(argv, queue.spool, sizeof queue.spool - 1);
    if (length <= 0)
        return false;
    queue.spool[length] = '\0';
    queue.spool[strcspn(queue.spool, "\n")] = '\0';
    return queue.spool[0] == '/';
}

/* --- what may be touched --- */

bool hold_queue_is_id(const char *text)
{
    size_t length = strlen(text);
    if (length < QUEUE_ID_MIN || length > QUEUE_ID_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!isascii((unsigned char)text[i]) || !isalnum((unsigned char)text[i]))
            return false;
    }
    return true;
}

/* The file of that id under `directory` or the directories of one character in it, which are how
 * Postfix hashes a queue. */
static bool find_file(const char *directory, const char *queue_id, int depth, char path[PATH_MAX])
{
    struct stat status;
    if (snprintf(path, PATH_MAX, "%s/%s", directory, queue_id) >= PATH_MAX)
        return false;
    if (lstat(path, &status) == 0)
        return S_ISREG(status.st_mode);
    DIR *open_directory = depth < HASH_DEPTH_MAX ? opendir(directory) : NULL;
    if (!open_directory)
        return false;
    bool found = false;
    for (struct dirent *entry; !found && (entry = readdir(open_directory));) {
        char below[PATH_MAX];
        if (entry->d_name[0] == '.' || entry->d_name[1] != '\0' ||
            snprintf(below, sizeof below, "%s/%s", directory, entry->d_name) >= (int)sizeof below)
            continue;
        found = find_file(below, queue_id, depth + 1, path);
    }
    closedir(open_directory);
    return found;
}

bool hold_queue_directory(const char *name, char path[PATH_MAX])
{
    return snprintf(path, PATH_MAX, "%s/%s", queue.spool, name) < PATH_MAX;
}

bool hold_queue_find(const char *queue_id, char path[PATH_MAX])
{
    char hold[PATH_MAX];
    return hold_queue_directory("hold", hold) && find_file(hold, queue_id, 0, path);
}

bool hold_queue_is_ours(const char *path, char weir_id[WEIR_ID_TEXT], const char **why)
{
    static char headers[HEADERS_READ + 1];
    struct weir_id_keys keys;
    struct error error = {0};
    *why = "the key file cannot be read";
    if (!weir_id_keys_read(queue.key_file, &keys, &error)) {
        fprintf(stderr, "weir-hold: %s\n", error.message);
        return false;
    }
    *why = "its headers cannot be read";
    const char *const argv[] = {"/usr/sbin/postcat", "-c", queue.postfix, "-h", path, NULL};
    ssize_t length = run(argv, headers, HEADERS_READ);
    if (length < 0)
        return false;
    headers[length] = '\0';
    *why = "it carries no " WEIR_ID_HEADER " of this gateway";
    static const char name[] = WEIR_ID_HEADER ":";
    bool ours = false;
    for (const char *line = headers; !ours && *line;) {
        size_t line_length = strcspn(line, "\n");
        const char *value = line + sizeof name - 1, *end = line + line_length;
        if (strncasecmp(line, name, sizeof name - 1) == 0) {
            ours = weir_id_verify(&keys, value, (size_t)(end - value));
            snprintf(weir_id, WEIR_ID_TEXT, "%s", value + strspn(value, " \t"));
        }
        line += line_length + (line[line_length] == '\n');
    }
    explicit_bzero(&keys, sizeof keys);
    return ours;
}

bool hold_queue_take_out(const char *option, const char *queue_id)
{
    const char *const argv[] = {"/usr/sbin/postsuper", "-c", queue.postfix, option, queue_id, NULL};
    char path[PATH_MAX];
    /* postsuper ends with 0 also when it found nothing to do. */
    return run(argv, NULL, 0) >= 0 && !hold_queue_find(queue_id, path);
}

bool hold_queue_deliver(const char *queue_id)
{
    const char *const argv[] = {"/usr/sbin/postqueue", "-c", queue.postfix, "-i", queue_id, NULL};
    return run(argv, NULL, 0) >= 0;
}

pid_t hold_queue_pick_up(void)
{
    const char *const argv[] = {
        "/usr/sbin/postkick", "-c", queue.postfix, "public", "pickup", "W", NULL};
    return start_command(argv, NULL);
}

ssize_t hold_queue_read(const char *path, char *bytes, size_t room)
{
    const char *const argv[] = {"/usr/sbin/postcat", "-c", queue.postfix, "-hb", path, NULL};
    return run(argv, bytes, room);
}
