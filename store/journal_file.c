#include "store/journal_file.h"

#include "store/journal_frame.h"
#include "store/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_MODE 0660
/* Root follows no link that a daemon's user could have laid. */
#define OPEN_FLAGS (O_RDWR | O_CLOEXEC | O_NOFOLLOW)
#define CHUNK 32768u
#define LOCK_STEP_MS 5u

static bool fail(const struct journal_file *file, struct error *error)
{
    return error_set(error, ERROR_SYSTEM, "%s: %s", file->path, strerror(errno));
}

/* --- opening --- */

/* A file that was just made: it, and its name in its directory, shall survive a crash. */
static bool settle(const struct journal_file *file)
{
    char *path = memory_text(file->path);
    struct stat status;
    int directory = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = directory >= 0 && fchmod(file->fd, FILE_MODE) == 0 &&
                fstat(directory, &status) == 0 &&
                (geteuid() != 0 || fchown(file->fd, status.st_uid, status.st_gid) == 0) &&
                fsync(directory) == 0;
    int why = errno;
    if (directory >= 0)
        close(directory);
    free(path);
    errno = why;
    return good;
}

bool journal_file_open(struct journal_file *file, const char *path, bool make, struct error *error)
{
    *file = (struct journal_file){path, open(path, OPEN_FLAGS)};
    if (file->fd >= 0)
        return true;
    if (errno != ENOENT)
        return fail(file, error);
    if (!make)
        return true;
    file->fd = open(path, OPEN_FLAGS | O_CREAT | O_EXCL, FILE_MODE);
    if (file->fd < 0 && errno == EEXIST) { /* another process was faster */
        file->fd = open(path, OPEN_FLAGS);
    } else if (file->fd >= 0 && !settle(file)) {
        fail(file, error);
        journal_file_close(file);
        return false;
    }
    return file->fd >= 0 || fail(file, error);
}

void journal_file_close(struct journal_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

bool journal_file_lock(const struct journal_file *file, unsigned wait_ms, struct error *error)
{
    for (unsigned waited_ms = 0; flock(file->fd, LOCK_EX | LOCK_NB) != 0;
         waited_ms += LOCK_STEP_MS) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return fail(file, error);
        if (waited_ms >= wait_ms)
            return error_set(error, ERROR_SYSTEM, "%s: another process is at work on it",
                             file->path);
        nanosleep(&(struct timespec){0, LOCK_STEP_MS * 1000000L}, NULL);
    }
    return true;
}

void journal_file_unlock(const struct journal_file *file)
{
    flock(file->fd, LOCK_UN);
}

bool journal_file_size(const struct journal_file *file, uint64_t *size, struct error *error)
{
    struct stat status;
    *size = 0;
    if (file->fd < 0)
        return true;
    if (fstat(file->fd, &status) != 0)
        return fail(file, error);
    *size = (uint64_t)status.st_size;
    return true;
}

/* --- writing --- */

static bool read_at(const struct journal_file *file, unsigned char *to, size_t length,
                    uint64_t offset, size_t *came, struct error *error)
{
    ssize_t got;
    do
        got = pread(file->fd, to, length, (off_t)offset);
    while (got < 0 && errno == EINTR);
    *came = got > 0 ? (size_t)got : 0;
    return got >= 0 || fail(file, error);
}

static bool write_at(const struct journal_file *file, struct span bytes, uint64_t offset,
                     struct error *error)
{
    for (size_t done = 0; done < bytes.length;) {
        ssize_t wrote =
            pwrite(file->fd, bytes.data + done, bytes.length - done, (off_t)(offset + done));
        if (wrote < 0 && errno != EINTR)
            return fail(file, error);
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return true;
}

/* Behind the last zero byte. */
bool journal_file_end(const struct journal_file *file, uint64_t *end, struct error *error)
{
    unsigned char chunk[4096];
    if (!journal_file_size(file, end, error))
        return false;
    while (*end > 0) {
        uint64_t from = *end > sizeof chunk ? *end - sizeof chunk : 0;
        size_t came;
        if (!read_at(file, chunk, (size_t)(*end - from), from, &came, error))
            return false;
        const unsigned char *zero = memrchr(chunk, 0, came);
        *end = zero ? from + (size_t)(zero - chunk) + 1 : from;
        if (zero)
            break;
    }
    return true;
}

bool journal_file_append(const struct journal_file *file, struct span frames, size_t limit_bytes,
                         struct error *error)
{
    uint64_t end;
    if (!journal_file_end(file, &end, error))
        return false;
    if (end + frames.length > limit_bytes)
        return error_set(error, ERROR_SYSTEM,
                         "%s is full: %" PRIu64 " of %zu bytes (journal.size-limit)", file->path,
                         end, limit_bytes);
    if (!journal_file_truncate(file, end, error))
        return false;
    if (write_at(file, frames, end, error) && (fdatasync(file->fd) == 0 || fail(file, error)))
        return true;
    journal_file_truncate(file, end, NULL);
    return false;
}

bool journal_file_write_head(const struct journal_file *file, struct span head, struct error *error)
{
    return write_at(file, head, 0, error) && (fdatasync(file->fd) == 0 || fail(file, error));
}

bool journal_file_truncate(const struct journal_file *file, uint64_t size, struct error *error)
{
    uint64_t now;
    if (!journal_file_size(file, &now, error))
        return false;
    if (now == size)
        return true;
    return (ftruncate(file->fd, (off_t)size) == 0 && fdatasync(file->fd) == 0) || fail(file, error);
}

bool journal_file_cut_front(const struct journal_file *file, struct span head, uint64_t from,
                            struct error *error)
{
    unsigned char *chunk = memory_new(CHUNK);
    uint64_t to = head.length;
    bool good = write_at(file, head, 0, error);
    for (size_t came = 1; good && came;) {
        good = read_at(file, chunk, CHUNK, from, &came, error) &&
               write_at(file, (struct span){(const char *)chunk, came}, to, error);
        from += came;
        to += came;
    }
    free(chunk);
    return good && journal_file_truncate(file, to, error);
}

/* --- reading --- */

/* Reads on; `*came` is 0 at the end of the file. */
static bool fill(struct journal_reader *reader, size_t *came, struct error *error)
{
    memmove(reader->buffer, reader->buffer + reader->begin, reader->length);
    reader->begin = 0;
    if (reader->room - reader->length < CHUNK) {
        reader->room = reader->length + 2 * CHUNK;
        reader->buffer = memory_resize(reader->buffer, reader->room);
    }
    if (!read_at(reader->file, reader->buffer + reader->length, CHUNK,
                 reader->position + reader->length, came, error))
        return false;
    reader->length += *came;
    return true;
}

static void drop(struct journal_reader *reader, size_t length)
{
    reader->begin += length;
    reader->length -= length;
    reader->position += length;
}

/* How many bytes stand before the next zero byte; `*ends` is false when there is none. */
static bool measure(struct journal_reader *reader, size_t *length, bool *ends, struct error *error)
{
    for (size_t looked = 0, came;;) {
        const unsigned char *bytes = reader->buffer + reader->begin;
        const unsigned char *zero = memchr(bytes + looked, 0, reader->length - looked);
        *length = zero ? (size_t)(zero - bytes) : reader->length;
        *ends = zero != NULL;
        looked = reader->length;
        if (zero)
            return true;
        if (!fill(reader, &came, error))
            return false;
        if (!came)
            return true;
    }
}

bool journal_reader_next(struct journal_reader *reader, struct span *record, bool *found,
                         struct error *error)
{
    *found = false;
    if (reader->file->fd < 0)
        return true;
    if (!reader->buffer)
        reader->buffer = memory_resize(NULL, reader->room = 2 * CHUNK);
    for (;;) {
        size_t length;
        bool ends;
        if (!measure(reader, &length, &ends, error))
            return false;
        if (!ends)
            return true;
        unsigned char *bytes = reader->buffer + reader->begin;
        reader->start = reader->position;
        drop(reader, length + 1);
        if (!length)
            continue;
        *found = journal_frame_read(bytes, length, record);
        if (*found)
            return true;
        if (!reader->damaged++)
            reader->damaged_at = reader->start;
    }
}

void journal_reader_clear(struct journal_reader *reader)
{
    free(reader->buffer);
    *reader = (struct journal_reader){.file = reader->file};
}
