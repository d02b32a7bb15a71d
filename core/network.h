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

#endif
