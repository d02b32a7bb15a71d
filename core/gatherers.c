#include "core/gatherers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>

#include <xxhash.h>

#include "core/text.h"
#include "core/url.h"
#include "store/monotonic.h"

#define LINK_HOSTS_MAX 50u
#define PAIRS_MAX 10u
#define BANDS 4u
#define BINS_PER_BAND 4u
/* Fewer pairs of words are too little text to be called alike by. */
#define SHINGLE_PAIRS_MIN 30u

static enum gather_state gather_sender(struct document *document, void **state, int *wait_fd);
static enum gather_state gather_links(struct document *document, void **state, int *wait_fd);
static enum gather_state gather_attachments(struct document *document, void **state, int *wait_fd);
static enum gather_state gather_feed(struct document *document, void **state, int *wait_fd);
static enum gather_state gather_shingles(struct document *document, void **state, int *wait_fd);

static const struct gatherer gatherers[] = {
    {"sender", CHANNEL_MAIL, gather_sender, NULL, NULL},
    {"feed", CHANNEL_FEED, gather_feed, NULL, NULL},
    {"shingles", CHANNEL_ANY, gather_shingles, NULL, NULL},
    {"attachments", CHANNEL_ANY, gather_attachments, NULL, NULL},
    {"links", CHANNEL_ANY, gather_links, NULL, NULL},
};

const struct gatherer *gatherers_all(size_t *count)
{
    *count = sizeof gatherers / sizeof gatherers[0];
    return gatherers;
}

static struct span lower_ascii(struct arena *arena, struct span span)
{
    char *copy = arena_text(arena, span.length);
    for (size_t i = 0; i < span.length; i++) {
        char c = span.data[i];
        copy[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    return (struct span){copy, span.length};
}

/* Behind the last '@'; empty without one. */
static struct span domain_of(struct span address)
{
    const char *at = address.length ? memrchr(address.data, '@', address.length) : NULL;
    if (!at)
        return (struct span){0};
    return (struct span){at + 1, (size_t)(address.data + address.length - at - 1)};
}

/* An address literal ("user@[192.0.2.1]") is no domain. */
static void add_domain(struct document *document, enum identity_type type, struct span address)
{
    struct span domain = lower_ascii(document->arena, domain_of(address));
    while (domain.length && domain.data[domain.length - 1] == '.')
        domain.length--;
    if (domain.length && domain.data[0] != '[')
        document_add_identity(document, type, url_registrable_domain(domain));
}

/* The envelope may hold any bytes; identities are UTF-8. */
static struct span utf8(struct document *document, struct span bytes)
{
    return text_to_utf8(document->arena, bytes, (struct span){0});
}

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

static void add_client_address(struct document *document, struct span address)
{
    char text[INET6_ADDRSTRLEN];
    unsigned char bytes[16];
    if (span_starts_nocase(address, SPAN("IPv6:")))
        address = (struct span){address.data + 5, address.length - 5};
    if (!address.length || address.length >= sizeof text)
        return;
    memcpy(text, address.data, address.length);
    text[address.length] = '\0';
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const unsigned char *v4 = NULL;
    if (inet_pton(AF_INET, text, bytes) == 1)
        v4 = bytes;
    else if (inet_pton(AF_INET6, text, bytes) != 1)
        return;
    else if (memcmp(bytes, mapped, sizeof mapped) == 0)
        v4 = bytes + sizeof mapped;
    /* Through inet_ntop, so that every spelling of an address is one identity. */
    if (inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? v4 : bytes, text, sizeof text))
        document_add_identity(document, IDENTITY_IP, arena_copy(document->arena, span_of(text)));
    if (v4) {
        add_network(document, AF_INET, v4, 4, 24);
    } else {
        add_network(document, AF_INET6, bytes, 16, 64);
        add_network(document, AF_INET6, bytes, 16, 48);
    }
}

static void add_pairs(struct document *document)
{
    const struct envelope *envelope = &document->envelope;
    if (!envelope->sender.length)
        return;
    for (size_t i = 0; i < envelope->recipient_count && i < PAIRS_MAX; i++) {
        struct span pair = arena_printf(document->arena, "%.*s %.*s", SPAN_ARGS(envelope->sender),
                                        SPAN_ARGS(envelope->recipients[i]));
        document_add_identity(document, IDENTITY_PAIR, utf8(document, pair));
    }
}

static enum gather_state gather_sender(struct document *document, void **state, int *wait_fd)
{
    (void)state, (void)wait_fd;
    const struct envelope *envelope = &document->envelope;
    /* An internal client is our own: what it sends says nothing about its address. */
    if (!envelope->internal) {
        add_client_address(document, envelope->client_address);
        document_add_identity(document, IDENTITY_HELO, utf8(document, envelope->helo));
    }
    add_domain(document, IDENTITY_ENVELOPE_DOMAIN, utf8(document, envelope->sender));
    add_domain(document, IDENTITY_FROM_DOMAIN, document->from_address);
    document_add_identity(document, IDENTITY_FROM_ADDRESS, document->from_address);
    add_pairs(document);
    return GATHER_DONE;
}

static enum gather_state gather_links(struct document *document, void **state, int *wait_fd)
{
    (void)state, (void)wait_fd;
    struct span previous = {0};
    size_t hosts = 0;
    for (size_t i = 0; i < document->link_count && hosts < LINK_HOSTS_MAX; i++) {
        const struct link *link = &document->links[i];
        if (!link->host.length || span_equal(link->host, previous))
            continue;
        previous = link->host;
        size_t before = document->identity_count;
        document_add_identity(document, IDENTITY_LINK_HOST, link->host);
        hosts += document->identity_count - before;
        document_add_identity(document, IDENTITY_LINK_DOMAIN, link->domain);
    }
    return GATHER_DONE;
}

static struct span hex(struct arena *arena, const unsigned char *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_text(arena, 2 * length);
    for (size_t i = 0; i < length; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    return (struct span){text, 2 * length};
}

static enum gather_state gather_attachments(struct document *document, void **state, int *wait_fd)
{
    (void)state, (void)wait_fd;
    for (size_t i = 0; i < document->part_count; i++) {
        const struct part *part = &document->parts[i];
        if (!part->is_text && part->size_bytes)
            document_add_identity(document, IDENTITY_ATTACHMENT,
                                  hex(document->arena, part->hash, sizeof part->hash));
    }
    return GATHER_DONE;
}

static enum gather_state gather_feed(struct document *document, void **state, int *wait_fd)
{
    (void)state, (void)wait_fd;
    document_add_identity(document, IDENTITY_FEED, document->feed);
    if (document->author.length)
        document_add_identity(document, IDENTITY_AUTHOR,
                              arena_printf(document->arena, "%.*s %.*s", SPAN_ARGS(document->feed),
                                           SPAN_ARGS(document->author)));
    return GATHER_DONE;
}

/* Min-hash in bands (Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", 3.4): two texts
 * that share most pairs of words have a band in common with high probability. A band's value is a
 * hash of which band it is and of its bins. */
static enum gather_state gather_shingles(struct document *document, void **state, int *wait_fd)
{
    (void)state, (void)wait_fd;
    if (document->shingle_pairs < SHINGLE_PAIRS_MIN)
        return GATHER_DONE;
    for (size_t band = 0; band < BANDS; band++) {
        /* Little-endian by hand: gateways of any machine must agree. */
        unsigned char bytes[8 * BINS_PER_BAND];
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] =
                (unsigned char)(document->shingles[band * BINS_PER_BAND + i / 8] >> (8 * (i % 8)));
        XXH64_canonical_t canonical;
        XXH64_canonicalFromHash(&canonical, XXH3_64bits_withSeed(bytes, sizeof bytes, band));
        document_add_identity(document, IDENTITY_SHINGLE,
                              hex(document->arena, canonical.digest, sizeof canonical.digest));
    }
    return GATHER_DONE;
}

/* A gatherer that waits. */
struct waiting {
    const struct gatherer *gatherer;
    void *state;
};

/* Polls until one descriptor is readable or `end_ms` has come; false: it has, or polling fails. */
static bool wait_for_any(struct pollfd *descriptors, size_t count, int64_t end_ms)
{
    for (;;) {
        int64_t left_ms = end_ms - monotonic_ms();
        if (left_ms <= 0)
            return false;
        int ready = poll(descriptors, count, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
        if (ready > 0)
            return true;
        if (ready == 0 || errno != EINTR)
            return false;
    }
}

/* Resumes those whose descriptors are ready and keeps the ones that wait on; returns how many. */
static size_t resume_ready(struct waiting *waiting, struct pollfd *descriptors, size_t count,
                           struct document *document)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct gatherer *gatherer = waiting[i].gatherer;
        if (descriptors[i].revents &&
            gatherer->resume(document, waiting[i].state, &descriptors[i].fd) == GATHER_DONE)
            continue;
        waiting[kept] = waiting[i];
        descriptors[kept++] = (struct pollfd){.fd = descriptors[i].fd, .events = POLLIN};
    }
    return kept;
}

void gatherers_run(const struct gatherer *rows, size_t count, struct document *document,
                   unsigned deadline_ms)
{
    int64_t end_ms = monotonic_ms() + deadline_ms;
    struct waiting *waiting = arena_alloc(document->arena, count * sizeof *waiting);
    struct pollfd *descriptors = arena_alloc(document->arena, count * sizeof *descriptors);
    size_t waits = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(rows[i].channels & document->channel))
            continue;
        void *state = NULL;
        int wait_fd = -1;
        if (rows[i].start(document, &state, &wait_fd) == GATHER_DONE)
            continue;
        waiting[waits] = (struct waiting){&rows[i], state};
        descriptors[waits++] = (struct pollfd){.fd = wait_fd, .events = POLLIN};
    }
    while (waits && wait_for_any(descriptors, waits, end_ms))
        waits = resume_ready(waiting, descriptors, waits, document);
    for (size_t i = 0; i < waits; i++)
        waiting[i].gatherer->give_up(document, waiting[i].state);
}
