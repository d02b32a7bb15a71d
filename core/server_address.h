/* server_address: the numeric address that a server listens on. */
#ifndef WEIR_SERVER_ADDRESS_H
#define WEIR_SERVER_ADDRESS_H

#include "store/error.h"

#include <stdbool.h>
#include <sys/socket.h>

struct server_address {
    struct sockaddr_storage socket; /* AF_INET or AF_INET6 */
};

/* "127.0.0.1:8092", "[::1]:8092". ERROR_INPUT otherwise; names are not looked up. */
bool server_address_read(const char *text, struct server_address *address, struct error *error);

#endif
