#include "core/write_all.h"

#include <errno.h>
#include <unistd.h>

bool write_all(int fd, const void *bytes, size_t length)
{
    const char *left = bytes;
    while (length > 0) {
        ssize_t written = write(fd, left, length);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            left += written;
            length -= (size_t)written;
        }
    }
    return true;
}
