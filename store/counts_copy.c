#include "store/counts_copy.h"

#include "store/counts_ops.h"
#include "store/memory.h"
#include "store/sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKUP_MODE 0600
#define BACKUP_TIMEOUT_MS 10000

/* --- is there anything? --- */

static bool stop_at_item(void *context, const struct counts_item *item, struct error *error)
{
    (void)error;
    bool *empty = context;
    *empty =
        item->kind == COUNTS_ITEM_KEY || item->kind == COUNTS_ITEM_SINCE ||
        (item->kind == COUNTS_ITEM_REPUTATION && reputation_counts_are_unlabelled(&item->counts));
    return *empty;
}

bool counts_is_empty(struct counts_store *store, bool *empty, struct error *error)
{
    *empty = true;
    return store->ops->export_items(store, stop_at_item, empty, error) || !*empty;
}

/* --- copying --- */

struct copy {
    struct counts_store *from;
    struct counts_sums *sums;
    counts_put_item *put;
    void *put_context;
};

static bool count_and_put(void *context, const struct counts_item *item, struct error *error)
{
    const struct copy *copy = context;
    copy->sums->items[item->kind]++;
    if (item->kind == COUNTS_ITEM_LESSON)
        copy->sums->version = item->version;
    return copy->put(copy->put_context, item, error);
}

static bool fill(void *context, counts_put_item *put, void *put_context, struct error *error)
{
    struct copy *copy = context;
    copy->put = put;
    copy->put_context = put_context;
    return copy->from->ops->export_items(copy->from, count_and_put, copy, error);
}

bool counts_copy(struct counts_store *from, struct counts_store *to, struct counts_sums *sums,
                 struct error *error)
{
    *sums = (struct counts_sums){0};
    struct copy copy = {.from = from, .sums = sums};
    return to->ops->import_items(to, fill, &copy, error);
}

/* --- backup --- */

static bool fail(const char *path, struct error *error)
{
    return error_set(error, ERROR_SYSTEM, "%s: %m", path);
}

static bool sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

/* Under the name of something that is no backup nothing is written. */
static bool may_replace(const char *path, struct error *error)
{
    char start[16] = "";
    struct stat status;
    if (lstat(path, &status) != 0)
        return errno == ENOENT || fail(path, error);
    int fd = S_ISREG(status.st_mode) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t length = fd >= 0 ? read(fd, start, sizeof start) : -1;
    if (fd >= 0)
        close(fd);
    if (length == sizeof start && memcmp(start, "SQLite format 3", sizeof start) == 0)
        return true;
    return error_set(error, ERROR_INPUT, "%s: is there and no backup of weir's; name another file",
                     path);
}

static bool copy_into(struct counts_store *store, const char *path, struct error *error)
{
    if (store->ops->backup)
        return store->ops->backup(store, path, error);
    const struct counts_options options = {.timeout_ms = BACKUP_TIMEOUT_MS};
    struct counts_sums sums;
    char url[4096 + 16];
    snprintf(url, sizeof url, "sqlite://%s", path);
    struct counts_store *file = counts_open(url, &options, error);
    bool good = file && counts_copy(store, file, &sums, error);
    counts_close(file);
    return good;
}

bool counts_backup(struct counts_store *store, const char *path, struct error *error)
{
    char fresh[4096], directory[4096];
    const char *slash = strrchr(path, '/');
    if (!slash || (size_t)snprintf(fresh, sizeof fresh, "%s.new", path) >= sizeof fresh)
        return error_set(error, ERROR_INPUT, "%s: is no absolute path, or too long a one", path);
    snprintf(directory, sizeof directory, "%.*s", (int)(slash - path) + 1, path);
    if (access(directory, W_OK | X_OK) != 0)
        return fail(path, error);
    if (!may_replace(path, error))
        return false;
    unlink(fresh);
    bool good = copy_into(store, fresh, error);
    if (good && (chmod(fresh, BACKUP_MODE) != 0 || !sync_path(fresh, O_RDWR) ||
                 rename(fresh, path) != 0 || !sync_path(directory, O_RDONLY)))
        good = fail(path, error);
    if (!good)
        unlink(fresh);
    return good;
}
