/* password: asking for one. */
#ifndef WEIR_PASSWORD_H
#define WEIR_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

/* A line of standard input without its end, not shown where that is a terminal, which is told
 * `prompt`. false: there is none. */
bool password_read(const char *prompt, char *password, size_t size);

#endif
