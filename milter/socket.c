#include "milter/socket.h"

#include <stdio.h>
#include <string.h>

bool socket_for_libmilter(const char *configured, char *result, size_t size)
{
    const char *colon = strchr(configured, ':');
    int length;
    if (configured[0] == '/') {
        length = snprintf(result, size, "unix:%s", configured);
    } else if (strncmp(configured, "inet", 4) != 0 || !colon || strchr(configured, '@') ||
               !strchr(colon + 1, ':')) {
        length = snprintf(result, size, "%s", configured);
    } else {
        const char *host = colon + 1, *port = strrchr(configured, ':');
        size_t host_length = (size_t)(port - host);
        if (host_length >= 2 && host[0] == '[' && host[host_length - 1] == ']') {
            host++;
            host_length -= 2;
        }
        length = snprintf(result, size, "%.*s:%s@%.*s", (int)(colon - configured), configured,
                          port + 1, (int)host_length, host);
    }
    return length >= 0 && (size_t)length < size;
}
