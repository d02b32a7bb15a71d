/* mail_parts: the MIME tree of a message, walked. For core/mail.c only. Texts, links and parts go
 * into the document; the limits are those of core/mail.h. Structure is cut out of the message's
 * bytes here, so that depth, number and time are bounded by what the code does; what stands in the
 * fields (parameters, encodings) is GMime's. */
#ifndef WEIR_MAIL_PARTS_H
#define WEIR_MAIL_PARTS_H

#include "core/document.h"

/* The fields that say what an entity is; raw, empty when absent. The first of each counts. */
struct mime_fields {
    struct span type, encoding, disposition;
};

/* Keeps `field` if it is one of them. */
void mime_fields_note(struct mime_fields *fields, const struct header *field);

/* Walks the entity of these fields with this body, and all inside it. */
void mail_parts_read(struct document *document, const struct mime_fields *fields, struct span body);

#endif
