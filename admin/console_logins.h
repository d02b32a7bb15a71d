/* console_logins: who is logged in to the console. In memory: a restart logs
 * everybody out. Thread-safe. */
#ifndef WEIR_CONSOLE_LOGINS_H
#define WEIR_CONSOLE_LOGINS_H

#include "admin/console_users.h"

#include <stdint.h>

#define CONSOLE_IDLE_S (12 * 3600)

struct console_logins;

struct console_logins *console_logins_new(void);
void console_logins_free(struct console_logins *logins); /* NULL is fine */

/* A new session of `name`, as `token`; `mark` is of the password that it came with
 * (console_users_mark()). Of more than 1,000 sessions the one that was used least recently ends. */
void console_logins_begin(struct console_logins *logins, const char *name,
                          const unsigned char mark[CONSOLE_MARK_BYTES], int64_t now_s,
                          char token[CONSOLE_TOKEN_SIZE]);

/* Whose session it is, and the mark that it began with; false: nobody's, or it was idle for 12
 * hours. */
bool console_logins_find(struct console_logins *logins, const char *token, int64_t now_s,
                         char name[CONSOLE_NAME_MAX + 1], unsigned char mark[CONSOLE_MARK_BYTES]);
void console_logins_end(struct console_logins *logins, const char *token);

#endif
