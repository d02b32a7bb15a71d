#include "feedfilter/feed_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/write_all.h"
#include "feedfilter/feed_cache_file.h"
#include "store/memory.h"

/* Whatever a subscription is called, its file is neither "." nor a temporary one. */
#define COPY_END ".feed"
#define TEMPORARY_END ".feed.tmp"
#define LOCK_FILE "lock"

struct copy {
    char *name;
    uint64_t size;
    int64_t stored; /* a higher one was stored later */
};

struct feed_cache {
    char *path;
    int directory, lock;
    uint64_t limit_bytes;
    pthread_mutex_t mutex; /* of the rest, and held while a copy is written */
    struct copy *copies;
    size_t count, room;
    uint64_t total_bytes;
    int64_t last_stored;
};

struct file_name {
    char text[NAME_MAX + 1];
};

/* False when `name` cannot be that of a file here. */
static bool file_name(struct file_name *file, const char *name, const char *end)
{
    int length = snprintf(file->text, sizeof file->text, "%s%s", name, end);
    return length > 0 && (size_t)length < sizeof file->text && !strchr(name, '/');
}

static bool fail(const struct feed_cache *cache, const char *file, struct error *error)
{
    int reason = errno;
    return error_set(error, ERROR_SYSTEM, "%.200s%s%.100s: %s", cache->path, *file ? "/" : "", file,
                     strerrordesc_np(reason));
}

/* --- what is there --- */

static struct copy *find(struct feed_cache *cache, const char *name)
{
    for (size_t i = 0; i < cache->count; i++)
        if (!strcmp(cache->copies[i].name, name))
            return &cache->copies[i];
    return NULL;
}

static void note(struct feed_cache *cache, const char *name, uint64_t size, int64_t stored)
{
    struct copy *copy = find(cache, name);
    if (!copy) {
        if (cache->count == cache->room) {
            cache->room = cache->room ? cache->room * 2 : 64;
            cache->copies = memory_resize(cache->copies, cache->room * sizeof *cache->copies);
        }
        copy = &cache->copies[cache->count++];
        *copy = (struct copy){.name = memory_text(name)};
    }
    cache->total_bytes += size - copy->size;
    copy->size = size;
    copy->stored = stored;
}

static void forget(struct feed_cache *cache, struct copy *copy)
{
    cache->total_bytes -= copy->size;
    free(copy->name);
    *copy = cache->copies[--cache->count];
}

static bool remove_copy(struct feed_cache *cache, struct copy *copy, struct error *error)
{
    struct file_name file;
    file_name(&file, copy->name, COPY_END);
    if (unlinkat(cache->directory, file.text, 0) != 0 && errno != ENOENT)
        return fail(cache, file.text, error);
    forget(cache, copy);
    return true;
}

static bool evict(struct feed_cache *cache, struct error *error)
{
    while (cache->total_bytes > cache->limit_bytes) {
        struct copy *oldest = cache->copies;
        for (size_t i = 1; i < cache->count; i++)
            if (cache->copies[i].stored < oldest->stored)
                oldest = &cache->copies[i];
        if (!remove_copy(cache, oldest, error))
            return false;
    }
    return true;
}

/* --- opening --- */

static bool lock_directory(struct feed_cache *cache, struct error *error)
{
    cache->lock =
        openat(cache->directory, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (cache->lock < 0)
        return fail(cache, LOCK_FILE, error);
    if (flock(cache->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (errno != EWOULDBLOCK)
        return fail(cache, LOCK_FILE, error);
    return error_set(error, ERROR_SYSTEM,
                     "%s: another weir-feedfilter uses this directory; set feedfilter.cache to one "
                     "of its own",
                     cache->path);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length > end_length && !strcmp(text + length - end_length, end);
}

/* Notes one file of the directory, or removes it when a crash left it half written. */
static bool take_in(struct feed_cache *cache, const char *file, struct error *error)
{
    struct stat status;
    if (ends_with(file, TEMPORARY_END)) {
        if (unlinkat(cache->directory, file, 0) != 0 && errno != ENOENT)
            return fail(cache, file, error);
    } else if (ends_with(file, COPY_END) &&
               fstatat(cache->directory, file, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
               S_ISREG(status.st_mode)) {
        struct file_name name;
        snprintf(name.text, sizeof name.text, "%.*s", (int)(strlen(file) - strlen(COPY_END)), file);
        note(cache, name.text, (uint64_t)status.st_size,
             (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec);
    }
    return true;
}

static int by_age(const void *a, const void *b)
{
    int64_t first = ((const struct copy *)a)->stored, second = ((const struct copy *)b)->stored;
    return first < second ? -1 : first > second;
}

/* From here on the order is counted: clocks can go back. */
static void number_copies(struct feed_cache *cache)
{
    if (cache->count)
        qsort(cache->copies, cache->count, sizeof *cache->copies, by_age);
    for (size_t i = 0; i < cache->count; i++)
        cache->copies[i].stored = ++cache->last_stored;
}

static bool scan(struct feed_cache *cache, struct error *error)
{
    int fd = openat(cache->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries) {
        fail(cache, "", error);
        if (fd >= 0)
            close(fd);
        return false;
    }
    bool ok = true;
    for (const struct dirent *entry; ok && (entry = readdir(entries));)
        ok = take_in(cache, entry->d_name, error);
    closedir(entries);
    number_copies(cache);
    return ok && evict(cache, error);
}

struct feed_cache *feed_cache_open(const char *directory, uint64_t limit_bytes, struct error *error)
{
    struct feed_cache *cache = memory_new(sizeof *cache);
    cache->path = memory_text(directory);
    cache->limit_bytes = limit_bytes;
    cache->directory = cache->lock = -1;
    pthread_mutex_init(&cache->mutex, NULL);
    bool made = mkdir(directory, 0750) == 0 || errno == EEXIST;
    if (made)
        cache->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = cache->directory >= 0 &&
              faccessat(cache->directory, ".", R_OK | W_OK | X_OK, AT_EACCESS) == 0;
    if (!ok)
        fail(cache, "", error);
    if (ok && lock_directory(cache, error) && scan(cache, error))
        return cache;
    feed_cache_close(cache);
    return NULL;
}

void feed_cache_close(struct feed_cache *cache)
{
    if (!cache)
        return;
    if (cache->lock >= 0)
        close(cache->lock);
    if (cache->directory >= 0)
        close(cache->directory);
    for (size_t i = 0; i < cache->count; i++)
        free(cache->copies[i].name);
    pthread_mutex_destroy(&cache->mutex);
    free(cache->copies);
    free(cache->path);
    free(cache);
}

/* --- copies --- */

struct cached_feed *feed_cache_load(struct feed_cache *cache, const char *name)
{
    struct file_name file;
    if (!file_name(&file, name, COPY_END))
        return NULL;
    return feed_cache_file_read(cache->directory, file.text, cache->limit_bytes);
}

/* Writes the temporary file so that it outlives a crash, or leaves none. */
static bool write_temporary(struct feed_cache *cache, const char *file, const char *front,
                            size_t front_length, const struct cached_feed *feed,
                            struct error *error)
{
    int fd =
        openat(cache->directory, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return fail(cache, file, error);
    bool ok = fchmod(fd, 0640) == 0 && write_all(fd, front, front_length) &&
              write_all(fd, feed->body, feed->length) && fsync(fd) == 0;
    if (!ok)
        fail(cache, file, error);
    if (close(fd) != 0 && ok)
        ok = fail(cache, file, error);
    if (!ok)
        unlinkat(cache->directory, file, 0);
    return ok;
}

/* With the mutex held. */
static bool replace(struct feed_cache *cache, const char *name, const char *front,
                    size_t front_length, const struct cached_feed *feed, struct error *error)
{
    struct file_name file, temporary;
    if (!file_name(&file, name, COPY_END) || !file_name(&temporary, name, TEMPORARY_END))
        return error_set(error, ERROR_BUG, "%.100s: no name of a feed", name);
    if (!write_temporary(cache, temporary.text, front, front_length, feed, error))
        return false;
    if (renameat(cache->directory, temporary.text, cache->directory, file.text) != 0) {
        fail(cache, file.text, error);
        unlinkat(cache->directory, temporary.text, 0);
        return false;
    }
    note(cache, name, front_length + feed->length, ++cache->last_stored);
    if (fsync(cache->directory) != 0)
        return fail(cache, "", error);
    return evict(cache, error);
}

bool feed_cache_store(struct feed_cache *cache, const char *name, const struct cached_feed *feed,
                      struct error *error)
{
    size_t front_length = 0;
    char *front = feed_cache_file_front(feed, &front_length, error);
    if (!front)
        return false;
    bool ok = front_length + feed->length <= cache->limit_bytes;
    if (!ok) {
        error_set(error, ERROR_INPUT,
                  "the copy of %.100s is larger than feedfilter.cache-size and not kept", name);
    } else {
        pthread_mutex_lock(&cache->mutex);
        ok = replace(cache, name, front, front_length, feed, error);
        pthread_mutex_unlock(&cache->mutex);
    }
    free(front);
    return ok;
}

void feed_cache_use(struct feed_cache *cache, const char *name)
{
    struct file_name file;
    pthread_mutex_lock(&cache->mutex);
    struct copy *copy = find(cache, name);
    if (copy) {
        copy->stored = ++cache->last_stored;
        if (file_name(&file, name, COPY_END)) /* the order of copies is no reason to complain */
            utimensat(cache->directory, file.text, NULL, AT_SYMLINK_NOFOLLOW);
    }
    pthread_mutex_unlock(&cache->mutex);
}

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

bool feed_cache_keep(struct feed_cache *cache, const char *const *names, size_t count,
                     struct error *error)
{
    bool ok = true;
    pthread_mutex_lock(&cache->mutex);
    for (size_t i = cache->count; i-- > 0;)
        if (!is_among(cache->copies[i].name, names, count))
            ok &= remove_copy(cache, &cache->copies[i], error);
    pthread_mutex_unlock(&cache->mutex);
    return ok;
}
