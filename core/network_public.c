#include "core/network.h"

#include <string.h>

#define V4(a, b, c, d, bits)                                                                       \
    {                                                                                              \
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}, 96 + (bits)                        \
    }

static const struct network v4_mapped = V4(0, 0, 0, 0, 0);
/* RFC 6052, 2.1; RFC 3056, 2. */
static const struct network nat64 = {{0, 0x64, 0xff, 0x9b}, 96};
static const struct network six_to_four = {{0x20, 0x02}, 16};
/* All that IANA has for unicast so far, but for the blocks below. */
static const struct network v6_unicast = {{0x20}, 3};

/* Those of IANA's special-purpose registries that are not globally reachable as a whole, and
 * multicast. The few reachable addresses in 192.0.0.0/24 and 2001::/23 are anycast services and
 * identifiers that serve no feeds. */
static const struct network special[] = {
    V4(0, 0, 0, 0, 8),              /* this network */
    V4(10, 0, 0, 0, 8),             /* private use */
    V4(100, 64, 0, 0, 10),          /* shared, behind carriers' NAT */
    V4(127, 0, 0, 0, 8),            /* loopback */
    V4(169, 254, 0, 0, 16),         /* link-local; the clouds' metadata */
    V4(172, 16, 0, 0, 12),          /* private use */
    V4(192, 0, 0, 0, 24),           /* IETF protocol assignments */
    V4(192, 0, 2, 0, 24),           /* documentation */
    V4(192, 88, 99, 0, 24),         /* 6to4 relays, deprecated */
    V4(192, 168, 0, 0, 16),         /* private use */
    V4(198, 18, 0, 0, 15),          /* benchmarking */
    V4(198, 51, 100, 0, 24),        /* documentation */
    V4(203, 0, 113, 0, 24),         /* documentation */
    V4(224, 0, 0, 0, 4),            /* multicast */
    V4(240, 0, 0, 0, 4),            /* reserved, broadcast */
    {{0x20, 0x01}, 23},             /* IETF protocol assignments, Teredo */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x3f, 0xff}, 20},             /* documentation */
};

static bool lies_in(const unsigned char address[16], const struct network *network)
{
    return network_contains(network, 1, address);
}

static bool is_reachable(const unsigned char address[16])
{
    return (lies_in(address, &v4_mapped) || lies_in(address, &v6_unicast)) &&
           !network_contains(special, sizeof special / sizeof *special, address);
}

bool network_inner_address(const unsigned char address[16], unsigned char inner[16])
{
    size_t at = lies_in(address, &nat64) ? 12 : lies_in(address, &six_to_four) ? 2 : 0;
    memcpy(inner, v4_mapped.address, 12);
    memcpy(inner + 12, address + at, 4);
    return at != 0;
}

bool network_is_public(const unsigned char address[16])
{
    unsigned char inner[16];
    return is_reachable(network_inner_address(address, inner) ? inner : address);
}
