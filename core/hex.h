/* hex: bytes as hexadecimal digits, and back. Needs nothing but libc. */
#ifndef WEIR_HEX_H
#define WEIR_HEX_H

#include <stdbool.h>
#include <stddef.h>

/* Writes 2 * `count` lower-case digits, and no NUL. */
void hex_of_bytes(const unsigned char *bytes, size_t count, char *hex);

/* Reads 2 * `count` digits of either case; false when there is anything else among them. */
bool bytes_of_hex(const char *hex, size_t count, unsigned char *bytes);

#endif
