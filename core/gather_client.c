#include "core/gather.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "core/text.h"

/* The prefix of `bits` (a multiple of 8) of an address, with its length: "192.0.2.0/24". */
static void add_network(struct document *document, int family, const unsigned char *address,
                        size_t address_bytes, unsigned bits)
{
    unsigned char prefix[16] = {0};
    char text[INET6_ADDRSTRLEN];
    memcpy(prefix, address, bits / 8 < address_bytes ? bits / 8 : address_bytes);
    if (inet_ntop(family, prefix, text, sizeof text))
        document_add_identity(document, IDENTITY_NET,
                              arena_printf(document->arena, "%s/%u", text, bits));
}

static void add_asn(struct document *document, const struct asn_database *database, int family,
                    const unsigned char *address)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } socket = {.any.sa_family = (sa_family_t)family};
    if (family == AF_INET)
        memcpy(&socket.v4.sin_addr, address, sizeof socket.v4.sin_addr);
    else
        memcpy(&socket.v6.sin6_addr, address, sizeof socket.v6.sin6_addr);
    uint32_t number = asn_of(database, &socket.any);
    if (number)
        document_add_identity(document, IDENTITY_ASN, arena_printf(document->arena, "%u", number));
}

/* The bytes of the address in `text`; one of IPv4 inside IPv6 is that of IPv4. 0: it is none. */
static int read_address(struct span text, unsigned char bytes[16])
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char copy[INET6_ADDRSTRLEN];
    if (span_starts_nocase(text, SPAN("IPv6:")))
        text = (struct span){text.data + 5, text.length - 5};
    if (!text.length || text.length >= sizeof copy)
        return 0;
    memcpy(copy, text.data, text.length);
    copy[text.length] = '\0';
    if (inet_pton(AF_INET, copy, bytes) == 1)
        return AF_INET;
    if (inet_pton(AF_INET6, copy, bytes) != 1)
        return 0;
    if (memcmp(bytes, mapped, sizeof mapped) != 0)
        return AF_INET6;
    memmove(bytes, bytes + sizeof mapped, 4);
    return AF_INET;
}

static void add_address(struct document *document, const struct asn_database *database)
{
    unsigned char bytes[16];
    char text[INET6_ADDRSTRLEN];
    int family = read_address(document->envelope.client_address, bytes);
    if (!family)
        return;
    /* Through inet_ntop, so that every spelling of an address is one identity. */
    if (inet_ntop(family, bytes, text, sizeof text))
        document_add_identity(document, IDENTITY_IP, arena_copy(document->arena, span_of(text)));
    if (family == AF_INET) {
        add_network(document, AF_INET, bytes, 4, 24);
    } else {
        add_network(document, AF_INET6, bytes, 16, 64);
        add_network(document, AF_INET6, bytes, 16, 48);
    }
    add_asn(document, database, family, bytes);
}

enum gather_state gather_client(struct document *document, const struct config *config,
                                void **state, int *wait_fd)
{
    (void)state, (void)wait_fd;
    const struct envelope *envelope = &document->envelope;
    /* An internal client is our own: what it sends says nothing about its address. */
    if (envelope->internal)
        return GATHER_DONE;
    add_address(document, config->identities.asn);
    /* The envelope may hold any bytes; identities are UTF-8. */
    document_add_identity(document, IDENTITY_HELO,
                          text_to_utf8(document->arena, envelope->helo, (struct span){0}));
    return GATHER_DONE;
}
