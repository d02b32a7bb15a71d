/* identity: who or what is behind a document, as (type, value). Reputations are kept per
 * identity; near-duplicate content is one too (`shingle`). Values are short UTF-8 strings,
 * lower case, made by core/gather_*.c only, so that every channel writes them alike. */
#ifndef WEIR_IDENTITY_H
#define WEIR_IDENTITY_H

#include "store/span.h"

#include <stdbool.h>
#include <stdint.h>

enum identity_type {
    IDENTITY_IP,              /* client address, "192.0.2.1" or "2001:db8::1" */
    IDENTITY_NET,             /* IPv4 /24, IPv6 /64 and /48: "192.0.2.0/24" */
    IDENTITY_ASN,             /* autonomous system of the client address: "64496" */
    IDENTITY_HELO,            /* EHLO name */
    IDENTITY_ENVELOPE_DOMAIN, /* domain of the envelope sender */
    IDENTITY_FROM_DOMAIN,     /* domain of the From header's address */
    IDENTITY_FROM_ADDRESS,    /* that address whole */
    IDENTITY_DKIM_DOMAIN,     /* d= of a valid signature */
    IDENTITY_LINK_DOMAIN,     /* registrable domain of a link's target */
    IDENTITY_LINK_HOST,       /* host of a link's target */
    IDENTITY_ATTACHMENT,      /* 128-bit hash of an attachment's decoded bytes, hex */
    IDENTITY_FEED,            /* a feed's name or URL */
    IDENTITY_AUTHOR,          /* "feed author" of an item */
    IDENTITY_SHINGLE,         /* min-hash band of the text, hex */
    IDENTITY_PAIR,            /* "sender recipient" */
    IDENTITY_TYPES
};

struct identity {
    enum identity_type type;
    struct span value;
};

/* The longest value a store keeps; longer ones are hashed by identity_value() when gathered. */
#define IDENTITY_VALUE_MAX 120

/* "link-domain" and so on; never NULL for a valid type. */
const char *identity_type_name(enum identity_type type);

/* false when no type has that name. */
bool identity_type_from_name(struct span name, enum identity_type *type);

#endif
