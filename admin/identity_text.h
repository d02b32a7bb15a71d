/* identity_text: identities as people write them, and the subject of what is done to their
 * reputations in the audit. For weirctl and the console. */
#ifndef WEIR_IDENTITY_TEXT_H
#define WEIR_IDENTITY_TEXT_H

#include "core/config.h"
#include "core/document.h"
#include "store/error.h"

/* Takes the name of a type and a value as gatherers write it: lower case, hashed when it is long.
 * `identity` lies in `scratch`, a document without any. False and ERROR_INPUT for what cannot be:
 * an unknown type, a value that no document has. */
bool identity_text_read(const char *type_name, const char *value, struct document *scratch,
                        struct identity *identity, struct error *error);

/* Whether it is what a sender claims, which has a mark behind it where senders are told apart
 * (authentication_claim()). */
bool identity_text_is_claim(enum identity_type type);

/* What whoever sets something for `identity` should know: where senders are told apart, mail from
 * outside is looked up under other values. False: nothing. */
#define IDENTITY_WARNING_SIZE (IDENTITY_VALUE_MAX + 200)
bool identity_text_warn(const struct config *config, const struct identity *identity,
                        char warning[IDENTITY_WARNING_SIZE]);

/* IDENTITY_TYPES for NULL; false and ERROR_INPUT when there is no such type. */
bool identity_text_type(const char *name, enum identity_type *type, struct error *error);

/* "link-domain evil.example", cut to the room that there is. */
#define IDENTITY_SUBJECT_SIZE (IDENTITY_VALUE_MAX + 32)
void identity_text_subject(const struct identity *identity, char subject[IDENTITY_SUBJECT_SIZE]);

#endif
