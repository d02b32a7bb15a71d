/* xml_references: what character and entity references in an attribute's value stand for. Internal
 * to the feed lexer and to who looks at values that it found. */
#ifndef WEIR_XML_REFERENCES_H
#define WEIR_XML_REFERENCES_H

#include "core/arena.h"
#include "store/span.h"

/* `text` (UTF-8) with each reference that XML knows without a document type resolved; `text` itself
 * when it has none, else in `arena`. */
struct span xml_references_resolve(struct arena *arena, struct span text);

#endif
