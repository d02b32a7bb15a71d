/* socket_line: lines over a unix socket, and descriptors that go with them. libc only. */
#ifndef WEIR_SOCKET_LINE_H
#define WEIR_SOCKET_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* All of it; false when the other end is gone. */
bool socket_line_send(int fd, const char *bytes, size_t length);

/* The same together with a descriptor (unix(7), SCM_RIGHTS), which stays the caller's too. */
bool socket_line_send_with(int fd, const char *bytes, size_t length, int passed);

/* One line of at most `room` bytes with its newline, which is taken off; `*passed` is the
 * descriptor that came with it, the caller's from then on, or -1. False when the other end is gone,
 * the whole line has not come after `timeout_ms` (-1: it may take as long as it likes), or it says
 * too much: a second line that came along could pass for a request of the reader's own. */
bool socket_line_read(int fd, char *line, size_t room, int timeout_ms, int *passed);

#endif
