/* console_users: the file of those who may use the console: a line for each, "name:secret:role".
 * The secret of a person is an argon2id string of libsodium's (crypto_pwhash_str), that of a
 * program, which comes with a token, "$token$" and the BLAKE2b hash of it in hex. Whose line has no
 * role, or none that is known here, has no access. sodium_init() must have been called. */
#ifndef WEIR_CONSOLE_USERS_H
#define WEIR_CONSOLE_USERS_H

#include "store/error.h"

#include <stdbool.h>

#define CONSOLE_NAME_MAX 64
#define CONSOLE_PASSWORD_MIN 8
#define CONSOLE_PASSWORD_MAX 1024
#define CONSOLE_SECRET_SIZE 128
#define CONSOLE_MARK_BYTES 16
#define CONSOLE_TOKEN_BYTES 32
#define CONSOLE_TOKEN_SIZE (2 * CONSOLE_TOKEN_BYTES + 1) /* as hex, with its NUL */

enum console_role {
    CONSOLE_TEACHER,  /* teaches messages as a user, and sees nothing: for programs */
    CONSOLE_READER,   /* sees */
    CONSOLE_REVIEWER, /* sees, decides about what is held, and teaches */
    CONSOLE_ADMIN,    /* the same, and changes how weir judges */
    CONSOLE_ROLES
};
const char *console_role_name(enum console_role role); /* "reader" and so on */
bool console_role_from_name(const char *name, enum console_role *role);

struct console_user {
    char name[CONSOLE_NAME_MAX + 1];
    char secret[CONSOLE_SECRET_SIZE];
    enum console_role role; /* CONSOLE_ROLES: none that is known, and so no access */
};

/* How a line without a role is mended: for the log and for weirctl. */
#define CONSOLE_ROLE_MEND "weirctl console-user role NAME teacher, reader, reviewer or admin"

/* Whether it comes with a token, not with a password. */
bool console_user_is_program(const struct console_user *user);

/* 1 to 64 letters, digits, '.', '_', '-' and '@'. */
bool console_users_is_name(const char *name);

/* Whether `password` is that of `name`; then `mark` is filled as by console_users_mark(). `error`,
 * which is clear before, is set when the file cannot be read. A name that is not there takes as
 * long as one that is. */
bool console_users_check(const char *path, const char *name, const char *password,
                         unsigned char mark[CONSOLE_MARK_BYTES], struct error *error);

/* Finds `name`. False when it is not there, has no role (the log says so and how to mend it), or,
 * with `error` set, the file cannot be read. */
bool console_users_find(const char *path, const char *name, struct console_user *user,
                        struct error *error);

/* The same by the token that a program came with. */
bool console_users_find_token(const char *path, const char *token, struct console_user *user,
                              struct error *error);

/* Fills `mark` with what differs each time that a secret is made, and tells nothing of it. */
void console_users_mark(const struct console_user *user, unsigned char mark[CONSOLE_MARK_BYTES]);

/* Makes the user's secret of a password. */
bool console_users_set_password(struct console_user *user, const char *password,
                                struct error *error);

/* Makes the user's secret of a token made at random. */
void console_users_set_token(struct console_user *user, char token[CONSOLE_TOKEN_SIZE]);

/* Writes the file anew with `user`, who is filled with what stands there then: the secret is kept
 * as it was when `user` has none, and, with `keeps_role`, the role of a name that was there;
 * `*was_there`: the name was. Of a user without a secret who was not there, nothing is written.
 * ERROR_INPUT, and the file stays: a password would take the place of a token, or a token that of a
 * password; or a role is to be kept where there is none. The file is made when it is not there, for
 * the group weir to read. */
bool console_users_put(const char *path, struct console_user *user, bool keeps_role,
                       bool *was_there, struct error *error);
bool console_users_remove(const char *path, const char *name, bool *was_there, struct error *error);

/* Visits them, also those without a role, in the order of the file; lent for the call. */
bool console_users_list(const char *path,
                        void (*visit)(void *context, const struct console_user *user),
                        void *context, struct error *error);

#endif
