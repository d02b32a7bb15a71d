/* key_file: files of secret keys: a key a line, in hexadecimal digits, two while one is being
 * rotated; blank lines and #comments allowed. Needs nothing but libc. */
#ifndef WEIR_KEY_FILE_H
#define WEIR_KEY_FILE_H

#include "store/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define KEY_FILE_KEYS_MAX 2
#define KEY_FILE_KEY_BYTES_MAX 64

/* Reads keys of `key_bytes` each into `keys`, one behind the other, which has room for
 * KEY_FILE_KEYS_MAX. ERROR_SYSTEM: it cannot be read; ERROR_INPUT: it holds none, or the line that
 * is named is none or one too many. */
bool key_file_read(const char *path, size_t key_bytes, unsigned char *keys, size_t *count,
                   struct error *error);

/* Makes a file with one random key, and never overwrites one that is there. It appears whole. Root
 * gives it to `user` when there is such a user; NULL: keeps it. */
bool key_file_make(const char *path, size_t key_bytes, mode_t mode, const char *user,
                   struct error *error);

#endif
