#include "admin/console_logins.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "store/memory.h"

#define SESSIONS 1000

struct login {
    unsigned char token[CONSOLE_TOKEN_BYTES];
    char name[CONSOLE_NAME_MAX + 1]; /* empty: none */
    unsigned char mark[CONSOLE_MARK_BYTES];
    int64_t used_s;
};

struct console_logins {
    pthread_mutex_t lock;
    struct login sessions[SESSIONS];
};

struct console_logins *console_logins_new(void)
{
    struct console_logins *logins = memory_new(sizeof *logins);
    pthread_mutex_init(&logins->lock, NULL);
    return logins;
}

void console_logins_free(struct console_logins *logins)
{
    if (!logins)
        return;
    pthread_mutex_destroy(&logins->lock);
    sodium_memzero(logins, sizeof *logins);
    free(logins);
}

void console_logins_begin(struct console_logins *logins, const char *name,
                          const unsigned char mark[CONSOLE_MARK_BYTES], int64_t now_s,
                          char token[CONSOLE_TOKEN_SIZE])
{
    pthread_mutex_lock(&logins->lock);
    struct login *login = &logins->sessions[0];
    for (size_t i = 1; i < SESSIONS && *login->name; i++) {
        if (!*logins->sessions[i].name || logins->sessions[i].used_s < login->used_s)
            login = &logins->sessions[i];
    }
    *login = (struct login){.used_s = now_s};
    strncpy(login->name, name, CONSOLE_NAME_MAX);
    memcpy(login->mark, mark, sizeof login->mark);
    randombytes_buf(login->token, sizeof login->token);
    sodium_bin2hex(token, CONSOLE_TOKEN_SIZE, login->token, sizeof login->token);
    pthread_mutex_unlock(&logins->lock);
}

/* Under the lock. */
static struct login *login_of(struct console_logins *logins, const char *token)
{
    unsigned char bytes[CONSOLE_TOKEN_BYTES];
    size_t length;
    if (sodium_hex2bin(bytes, sizeof bytes, token, strlen(token), NULL, &length, NULL) != 0 ||
        length != sizeof bytes)
        return NULL;
    for (size_t i = 0; i < SESSIONS; i++) {
        struct login *login = &logins->sessions[i];
        if (*login->name && sodium_memcmp(bytes, login->token, sizeof bytes) == 0)
            return login;
    }
    return NULL;
}

bool console_logins_find(struct console_logins *logins, const char *token, int64_t now_s,
                         char name[CONSOLE_NAME_MAX + 1], unsigned char mark[CONSOLE_MARK_BYTES])
{
    pthread_mutex_lock(&logins->lock);
    struct login *login = login_of(logins, token);
    bool good = login && now_s < login->used_s + CONSOLE_IDLE_S;
    if (good) {
        login->used_s = now_s;
        strcpy(name, login->name);
        memcpy(mark, login->mark, sizeof login->mark);
    } else if (login) {
        sodium_memzero(login, sizeof *login);
    }
    pthread_mutex_unlock(&logins->lock);
    return good;
}

void console_logins_end(struct console_logins *logins, const char *token)
{
    pthread_mutex_lock(&logins->lock);
    struct login *login = login_of(logins, token);
    if (login)
        sodium_memzero(login, sizeof *login);
    pthread_mutex_unlock(&logins->lock);
}
