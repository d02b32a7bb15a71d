/* socket: a configured socket in the words of libmilter. */
#ifndef WEIR_SOCKET_H
#define WEIR_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

/* "inet:127.0.0.1:8891" and "inet6:[::1]:8891" become libmilter's "inet:8891@127.0.0.1" and
 * "inet6:8891@::1"; "unix:/path", a path alone, and what is in libmilter's words already stay.
 * false when the result has no room in `size` bytes. */
bool socket_for_libmilter(const char *configured, char *result, size_t size);

#endif
