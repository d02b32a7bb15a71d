#include "store/identity.h"

#define DAY 86400u

/* Addresses change hands within weeks; domains and feeds are kept for years. */
static const struct {
    const char *name;
    uint32_t half_life_s;
} types[IDENTITY_TYPES] = {
    [IDENTITY_IP] = {"ip", 14 * DAY},
    [IDENTITY_NET] = {"net", 14 * DAY},
    [IDENTITY_ASN] = {"asn", 30 * DAY},
    [IDENTITY_HELO] = {"helo", 30 * DAY},
    [IDENTITY_ENVELOPE_DOMAIN] = {"envelope-domain", 60 * DAY},
    [IDENTITY_FROM_DOMAIN] = {"from-domain", 60 * DAY},
    [IDENTITY_FROM_ADDRESS] = {"from-address", 90 * DAY},
    [IDENTITY_DKIM_DOMAIN] = {"dkim-domain", 60 * DAY},
    [IDENTITY_LINK_DOMAIN] = {"link-domain", 60 * DAY},
    [IDENTITY_LINK_HOST] = {"link-host", 30 * DAY},
    [IDENTITY_ATTACHMENT] = {"attachment", 60 * DAY},
    [IDENTITY_FEED] = {"feed", 90 * DAY},
    [IDENTITY_AUTHOR] = {"author", 90 * DAY},
    [IDENTITY_SHINGLE] = {"shingle", 30 * DAY},
    [IDENTITY_PAIR] = {"pair", 90 * DAY},
};

const char *identity_type_name(enum identity_type type)
{
    return types[type].name;
}

bool identity_type_from_name(struct span name, enum identity_type *type)
{
    for (int i = 0; i < IDENTITY_TYPES; i++) {
        if (span_equal(name, span_of(types[i].name))) {
            *type = (enum identity_type)i;
            return true;
        }
    }
    return false;
}

uint32_t identity_half_life_s(enum identity_type type)
{
    return types[type].half_life_s;
}
