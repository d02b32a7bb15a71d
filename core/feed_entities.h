/* feed_entities: what a feed's entity references stand for. HTML's are understood in any feed, as
 * readers do, and of those that a document type declares the ones of plain text, which say the same
 * to all readers. No other is expanded: their markup, and what they name in turn, would be shown to
 * people and never judged. What all of them expand to is bounded. Private to core/feed_read.c. */
#ifndef WEIR_FEED_ENTITIES_H
#define WEIR_FEED_ENTITIES_H

#include "core/arena.h"
#include "store/span.h"

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

/* Longer texts of entities are not expanded. */
#define FEED_ENTITY_TEXT_MAX 1000u

struct declared_entity {
    struct span name, text; /* text NULL: none that is expanded */
};

/* All zero but `arena` to begin with. */
struct feed_entities {
    struct arena *arena;
    struct declared_entity *declared;
    size_t count, expanded_bytes;
    xmlEntity entity; /* the one last asked for */
    char text[FEED_ENTITY_TEXT_MAX + 1];
};

enum feed_entity_kind {
    FEED_ENTITY_UNKNOWN,   /* nobody declares it, nor is it HTML's: readers show it as it stands */
    FEED_ENTITY_HTML,      /* HTML's, and not declared */
    FEED_ENTITY_DECLARED,  /* by the document type, as plain text */
    FEED_ENTITY_UNEXPANDED /* declared, but no plain text; or too much was expanded before it */
};

/* The document type declares an entity: `type` and `content` are those of libxml2's entityDecl.
 * false: it declares more than any feed needs. */
bool feed_entities_declare(struct feed_entities *entities, const char *name, int type,
                           const char *content);

/* Of which kind "&name;" is, none of XML's own five. Where it stands for text, `*entity` is what
 * libxml2 takes for that, lent until the next call. */
enum feed_entity_kind feed_entities_ask(struct feed_entities *entities, const char *name,
                                        xmlEntityPtr *entity);

/* As feed_mend.h asks; `entities` is a struct feed_entities. */
bool feed_entities_find(void *entities, struct span name, struct span *text);

#endif
