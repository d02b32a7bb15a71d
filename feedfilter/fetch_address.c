#include "feedfilter/fetch.h"

#include "core/network.h"

bool fetch_may_reach(const unsigned char address[16], const struct network *allowed, size_t count)
{
    unsigned char inner[16];
    return network_contains(allowed, count, address) || network_is_public(address) ||
           (network_inner_address(address, inner) && network_contains(allowed, count, inner));
}
