#include "admin/console_users.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/memory.h"

#define LINE_MAX_BYTES 512

bool console_users_is_name(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= CONSOLE_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@") ==
               length;
}

/* The next user; false at the end. Lines that are none are passed over. */
static bool next_user(FILE *file, char line[LINE_MAX_BYTES], const char **hash)
{
    while (fgets(line, LINE_MAX_BYTES, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *colon = strchr(line, ':');
        if (!colon)
            continue;
        *colon = '\0';
        *hash = colon + 1;
        if (console_users_is_name(line))
            return true;
    }
    return false;
}

static FILE *open_users(const char *path, struct error *error)
{
    FILE *file = fopen(path, "re");
    if (!file)
        error_set(error, ERROR_SYSTEM, "%s: %s%s", path, strerror(errno),
                  errno == ENOENT ? "; weirctl console-user add NAME makes it" : "");
    return file;
}

static bool fail(const char *path, struct error *error)
{
    return error_set(error, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
}

/* After the last next_user(): false, with `error` set, when it stopped before the end. */
static bool close_users(FILE *file, const char *path, struct error *error)
{
    bool good = !ferror(file) || fail(path, error);
    fclose(file);
    return good;
}

/* The hash of `name`, of at most `room` bytes with its end. False when the name is not there, or,
 * with `error` set, the file cannot be read. */
static bool find_hash(const char *path, const char *name, char *wanted, size_t room,
                      struct error *error)
{
    char line[LINE_MAX_BYTES];
    const char *hash;
    bool known = false;
    FILE *file = open_users(path, error);
    if (!file)
        return false;
    while (!known && next_user(file, line, &hash)) {
        known = strcmp(line, name) == 0 && strlen(hash) < room;
        if (known)
            strcpy(wanted, hash);
    }
    return close_users(file, path, error) && known;
}

static void mark_of(const char *hash, unsigned char mark[CONSOLE_MARK_BYTES])
{
    crypto_generichash(mark, CONSOLE_MARK_BYTES, (const unsigned char *)hash, strlen(hash), NULL,
                       0);
}

bool console_users_check(const char *path, const char *name, const char *password,
                         unsigned char mark[CONSOLE_MARK_BYTES], struct error *error)
{
    /* Of no password: for names that are not there. */
    char hash[crypto_pwhash_STRBYTES] = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
                                        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    bool known = find_hash(path, name, hash, sizeof hash, error);
    if (error->class != ERROR_NONE)
        return false;
    bool right = crypto_pwhash_str_verify(hash, password, strlen(password)) == 0 && known;
    if (right)
        mark_of(hash, mark);
    return right;
}

bool console_users_mark(const char *path, const char *name, unsigned char mark[CONSOLE_MARK_BYTES],
                        struct error *error)
{
    char hash[crypto_pwhash_STRBYTES];
    bool known = find_hash(path, name, hash, sizeof hash, error);
    if (known)
        mark_of(hash, mark);
    return known;
}

/* --- writing --- */

/* Copies all but `name`. */
static void copy_others(FILE *from, FILE *to, const char *name, bool *was_there)
{
    char line[LINE_MAX_BYTES];
    const char *hash;
    while (next_user(from, line, &hash)) {
        bool same = strcmp(line, name) == 0;
        *was_there = *was_there || same;
        if (!same)
            fprintf(to, "%s:%s\n", line, hash);
    }
}

/* As the file was, or for the group weir, as which the console runs. */
static void give_away(int fd, const char *path)
{
    struct stat status;
    const struct group *group = getgrnam("weir");
    bool known = stat(path, &status) == 0;
    if (known || group)
        (void)!fchown(fd, known ? status.st_uid : (uid_t)-1, known ? status.st_gid : group->gr_gid);
    (void)!fchmod(fd, known ? status.st_mode & 0777 : 0640);
}

/* The users of `path`, if it is there, and at the end `name` with `hash`, if it has one. */
static bool put_users(FILE *to, const char *path, const char *name, const char *hash,
                      bool *was_there, struct error *error)
{
    FILE *from = fopen(path, "re");
    if (!from && errno != ENOENT)
        return fail(path, error);
    if (from)
        copy_others(from, to, name, was_there);
    if (from && !close_users(from, path, error))
        return false;
    if (hash)
        fprintf(to, "%s:%s\n", name, hash);
    return true;
}

static bool write_users(FILE *to, const char *path, const char *temporary, const char *name,
                        const char *hash, bool *was_there, struct error *error)
{
    if (!put_users(to, path, name, hash, was_there, error)) {
        fclose(to);
        return false;
    }
    give_away(fileno(to), path);
    bool good = fflush(to) == 0 && fsync(fileno(to)) == 0 && !ferror(to);
    good = fclose(to) == 0 && good;
    return (good && rename(temporary, path) == 0) || fail(path, error);
}

/* Who else writes the file waits: the directory is locked until the descriptor is closed, as the
 * file itself is replaced. -1 on failure. */
static int lock_directory_of(const char *path)
{
    char *copy = memory_text(path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX) != 0) {
        close(fd);
        fd = -1;
    }
    free(copy);
    return fd;
}

bool console_users_put(const char *path, const char *name, const char *password, bool *was_there,
                       struct error *error)
{
    char hash[crypto_pwhash_STRBYTES];
    *was_there = false;
    if (password &&
        crypto_pwhash_str(hash, password, strlen(password), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
        return error_set(error, ERROR_SYSTEM, "there is not enough memory to hash a password");
    int lock = lock_directory_of(path);
    if (lock < 0)
        return fail(path, error);
    char *temporary = memory_new(strlen(path) + sizeof ".new");
    sprintf(temporary, "%s.new", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *to = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool good =
        to ? write_users(to, path, temporary, name, password ? hash : NULL, was_there, error)
           : fail(temporary, error);
    if (!good)
        unlink(temporary);
    free(temporary);
    close(lock);
    sodium_memzero(hash, sizeof hash);
    return good;
}

bool console_users_list(const char *path, void (*visit)(void *context, const char *name),
                        void *context, struct error *error)
{
    char line[LINE_MAX_BYTES];
    const char *hash;
    FILE *file = open_users(path, error);
    if (!file)
        return false;
    while (next_user(file, line, &hash))
        visit(context, line);
    return close_users(file, path, error);
}
