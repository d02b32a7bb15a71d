#include "admin/identity_text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "core/authentication.h"
#include "core/network.h"

bool identity_text_type(const char *name, enum identity_type *type, struct error *error)
{
    char names[400] = "";
    *type = IDENTITY_TYPES;
    if (!name || identity_type_from_name(span_of(name), type))
        return true;
    for (int i = 0; i < IDENTITY_TYPES; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "",
                 identity_type_name((enum identity_type)i));
    return error_set(error, ERROR_INPUT, "there is no type \"%.40s\"; there are %s", name, names);
}

/* IPv4 /24, IPv6 /64 or /48: no other is ever met. */
static bool is_network(const char *text)
{
    struct network network;
    unsigned bits = strchr(text, '/') && network_parse(text, &network) ? network.prefix_bits : 0;
    return strchr(text, ':') ? bits == 64 || bits == 48 : bits == 96 + 24;
}

bool identity_text_is_claim(enum identity_type type)
{
    return type == IDENTITY_ENVELOPE_DOMAIN || type == IDENTITY_FROM_DOMAIN ||
           type == IDENTITY_FROM_ADDRESS || type == IDENTITY_PAIR;
}

/* What no document can have would be set and never met. */
static bool can_occur(enum identity_type type, struct span value)
{
    if (identity_text_is_claim(type))
        value = authentication_unmarked(value);
    unsigned char address[16];
    char text[64];
    size_t blanks = 0, digits = 0;
    for (size_t i = 0; i < value.length; i++) {
        blanks += (unsigned char)value.data[i] <= ' ';
        digits += value.data[i] >= '0' && value.data[i] <= '9';
    }
    snprintf(text, sizeof text, "%.*s", SPAN_ARGS(value));
    if (type == IDENTITY_IP)
        return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
    if (type == IDENTITY_NET)
        return is_network(text);
    if (type == IDENTITY_ASN)
        return digits == value.length;
    return !blanks || type == IDENTITY_HELO || type >= IDENTITY_ATTACHMENT;
}

bool identity_text_read(const char *type_name, const char *value, struct document *scratch,
                        struct identity *identity, struct error *error)
{
    enum identity_type type;
    if (!type_name || !value)
        return error_set(error, ERROR_INPUT, "which type and value?");
    if (!identity_text_type(type_name, &type, error))
        return false;
    document_add_identity(scratch, type, span_of(value));
    if (!scratch->identity_count)
        return error_set(error, ERROR_INPUT, "which %s?", type_name);
    *identity = scratch->identities[0];
    return can_occur(type, identity->value) ||
           error_set(error, ERROR_INPUT, "\"%.100s\" is no %s", value, type_name);
}

bool identity_text_warn(const struct config *config, const struct identity *identity,
                        char warning[IDENTITY_WARNING_SIZE])
{
    struct span value = identity->value;
    if (!config->identities.trusted_authserv_id_count || !identity_text_is_claim(identity->type) ||
        authentication_unmarked(value).length != value.length)
        return false;
    snprintf(warning, IDENTITY_WARNING_SIZE,
             "this is heard for internal mail only; mail from outside is looked up as "
             "\"%.*s (authenticated)\" or \"... (unauthenticated)\"",
             SPAN_ARGS(value));
    return true;
}

void identity_text_subject(const struct identity *identity, char subject[IDENTITY_SUBJECT_SIZE])
{
    snprintf(subject, IDENTITY_SUBJECT_SIZE, "%s %.*s", identity_type_name(identity->type),
             SPAN_ARGS(identity->value));
}
