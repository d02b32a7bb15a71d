#include "admin/identity_text.h"

#include <stdio.h>
#include <string.h>

#include "admin/identity_value.h"
#include "core/authentication.h"
#include "core/url.h"

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

static bool is_claim(enum identity_type type)
{
    return type == IDENTITY_ENVELOPE_DOMAIN || type == IDENTITY_FROM_DOMAIN ||
           type == IDENTITY_FROM_ADDRESS || type == IDENTITY_PAIR;
}

static const struct config_identities *maps_of(const struct config *config)
{
    return config ? &config->identities : NULL;
}

/* What a store may have though nobody would write it so today: a gatherer's word for what is no
 * name, or what was a domain by the lists of its time. */
static bool may_be_stored(enum identity_type type, struct span value)
{
    if (type == IDENTITY_IP || type == IDENTITY_NET || type == IDENTITY_ASN || !value.length)
        return false;
    if (is_claim(type))
        value = authentication_unmarked(value);
    for (size_t i = 0; type < IDENTITY_ATTACHMENT && i < value.length; i++)
        if ((unsigned char)value.data[i] <= ' ')
            return false;
    return type != IDENTITY_ATTACHMENT && type != IDENTITY_SHINGLE;
}

/* Where the lists of now make something else of it. */
static bool stays_as_stored(enum identity_type type, struct span value)
{
    return type == IDENTITY_LINK_HOST && memchr(value.data, '/', value.length) &&
           !memmem(value.data, value.length, "://", 3);
}

bool identity_text_read(const struct config *config, enum identity_text_use use,
                        const char *type_name, const char *text, struct document *scratch,
                        struct identity *identity, struct error *error)
{
    enum identity_type type;
    struct span value;
    if (!type_name || !text)
        return error_set(error, ERROR_INPUT, "which type and value?");
    if (!identity_text_type(type_name, &type, error))
        return false;
    url_init();
    bool good =
        identity_value_read(type, span_of(text), maps_of(config), scratch->arena, &value, error);
    if (use == IDENTITY_KNOWN &&
        (good ? stays_as_stored(type, span_of(text)) : may_be_stored(type, span_of(text)))) {
        value = span_of(text);
        good = true;
    }
    document_add_identity(scratch, type, good ? value : (struct span){0});
    if (!good || !scratch->identity_count)
        return false;
    *identity = scratch->identities[0];
    *error = (struct error){0};
    return true;
}

bool identity_text_check(const struct config *config, const struct identity *identity,
                         struct error *error)
{
    struct arena *arena = arena_new();
    struct span value;
    url_init();
    bool good =
        identity_value_read(identity->type, identity->value, maps_of(config), arena, &value, error);
    arena_free(arena);
    return good;
}

bool identity_text_warn(const struct config *config, const struct identity *identity,
                        char warning[IDENTITY_WARNING_SIZE])
{
    struct span value = identity->value;
    struct error error = {0};
    if (!identity_text_check(config, identity, &error)) {
        snprintf(warning, IDENTITY_WARNING_SIZE, "%s", error.message);
        return true;
    }
    if (!config->identities.trusted_authserv_id_count || !is_claim(identity->type) ||
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
