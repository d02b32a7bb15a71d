#include "admin/console_users.h"

#include <assert.h>
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

#include "core/log.h"
#include "store/memory.h"

#define LINE_MAX_BYTES 512
#define TOKEN_MARK "$token$"

bool console_users_is_name(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= CONSOLE_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@") ==
               length;
}

static const char *const roles[CONSOLE_ROLES] = {[CONSOLE_TEACHER] = "teacher",
                                                 [CONSOLE_READER] = "reader",
                                                 [CONSOLE_REVIEWER] = "reviewer",
                                                 [CONSOLE_ADMIN] = "admin"};

const char *console_role_name(enum console_role role)
{
    return roles[role];
}

bool console_role_from_name(const char *name, enum console_role *role)
{
    for (int i = 0; i < CONSOLE_ROLES; i++) {
        if (strcmp(roles[i], name) == 0) {
            *role = (enum console_role)i;
            return true;
        }
    }
    return false;
}

bool console_user_is_program(const struct console_user *user)
{
    return strncmp(user->secret, TOKEN_MARK, strlen(TOKEN_MARK)) == 0;
}

/* --- reading --- */

/* "name:secret:role". The role is CONSOLE_ROLES when there is none, or none that is known. */
static bool read_line(char *line, struct console_user *user)
{
    line[strcspn(line, "\n")] = '\0';
    char *secret = strchr(line, ':'), *role = secret ? strchr(secret + 1, ':') : NULL;
    if (!secret)
        return false;
    *secret++ = '\0';
    if (role)
        *role++ = '\0';
    if (!console_users_is_name(line) || strlen(secret) >= sizeof user->secret)
        return false;
    strcpy(user->name, line);
    strcpy(user->secret, secret);
    if (!role || !console_role_from_name(role, &user->role))
        user->role = CONSOLE_ROLES;
    return true;
}

/* The next user, with a role or not; false at the end. Lines that are none are passed over. */
static bool next_user(FILE *file, struct console_user *user)
{
    char line[LINE_MAX_BYTES];
    while (fgets(line, sizeof line, file)) {
        if (read_line(line, user))
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

/* In the log, or whoever has no role would never learn why the password is wrong. */
static bool has_role(const char *path, const struct console_user *user)
{
    if (user->role != CONSOLE_ROLES)
        return true;
    log_event(LOG_LEVEL_WARNING, "user-without-role", "user", user->name, "file", path, "mend",
              CONSOLE_ROLE_MEND, NULL);
    return false;
}

/* The first user of whom `is_wanted` says so, if there is a role. */
static bool find(const char *path, bool (*is_wanted)(const struct console_user *, const char *),
                 const char *wanted, struct console_user *user, struct error *error)
{
    bool found = false;
    FILE *file = open_users(path, error);
    if (!file)
        return false;
    while (!found && next_user(file, user))
        found = is_wanted(user, wanted);
    return close_users(file, path, error) && found && has_role(path, user);
}

static bool is_named(const struct console_user *user, const char *name)
{
    return strcmp(user->name, name) == 0;
}

static bool has_secret(const struct console_user *user, const char *secret)
{
    return strcmp(user->secret, secret) == 0;
}

bool console_users_find(const char *path, const char *name, struct console_user *user,
                        struct error *error)
{
    return find(path, is_named, name, user, error);
}

/* A token is as long as its hash is, and as random: nothing slower is needed to hide it. */
static void secret_of_token(const char *token, char secret[CONSOLE_SECRET_SIZE])
{
    unsigned char hash[crypto_generichash_BYTES];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)token, strlen(token), NULL, 0);
    strcpy(secret, TOKEN_MARK);
    sodium_bin2hex(secret + strlen(TOKEN_MARK), CONSOLE_SECRET_SIZE - strlen(TOKEN_MARK), hash,
                   sizeof hash);
}

bool console_users_find_token(const char *path, const char *token, struct console_user *user,
                              struct error *error)
{
    char secret[CONSOLE_SECRET_SIZE];
    secret_of_token(token, secret);
    return find(path, has_secret, secret, user, error);
}

void console_users_mark(const struct console_user *user, unsigned char mark[CONSOLE_MARK_BYTES])
{
    crypto_generichash(mark, CONSOLE_MARK_BYTES, (const unsigned char *)user->secret,
                       strlen(user->secret), NULL, 0);
}

bool console_users_check(const char *path, const char *name, const char *password,
                         unsigned char mark[CONSOLE_MARK_BYTES], struct error *error)
{
    /* Of no password: for names that are not there. */
    static const struct console_user nobody = {
        .secret = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
                  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    struct console_user user;
    bool known = console_users_find(path, name, &user, error) && !console_user_is_program(&user);
    if (error->class != ERROR_NONE)
        return false;
    if (!known)
        user = nobody;
    bool right = crypto_pwhash_str_verify(user.secret, password, strlen(password)) == 0 && known;
    if (right)
        console_users_mark(&user, mark);
    return right;
}

/* --- writing --- */

bool console_users_set_password(struct console_user *user, const char *password,
                                struct error *error)
{
    static_assert(crypto_pwhash_STRBYTES <= CONSOLE_SECRET_SIZE, "a hash has room");
    return crypto_pwhash_str(user->secret, password, strlen(password),
                             crypto_pwhash_OPSLIMIT_INTERACTIVE,
                             crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0 ||
           error_set(error, ERROR_SYSTEM, "there is not enough memory to hash a password");
}

void console_users_set_token(struct console_user *user, char token[CONSOLE_TOKEN_SIZE])
{
    unsigned char bytes[CONSOLE_TOKEN_BYTES];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(token, CONSOLE_TOKEN_SIZE, bytes, sizeof bytes);
    secret_of_token(token, user->secret);
}

/* What becomes of a file of users: `user` stands in it anew, or is gone from it. */
struct change {
    struct console_user user;
    bool remove, keeps_role;
    bool was_there;
    bool other_kind; /* of secret than the one that stands there */
    bool no_role;    /* given, and none stands there to be kept */
};

static void put_line(FILE *to, const struct console_user *user)
{
    fprintf(to, "%s:%s:%s\n", user->name, user->secret, console_role_name(user->role));
}

static bool is_line_of(const char *line, const char *name)
{
    size_t length = strlen(name);
    return strncmp(line, name, length) == 0 && line[length] == ':';
}

/* What the line of the user of the change has to say to it. */
static void heed_line(char *line, struct change *change)
{
    struct console_user user = {0};
    bool known = read_line(line, &user);
    change->was_there = true;
    change->no_role = change->keeps_role && (!known || user.role == CONSOLE_ROLES);
    if (change->keeps_role)
        change->user.role = user.role;
    if (!*change->user.secret)
        strcpy(change->user.secret, user.secret);
    else if (*user.secret && !change->remove)
        change->other_kind =
            console_user_is_program(&user) != console_user_is_program(&change->user);
}

/* Copies all lines but those of the user of the change; also lines that are no user's here:
 * comments, roles of a newer weir. */
static void copy_others(FILE *from, FILE *to, struct change *change)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    while ((length = getline(&line, &size, from)) > 0) {
        if (is_line_of(line, change->user.name)) {
            heed_line(line, change);
            continue;
        }
        fwrite(line, 1, (size_t)length, to);
        if (line[length - 1] != '\n')
            putc('\n', to);
    }
    free(line);
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

static bool refuse_other_kind(const struct console_user *user, struct error *error)
{
    bool program = console_user_is_program(user);
    return error_set(error, ERROR_INPUT,
                     "%s has a %s, which a %s would end: take another name, or say weirctl "
                     "console-user remove %s first",
                     user->name, program ? "password" : "token", program ? "token" : "password",
                     user->name);
}

static bool put_users(FILE *to, const char *path, struct change *change, struct error *error)
{
    FILE *from = fopen(path, "re");
    if (!from && errno != ENOENT)
        return fail(path, error);
    if (from)
        copy_others(from, to, change);
    if (from && !close_users(from, path, error))
        return false;
    if (change->other_kind)
        return refuse_other_kind(&change->user, error);
    if (change->no_role)
        return error_set(error, ERROR_INPUT,
                         "%s: %s has no role that is known here: say it with --role teacher, "
                         "reader, reviewer or admin",
                         path, change->user.name);
    if (!change->remove && *change->user.secret)
        put_line(to, &change->user);
    return true;
}

static bool write_users(FILE *to, const char *path, const char *temporary, struct change *change,
                        struct error *error)
{
    if (!put_users(to, path, change, error)) {
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

static bool write_change(const char *path, struct change *change, struct error *error)
{
    int lock = lock_directory_of(path);
    if (lock < 0)
        return fail(path, error);
    char *temporary = memory_new(strlen(path) + sizeof ".new");
    sprintf(temporary, "%s.new", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *to = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool good = to ? write_users(to, path, temporary, change, error) : fail(temporary, error);
    if (!good)
        unlink(temporary);
    free(temporary);
    close(lock);
    return good;
}

bool console_users_put(const char *path, struct console_user *user, bool keeps_role,
                       bool *was_there, struct error *error)
{
    struct change change = {.user = *user, .keeps_role = keeps_role};
    bool good = write_change(path, &change, error);
    *was_there = change.was_there;
    if (good)
        *user = change.user;
    return good;
}

bool console_users_remove(const char *path, const char *name, bool *was_there, struct error *error)
{
    struct change change = {.remove = true};
    snprintf(change.user.name, sizeof change.user.name, "%s", name);
    bool good = write_change(path, &change, error);
    *was_there = change.was_there;
    return good;
}

bool console_users_list(const char *path,
                        void (*visit)(void *context, const struct console_user *user),
                        void *context, struct error *error)
{
    struct console_user user;
    FILE *file = open_users(path, error);
    if (!file)
        return false;
    while (next_user(file, &user))
        visit(context, &user);
    return close_users(file, path, error);
}
