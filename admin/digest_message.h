/* digest_message: the mail that tells a person what is held for them. */
#ifndef WEIR_DIGEST_MESSAGE_H
#define WEIR_DIGEST_MESSAGE_H

#include "core/config.h"
#include "core/signed_link.h"
#include "core/span_buffer.h"
#include "store/records.h"

struct digest_item {
    struct held *held; /* owned */
    bool expiring;     /* they were told of it, and it is deleted soon */
};

struct digest {
    char recipient[SIGNED_LINK_RECIPIENT_MAX + 1]; /* in normal form */
    struct digest_item *items;                     /* what expires soon comes last */
    size_t count;
    size_t more; /* held for them besides, and told another time */
};

/* A message is no longer than this, far below what mail servers take, whatever strangers wrote. */
#define DIGEST_BYTES_MOST ((size_t)1 << 20)

struct digest_writer {
    const struct config *config;
    const struct signed_link_keys *keys;
    const char *url; /* of the console, no '/' at the end */
    int64_t now_s;
};

/* Takes out what does not fit into DIGEST_BYTES_MOST, and counts it as `more`: the newest first,
 * what expires soon last. At least one stays. */
void digest_limit(const struct digest_writer *writer, struct digest *digest);

/* The text that people read, as it stands in the message. */
void digest_text(const struct digest_writer *writer, const struct digest *digest,
                 struct span_buffer *text);

/* The whole message: multipart/alternative of text and HTML, lines ending in LF. Nothing of the
 * mail that it tells of is in a header, nor may its recipient's address break one. */
void digest_message(const struct digest_writer *writer, const struct digest *digest,
                    struct span_buffer *message);

#endif
