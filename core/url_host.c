#include "core/url_host.h"

#include "core/punycode.h"
#include "core/text.h"
#include "core/url.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <libpsl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>
#include <utf8proc.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define HOST_MAX 255
#define RAW_MAX 1024 /* a host of 255 bytes, each percent-encoded, and some */

/* Reading a registrable domain off the suffix list takes a microsecond or two, and the same hosts
 * come again and again: a table of what was found last, without locks. An entry is 56 bits of the
 * host's keyed hash and the length of its domain. */
#define CACHE_SIZE 8192u

static const psl_ctx_t *suffixes;
static uint64_t cache_key;
static _Atomic uint64_t cache[CACHE_SIZE];

void url_init(void)
{
    if (suffixes)
        return;
    suffixes = psl_latest(NULL);
    if (!suffixes)
        suffixes = psl_builtin();
    if (getrandom(&cache_key, sizeof cache_key, GRND_NONBLOCK) != (ssize_t)sizeof cache_key)
        cache_key = (uint64_t)(uintptr_t)&cache_key;
}

/* What may stand in a host name: 'a' as it is, 'A' after lower-casing. */
static const char host_bytes[256] = {['a' ... 'z'] = 'a', ['0' ... '9'] = 'a', ['-'] = 'a',
                                     ['.'] = 'a',         ['_'] = 'a',         ['A' ... 'Z'] = 'A'};

static bool all_plain(struct span host)
{
    for (size_t i = 0; i < host.length; i++)
        if (host_bytes[(unsigned char)host.data[i]] != 'a')
            return false;
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t percent_decode(struct span raw, char out[RAW_MAX])
{
    size_t length = 0;
    for (size_t i = 0; i < raw.length; i++) {
        char c = raw.data[i];
        if (c == '%' && raw.length - i > 2 && hex_digit(raw.data[i + 1]) >= 0 &&
            hex_digit(raw.data[i + 2]) >= 0) {
            c = (char)(hex_digit(raw.data[i + 1]) * 16 + hex_digit(raw.data[i + 2]));
            i += 2;
        }
        out[length++] = c;
    }
    return length;
}

/* True when all of `name` can be seen, and is no leftover of a bad charset. */
static bool is_visible(struct span name)
{
    for (const char *at = name.data, *end = at + name.length; at < end;) {
        uint32_t code_point = text_next(&at, end);
        enum character_class class = text_character(code_point).class;
        if (code_point >= 0x80 && (class == CHARACTER_SEPARATOR || code_point == 0xFFFD))
            return false;
    }
    return true;
}

/* What IDNA 2008 forbids and browsers follow all the same, such as hearts and stars: mapped and
 * encoded label by label. */
static bool forbidden_to_ascii(char name[RAW_MAX], size_t *length)
{
    utf8proc_uint8_t *mapped = utf8proc_NFKC_Casefold((const utf8proc_uint8_t *)name);
    if (!mapped)
        return false;
    struct span rest = span_of((const char *)mapped);
    bool done = is_visible(rest);
    *length = 0;
    while (done && rest.length) {
        const char *dot = memchr(rest.data, '.', rest.length);
        size_t size = dot ? (size_t)(dot - rest.data) : rest.length, label_length;
        char label[PUNYCODE_LABEL_MAX];
        done = punycode_label((struct span){rest.data, size}, label, &label_length) &&
               *length + label_length + 2 < RAW_MAX;
        if (!done)
            break;
        memcpy(name + *length, label, label_length);
        *length += label_length;
        if (dot)
            name[(*length)++] = '.';
        rest = (struct span){rest.data + size + (dot != NULL), rest.length - size - (dot != NULL)};
    }
    free(mapped);
    return done;
}

/* Replaces the UTF-8 name in `name` by its A-labels (UTS 46, non-transitional, as browsers do). */
static bool to_ascii(char name[RAW_MAX], size_t *length)
{
    if (!text_is_utf8((struct span){name, *length}))
        return false;
    name[*length] = '\0';
    char *ascii = NULL;
    bool done = idn2_to_ascii_8z(name, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK &&
                strlen(ascii) < RAW_MAX;
    if (done) {
        *length = strlen(ascii);
        memcpy(name, ascii, *length);
    }
    idn2_free(ascii);
    return done || forbidden_to_ascii(name, length);
}

/* One part of an IPv4 address as browsers read it: decimal, 0octal or 0xhex. */
static bool address_part(struct span part, uint64_t *value)
{
    unsigned base = 10;
    if (part.length >= 2 && part.data[0] == '0' && part.data[1] == 'x') {
        base = 16;
        part = (struct span){part.data + 2, part.length - 2};
    } else if (part.length >= 2 && part.data[0] == '0') {
        base = 8;
        part = (struct span){part.data + 1, part.length - 1};
    } else if (part.length == 0) {
        return false;
    }
    *value = 0;
    for (size_t i = 0; i < part.length; i++) {
        int digit = hex_digit(part.data[i]);
        if (digit < 0 || (unsigned)digit >= base)
            return false;
        *value = *value * base + (unsigned)digit;
        if (*value > UINT32_MAX)
            return false;
    }
    return true;
}

/* The label before *end, which moves to the dot in front of it (or the start). */
static struct span last_label(struct span host, size_t *end)
{
    size_t start = *end;
    while (start > 0 && host.data[start - 1] != '.')
        start--;
    struct span label = {host.data + start, *end - start};
    *end = start ? start - 1 : 0;
    return label;
}

static bool ends_in_number(struct span host)
{
    size_t end = host.length;
    struct span label = last_label(host, &end);
    bool hex = label.length >= 2 && label.data[0] == '0' && label.data[1] == 'x';
    for (size_t i = hex ? 2 : 0; i < label.length; i++)
        if (hex_digit(label.data[i]) < 0 || (!hex && hex_digit(label.data[i]) > 9))
            return false;
    return label.length > 0;
}

/* "1.2.3.4", "1.2.772", "0x01020304" and "16909060" are one address (WHATWG URL, 3.5). */
static bool read_ipv4(struct span host, uint32_t *address)
{
    uint64_t parts[4];
    size_t count = 0;
    for (size_t start = 0; start <= host.length; count++) {
        const char *dot = memchr(host.data + start, '.', host.length - start);
        size_t end = dot ? (size_t)(dot - host.data) : host.length;
        if (count == 4 ||
            !address_part((struct span){host.data + start, end - start}, &parts[count]))
            return false;
        start = end + 1;
    }
    uint64_t value = 0;
    for (size_t i = 0; i + 1 < count; i++) {
        if (parts[i] > 255)
            return false;
        value = value << 8 | parts[i];
    }
    if (parts[count - 1] >> (8 * (5 - count)))
        return false;
    *address = (uint32_t)(value << (8 * (5 - count)) | parts[count - 1]);
    return true;
}

static bool read_ipv6(struct arena *arena, struct span raw, struct span *host)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (raw.length < 4 || raw.length - 2 >= sizeof text || raw.data[raw.length - 1] != ']')
        return false;
    memcpy(text, raw.data + 1, raw.length - 2);
    text[raw.length - 2] = '\0';
    if (inet_pton(AF_INET6, text, &address) != 1 ||
        !inet_ntop(AF_INET6, &address, text, sizeof text))
        return false;
    *host = arena_copy(arena, span_of(text));
    return true;
}

/* The name in `raw` without what has to be rewritten, in `name`. */
static bool rewrite(struct span raw, char name[RAW_MAX], size_t *length)
{
    if (raw.length >= RAW_MAX)
        return false;
    *length = percent_decode(raw, name);
    for (size_t i = 0; i < *length; i++)
        if ((unsigned char)name[i] >= 0x80) {
            if (!to_ascii(name, length))
                return false;
            break;
        }
    for (size_t i = 0; i < *length; i++) {
        char kind = host_bytes[(unsigned char)name[i]];
        if (!kind)
            return false;
        name[i] = kind == 'A' ? (char)(name[i] | 0x20) : name[i];
    }
    return true;
}

bool url_host_read(struct arena *arena, struct span raw, struct span *host, bool *is_address)
{
    char name[RAW_MAX];
    *is_address = raw.length && raw.data[0] == '[';
    if (*is_address)
        return read_ipv6(arena, raw, host);
    struct span plain = raw;
    if (!all_plain(raw)) {
        size_t length;
        if (!rewrite(raw, name, &length))
            return false;
        plain = (struct span){name, length};
    }
    while (plain.length && plain.data[plain.length - 1] == '.')
        plain.length--;
    if (plain.length == 0 || plain.length > HOST_MAX || plain.data[0] == '.' ||
        span_find_rare(plain.data, plain.data + plain.length, SPAN("..")))
        return false;
    uint32_t address;
    *is_address = ends_in_number(plain);
    if (*is_address) {
        if (!read_ipv4(plain, &address))
            return false;
        *host = arena_printf(arena, "%u.%u.%u.%u", address >> 24, address >> 16 & 0xFF,
                             address >> 8 & 0xFF, address & 0xFF);
        return true;
    }
    *host = plain.data == name ? arena_copy(arena, plain) : plain;
    return true;
}

/* How many bytes at the end of `host` are its registrable domain, by the list; 0: it has none. */
static size_t listed_length(struct span host)
{
    char name[HOST_MAX + 1];
    for (size_t i = 0; i < host.length; i++)
        name[i] = host.data[i] >= 'A' && host.data[i] <= 'Z' ? host.data[i] | 0x20 : host.data[i];
    name[host.length] = '\0';
    const char *domain = psl_registrable_domain(suffixes, name);
    return domain ? strlen(domain) : 0;
}

static size_t registrable_length(struct span host)
{
    size_t length = listed_length(host);
    return length ? length : host.length;
}

bool url_is_public_suffix(struct span host)
{
    return host.length && host.length <= HOST_MAX && !memchr(host.data, 0, host.length) &&
           !ends_in_number(host) && !memchr(host.data, ':', host.length) && !listed_length(host);
}

struct span url_registrable_domain(struct span host)
{
    if (host.length == 0 || host.length > HOST_MAX || !memchr(host.data, '.', host.length) ||
        memchr(host.data, 0, host.length) || ends_in_number(host) ||
        memchr(host.data, ':', host.length))
        return host;
    uint64_t hash = XXH3_64bits_withSeed(host.data, host.length, cache_key);
    _Atomic uint64_t *entry = &cache[hash % CACHE_SIZE];
    uint64_t found = atomic_load_explicit(entry, memory_order_relaxed);
    size_t length = found & 0xFF;
    /* The low bits of the hash are in the place of the entry. */
    if ((found ^ hash) >> 8 || length == 0 || length > host.length) {
        length = registrable_length(host);
        atomic_store_explicit(entry, (hash & ~(uint64_t)0xFF) | length, memory_order_relaxed);
    }
    return (struct span){host.data + host.length - length, length};
}

bool url_host_has_known_end(struct span host)
{
    size_t end = host.length;
    struct span label = last_label(host, &end);
    char name[64];
    if (label.length < 2 || label.length >= sizeof name)
        return false;
    for (size_t i = 0; i < label.length; i++) {
        char c = label.data[i];
        name[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
        if (!host_bytes[(unsigned char)c])
            return false;
    }
    name[label.length] = '\0';
    return psl_is_public_suffix2(suffixes, name, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE);
}
