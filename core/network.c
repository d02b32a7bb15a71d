#include "core/network.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static bool parse_address(const char *text, unsigned char address[16], bool *v4)
{
    struct in_addr in;
    *v4 = inet_pton(AF_INET, text, &in) == 1;
    if (!*v4)
        return inet_pton(AF_INET6, text, address) == 1;
    memset(address, 0, 10);
    memset(address + 10, 0xff, 2);
    memcpy(address + 12, &in, 4);
    return true;
}

bool network_parse(const char *text, struct network *network)
{
    char address[INET6_ADDRSTRLEN];
    size_t length = strcspn(text, "/");
    bool v4;
    if (length >= sizeof address)
        return false;
    memcpy(address, text, length);
    address[length] = '\0';
    if (!parse_address(address, network->address, &v4))
        return false;
    unsigned long most = v4 ? 32 : 128, bits = most;
    if (text[length]) {
        const char *digits = text + length + 1;
        if (!*digits || strspn(digits, "0123456789") != strlen(digits) || strlen(digits) > 3)
            return false;
        bits = strtoul(digits, NULL, 10);
    }
    network->prefix_bits = (unsigned)(bits + 128 - most);
    return bits <= most;
}

bool network_contains(const struct network *networks, size_t count, const unsigned char address[16])
{
    for (size_t i = 0; i < count; i++) {
        const struct network *network = &networks[i];
        unsigned whole = network->prefix_bits / 8, rest = network->prefix_bits % 8;
        unsigned char mask = (unsigned char)(0xff00u >> rest);
        if (!memcmp(address, network->address, whole) &&
            (!rest || !((address[whole] ^ network->address[whole]) & mask)))
            return true;
    }
    return false;
}

bool network_is_loopback(const unsigned char address[16])
{
    static const struct network loopback[] = {
        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127}, 104},
        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128}};
    return network_contains(loopback, sizeof loopback / sizeof *loopback, address);
}
