/* message: one mail transaction as it is gathered: envelope, and the raw bytes as they came over
 * SMTP, up to a limit. It also counts the inbound headers that only we may write, so that they can
 * be taken out. Knows nothing of libmilter. */
#ifndef WEIR_MESSAGE_H
#define WEIR_MESSAGE_H

#include "core/arena.h"
#include "core/document.h"
#include "store/span.h"

#include <stdbool.h>
#include <stddef.h>

/* Inbound copies of one header, to be removed. */
struct forged_header {
    const char *name; /* as it was written first */
    size_t count;     /* copies, in whatever case */
};

struct config;

struct message {
    struct arena *arena;         /* of the envelope and the names */
    const struct config *config; /* lent; NULL: no authserv-id is trusted */
    struct envelope envelope;
    struct forged_header *forged;
    size_t forged_count;
    /* Authentication-Results from outside that claim to be of somebody trusted (RFC 8601 5): the
     * how-manieth of that name each is, counted from 1, ascending. */
    size_t *forged_results;
    size_t forged_result_count;
    size_t result_count; /* headers of that name */
    bool received;       /* a Received was among the headers */
    char *bytes;
    size_t length, room, limit;
    bool truncated; /* there was more than `limit` */
};

void message_init(struct message *message);
void message_clear(struct message *message); /* frees all */

/* Forgets the transaction; a large buffer is given back, a small one is kept for the next. */
void message_reset(struct message *message, size_t limit);

/* Addresses as libmilter gives them: "<ann@example.org>"; the brackets go. Copied. A recipient
 * who was named before, in whatever case, is not added again. */
void message_set_sender(struct message *message, const char *address);
void message_add_recipient(struct message *message, const char *address);

/* After the sender, whose envelope says whether the client is our own: what that puts into headers
 * is left as it is. `value` as it was sent, its leading blank included; folded lines end in LF or
 * CRLF, and become CRLF. */
void message_add_header(struct message *message, const char *name, const char *value);
void message_end_headers(struct message *message);
void message_add_body(struct message *message, const void *data, size_t length);

/* True for a header that only a gateway of ours writes: X-Weir-* and the X-Spam- ones that we set.
 */
bool message_header_is_ours(const char *name);

/* The recipients, comma-separated, with a NUL; in the message's arena. */
const char *message_recipients(const struct message *message);

#endif
