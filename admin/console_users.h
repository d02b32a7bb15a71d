/* console_users: the file of those who may log in to the console: a line for each, "name:hash", the
 * hash an argon2id string of libsodium's (crypto_pwhash_str). sodium_init() must have been called.
 */
#ifndef WEIR_CONSOLE_USERS_H
#define WEIR_CONSOLE_USERS_H

#include "store/error.h"

#include <stdbool.h>

#define CONSOLE_NAME_MAX 64
#define CONSOLE_PASSWORD_MIN 8
#define CONSOLE_PASSWORD_MAX 1024
#define CONSOLE_MARK_BYTES 16

/* 1 to 64 letters, digits, '.', '_', '-' and '@'. */
bool console_users_is_name(const char *name);

/* Whether `password` is that of `name`; then `mark` is filled as by console_users_mark(). `error`,
 * which is clear before, is set when the file cannot be read. A name that is not there takes as
 * long as one that is. */
bool console_users_check(const char *path, const char *name, const char *password,
                         unsigned char mark[CONSOLE_MARK_BYTES], struct error *error);

/* Fills `mark` with what differs each time that a password of `name` is set, and tells nothing of
 * it. False when the name is not there, or, with `error` set, the file cannot be read. */
bool console_users_mark(const char *path, const char *name, unsigned char mark[CONSOLE_MARK_BYTES],
                        struct error *error);

/* Writes the file anew with that password for `name`, or, with NULL, without `name`; `*was_there`:
 * it had one. The file is made when it is not there, for the group weir to read. */
bool console_users_put(const char *path, const char *name, const char *password, bool *was_there,
                       struct error *error);

/* Visits the names in the order of the file. */
bool console_users_list(const char *path, void (*visit)(void *context, const char *name),
                        void *context, struct error *error);

#endif
