#include "admin/console_access.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/console_attempts.h"
#include "store/memory.h"
#include "store/monotonic.h"

#define BUSY_S 2  /* until somebody who is one too many may come again */
#define TURN_S 20 /* how long somebody waits for their turn at most */
#define PASSED_MOST 3

struct console_access {
    const char *users;
    pthread_mutex_t lock; /* of the next five */
    pthread_cond_t turn;  /* nobody's password is looked at any more */
    bool busy;            /* somebody's is */
    unsigned waiting[2];  /* for their turn: from where nobody failed lately, and others */
    unsigned passed;      /* turns since one of the others waits and had none */
    struct console_attempts *attempts;
    struct console_logins *logins;
    unsigned char key[crypto_generichash_KEYBYTES]; /* of deed tokens */
};

struct console_access *console_access_new(const char *users)
{
    struct console_access *access = memory_new(sizeof *access);
    access->users = users;
    pthread_mutex_init(&access->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&access->turn, &monotonic);
    pthread_condattr_destroy(&monotonic);
    access->attempts = console_attempts_new();
    access->logins = console_logins_new();
    crypto_generichash_keygen(access->key);
    return access;
}

void console_access_free(struct console_access *access)
{
    if (!access)
        return;
    pthread_mutex_destroy(&access->lock);
    pthread_cond_destroy(&access->turn);
    console_attempts_free(access->attempts);
    console_logins_free(access->logins);
    sodium_memzero(access->key, sizeof access->key);
    free(access);
}

/* --- logging in --- */

/* Under the lock. Those whose address failed lately have every fourth turn, and what the others
 * leave: whoever comes from ever new addresses is never among them, and is not to keep out an admin
 * who mistyped once. */
static bool is_turn(const struct console_access *access, bool failed)
{
    bool theirs =
        access->waiting[true] && (!access->waiting[false] || access->passed >= PASSED_MOST);
    return !access->busy && failed == theirs;
}

static void take_turn(struct console_access *access, bool failed)
{
    access->busy = true;
    access->passed = failed || !access->waiting[true] ? 0 : access->passed + 1;
}

/* Under the lock; false when it took too long. */
static bool wait_for_turn(struct console_access *access, bool failed)
{
    struct timespec until;
    bool in_time = true;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += TURN_S;
    access->waiting[failed]++;
    while (in_time && !is_turn(access, failed))
        in_time = pthread_cond_timedwait(&access->turn, &access->lock, &until) == 0;
    access->waiting[failed]--;
    if (in_time)
        take_turn(access, failed);
    else /* somebody may have let this one go first */
        pthread_cond_broadcast(&access->turn);
    return in_time;
}

/* One password is looked at at a time: those that come together would all be tried before the first
 * of them counts, and each takes 64 MiB. A few wait for their turn; of those whose address failed
 * lately fewer, and they let most of the others go first. Whoever is one too many, or waited too
 * long, has to come again. */
static enum console_login begin_turn(struct console_access *access,
                                     const struct console_source *source, const char *name,
                                     int64_t *wait_s)
{
    static const unsigned most[2] = {4, 2};
    enum console_login login = CONSOLE_LOGIN_GOOD;
    pthread_mutex_lock(&access->lock);
    int64_t now_s = (int64_t)monotonic_s();
    bool failed = console_attempts_has_failed(access->attempts, source, now_s);
    *wait_s = console_attempts_wait_s(access->attempts, source, name, now_s);
    if (*wait_s)
        login = CONSOLE_LOGIN_WAIT;
    else if (access->waiting[failed] == most[failed] || !wait_for_turn(access, failed))
        login = CONSOLE_LOGIN_BUSY;
    if (login == CONSOLE_LOGIN_BUSY)
        *wait_s = BUSY_S;
    pthread_mutex_unlock(&access->lock);
    return login;
}

static void end_turn(struct console_access *access)
{
    pthread_mutex_lock(&access->lock);
    access->busy = false;
    pthread_cond_broadcast(&access->turn);
    pthread_mutex_unlock(&access->lock);
}

/* In its turn, in which nobody else counts attempts; others only read them, under the lock. */
static enum console_login try_password(struct console_access *access,
                                       const struct console_source *source, const char *name,
                                       const char *password, unsigned char *mark, int64_t *wait_s,
                                       struct error *error)
{
    *wait_s = console_attempts_wait_s(access->attempts, source, name, (int64_t)monotonic_s());
    if (*wait_s)
        return CONSOLE_LOGIN_WAIT;
    bool good = console_users_check(access->users, name, password, mark, error);
    if (error->class != ERROR_NONE)
        return CONSOLE_LOGIN_FAILED;
    pthread_mutex_lock(&access->lock);
    if (good)
        console_attempts_succeeded(access->attempts, source, name);
    else /* from now on: on a busy machine the check itself may take as long as the wait */
        console_attempts_failed(access->attempts, source, name, (int64_t)monotonic_s());
    pthread_mutex_unlock(&access->lock);
    return good ? CONSOLE_LOGIN_GOOD : CONSOLE_LOGIN_WRONG;
}

enum console_login console_access_log_in(struct console_access *access,
                                         const struct console_source *source, const char *name,
                                         const char *password, char token[CONSOLE_TOKEN_SIZE],
                                         int64_t *wait_s, struct error *error)
{
    unsigned char mark[CONSOLE_MARK_BYTES];
    enum console_login login = begin_turn(access, source, name, wait_s);
    if (login != CONSOLE_LOGIN_GOOD)
        return login;
    login = try_password(access, source, name, password, mark, wait_s, error);
    end_turn(access);
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
