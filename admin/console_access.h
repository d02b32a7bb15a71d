/* console_access: who may use the console: people who log in with a password and come back with a
 * cookie, and programs that send a token with each request. Thread-safe. */
#ifndef WEIR_CONSOLE_ACCESS_H
#define WEIR_CONSOLE_ACCESS_H

#include "admin/console_logins.h"
#include "admin/console_source.h"
#include "admin/console_users.h"

struct console_access;

/* `users` is the path of the file of users, lent. */
struct console_access *console_access_new(const char *users);
void console_access_free(struct console_access *access); /* NULL is fine */

enum console_login {
    CONSOLE_LOGIN_GOOD,
    CONSOLE_LOGIN_WRONG, /* the name or the password */
    CONSOLE_LOGIN_WAIT,  /* too many attempts: not even looked at */
    CONSOLE_LOGIN_BUSY,  /* too many others log in just now: not even looked at */
    CONSOLE_LOGIN_FAILED /* the file of users cannot be read: `error` says why */
};

/* A new session, as `token`, when the password is right; `*wait_s`: before the next attempt. Waits
 * for its turn behind a few others at most: see CONSOLE_LOGIN_BUSY. */
enum console_login console_access_log_in(struct console_access *access,
                                         const struct console_source *source, const char *name,
                                         const char *password, char token[CONSOLE_TOKEN_SIZE],
                                         int64_t *wait_s, struct error *error);
void console_access_log_out(struct console_access *access, const char *token);

/* Who sends a request. */
struct console_caller {
    char name[CONSOLE_NAME_MAX + 1];
    enum console_role role;
    /* Of a person's session: what a page of ours sends with each deed, and another site's cannot
     * know. Empty for a program: a browser sends its token to nobody by itself. */
    char deed_token[CONSOLE_TOKEN_SIZE];
};

/* Fills `caller` with whose session or whose token it is, and who may still come: the name is
 * there, with the secret that the session began with. `bearer` is NULL or what the request's
 * Authorization holds. False: nobody's, or, with `error` set, the file of users cannot be read. */
bool console_access_find(struct console_access *access, const char *session, const char *bearer,
                         struct console_caller *caller, struct error *error);

/* True when a deed with this token (NULL: none) is one that the caller means. */
bool console_access_is_meant(const struct console_caller *caller, const char *deed_token);

#endif
