/* http_host: whether a request was meant for us. A page on the web can give its own name the
 * address of a server in the visitor's network and then read what that server answers (DNS
 * rebinding); the Host that its requests bring gives that away. */
#ifndef WEIR_HTTP_HOST_H
#define WEIR_HTTP_HOST_H

#include <stdbool.h>

/* What is answered to others, with 421 (RFC 9110, 15.5.20). */
#define HTTP_HOST_COMPLAINT                                                                        \
    "this server does not go by the name of your request's Host; set public-url to it, or use "    \
    "the IP address"

/* `host`: the value of Host (RFC 9110, 7.2), NULL when there was none. Ours are names that no
 * stranger can give an address to (IP addresses, names without a dot, below localhost (RFC 6761),
 * local (RFC 6762), internal (ICANN, 2024) and home.arpa (RFC 8375)), and the host of `public_url`
 * (empty: none), whatever the port. Requests without Host come from no browser. */
bool http_host_is_ours(const char *host, const char *public_url);

#endif
