/* signed_link: what stands in a link that acts without a login: for whom it is, about what, what it
 * may do and until when, signed with a key of this gateway. One signer for the links of digests and
 * of whatever else needs some. A token is base64url (RFC 4648, 5) of
 *   version, purpose, actions (a byte each), expiry, held id (8 bytes each, the highest first),
 *   document id (16 bytes), recipient (what is left), tag (32 bytes)
 * where the tag is BLAKE2b (RFC 7693) of all before it under the key. It says only who may ask;
 * whether there is still something to do is the asker's to find out. libsodium; sodium_init() must
 * have been called. */
#ifndef WEIR_SIGNED_LINK_H
#define WEIR_SIGNED_LINK_H

#include "core/key_file.h"
#include "store/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNED_LINK_KEY_BYTES 32
#define SIGNED_LINK_KEYS_MAX KEY_FILE_KEYS_MAX
#define SIGNED_LINK_RECIPIENT_MAX 254
#define SIGNED_LINK_TOKEN_SIZE 512 /* of the longest, with its NUL */

struct signed_link_keys {
    unsigned char key[SIGNED_LINK_KEYS_MAX][SIGNED_LINK_KEY_BYTES];
    size_t count; /* the first one signs */
};

/* Key file: one or two lines of 64 hex digits; blank lines and #comments allowed. */
bool signed_link_keys_read(const char *path, struct signed_link_keys *keys, struct error *error);

/* Makes a key file with one random key, mode 0640, when there is none at `path`; that another
 * process made one meanwhile is fine. */
bool signed_link_keys_make(const char *path, struct error *error);

enum signed_link_purpose {
    SIGNED_LINK_MAIL = 1,   /* one held mail */
    SIGNED_LINK_PERSON = 2, /* a person's own page: all that is held for them, their lists */
    SIGNED_LINK_ITEM = 3    /* an item of the feed that stands for the recipient */
};

enum signed_link_action { /* bits */
                          SIGNED_LINK_RELEASE = 1,
                          SIGNED_LINK_ALLOW = 2, /* its sender */
                          SIGNED_LINK_DENY = 4,
                          SIGNED_LINK_SPAM = 8, /* the item, which is in its feed */
                          SIGNED_LINK_NOT_SPAM = 16,
                          SIGNED_LINK_CONFIRM = 32 /* it is held, as release */
};

struct signed_link {
    enum signed_link_purpose purpose;
    unsigned actions;
    int64_t expires_s;
    int64_t held_id; /* and the id of its document, so that it never means another one; or zeros */
    unsigned char document_id[16];
    char recipient[SIGNED_LINK_RECIPIENT_MAX + 1];
};

void signed_link_sign(const struct signed_link_keys *keys, const struct signed_link *link,
                      char token[SIGNED_LINK_TOKEN_SIZE]);

/* What it says that it is about, which is not to be believed: for words about one that is forged.
 * 0: nothing. */
unsigned signed_link_claims(const char *token);

enum signed_link_status {
    SIGNED_LINK_VALID,
    SIGNED_LINK_EXPIRED, /* signed by us; `link` is set */
    SIGNED_LINK_FORGED   /* or cut short, or of a key that is no longer valid */
};

/* Takes as long for a tag that is nearly right as for one that is not. */
enum signed_link_status signed_link_verify(const struct signed_link_keys *keys, const char *token,
                                           int64_t now_s, struct signed_link *link);

#endif
