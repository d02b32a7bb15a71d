#include "core/feed_entities.h"

#include <libxml/HTMLparser.h>
#include <string.h>

#include "core/text.h"

#define ENTITIES_MAX 256u
/* What all that is expanded makes at most. */
#define EXPANDED_MAX (1024u * 1024)

/* The code point of an entity that HTML knows, 0 for others. */
static unsigned html_entity_value(const char *name)
{
    const htmlEntityDesc *known = htmlEntityLookup((const xmlChar *)name);
    return known ? known->value : 0;
}

/* The text of an entity that the document type defines as such: with no markup in it, and naming no
 * other entity, it says to all readers the same. */
static struct span plain_text(struct arena *arena, int type, const char *content)
{
    if (type != XML_INTERNAL_GENERAL_ENTITY || !content || strpbrk(content, "<&") ||
        strlen(content) > FEED_ENTITY_TEXT_MAX)
        return (struct span){NULL, 0};
    return arena_copy(arena, span_of(content));
}

bool feed_entities_declare(struct feed_entities *entities, const char *name, int type,
                           const char *content)
{
    if (type == XML_INTERNAL_PARAMETER_ENTITY || type == XML_EXTERNAL_PARAMETER_ENTITY)
        return true;
    if (entities->count == ENTITIES_MAX)
        return false;
    entities->declared = arena_grow(entities->arena, entities->declared, entities->count,
                                    sizeof *entities->declared);
    entities->declared[entities->count++] = (struct declared_entity){
        .name = arena_copy(entities->arena, span_of(name)),
        .text = plain_text(entities->arena, type, content),
    };
    return true;
}

/* The first declaration is the one that counts (XML 1.0, 4.2). */
static const struct declared_entity *find_declared(const struct feed_entities *entities,
                                                   struct span name)
{
    for (size_t i = 0; i < entities->count; i++)
        if (span_equal(entities->declared[i].name, name))
            return &entities->declared[i];
    return NULL;
}

bool feed_entities_find(void *entities, struct span name, struct span *text)
{
    const struct declared_entity *declared = find_declared(entities, name);
    if (declared)
        *text = declared->text;
    return declared != NULL;
}

/* Puts what the entity stands for into entities->text. */
static bool expand(struct feed_entities *entities, const struct declared_entity *declared)
{
    entities->expanded_bytes += declared->text.length;
    if (!declared->text.data || entities->expanded_bytes > EXPANDED_MAX)
        return false;
    memcpy(entities->text, declared->text.data, declared->text.length);
    return true;
}

enum feed_entity_kind feed_entities_ask(struct feed_entities *entities, const char *name,
                                        xmlEntityPtr *entity)
{
    const struct declared_entity *declared = find_declared(entities, span_of(name));
    unsigned value = declared ? 0 : html_entity_value(name);
    if (!declared && !value)
        return FEED_ENTITY_UNKNOWN;
    if (declared && !expand(entities, declared))
        return FEED_ENTITY_UNEXPANDED;
    size_t length = declared ? declared->text.length : text_put(entities->text, value);
    entities->text[length] = '\0';
    entities->entity = (xmlEntity){
        .type = XML_ENTITY_DECL,
        .name = (const xmlChar *)name,
        .orig = (xmlChar *)entities->text,
        .content = (xmlChar *)entities->text,
        .length = (int)length,
        .etype = XML_INTERNAL_PREDEFINED_ENTITY,
    };
    *entity = &entities->entity;
    return declared ? FEED_ENTITY_DECLARED : FEED_ENTITY_HTML;
}
