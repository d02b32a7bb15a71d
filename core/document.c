#include "core/document.h"

#include "core/hex.h"
#include "core/url.h"
#include "store/lesson.h"

#include <string.h>
#include <xxhash.h>

#define LINKS_MAX 1000u

struct document *document_new(enum channel channel)
{
    struct arena *arena = arena_new();
    struct document *document = arena_alloc(arena, sizeof *document);
    document->arena = arena;
    document->channel = channel;
    return document;
}

void document_free(struct document *document)
{
    if (document)
        arena_free(document->arena);
}

const struct header *document_header(const struct document *document, const char *name)
{
    struct span wanted = span_of(name);
    for (size_t i = 0; i < document->header_count; i++)
        if (span_equal_nocase(document->headers[i].name, wanted))
            return &document->headers[i];
    return NULL;
}

static struct span identity_value(struct arena *arena, struct span value)
{
    if (value.length > IDENTITY_VALUE_MAX) {
        XXH128_hash_t hash = XXH3_128bits(value.data, value.length);
        return arena_printf(arena, "hash:%016llx%016llx", (unsigned long long)hash.high64,
                            (unsigned long long)hash.low64);
    }
    char *lower = arena_text(arena, value.length);
    for (size_t i = 0; i < value.length; i++) {
        char c = value.data[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return (struct span){lower, value.length};
}

void document_add_identity(struct document *document, enum identity_type type, struct span value)
{
    if (!value.length || document->identity_count >= LESSON_IDENTITIES_MAX)
        return;
    struct identity identity = {type, identity_value(document->arena, value)};
    for (size_t i = 0; i < document->identity_count; i++)
        if (document->identities[i].type == type &&
            span_equal(document->identities[i].value, identity.value))
            return;
    document->identities = arena_grow(document->arena, document->identities,
                                      document->identity_count, sizeof identity);
    document->identities[document->identity_count++] = identity;
}

void document_add_text(struct document *document, enum text_kind kind, struct span content,
                       bool from_html)
{
    document->texts =
        arena_grow(document->arena, document->texts, document->text_count, sizeof *document->texts);
    document->texts[document->text_count++] = (struct text){kind, content, from_html};
}

void document_add_link(struct document *document, struct span url, struct span text, bool from_html)
{
    if (document->link_count >= LINKS_MAX)
        return;
    struct link link = {.url = url, .text = text, .from_html = from_html};
    if (!url_parse(document->arena, &link))
        return;
    document->links =
        arena_grow(document->arena, document->links, document->link_count, sizeof link);
    document->links[document->link_count++] = link;
}

void document_id_hex(const unsigned char id[DOCUMENT_ID_BYTES], char hex[DOCUMENT_ID_HEX])
{
    hex_of_bytes(id, DOCUMENT_ID_BYTES, hex);
    hex[2 * DOCUMENT_ID_BYTES] = '\0';
}
