#include "core/gather.h"

#include <string.h>

#include "core/text.h"
#include "core/url.h"

#define PAIRS_MAX 10u

/* Who says to have sent it: an address and what stands behind its '@'. */
struct sender {
    struct span address;      /* UTF-8 */
    struct span domain;       /* lower case; empty for none and for an address literal */
    struct span organisation; /* the part of it that was registered */
    bool at_provider; /* where anybody can have an address: then that stands for the domain */
};

static struct span lower_ascii(struct arena *arena, struct span span)
{
    char *copy = arena_text(arena, span.length);
    for (size_t i = 0; i < span.length; i++) {
        char c = span.data[i];
        copy[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    return (struct span){copy, span.length};
}

/* Behind the last '@'. "user@[192.0.2.1]" has no domain. */
static struct span domain_of(struct arena *arena, struct span address)
{
    const char *at = address.length ? memrchr(address.data, '@', address.length) : NULL;
    if (!at)
        return (struct span){0};
    struct span domain =
        lower_ascii(arena, (struct span){at + 1, (size_t)(address.data + address.length - at - 1)});
    while (domain.length && domain.data[domain.length - 1] == '.')
        domain.length--;
    return domain.length && domain.data[0] == '[' ? (struct span){0} : domain;
}

static struct sender sender_of(struct arena *arena, const struct config *config,
                               struct span address)
{
    struct sender sender = {.address = address, .domain = domain_of(arena, address)};
    sender.organisation = url_registrable_domain(sender.domain);
    sender.at_provider = domain_list_has(config->identities.mail_providers, sender.domain);
    return sender;
}

static void add_pairs(struct document *document, const struct sender *sender)
{
    const struct envelope *envelope = &document->envelope;
    for (size_t i = 0; sender->address.length && i < envelope->recipient_count && i < PAIRS_MAX;
         i++) {
        struct span recipient =
            text_to_utf8(document->arena, envelope->recipients[i], (struct span){0});
        document_add_identity(document, IDENTITY_PAIR,
                              arena_printf(document->arena, "%.*s %.*s", SPAN_ARGS(sender->address),
                                           SPAN_ARGS(recipient)));
    }
}

enum gather_state gather_sender(struct document *document, const struct config *config,
                                void **state, int *wait_fd)
{
    (void)state, (void)wait_fd;
    struct arena *arena = document->arena;
    /* The envelope may hold any bytes; identities are UTF-8. */
    struct sender envelope =
        sender_of(arena, config, text_to_utf8(arena, document->envelope.sender, (struct span){0}));
    struct sender from = sender_of(arena, config, document->from_address);
    document_add_identity(document, IDENTITY_ENVELOPE_DOMAIN,
                          envelope.at_provider ? envelope.address : envelope.organisation);
    if (!from.at_provider)
        document_add_identity(document, IDENTITY_FROM_DOMAIN, from.organisation);
    document_add_identity(document, IDENTITY_FROM_ADDRESS, from.address);
    add_pairs(document, &envelope);
    return GATHER_DONE;
}
