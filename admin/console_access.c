#include "admin/console_access.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "admin/console_attempts.h"
#include "store/memory.h"
#include "store/monotonic.h"

struct console_access {
    const char *users;
    pthread_mutex_t trying; /* one attempt to log in at a time */
    struct console_attempts *attempts;
    struct console_logins *logins;
    unsigned char key[crypto_generichash_KEYBYTES]; /* of deed tokens */
};

struct console_access *console_access_new(const char *users)
{
    struct console_access *access = memory_new(sizeof *access);
    access->users = users;
    pthread_mutex_init(&access->trying, NULL);
    access->attempts = console_attempts_new();
    access->logins = console_logins_new();
    crypto_generichash_keygen(access->key);
    return access;
}

void console_access_free(struct console_access *access)
{
    if (!access)
        return;
    pthread_mutex_destroy(&access->trying);
    console_attempts_free(access->attempts);
    console_logins_free(access->logins);
    sodium_memzero(access->key, sizeof access->key);
    free(access);
}

/* --- logging in --- */

/* One at a time: those that come together would all be tried before the first of them counts, and
 * each takes 64 MiB. */
static enum console_login try_password(struct console_access *access,
                                       const struct console_source *source, const char *name,
                                       const char *password, unsigned char *mark, int64_t *wait_s,
                                       struct error *error)
{
    *wait_s = console_attempts_wait_s(access->attempts, source, name, (int64_t)monotonic_s());
    if (*wait_s)
        return CONSOLE_LOGIN_WAIT;
    if (console_users_check(access->users, name, password, mark, error)) {
        console_attempts_succeeded(access->attempts, source, name);
        return CONSOLE_LOGIN_GOOD;
    }
    if (error->class != ERROR_NONE)
        return CONSOLE_LOGIN_FAILED;
    /* From now on: on a busy machine the check itself may take as long as the wait. */
    console_attempts_failed(access->attempts, source, name, (int64_t)monotonic_s());
    return CONSOLE_LOGIN_WRONG;
}

enum console_login console_access_log_in(struct console_access *access,
                                         const struct console_source *source, const char *name,
                                         const char *password, char token[CONSOLE_TOKEN_SIZE],
                                         int64_t *wait_s, struct error *error)
{
    unsigned char mark[CONSOLE_MARK_BYTES];
    pthread_mutex_lock(&access->trying);
    enum console_login login = try_password(access, source, name, password, mark, wait_s, error);
    pthread_mutex_unlock(&access->trying);
    if (login == CONSOLE_LOGIN_GOOD)
        console_logins_begin(access->logins, name, mark, (int64_t)monotonic_s(), token);
    return login;
}

void console_access_log_out(struct console_access *access, const char *token)
{
    console_logins_end(access->logins, token);
}

/* --- who it is --- */

/* From the session's own token, so that nothing needs to be kept; with a key, so that who sees it
 * in a page has not the session. */
static void make_deed_token(const struct console_access *access, const char *session,
                            char token[CONSOLE_TOKEN_SIZE])
{
    unsigned char hash[CONSOLE_TOKEN_BYTES];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)session, strlen(session),
                       access->key, sizeof access->key);
    sodium_bin2hex(token, CONSOLE_TOKEN_SIZE, hash, sizeof hash);
}

bool console_access_find(struct console_access *access, const char *session, const char *bearer,
                         struct console_caller *caller, struct error *error)
{
    unsigned char now[CONSOLE_MARK_BYTES], then[CONSOLE_MARK_BYTES];
    struct console_user user;
    *caller = (struct console_caller){0};
    if (bearer) {
        if (!console_users_find_token(access->users, bearer, &user, error))
            return false;
        strcpy(caller->name, user.name);
    } else {
        if (!console_logins_find(access->logins, session, (int64_t)monotonic_s(), caller->name,
                                 then) ||
            !console_users_find(access->users, caller->name, &user, error))
            return false;
        console_users_mark(&user, now);
        if (sodium_memcmp(now, then, sizeof now) != 0)
            return false;
        make_deed_token(access, session, caller->deed_token);
    }
    caller->role = user.role;
    return true;
}

bool console_access_is_meant(const struct console_caller *caller, const char *deed_token)
{
    if (!*caller->deed_token)
        return true;
    return deed_token && strlen(deed_token) == strlen(caller->deed_token) &&
           sodium_memcmp(deed_token, caller->deed_token, strlen(deed_token)) == 0;
}
