#include "core/server_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool read_port(const char *text, in_port_t *port)
{
    size_t length = strspn(text, "0123456789");
    unsigned long number = strtoul(text, NULL, 10);
    *port = htons((uint16_t)number);
    return length && length <= 5 && !text[length] && number <= UINT16_MAX;
}

bool server_address_read(const char *text, struct server_address *address, struct error *error)
{
    char host[INET6_ADDRSTRLEN];
    const char *colon = strrchr(text, ':'), *start = text;
    size_t length = colon ? (size_t)(colon - text) : 0;
    bool bracketed = length > 2 && text[0] == '[' && text[length - 1] == ']', read = false;
    if (bracketed) {
        start++;
        length -= 2;
    }
    memset(address, 0, sizeof *address);
    if (length && length < sizeof host) {
        memcpy(host, start, length);
        host[length] = '\0';
        struct sockaddr_in *four = (struct sockaddr_in *)&address->socket;
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address->socket;
        address->socket.ss_family = bracketed ? AF_INET6 : AF_INET;
        read = bracketed ? inet_pton(AF_INET6, host, &six->sin6_addr) == 1 &&
                               read_port(colon + 1, &six->sin6_port)
                         : inet_pton(AF_INET, host, &four->sin_addr) == 1 &&
                               read_port(colon + 1, &four->sin_port);
    }
    return read ||
           error_set(error, ERROR_INPUT,
                     "%s: not an address and port to listen on, such as 127.0.0.1:8092", text);
}
