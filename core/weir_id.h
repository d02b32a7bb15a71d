/* weir_id: the X-Weir-Id header that marks a message as seen by this gateway:
 *   <document id, 32 hex digits>.<tag, 32 hex digits>
 * The tag is SipHash-2-4-128 of the document id under a key of the gateway (Aumasson and
 * Bernstein, "SipHash: a fast short-input PRF", 2012). libc only, since weir-hold, which runs as
 * root, verifies it too. */
#ifndef WEIR_ID_H
#define WEIR_ID_H

#include "core/key_file.h"
#include "store/error.h"

#include <stdbool.h>
#include <stddef.h>

#define WEIR_ID_HEADER "X-Weir-Id"
#define WEIR_ID_KEY_BYTES 16
#define WEIR_ID_KEYS_MAX KEY_FILE_KEYS_MAX
#define WEIR_ID_TEXT 66 /* 32 + '.' + 32 + NUL */

struct weir_id_keys {
    unsigned char key[WEIR_ID_KEYS_MAX][WEIR_ID_KEY_BYTES];
    size_t count; /* the first one signs */
};

/* Key file: one or two lines of 32 hex digits; blank lines and #comments allowed. */
bool weir_id_keys_read(const char *path, struct weir_id_keys *keys, struct error *error);

/* Makes a key file with one random key, mode 0600, and never overwrites one that is there. Root
 * gives it to `user` when there is such a user; NULL: keeps it. */
bool weir_id_keys_make(const char *path, const char *user, struct error *error);

void weir_id_sign(const struct weir_id_keys *keys, const unsigned char document_id[16],
                  char text[WEIR_ID_TEXT]);

/* True when `text` (of `length` bytes, blanks around it allowed) was signed with one of the keys.
 */
bool weir_id_verify(const struct weir_id_keys *keys, const char *text, size_t length);

/* The document id in the text, whether signed rightly or not; false when it has not the form. */
bool weir_id_document(const char *text, size_t length, unsigned char document_id[16]);

#endif
