#include "milter/hold_requeue.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "milter/hold_queue.h"

/* Postfix takes milliseconds. Only when it stands still is this waited for. */
#define PATIENCE_MS 10000
#define PATIENCE_UNWOKEN_MS 2000
#define TICK_MS 5
#define CANDIDATES_MAX 64
#define START_BYTES (64u * 1024) /* our header stands before all others */

/* A file that appeared in the queue of new mail. Opened at once: it is read through its descriptor
 * also after it was moved on, or delivered and removed. On a fast disk it may be gone before it
 * could be opened: then there is its name only. */
struct candidate {
    int fd; /* -1: it was gone */
    char queue_id[QUEUE_ID_MAX + 1];
};

/* pickup(8) opens the message in the maildrop queue before cleanup(8) makes the new file for it,
 * and removes it when that is complete: the new file appears between the two. */
struct search {
    const char *queue_id, *weir_id;
    int watch, in_maildrop, in_incoming; /* what inotify calls them */
    bool blind;                          /* they cannot both be watched */
    bool opened, read, removed;          /* the message in the maildrop queue */
    bool incomplete;                     /* there are candidates that are not known here */
    struct candidate candidates[CANDIDATES_MAX];
    size_t count;
};

static void drop(struct search *search, size_t i)
{
    if (search->candidates[i].fd >= 0)
        close(search->candidates[i].fd);
    search->candidates[i] = search->candidates[--search->count];
}

/* Wherever it has come to by now; -1: it is in no queue. */
static int open_message(const char *queue_id)
{
    static const char *const queues[] = {"incoming", "active", "deferred", "hold"};
    for (size_t i = 0; i < sizeof queues / sizeof *queues; i++) {
        char path[PATH_MAX];
        if (!hold_queue_find_in(queues[i], queue_id, path))
            continue;
        int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd >= 0)
            return fd;
    }
    return -1;
}

static void add(struct search *search, const char *name)
{
    struct candidate *candidate = &search->candidates[search->count];
    if (!search->opened || search->removed || !hold_queue_is_id(name))
        return;
    if (search->count == CANDIDATES_MAX) {
        search->incomplete = true;
        return;
    }
    candidate->fd = open_message(name);
    snprintf(candidate->queue_id, sizeof candidate->queue_id, "%s", name);
    search->count++;
}

static void take_event(struct search *search, const struct inotify_event *event)
{
    if (event->mask & IN_Q_OVERFLOW)
        search->incomplete = true;
    if (!event->len)
        return;
    if (event->wd == search->in_incoming) {
        add(search, event->name);
    } else if (event->wd == search->in_maildrop && strcmp(event->name, search->queue_id) == 0) {
        search->opened = search->opened || event->mask & IN_OPEN;
        search->read = search->read || event->mask & IN_ACCESS;
        search->removed = search->removed || event->mask & IN_DELETE;
    }
}

static void take_events(struct search *search)
{
    _Alignas(struct inotify_event) char events[4096];
    ssize_t length = read(search->watch, events, sizeof events);
    for (ssize_t i = 0; i < length;) {
        const struct inotify_event *event =
            (const struct inotify_event *)(const void *)(events + i);
        take_event(search, event);
        i += (ssize_t)(sizeof *event + event->len);
    }
}

/* Looks for the id in what was written so far; what is complete without it is dropped. */
static bool find_by_content(struct search *search, char *new_id)
{
    static char start[START_BYTES];
    for (size_t i = search->count; i-- > 0;) {
        struct candidate *candidate = &search->candidates[i];
        struct stat status;
        if (candidate->fd < 0)
            continue;
        bool complete = fstat(candidate->fd, &status) != 0 || (status.st_mode & S_IXUSR);
        ssize_t length = pread(candidate->fd, start, sizeof start, 0);
        if (length > 0 && memmem(start, (size_t)length, search->weir_id, strlen(search->weir_id))) {
            memcpy(new_id, candidate->queue_id, sizeof candidate->queue_id);
            return true;
        }
        if (complete)
            drop(search, i);
    }
    return false;
}

/* The message was copied, and no file that could be read is it: it is the one that was gone, when
 * there is one only. What can be read and is still being written is not, for ours was complete. */
static void find_by_elimination(const struct search *search, char *new_id)
{
    const struct candidate *gone = NULL;
    size_t count = 0;
    for (size_t i = 0; i < search->count; i++) {
        if (search->candidates[i].fd < 0) {
            gone = &search->candidates[i];
            count++;
        }
    }
    if (count == 1 && search->read && !search->incomplete)
        memcpy(new_id, gone->queue_id, sizeof gone->queue_id);
}

static long elapsed_ms(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

/* Reaps postkick when it has ended. One that failed may have woken pickup(8) all the same: it does
 * so when that closed the connection first. */
static bool has_failed(pid_t *pid)
{
    int status;
    if (*pid <= 0 || waitpid(*pid, &status, WNOHANG) != *pid)
        return *pid < 0;
    *pid = WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
    return *pid < 0;
}

static bool is_over(const struct search *search, pid_t *waking, const struct timespec *start)
{
    long patience_ms = has_failed(waking) ? PATIENCE_UNWOKEN_MS : PATIENCE_MS;
    return search->removed || (search->blind && *waking <= 0) || elapsed_ms(start) >= patience_ms;
}

/* The message may be delivered before postkick has ended, so it is not waited for, unless there is
 * nothing else to see. */
static void find(struct search *search, pid_t *waking, char *new_id)
{
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (;;) {
        bool over = is_over(search, waking, &start);
        if (find_by_content(search, new_id))
            break;
        if (search->removed)
            find_by_elimination(search, new_id);
        if (over)
            break;
        struct pollfd wait = {.fd = search->watch, .events = POLLIN};
        if (poll(&wait, 1, TICK_MS) > 0)
            take_events(search);
    }
    while (search->count)
        drop(search, 0);
}

static int watch(const struct search *search, const char *queue, uint32_t events)
{
    char path[PATH_MAX];
    return !hold_queue_is_hashed(queue) && hold_queue_directory(queue, path)
               ? inotify_add_watch(search->watch, path, events)
               : -1;
}

bool hold_requeue(const char *queue_id, const char weir_id[WEIR_ID_TEXT],
                  char new_id[QUEUE_ID_MAX + 1])
{
    struct search search = {.queue_id = queue_id, .weir_id = weir_id};
    search.watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    search.in_maildrop = watch(&search, "maildrop", IN_OPEN | IN_ACCESS | IN_DELETE);
    search.in_incoming = watch(&search, "incoming", IN_CREATE | IN_MOVED_TO);
    search.blind = search.in_maildrop < 0 || search.in_incoming < 0;
    new_id[0] = '\0';
    bool requeued = hold_queue_take_out("-r", queue_id);
    if (requeued) {
        pid_t waking = hold_queue_pick_up();
        find(&search, &waking, new_id);
        if (waking >
            0) { /* it waits for a pickup(8) that stands still, or is not needed any more */
            kill(waking, SIGKILL);
            waitpid(waking, NULL, 0);
        }
    }
    if (search.watch >= 0)
        close(search.watch);
    return requeued;
}
