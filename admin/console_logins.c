#include "admin/console_logins.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "store/memory.h"

#define SESSIONS 1000
#define NAMES 256 /* that failed lately; of more, those that failed longest ago are forgotten */
#define FREE_FAILURES 3
#define WAIT_MOST_S 300
#define FAILURES_A_MINUTE 20

struct login {
    unsigned char token[CONSOLE_TOKEN_BYTES];
    char name[CONSOLE_NAME_MAX + 1]; /* empty: none */
    unsigned char mark[CONSOLE_MARK_BYTES];
    int64_t used_s;
};

struct failing {
    char name[CONSOLE_NAME_MAX + 1];
    unsigned failures;
    int64_t last_s;
};

struct console_logins {
    struct login sessions[SESSIONS];
    struct failing names[NAMES];
    int64_t minute_s; /* when the minute began in which `failures` were counted */
    unsigned failures;
};

struct console_logins *console_logins_new(void)
{
    return memory_new(sizeof(struct console_logins));
}

void console_logins_free(struct console_logins *logins)
{
    if (logins)
        sodium_memzero(logins, sizeof *logins);
    free(logins);
}

static struct failing *failing_named(struct console_logins *logins, const char *name)
{
    for (size_t i = 0; i < NAMES; i++) {
        if (logins->names[i].failures && strcmp(logins->names[i].name, name) == 0)
            return &logins->names[i];
    }
    return NULL;
}

int64_t console_logins_wait_s(struct console_logins *logins, const char *name, int64_t now_s)
{
    if (logins->failures >= FAILURES_A_MINUTE && now_s < logins->minute_s + 60)
        return logins->minute_s + 60 - now_s;
    const struct failing *failing = failing_named(logins, name);
    if (!failing || failing->failures < FREE_FAILURES)
        return 0;
    unsigned doubled = failing->failures - FREE_FAILURES;
    int64_t wait_s = doubled < 8 ? 2 << doubled : WAIT_MOST_S;
    int64_t left_s = failing->last_s + (wait_s < WAIT_MOST_S ? wait_s : WAIT_MOST_S) - now_s;
    return left_s > 0 ? left_s : 0;
}

void console_logins_failed(struct console_logins *logins, const char *name, int64_t now_s)
{
    struct failing *failing = failing_named(logins, name);
    if (now_s >= logins->minute_s + 60) {
        logins->minute_s = now_s;
        logins->failures = 0;
    }
    logins->failures++;
    for (size_t i = 0; !failing && i < NAMES; i++) {
        if (!logins->names[i].failures)
            failing = &logins->names[i];
    }
    if (!failing) {
        failing = &logins->names[0];
        for (size_t i = 1; i < NAMES; i++) {
            if (logins->names[i].last_s < failing->last_s)
                failing = &logins->names[i];
        }
    }
    if (strcmp(failing->name, name) != 0)
        *failing = (struct failing){0};
    strncpy(failing->name, name, CONSOLE_NAME_MAX);
    failing->failures++;
    failing->last_s = now_s;
}

void console_logins_begin(struct console_logins *logins, const char *name,
                          const unsigned char mark[CONSOLE_MARK_BYTES], int64_t now_s,
                          char token[CONSOLE_TOKEN_SIZE])
{
    struct failing *failing = failing_named(logins, name);
    struct login *login = &logins->sessions[0];
    for (size_t i = 1; i < SESSIONS && *login->name; i++) {
        if (!*logins->sessions[i].name || logins->sessions[i].used_s < login->used_s)
            login = &logins->sessions[i];
    }
    if (failing)
        failing->failures = 0;
    *login = (struct login){.used_s = now_s};
    strncpy(login->name, name, CONSOLE_NAME_MAX);
    memcpy(login->mark, mark, sizeof login->mark);
    randombytes_buf(login->token, sizeof login->token);
    sodium_bin2hex(token, CONSOLE_TOKEN_SIZE, login->token, sizeof login->token);
}

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

const char *console_logins_find(struct console_logins *logins, const char *token, int64_t now_s,
                                const unsigned char **mark)
{
    struct login *login = login_of(logins, token);
    if (!login)
        return NULL;
    if (now_s >= login->used_s + CONSOLE_IDLE_S) {
        sodium_memzero(login, sizeof *login);
        return NULL;
    }
    login->used_s = now_s;
    *mark = login->mark;
    return login->name;
}

void console_logins_end(struct console_logins *logins, const char *token)
{
    struct login *login = login_of(logins, token);
    if (login)
        sodium_memzero(login, sizeof *login);
}
