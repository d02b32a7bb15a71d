#include "milter/hold_requeue.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "milter/hold_queue.h"

#define PATIENCE_MS 2000
#define TICK_MS 5
#define CANDIDATES_MAX 64
#define START_BYTES (64u * 1024) /* our header stands before all others */

/* A file that appeared in the queue of new mail. Opened at once: it is read through its descriptor
 * also after it was moved on, or delivered and removed. */
struct candidate {
    int fd;
    char queue_id[QUEUE_ID_MAX + 1];
};

struct candidates {
    struct candidate items[CANDIDATES_MAX];
    size_t count;
};

static void drop(struct candidates *candidates, size_t i)
{
    close(candidates->items[i].fd);
    candidates->items[i] = candidates->items[--candidates->count];
}

/* The queue of new mail, and the one that it is moved to at once. */
struct directories {
    int incoming, active;
};

static void add(struct candidates *candidates, const struct directories *in, const char *name)
{
    static const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    struct candidate *candidate = &candidates->items[candidates->count];
    if (candidates->count == CANDIDATES_MAX || !hold_queue_is_id(name))
        return;
    candidate->fd = openat(in->incoming, name, flags);
    if (candidate->fd < 0)
        candidate->fd = openat(in->active, name, flags);
    if (candidate->fd < 0)
        return;
    snprintf(candidate->queue_id, sizeof candidate->queue_id, "%s", name);
    candidates->count++;
}

static void take_events(struct candidates *candidates, int watch, const struct directories *in)
{
    _Alignas(struct inotify_event) char events[4096];
    ssize_t length = read(watch, events, sizeof events);
    for (ssize_t i = 0; i < length;) {
        const struct inotify_event *event =
            (const struct inotify_event *)(const void *)(events + i);
        if (event->len)
            add(candidates, in, event->name);
        i += (ssize_t)(sizeof *event + event->len);
    }
}

/* Looks for the id in what was written so far; what is complete without it is dropped. */
static bool search(struct candidates *candidates, const char *weir_id, char *new_id)
{
    static char start[START_BYTES];
    for (size_t i = candidates->count; i-- > 0;) {
        struct candidate *candidate = &candidates->items[i];
        struct stat status;
        bool complete = fstat(candidate->fd, &status) != 0 || (status.st_mode & S_IXUSR);
        ssize_t length = pread(candidate->fd, start, sizeof start, 0);
        if (length > 0 && memmem(start, (size_t)length, weir_id, strlen(weir_id))) {
            memcpy(new_id, candidate->queue_id, sizeof candidate->queue_id);
            return true;
        }
        if (complete)
            drop(candidates, i);
    }
    return false;
}

static long elapsed_ms(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

static void watch_for(int watch, const struct directories *in, const char *weir_id, char *new_id)
{
    struct candidates candidates = {.count = 0};
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    while (!search(&candidates, weir_id, new_id) && elapsed_ms(&start) < PATIENCE_MS) {
        struct pollfd wait = {.fd = watch, .events = POLLIN};
        if (poll(&wait, 1, TICK_MS) > 0)
            take_events(&candidates, watch, in);
    }
    while (candidates.count)
        drop(&candidates, 0);
}

static int open_directory(const char *name, char path[PATH_MAX])
{
    return hold_queue_directory(name, path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

bool hold_requeue(const char *queue_id, const char weir_id[WEIR_ID_TEXT],
                  char new_id[QUEUE_ID_MAX + 1])
{
    char incoming[PATH_MAX], active[PATH_MAX];
    struct directories in = {open_directory("incoming", incoming),
                             open_directory("active", active)};
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    bool watching = watch >= 0 && in.incoming >= 0 && in.active >= 0 &&
                    inotify_add_watch(watch, incoming, IN_CREATE | IN_MOVED_TO) >= 0;
    new_id[0] = '\0';
    bool requeued = hold_queue_take_out("-r", queue_id);
    /* The message may be delivered before postkick has ended, so it is not waited for. */
    pid_t waking = requeued ? hold_queue_pick_up() : -1;
    if (waking > 0 && watching)
        watch_for(watch, &in, weir_id, new_id);
    if (waking > 0)
        waitpid(waking, NULL, 0);
    const int opened[] = {watch, in.incoming, in.active};
    for (size_t i = 0; i < sizeof opened / sizeof *opened; i++) {
        if (opened[i] >= 0)
            close(opened[i]);
    }
    return requeued;
}
