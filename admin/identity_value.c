#include "admin/identity_value.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "core/authentication.h"
#include "core/domain_list.h"
#include "core/network.h"
#include "core/text.h"
#include "core/url.h"
#include "core/url_host.h"

#define IPV4_BITS 96u /* of a v4-mapped address, before the IPv4 one */

struct reading {
    enum identity_type type;
    struct span text; /* trimmed, without a mark; not empty */
    const struct config_identities *maps;
    struct arena *arena;
    struct span value;
    struct error *error;
};

/* For messages. */
#define SHOWN(span) (int)((span).length < 100 ? (span).length : 100), (span).data

static const char *name_of(const struct reading *reading)
{
    return identity_type_name(reading->type);
}

static bool refuse(const struct reading *reading, const char *why)
{
    return error_set(reading->error, ERROR_INPUT, "\"%.*s\" is no %s: %s", SHOWN(reading->text),
                     name_of(reading), why);
}

static bool is_at_provider(const struct reading *reading, struct span domain)
{
    return reading->maps && domain_list_has(reading->maps->mail_providers, domain);
}

static bool is_shortener(const struct reading *reading, struct span host)
{
    return reading->maps && domain_list_has(reading->maps->url_shorteners, host);
}

/* --- addresses and networks --- */

/* An IPv6 address may stand in brackets, or behind "IPv6:". */
static bool parse(const struct reading *reading, struct network *network)
{
    char copy[64];
    struct span text = reading->text;
    if (text.data[0] == '[' && text.data[text.length - 1] == ']')
        text = (struct span){text.data + 1, text.length - 2};
    if (span_starts_nocase(text, SPAN("IPv6:")))
        text = (struct span){text.data + 5, text.length - 5};
    if (!text.length || text.length >= sizeof copy)
        return false;
    snprintf(copy, sizeof copy, "%.*s", SPAN_ARGS(text));
    return network_parse(copy, network);
}

static bool is_ipv4(const unsigned char address[16])
{
    static const unsigned char start[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return memcmp(address, start, sizeof start) == 0;
}

/* One spelling of each, which is that of gather_client.c. */
static struct span address_text(struct arena *arena, const unsigned char address[16])
{
    char text[INET6_ADDRSTRLEN] = "";
    if (is_ipv4(address))
        inet_ntop(AF_INET, address + 12, text, sizeof text);
    else
        inet_ntop(AF_INET6, address, text, sizeof text);
    return arena_copy(arena, span_of(text));
}

static void keep_prefix(struct network *network)
{
    for (unsigned bit = network->prefix_bits; bit < 128; bit++)
        network->address[bit / 8] &= (unsigned char)~(0x80u >> bit % 8);
}

/* "192.0.2.0/24" of an address in it. */
static struct span network_text(struct arena *arena, struct network network, unsigned bits)
{
    unsigned before = is_ipv4(network.address) ? IPV4_BITS : 0;
    network.prefix_bits = before + bits;
    keep_prefix(&network);
    struct span address = address_text(arena, network.address);
    return arena_printf(arena, "%.*s/%u", SPAN_ARGS(address), bits);
}

static bool read_ip(struct reading *reading)
{
    struct network network;
    if (!parse(reading, &network))
        return refuse(reading, "that is an address, as 192.0.2.1 or 2001:db8::1");
    reading->value = address_text(reading->arena, network.address);
    return network.prefix_bits == 128 ||
           refuse(reading, "that is one address; the type of a network is net");
}

static bool read_net(struct reading *reading)
{
    struct network network;
    if (!parse(reading, &network))
        return refuse(reading, "that is a network, as 192.0.2.0/24, 2001:db8::/48 or "
                               "2001:db8:0:1::/64");
    bool v4 = is_ipv4(network.address) && network.prefix_bits >= IPV4_BITS;
    unsigned bits = network.prefix_bits - (v4 ? IPV4_BITS : 0);
    struct span wide = network_text(reading->arena, network, v4 ? 24 : 48);
    if (v4 ? bits == 24 : bits == 48 || bits == 64) {
        reading->value = network_text(reading->arena, network, bits);
        return true;
    }
    if (v4)
        return error_set(reading->error, ERROR_INPUT,
                         "\"%.*s\" is no net: networks of IPv4 are known as /24, as %.*s",
                         SHOWN(reading->text), SPAN_ARGS(wide));
    struct span narrow = network_text(reading->arena, network, 64);
    return error_set(reading->error, ERROR_INPUT,
                     "\"%.*s\" is no net: networks of IPv6 are known as /48 and /64, as %.*s or "
                     "%.*s",
                     SHOWN(reading->text), SPAN_ARGS(wide), SPAN_ARGS(narrow));
}

static bool read_asn(struct reading *reading)
{
    uint64_t number = 0;
    struct span digits = reading->text;
    if (span_starts_nocase(digits, SPAN("AS")))
        digits = span_trim((struct span){digits.data + 2, digits.length - 2});
    for (size_t i = 0; i < digits.length && number <= UINT32_MAX; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return refuse(reading, "that is a number, as 64496 or AS64496");
        number = 10 * number + (uint64_t)(digits.data[i] - '0');
    }
    reading->value = arena_printf(reading->arena, "%llu", (unsigned long long)number);
    return (number && number <= UINT32_MAX) ||
           refuse(reading, "these are numbers from 1 to 4294967295");
}

/* --- domains --- */

static struct span up_to(struct span text, const char *ends)
{
    size_t length = 0;
    while (length < text.length && !strchr(ends, text.data[length]))
        length++;
    return (struct span){text.data, length};
}

/* What stands behind a host, a port left out, is its path. */
static bool read_host(struct reading *reading, struct span *host, struct span *path, bool *address)
{
    struct span text = reading->text;
    const char *scheme = memmem(text.data, text.length, "://", 3);
    if (scheme)
        text = (struct span){scheme + 3, (size_t)(text.data + text.length - scheme - 3)};
    struct span authority = up_to(text, "/\\?#"), name = up_to(authority, ":");
    if (authority.length && authority.data[0] == '[') {
        name = up_to(authority, "]");
        name.length += name.length < authority.length;
    }
    *path = (struct span){text.data + authority.length, text.length - authority.length};
    struct network network;
    char copy[64];
    snprintf(copy, sizeof copy, "%.*s", SPAN_ARGS(authority));
    if (memchr(authority.data, '@', authority.length))
        return refuse(reading, "that is a domain, and this an address");
    *address = authority.length < sizeof copy && network_parse(copy, &network);
    if (*address) { /* IPv6 without brackets too */
        *host = address_text(reading->arena, network.address);
        return true;
    }
    return (name.length && url_host_read(reading->arena, name, host, address)) ||
           refuse(reading, "no name of a host can be so");
}

/* The domain of the organisation that has the host. */
static bool read_organisation(struct reading *reading)
{
    struct span host, path;
    bool is_link = reading->type == IDENTITY_LINK_DOMAIN, address;
    if (!read_host(reading, &host, &path, &address))
        return false;
    reading->value = address ? host : url_registrable_domain(host);
    if (address)
        return is_link || refuse(reading, "an address is no domain; its type is ip");
    if (!memchr(host.data, '.', host.length))
        return refuse(reading, "a domain has a dot in it, as example.org");
    if (url_is_public_suffix(host))
        return refuse(reading, "that is a public suffix, below which anybody can have a domain; "
                               "type one of these domains");
    if (is_link && is_shortener(reading, host))
        return refuse(reading, "that is a URL shortener, of which each page has a reputation of "
                               "its own, as link-host with its path");
    if (!is_link && is_at_provider(reading, reading->value))
        return refuse(reading, "that is a mail provider, of which each address has a reputation "
                               "of its own, as from-address or envelope-domain");
    return true;
}

/* gather_links.c has the same of a link. */
static bool read_link_host(struct reading *reading)
{
    struct span host, path;
    bool address;
    if (!read_host(reading, &host, &path, &address))
        return false;
    reading->value = host;
    if (!is_shortener(reading, host))
        return true;
    path = up_to(path, "?#");
    while (path.length && path.data[path.length - 1] == '/')
        path.length--;
    reading->value = arena_printf(reading->arena, "%.*s%.*s", SPAN_ARGS(host), SPAN_ARGS(path));
    return path.length > 0 || refuse(reading, "that is a URL shortener, of which each page has a "
                                              "reputation of its own: type the path with it");
}

/* --- mail addresses --- */

/* "Ann <ann@Example.ORG>", "mailto:ann@example.org": the address, its domain in ASCII form. */
static bool read_mailbox(struct reading *reading, struct span text, struct span *value)
{
    bool address;
    const char *open = memrchr(text.data, '<', text.length);
    if (open)
        text = up_to((struct span){open + 1, (size_t)(text.data + text.length - open - 1)}, ">");
    if (span_starts_nocase(text, SPAN("mailto:")))
        text = up_to((struct span){text.data + 7, text.length - 7}, "?");
    const char *at = text.length ? memrchr(text.data, '@', text.length) : NULL;
    if (!at || at == text.data)
        return refuse(reading, "that is an address, as ann@example.org");
    struct span local = {text.data, (size_t)(at - text.data)};
    struct span domain = {at + 1, (size_t)(text.data + text.length - at - 1)};
    if (domain.length && domain.data[0] != '[' &&
        !url_host_read(reading->arena, domain, &domain, &address))
        return refuse(reading, "no domain of an address can be so");
    *value = arena_printf(reading->arena, "%.*s@%.*s", SPAN_ARGS(local), SPAN_ARGS(domain));
    return domain.length > 0 || refuse(reading, "that is an address, as ann@example.org");
}

static bool read_address(struct reading *reading)
{
    return read_mailbox(reading, reading->text, &reading->value) &&
           (!memchr(reading->value.data, ' ', reading->value.length) ||
            refuse(reading, "that is one address, as ann@example.org"));
}

/* Of a provider's customer, whose domain says nothing, it is the address. */
static bool read_envelope_domain(struct reading *reading)
{
    struct span text = reading->text, address;
    if (!memchr(text.data, '@', text.length) || memmem(text.data, text.length, "://", 3))
        return read_organisation(reading);
    if (!read_mailbox(reading, text, &address))
        return false;
    const char *at = memrchr(address.data, '@', address.length);
    struct span domain = {at + 1, (size_t)(address.data + address.length - at - 1)};
    reading->value = address;
    if (is_at_provider(reading, domain))
        return true;
    reading->text = domain;
    return read_organisation(reading);
}

static bool read_pair(struct reading *reading)
{
    struct span text = reading->text, sender, recipient;
    struct span first = up_to(text, " \t");
    struct span second =
        span_trim((struct span){text.data + first.length, text.length - first.length});
    if (!second.length || memchr(second.data, ' ', second.length))
        return refuse(reading, "that is a sender and a recipient, as \"ann@example.org "
                               "bob@example.net\"");
    if (!read_mailbox(reading, first, &sender) || !read_mailbox(reading, second, &recipient))
        return false;
    reading->value =
        arena_printf(reading->arena, "%.*s %.*s", SPAN_ARGS(sender), SPAN_ARGS(recipient));
    return true;
}

/* --- the rest --- */

static bool read_hex(struct reading *reading, size_t digits)
{
    size_t i = 0;
    while (i < reading->text.length && strchr("0123456789abcdefABCDEF", reading->text.data[i]))
        i++;
    reading->value = reading->text;
    return (i == digits && reading->text.length == digits) ||
           error_set(reading->error, ERROR_INPUT,
                     "\"%.*s\" is no %s: that is %zu hexadecimal digits, as explain and history "
                     "show them",
                     SHOWN(reading->text), name_of(reading), digits);
}

static bool read_attachment(struct reading *reading)
{
    return read_hex(reading, 32);
}

static bool read_shingle(struct reading *reading)
{
    return read_hex(reading, 16);
}

/* Whatever a client, or a feed, calls itself. */
static bool read_name(struct reading *reading)
{
    reading->value = reading->text;
    return true;
}

static bool (*const readers[IDENTITY_TYPES])(struct reading *reading) = {
    [IDENTITY_IP] = read_ip,
    [IDENTITY_NET] = read_net,
    [IDENTITY_ASN] = read_asn,
    [IDENTITY_HELO] = read_name,
    [IDENTITY_ENVELOPE_DOMAIN] = read_envelope_domain,
    [IDENTITY_FROM_DOMAIN] = read_organisation,
    [IDENTITY_FROM_ADDRESS] = read_address,
    [IDENTITY_DKIM_DOMAIN] = read_organisation,
    [IDENTITY_LINK_DOMAIN] = read_organisation,
    [IDENTITY_LINK_HOST] = read_link_host,
    [IDENTITY_ATTACHMENT] = read_attachment,
    [IDENTITY_FEED] = read_name,
    [IDENTITY_AUTHOR] = read_name,
    [IDENTITY_SHINGLE] = read_shingle,
    [IDENTITY_PAIR] = read_pair,
};

/* What document_add_identity() makes of a long value. */
static bool is_hashed(struct span text)
{
    return text.length == 5 + 32 && span_starts(text, SPAN("hash:"));
}

static bool is_text(const struct reading *reading)
{
    struct span text = reading->text;
    if (!text.length)
        return error_set(reading->error, ERROR_INPUT, "which %s?", name_of(reading));
    if (!text_is_utf8(text))
        return error_set(reading->error, ERROR_INPUT, "the %s is not UTF-8", name_of(reading));
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
            return error_set(reading->error, ERROR_INPUT, "the %s has a control character in it",
                             name_of(reading));
    return true;
}

static bool is_claim(enum identity_type type)
{
    return type == IDENTITY_ENVELOPE_DOMAIN || type == IDENTITY_FROM_DOMAIN ||
           type == IDENTITY_FROM_ADDRESS || type == IDENTITY_PAIR;
}

bool identity_value_read(enum identity_type type, struct span text,
                         const struct config_identities *maps, struct arena *arena,
                         struct span *value, struct error *error)
{
    struct span whole = span_trim(text), claim = whole;
    if (is_claim(type))
        claim = authentication_unmarked(whole);
    struct reading reading = {
        .type = type, .text = claim, .maps = maps, .arena = arena, .error = error};
    *value = whole;
    if (!is_text(&reading))
        return false;
    if (is_hashed(claim))
        return true;
    if (!readers[type](&reading))
        return false;
    *value = arena_printf(arena, "%.*s%.*s", SPAN_ARGS(reading.value),
                          (int)(whole.length - claim.length), claim.data + claim.length);
    return true;
}
