/* error: what went wrong, in words made for the admin. Every call that can fail takes a
 * `struct error *` last, returns false or NULL, and has then set it. There is no global
 * error state. A message is one line without a newline: what, where, and how to mend it. */
#ifndef WEIR_ERROR_H
#define WEIR_ERROR_H

#include <stdbool.h>

enum error_class {
    ERROR_NONE,    /* nothing went wrong yet */
    ERROR_INPUT,   /* what we were given is wrong: a file, a setting, an argument */
    ERROR_SYSTEM,  /* this machine refused: a file, memory map, permission */
    ERROR_NETWORK, /* a server is away, slow or refused us; later may work */
    ERROR_BUG      /* weir itself, or data of weir's that cannot be */
};

/* "input", "system", "network", "bug", for other programs to read; "" is ERROR_NONE, and so is what
 * is none of them. */
const char *error_class_name(enum error_class class);
enum error_class error_class_of_name(const char *name);

struct error {
    enum error_class class;
    char message[512];
};

/* Fills `error` (NULL is allowed) and returns false, so that a function can
 * `return error_set(error, ERROR_INPUT, "%s:%d: ...", file, line);`. A longer message is cut. */
bool error_set(struct error *error, enum error_class class, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the message that is there. Returns false. */
bool error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
