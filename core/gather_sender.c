#include "core/gather.h"

#include <string.h>

#include "core/text.h"
#include "core/url.h"
#include "core/url_host.h"

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

/* A domain that came in UTF-8 (RFC 6531, 3.2), or with a dot behind it, is the same domain as in
 * its usual form. */
static struct span ascii_form(struct arena *arena, struct span address)
{
    const char *at = address.length ? memrchr(address.data, '@', address.length) : NULL;
    const char *end = address.data + address.length, *c = at;
    struct span host;
    bool is_address;
    while (c && c < end && (unsigned char)*c < 0x80)
        c++;
    if (!c || (c == end && end[-1] != '.') ||
        !url_host_read(arena, (struct span){at + 1, (size_t)(end - at - 1)}, &host, &is_address))
        return address;
    return arena_printf(arena, "%.*s%.*s", (int)(at + 1 - address.data), address.data,
                        SPAN_ARGS(host));
}

static struct sender sender_of(struct arena *arena, const struct config *config,
                               struct span address)
{
    address = ascii_form(arena, address);
    struct sender sender = {.address = address, .domain = domain_of(arena, address)};
    sender.organisation = url_registrable_domain(sender.domain);
    sender.at_provider = domain_list_has(config->identities.mail_providers, sender.domain);
    return sender;
}

static void add_claim(struct document *document, enum identity_type type, struct span claim,
                      bool authenticated)
{
    if (claim.length)
        document_add_identity(document, type,
                              authentication_claim(document->arena, claim,
                                                   document->authentication.known, authenticated));
}

static void add_pairs(struct document *document, const struct sender *sender, bool authenticated)
{
    const struct envelope *envelope = &document->envelope;
    size_t count = envelope->recipient_count < PAIRS_MAX ? envelope->recipient_count : PAIRS_MAX;
    for (size_t i = 0; sender->address.length && i < count; i++) {
        struct span recipient =
            ascii_form(document->arena,
                       text_to_utf8(document->arena, envelope->recipients[i], (struct span){0}));
        add_claim(document, IDENTITY_PAIR,
                  arena_printf(document->arena, "%.*s %.*s", SPAN_ARGS(sender->address),
                               SPAN_ARGS(recipient)),
                  authenticated);
    }
}

/* Only domains whose signature verified. Anybody's mail is signed by a provider. */
static void add_signers(struct document *document, const struct config *config)
{
    const struct authentication *authentication = &document->authentication;
    for (size_t i = 0; i < authentication->signature_count; i++) {
        const struct authentication_signature *signature = &authentication->signatures[i];
        if (signature->result == AUTHENTICATION_PASS &&
            !domain_list_has(config->identities.mail_providers, signature->domain))
            document_add_identity(document, IDENTITY_DKIM_DOMAIN,
                                  url_registrable_domain(signature->domain));
    }
}

enum gather_state gather_sender(struct document *document, const struct config *config,
                                void **state, int *wait_fd)
{
    (void)state, (void)wait_fd;
    struct arena *arena = document->arena;
    const struct authentication *authentication = &document->authentication;
    /* The envelope may hold any bytes; identities are UTF-8. */
    struct sender envelope =
        sender_of(arena, config, text_to_utf8(arena, document->envelope.sender, (struct span){0}));
    struct sender from = sender_of(arena, config, document->from_address);
    bool from_true = authentication_aligned(authentication, from.domain);
    /* SPF fails behind a forwarder, while a signature of the same organisation holds. */
    bool envelope_true = authentication_is_sender(authentication, envelope.domain) ||
                         (from_true && envelope.domain.length &&
                          span_equal(envelope.organisation, from.organisation));
    add_claim(document, IDENTITY_ENVELOPE_DOMAIN,
              envelope.at_provider ? envelope.address : envelope.organisation, envelope_true);
    if (!from.at_provider)
        add_claim(document, IDENTITY_FROM_DOMAIN, from.organisation, from_true);
    add_claim(document, IDENTITY_FROM_ADDRESS, from.address, from_true);
    add_signers(document, config);
    add_pairs(document, &envelope, envelope_true);
    return GATHER_DONE;
}
