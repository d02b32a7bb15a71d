/* network: IP addresses and networks. */
#ifndef WEIR_NETWORK_H
#define WEIR_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

struct network {
    unsigned char address[16]; /* IPv4 as v4-mapped */
    unsigned prefix_bits;      /* of 128 */
};

/* "192.0.2.0/24", "2001:db8::/32", or an address alone. */
bool network_parse(const char *text, struct network *network);

/* True when `address` (IPv4 as v4-mapped) lies in one of the networks. */
bool network_contains(const struct network *networks, size_t count,
                      const unsigned char address[16]);

/* True for 127.0.0.0/8 and ::1: who is there is on this machine. */
bool network_is_loopback(const unsigned char address[16]);

/* True for the IPv4 address inside a translated one (NAT64, RFC 6052 2.1; 6to4, RFC 3056 2), which
 * is put into `inner` as v4-mapped. */
bool network_inner_address(const unsigned char address[16], unsigned char inner[16]);

/* True when anybody on the Internet can be reached there: unicast, and none of IANA's
 * special-purpose blocks. Of a translated address, the inner one counts. */
bool network_is_public(const unsigned char address[16]);

#endif
