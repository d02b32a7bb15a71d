#include "store/identity.h"

static const char *const names[IDENTITY_TYPES] = {
    [IDENTITY_IP] = "ip",
    [IDENTITY_NET] = "net",
    [IDENTITY_ASN] = "asn",
    [IDENTITY_HELO] = "helo",
    [IDENTITY_ENVELOPE_DOMAIN] = "envelope-domain",
    [IDENTITY_FROM_DOMAIN] = "from-domain",
    [IDENTITY_FROM_ADDRESS] = "from-address",
    [IDENTITY_DKIM_DOMAIN] = "dkim-domain",
    [IDENTITY_LINK_DOMAIN] = "link-domain",
    [IDENTITY_LINK_HOST] = "link-host",
    [IDENTITY_ATTACHMENT] = "attachment",
    [IDENTITY_FEED] = "feed",
    [IDENTITY_AUTHOR] = "author",
    [IDENTITY_SHINGLE] = "shingle",
    [IDENTITY_PAIR] = "pair",
};

const char *identity_type_name(enum identity_type type)
{
    return names[type];
}

bool identity_type_from_name(struct span name, enum identity_type *type)
{
    for (int i = 0; i < IDENTITY_TYPES; i++) {
        if (span_equal(name, span_of(names[i]))) {
            *type = (enum identity_type)i;
            return true;
        }
    }
    return false;
}
