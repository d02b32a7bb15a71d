#include "core/key_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/hex.h"
#include "core/write_all.h"

struct reading {
    unsigned char *keys;
    size_t key_bytes, count;
    char why[80]; /* the line cannot be */
};

static bool is_not_hex(struct reading *reading)
{
    snprintf(reading->why, sizeof reading->why, "is not %zu hex digits", 2 * reading->key_bytes);
    return false;
}

static bool read_line(struct reading *reading, char *line)
{
    line[strcspn(line, "#\r\n")] = '\0';
    line += strspn(line, " \t");
    size_t length = strcspn(line, " \t");
    if (length == 0)
        return true;
    if (length != 2 * reading->key_bytes || line[length + strspn(line + length, " \t")] != '\0')
        return is_not_hex(reading);
    if (reading->count == KEY_FILE_KEYS_MAX) {
        strcpy(reading->why, "is one key too many: two are valid while one is being rotated");
        return false;
    }
    if (!bytes_of_hex(line, reading->key_bytes,
                      reading->keys + reading->count * reading->key_bytes))
        return is_not_hex(reading);
    reading->count++;
    return true;
}

bool key_file_read(const char *path, size_t key_bytes, unsigned char *keys, size_t *count,
                   struct error *error)
{
    struct reading reading = {.keys = keys, .key_bytes = key_bytes};
    FILE *file = fopen(path, "re");
    if (!file)
        return error_set(error, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
    char line[256];
    bool good = true;
    int number = 0;
    while (good && fgets(line, sizeof line, file)) {
        number++;
        good = read_line(&reading, line);
    }
    bool unread = ferror(file);
    fclose(file);
    explicit_bzero(line, sizeof line);
    *count = reading.count;
    if (!good)
        return error_set(error, ERROR_INPUT, "%s:%d: the line %s", path, number, reading.why);
    if (unread)
        return error_set(error, ERROR_SYSTEM, "%s: cannot be read", path);
    return reading.count || error_set(error, ERROR_INPUT, "%s: holds no key", path);
}

static bool write_key(int fd, size_t key_bytes, const char *path, struct error *error)
{
    unsigned char key[KEY_FILE_KEY_BYTES_MAX];
    char line[2 * KEY_FILE_KEY_BYTES_MAX + 1];
    assert(key_bytes <= sizeof key);
    if (getrandom(key, key_bytes, 0) != (ssize_t)key_bytes)
        return error_set(error, ERROR_SYSTEM, "no random bytes: %s", strerror(errno));
    hex_of_bytes(key, key_bytes, line);
    line[2 * key_bytes] = '\n';
    bool written = write_all(fd, line, 2 * key_bytes + 1) && fsync(fd) == 0;
    explicit_bzero(key, sizeof key);
    explicit_bzero(line, sizeof line);
    return written || error_set(error, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
}

static bool give_away(int fd, const char *user, const char *path, struct error *error)
{
    struct passwd *entry = user && geteuid() == 0 ? getpwnam(user) : NULL;
    return !entry || fchown(fd, entry->pw_uid, entry->pw_gid) == 0 ||
           error_set(error, ERROR_SYSTEM, "%s: chown to %s: %s", path, user, strerror(errno));
}

bool key_file_make(const char *path, size_t key_bytes, mode_t mode, const char *user,
                   struct error *error)
{
    char draft[4096];
    if (snprintf(draft, sizeof draft, "%s.XXXXXX", path) >= (int)sizeof draft)
        return error_set(error, ERROR_INPUT, "the path of the key file is too long");
    int fd = mkostemp(draft, O_CLOEXEC);
    if (fd < 0)
        return error_set(error, ERROR_SYSTEM, "%s: %s", draft, strerror(errno));
    bool made = fchmod(fd, mode) == 0 ||
                error_set(error, ERROR_SYSTEM, "%s: chmod: %s", draft, strerror(errno));
    made = made && give_away(fd, user, draft, error) && write_key(fd, key_bytes, draft, error);
    /* The link is made last and only when there is nothing at `path`: a key appears whole, and
     * never takes the place of one in use. */
    if (made && link(draft, path) != 0)
        made = error_set(error, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
    close(fd);
    unlink(draft);
    return made;
}
