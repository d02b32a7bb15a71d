/* identity_text: identities as people name them, and the subject of what is done to their
 * reputations in the audit. For weirctl and the console. */
#ifndef WEIR_IDENTITY_TEXT_H
#define WEIR_IDENTITY_TEXT_H

#include "core/config.h"
#include "core/document.h"
#include "store/error.h"

enum identity_text_use {
    IDENTITY_KNOWN, /* to look it up, or to put back what a store had */
    IDENTITY_RULED  /* to say something about it: what no document has is refused */
};

/* Takes the name of a type and a value as identity_value_read() does; one that cannot be may still
 * be known from before, and is taken as it stands when that is asked for. `identity` lies in
 * `scratch`, a document without any. False and ERROR_INPUT for what cannot be. */
bool identity_text_read(const struct config *config, enum identity_text_use use,
                        const char *type_name, const char *text, struct document *scratch,
                        struct identity *identity, struct error *error);

/* Whether a document can have it, by the lists of now. */
bool identity_text_check(const struct config *config, const struct identity *identity,
                         struct error *error);

/* What whoever looks at `identity` should know: that no document has it, or, where senders are told
 * apart, that mail from outside is looked up under other values. False: nothing. */
#define IDENTITY_WARNING_SIZE 512
bool identity_text_warn(const struct config *config, const struct identity *identity,
                        char warning[IDENTITY_WARNING_SIZE]);

/* IDENTITY_TYPES for NULL; false and ERROR_INPUT when there is no such type. */
bool identity_text_type(const char *name, enum identity_type *type, struct error *error);

/* "link-domain evil.example", cut to the room that there is. */
#define IDENTITY_SUBJECT_SIZE (IDENTITY_VALUE_MAX + 32)
void identity_text_subject(const struct identity *identity, char subject[IDENTITY_SUBJECT_SIZE]);

#endif
