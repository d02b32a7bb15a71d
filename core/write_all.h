/* write_all: write(2) until all is written. Needs nothing but libc. */
#ifndef WEIR_WRITE_ALL_H
#define WEIR_WRITE_ALL_H

#include <stdbool.h>
#include <stddef.h>

/* To a descriptor that blocks. False, and errno says why, when it cannot be. */
bool write_all(int fd, const void *bytes, size_t length);

#endif
