#include "milter/hold_queue.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/weir_id.h"
#include "milter/hold_protocol.h"

#define HEADERS_READ (256u * 1024)
#define HASH_DEPTH_MAX 4
#define COMMAND_LIMIT_S 60

static struct {
    const char *postfix; /* configuration directory */
    const char *key_file;
    char mail_config[PATH_MAX]; /* "MAIL_CONFIG=…": the whole environment of Postfix's commands */
    char spool[PATH_MAX];       /* queue_directory */
    char hashed[1024];          /* hash_queue_names */
    char said[1024];            /* by postsuper */
} queue;

/* --- Postfix's commands --- */

/* Starts `argv` with a fixed environment and nothing of ours open but its output (`stream`:
 * standard output or error), which goes to `*output` when that is wanted. */
static pid_t start_command(const char *const argv[], int stream, int *output)
{
    int ends[2] = {-1, -1};
    if (output && pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        char *const environment[] = {queue.mail_config, NULL};
        int nothing = open("/dev/null", O_RDWR);
        dup2(nothing, STDIN_FILENO);
        dup2(nothing, STDOUT_FILENO);
        dup2(nothing, STDERR_FILENO);
        if (output)
            dup2(ends[1], stream);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        alarm(COMMAND_LIMIT_S); /* outlives execve(), and nobody handles it: it kills */
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

/* Runs it to its end. `output` gets the first `room` bytes of the stream; what comes behind them is
 * read too, so that no command dies of a closed pipe. False when it failed. */
static bool run(const char *const argv[], int stream, char *output, size_t room, size_t *length)
{
    char rest[4096];
    int from = -1;
    *length = 0;
    pid_t pid = start_command(argv, stream, &from);
    if (pid < 0)
        return false;
    for (;;) {
        bool full = *length == room;
        ssize_t got =
            read(from, full ? rest : output + *length, full ? sizeof rest : room - *length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        *length += full ? 0 : (size_t)got;
    }
    close(from);
    return end_command(pid);
}

/* A parameter of main.cf, with what it names expanded. */
static bool read_parameter(const char *name, char *value, size_t size)
{
    const char *const argv[] = {"/usr/sbin/postconf", "-c", queue.postfix, "-x", "-h", name, NULL};
    size_t length;
    if (!run(argv, STDOUT_FILENO, value, size - 1, &length))
        return false;
    value[length] = '\0';
    value[strcspn(value, "\n")] = '\0';
    return true;
}

bool hold_queue_open(const char *postfix_directory, const char *key_file)
{
    queue.postfix = postfix_directory;
    queue.key_file = key_file;
    snprintf(queue.mail_config, sizeof queue.mail_config, "MAIL_CONFIG=%s", postfix_directory);
    return read_parameter("queue_directory", queue.spool, sizeof queue.spool) &&
           read_parameter("hash_queue_names", queue.hashed, sizeof queue.hashed) &&
           queue.spool[0] == '/';
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

bool hold_queue_is_hashed(const char *name)
{
    static const char between[] = ", \t\r";
    size_t length;
    for (const char *word = queue.hashed; *word; word += length) {
        word += strspn(word, between);
        length = strcspn(word, between);
        if (length == strlen(name) && strncmp(word, name, length) == 0)
            return true;
    }
    return false;
}

bool hold_queue_find_in(const char *name, const char *queue_id, char path[PATH_MAX])
{
    char directory[PATH_MAX];
    return hold_queue_directory(name, directory) && find_file(directory, queue_id, 0, path);
}

bool hold_queue_find(const char *queue_id, char path[PATH_MAX])
{
    return hold_queue_find_in("hold", queue_id, path);
}

/* The rest of the first line that is an X-Weir-Id; NULL when there is none. */
static const char *first_weir_id(const char *headers, size_t *length)
{
    static const char name[] = WEIR_ID_HEADER ":";
    for (const char *line = headers; *line;) {
        size_t line_length = strcspn(line, "\n");
        if (strncasecmp(line, name, sizeof name - 1) == 0) {
            *length = line_length - (sizeof name - 1);
            return line + sizeof name - 1;
        }
        line += line_length + (line[line_length] == '\n');
    }
    return NULL;
}

enum hold_match hold_queue_match(const char *path, const char *document, char weir_id[WEIR_ID_TEXT],
                                 const char **why)
{
    static char headers[HEADERS_READ + 1];
    struct weir_id_keys keys;
    struct error error = {0};
    size_t length;
    *why = "the key file cannot be read";
    if (!weir_id_keys_read(queue.key_file, &keys, &error)) {
        fprintf(stderr, "weir-hold: %s\n", error.message);
        return HOLD_UNKNOWN;
    }
    enum hold_match match = HOLD_UNKNOWN;
    *why = "its headers cannot be read";
    const char *const argv[] = {"/usr/sbin/postcat", "-c", queue.postfix, "-h", path, NULL};
    if (run(argv, STDOUT_FILENO, headers, HEADERS_READ, &length)) {
        headers[length] = '\0';
        const char *value = first_weir_id(headers, &length);
        match = HOLD_DIFFERS;
        *why = "it carries no " WEIR_ID_HEADER " of this gateway";
        if (value && weir_id_verify(&keys, value, length)) {
            snprintf(weir_id, WEIR_ID_TEXT, "%s", value + strspn(value, " \t"));
            *why = "it is another document";
            if (strncmp(weir_id, document, strlen(document)) == 0)
                match = HOLD_MATCHES;
        }
    }
    explicit_bzero(&keys, sizeof keys);
    return match;
}

bool hold_queue_take_out(const char *option, const char *queue_id)
{
    const char *const argv[] = {"/usr/sbin/postsuper", "-c", queue.postfix, option, queue_id, NULL};
    char path[PATH_MAX];
    size_t length;
    /* It ends with 0 also when it found nothing to do. */
    bool good = run(argv, STDERR_FILENO, queue.said, sizeof queue.said - 1, &length);
    queue.said[length] = '\0';
    queue.said[strcspn(queue.said, "\n")] = '\0';
    return good && !hold_queue_find(queue_id, path);
}

const char *hold_queue_said(void)
{
    return queue.said;
}

bool hold_queue_deliver(const char *queue_id)
{
    const char *const argv[] = {"/usr/sbin/postqueue", "-c", queue.postfix, "-i", queue_id, NULL};
    pid_t pid = start_command(argv, STDOUT_FILENO, NULL);
    return pid > 0 && end_command(pid);
}

pid_t hold_queue_pick_up(void)
{
    const char *const argv[] = {
        "/usr/sbin/postkick", "-c", queue.postfix, "public", "pickup", "W", NULL};
    return start_command(argv, STDOUT_FILENO, NULL);
}

int hold_queue_show(const char *queue_id)
{
    const char *const argv[] = {
        "/usr/sbin/postcat", "-c", queue.postfix, "-h", "-b", "-q", queue_id, NULL};
    static char text[HOLD_SHOW_MAX];
    size_t length, written = 0;
    if (!run(argv, STDOUT_FILENO, text, sizeof text, &length) || !length)
        return -1;
    int fd = memfd_create("message", MFD_CLOEXEC);
    while (fd >= 0 && written < length) {
        ssize_t more = write(fd, text + written, length - written);
        if (more <= 0) {
            close(fd);
            fd = -1;
        }
        written += more > 0 ? (size_t)more : 0;
    }
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}
